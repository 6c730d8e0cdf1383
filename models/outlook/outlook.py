"""What the models say of the sessions ahead, computed once for every page that tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.panel import Panel
from data.study import Study
from models.connectedness import connectedness
from models.correlation import CDCC, CorrelationResult
from models.correlation.draws import admissible_draws
from models.correlation.simulation import World, after_the_sample, after_the_sample_at, whitened_residuals
from models.estimate import Estimate, NotDecidable, measured_or_reason
from models.inference.resampling import Resampling
from models.outlook.comparison import Comparison, compare
from models.outlook.moments import RecentMoments, recent_moments
from models.outlook.nowcast import (
    MONTH,
    Quantity,
    Reading,
    beta_of,
    correlation_of,
    mean_correlation_of,
    nowcast,
    pooled_moments,
    rival_moments,
    volatility_of,
)
from models.outlook.scenarios import (
    Replay,
    ShockScenario,
    Stance,
    correlation_stress,
    regime_jump,
    replay,
    shock_scenario,
)
from models.outlook.states import RegimeState, Revision, regime_state, revision
from models.outlook.tails import AssetRisk, asset_risk, simulate_returns
from models.outlook.watch import Watched, watched
from models.regimes import RSDC, MarkovSwitching
from models.suite import Suite
from models.tails.covar import degrees_of_freedom
from models.tails.joint_fall import JointFall, joint_fall

#: Sessions of the window behind the net connectedness.
CONNECTED = 252
#: Starts of the two regime models on all assets.
STARTS = 8


@dataclass(frozen=True, slots=True)
class Effort:
    """How many draws stand behind the outlook.

    Attributes
    ----------
    parameters : int
        Draws behind bands.
    worlds : int
        Draws behind simulated losses and replays.
    paths, share : int
        Simulated paths at the estimate and at each draw.
    joint_paths : int
        Paths behind the joint fall.
    resamples : int
    """

    parameters: int
    worlds: int
    paths: int
    share: int
    joint_paths: int
    resamples: int


FULL = Effort(parameters=500, worlds=100, paths=50_000, share=4_000, joint_paths=50_000, resamples=499)
QUICK = Effort(parameters=100, worlds=20, paths=10_000, share=1_000, joint_paths=10_000, resamples=99)


@dataclass(frozen=True)
class Outlook:
    """State of the market for the session after the sample.

    Attributes
    ----------
    last : Timestamp
        Last session of the correlation models.
    effort : Effort
    level : float
        Of every interval.
    readings : tuple of Reading
    reference : RegimeState
        By the reference series, which no statement is about.
    everything : RegimeState or NotDecidable
        By all assets of the correlation models.
    revision : Revision or NotDecidable
        Of the reference model's probabilities.
    risks : tuple of AssetRisk
    stressed : str or None
        The asset in distress behind CoVaR and marginal shortfall.
    tail : float
    joint : JointFall or NotDecidable
    shocks : tuple of ShockScenario
    replays : tuple of Replay
    stances : tuple of Stance, or NotDecidable
        The mix of equal risks now, and with correlations moved towards those of past stress.
    jump : (Stance, mapping of name to Estimate) or NotDecidable
        The mix, and the volatilities, if the turbulent regime of all assets began.
    net : mapping of name to Estimate, or NotDecidable
        Net connectedness over the last year of sessions, percent: given less received.
    watch : tuple of Watched
    comparison : Comparison or NotDecidable
    """

    last: pd.Timestamp
    effort: Effort
    level: float
    readings: tuple[Reading, ...]
    reference: RegimeState
    everything: RegimeState | NotDecidable
    revision: Revision | NotDecidable
    risks: tuple[AssetRisk, ...]
    stressed: str | None
    tail: float
    joint: JointFall | NotDecidable
    shocks: tuple[ShockScenario, ...]
    replays: tuple[Replay, ...]
    stances: tuple[Stance, ...] | NotDecidable
    jump: tuple[Stance, Mapping[str, Estimate]] | NotDecidable
    net: Mapping[str, Estimate] | NotDecidable
    watch: tuple[Watched, ...]
    comparison: Comparison | NotDecidable

    def reading(self, key: str) -> Reading | None:
        """The reading with that key."""
        return next((one for one in self.readings if one.quantity.key == key), None)


def quantities(study: Study) -> tuple[Quantity, ...]:
    """Rows of the nowcast: the study's pairs and betas, the mean correlation, the volatilities of the pairs' assets."""
    shown = dict.fromkeys(role for pair in (*study.correlation.pairs, *study.correlation.betas) for role in pair)
    return (
        *(correlation_of(*pair) for pair in study.correlation.pairs),
        mean_correlation_of(study.correlation.assets),
        *(beta_of(*pair) for pair in study.correlation.betas),
        *(volatility_of(role) for role in shown),
    )


def look_ahead(panel: Panel, study: Study, suite: Suite, *, effort: Effort, seed: int) -> Outlook:
    """Compute the outlook of a panel from the models fitted to it.

    Parameters
    ----------
    panel : Panel
    study : Study
    suite : Suite
        Fitted to this panel.
    effort : Effort
    seed : int

    Raises
    ------
    EstimationError
        If a rival model cannot be estimated or hardly any parameter draw is admissible.
    """
    result, settings, level = suite.conditional, study.monitor, study.inference.level
    returns = result.margins.returns
    switching = measured_or_reason(lambda: RSDC(2, "t").fit(returns, margins=result.margins, starts=STARTS, seed=seed))
    everything = measured_or_reason(
        lambda: MarkovSwitching(study.regimes.k_regimes, study.regimes.distribution).fit(
            returns, starts=STARTS, seed=seed
        )
    )
    recent = recent_moments(result, sessions=MONTH + 1, draws=effort.parameters, seed=seed)
    worlds = _worlds(result, effort.worlds, seed)
    white = whitened_residuals(result)
    student = CDCC(distribution="t").fit(returns, margins=result.margins, seed=seed)
    return Outlook(
        last=pd.Timestamp(returns.index[-1]),
        effort=effort,
        level=level,
        readings=nowcast(
            result,
            quantities(study),
            recent,
            result.forecast(MONTH, "simulation", seed),
            rival_moments(result, None if isinstance(switching, NotDecidable) else switching, seed),
            pooled_moments(result, seed),
            level,
        ),
        reference=regime_state(suite.regimes, level=level, draws=effort.worlds, seed=seed),
        everything=everything
        if isinstance(everything, NotDecidable)
        else regime_state(everything, level=level, draws=effort.worlds, seed=seed),
        revision=revision(suite.vintages),
        risks=_risks(result, recent, worlds, study, effort, seed),
        stressed=settings.stressed,
        tail=settings.tail,
        joint=NotDecidable("the study names no joint fall")
        if settings.joint is None
        else joint_fall(
            result,
            {str(role): fall for role, fall in settings.joint.falls.items()},
            settings.joint.sessions,
            paths=effort.joint_paths,
            draws=effort.worlds,
            level=level,
            seed=seed,
        ),
        shocks=tuple(
            shock_scenario(one.name, {str(role): move for role, move in one.moves.items()}, recent, student.nu, level)
            for one in settings.shocks
        ),
        replays=tuple(
            replay(name, returns.iloc[rows], white[rows], worlds, level)
            for name, rows in _stretches(returns.index, study)
        ),
        stances=correlation_stress(recent, _stressed(result, suite), settings.mixes, level, seed),
        jump=everything
        if isinstance(everything, NotDecidable)
        else regime_jump(everything, recent, level, effort.parameters, seed),
        net=_net(returns, study, effort, seed),
        watch=watched(panel, settings.watch),
        comparison=measured_or_reason(lambda: compare(returns, draws=effort.resamples, seed=seed)),
    )


def _worlds(result: CorrelationResult, draws: int, seed: int) -> list[World]:
    """The model after the sample, at the estimate and at parameter draws."""
    drawn = (after_the_sample_at(result, candidate) for candidate in admissible_draws(result, draws, seed))
    return [after_the_sample(result), *drawn]


def _stressed(result: CorrelationResult, suite: Suite) -> NDArray[np.float64]:
    """Devolatilised returns of the sessions in stress, shape (S, N)."""
    z = result.margins.std_residuals
    return z[suite.stress.reindex(z.index, fill_value=False).astype(bool)].to_numpy()


def _risks(
    result: CorrelationResult, recent: RecentMoments, worlds: list[World], study: Study, effort: Effort, seed: int
) -> tuple[AssetRisk, ...]:
    settings, returns = study.monitor, result.margins.returns
    simulated = simulate_returns(
        result.names, worlds, whitened_residuals(result), paths=effort.paths, share=effort.share, seed=seed
    )
    z = result.margins.std_residuals
    volatility = study.margins.volatility

    def nu(name: str) -> tuple[float, float]:
        if settings.stressed in (None, name):
            return 0.0, 0.0
        pair = (name, str(settings.stressed))
        return degrees_of_freedom(z[list(pair)].to_numpy(), result.correlation(*pair).to_numpy())

    return tuple(
        asset_risk(
            name,
            simulated,
            recent,
            returns[name],
            stressed=settings.stressed,
            nu=nu(name),
            volatility="garch" if volatility == "auto" else volatility,
            quantile=settings.tail,
            level=study.inference.level,
            seed=seed,
        )
        for name in result.names
    )


def _stretches(index: pd.Index, study: Study) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Positions of the sessions of each stretch to replay, where the sample holds all of it."""
    dated = {one.name: (one.base, one.last) for one in study.crises}
    dated |= {name: (one.base, one.last) for name, one in study.windows.items() if one.last is not None}
    for name in study.monitor.replays:
        if name not in dated:
            continue
        base, last = (pd.Timestamp(day) for day in dated[name])
        rows = np.flatnonzero((index > base) & (index <= last))
        if rows.size and index[0] <= base and last <= index[-1]:
            yield name, rows


def _net(returns: pd.DataFrame, study: Study, effort: Effort, seed: int) -> dict[str, Estimate] | NotDecidable:
    resampling = replace(Resampling.of(study.inference, effort.resamples), seed=seed)
    found = connectedness(returns.iloc[-CONNECTED:], resampling, lags=1)
    return found if isinstance(found, NotDecidable) else {name: found.net(name) for name in found.shares.columns}

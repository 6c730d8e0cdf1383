"""How much may be lost: value at risk and shortfall ahead, losses in the market's distress, exceptions so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.correlation.simulation import World
from models.estimate import Estimate, NotDecidable, TestResult
from models.margins.estimation import MIN_OBSERVATIONS
from models.margins.types import Volatility
from models.outlook.moments import RecentMoments, from_draws
from models.tails.backtests import coverage_test
from models.tails.conditional import expanding_risk
from models.tails.covar import NU_BOUNDS, CoVaR, TailQuantile

Array = NDArray[np.float64]

#: Sessions over which losses are summed.
HORIZONS = (1, 10)
#: Sessions whose exceptions are counted.
BACKTEST = 250


@dataclass(frozen=True)
class AssetRisk:
    """Loss figures of one asset, all as simple returns in percent: the smaller, the worse.

    Attributes
    ----------
    name : str
    value_at_risk, expected_shortfall : mapping of sessions to Estimate
        Quantile of the return over so many sessions, and mean below it.
    covar : Estimate or NotDecidable
        Quantile of the next session's return while the stressed asset is at or below its own quantile.
    marginal_shortfall : Estimate or NotDecidable
        Mean of the next session's return on such sessions.
    exceptions : int or None
        Of the last `BACKTEST` sessions, those on which the return fell below a value at risk that was known before.
    coverage : TestResult or NotDecidable
        Kupiec's test of their number.
    """

    name: str
    value_at_risk: Mapping[int, Estimate]
    expected_shortfall: Mapping[int, Estimate]
    covar: Estimate | NotDecidable
    marginal_shortfall: Estimate | NotDecidable
    exceptions: int | None
    coverage: TestResult | NotDecidable


@dataclass(frozen=True)
class SimulatedReturns:
    """Log returns of the sessions ahead from common shocks: at the estimate, and at each parameter draw.

    Attributes
    ----------
    names : tuple of str
    central : array, shape (P, H, N)
    drawn : array, shape (D + 1, P', H, N)
        On the first P' of the P shocks; row 0 is the estimate, with which the draws are compared.
    """

    names: tuple[str, ...]
    central: Array
    drawn: Array

    def measure(self, statistic: Callable[[Array], float]) -> Array:
        """A statistic of returns, shape (P, H, N), at the estimate and at each draw, shape (D + 1,).

        Draws enter by their difference from the estimate on the same shocks, so that what is left is the uncertainty of
        the parameters and hardly any of the simulation.
        """
        on_same_shocks = np.array([statistic(returns) for returns in self.drawn])
        measured: Array = statistic(self.central) + (on_same_shocks - on_same_shocks[0])
        return measured


def simulate_returns(
    names: Sequence[str], worlds: Sequence[World], white: Array, *, paths: int, share: int, seed: int
) -> SimulatedReturns:
    """Filtered historical simulation of `max(HORIZONS)` sessions.

    Parameters
    ----------
    names : sequence of str
    worlds : sequence of World
        At the estimate, then at parameter draws.
    white : array, shape (T, N)
        Whitened residuals, resampled by rows.
    paths, share : int
        P and P'.
    seed : int
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed, 11]))
    shocks = white[generator.integers(len(white), size=(paths, max(HORIZONS)))]
    drawn = np.array([world.simulate(shocks[:share]).returns for world in worlds])
    return SimulatedReturns(tuple(names), worlds[0].simulate(shocks).returns, drawn)


def asset_risk(
    name: str,
    simulated: SimulatedReturns,
    recent: RecentMoments,
    returns: pd.Series,
    *,
    stressed: str | None,
    nu: tuple[float, float],
    volatility: Volatility,
    quantile: float,
    level: float,
    seed: int,
) -> AssetRisk:
    """All loss figures of one asset.

    Parameters
    ----------
    name : str
    simulated : SimulatedReturns
    recent : RecentMoments
    returns : Series, (T,)
        Percent log returns.
    stressed : str or None
        The asset whose distress is supposed.
    nu : (float, float)
        Degrees of freedom of the bivariate t of the two, with the standard error of their logarithm.
    volatility : {"garch", "gjr", "egarch"}
        Model of the backtest.
    quantile, level : float
    seed : int
    """
    i = simulated.names.index(name)
    method = "filtered historical simulation; interval of the parameters"

    def estimated(statistic: Callable[[Array], float]) -> Estimate:
        values = simulated.measure(statistic)
        return from_draws(values, level=level, n=recent.n, unit="%", method=method)

    exceptions, coverage = _backtest(returns, quantile, volatility)
    alone = NotDecidable("no other asset is supposed in distress")
    other = None if stressed in (None, name) else simulated.names.index(str(stressed))
    return AssetRisk(
        name=name,
        value_at_risk={
            h: estimated(lambda paths, h=h: float(np.quantile(simple(paths, h, i), quantile)))  # type: ignore[misc]
            for h in HORIZONS
        },
        expected_shortfall={
            h: estimated(lambda paths, h=h: lower_mean(simple(paths, h, i), quantile))  # type: ignore[misc]
            for h in HORIZONS
        },
        covar=alone
        if other is None
        else _covar(name, str(stressed), recent, float(returns.mean()), nu, quantile, level, seed),
        marginal_shortfall=alone
        if other is None
        else estimated(lambda paths: shortfall_given(simple(paths, 1, i), simple(paths, 1, other), quantile)),
        exceptions=exceptions,
        coverage=coverage,
    )


def _backtest(
    returns: pd.Series, quantile: float, volatility: Volatility
) -> tuple[int | None, TestResult | NotDecidable]:
    """Exceptions of the last sessions, each judged by what was known before, and the test of their number."""
    known = len(returns) - BACKTEST
    if known < MIN_OBSERVATIONS:
        return None, NotDecidable(f"only {max(known, 0)} sessions come before the last {BACKTEST}")
    path = expanding_risk(returns, quantile=quantile, volatility=volatility, first=known, refit=BACKTEST)
    hits = path.hits.to_numpy()
    return int(hits.sum()), coverage_test(hits, quantile)


def simple(returns: Array, horizon: int, asset: int) -> Array:
    """Simple return in percent over the first `horizon` sessions of log returns, shape (P, H, N)."""
    return np.asarray(100.0 * np.expm1(returns[:, :horizon, asset].sum(axis=1) / 100.0))


def lower_mean(values: Array, quantile: float) -> float:
    """Mean of the values at or below their quantile."""
    return float(values[values <= np.quantile(values, quantile)].mean())


def shortfall_given(values: Array, other: Array, quantile: float) -> float:
    """Mean of the values where `other` is at or below its own quantile (Acharya et al. 2017, RFS 30)."""
    return float(values[other <= np.quantile(other, quantile)].mean())


def _covar(
    response: str,
    given: str,
    recent: RecentMoments,
    mean: float,
    nu: tuple[float, float],
    quantile: float,
    level: float,
    seed: int,
) -> Estimate:
    """CoVaR of the next session; its interval holds the uncertainty of the correlation model and of nu."""
    centre, error = nu
    low, middle, high = (
        recent.values(
            CoVaR(response, given, TailQuantile(quantile, max(centre * np.exp(side * error), NU_BOUNDS[0])), mean)
        )[:, -1]
        for side in (-1.0, 0.0, 1.0)
    )
    shifts = np.concatenate([[0.0], np.random.default_rng(seed).standard_normal(recent.draws)])
    log_returns = middle + 0.5 * shifts * (high - low)
    return from_draws(
        100.0 * np.expm1(log_returns / 100.0),
        level=level,
        n=recent.n,
        unit="%",
        method=f"bivariate t with {centre:.1f} degrees of freedom (Girardi and Ergun 2013)",
    )

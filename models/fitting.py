"""Fit the suite: margins, conditional correlations and betas with bands, and the reference-only regime model."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.calendar import sessions
from data.errors import EstimationError
from data.panel import Panel
from data.study import Study
from models.betas.static import static_beta
from models.checks import correlation_checks, margin_checks, printed_name, regime_checks
from models.correlation import CDCC, DCC, Beta, Correlation, CorrelationResult
from models.correlation.paths import PathQuantity
from models.estimate import Estimate, NotDecidable
from models.inference.hac import correlation_estimate
from models.inference.intervals import normal_estimate
from models.margins import Margins, fit_margins
from models.margins.types import Distribution, Volatility
from models.regimes import MarkovSwitching, SwitchingResult, Vintages, vintages
from models.stress import fear_stress
from models.suite import Pair, ParameterTable, PathBand, Suite

#: Simulated worlds of constant correlation that a correlation's waviness is set against.
CONSTANT_WORLDS = 39
#: Days after the sample of which forecasts know the sessions.
CALENDAR_AHEAD = 120
#: Sessions of the first vintage of the regime model, about two years.
FIRST_VINTAGE = 500
#: Names of the regimes by number, calm first.
REGIME_NAMES = {
    2: ("calm", "turbulent"),
    3: ("calm", "risk-off", "turbulent"),
    4: ("calm", "mild", "risk-off", "turbulent"),
}


def fit_suite(panel: Panel, study: Study, *, seed: int) -> Suite:
    """Fit every model of the study to a panel.

    Parameters
    ----------
    panel : Panel
    study : Study
    seed : int
        Root of the seeds of starts and draws.

    Raises
    ------
    EstimationError
        If a model cannot be estimated or did not converge; the message names the series.
    """
    margins = first_step(panel, study)
    returns = margins.returns
    default = CDCC().fit(returns, margins=margins, seed=seed)
    rival = DCC().fit(returns, margins=margins, seed=seed)
    correlations, betas = _bands(default, study, seed)
    reference = panel.complete_returns(study.regimes.reference)
    switching = MarkovSwitching(study.regimes.k_regimes, study.regimes.distribution)
    regimes = switching.fit(reference, starts=study.regimes.starts, seed=seed)
    known = _vintages(regimes, reference, study.regimes.starts, seed)
    names = REGIME_NAMES[study.regimes.k_regimes]
    level = study.inference.level
    return Suite(
        sample=f"{returns.index[0].date()} to {returns.index[-1].date()}, {len(returns):,} sessions",
        correlations=correlations,
        betas=betas,
        rivals={pair: pd.DataFrame({"DCC": rival.correlation(*pair)}) for pair in study.correlation.pairs},
        static_betas={(y, x): static_beta(returns[y], returns[x], level=level)[x] for y, x in study.correlation.betas},
        static_correlations=_static_correlations(returns, level),
        conditional=default,
        stress=fear_stress(panel, study.stress)
        if "fear" in panel.history
        else pd.Series(False, index=panel.returns.index),
        stress_probability=pd.DataFrame(
            {
                "filtered": regimes.filtered.iloc[:, -1],
                "smoothed": regimes.smoothed.iloc[:, -1],
                "known": np.nan if isinstance(known, NotDecidable) else known.filtered.iloc[:, -1],
            },
            index=reference.index,
        ),
        regimes=regimes,
        vintages=known,
        expected_durations=dict(zip(names, regimes.durations(level), strict=True)),
        window_returns=_window_returns(panel, study),
        parameters=(
            _margin_table(margins, level),
            _correlation_table(default, level),
            _correlation_table(rival, level),
            _regime_table(regimes, level),
        ),
        checks=(*margin_checks(margins), *correlation_checks(default), *regime_checks(regimes)),
        std_residuals=margins.std_residuals,
    )


def first_step(panel: Panel, study: Study) -> Margins:
    """The study's margins of its correlation assets.

    Parameters
    ----------
    panel : Panel
    study : Study
        Under `gap_variance = "estimated"` the variance of instruments that always trade grows with the days a return
        covers; those of sessions to come are known from the calendar of the study's exchange.

    Raises
    ------
    EstimationError
        Naming the series that cannot be fitted.
    """
    return margins_of(panel.complete_returns(study.correlation.assets), panel, study)


def margins_of(
    returns: pd.DataFrame,
    panel: Panel,
    study: Study,
    *,
    volatility: Volatility | None = None,
    distribution: Distribution | None = None,
) -> Margins:
    """The study's margins of any returns of the panel.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Columns are roles; no missing values.
    panel : Panel
    study : Study
        See `first_step`.
    volatility, distribution : optional
        Instead of the study's.

    Raises
    ------
    EstimationError
        Naming the series that cannot be fitted.
    """
    settings = study.margins
    always = [one.role for one in study.instruments if one.trades == "always" and one.role in returns.columns]
    return fit_margins(
        returns,
        volatility or settings.volatility,
        settings.mean,
        distribution or settings.distribution,
        settings.initial_variance,
        {role: _days_covered(panel, study, returns.index, role) for role in always}
        if settings.gap_variance == "estimated"
        else {},
    )


def _days_covered(panel: Panel, study: Study, index: pd.Index, role: str) -> NDArray[np.float64]:
    """Calendar days within each return of a role, followed by those of the sessions of the coming months."""
    closes = pd.DatetimeIndex(panel.levels[role].dropna().index)
    covered = pd.Series(np.diff(closes) / np.timedelta64(1, "D"), index=closes[1:])
    last = index[-1]
    calendar = sessions(study.clock.exchange, study.clock.start, (last + pd.Timedelta(days=CALENDAR_AHEAD)).date())
    ahead = np.diff(calendar[calendar >= last]) / np.timedelta64(1, "D")
    return np.concatenate([covered.loc[index].to_numpy(), ahead])


def _bands(result: CorrelationResult, study: Study, seed: int) -> tuple[dict[Pair, PathBand], dict[Pair, PathBand]]:
    """Bands of all pairs from common draws, so that differences between them have bands too."""
    level, draws = study.inference.level, study.inference.band_draws
    pairs, ratios = study.correlation.pairs, study.correlation.betas
    what: tuple[PathQuantity, ...] = (*(Correlation(*pair) for pair in pairs), *(Beta(*ratio) for ratio in ratios))
    bands = result.bands(what, level=level, draws=draws, seed=seed)
    method = (
        f"{printed_name(result.model)}(1,1) on {len(result.names)} series, Gaussian quasi maximum likelihood; "
        f"pointwise {level:.0%} band of parameter uncertainty, {draws} draws; innovation and model uncertainty left out"
    )
    wavy = () if result.constant else result.dispersion(pairs, simulations=CONSTANT_WORLDS, seed=seed)
    waviness = {one.pair: one.percentile / 100.0 for one in wavy}
    records = [
        PathBand(
            pair=(first, second),
            quantity="correlation" if position < len(pairs) else "beta",
            frame=pd.DataFrame({"estimate": band.estimate, "lower": band.lower, "upper": band.upper}),
            level=level,
            method=method,
            dispersion_percentile=waviness.get((first, second)) if position < len(pairs) else None,
        )
        for position, ((first, second), band) in enumerate(zip((*pairs, *ratios), bands, strict=True))
    ]
    return {one.pair: one for one in records[: len(pairs)]}, {one.pair: one for one in records[len(pairs) :]}


def _vintages(full: SwitchingResult, reference: pd.DataFrame, starts: int, seed: int) -> Vintages | NotDecidable:
    """The regime model after each year of the sample, the last vintage being the fit to all of it."""
    try:
        return vintages(full.model, reference, first=FIRST_VINTAGE, starts=starts, seed=seed, last=full)
    except EstimationError as error:
        return NotDecidable(error.problem)


def _static_correlations(returns: pd.DataFrame, level: float) -> dict[Pair, Estimate]:
    return {
        (first, second): correlation_estimate(returns[first].to_numpy(), returns[second].to_numpy(), level=level)
        for first, second in combinations(returns.columns, 2)
    }


def _window_returns(panel: Panel, study: Study) -> dict[str, pd.DataFrame]:
    """Cumulative simple returns of the correlation assets since each dated window's base."""
    frames = {}
    for name, window in study.windows.items():
        if window.last is None or panel.last_session < window.last:
            continue
        levels = panel.levels.loc[str(window.base) : str(window.last), list(study.correlation.assets)]
        frames[name] = 100.0 * (levels / levels.iloc[0] - 1.0)
    return frames


def _margin_table(margins: Margins, level: float) -> ParameterTable:
    equation = "r_t = mu + e_t, e_t = sqrt(h_t) z_t, h_t = omega + alpha e_{t-1}^2 + beta h_{t-1}"
    if any("gap" in margin.model.names for margin in margins.fitted):
        equation += (
            "; with gap, h_t is the variance of e_t / sqrt(s_t), s_t being 1 + gap (d_t - 1) over its mean and d_t the "
            "calendar days since the session before"
        )
    estimates = np.concatenate([margin.params for margin in margins.fitted])
    errors = [margins.std_errors.loc[margin.name, name] for margin in margins.fitted for name in margin.model.names]
    frame = _with_intervals(pd.Series(estimates, index=margins.labels), pd.Series(errors, index=margins.labels), level)
    worst = min(margins.convergence.values(), key=lambda record: record.share_at_best)
    return ParameterTable(
        model="Margins, first step",
        equation=equation,
        frame=frame,
        loglik=float(margins.loglik.sum()),
        n=len(margins.returns),
        standard_errors="sandwich (quasi maximum likelihood)",
        convergence=worst,
    )


def _correlation_table(result: CorrelationResult, level: float) -> ParameterTable:
    names = list(result.free_correlation_names)
    starred = "z*_t z*_t'" if result.model == "CDCC" else "z_t z_t'"
    return ParameterTable(
        model=f"{printed_name(result.model)}, second step",
        equation=f"Q_{{t+1}} = (1 - a - b) S + a {starred} + b Q_t, R_t = Q_t scaled to a unit diagonal",
        frame=_with_intervals(result.params[names], result.std_errors[names], level),
        loglik=result.correlation_loglik,
        n=len(result.margins.returns),
        standard_errors="stacked-moment sandwich over margins, target and (a, b)",
        convergence=result.convergence,
    )


def _regime_table(result: SwitchingResult, level: float) -> ParameterTable:
    return ParameterTable(
        model=f"Markov switching, {result.k_regimes} regimes, reference series",
        equation="y_t | s_t = k ~ t_nu(mean_k, cov_k), P(s_t = j | s_{t-1} = i) = p[i->j]",
        frame=_with_intervals(result.params, result.std_errors, level),
        loglik=result.loglik,
        n=result.n,
        standard_errors="observed information",
        convergence=result.convergence,
    )


def _with_intervals(estimates: pd.Series, errors: pd.Series, level: float) -> pd.DataFrame:
    """Normal intervals; a parameter at a bound has neither error nor interval."""
    rows = {}
    for name, value in estimates.items():
        error = float(errors.get(name, np.nan))
        interval = normal_estimate(float(value), error, level=level, n=0, method="") if np.isfinite(error) else None
        rows[name] = (
            float(value),
            error,
            interval.lower if interval else np.nan,
            interval.upper if interval else np.nan,
        )
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "std_error", "lower", "upper"])

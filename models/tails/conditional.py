"""Value at risk and expected shortfall from the conditional distribution, with what is needed to test them.

Losses are negative returns: both figures are returns in percent, and the smaller the worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, TestResult
from models.margins.estimation import FittedMargin, fit_margin
from models.margins.model import MarginModel
from models.margins.types import Volatility
from models.tails.backtests import shortfall_test

Array = NDArray[np.float64]

#: Parameter draws tried for each one wanted.
PATIENCE = 20


@dataclass(frozen=True)
class RiskPath:
    """One-day risk figures of a series through time.

    Attributes
    ----------
    frame : DataFrame, (T, 5)
        Percent: "return", "mean", "volatility", "value_at_risk", "expected_shortfall"; all but the first are known at
        the close before, given the parameters.
    quantile : float
    pools : tuple of (ndarray)
        Standardised residuals from which the tail was read, one pool for each stretch of sessions.
    stretches : ndarray of int, (T,)
        Pool of each session.
    method : str
    """

    frame: pd.DataFrame
    quantile: float
    pools: tuple[Array, ...]
    stretches: NDArray[np.int64]
    method: str

    @property
    def hits(self) -> pd.Series:
        """Sessions on which the return fell below the value at risk."""
        return self.frame["return"] < self.frame["value_at_risk"]

    def shortfall_test(self, *, replications: int = 1999, seed: int = 0) -> TestResult:
        """Acerbi and Szekely's second test of the expected shortfall; see `backtests.shortfall_test`."""
        return shortfall_test(self, replications=replications, seed=seed)


def conditional_risk(returns: pd.Series, *, quantile: float = 0.05, volatility: Volatility = "gjr") -> RiskPath:
    """Risk figures with the parameters and residuals of the whole sample: hindsight in the parameters, not in h_t.

    Parameters
    ----------
    returns : Series, (T,)
        Percent.
    quantile : float
        Probability of a return below the value at risk.
    volatility : {"garch", "gjr", "egarch"}

    Raises
    ------
    EstimationError
        If the volatility model cannot be estimated.

    Notes
    -----
    Filtered historical simulation: mean_t + sqrt(h_t) times the quantile, or the mean below it, of the standardised
    residuals (Barone-Adesi, Giannopoulos and Vosper 1999).
    """
    rows = returns.dropna().astype(float)
    stretch = _stretch(rows, 0, len(rows), len(rows), quantile, volatility)
    return _path(rows.index, [stretch], quantile, f"{volatility} of the whole sample, filtered historical simulation")


def expanding_risk(
    returns: pd.Series, *, quantile: float = 0.05, volatility: Volatility = "gjr", first: int = 1000, refit: int = 252
) -> RiskPath:
    """Risk figures that were knowable: parameters and residuals come from the sessions before.

    Parameters
    ----------
    returns : Series, (T,)
        Percent.
    quantile : float
    volatility : {"garch", "gjr", "egarch"}
    first : int
        Sessions before the first figure.
    refit : int
        Sessions after which parameters and residuals are renewed.

    Raises
    ------
    EstimationError
        If there are not more than `first` sessions, or a volatility model cannot be estimated.
    """
    rows = returns.dropna().astype(float)
    if len(rows) <= first:
        raise EstimationError(
            str(returns.name), f"{len(rows)} returns leave none to judge after {first}", "Begin the backtest earlier."
        )
    stretches = [
        _stretch(rows, start, min(start + refit, len(rows)), start, quantile, volatility)
        for start in range(first, len(rows), refit)
    ]
    method = f"{volatility} estimated on the sessions before, every {refit} sessions, filtered historical simulation"
    return _path(rows.index[first:], stretches, quantile, method)


def next_risk(
    margin: FittedMargin,
    returns: pd.Series,
    *,
    quantile: float = 0.05,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
) -> tuple[Estimate, Estimate]:
    """Value at risk and expected shortfall of the session after the sample, with intervals.

    Parameters
    ----------
    margin : FittedMargin
    returns : Series, (T,)
        The returns it was fitted to, percent.
    quantile, level : float
    draws, seed : int
        Each draw takes parameters from their normal approximation, filters the returns anew and resamples the
        standardised residuals (Christoffersen and Goncalves 2005, "Estimation risk in financial risk management").

    Returns
    -------
    value_at_risk, expected_shortfall : Estimate
        Percent.
    """
    generator = np.random.default_rng(seed)
    values = np.ascontiguousarray(returns.to_numpy(dtype=np.float64))
    centre = _next(margin, values, margin.params, margin.std_residuals, quantile)
    root = np.linalg.cholesky(_covariance(margin) + 1e-14 * np.eye(margin.params.size))
    found = []
    for _ in range(PATIENCE * draws):
        params = margin.params + root @ generator.standard_normal(margin.params.size)
        if not margin.model.filterable(params):
            continue
        _, z = margin.model.filter(params, values, margin.backcast)
        found.append(_next(margin, values, params, generator.choice(z, z.size), quantile))
        if len(found) == draws:
            break
    if len(found) < draws:
        raise EstimationError(margin.name, "hardly any parameter draw is admissible", "Use a longer sample.")
    made = np.array(found)
    low, high = np.quantile(made, [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
    method = f"filtered historical simulation; percentiles of {draws} draws of parameters and residuals"
    value_at_risk, shortfall = (
        Estimate(
            centre[k],
            float(made[:, k].std(ddof=1)),
            min(float(low[k]), centre[k]),
            max(float(high[k]), centre[k]),
            level,
            values.size,
            "%",
            method,
        )
        for k in range(2)
    )
    return value_at_risk, shortfall


@dataclass(frozen=True)
class _Stretch:
    """Risk figures of consecutive sessions that share parameters."""

    returns: Array
    mean: Array
    volatility: Array
    pool: Array
    tail: tuple[float, float]


def _stretch(rows: pd.Series, start: int, end: int, known: int, quantile: float, volatility: Volatility) -> _Stretch:
    values = np.ascontiguousarray(rows.to_numpy())
    margin = fit_margin(str(rows.name), values[:known], MarginModel(volatility))
    variances, z = margin.model.filter(margin.params, values[:end], margin.backcast)
    deviation = np.sqrt(variances)
    mean = values[:end] - deviation * z
    return _Stretch(values[start:end], mean[start:], deviation[start:], z[:known], _tail(z[:known], quantile))


def _path(index: pd.Index, stretches: list[_Stretch], quantile: float, method: str) -> RiskPath:
    mean = np.concatenate([one.mean for one in stretches])
    deviation = np.concatenate([one.volatility for one in stretches])
    lengths = [one.returns.size for one in stretches]
    low, below = np.repeat(np.array([one.tail for one in stretches]), lengths, axis=0).T
    frame = pd.DataFrame(
        {
            "return": np.concatenate([one.returns for one in stretches]),
            "mean": mean,
            "volatility": deviation,
            "value_at_risk": mean + deviation * low,
            "expected_shortfall": mean + deviation * below,
        },
        index=index,
    )
    return RiskPath(
        frame, quantile, tuple(one.pool for one in stretches), np.repeat(np.arange(len(stretches)), lengths), method
    )


def _tail(z: Array, quantile: float) -> tuple[float, float]:
    """The quantile of `z` and the mean at or below it."""
    low = float(np.quantile(z, quantile))
    return low, float(z[z <= low].mean())


def _next(margin: FittedMargin, values: Array, params: Array, pool: Array, quantile: float) -> tuple[float, float]:
    extended = np.append(values, values[-1])
    variances, z = margin.model.filter(params, extended, margin.backcast)
    deviation = float(np.sqrt(variances[-1]))
    mean = float(extended[-1] - deviation * z[-1])
    low, below = _tail(pool, quantile)
    return mean + deviation * low, mean + deviation * below


def _covariance(margin: FittedMargin) -> Array:
    return margin.influence.T @ margin.influence / margin.influence.shape[0] ** 2

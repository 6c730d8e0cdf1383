"""Named crises: what assets returned over each, and how they moved with a factor while it lasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from data.errors import EstimationError
from models.betas.garch_regression import GarchRegression, garch_regression
from models.betas.sample import complete_rows
from models.estimate import Estimate
from models.inference.intervals import student_estimate
from models.inference.resampling import Resampling
from models.margins import Margins
from models.optimise import root

Array = NDArray[np.float64]
Crises = Mapping[str, pd.DatetimeIndex]

#: Fewer sessions than this carry no regression with volatility.
HISTORY = 250


@dataclass(frozen=True)
class CrisisReturns:
    """Cumulative returns of several assets over several crises.

    Attributes
    ----------
    totals, deviations : DataFrame, (K, N)
        Sum of log returns over each crisis and its conditional standard deviation, percent.
    sessions : Series, (K,)
    null_draws : ndarray, (B, K, N)
        What chance alone makes of the totals: residuals drawn in blocks, times the crisis days' own volatility.
    level : float
    """

    totals: pd.DataFrame
    deviations: pd.DataFrame
    sessions: pd.Series
    null_draws: Array
    level: float

    def estimate(self, crisis: str, asset: str) -> Estimate:
        """Return of one asset over one crisis; the interval says what return was to be expected."""
        row, column = list(self.totals.index).index(crisis), list(self.totals.columns).index(asset)
        value = float(self.totals.to_numpy()[row, column])
        return self._centred(value, self.null_draws[:, row, column], int(self.sessions.iloc[row]), "%", "return")

    def mean(self, asset: str, *, scaled: bool = False) -> Estimate:
        """Mean return over the crises, in percent or in units of each crisis' own standard deviation."""
        column = list(self.totals.columns).index(asset)
        scale = self.deviations[asset].to_numpy() if scaled else np.ones(len(self.totals))
        value = float(np.mean(self.totals[asset].to_numpy() / scale))
        null = np.mean(self.null_draws[:, :, column] / scale, axis=1)
        what = f"mean return over {len(self.totals)} crises"
        return self._centred(value, null, int(self.sessions.sum()), "sd" if scaled else "%", what)

    def _centred(self, value: float, null: Array, n: int, unit: str, what: str) -> Estimate:
        low, high = np.quantile(null, [(1.0 - self.level) / 2.0, (1.0 + self.level) / 2.0])
        method = f"{what}; block bootstrap of standardised residuals scaled to the days' own volatility"
        return Estimate(value, float(null.std()), value - high, value - low, self.level, n, unit, method)


def crisis_returns(margins: Margins, crises: Crises, resampling: Resampling) -> CrisisReturns:
    """Returns over crises with what chance alone would have made of them.

    Parameters
    ----------
    margins : Margins
        Volatility models of the assets over a sample that holds the crises.
    crises : mapping of name to DatetimeIndex
        Sessions of each, which do not overlap.
    resampling : Resampling

    Raises
    ------
    EstimationError
        If a crisis has no session in the sample.
    """
    returns, deviations = margins.returns, np.sqrt(margins.variances.to_numpy())
    shocks = margins.std_residuals.to_numpy()
    shocks = shocks - shocks.mean(axis=0)
    indices = resampling.indices(shocks[:, 0])
    totals, spreads, draws, first = [], [], [], 0
    for name, sessions in crises.items():
        inside = returns.index.isin(sessions)
        if not inside.any():
            raise EstimationError(
                name, "has no session in the sample", "Leave the crisis out or start the data earlier."
            )
        days = deviations[inside]
        rows = indices[:, np.arange(first, first + len(days)) % indices.shape[1]]
        draws.append(np.einsum("bhn,hn->bn", shocks[rows], days))
        totals.append(returns.loc[inside].sum())
        spreads.append(np.sqrt(np.sum(days**2, axis=0)))
        first += len(days)
    names = list(crises)
    return CrisisReturns(
        totals=pd.DataFrame(totals, index=names),
        deviations=pd.DataFrame(spreads, index=names, columns=returns.columns),
        sessions=pd.Series({name: int(returns.index.isin(days).sum()) for name, days in crises.items()}),
        null_draws=np.stack(draws, axis=1),
        level=resampling.level,
    )


@dataclass(frozen=True)
class CrisisSlopes:
    """Slope of an asset on a factor inside each of several crises, from one regression.

    Attributes
    ----------
    factor : str
    regression : GarchRegression
        y_t = a + sum_k a_k 1[t in crisis k] + (b + sum_k d_k 1[t in crisis k]) x_t + e_t with GARCH errors; d_k is
        named after the crisis. Levels of their own keep a common drift over the crisis out of the slope.
    sessions : Series, (K,)
        Sessions in each crisis; the slope there has as many degrees of freedom, less two.
    """

    factor: str
    regression: GarchRegression
    sessions: pd.Series

    def slope(self, crisis: str, *, level: float) -> Estimate:
        """b + d_k with its interval."""
        value, error = self._slope(crisis)
        return student_estimate(
            value,
            error,
            int(self.sessions[crisis]) - 2,
            level=level,
            n=int(self.sessions[crisis]),
            unit="",
            method=f"slope on {self.factor} inside the crisis; quasi maximum likelihood with GARCH errors, sandwich",
        )

    def p_anywhere(self, crises: Sequence[str], above: float = 0.0) -> float:
        """p-value of the hypothesis that the slope is at most `above` in every one of several crises.

        Notes
        -----
        Fisher (1932), Statistical Methods for Research Workers, section 21.1: minus twice the sum of the logs of K
        independent p-values follows a chi-squared law with 2K degrees of freedom. Crises share no session, so the
        one-sided p-values of their slopes are independent given the common parameters.
        """
        logs = [self._log_p(crisis, above) for crisis in crises]
        return float(stats.chi2.sf(-2.0 * sum(logs), 2 * len(logs)))

    def lower_anywhere(self, crises: Sequence[str], *, level: float) -> float:
        """One-sided lower limit of the largest slope among several crises: `p_anywhere` inverted."""
        ends = [value + side * 40.0 * error for value, error in map(self._slope, crises) for side in (-1.0, 1.0)]
        return root(lambda above: self.p_anywhere(crises, above) - (1.0 - level), min(ends), max(ends))

    def _log_p(self, crisis: str, above: float) -> float:
        """Log of the one-sided p-value of a slope of at most `above`."""
        value, error = self._slope(crisis)
        return float(stats.t.logsf((value - above) / error, int(self.sessions[crisis]) - 2))

    def _slope(self, crisis: str) -> tuple[float, float]:
        estimate = self.regression.combination({self.factor: 1.0, crisis: 1.0}, level=0.95, method="")
        return estimate.value, float(estimate.std_error or 0.0)


def crisis_slopes(y: pd.Series, factor: pd.Series, crises: Crises) -> CrisisSlopes:
    """How an asset moved with a factor inside each crisis.

    Parameters
    ----------
    y, factor : Series, (T,)
        Percent returns.
    crises : mapping of name to DatetimeIndex
        Each with at least three sessions.

    Raises
    ------
    EstimationError
        If a crisis has fewer than three sessions, or the regression cannot be estimated.

    Notes
    -----
    A hedge in the sense of Baur and Lucey (2010) has a slope of zero or less; here the period is a named crisis instead
    of a quantile.
    """
    rows = complete_rows(y, factor, HISTORY)
    x = rows.iloc[:, 1]
    columns, sessions = {str(factor.name): x}, {}
    for name, days in crises.items():
        inside = rows.index.isin(days)
        sessions[name] = int(inside.sum())
        if sessions[name] < 3:
            raise EstimationError(name, f"has {sessions[name]} sessions in the sample", "Leave the crisis out.")
        columns[name] = x.where(inside, 0.0)
        columns[f"{name} level"] = pd.Series(inside.astype(np.float64), index=rows.index)
    regression = garch_regression(rows.iloc[:, 0], pd.DataFrame(columns))
    return CrisisSlopes(str(factor.name), regression, pd.Series(sessions, dtype=np.int64))

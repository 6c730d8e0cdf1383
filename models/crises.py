"""Named crises: what assets returned over each, and how they moved with a factor while it lasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.regression.linear_model import OLS

from data.errors import EstimationError
from models.estimate import Estimate
from models.inference.intervals import student_estimate
from models.inference.resampling import Resampling
from models.margins import Margins
from models.optimise import root

Array = NDArray[np.float64]
Crises = Mapping[str, pd.DatetimeIndex]

#: A session with this leverage decides a slope alone: what it leaves is rounding.
FULL_LEVERAGE = 1.0 - 1e-8


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
    """Slope of an asset on a factor inside each of several crises.

    Attributes
    ----------
    factor : str
    slopes, std_errors : Series, (K,)
    sessions : Series, (K,)
        Sessions in each crisis; the slope there has as many degrees of freedom, less two.
    """

    factor: str
    slopes: pd.Series
    std_errors: pd.Series
    sessions: pd.Series

    def slope(self, crisis: str, *, level: float) -> Estimate:
        """Slope inside one crisis with its interval."""
        return student_estimate(
            float(self.slopes[crisis]),
            float(self.std_errors[crisis]),
            int(self.sessions[crisis]) - 2,
            level=level,
            n=int(self.sessions[crisis]),
            unit="",
            method=f"slope on {self.factor} inside the crisis; least squares weighted by GARCH variances, HC3",
        )

    def p_anywhere(self, crises: Sequence[str], above: float = 0.0) -> float:
        """p-value of the hypothesis that the slope is at most `above` in every one of several crises.

        Notes
        -----
        Fisher (1932), Statistical Methods for Research Workers, section 21.1: minus twice the sum of the logs of K
        independent p-values follows a chi-squared law with 2K degrees of freedom. Crises share no session, so the
        one-sided p-values of their slopes are independent given the variances.
        """
        logs = [self._log_p(crisis, above) for crisis in crises]
        return float(stats.chi2.sf(-2.0 * sum(logs), 2 * len(logs)))

    def lower_anywhere(self, crises: Sequence[str], *, level: float) -> float:
        """One-sided lower limit of the largest slope among several crises: `p_anywhere` inverted."""
        reach = 40.0 * self.std_errors[list(crises)]
        low, high = (self.slopes[list(crises)] - reach).min(), (self.slopes[list(crises)] + reach).max()
        return root(lambda above: self.p_anywhere(crises, above) - (1.0 - level), float(low), float(high))

    def _log_p(self, crisis: str, above: float) -> float:
        """Log of the one-sided p-value of a slope of at most `above`."""
        t_value = (self.slopes[crisis] - above) / self.std_errors[crisis]
        return float(stats.t.logsf(t_value, int(self.sessions[crisis]) - 2))


def crisis_slopes(margins: Margins, asset: str, factor: str, crises: Crises) -> CrisisSlopes:
    """How an asset moved with a factor inside each crisis.

    Parameters
    ----------
    margins : Margins
        Volatility models of asset and factor over a sample that holds the crises.
    asset, factor : str
        Columns of the margins.
    crises : mapping of name to DatetimeIndex
        Each with at least three sessions.

    Raises
    ------
    EstimationError
        If a crisis has fewer than three sessions, or a single session alone decides its slope.

    Notes
    -----
    A hedge in the sense of Baur and Lucey (2010) has a slope of zero or less; here the period is a named crisis instead
    of a quantile. Each crisis has a level of its own, so that a drift common to asset and factor is no slope. Sessions
    are weighted by the inverse of the asset's conditional variance; the errors need not follow it, as they are those of
    MacKinnon and White (1985, "HC3"; Romano and Wolf 2017 on weights with such errors).
    """
    estimates = {name: _slope_inside(margins, asset, factor, name, days) for name, days in crises.items()}
    frame = pd.DataFrame.from_dict(estimates, orient="index", columns=["slope", "std_error", "sessions"])
    return CrisisSlopes(factor, frame["slope"], frame["std_error"], frame["sessions"].astype(np.int64))


def _slope_inside(
    margins: Margins, asset: str, factor: str, crisis: str, days: pd.DatetimeIndex
) -> tuple[float, float, int]:
    """Slope, its standard error and the number of sessions."""
    inside = margins.returns.index.isin(days)
    sessions = int(inside.sum())
    if sessions < 3:
        raise EstimationError(crisis, f"has {sessions} sessions in the sample", "Leave the crisis out.")
    deviations = np.sqrt(margins.variances.loc[inside, asset].to_numpy())
    regressors = np.column_stack([np.ones(sessions), margins.returns.loc[inside, factor]])
    fit = OLS(margins.returns.loc[inside, asset].to_numpy() / deviations, regressors / deviations[:, None]).fit()
    if fit.get_influence().hat_matrix_diag.max() > FULL_LEVERAGE:
        raise EstimationError(f"slope of {asset} in {crisis}", "one session alone decides it", "Leave the crisis out.")
    return float(fit.params[1]), float(fit.HC3_se[1]), sessions

"""Event study: what a window's returns were beyond the market model, measured against the event days' own volatility.

Intervals resample standardised residuals of the estimation window in blocks and scale them to the conditional
volatility of the event days; unscaled ones are far too short when the event is turbulent
(Brown and Warner 1985; Boehmer, Musumeci and Poulsen 1991 make the same point for tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate
from models.inference.bootstrap import block_length, stationary_indices
from models.margins import fit_margins
from models.spans import common_spans

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AbnormalReturns:
    """Cumulative abnormal returns of several assets over one event.

    Attributes
    ----------
    cumulative : DataFrame, (h, N)
        Running sum of abnormal returns in percent.
    volatility : Series, (N,)
        Conditional standard deviation of the sum over the event, percent.
    null_draws : DataFrame, (B, N)
        Sums over the event if nothing abnormal had happened; rows are joint over assets.
    slopes : DataFrame, (K + 1, N)
        Market-model coefficients, intercept first.
    n : int
        Sessions of the estimation window.
    level : float
    """

    cumulative: pd.DataFrame
    volatility: pd.Series
    null_draws: pd.DataFrame
    slopes: pd.DataFrame
    n: int
    level: float

    @property
    def total(self) -> pd.Series:
        """Cumulative abnormal return over the whole event, percent, (N,)."""
        return self.cumulative.iloc[-1]

    def estimate(self, role: str) -> Estimate:
        """Cumulative abnormal return of one asset with its interval, percent."""
        return self._centred(
            float(self.total[role]), self.null_draws[role].to_numpy(), "%", "cumulative abnormal return"
        )[0]

    def gap(self, role: str, others: tuple[str, ...]) -> tuple[Estimate, float]:
        """Abnormal return of `role` minus the mean of `others`, each in units of its own event volatility; and p."""
        scaled = self.total / self.volatility
        draws = self.null_draws / self.volatility
        return self._centred(
            float(scaled[role] - scaled[list(others)].mean()),
            (draws[role] - draws[list(others)].mean(axis=1)).to_numpy(),
            "event sd",
            "difference of scaled abnormal returns",
        )

    def _centred(self, value: float, null: Array, unit: str, what: str) -> tuple[Estimate, float]:
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(null, [tail, 1.0 - tail])
        smaller = min(float(np.mean(null >= value)), float(np.mean(null <= value)))
        method = f"{what}; block bootstrap of market-model residuals scaled to event volatility, {null.size} resamples"
        estimate = Estimate(value, float(null.std()), value - high, value - low, self.level, self.n, unit, method)
        return estimate, min(1.0, max(2.0 * smaller, 1.0 / (null.size + 1)))


def abnormal_returns(
    returns: pd.DataFrame,
    factors: pd.DataFrame,
    event: pd.DatetimeIndex,
    *,
    first: int,
    last: int,
    level: float,
    replications: int,
    block_bounds: tuple[int, int],
    seed: int,
) -> AbnormalReturns:
    """Market-model abnormal returns over `event`.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Percent returns of the assets.
    factors : DataFrame, (T, K)
        Changes of the explanatory series on the same sessions.
    event : DatetimeIndex
        Sessions of the event; one on which a factor has no value is joined to the next.
    first, last : int
        The market model is estimated on the sessions from `first` to `last` before the event.
    level, replications, block_bounds, seed
        Level of the intervals, resamples, floor and cap of the mean block length, seed.

    Raises
    ------
    EstimationError
        If fewer sessions than the estimation window stand before the event, or the event itself has gaps.
    """
    rows = common_spans(pd.concat([returns, factors], axis=1))
    event = pd.DatetimeIndex(rows.index[rows.index.isin(event)])
    if not event.size:
        raise EstimationError("event study", "no value inside the event", "Use series that cover the event.")
    start = int(rows.index.searchsorted(event[0]))
    if start < first:
        raise EstimationError(
            "event study", f"only {start} sessions before the event, {first} are needed", "Start the data earlier."
        )
    rows = rows.loc[: event[-1]]
    assets, explaining = list(returns.columns), list(factors.columns)
    regressors = np.column_stack([np.ones(len(rows)), rows[explaining].to_numpy()])
    estimation = slice(start - first, start - last + 1)
    slopes, *_ = np.linalg.lstsq(regressors[estimation], rows[assets].to_numpy()[estimation], rcond=None)
    residuals = pd.DataFrame(rows[assets].to_numpy() - regressors @ slopes, index=rows.index, columns=assets)
    margins = fit_margins(residuals)
    deviation = np.sqrt(margins.variances.loc[event].to_numpy())
    shocks = margins.std_residuals.to_numpy()[estimation]
    shocks = shocks - shocks.mean(axis=0)
    block = block_length(shocks[:, 0], floor=block_bounds[0], cap=block_bounds[1])
    indices = stationary_indices((shocks.shape[0],), block, replications, seed)[:, : event.size]
    null_draws = np.einsum("bhn,hn->bn", shocks[indices], deviation)
    return AbnormalReturns(
        cumulative=residuals.loc[event].cumsum(),
        volatility=pd.Series(np.sqrt(np.sum(deviation**2, axis=0)), index=assets),
        null_draws=pd.DataFrame(null_draws, columns=assets),
        slopes=pd.DataFrame(slopes, index=["const", *explaining], columns=assets),
        n=shocks.shape[0],
        level=level,
    )

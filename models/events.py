"""Event study: what a window's returns were beyond the market model, measured against the event days' own volatility.

Intervals resample standardised residuals of the estimation window in blocks and scale them to the conditional
volatility of the event days; unscaled ones are far too short when the event is turbulent
(Brown and Warner 1985; Boehmer, Musumeci and Poulsen 1991 make the same point for tests). The same resamples carry the
error of the market model's coefficients, which grows with the length of the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
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
    null_paths : ndarray, (B, h, N)
        Running sums if nothing abnormal had happened, with the error of the coefficients; joint over assets.
    slopes : DataFrame, (K + 1, N)
        Market-model coefficients, intercept first.
    n : int
        Sessions of the estimation window.
    level : float
    """

    cumulative: pd.DataFrame
    volatility: pd.Series
    null_paths: Array
    slopes: pd.DataFrame
    n: int
    level: float

    @property
    def total(self) -> pd.Series:
        """Cumulative abnormal return over the whole event, percent, (N,)."""
        return self.cumulative.iloc[-1]

    @property
    def null_draws(self) -> pd.DataFrame:
        """Sums over the whole event if nothing abnormal had happened, (B, N)."""
        return pd.DataFrame(self.null_paths[:, -1], columns=self.cumulative.columns)

    def fan(self, role: str) -> pd.DataFrame:
        """Cumulative abnormal return day by day: columns "estimate", "lower", "upper", (h, 3); pointwise."""
        path = self.cumulative[role]
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(
            self.null_paths[:, :, list(self.cumulative.columns).index(role)], [tail, 1 - tail], axis=0
        )
        return pd.DataFrame({"estimate": path, "lower": path - high, "upper": path - low})

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
        Sessions of the event; one on which a series has no value is joined to the next. Where that joins the event's
        first sessions to some before it, they are left out: their change is not the event's alone.
    first, last : int
        The market model is estimated on the sessions from `first` to `last` before the event.
    level, replications, block_bounds, seed
        Level of the intervals, resamples, floor and cap of the mean block length, seed.

    Raises
    ------
    EstimationError
        If fewer sessions than the estimation window stand before the event, no session of the event has values, a
        series has none on its last session, the event is longer than the estimation window, or a series does not
        change in that.
    """
    changes = pd.concat([returns, factors], axis=1)
    rows = common_spans(changes)
    event = _spans_of(event, rows, changes)
    start = int(rows.index.searchsorted(event[0]))
    if start < first:
        raise EstimationError(
            "event study", f"only {start} sessions before the event, {first} are needed", "Start the data earlier."
        )
    rows = rows.loc[: event[-1]]
    assets, explaining = list(returns.columns), list(factors.columns)
    regressors = np.column_stack([np.ones(len(rows)), rows[explaining].to_numpy()])
    estimation = slice(start - first, start - last + 1)
    if event.size > first - last + 1:
        raise EstimationError(
            "event study",
            f"the event has {event.size} sessions, the estimation window {first - last + 1}",
            "Shorten the event or lengthen the estimation window.",
        )
    flat = [str(name) for name in rows.columns if np.ptp(rows[name].to_numpy()[estimation]) <= 0.0]
    if flat:
        raise EstimationError(
            "event study", f"{', '.join(flat)} does not change before the event", "Leave it out, or check its file."
        )
    projection = np.linalg.pinv(regressors[estimation])
    slopes = projection @ rows[assets].to_numpy()[estimation]
    residuals = pd.DataFrame(rows[assets].to_numpy() - regressors @ slopes, index=rows.index, columns=assets)
    margins = fit_margins(residuals)
    every_deviation = np.sqrt(margins.variances.to_numpy())
    deviation = np.sqrt(margins.variances.loc[event].to_numpy())
    shocks = margins.std_residuals.to_numpy()[estimation]
    shocks = shocks - shocks.mean(axis=0)
    block = block_length(shocks[:, 0], floor=block_bounds[0], cap=block_bounds[1])
    indices = stationary_indices((shocks.shape[0],), block, 2 * replications, seed)
    moves = np.cumsum(regressors[rows.index.isin(event)], axis=0)
    slope_errors = np.einsum("kt,btn->bkn", projection, shocks[indices[replications:]] * every_deviation[estimation])
    null_paths = np.cumsum(shocks[indices[:replications, : event.size]] * deviation, axis=1) - moves @ slope_errors
    return AbnormalReturns(
        cumulative=residuals.loc[event].cumsum(),
        volatility=pd.Series(np.sqrt(np.sum(deviation**2, axis=0)), index=assets),
        null_paths=null_paths,
        slopes=pd.DataFrame(slopes, index=["const", *explaining], columns=assets),
        n=shocks.shape[0],
        level=level,
    )


def _spans_of(event: pd.DatetimeIndex, rows: pd.DataFrame, changes: pd.DataFrame) -> pd.DatetimeIndex:
    """Ends of the spans that do not begin before the event; on its last session every series must have a value."""
    ends = pd.DatetimeIndex(rows.index)
    before = changes.index[changes.index < event[0]]
    own = ends[ends.isin(event) & ~(ends.to_series().shift(1) < before.max()).to_numpy()]
    until = changes.loc[: event[-1]]
    lasts = {str(name): pd.DatetimeIndex(until[name].dropna().index).max() for name in until.columns}
    short = [f"{name} on {last:%Y-%m-%d}" for name, last in lasts.items() if last < event[-1]]
    if short:
        raise EstimationError(
            "event study",
            f"the event ends on {event[-1]:%Y-%m-%d}, its series earlier: {', '.join(short)}",
            "Use series that cover the event, or end its window earlier.",
        )
    if not own.size:
        raise EstimationError("event study", "no value inside the event", "Use series that cover the event.")
    return own


def abnormal_returns_of_windows(
    returns: pd.DataFrame,
    factors: pd.DataFrame,
    windows: Mapping[str, pd.DatetimeIndex],
    *,
    first: int,
    last: int,
    level: float,
    replications: int,
    block_bounds: tuple[int, int],
    seed: int,
) -> dict[str, AbnormalReturns | NotDecidable]:
    """The event study of `abnormal_returns` for several windows, each with its own market model.

    Parameters
    ----------
    windows : mapping of str to DatetimeIndex
        Sessions of each window by its name.
    returns, factors, first, last, level, replications, block_bounds, seed
        As in `abnormal_returns`.

    Returns
    -------
    dict of str to (AbnormalReturns or NotDecidable)
        A window that cannot be studied says why.
    """
    found: dict[str, AbnormalReturns | NotDecidable] = {}
    for name, event in windows.items():
        try:
            found[name] = abnormal_returns(
                returns,
                factors,
                event,
                first=first,
                last=last,
                level=level,
                replications=replications,
                block_bounds=block_bounds,
                seed=seed,
            )
        except EstimationError as refused:
            found[name] = NotDecidable(refused.problem)
    return found


def moved_windows(
    sessions: pd.DatetimeIndex, window: pd.DatetimeIndex, *, by: int
) -> dict[tuple[int, int], pd.DatetimeIndex]:
    """A window with its first and its last session moved by up to `by` sessions.

    Returns
    -------
    dict of (shift of the first, shift of the last) to DatetimeIndex
        Windows that would be empty or reach beyond the sessions are left out.
    """
    start, end = int(sessions.searchsorted(window[0])), int(sessions.searchsorted(window[-1]))
    moves = range(-by, by + 1)
    return {
        (early, late): sessions[start + early : end + late + 1]
        for early in moves
        for late in moves
        if 0 <= start + early <= end + late < len(sessions)
    }

"""Two clocks: what a close at midnight UTC does to correlations with assets that close in New York.

A bar that closes at midnight UTC ends three to four hours after the exchange: what happens in between stands in the
exchange's next session. Same-day correlations shrink, and the always-trading asset seems to lead by a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from data.panel import Panel
from data.study import Study
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import stationary_indices
from models.inference.resampling import Resampling, percentile_estimate

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

Stamp = Literal["ny16", "utc00"]

EXCHANGE: Stamp = "ny16"
MIDNIGHT: Stamp = "utc00"
SYNCHRONISED, LAG_ADDED = "utc00 synchronised", "utc00 lag added"
TWO_DAY, WEEKLY = "utc00 two-day", "utc00 weekly"
CLOCKS = (EXCHANGE, MIDNIGHT, SYNCHRONISED, LAG_ADDED, TWO_DAY, WEEKLY)
LEADS: tuple[Stamp, ...] = (EXCHANGE, MIDNIGHT)
#: Role of the exchange-traded fund that holds the always-trading asset: the check of every clock.
FUND = "crypto_fund"
MINIMUM_SESSIONS = 120
SHORTEST_BLOCK = 10
"""Overlapping weeks need blocks that hold them."""
WEEK = pd.Timedelta(days=7)
LONGEST_WEEK = pd.Timedelta(days=11)


@dataclass(frozen=True)
class ClockRow:
    """One pair on every clock.

    Attributes
    ----------
    correlations : mapping of str to (Estimate or NotDecidable)
        By clock, see `CLOCKS`: both at the exchange's close; one at midnight UTC; midnight UTC made synchronous, and
        with the lagged covariance added; midnight UTC over two sessions; over weeks, the five weekdays averaged.
    differences : mapping of str to (Estimate or NotDecidable)
        Each of the others minus the one at the exchange's close, from joint resamples.
    leads : mapping of str to (Estimate or NotDecidable)
        Correlation of the always-trading asset's return with the other's return one session later, on both stamps.
    n : int
        Sessions.
    first, last : Timestamp
    """

    correlations: Mapping[str, Estimate | NotDecidable]
    differences: Mapping[str, Estimate | NotDecidable]
    leads: Mapping[str, Estimate | NotDecidable]
    n: int
    first: pd.Timestamp
    last: pd.Timestamp


def study_clocks(panel: Panel, study: Study, *, quick: bool) -> Mapping[str, ClockRow | NotDecidable] | NotDecidable:
    """The study's always-trading asset with every other asset, and with its exchange-traded fund, on every clock.

    Parameters
    ----------
    panel : Panel
    study : Study
    quick : bool
        Fewer resamples.

    Returns
    -------
    mapping of role to (ClockRow or NotDecidable), or NotDecidable
        Not decidable where no asset trades around the clock, or none of its closes is at midnight UTC.
    """
    always = [one.role for one in study.instruments if one.trades == "always" and one.role in study.correlation.assets]
    if not always:
        return NotDecidable("no asset of the study trades around the clock")
    settings = study.inference
    resampling = Resampling.of(settings, settings.quick_replications if quick else settings.replications)
    others = tuple(role for role in study.correlation.assets if role != always[0])
    return panel_clocks(panel, always[0], (*others, FUND), resampling)


def panel_clocks(
    panel: Panel, role: str, others: tuple[str, ...], resampling: Resampling
) -> Mapping[str, ClockRow | NotDecidable] | NotDecidable:
    """Correlations of `role` with each of `others` on every clock.

    Parameters
    ----------
    panel : Panel
        Holds the role at midnight UTC, itself or among its alternatives; at the exchange's close too where there are
        hourly prices. Without the latter the corrections are what stands in for it.
    role : str
        The always-trading asset.
    others : tuple of str
        Roles of exchange-traded assets, with the exchange-traded fund of `role` among them where there is one: its
        correlation says how good each clock is.
    resampling : Resampling
    """
    readings: dict[str, pd.Series] = {panel.origins[role].stamp: panel.levels[role]} if role in panel.levels else {}
    for alternative in panel.alternatives.get(role, ()):
        readings.setdefault(alternative.origin.stamp, alternative.levels)
    if MIDNIGHT not in readings:
        return NotDecidable(f"the data hold no {role} on the clock {MIDNIGHT}")
    return {
        other: asynchrony(panel.levels[other], readings.get(EXCHANGE), readings[MIDNIGHT], resampling)
        for other in others
        if other in panel.levels
    }


def asynchrony(
    exchange_traded: pd.Series, at_exchange_close: pd.Series | None, at_midnight: pd.Series, resampling: Resampling
) -> ClockRow | NotDecidable:
    r"""One pair on six clocks.

    Parameters
    ----------
    exchange_traded, at_exchange_close, at_midnight : Series, (T + 1,)
        Levels on sessions: of the exchange-traded asset, of the always-trading one at the exchange's close, and of the
        latter at midnight UTC of the same date. Sessions on which one of the three is missing are joined to the next.
        Without the one at the exchange's close what rests on it is not decidable; the other clocks stand.
    resampling : Resampling

    Returns
    -------
    ClockRow or NotDecidable

    Notes
    -----
    Synchronised after Burns, Engle and Mezrich (1998), :math:`r_t = \varepsilon_t + M \varepsilon_{t-1}` with M
    restricted to the one element that the clocks allow, exchange-traded on always-trading: with
    :math:`c_k = \mathrm{cov}(e_t, b_{t-k})` and :math:`v_b` the variance of b the synchronised returns
    :math:`(I + M)\varepsilon_t` have correlation :math:`(c_0 + c_1) / \sqrt{v_b (v_e + 2 c_0 c_1 / v_b)}`. Their
    variance counts the hours between the closes twice, so it stays a little low (.484 for .5 with four hours between);
    "lag added" is :math:`(c_0 + c_1) / \sqrt{v_b v_e}` (Cohen, Hawawini, Maier, Schwartz and Whitcomb 1983). Both take
    a true lead of a session for asynchrony. Weekly returns end on a weekday and begin at the last session seven days
    before; the five correlations are averaged. Intervals are percentile stationary bootstrap, joint over clocks.
    """
    synchronous = at_midnight if at_exchange_close is None else at_exchange_close
    levels = pd.concat({"e": exchange_traded, "ny": synchronous, "utc": at_midnight}, axis=1).dropna()
    levels = levels[(levels > 0.0).all(axis=1)]
    if len(levels) < MINIMUM_SESSIONS:
        return NotDecidable(f"{len(levels)} sessions with a level on both clocks are too few")
    rows, phases = _rows(levels)
    if not (np.ptp(rows, axis=0) > 0.0).all():
        return NotDecidable("one of the series does not change")
    standardised = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    block = max(resampling.block(standardised[:, 0] * standardised[:, 1]), SHORTEST_BLOCK)
    indices = stationary_indices((len(rows),), block, resampling.replications, resampling.seed)
    value = _clock_draws(rows, phases, np.arange(len(rows))[None, :])[0]
    draws = _clock_draws(rows, phases, indices)

    def estimate(point: float, drawn: Array, what: str, *, needs_exchange: bool) -> Estimate | NotDecidable:
        if needs_exchange and at_exchange_close is None:
            return NotDecidable("there are no prices at the exchange's close")
        return percentile_estimate(point, drawn, level=resampling.level, n=len(rows), unit="", method=what)

    return ClockRow(
        correlations={
            clock: estimate(float(value[k]), draws[:, k], f"correlation, {clock}", needs_exchange=clock == EXCHANGE)
            for k, clock in enumerate(CLOCKS)
        },
        differences={
            clock: estimate(
                float(value[k] - value[0]),
                draws[:, k] - draws[:, 0],
                f"correlation, {clock} minus {EXCHANGE}",
                needs_exchange=True,
            )
            for k, clock in enumerate(CLOCKS)
            if clock != EXCHANGE
        },
        leads={
            clock: estimate(
                float(value[at]),
                draws[:, at],
                f"correlation one session later, {clock}",
                needs_exchange=clock == EXCHANGE,
            )
            for at, clock in enumerate(LEADS, start=len(CLOCKS))
        },
        n=len(rows),
        first=levels.index[-len(rows)],
        last=levels.index[-1],
    )


def clock_table(rows: Mapping[str, ClockRow | NotDecidable]) -> pd.DataFrame:
    """Point estimates of every pair on every clock, with both leads: (pairs, clocks + 2)."""
    table = {}
    for name, row in rows.items():
        if isinstance(row, ClockRow):
            found = {**row.correlations, **{f"lead, {clock}": lead for clock, lead in row.leads.items()}}
            table[name] = {key: one.value if isinstance(one, Estimate) else np.nan for key, one in found.items()}
    return pd.DataFrame(table).T


def _rows(levels: pd.DataFrame) -> tuple[Array, Codes]:
    """Returns of each session on every span, and the weekday it falls on.

    Columns: exchange-traded; always-trading at the exchange's close and at midnight, each also a session before;
    exchange-traded and midnight over two sessions; the same over a week.
    """
    logs = pd.DataFrame(100.0 * np.log(levels.to_numpy()), levels.index, levels.columns)
    one, two = logs.diff(), logs.diff(2)
    dates = pd.DatetimeIndex(logs.index)
    start = dates.searchsorted(dates - WEEK, side="right") - 1
    within = (start >= 0) & (dates - dates[np.maximum(start, 0)] <= LONGEST_WEEK)
    week = (logs - logs.to_numpy()[np.maximum(start, 0)]).where(pd.Series(within, index=logs.index), axis=0)
    frame = pd.concat(
        [
            one["e"],
            one["ny"],
            one["utc"],
            one["ny"].shift(1),
            one["utc"].shift(1),
            two["e"],
            two["utc"],
            week["e"],
            week["utc"],
        ],
        axis=1,
    )
    complete = frame.notna().all(axis=1).to_numpy()
    rows = np.ascontiguousarray(frame.to_numpy()[complete])
    return rows, dates.day_of_week.to_numpy()[complete].astype(np.int64)


@njit(cache=True)
def _correlation(rows: Array, index: Codes, first: int, second: int, phases: Codes, phase: int) -> Array:
    """Covariance, both variances and correlation of two columns over `index`, of one phase or (-1) of all."""
    count = 0.0
    means = np.zeros(2)
    for t in index:
        if phase < 0 or phases[t] == phase:
            count += 1.0
            means[0] += rows[t, first]
            means[1] += rows[t, second]
    result = np.zeros(4)
    if count < 3.0:
        result[3] = np.nan
        return result
    means /= count
    for t in index:
        if phase < 0 or phases[t] == phase:
            left, right = rows[t, first] - means[0], rows[t, second] - means[1]
            result[0] += left * right / count
            result[1] += left * left / count
            result[2] += right * right / count
    result[3] = result[0] / np.sqrt(result[1] * result[2]) if result[1] * result[2] > 0.0 else np.nan
    return result


@njit(cache=True)
def _clock_draws(rows: Array, phases: Codes, indices: Codes) -> Array:
    """Correlations on the six clocks and the two leads on each resample, (B, 8)."""
    draws = np.empty((indices.shape[0], 8))
    for draw in range(indices.shape[0]):
        index = indices[draw]
        same = _correlation(rows, index, 0, 2, phases, -1)
        later = _correlation(rows, index, 0, 4, phases, -1)
        draws[draw, 0] = _correlation(rows, index, 0, 1, phases, -1)[3]
        draws[draw, 1] = same[3]
        variance = same[1] + 2.0 * same[0] * later[0] / same[2]
        draws[draw, 2] = (same[0] + later[0]) / np.sqrt(same[2] * variance) if variance > 0.0 else np.nan
        draws[draw, 3] = (same[0] + later[0]) / np.sqrt(same[2] * same[1])
        draws[draw, 4] = _correlation(rows, index, 5, 6, phases, -1)[3]
        draws[draw, 5] = 0.0
        for day in range(5):
            draws[draw, 5] += _correlation(rows, index, 7, 8, phases, day)[3] / 5.0
        draws[draw, 6] = _correlation(rows, index, 0, 3, phases, -1)[3]
        draws[draw, 7] = later[3]
    return draws

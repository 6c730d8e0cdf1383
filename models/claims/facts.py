"""What facts share: observed numbers, their place among earlier ones, moved windows, and logs told as ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.claims.claim import Case
from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable

#: Days from one release to the next for series that do not have a value on every session.
RHYTHM = {"weekly": 7, "monthly": 31}


def observed(value: float, unit: str, n: int, level: float, what: str = "") -> Estimate:
    """A number that happened: no standard error, and limits equal to the value."""
    method = f"{what}; observed, without sampling error" if what else "observed, without sampling error"
    return Estimate(float(value), None, float(value), float(value), level, n, unit, method)


def percentile_among(value: float, others: pd.Series) -> float:
    """Share of `others` that do not exceed `value`, in percent."""
    return 100.0 * float((others.dropna() <= value).mean())


def as_times(log_ratio: Estimate) -> Estimate:
    """A log ratio as the ratio a reader would quote."""
    value, lower, upper = (float(np.exp(one)) for one in (log_ratio.value, log_ratio.lower, log_ratio.upper))
    method = f"exponential of the {log_ratio.method}"
    return Estimate(value, None, lower, upper, log_ratio.level, log_ratio.n, "times", method)


def agreement(outcomes: Sequence[Outcome]) -> Outcome:
    """The common outcome of readings that should say the same.

    Where they disagree: "mixed" if one of them supports the claim at least in part, else "inconclusive".
    """
    if len(set(outcomes)) == 1:
        return outcomes[0]
    supporting = {Outcome.SUPPORTED, Outcome.MIXED}
    return Outcome.MIXED if supporting & set(outcomes) else Outcome.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of sessions after the close of `base` up to the close of `last`."""

    label: str
    base: pd.Timestamp
    last: pd.Timestamp

    def change(self, levels: pd.Series) -> float:
        """Difference of the last known levels at both ends."""
        return known(levels, self.last) - known(levels, self.base)

    def growth(self, levels: pd.Series) -> float:
        """Simple growth between the last known levels at both ends, percent."""
        return 100.0 * (known(levels, self.last) / known(levels, self.base) - 1.0)


def known(levels: pd.Series, day: pd.Timestamp) -> float:
    """The last available level at or before the close of `day`, NaN where there is none."""
    earlier = levels.loc[:day].dropna()
    return float(earlier.iloc[-1]) if len(earlier) else float("nan")


def ended(case: Case, role: str, last: pd.Timestamp) -> NotDecidable | None:
    """Why a series does not tell where it stood at the close of `last`, None where it does.

    It tells with a value on that session; a weekly or monthly one with a value that the next release has not replaced.
    """
    earlier = case.panel.levels.loc[:last, role].dropna()
    name = case.panel.names[role]
    if earlier.empty:
        return NotDecidable(f"{name} has no value up to {last.date()}")
    frequency = next((one.frequency for one in case.study.instruments if one.role == role), "daily")
    if (last - earlier.index[-1]).days < RHYTHM.get(frequency, 1):
        return None
    return NotDecidable(f"{name} ends on {earlier.index[-1].date()}, before the window's last session {last.date()}")


def window_span(case: Case, name: str) -> Span:
    """The window itself, from session to session."""
    sessions, clock = case.sessions(name), case.panel.levels.index
    before = int(clock.searchsorted(sessions[0])) - 1
    return Span(f"{name} window", clock[before], sessions[-1])


def moves_of(case: Case) -> tuple[int, ...]:
    """Sessions by which the ends of a window are moved to see whether a claim hangs on them."""
    most = case.study.verdict.moved_sessions
    return tuple(by for by in range(-most, most + 1) if by)


def moved_spans(case: Case, name: str) -> tuple[Span, ...]:
    """The window with its base, and then its end, moved by a few sessions; ends beyond the data are left out."""
    span, clock, moves = window_span(case, name), case.panel.levels.index, moves_of(case)
    first, last = (int(clock.searchsorted(day)) for day in (span.base, span.last))
    moved = [(f"base {by:+d}", first + by, last) for by in moves] + [(f"end {by:+d}", first, last + by) for by in moves]
    return tuple(
        Span(f"{name} window, {what} session{'' if what.endswith('1') else 's'}".replace("-", "−"), clock[a], clock[b])
        for what, a, b in moved
        if 0 <= a < b < len(clock)
    )

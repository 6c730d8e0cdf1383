"""Series to keep an eye on: where they stand, how that compares with their past, how they moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from data.panel import Panel
from models.outlook.nowcast import MONTH, WEEK, percentile


@dataclass(frozen=True, slots=True)
class Watched:
    """A series at its last release.

    Attributes
    ----------
    role : str
    date : Timestamp
        Reference date of the last value that was public.
    value : float
    percentile : float
        Share (0 to 1) of the values since `since` that are lower.
    since : Timestamp
        First value compared with: the panel's start, or the series' own.
    week, month : float
        Change over the last week and month of sessions, in `unit`.
    unit : str
        Of the changes: "%", "bp" or "points".
    stale : int
        Calendar days from the last value to the last session.
    """

    role: str
    date: pd.Timestamp
    value: float
    percentile: float
    since: pd.Timestamp
    week: float
    month: float
    unit: str
    stale: int


def watched(panel: Panel, choices: Sequence[Sequence[str]]) -> tuple[Watched, ...]:
    """The first of each choice's roles that has data."""
    rows = []
    for alternatives in choices:
        role = next((one for one in alternatives if one in panel.returns.columns), None)
        if role is not None:
            rows.append(_watched(panel, role))
    return tuple(rows)


def _watched(panel: Panel, role: str) -> Watched:
    history = panel.history[role].dropna()
    known = history.loc[panel.levels.index[0] :]
    changes = panel.returns[role]
    last = pd.Timestamp(known.index[-1])
    return Watched(
        role=role,
        date=last,
        value=float(known.iloc[-1]),
        percentile=percentile(known.to_numpy(dtype=float), float(known.iloc[-1])),
        since=pd.Timestamp(known.index[0]),
        week=float(changes.iloc[-WEEK:].sum()),
        month=float(changes.iloc[-MONTH:].sum()),
        unit=panel.units[role],
        stale=max((pd.Timestamp(panel.last_session) - last.normalize()).days, 0),
    )

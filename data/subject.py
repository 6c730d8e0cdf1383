"""One series as the checks see it, and the words they put dates and numbers into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.calendar import Aligned
from data.quality import Finding, Light
from data.sources.protocol import Delivery
from data.study import Instrument

_NAMED = 5


@dataclass(frozen=True)
class Subject:
    """Everything a check may look at: one instrument on the panel's clock.

    Attributes
    ----------
    instrument : Instrument
    delivery : Delivery
        As delivered, cut at the as-of date.
    aligned : Aligned
    changes : Series
        Changes on the panel's sessions, NaN left out.
    half_days : DatetimeIndex
        Sessions of the panel that close early.
    second_readings : tuple of (Delivery, Series)
        Other files for the same or a related quantity, and their levels on the panel's sessions.
    """

    instrument: Instrument
    delivery: Delivery
    aligned: Aligned
    changes: pd.Series
    half_days: pd.DatetimeIndex
    second_readings: tuple[tuple[Delivery, pd.Series], ...] = ()

    @property
    def clock(self) -> pd.DatetimeIndex:
        """The panel's sessions."""
        return pd.DatetimeIndex(self.aligned.levels.index)

    @property
    def allowance(self) -> pd.Timedelta:
        """Time after which a value is overdue: none for a daily series, one period and the release lag for others."""
        period = {"daily": 0, "weekly": 7, "monthly": 31}[self.instrument.frequency]
        return pd.Timedelta(days=period + self.instrument.release_lag_days)

    @property
    def in_panel(self) -> pd.DataFrame:
        """Delivered rows inside the panel's range, on their own dates."""
        return self.delivery.frame.loc[self.clock[0] : self.clock[-1]]

    @property
    def missing_sessions(self) -> pd.DatetimeIndex:
        """Sessions without a value between the first and the last that have one; none are due unless daily."""
        present = self.aligned.levels.dropna().index
        if self.instrument.frequency != "daily" or not len(present):
            return pd.DatetimeIndex([])
        due = self.clock[(self.clock >= present[0]) & (self.clock <= present[-1])]
        return pd.DatetimeIndex(due.difference(present))

    def finding(self, check: str, light: Light, detail: str) -> Finding:
        """A finding about this instrument."""
        return Finding(self.instrument.role, check, light, detail)


def named_dates(dates: Iterable[pd.Timestamp], limit: int = _NAMED) -> str:
    """Dates in words, the first few by name and the rest by number."""
    days = [f"{day:%Y-%m-%d}" for day in dates]
    more = f" and {len(days) - limit} more" if len(days) > limit else ""
    return ", ".join(days[:limit]) + more


def counted(number: int, noun: str) -> str:
    """A number with its noun in the right form."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def iso(day: date | pd.Timestamp) -> str:
    """A date in ISO form."""
    return f"{day:%Y-%m-%d}"

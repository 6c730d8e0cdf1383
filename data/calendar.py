"""One clock for series that trade around the clock, on an exchange, or come out once a week.

Prices are aligned on the exchange's sessions first and changes are taken afterwards, so that nothing that happened
between two sessions is lost: a weekend's move of a 24-hour asset falls into Monday.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from data.errors import StudyFileError
from data.study import Instrument

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

#: Exchanges in words; another is named by its code.
EXCHANGES = {
    "XNYS": "the New York Stock Exchange",
    "XNAS": "Nasdaq",
    "XTSE": "the Toronto Stock Exchange",
    "XLON": "the London Stock Exchange",
    "XETR": "Xetra",
    "XPAR": "Euronext Paris",
    "XSWX": "the Swiss Exchange",
    "XTKS": "the Tokyo Stock Exchange",
    "XHKG": "the Hong Kong Stock Exchange",
    "XASX": "the Australian Securities Exchange",
}

Delivered = TypeVar("Delivered", pd.Series, pd.DataFrame)

STAMPS = {
    "session": "at the close of the exchange",
    "ny16": "at 16:00 New York",
    "utc00": "at 24:00 UTC, three to four hours after the New York close of the same date",
}


@lru_cache(maxsize=8)
def _calendar(exchange: str, first_decade: int, last_decade: int) -> ExchangeCalendar:
    """Whole decades, so that a run that asks for many ranges builds few calendars."""
    from exchange_calendars import errors, get_calendar

    try:
        with warnings.catch_warnings():
            # exchange_calendars 4.13 reads zoned values in a way that pandas 3.1 announces to change.
            warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
            return get_calendar(exchange, start=f"{first_decade}0-01-01", end=f"{last_decade}9-12-31")
    except errors.InvalidCalendarName as error:
        raise StudyFileError(
            "clock.exchange", f"no exchange has the code {exchange!r}", "Use an ISO 10383 code, e.g. XNYS."
        ) from error


def sessions(exchange: str, first: date, last: date) -> pd.DatetimeIndex:
    """Sessions of `exchange` from `first` to `last`, both included.

    Raises
    ------
    StudyFileError
        If the exchange is unknown.
    """
    every = _calendar(exchange, first.year // 10, last.year // 10).sessions
    chosen = every[every.slice_indexer(pd.Timestamp(first), pd.Timestamp(last))]
    return pd.DatetimeIndex(chosen.to_numpy()).as_unit("ns")


def half_days(exchange: str, first: date, last: date) -> pd.DatetimeIndex:
    """Sessions from `first` to `last` that close early."""
    early = _calendar(exchange, first.year // 10, last.year // 10).early_closes
    return early[(early >= pd.Timestamp(first)) & (early <= pd.Timestamp(last))].as_unit("ns")


@dataclass(frozen=True)
class Aligned:
    """A series on the sessions' clock.

    Attributes
    ----------
    levels : Series
        One row a session; NaN where the series has no value on it. Nothing is filled.
    off_session : DatetimeIndex
        Dates of values inside the sessions' range that fall on no session and take no part.
    """

    levels: pd.Series
    off_session: pd.DatetimeIndex


def released(delivered: Delivered, lag_days: int, as_of: date) -> Delivered:
    """The rows that were public at the end of `as_of`; dates stay reference dates."""
    return delivered.loc[: pd.Timestamp(as_of - timedelta(days=lag_days))]


def align(level: pd.Series, clock: pd.DatetimeIndex, instrument: Instrument) -> Aligned:
    """Put a series of levels on exchange sessions.

    A daily series keeps its own date; for one that trades around the clock that is the value of the session's date. A
    series with a release lag, or a weekly or monthly one, stands at the first session on or after its release; of two
    values released between the same two sessions the later one stands.

    Parameters
    ----------
    level : Series
        Levels by reference date, ascending and unique.
    clock : DatetimeIndex
        Sessions, ascending.
    instrument : Instrument
        Says how it trades, how often it comes out and how many days after its reference date.
    """
    in_range = level.loc[clock[0] - pd.Timedelta(days=instrument.release_lag_days) : clock[-1]]
    if instrument.release_lag_days or instrument.frequency != "daily":
        usable = pd.DatetimeIndex(in_range.index) + pd.Timedelta(days=instrument.release_lag_days)
        position = clock.searchsorted(usable)
        kept = position < len(clock)
        at_session = pd.Series(in_range.to_numpy()[kept], index=clock[position[kept]])
        return Aligned(at_session.groupby(level=0).last().reindex(clock), pd.DatetimeIndex([]))
    stray = pd.DatetimeIndex(in_range.index.difference(clock))
    return Aligned(in_range.reindex(clock), stray if instrument.trades == "sessions" else pd.DatetimeIndex([]))


def changes(levels: pd.Series, change: str) -> pd.Series:
    """Change since the last available value, dated at the session on which it ends.

    Parameters
    ----------
    levels : Series
        Aligned levels, NaN where there is none.
    change : {"log", "basis_points", "difference"}
        100 times the log difference, 100 times the difference, or the plain difference.

    Returns
    -------
    Series
        One row fewer than `levels`; NaN where the level is. Sums to the total change over any stretch.
    """
    transformed = np.log(levels) if change == "log" else levels
    scale = 1.0 if change == "difference" else 100.0
    present = transformed.dropna()
    return (scale * present.diff()).reindex(levels.index[1:])


def rule(exchange: str, always: Iterable[tuple[str, str]], lagged: Iterable[tuple[str, int]]) -> str:
    """How the clocks were aligned, as sentences.

    Parameters
    ----------
    exchange : str
    always : iterable of (name, stamp)
        Instruments that trade around the clock.
    lagged : iterable of (name, days)
        Instruments that are used from their release on.
    """
    place = EXCHANGES.get(exchange, exchange)
    parts = [f"Prices are aligned on the sessions of {place}, then changes are taken; nothing is filled."]
    by_stamp: dict[str, list[str]] = {}
    for name, stamp in always:
        by_stamp.setdefault(stamp, []).append(name)
    for stamp, names in by_stamp.items():
        trade, take = ("trades", "is") if len(names) == 1 else ("trade", "are")
        parts.append(
            f"{_joined(names)} {trade} around the clock and {take} taken {STAMPS[stamp]}; "
            "a weekend's move falls into the next session."
        )
    by_lag: dict[int, list[str]] = {}
    for name, days in lagged:
        by_lag.setdefault(days, []).append(name)
    for days, names in sorted(by_lag.items()):
        use, whose = ("is", "its") if len(names) == 1 else ("are", "their")
        plural = "" if days == 1 else "s"
        parts.append(f"{_joined(names)} {use} used from {days} day{plural} after {whose} reference date on.")
    return " ".join(parts)


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])} and {names[-1]}"

"""Calendar days between sessions and the two clocks on which crypto's close is taken."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
_NEW_YORK = ZoneInfo("America/New_York")


def gap_days(sessions: pd.DatetimeIndex) -> Array:
    """Calendar days between each session and the one before; one for the first."""
    return np.concatenate([[1.0], np.diff(sessions.to_numpy()).astype("timedelta64[D]").astype(np.float64)])


@lru_cache(maxsize=4)
def _hours_to_utc_midnight(first: date, days: int) -> Array:
    """Hours from 16:00 in New York to 24:00 UTC: four in summer, three in winter."""
    offsets = np.empty(days)
    for position in range(days):
        close = datetime.combine(first + timedelta(days=position), time(16), tzinfo=_NEW_YORK)
        summer = close.utcoffset()
        assert summer is not None
        offsets[position] = 8.0 + summer.total_seconds() / 3600.0
    return offsets


def crypto_closes(
    sessions: pd.DatetimeIndex,
    returns: Array,
    diffused: Array,
    noise: Array,
    weekend_variance: float,
    start_price: float,
    normals: Array,
) -> pd.DataFrame:
    """Closes of an instrument that never stops trading, on both clocks.

    What arrives around the clock is a Brownian bridge between two sessions' closes; the rest arrives in New York's
    hours of the second one. Increments are drawn between the marks only (16:00 New York and 24:00 UTC of each calendar
    day): sums of hourly increments have the same law.

    Parameters
    ----------
    sessions : (T,) index
    returns, diffused, noise : (T,)
        Total return between sessions, the part that arrives around the clock, and the standard deviation of its path;
        the first entry is not used.
    weekend_variance : float
        Variance of a day without session against one with a session.
    start_price : float
        Price at 16:00 of the first session.
    normals : (2 D,)
        Standard normal draws, D = calendar days from the first to the last session.

    Returns
    -------
    DataFrame
        Columns "ny16" and "utc00", one row a calendar day from the first session to the day before the last, and the
        last session with its "ny16" alone.
    """
    gaps = np.diff(sessions.to_numpy()).astype("timedelta64[D]").astype(np.int64)
    days = int(gaps.sum())
    interval = np.repeat(np.arange(len(gaps)), gaps)
    ends_at_session = np.zeros(days, dtype=bool)
    ends_at_session[np.cumsum(gaps) - 1] = True
    to_midnight = _hours_to_utc_midnight(sessions[0].date(), days)
    rate = np.where(ends_at_session, 1.0, weekend_variance)
    weights = np.column_stack([to_midnight * rate, (24.0 - to_midnight) * rate]).ravel()
    piece = np.repeat(interval, 2)
    total = np.bincount(piece, weights)
    share = weights / total[piece]
    raw = normals * np.sqrt(share)
    bridge = raw - share * np.bincount(piece, raw)[piece]
    moves = share * diffused[1:][piece] + noise[1:][piece] * bridge
    session_pieces = 2 * (np.cumsum(gaps) - 1) + 1
    moves[session_pieces] += returns[1:] - diffused[1:]
    log_path = np.concatenate([[0.0], np.cumsum(moves)]) / 100.0
    dates = pd.date_range(sessions[0], sessions[-1], freq="D")
    utc00 = np.append(log_path[1::2], np.nan)
    return pd.DataFrame(
        {"ny16": start_price * np.exp(log_path[0::2]), "utc00": start_price * np.exp(utc00)},
        index=pd.DatetimeIndex(dates, name="date"),
    )

"""How far a price stands from its own recent past: distance from its moving average, and relative strength."""

from __future__ import annotations

import numpy as np
import pandas as pd


def overextension(levels: pd.Series, *, average_over: int, spread_over: int) -> pd.Series:
    r"""Distance from the moving average in units of its own recent spread.

    Parameters
    ----------
    levels : Series, (T,)
        Prices without missing values.
    average_over : int
        Sessions of the moving average, the present one included.
    spread_over : int
        Sessions before the present one whose distances give the spread.

    Returns
    -------
    Series, (T,)
        :math:`z_t = d_t / s_t` with :math:`d_t = P_t / \bar P_t - 1`, :math:`\bar P_t` the mean of the last
        `average_over` prices and :math:`s_t` the standard deviation of :math:`d_{t-1}, \dots, d_{t-spread}`; NaN while
        either stretch is too short or the spread is zero.

    Notes
    -----
    Known at the close of t. The distance is persistent: a spread over a year adapts slowly, so long trends keep z high.
    """
    distance = levels / levels.rolling(average_over).mean() - 1.0
    spread = distance.rolling(spread_over).std(ddof=0).shift(1)
    return (distance / spread.where(spread > 0.0)).rename("overextension")


def relative_strength(levels: pd.Series, *, sessions: int) -> pd.Series:
    r"""Relative strength index.

    Parameters
    ----------
    levels : Series, (T,)
        Prices without missing values.
    sessions : int
        Span of the smoothing.

    Returns
    -------
    Series, (T,)
        :math:`100\, U_t / (U_t + D_t)` in [0, 100], with U and D exponentially weighted means (weight 1/`sessions`) of
        gains and losses; NaN for the first `sessions` changes, and where nothing moved.

    Notes
    -----
    Wilder (1978), "New Concepts in Technical Trading Systems".
    """
    changes = levels.diff()
    gains, losses = (
        part.ewm(alpha=1.0 / sessions, adjust=False, min_periods=sessions).mean()
        for part in (changes.clip(lower=0.0).iloc[1:], (-changes).clip(lower=0.0).iloc[1:])
    )
    moved = gains + losses
    index = 100.0 * gains / moved.where(moved > 0.0)
    return index.reindex(levels.index).astype(np.float64).rename("relative strength")

"""Stress states from series that no tested pair contains, known at the close before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.panel import Panel
from data.study import Stress

#: Probability above which the turbulent regime is the likelier of two.
EVEN_ODDS = 0.5


def fear_stress(panel: Panel, settings: Stress, *, since: pd.Timestamp | None = None) -> pd.Series:
    """Sessions in stress by the fear index.

    A session t is in stress if the index at the last close before t exceeds the quantile `fear_quantile` of all its
    values up to that close, at least `fear_history` of them; of those from `since` on, where that is given.

    Returns
    -------
    Series of bool, (T,)
        On the panel's sessions; False while the history is too short.
    """
    level = panel.history["fear"].dropna().loc[since:]
    threshold = level.expanding(min_periods=settings.fear_history).quantile(settings.fear_quantile)
    return _known_before(level > threshold, panel.returns.index)


def drawdown_stress(panel: Panel, settings: Stress) -> pd.Series:
    """Sessions on which the market stood at least `drawdown` percent below its high of the last year, the close before.

    Returns
    -------
    Series of bool, (T,)
    """
    return drawdown_labels(panel.history["market"], panel.returns.index, settings)


def drawdown_labels(level: pd.Series, sessions: pd.Index, settings: Stress) -> pd.Series:
    """The same for any level and any sessions, e.g. from long before the panel's start."""
    level = level.dropna()
    high = level.rolling(settings.drawdown_window, min_periods=settings.drawdown_window).max()
    return _known_before(100.0 * (level / high - 1.0) <= settings.drawdown, sessions)


def regime_stress(probability: pd.Series, sessions: pd.Index) -> pd.Series:
    """Sessions before which the turbulent regime was the likelier one.

    Parameters
    ----------
    probability : Series
        P(s_t = turbulent | what was known at t), parameters included, such as `Suite.stress_probability["known"]`; NaN
        where nothing was known yet.
    sessions : Index

    Returns
    -------
    Series of bool
        On the sessions after the first known probability: nothing is said of those before.
    """
    known = probability.dropna()
    after = sessions[sessions > known.index[0]] if len(known) else sessions[:0]
    return _known_before(known > EVEN_ODDS, after)


def tail_sessions(returns: pd.Series, *, quantile: float, history: int) -> pd.Series:
    """Sessions whose return lies at or below the `quantile` of all returns before, at least `history` of them.

    These labels are of the same day: they select on the return itself, and on whatever moves with it.

    Returns
    -------
    Series of bool, (T,)
        False while the history is too short.
    """
    known = returns.dropna()
    threshold = known.expanding(min_periods=history).quantile(quantile).shift(1)
    return (known <= threshold).reindex(returns.index, fill_value=False).rename("stress")


def spells(labels: pd.Series) -> int:
    """Number of separate stretches of True."""
    return int((labels & ~labels.shift(1, fill_value=False)).sum())


def _known_before(labels: pd.Series, sessions: pd.Index) -> pd.Series:
    """The last label dated before each session."""
    position = labels.index.searchsorted(sessions, side="left") - 1
    values = np.append(labels.to_numpy(dtype=bool), False)[position]
    return pd.Series(values, index=sessions, name="stress")

"""Oil as a driver: percent changes of a price that was once below zero. What C15 and C16 share."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Oil's price fell below zero between these dates.
BELOW_ZERO = (pd.Timestamp("2020-04-15"), pd.Timestamp("2020-04-30"))


def oil_returns(levels: pd.Series) -> pd.Series:
    """Percent log change of oil since its last positive price; NaN where it has none."""
    present = levels.where(levels > 0.0).dropna()
    return (100.0 * pd.Series(np.log(present.to_numpy()), index=present.index).diff()).reindex(levels.index[1:])


def around_zero(sessions: pd.Index) -> np.ndarray:
    """Sessions around oil's negative price, where a percent change means nothing."""
    return np.asarray((sessions >= BELOW_ZERO[0]) & (sessions <= BELOW_ZERO[1]))

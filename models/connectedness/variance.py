"""Does yesterday's turbulence of one asset raise another's variance today."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.estimate import Estimate, NotDecidable
from models.inference.hac import least_squares

WEEK, MONTH = 5, 22
MINIMUM_ROWS = 60


def heterogeneous_autoregression(target: pd.Series, source: pd.Series, *, level: float) -> Estimate | NotDecidable:
    r"""Slope of a log variance on the log variance of another asset the session before.

    Parameters
    ----------
    target, source : Series, (T,)
        Log range (or realised) variances on the same sessions.
    level : float

    Returns
    -------
    Estimate or NotDecidable
        The slope :math:`\gamma`: percent of variance for one percent.

    Notes
    -----
    HAR-X (Corsi 2009, equation 8, in logs):
    :math:`y_t = c + \beta_d y_{t-1} + \beta_w \bar y_{t-1}^{(5)} + \beta_m \bar y_{t-1}^{(22)} + \gamma x_{t-1} + e_t`;
    equal-weighted cosine HAC.
    """
    own = target.rename("target").dropna()
    lagged = pd.concat(
        {
            "day": own.shift(1),
            "week": own.rolling(WEEK).mean().shift(1),
            "month": own.rolling(MONTH).mean().shift(1),
            "source": source.dropna().shift(1),
            "target": own,
        },
        axis=1,
    ).dropna()
    if len(lagged) < MINIMUM_ROWS:
        return NotDecidable(f"{len(lagged)} sessions with both variances and a month before them are too few")
    flat = [str(name) for name in ("target", "source") if np.ptp(lagged[name].to_numpy()) <= 0.0]
    if flat:
        return NotDecidable(f"the variance of the {' and the '.join(flat)} does not change")
    design = np.column_stack([np.ones(len(lagged)), lagged[["day", "week", "month", "source"]]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return NotDecidable("both variances are the same series")
    fit = least_squares(lagged["target"].to_numpy(), design)
    return fit.estimate(4, level=level, unit="", method="HAR-X in logs, slope on the other variance a session before")

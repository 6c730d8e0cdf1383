"""Betas over a moving window."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from data.errors import EstimationError
from models.betas.path import BetaPath
from models.betas.sample import complete_rows
from models.inference.hac import cosine_long_run_variance
from models.inference.intervals import student_estimate

#: Fewer sessions than this in a window give no beta.
SHORTEST_WINDOW = 20


def rolling_beta(y: pd.Series, X: pd.DataFrame | pd.Series, *, window: int = 252, level: float = 0.95) -> BetaPath:
    """Least-squares beta of `y` on the first column of `X` over the last `window` sessions, the others held fixed.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
    window : int
        Sessions.
    level : float
        Of the band, which holds the sampling error of one window with heteroskedastic errors (White 1980, Student-t
        quantiles); it says nothing of how much the beta moved within the window.

    Returns
    -------
    BetaPath
        Filtered: dated at the last session of each window. The average counts the overlap of windows.

    Raises
    ------
    EstimationError
        If there are fewer sessions than a window, or a window is shorter than 20 sessions or has a constant factor.
    """
    rows = complete_rows(y, X, max(window, SHORTEST_WINDOW))
    if window < SHORTEST_WINDOW:
        raise EstimationError(
            f"rolling beta of {y.name}",
            f"a window of {window} sessions is too short",
            f"Use {SHORTEST_WINDOW} or more.",
        )
    response = rows.iloc[:, 0].to_numpy()
    design = np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()])
    free = window - design.shape[1]
    windows = len(rows) - window + 1
    paths, errors, influence = np.empty(windows), np.empty(windows), np.zeros(len(rows))
    for start in range(windows):
        part = design[start : start + window]
        try:
            pick = np.linalg.solve(part.T @ part, part.T)
        except np.linalg.LinAlgError as error:
            raise EstimationError(
                f"rolling beta of {y.name}",
                f"a factor does not vary before {rows.index[start + window - 1]}",
                "Widen it.",
            ) from error
        coefficients = pick @ response[start : start + window]
        weighted = pick[1] * (response[start : start + window] - part @ coefficients)
        paths[start] = coefficients[1]
        errors[start] = math.sqrt(float(weighted @ weighted) * window / free)
        influence[start : start + window] += weighted / windows
    reach = float(stats.t.ppf(0.5 * (1.0 + level), free)) * errors
    long_run = cosine_long_run_variance(influence[:, None])
    method = f"least squares over {window} sessions"
    return BetaPath(
        dependent=str(y.name),
        factor=str(rows.columns[1]),
        frame=pd.DataFrame(
            {"estimate": paths, "lower": paths - reach, "upper": paths + reach}, index=rows.index[window - 1 :]
        ),
        information="filtered",
        level=level,
        average=student_estimate(
            float(paths.mean()),
            math.sqrt(float(long_run.value[0, 0]) * len(rows)),
            long_run.degrees_of_freedom,
            level=level,
            n=len(rows),
            unit="",
            method=f"mean of all windows; {method}, equal-weighted cosine HAC interval",
        ),
        method=f"{method}, heteroskedasticity-robust band of each window",
    )

"""Constant betas by least squares, with intervals that allow for serial dependence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.robust.norms import HuberT
from statsmodels.robust.robust_linear_model import RLM

from data.errors import EstimationError
from models.betas.sample import complete_rows
from models.estimate import Estimate
from models.inference.hac import cosine_long_run_variance, least_squares
from models.inference.intervals import normal_estimate, student_estimate

Array = NDArray[np.float64]

#: Fewer sessions than this give no beta.
MINIMUM_SESSIONS = 30


def static_beta(y: pd.Series, X: pd.DataFrame | pd.Series, *, level: float = 0.95) -> dict[str, Estimate]:
    """Least-squares betas of `y` on the columns of `X` and a constant.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
        Percent returns of the factors.
    level : float
        Level of the intervals.

    Returns
    -------
    dict of factor to Estimate
        Intervals from the equal-weighted cosine long-run variance with Student-t critical values
        (Lazarus, Lewis, Stock and Watson 2018).

    Raises
    ------
    EstimationError
        If fewer than 30 complete sessions remain or a factor is constant.
    """
    rows = complete_rows(y, X, MINIMUM_SESSIONS)
    regressors = np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()])
    fit = least_squares(rows.iloc[:, 0].to_numpy(), regressors)
    method = "ordinary least squares, equal-weighted cosine HAC interval"
    return {
        factor: fit.estimate(position + 1, level=level, unit="", method=method)
        for position, factor in enumerate(rows.columns[1:])
    }


def dimson_beta(y: pd.Series, x: pd.Series, *, level: float = 0.95) -> Estimate:
    """Sum of the betas on the factor's previous, same and next session (Dimson 1979), for unequal clocks."""
    stacked = pd.concat({"lag": x.shift(1), "same": x, "lead": x.shift(-1)}, axis=1)
    rows = complete_rows(y, stacked, MINIMUM_SESSIONS)
    fit = least_squares(rows.iloc[:, 0].to_numpy(), np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()]))
    summed = np.array([0.0, 1.0, 1.0, 1.0])
    return normal_estimate(
        float(summed @ fit.coefficients),
        float(np.sqrt(summed @ fit.covariance @ summed)),
        level=level,
        n=len(rows),
        method="Dimson beta, one lag and one lead",
    )


def scholes_williams_beta(y: pd.Series, x: pd.Series, *, level: float = 0.95) -> Estimate:
    """Sum of the simple betas on the factor's previous, same and next session over 1 + 2 rho, for unequal clocks.

    Parameters
    ----------
    y, x : Series, (T,)
        Percent returns.
    level : float

    Notes
    -----
    Scholes and Williams (1977), "Estimating betas from nonsynchronous data", with rho the first autocorrelation of x.
    The interval is a delta-method one: the influences of the three slopes and of rho are summed by session.
    """
    stacked = pd.concat({"lag": x.shift(1), "same": x, "lead": x.shift(-1)}, axis=1)
    rows = complete_rows(y, stacked, MINIMUM_SESSIONS)
    response = rows.iloc[:, 0].to_numpy()
    total, influence = 0.0, np.zeros(len(rows))
    for column in ("lag", "same", "lead"):
        slope, moved = _slope(response, rows[column].to_numpy())
        total, influence = total + slope, influence + moved
    rho, rho_influence = _slope(rows["same"].to_numpy(), rows["lag"].to_numpy())
    scale = 1.0 + 2.0 * rho
    if scale <= 0.1:
        raise EstimationError(f"beta of {y.name}", f"the factor's autocorrelation is {rho:.2f}", "Check its prices.")
    influence = influence / scale - 2.0 * total / scale**2 * rho_influence
    long_run = cosine_long_run_variance(influence[:, None])
    return student_estimate(
        total / scale,
        float(np.sqrt(long_run.value[0, 0] / len(rows))),
        long_run.degrees_of_freedom,
        level=level,
        n=len(rows),
        unit="",
        method="Scholes-Williams beta, equal-weighted cosine HAC interval",
    )


def _slope(y: Array, x: Array) -> tuple[float, Array]:
    """Slope of a simple regression and the influence of each session on it."""
    centred = x - x.mean()
    variance = float(centred @ centred) / x.size
    slope = float(centred @ y) / x.size / variance
    return slope, centred * (y - y.mean() - slope * centred) / variance


def huber_beta(y: pd.Series, x: pd.Series, *, level: float = 0.95) -> Estimate:
    """Beta by Huber's M-estimator, which caps the pull of single days."""
    rows = complete_rows(y, x, MINIMUM_SESSIONS)
    fit = RLM(rows.iloc[:, 0].to_numpy(), np.column_stack([np.ones(len(rows)), rows.iloc[:, 1]]), M=HuberT()).fit()
    return normal_estimate(
        float(fit.params[1]), float(fit.bse[1]), level=level, n=len(rows), method="Huber regression, threshold 1.345"
    )


def up_down_betas(y: pd.Series, x: pd.Series, *, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Betas on sessions on which the factor rose, and on which it fell."""
    split = pd.concat({"up": x.clip(lower=0.0), "down": x.clip(upper=0.0)}, axis=1)
    betas = static_beta(y, split, level=level)
    return betas["up"], betas["down"]

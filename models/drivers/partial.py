"""How much a block of regressors explains beyond others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.drivers.kernels import partial_fit_draws
from models.drivers.shapley import regression_design, residual_influence
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import studentised_interval
from models.inference.hac import least_squares
from models.inference.resampling import Resampling


@dataclass(frozen=True)
class PartialFit:
    """Partial R-squared of a block with the coefficients behind it.

    Attributes
    ----------
    partial_r_squared : Estimate
        Corrected for the number of regressors, so it can be negative.
    p_value : float
        Two-sided; inverts the interval at zero.
    coefficients : mapping of str to Estimate
        Slopes of the whole regression with serial-dependence robust intervals.
    r_squared : float
        Of the whole regression, uncorrected.
    """

    partial_r_squared: Estimate
    p_value: float
    coefficients: Mapping[str, Estimate]
    r_squared: float


def partial_r_squared(
    dependent: pd.Series, tested: pd.DataFrame, controls: pd.DataFrame, resampling: Resampling
) -> PartialFit | NotDecidable:
    r"""Share of what the controls leave unexplained that `tested` explains.

    Parameters
    ----------
    dependent : Series, (T,)
    tested : DataFrame, (T, K)
    controls : DataFrame, (T, C)
        May have no columns: then it is the ordinary R-squared.
    resampling : Resampling

    Returns
    -------
    PartialFit or NotDecidable

    Notes
    -----
    :math:`1 - (1 - R^2_p)(n - C - 1)/(n - C - K - 1)` with
    :math:`R^2_p = 1 - (1 - R^2_{full})/(1 - R^2_{controls})` (Ezekiel 1930, applied to the residuals of the controls).
    The interval is bootstrap-t on the scale of :math:`\log(1 - R^2_p)`; a resample adds the upward bias of a finite
    sample once more, so the draws are corrected twice.
    """
    blocks = {"tested": tuple(tested.columns), "controls": tuple(controls.columns)}
    used = {name: columns for name, columns in blocks.items() if columns}
    design = regression_design(dependent, pd.concat([tested, controls], axis=1), used)
    if isinstance(design, NotDecidable):
        return design
    rows = design.rows
    n, k, c = len(rows), tested.shape[1], controls.shape[1]
    correction = math.log((n - c - 1) / (n - c - k - 1))
    value, std_error = partial_fit_draws(rows, np.arange(n)[None, :], k)[0]
    draws = partial_fit_draws(rows, resampling.indices(residual_influence(rows)), k)
    on_log, p_value = studentised_interval(
        value + correction,
        std_error,
        draws[:, 0] + 2.0 * correction,
        draws[:, 1],
        level=resampling.level,
        n=n,
        unit="",
        method="",
    )
    fit = least_squares(rows[:, 0], np.column_stack([np.ones(n), rows[:, 1:]]))
    return PartialFit(
        partial_r_squared=Estimate(
            -math.expm1(on_log.value),
            math.exp(on_log.value) * float(std_error),
            -math.expm1(on_log.upper),
            -math.expm1(on_log.lower),
            resampling.level,
            n,
            "",
            "partial R-squared corrected for degrees of freedom; studentised stationary bootstrap, log complement,"
            f" {resampling.replications} resamples",
        ),
        p_value=p_value,
        coefficients={
            str(name): fit.estimate(
                at + 1, level=resampling.level, unit="", method="least squares, cosine HAC interval"
            )
            for at, name in enumerate(design.frame.columns[1:])
        },
        r_squared=fit.r_squared,
    )


def rolling_partial_r_squared(
    dependent: pd.Series, tested: pd.DataFrame, controls: pd.DataFrame, resampling: Resampling, *, width: int, step: int
) -> pd.DataFrame | NotDecidable:
    """`partial_r_squared` in a moving window.

    Parameters
    ----------
    dependent, tested, controls, resampling
        As in `partial_r_squared`.
    width, step : int
        Rows of a window, and between windows; the last window ends with the last row.

    Returns
    -------
    DataFrame, (W, 3), or NotDecidable
        Columns "estimate", "lower", "upper", dated at each window's last row; pointwise. Windows that cannot be
        fitted are left out.
    """
    ends = range((len(dependent) - width) % step + width, len(dependent) + 1, step)
    found = {}
    for end in ends:
        part = slice(end - width, end)
        fit = partial_r_squared(dependent.iloc[part], tested.iloc[part], controls.iloc[part], resampling)
        if isinstance(fit, PartialFit):
            share = fit.partial_r_squared
            found[dependent.index[end - 1]] = (share.value, share.lower, share.upper)
    if not found:
        return NotDecidable(f"no window of {width} can be fitted")
    return pd.DataFrame(found, index=["estimate", "lower", "upper"]).T

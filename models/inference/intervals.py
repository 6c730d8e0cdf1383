"""Intervals from an estimate and its standard error, and the p-values that invert them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.estimate import Estimate

Array = NDArray[np.float64]


def student_estimate(
    value: float, std_error: float, degrees_of_freedom: float, *, level: float, n: int, unit: str, method: str
) -> Estimate:
    """An estimate whose interval is `value` plus and minus a Student-t quantile times `std_error`."""
    reach = float(stats.t.ppf(0.5 + level / 2.0, degrees_of_freedom)) * std_error
    value, std_error = float(value), float(std_error)
    return Estimate(value, std_error, value - reach, value + reach, level, n, unit, method)


def mean_estimate(values: Array, *, level: float, unit: str = "", method: str) -> Estimate:
    """Mean of independent values (n,), two or more, with its Student-t interval."""
    return student_estimate(
        values.mean(),
        values.std(ddof=1) / math.sqrt(values.size),
        values.size - 1,
        level=level,
        n=values.size,
        unit=unit,
        method=method,
    )


def student_p_value(value: float, std_error: float, degrees_of_freedom: float) -> float:
    """Two-sided p-value of a zero effect; inverts the interval of `student_estimate`."""
    return float(2.0 * stats.t.sf(abs(value) / std_error, degrees_of_freedom))


def normal_estimate(value: float, std_error: float, *, level: float, n: int, method: str, unit: str = "") -> Estimate:
    """An estimate with a symmetric normal interval."""
    reach = float(stats.norm.ppf(0.5 + level / 2.0)) * std_error
    value, std_error = float(value), float(std_error)
    return Estimate(value, std_error, value - reach, value + reach, level, n, unit, method)


def normal_p_value(value: float, std_error: float) -> float:
    """Two-sided p-value of a zero effect; inverts the interval of `normal_estimate`."""
    return float(2.0 * stats.norm.sf(abs(value) / std_error))

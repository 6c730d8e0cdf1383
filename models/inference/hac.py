"""Inference that allows for serial dependence: the equal-weighted cosine long-run variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.estimate import Estimate
from models.inference.intervals import student_estimate

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LongRunVariance:
    """A long-run variance with the degrees of freedom of its Student reference.

    Attributes
    ----------
    value : ndarray, (K, K)
    degrees_of_freedom : int
    """

    value: Array
    degrees_of_freedom: int


def cosine_degrees_of_freedom(observations: int) -> int:
    r""":math:`\lfloor 0.4\, T^{2/3} \rfloor`, at least one."""
    return max(math.floor(0.4 * observations ** (2.0 / 3.0)), 1)


def cosine_long_run_variance(series: Array, frequencies: int | None = None) -> LongRunVariance:
    r"""Equal-weighted cosine estimate of the long-run variance.

    Parameters
    ----------
    series : ndarray, (T, K)
        Mean-zero moments.
    frequencies : int, optional
        Cosines averaged, the degrees of freedom; fewer for moments with long memory.

    Returns
    -------
    LongRunVariance
        `value` is (K, K), the variance of :math:`T^{-1/2}\sum_t` of the moments.

    Notes
    -----
    Lazarus, Lewis, Stock and Watson (2018), "HAR inference: recommendations for practice", equations 7 and 8, with
    :math:`\nu = \lfloor 0.4\, T^{2/3} \rfloor` unless told, and Student-t critical values with :math:`\nu` degrees of
    freedom.
    """
    moments = np.asarray(series, dtype=np.float64)
    observations = moments.shape[0]
    frequencies = cosine_degrees_of_freedom(observations) if frequencies is None else frequencies
    midpoints = (np.arange(observations) + 0.5) / observations
    weights = np.cos(np.pi * np.outer(np.arange(1, frequencies + 1), midpoints))
    projections = np.sqrt(2.0 / observations) * weights @ moments
    return LongRunVariance(projections.T @ projections / frequencies, frequencies)


@dataclass(frozen=True)
class LeastSquares:
    """Ordinary least squares with serial-dependence robust covariance.

    Attributes
    ----------
    coefficients : ndarray, (K,)
    covariance : ndarray, (K, K)
    residuals : ndarray, (T,)
    degrees_of_freedom : int
        Of the Student-t reference of each coefficient.
    r_squared : float
    """

    coefficients: Array
    covariance: Array
    residuals: Array
    degrees_of_freedom: int
    r_squared: float

    def estimate(self, index: int, *, level: float, unit: str, method: str) -> Estimate:
        """The coefficient at `index` with its interval."""
        return student_estimate(
            self.coefficients[index],
            math.sqrt(self.covariance[index, index]),
            self.degrees_of_freedom,
            level=level,
            n=self.residuals.size,
            unit=unit,
            method=method,
        )


def least_squares(y: Array, regressors: Array) -> LeastSquares:
    """Regress `y` (T,) on `regressors` (T, K), which hold their own constant."""
    coefficients, *_ = np.linalg.lstsq(regressors, y, rcond=None)
    residuals = y - regressors @ coefficients
    observations = y.size
    bread = np.linalg.inv(regressors.T @ regressors / observations)
    meat = cosine_long_run_variance(regressors * residuals[:, None])
    return LeastSquares(
        coefficients=np.asarray(coefficients, dtype=np.float64),
        covariance=bread @ meat.value @ bread / observations,
        residuals=residuals,
        degrees_of_freedom=meat.degrees_of_freedom,
        r_squared=1.0 - float(residuals @ residuals) / float(np.sum((y - y.mean()) ** 2)),
    )


def correlation_estimate(x: Array, y: Array, *, level: float) -> Estimate:
    """Pearson correlation of two series (T,) with a serial-dependence robust interval.

    The influence of an observation is u v - rho (u^2 + v^2) / 2 with u, v standardised.
    """
    u, v = ((series - series.mean()) / series.std() for series in (x, y))
    rho = float(np.mean(u * v))
    variance = cosine_long_run_variance((u * v - 0.5 * rho * (u * u + v * v))[:, None])
    return student_estimate(
        rho,
        math.sqrt(float(variance.value[0, 0]) / x.size),
        variance.degrees_of_freedom,
        level=level,
        n=x.size,
        unit="",
        method="correlation, equal-weighted cosine HAC interval",
    )

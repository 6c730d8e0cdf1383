"""Standardised densities (mean 0, variance 1) with their derivatives by z and by the shape parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, loggamma, ndtr, stdtr

from models.margins.types import Array, Distribution

Density = Callable[[Array, Array], tuple[Array, Array, Array]]


def normal_density(z: Array, shape: Array) -> tuple[Array, Array, Array]:
    """Log density of N(0, 1), its derivative by z, and an empty (T, 0) derivative by the shape."""
    return -0.5 * (np.log(2.0 * np.pi) + z * z), -z, np.empty((z.size, shape.size))


def student_density(z: Array, shape: Array) -> tuple[Array, Array, Array]:
    """Log density of Student's t with `nu` degrees of freedom scaled to variance one (Bollerslev 1987)."""
    nu = float(shape[0])
    ratio = z * z / (nu - 2.0)
    log_density = (
        gammaln(0.5 * (nu + 1.0))
        - gammaln(0.5 * nu)
        - 0.5 * np.log(np.pi * (nu - 2.0))
        - 0.5 * (nu + 1.0) * np.log1p(ratio)
    )
    by_z = -(nu + 1.0) * z / (nu - 2.0) / (1.0 + ratio)
    by_nu = 0.5 * (
        digamma(0.5 * (nu + 1.0))
        - digamma(0.5 * nu)
        - 1.0 / (nu - 2.0)
        - np.log1p(ratio)
        + (nu + 1.0) / (nu - 2.0) * ratio / (1.0 + ratio)
    )
    return log_density, by_z, by_nu[:, None]


def skew_student_density(z: Array, shape: Array) -> tuple[Array, Array, Array]:
    """Log density of Hansen's (1994) skewed t with shape (nu, skew), derivatives by complex step."""
    step = 1e-20
    nu, skew = complex(shape[0]), complex(shape[1])
    log_density = _skew_student(z.astype(complex), nu, skew).real
    by_z = _skew_student(z + 1j * step, nu, skew).imag / step
    by_nu = _skew_student(z.astype(complex), nu + 1j * step, skew).imag / step
    by_skew = _skew_student(z.astype(complex), nu, skew + 1j * step).imag / step
    return log_density, by_z, np.column_stack([by_nu, by_skew])


def _skew_student(z: np.ndarray, nu: complex, skew: complex) -> np.ndarray:
    log_c = loggamma(0.5 * (nu + 1.0)) - loggamma(0.5 * nu) - 0.5 * np.log(np.pi * (nu - 2.0))
    a = 4.0 * skew * np.exp(log_c) * (nu - 2.0) / (nu - 1.0)
    b = np.sqrt(1.0 + 3.0 * skew * skew - a * a)
    side = np.where((z + a / b).real < 0.0, -1.0, 1.0)
    scaled = (b * z + a) / (1.0 + side * skew)
    return np.log(b) + log_c - 0.5 * (nu + 1.0) * np.log(1.0 + scaled * scaled / (nu - 2.0))


def _normal_pit(z: Array, shape: Array) -> Array:  # noqa: ARG001 - one face for all three
    return np.asarray(ndtr(z))


def _student_pit(z: Array, shape: Array) -> Array:
    nu = float(shape[0])
    return np.asarray(stdtr(nu, z * np.sqrt(nu / (nu - 2.0))))


def _skew_student_pit(z: Array, shape: Array) -> Array:
    nu, skew = (float(value) for value in shape)
    c = float(np.exp(gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * np.log(np.pi * (nu - 2.0))))
    a = 4.0 * skew * c * (nu - 2.0) / (nu - 1.0)
    b = float(np.sqrt(1.0 + 3.0 * skew * skew - a * a))
    y = b * z + a
    left = (1.0 - skew) * stdtr(nu, y / (1.0 - skew) * np.sqrt(nu / (nu - 2.0)))
    right = (1.0 + skew) * stdtr(nu, y / (1.0 + skew) * np.sqrt(nu / (nu - 2.0))) - skew
    return np.asarray(np.where(y < 0.0, left, right))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a distribution brings to a margin: its shape parameters and its density."""

    names: tuple[str, ...]
    start: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    density: Density
    pit: Callable[[Array, Array], Array]


SHAPES: dict[Distribution, Shape] = {
    "normal": Shape((), (), (), normal_density, _normal_pit),
    "t": Shape(("nu",), (8.0,), ((2.05, 200.0),), student_density, _student_pit),
    "skewt": Shape(("nu", "skew"), (8.0, 0.0), ((2.05, 200.0), (-0.99, 0.99)), skew_student_density, _skew_student_pit),
}

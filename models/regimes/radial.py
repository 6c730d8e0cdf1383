"""Elliptical densities as functions of the squared distance: normal, and Student's t with one common nu.

log f(y) = log g(d; nu, N) - log det L, with d = (y - mean)' (L L')^-1 (y - mean); the t is parametrised by its scale
matrix L L' and has covariance L L' nu / (nu - 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Distribution = Literal["gaussian", "normal", "t"]

#: nu - 2 is kept within these limits.
SHAPE_LIMITS = (0.05, 198.0)


class Radial(Protocol):
    """What an emission model asks of its distribution; `shape` is log(nu - 2), or empty."""

    @property
    def size(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def bounds(self) -> list[tuple[float | None, float | None]]: ...
    def begin(self) -> Array: ...
    def log_density(self, distances: Array, dimension: int, shape: Array) -> Array: ...
    def weights(self, distances: Array, dimension: int, shape: Array) -> Array: ...
    def scaled(self, probabilities: Array, distances: Array, dimension: int, shape: Array) -> Array: ...
    def score(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array: ...
    def update(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array: ...
    def cumulative(self, standardised: Array, shape: Array) -> Array: ...
    def variance_factor(self, shape: Array) -> float: ...
    def log_factor_slope(self, shape: Array) -> Array: ...
    def natural(self, shape: Array) -> Array: ...
    def unconstrained(self, natural: Array) -> Array: ...


@dataclass(frozen=True)
class Normal:
    """log g(d) = -(N log 2 pi + d) / 2."""

    @property
    def size(self) -> int:
        return 0

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return []

    def begin(self) -> Array:
        return np.empty(0)

    def log_density(self, distances: Array, dimension: int, shape: Array) -> Array:  # noqa: ARG002
        return np.asarray(-0.5 * (distances + dimension * np.log(2.0 * np.pi)))

    def weights(self, distances: Array, dimension: int, shape: Array) -> Array:  # noqa: ARG002
        return np.ones_like(distances)

    def scaled(self, probabilities: Array, distances: Array, dimension: int, shape: Array) -> Array:  # noqa: ARG002
        return probabilities

    def score(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array:  # noqa: ARG002
        return np.empty(0)

    def update(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array:  # noqa: ARG002
        return shape

    def cumulative(self, standardised: Array, shape: Array) -> Array:  # noqa: ARG002
        return np.asarray(special.ndtr(standardised))

    def variance_factor(self, shape: Array) -> float:  # noqa: ARG002
        return 1.0

    def log_factor_slope(self, shape: Array) -> Array:  # noqa: ARG002
        return np.empty(0)

    def natural(self, shape: Array) -> Array:  # noqa: ARG002
        return np.empty(0)

    def unconstrained(self, natural: Array) -> Array:  # noqa: ARG002
        return np.empty(0)


@dataclass(frozen=True)
class StudentT:
    """log g(d) = log G((nu+N)/2) - log G(nu/2) - N/2 log(pi nu) - (nu+N)/2 log(1 + d/nu)."""

    @property
    def size(self) -> int:
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        return ("nu",)

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(float(np.log(SHAPE_LIMITS[0])), float(np.log(SHAPE_LIMITS[1])))]

    def begin(self) -> Array:
        return np.array([np.log(6.0)])

    def log_density(self, distances: Array, dimension: int, shape: Array) -> Array:
        nu = 2.0 + np.exp(shape[0])
        constant = (
            special.gammaln(0.5 * (nu + dimension)) - special.gammaln(0.5 * nu) - 0.5 * dimension * np.log(np.pi * nu)
        )
        return np.asarray(constant - 0.5 * (nu + dimension) * np.log1p(distances / nu))

    def weights(self, distances: Array, dimension: int, shape: Array) -> Array:
        nu = 2.0 + np.exp(shape[0])
        return np.asarray((nu + dimension) / (nu + distances))

    def scaled(self, probabilities: Array, distances: Array, dimension: int, shape: Array) -> Array:
        """Probabilities times the weight of each observation in the mean and covariance, shape (T, K)."""
        return probabilities * self.weights(distances, dimension, shape)

    def score(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array:
        nu = 2.0 + np.exp(shape[0])
        constant = 0.5 * (special.digamma(0.5 * (nu + dimension)) - special.digamma(0.5 * nu) - dimension / nu)
        slope = 0.5 * ((nu + dimension) * distances / (nu * (nu + distances)) - np.log1p(distances / nu))
        return np.array([(nu - 2.0) * (constant * probabilities.sum() + float(np.vdot(probabilities, slope)))])

    def update(self, distances: Array, probabilities: Array, dimension: int, shape: Array) -> Array:
        """EM step for nu (Liu and Rubin 1995, Statistica Sinica 5, eq. 28), the root found by bisection."""
        nu = 2.0 + np.exp(shape[0])
        weights = (nu + dimension) / (nu + distances)
        mean = float(np.vdot(probabilities, np.log(weights) - weights)) / float(probabilities.sum())
        constant = 1.0 + mean + special.digamma(0.5 * (nu + dimension)) - np.log(0.5 * (nu + dimension))
        low, high = np.log(SHAPE_LIMITS)
        for _ in range(30):
            middle = 0.5 * (low + high)
            candidate = 2.0 + np.exp(middle)
            if np.log(0.5 * candidate) - special.digamma(0.5 * candidate) + constant > 0.0:
                low = middle
            else:
                high = middle
        return np.array([0.5 * (low + high)])

    def cumulative(self, standardised: Array, shape: Array) -> Array:
        """Distribution function of one element divided by its scale."""
        return np.asarray(special.stdtr(2.0 + np.exp(shape[0]), standardised))

    def variance_factor(self, shape: Array) -> float:
        nu = 2.0 + float(np.exp(shape[0]))
        return nu / (nu - 2.0)

    def log_factor_slope(self, shape: Array) -> Array:
        """Derivative of log(nu / (nu - 2)) by the shape."""
        return np.array([-2.0 / (2.0 + np.exp(shape[0]))])

    def natural(self, shape: Array) -> Array:
        return np.array([2.0 + np.exp(shape[0])])

    def unconstrained(self, natural: Array) -> Array:
        return np.array([np.log(np.clip(natural[0] - 2.0, *SHAPE_LIMITS))])


RADIAL: dict[Distribution, Radial] = {"gaussian": Normal(), "normal": Normal(), "t": StudentT()}

"""Regimes of several series: y_t | s_t = k is normal or Student's t with mean_k and covariance_k."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from data.errors import EstimationError
from models.regimes.degenerate import VARIANCE_FLOOR, reaches_floor
from models.regimes.kernels import squared_distances, subtract_from_columns
from models.regimes.moments import Powers, recentred
from models.regimes.radial import Radial

Array = NDArray[np.float64]

#: Weight, in observations, of the sample covariance in each regime's M-step.
PENALTY_WEIGHT = 1e-2


class Emission(Protocol):
    """What the likelihood asks of a model of y_t given the state; parameters are unconstrained vectors."""

    @property
    def size(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def theta_names(self) -> tuple[str, ...]: ...
    @property
    def bounds(self) -> list[tuple[float | None, float | None]]: ...
    @property
    def smallest_regime(self) -> float: ...
    def at_floor(self, theta: Array) -> NDArray[np.bool_]: ...
    def log_densities(self, theta: Array) -> Array: ...
    def transforms(self, theta: Array) -> Array: ...
    def score(self, theta: Array, weights: Array) -> Array: ...
    def update(self, theta: Array, weights: Array) -> Array: ...
    def begin(self, weights: Array) -> Array: ...
    def natural(self, theta: Array) -> Array: ...
    def unconstrained(self, natural: Array) -> Array: ...
    def ranking(self, theta: Array) -> Sequence[tuple[float, ...]]: ...
    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array: ...


@dataclass(frozen=True)
class Standard:
    """y = shift + root x: an affine map that makes the sample white, so that the search knows no unit."""

    shift: Array
    root: Array

    @classmethod
    def of(cls, y: Array, names: Sequence[Hashable]) -> Standard:
        """Map to mean zero and unit covariance.

        Raises
        ------
        EstimationError
            If the series are linearly dependent.
        """
        scale = y.std(axis=0)
        correlation = np.atleast_2d(np.corrcoef(y, rowvar=False))
        if np.linalg.eigvalsh(correlation)[0] < 1e-10:
            raise EstimationError(
                ", ".join(map(str, names)), "the series are linearly dependent", "Leave one of them out."
            )
        return cls(y.mean(axis=0), scale[:, None] * np.linalg.cholesky(correlation))

    @classmethod
    def identity(cls, size: int) -> Standard:
        return cls(np.zeros(size), np.eye(size))

    def standardise(self, y: Array) -> Array:
        return np.ascontiguousarray(solve_triangular(self.root, (y - self.shift).T, lower=True).T)

    @property
    def log_determinant(self) -> float:
        return float(np.log(np.diag(self.root)).sum())


def column_sums(weights: Array) -> Array:
    """Sums over rows, by BLAS: numpy's own reduction is slow for few columns."""
    return np.ones(len(weights)) @ weights


@dataclass(frozen=True)
class EllipticalRegimes:
    """Emission model of `MarkovSwitching`; theta = (means, Cholesky factors with log diagonal, log(nu - 2)).

    Parameters
    ----------
    y : array, shape (T, N)
    labels : tuple of str
        Name of each series inside a parameter's name; one empty string for a single series.
    k_regimes : int
    radial : Radial
    switching_mean, switching_covariance : bool
    reference : array of int
        Columns whose standardised covariance orders the regimes.
    standard : Standard
    """

    y: Array
    labels: tuple[str, ...]
    k_regimes: int
    radial: Radial
    switching_mean: bool
    switching_covariance: bool
    reference: NDArray[np.intp]
    standard: Standard

    def __post_init__(self) -> None:
        object.__setattr__(self, "_x", self.standard.standardise(self.y))
        object.__setattr__(self, "_powers", Powers.of(self._x))
        object.__setattr__(self, "_triangle", np.tril_indices(self.dimension))
        object.__setattr__(self, "_low", np.array([-np.inf if low is None else low for low, _ in self.bounds]))

    _x: Array = field(init=False, repr=False)
    _powers: Powers = field(init=False, repr=False)
    _triangle: tuple[NDArray[np.intp], NDArray[np.intp]] = field(init=False, repr=False)
    _low: Array = field(init=False, repr=False)

    @property
    def dimension(self) -> int:
        return self.y.shape[1]

    @property
    def _counts(self) -> tuple[int, int]:
        return (
            self.k_regimes if self.switching_mean else 1,
            self.k_regimes if self.switching_covariance else 1,
        )

    @property
    def size(self) -> int:
        means, covariances = self._counts
        return means * self.dimension + covariances * len(self._triangle[0]) + self.radial.size

    @property
    def smallest_regime(self) -> float:
        """Observations below which a regime is taken for an accident of the search."""
        return max(2.0 * (self.dimension + 1.0), self.dimension + float(len(self._triangle[0])))

    def at_floor(self, theta: Array) -> NDArray[np.bool_]:
        """Regimes whose variance stands at its floor, shape (K,)."""
        return reaches_floor(np.diagonal(self._unpack(theta)[1], axis1=1, axis2=2).min(axis=1))

    @property
    def names(self) -> tuple[str, ...]:
        """`mean[k,series]`, `cov[k,series,series]` (`mean[k]`, `sigma2[k]` for one series), `nu`."""
        means, covariances = self._counts
        rows, columns = self._triangle

        def name(what: str, regimes: int, k: int, *series: str) -> str:
            inside = ([str(k)] if regimes > 1 or self.k_regimes == 1 else []) + [label for label in series if label]
            return f"{what}[{','.join(inside)}]" if inside else what

        second = "cov" if self.dimension > 1 else "sigma2"
        pairs = list(zip(rows, columns, strict=True))
        return (
            *(name("mean", means, k, label) for k in range(means) for label in self.labels),
            *(
                name(second, covariances, k, self.labels[i], self.labels[j])
                for k in range(covariances)
                for i, j in pairs
            ),
            *self.radial.names,
        )

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one it moves."""
        return self.names

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        means, covariances = self._counts
        rows, columns = self._triangle
        floor = 0.5 * float(np.log(VARIANCE_FLOOR))
        free: list[tuple[float | None, float | None]] = [(None, None)] * (means * self.dimension)
        triangle = [(floor, None) if i == j else (None, None) for i, j in zip(rows, columns, strict=True)]
        return free + triangle * covariances + self.radial.bounds

    def _unpack(self, theta: Array) -> tuple[Array, Array, Array]:
        means, covariances = self._counts
        split = means * self.dimension
        location = theta[:split].reshape(means, self.dimension)
        if not self.switching_mean:
            location = np.repeat(location, self.k_regimes, axis=0)
        rows, columns = self._triangle
        entries = theta[split : split + covariances * len(rows)].reshape(covariances, len(rows))
        factors = np.zeros((covariances, self.dimension, self.dimension))
        factors[:, rows, columns] = entries
        diagonal = np.arange(self.dimension)
        factors[:, diagonal, diagonal] = np.exp(factors[:, diagonal, diagonal])
        if not self.switching_covariance:
            factors = np.repeat(factors, self.k_regimes, axis=0)
        return location, factors, theta[self.size - self.radial.size :]

    def _pack(self, means: Array, factors: Array, shape: Array) -> Array:
        rows, columns = self._triangle
        entries = factors.copy()
        diagonal = np.arange(self.dimension)
        entries[:, diagonal, diagonal] = np.log(entries[:, diagonal, diagonal])
        count_means, count_factors = self._counts
        return np.concatenate([means[:count_means].ravel(), entries[:count_factors, rows, columns].ravel(), shape])

    def log_densities(self, theta: Array) -> Array:
        """log f(y_t | s_t = k), shape (T, K)."""
        means, factors, shape = self._unpack(theta)
        distances = squared_distances(self._x, means, factors)
        log_determinants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1) + self.standard.log_determinant
        densities = self.radial.log_density(distances, self.dimension, shape)
        subtract_from_columns(densities, log_determinants)
        return densities

    def transforms(self, theta: Array) -> Array:
        """P(Y_it <= y_it | s_t = k), shape (T, K, N)."""
        means, factors, shape = self._unpack(theta)
        roots = self.standard.root @ factors
        scales = np.linalg.norm(roots, axis=2)
        centres = self.standard.shift + means @ self.standard.root.T
        return self.radial.cumulative((self.y[:, None, :] - centres) / scales, shape)

    def _pulls(self, weights: Array, means: Array, factors: Array, shape: Array) -> tuple[Array, Array]:
        """Distances, and what each observation weighs in mean and covariance; the normal asks for no distances."""
        if not self.radial.size:
            return np.empty((0, self.k_regimes)), weights
        distances = squared_distances(self._x, means, factors)
        return distances, self.radial.scaled(weights, distances, self.dimension, shape)

    def score(self, theta: Array, weights: Array) -> Array:
        """Sum over t, k of weights_tk times the derivative of log f(y_t | s_t = k), shape (size,)."""
        means, factors, shape = self._unpack(theta)
        distances, pulls = self._pulls(weights, means, factors, shape)
        first, second = recentred(*self._powers.sums(pulls), means)
        total = column_sums(weights)
        inverse = np.linalg.inv(factors)
        transposed = inverse.transpose(0, 2, 1)
        mean_score = np.einsum("kij,kj->ki", transposed @ inverse, first)
        inner = inverse @ second @ transposed - total[:, None, None] * np.eye(self.dimension)
        factor_score = transposed @ inner
        diagonal = np.arange(self.dimension)
        factor_score[:, diagonal, diagonal] *= factors[:, diagonal, diagonal]
        count_means, count_factors = self._counts
        if count_means == 1:
            mean_score = mean_score.sum(axis=0, keepdims=True)
        if count_factors == 1:
            factor_score = factor_score.sum(axis=0, keepdims=True)
        rows, columns = self._triangle
        return np.concatenate(
            [
                mean_score.ravel(),
                factor_score[:, rows, columns].ravel(),
                self.radial.score(distances, weights, self.dimension, shape),
            ]
        )

    def update(self, theta: Array, weights: Array) -> Array:
        """M-step with the sample covariance as penalty (Chen and Tan 2009, J. Multivariate Analysis 100, eq. 3)."""
        means, factors, shape = self._unpack(theta)
        distances, pulls = self._pulls(weights, means, factors, shape)
        mass, first, second = self._powers.sums(pulls)
        if self.switching_mean:
            means = means + (first - mass[:, None] * means) / np.maximum(mass, 1e-8)[:, None]
        else:
            inverse = np.linalg.inv(factors)
            precision = inverse.transpose(0, 2, 1) @ inverse
            pooled = np.einsum("k,kij->ij", mass, precision)
            means = np.linalg.solve(pooled, np.einsum("kij,kj->i", precision, first))[None].repeat(len(means), axis=0)
        _, second = recentred(mass, first, second, means)
        total = column_sums(weights)
        if not self.switching_covariance:
            second, total = second.sum(axis=0, keepdims=True), total.sum(keepdims=True)
        identity = np.eye(self.dimension)
        covariances = (second + PENALTY_WEIGHT * identity) / (total + PENALTY_WEIGHT)[:, None, None]
        factors = np.linalg.cholesky(covariances)
        shape = self.radial.update(distances, weights, self.dimension, shape)
        return np.maximum(self._pack(means, factors, shape), self._low)

    def begin(self, weights: Array) -> Array:
        """Parameters at which a search from these regime weights, shape (T, K), begins."""
        pooled = self._pack(
            np.zeros((self.k_regimes, self.dimension)),
            np.repeat(np.eye(self.dimension)[None], self.k_regimes, axis=0),
            self.radial.begin(),
        )
        return self.update(pooled, weights)

    def moments(self, theta: Array) -> tuple[Array, Array]:
        """Means, shape (K, N), and covariances, shape (K, N, N), in the units of y."""
        means, factors, shape = self._unpack(theta)
        roots = self.standard.root @ factors
        covariances = roots @ roots.transpose(0, 2, 1) * self.radial.variance_factor(shape)
        return self.standard.shift + means @ self.standard.root.T, covariances

    def natural(self, theta: Array) -> Array:
        """Means, covariances (lower triangle, row by row) and nu, in the units of y."""
        means, covariances = self.moments(theta)
        count_means, count_factors = self._counts
        rows, columns = self._triangle
        shape = theta[self.size - self.radial.size :]
        return np.concatenate(
            [
                means[:count_means].ravel(),
                covariances[:count_factors, rows, columns].ravel(),
                self.radial.natural(shape),
            ]
        )

    def unconstrained(self, natural: Array) -> Array:
        """Inverse of `natural`."""
        count_means, count_factors = self._counts
        rows, columns = self._triangle
        split = count_means * self.dimension
        end = split + count_factors * len(rows)
        means = np.asarray(natural[:split]).reshape(count_means, self.dimension)
        shape = self.radial.unconstrained(np.asarray(natural[end:]))
        covariances = np.zeros((count_factors, self.dimension, self.dimension))
        covariances[:, rows, columns] = np.asarray(natural[split:end]).reshape(count_factors, -1)
        covariances[:, columns, rows] = covariances[:, rows, columns]
        inverse = np.linalg.inv(self.standard.root)
        scales = inverse @ (covariances / self.radial.variance_factor(shape)) @ inverse.T
        return self._pack((means - self.standard.shift) @ inverse.T, np.linalg.cholesky(scales), shape)

    def ranking(self, theta: Array) -> list[tuple[float, ...]]:
        """Variance of the reference block as a multiple of the sample's, ties by its mean."""
        means, covariances = self.moments(theta)
        scale = np.diag(self.standard.root @ self.standard.root.T)[self.reference]
        variances = covariances[:, self.reference, self.reference] / scale
        levels = means[:, self.reference] / np.sqrt(scale)
        ranks = np.round(variances.mean(axis=1), 10), levels.mean(axis=1)
        return [(float(variance), float(level)) for variance, level in zip(*ranks, strict=True)]

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        means, factors, shape = self._unpack(theta)
        return self._pack(means[order], factors[order], shape)

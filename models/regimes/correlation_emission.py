"""Regimes of the correlation of standardised residuals (Pelletier 2006, Journal of Econometrics 131)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.regimes.kernels import squared_distances
from models.regimes.moments import Powers
from models.regimes.radial import Radial

Array = NDArray[np.float64]

#: Bound of the log-odds of lambda; 1 / (1 + exp(15)) is zero for any sample.
SCALE_BOUND = 15.0
#: Bound of a free entry of a Cholesky factor: for two series a correlation of 0.99999.
ENTRY_BOUND = 200.0
#: Smallest eigenvalue of a correlation matrix of two series at that bound, doubled.
SMALLEST_EIGENVALUE = 1.0 / ENTRY_BOUND**2
#: Weight, in observations, of the identity in each regime's correlation M-step.
PENALTY_WEIGHT = 1.0


def sphere_cholesky(entries: Array, size: int) -> Array:
    """Cholesky factors of correlation matrices, shape (K, N, N), from free entries, shape (K, N (N-1) / 2).

    Row i is (x_i1, ..., x_i,i-1, 1) divided by its length: a point of the unit sphere, like hyperspherical angles but
    without their bounds.
    """
    factors = np.zeros((len(entries), size, size))
    rows, columns = np.tril_indices(size, -1)
    factors[:, rows, columns] = entries
    diagonal = np.arange(size)
    factors[:, diagonal, diagonal] = 1.0
    return np.asarray(factors / np.linalg.norm(factors, axis=2, keepdims=True))


def sphere_entries(correlations: Array) -> Array:
    """Inverse of `sphere_cholesky`, from correlation matrices, shape (K, N, N)."""
    factors = np.linalg.cholesky(correlations)
    rows, columns = np.tril_indices(correlations.shape[1], -1)
    diagonals = np.diagonal(factors, axis1=1, axis2=2)
    return np.asarray(factors[:, rows, columns] / diagonals[:, rows])


def sphere_score(factors: Array, slopes: Array) -> Array:
    """Slopes by the free entries, shape (K, N (N-1) / 2), from slopes by the Cholesky factors, shape (K, N, N)."""
    along = np.einsum("kij,kij->ki", np.tril(slopes), factors)
    diagonals = np.diagonal(factors, axis1=1, axis2=2)
    tangent = (slopes - factors * along[:, :, None]) * diagonals[:, :, None]
    rows, columns = np.tril_indices(factors.shape[1], -1)
    return np.asarray(tangent[:, rows, columns])


class Structure(Protocol):
    """How the regimes' correlation matrices hang on parameters."""

    @property
    def size(self) -> int: ...
    def names(self, pairs: list[str]) -> tuple[str, ...]: ...
    @property
    def bounds(self) -> list[tuple[float | None, float | None]]: ...
    def correlations(self, theta: Array) -> Array: ...
    def score(self, theta: Array, slopes: Array) -> Array: ...
    def fit(self, targets: Array, totals: Array) -> Array: ...
    def natural(self, theta: Array) -> Array: ...
    def unconstrained(self, natural: Array) -> Array: ...
    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array: ...


def _matrix(values: Array, size: int) -> Array:
    """Correlation matrices from their lower triangles."""
    rows, columns = np.tril_indices(size, -1)
    matrices = np.zeros((len(values), size, size))
    matrices[:, rows, columns] = values
    return matrices + matrices.transpose(0, 2, 1) + np.eye(size)


def _slopes_by_entries(correlations: Array, slopes: Array) -> Array:
    """From slopes by symmetric matrices R, shape (K, N, N), to slopes by the free entries of their factors."""
    factors = np.asarray(np.linalg.cholesky(correlations), dtype=np.float64)
    return sphere_score(factors, (slopes + slopes.transpose(0, 2, 1)) @ factors)


@dataclass(frozen=True)
class FreeCorrelations:
    """Each regime has a correlation matrix of its own."""

    k_regimes: int
    dimension: int

    @property
    def _pairs(self) -> int:
        return self.dimension * (self.dimension - 1) // 2

    @property
    def size(self) -> int:
        return self.k_regimes * self._pairs

    def names(self, pairs: list[str]) -> tuple[str, ...]:
        return tuple(f"corr[{k},{pair}]" for k in range(self.k_regimes) for pair in pairs)

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(-ENTRY_BOUND, ENTRY_BOUND)] * self.size

    def correlations(self, theta: Array) -> Array:
        factors = sphere_cholesky(theta.reshape(self.k_regimes, self._pairs), self.dimension)
        return np.asarray(factors @ factors.transpose(0, 2, 1))

    def score(self, theta: Array, slopes: Array) -> Array:
        return _slopes_by_entries(self.correlations(theta), slopes).ravel()

    def fit(self, targets: Array, totals: Array) -> Array:  # noqa: ARG002 - the restricted structure weighs by them
        return sphere_entries(targets).ravel()

    def natural(self, theta: Array) -> Array:
        rows, columns = np.tril_indices(self.dimension, -1)
        return np.asarray(self.correlations(theta)[:, rows, columns].ravel())

    def unconstrained(self, natural: Array) -> Array:
        return sphere_entries(_matrix(natural.reshape(self.k_regimes, -1), self.dimension)).ravel()

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        return np.asarray(theta.reshape(self.k_regimes, -1)[order].ravel())


@dataclass(frozen=True)
class ScaledCorrelations:
    """R_k = lambda_k Gamma + (1 - lambda_k) I with lambda = 1 in the last regime (Pelletier 2006, eq. 10)."""

    k_regimes: int
    dimension: int

    @property
    def _pairs(self) -> int:
        return self.dimension * (self.dimension - 1) // 2

    @property
    def size(self) -> int:
        return self._pairs + self.k_regimes - 1

    def names(self, pairs: list[str]) -> tuple[str, ...]:
        return (*(f"corr[{pair}]" for pair in pairs), *(f"lambda[{k}]" for k in range(self.k_regimes - 1)))

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        entries: list[tuple[float | None, float | None]] = [(-ENTRY_BOUND, ENTRY_BOUND)] * self._pairs
        return entries + [(-SCALE_BOUND, SCALE_BOUND)] * (self.k_regimes - 1)

    def _unpack(self, theta: Array) -> tuple[Array, Array]:
        factors = sphere_cholesky(theta[None, : self._pairs], self.dimension)
        scales = np.append(special.expit(theta[self._pairs :]), 1.0)
        return (factors @ factors.transpose(0, 2, 1))[0], scales

    def correlations(self, theta: Array) -> Array:
        gamma, scales = self._unpack(theta)
        return np.asarray(scales[:, None, None] * gamma + (1.0 - scales)[:, None, None] * np.eye(self.dimension))

    def score(self, theta: Array, slopes: Array) -> Array:
        gamma, scales = self._unpack(theta)
        by_gamma = np.einsum("k,kij->ij", scales, slopes)
        by_scale = np.einsum("kij,ij->k", slopes, gamma - np.eye(self.dimension))[:-1]
        entries = _slopes_by_entries(gamma[None], by_gamma[None])[0]
        return np.concatenate([entries, by_scale * scales[:-1] * (1.0 - scales[:-1])])

    def fit(self, targets: Array, totals: Array) -> Array:
        """Least squares of the regimes' correlations on the last one's, then the pooled matrix."""
        rows, columns = np.tril_indices(self.dimension, -1)
        values = targets[:, rows, columns]
        base = values[-1]
        scales = np.clip(values @ base / max(float(base @ base), 1e-8), 1e-3, 1.0)
        scales[-1] = 1.0
        pooled = (totals * scales) @ values / max(float(totals @ np.square(scales)), 1e-8)
        gamma = _matrix(pooled[None], self.dimension)
        lowest = float(np.linalg.eigvalsh(gamma[0])[0])
        if lowest < 1e-2:
            shrink = (1.0 - 1e-2) / (1.0 - lowest)
            gamma = shrink * gamma + (1.0 - shrink) * np.eye(self.dimension)
        log_odds = special.logit(np.clip(scales[:-1], 1e-3, 1.0 - 1e-3))
        return np.concatenate([sphere_entries(gamma)[0], log_odds])

    def natural(self, theta: Array) -> Array:
        gamma, scales = self._unpack(theta)
        return np.concatenate([gamma[np.tril_indices(self.dimension, -1)], scales[:-1]])

    def unconstrained(self, natural: Array) -> Array:
        gamma = _matrix(natural[None, : self._pairs], self.dimension)
        log_odds = special.logit(np.clip(natural[self._pairs :], 1e-300, 1.0 - 1e-16))
        return np.concatenate([sphere_entries(gamma)[0], np.clip(log_odds, -SCALE_BOUND, SCALE_BOUND)])

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        """Relabelling of the first regimes; the last keeps lambda = 1 and the largest correlations."""
        return np.concatenate([theta[: self._pairs], theta[self._pairs :][order[:-1]]])


@dataclass(frozen=True)
class CorrelationRegimes:
    """z_t | s_t = k is normal or standardised Student's t with correlation matrix R_k and unit variances.

    Parameters
    ----------
    z : array, shape (T, N)
        Standardised residuals of the margins.
    labels : tuple of str
    radial : Radial
    structure : Structure
    """

    z: Array
    labels: tuple[str, ...]
    k_regimes: int
    radial: Radial
    structure: Structure
    _zeros: Array = field(init=False, repr=False)
    _powers: Powers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_powers", Powers.of(self.z))
        object.__setattr__(self, "_zeros", np.zeros((self.k_regimes, self.z.shape[1])))

    @property
    def dimension(self) -> int:
        return self.z.shape[1]

    @property
    def size(self) -> int:
        return self.structure.size + self.radial.size

    @property
    def smallest_regime(self) -> float:
        """Observations below which a regime is taken for an accident of the search."""
        return max(2.0 * (self.dimension + 1.0), 0.5 * self.dimension * (self.dimension - 1))

    def at_floor(self, theta: Array) -> NDArray[np.bool_]:
        """Regimes in which a combination of the residuals has no variance left, shape (K,)."""
        return np.asarray(np.linalg.eigvalsh(self.correlations(theta))[:, 0] < SMALLEST_EIGENVALUE)

    @property
    def names(self) -> tuple[str, ...]:
        """`corr[k,series,series]`, or `corr[series,series]` and `lambda[k]`; `nu`."""
        rows, columns = np.tril_indices(self.dimension, -1)
        pairs = [f"{self.labels[i]},{self.labels[j]}" for i, j in zip(rows, columns, strict=True)]
        return (*self.structure.names(pairs), *self.radial.names)

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one it moves."""
        return self.names

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return self.structure.bounds + self.radial.bounds

    def _evaluate(self, theta: Array) -> tuple[Array, Array, Array, float, Array]:
        entries, shape = theta[: self.structure.size], theta[self.structure.size :]
        correlations = self.structure.correlations(entries)
        factors = np.asarray(np.linalg.cholesky(correlations), dtype=np.float64)
        factor = self.radial.variance_factor(shape)
        distances = np.asarray(factor * squared_distances(self.z, self._zeros, factors))
        return entries, shape, factors, factor, distances

    def log_densities(self, theta: Array) -> Array:
        """log f(z_t | s_t = k), shape (T, K)."""
        _, shape, factors, factor, distances = self._evaluate(theta)
        log_determinants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        density = self.radial.log_density(distances, self.dimension, shape)
        return density - log_determinants + 0.5 * self.dimension * np.log(factor)

    def transforms(self, theta: Array) -> Array:
        """P(Z_it <= z_it | s_t = k), shape (T, K, N); the same in each regime, whose margins have unit variance."""
        shape = theta[self.structure.size :]
        single = self.radial.cumulative(self.z * np.sqrt(self.radial.variance_factor(shape)), shape)
        return np.repeat(single[:, None, :], self.k_regimes, axis=1)

    def score(self, theta: Array, weights: Array) -> Array:
        """Sum over t, k of weights_tk times the derivative of log f(z_t | s_t = k), shape (size,)."""
        entries, shape, factors, factor, distances = self._evaluate(theta)
        pull = weights * self.radial.weights(distances, self.dimension, shape)
        _, _, second = self._powers.sums(pull * factor)
        inverse = np.linalg.inv(factors)
        precision = inverse.transpose(0, 2, 1) @ inverse
        total = weights.sum(axis=0)
        slopes = 0.5 * (precision @ second @ precision - total[:, None, None] * precision)
        shape_score = self.radial.score(distances, weights, self.dimension, shape)
        through_scale = 0.5 * (self.dimension * weights.sum() - float(np.vdot(pull, distances)))
        shape_score = shape_score + through_scale * self.radial.log_factor_slope(shape)
        return np.concatenate([self.structure.score(entries, slopes), shape_score])

    def update(self, theta: Array, weights: Array) -> Array:
        """Approximate M-step: weighted covariances scaled to unit diagonal; quasi-Newton finishes the search."""
        _, shape, _, factor, distances = self._evaluate(theta)
        pull = weights * self.radial.weights(distances, self.dimension, shape) * factor
        _, _, second = self._powers.sums(pull)
        second = second + PENALTY_WEIGHT * np.eye(self.dimension)
        scale = np.sqrt(np.diagonal(second, axis1=1, axis2=2))
        targets = second / (scale[:, :, None] * scale[:, None, :])
        following = self.structure.fit(targets, weights.sum(axis=0))
        return np.concatenate([following, self.radial.update(distances, weights, self.dimension, shape)])

    def begin(self, weights: Array) -> Array:
        """Parameters at which a search from these regime weights, shape (T, K), begins."""
        start = self.structure.fit(np.repeat(np.eye(self.dimension)[None], self.k_regimes, axis=0), weights.sum(axis=0))
        return self.update(np.concatenate([start, self.radial.begin()]), weights)

    def correlations(self, theta: Array) -> Array:
        """Correlation matrix of each regime, shape (K, N, N)."""
        return self.structure.correlations(theta[: self.structure.size])

    def natural(self, theta: Array) -> Array:
        """Correlations (or Gamma and lambda) and nu."""
        split = self.structure.size
        return np.concatenate([self.structure.natural(theta[:split]), self.radial.natural(theta[split:])])

    def unconstrained(self, natural: Array) -> Array:
        """Inverse of `natural`."""
        split = self.structure.size
        values = np.asarray(natural, dtype=np.float64)
        return np.concatenate([self.structure.unconstrained(values[:split]), self.radial.unconstrained(values[split:])])

    def ranking(self, theta: Array) -> list[tuple[float, ...]]:
        """Mean squared correlation: from diversified to moving as one; the variances belong to the margins."""
        rows, columns = np.tril_indices(self.dimension, -1)
        values = self.correlations(theta)[:, rows, columns]
        return [(float(mean),) for mean in np.square(values).mean(axis=1)]

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        split = self.structure.size
        return np.concatenate([self.structure.permute(theta[:split], order), theta[split:]])

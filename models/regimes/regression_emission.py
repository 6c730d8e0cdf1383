"""Regimes of a regression: y_t = x_t' b_k + sigma_k e_t, any coefficient and the variance switching or not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.regimes.degenerate import VARIANCE_FLOOR, reaches_floor
from models.regimes.emissions import PENALTY_WEIGHT, column_sums
from models.regimes.radial import Radial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Basis:
    """X = Q R within the switching and within the common columns, and the scale of y: the search knows no unit."""

    rotation: Array
    scale: float

    @classmethod
    def of(cls, y: Array, X: Array, switching: NDArray[np.bool_]) -> Basis:
        """Orthonormal columns within each group; y in units of its least-squares residual."""
        rotation = np.zeros((X.shape[1], X.shape[1]))
        for group in (switching, ~switching):
            if group.any():
                upper = np.linalg.qr(X[:, group], mode="r") / np.sqrt(len(X))
                rotation[np.ix_(group, group)] = upper * np.sign(np.diag(upper))[:, None]
        coefficients, *_ = np.linalg.lstsq(X, y, rcond=None)
        return cls(rotation, float(np.sqrt(np.mean(np.square(y - X @ coefficients)))))

    @classmethod
    def identity(cls, columns: int) -> Basis:
        return cls(np.eye(columns), 1.0)


@dataclass(frozen=True)
class RegressionRegimes:
    """Emission model of `MarkovRegression`; theta = (coefficients column by column, log sigma, log(nu - 2)).

    Parameters
    ----------
    y : array, shape (T,)
    X : array, shape (T, P)
    columns : tuple of str
    k_regimes : int
    radial : Radial
    switching : array of bool, shape (P,)
    switching_variance : bool
    basis : Basis
    """

    y: Array
    X: Array
    columns: tuple[str, ...]
    k_regimes: int
    radial: Radial
    switching: NDArray[np.bool_]
    switching_variance: bool
    basis: Basis

    def __post_init__(self) -> None:
        object.__setattr__(self, "_target", self.y / self.basis.scale)
        object.__setattr__(self, "_design", np.ascontiguousarray(np.linalg.solve(self.basis.rotation.T, self.X.T).T))
        object.__setattr__(self, "_transposed", np.ascontiguousarray(self._design.T))
        positions, following = [], 0
        for switches in self.switching:
            positions.append(following + (np.arange(self.k_regimes) if switches else np.zeros(self.k_regimes, int)))
            following += self.k_regimes if switches else 1
        object.__setattr__(self, "_positions", np.array(positions, dtype=np.intp).T)
        object.__setattr__(self, "_count", following)

    _target: Array = field(init=False, repr=False)
    _design: Array = field(init=False, repr=False)
    _transposed: Array = field(init=False, repr=False)
    _positions: NDArray[np.intp] = field(init=False, repr=False)
    _count: int = field(init=False, repr=False)

    @property
    def _variances(self) -> int:
        return self.k_regimes if self.switching_variance else 1

    @property
    def size(self) -> int:
        return self._count + self._variances + self.radial.size

    @property
    def smallest_regime(self) -> float:
        """Observations below which a regime is taken for an accident of the search."""
        return 2.0 * (self.X.shape[1] + 1.0)

    def at_floor(self, theta: Array) -> NDArray[np.bool_]:
        """Regimes whose variance stands at its floor, shape (K,)."""
        return reaches_floor(self._unpack(theta)[1])

    @property
    def names(self) -> tuple[str, ...]:
        """`column[k]` or `column`, `sigma2[k]` or `sigma2`, `nu`."""
        coefficients = [
            f"{column}[{k}]" if switches else column
            for column, switches in zip(self.columns, self.switching, strict=True)
            for k in range(self.k_regimes if switches else 1)
        ]
        variances = [f"sigma2[{k}]" for k in range(self.k_regimes)] if self.switching_variance else ["sigma2"]
        return (*coefficients, *variances, *self.radial.names)

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one it moves."""
        return self.names

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        floor = 0.5 * float(np.log(VARIANCE_FLOOR))
        free: list[tuple[float | None, float | None]] = [(None, None)] * self._count
        return [*free, *([(floor, None)] * self._variances), *self.radial.bounds]

    def _unpack(self, theta: Array) -> tuple[Array, Array, Array]:
        """Coefficients of the rotated design, shape (K, P), sigma, shape (K,), and the shape of the distribution."""
        sigma = np.exp(np.broadcast_to(theta[self._count : self._count + self._variances], (self.k_regimes,)))
        return theta[self._positions], sigma, theta[self._count + self._variances :]

    def _residuals(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        coefficients, sigma, shape = self._unpack(theta)
        residuals = self._target[:, None] - self._design @ coefficients.T
        return residuals, np.square(residuals / sigma), sigma, shape

    def log_densities(self, theta: Array) -> Array:
        """log f(y_t | s_t = k), shape (T, K)."""
        _, distances, sigma, shape = self._residuals(theta)
        return self.radial.log_density(distances, 1, shape) - np.log(sigma * self.basis.scale)

    def transforms(self, theta: Array) -> Array:
        """P(Y_t <= y_t | s_t = k), shape (T, K, 1)."""
        residuals, _, sigma, shape = self._residuals(theta)
        return self.radial.cumulative((residuals / sigma)[:, :, None], shape)

    def score(self, theta: Array, weights: Array) -> Array:
        """Sum over t, k of weights_tk times the derivative of log f(y_t | s_t = k), shape (size,)."""
        residuals, distances, sigma, shape = self._residuals(theta)
        scaled = self.radial.scaled(weights, distances, 1, shape)
        by_regime = (scaled * residuals / np.square(sigma)).T @ self._design
        coefficients = np.bincount(self._positions.ravel(), weights=by_regime.ravel(), minlength=self._count)
        variances = column_sums(scaled * distances - weights)
        if not self.switching_variance:
            variances = variances.sum(keepdims=True)
        return np.concatenate([coefficients, variances, self.radial.score(distances, weights, 1, shape)])

    def update(self, theta: Array, weights: Array) -> Array:
        """M-step: weighted least squares over the regimes at once, then the variances (penalised), then nu."""
        _, distances, sigma, shape = self._residuals(theta)
        scaled = self.radial.scaled(weights, distances, 1, shape)
        system = np.zeros((self._count, self._count))
        right = np.zeros(self._count)
        columns = np.ascontiguousarray((scaled / np.square(sigma)).T)
        for k in range(self.k_regimes):
            weighted = self._transposed * columns[k]
            system[np.ix_(self._positions[k], self._positions[k])] += weighted @ self._design
            right += np.bincount(self._positions[k], weights=weighted @ self._target, minlength=self._count)
        system += np.eye(self._count) * 1e-8 * max(float(np.trace(system)), 1e-8)
        following = theta.copy()
        following[: self._count] = np.linalg.solve(system, right)
        residuals = self._residuals(following)[0]
        squares, total = column_sums(scaled * np.square(residuals)), column_sums(weights)
        if not self.switching_variance:
            squares, total = squares.sum(keepdims=True), total.sum(keepdims=True)
        variances = np.maximum((squares + PENALTY_WEIGHT) / (total + PENALTY_WEIGHT), VARIANCE_FLOOR)
        following[self._count : self._count + self._variances] = 0.5 * np.log(variances)
        following[self._count + self._variances :] = self.radial.update(distances, weights, 1, shape)
        return following

    def begin(self, weights: Array) -> Array:
        """Parameters at which a search from these regime weights, shape (T, K), begins."""
        least_squares, *_ = np.linalg.lstsq(self._design, self._target, rcond=None)
        pooled = np.concatenate([np.zeros(self._count + self._variances), self.radial.begin()])
        pooled[self._positions] = least_squares
        return self.update(pooled, weights)

    def coefficients(self, theta: Array) -> Array:
        """Coefficients in the units of y and X, shape (K, P)."""
        return np.asarray(np.linalg.solve(self.basis.rotation, self._unpack(theta)[0].T).T * self.basis.scale)

    def variances(self, theta: Array) -> Array:
        """Variance of the residual in each regime, in squared units of y, shape (K,)."""
        _, sigma, shape = self._unpack(theta)
        return np.asarray(np.square(sigma * self.basis.scale) * self.radial.variance_factor(shape))

    def natural(self, theta: Array) -> Array:
        """Coefficients, variances and nu in the units of y and X."""
        values = np.empty(self._count)
        values[self._positions] = self.coefficients(theta)
        shape = theta[self._count + self._variances :]
        return np.concatenate([values, self.variances(theta)[: self._variances], self.radial.natural(shape)])

    def unconstrained(self, natural: Array) -> Array:
        """Inverse of `natural`."""
        values = np.asarray(natural, dtype=np.float64)
        shape = self.radial.unconstrained(values[self._count + self._variances :])
        theta = np.empty(self.size)
        theta[self._positions] = (self.basis.rotation @ values[self._positions].T).T / self.basis.scale
        variances = values[self._count : self._count + self._variances] / self.radial.variance_factor(shape)
        theta[self._count : self._count + self._variances] = 0.5 * np.log(variances) - np.log(self.basis.scale)
        theta[self._count + self._variances :] = shape
        return theta

    def ranking(self, theta: Array) -> list[tuple[float, ...]]:
        """Residual variance; where it is common, the variance that the coefficients make; then the level."""
        coefficients, sigma, _ = self._unpack(theta)
        covariance = np.atleast_2d(np.cov(self._design, rowvar=False))
        explained = np.einsum("kp,pq,kq->k", coefficients, covariance, coefficients)
        levels = coefficients @ self._design.mean(axis=0)
        return [
            (round(float(spread) ** 2, 10), round(float(part), 10), float(level))
            for spread, part, level in zip(sigma, explained, levels, strict=True)
        ]

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        following = theta.copy()
        following[self._positions] = theta[self._positions[order]]
        if self.switching_variance:
            following[self._count : self._count + self._variances] = theta[self._count + order]
        return following

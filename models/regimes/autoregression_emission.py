"""Regimes of an autoregression around a switching mean (Hamilton 1989, Econometrica 57, eq. 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.regimes.degenerate import VARIANCE_FLOOR, reaches_floor
from models.regimes.emissions import PENALTY_WEIGHT
from models.regimes.radial import Radial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AutoregressiveRegimes:
    """y_t - m(s_t) = sum_l phi_l [y_{t-l} - m(s_{t-l})] + sigma(s_t) e_t; a state is (s_t, ..., s_{t-p}).

    theta = (means, log sigma, phi lag by lag, log(nu - 2)), in units of the standardised series.

    Parameters
    ----------
    y : array, shape (T + p,)
        The first p values are conditioned on.
    k_regimes, order : int
    radial : Radial
    switching_mean, switching_variance, switching_ar : bool
    states : array of int, shape (S, p + 1)
        Regime of s_{t-l} in each state.
    centre, scale : float
        The search works on (y - centre) / scale.
    """

    y: Array
    k_regimes: int
    order: int
    radial: Radial
    switching_mean: bool
    switching_variance: bool
    switching_ar: bool
    states: NDArray[np.intp]
    centre: float
    scale: float
    _target: Array = field(init=False, repr=False)
    _lags: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        values = (self.y - self.centre) / self.scale
        length = len(values) - self.order
        lags = [values[self.order - lag : self.order - lag + length] for lag in range(1, self.order + 1)]
        object.__setattr__(self, "_target", values[self.order :])
        object.__setattr__(self, "_lags", np.column_stack(lags) if lags else np.empty((length, 0)))

    @property
    def _counts(self) -> tuple[int, int, int]:
        regimes = self.k_regimes
        return (
            regimes if self.switching_mean else 1,
            regimes if self.switching_variance else 1,
            self.order * (regimes if self.switching_ar else 1),
        )

    @property
    def size(self) -> int:
        return sum(self._counts) + self.radial.size

    @property
    def smallest_regime(self) -> float:
        """Observations below which a regime is taken for an accident of the search."""
        return 4.0 + (self.order if self.switching_ar else 0)

    def at_floor(self, theta: Array) -> NDArray[np.bool_]:
        """Regimes whose variance stands at its floor, shape (K,)."""
        return reaches_floor(self._unpack(theta)[1])

    @property
    def names(self) -> tuple[str, ...]:
        """`const[k]`, `sigma2` or `sigma2[k]`, `ar.L1` or `ar.L1[k]`, ..., `nu`; const is the mean of the regime."""

        def spread(name: str, switches: bool) -> list[str]:
            return [f"{name}[{k}]" for k in range(self.k_regimes)] if switches else [name]

        lags = [name for lag in range(self.order) for name in spread(f"ar.L{lag + 1}", self.switching_ar)]
        return (
            *spread("const", self.switching_mean),
            *spread("sigma2", self.switching_variance),
            *lags,
            *self.radial.names,
        )

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one it moves."""
        return self.names

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        means, variances, lags = self._counts
        free: tuple[float | None, float | None] = (None, None)
        floor = (0.5 * float(np.log(VARIANCE_FLOOR)), None)
        return [free] * means + [floor] * variances + [free] * lags + self.radial.bounds

    def _unpack(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        """Means, (K,), sigma, (K,), phi, (K, p), and the shape of the distribution."""
        means, variances, lags = self._counts
        location = np.broadcast_to(theta[:means], (self.k_regimes,))
        sigma = np.exp(np.broadcast_to(theta[means : means + variances], (self.k_regimes,)))
        columns = self.k_regimes if self.switching_ar else 1
        entries = theta[means + variances : means + variances + lags].reshape(self.order, columns)
        phi = np.broadcast_to(entries, (self.order, self.k_regimes)).T
        return location, sigma, phi, theta[means + variances + lags :]

    def _pack(self, means: Array, sigma: Array, phi: Array, shape: Array) -> Array:
        location = means if self.switching_mean else means[:1]
        spread = np.log(sigma if self.switching_variance else sigma[:1])
        return np.concatenate([location, spread, (phi if self.switching_ar else phi[:1]).T.ravel(), shape])

    def _loadings(self, phi: Array) -> Array:
        """What each regime's mean contributes to E(y_t | state, past), shape (S, K)."""
        identity = np.eye(self.k_regimes)
        loadings = identity[self.states[:, 0]]
        for lag in range(self.order):
            loadings = loadings - phi[self.states[:, 0], lag, None] * identity[self.states[:, lag + 1]]
        return loadings

    def _residuals(self, theta: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
        means, sigma, phi, shape = self._unpack(theta)
        filtered = self._target[:, None] - self._lags @ phi.T
        residuals = filtered[:, self.states[:, 0]] - self._loadings(phi) @ means
        spread = sigma[self.states[:, 0]]
        return residuals, np.square(residuals / spread), spread, means, phi, shape

    def log_densities(self, theta: Array) -> Array:
        """log f(y_t | state), shape (T, S)."""
        _, distances, spread, _, _, shape = self._residuals(theta)
        return self.radial.log_density(distances, 1, shape) - np.log(spread * self.scale)

    def _by_regime(self, values: Array) -> Array:
        """Sums over the states that share s_t, shape (K,)."""
        sums = np.bincount(self.states[:, 0], weights=values, minlength=self.k_regimes)
        return np.asarray(sums, dtype=np.float64)

    def transforms(self, theta: Array) -> Array:
        """P(Y_t <= y_t | state), shape (T, S, 1)."""
        residuals, _, spread, _, _, shape = self._residuals(theta)
        return self.radial.cumulative((residuals / spread)[:, :, None], shape)

    def score(self, theta: Array, weights: Array) -> Array:
        """Sum over t and states of weights times the derivative of log f(y_t | state), shape (size,)."""
        residuals, distances, spread, means, phi, shape = self._residuals(theta)
        scaled = weights * self.radial.weights(distances, 1, shape)
        pull = scaled * residuals / np.square(spread)
        by_state = pull.sum(axis=0)
        mean_score = by_state @ self._loadings(phi)
        variance_score = self._by_regime((scaled * distances - weights).sum(axis=0))
        lag_score = np.empty((self.k_regimes, self.order))
        moments = pull.T @ self._lags
        for lag in range(self.order):
            lag_score[:, lag] = self._by_regime(moments[:, lag] - by_state * means[self.states[:, lag + 1]])
        return np.concatenate(
            [
                mean_score if self.switching_mean else mean_score.sum(keepdims=True),
                variance_score if self.switching_variance else variance_score.sum(keepdims=True),
                (lag_score if self.switching_ar else lag_score.sum(axis=0, keepdims=True)).T.ravel(),
                self.radial.score(distances, weights, 1, shape),
            ]
        )

    def update(self, theta: Array, weights: Array) -> Array:
        """Conditional M-steps: means given phi, phi given means, then variances (penalised) and nu."""
        residuals, distances, spread, means, phi, shape = self._residuals(theta)
        scaled = weights * self.radial.weights(distances, 1, shape)
        precise = scaled / np.square(spread)
        loadings = self._loadings(phi)
        if not self.switching_mean:
            loadings = loadings.sum(axis=1, keepdims=True)
        mass = precise.sum(axis=0)
        system = (loadings.T * mass) @ loadings
        system += 1e-8 * max(float(np.trace(system)), 1e-8) * np.eye(len(system))
        without = residuals + self._loadings(phi) @ means
        means = np.broadcast_to(
            np.linalg.solve(system, loadings.T @ (precise * without).sum(axis=0)), (self.k_regimes,)
        ).copy()
        phi = self._update_phi(means, precise, phi)
        following = self._pack(means, np.ones(self.k_regimes), phi, shape)
        residuals = self._residuals(following)[0]
        squares, total = self._by_regime((scaled * residuals**2).sum(axis=0)), self._by_regime(weights.sum(axis=0))
        if not self.switching_variance:
            squares = np.full(self.k_regimes, squares.sum())
            total = np.full(self.k_regimes, total.sum())
        variances = np.maximum((squares + PENALTY_WEIGHT) / (total + PENALTY_WEIGHT), VARIANCE_FLOOR)
        return self._pack(means, np.sqrt(variances), phi, self.radial.update(distances, weights, 1, shape))

    def _update_phi(self, means: Array, precise: Array, phi: Array) -> Array:
        if not self.order:
            return phi
        systems = np.zeros((self.k_regimes, self.order, self.order))
        rights = np.zeros((self.k_regimes, self.order))
        for state, regimes in enumerate(self.states):
            deviations = self._lags - means[regimes[1:]]
            weighted = deviations * precise[:, state : state + 1]
            systems[regimes[0]] += weighted.T @ deviations
            rights[regimes[0]] += weighted.T @ (self._target - means[regimes[0]])
        if not self.switching_ar:
            systems, rights = systems.sum(axis=0, keepdims=True), rights.sum(axis=0, keepdims=True)
        ridge = np.eye(self.order) * 1e-8 * np.maximum(np.trace(systems, axis1=1, axis2=2), 1e-8)[:, None, None]
        solved = np.linalg.solve(systems + ridge, rights[:, :, None])[:, :, 0]
        return np.broadcast_to(solved, (self.k_regimes, self.order)).copy()

    def begin(self, weights: Array) -> Array:
        """Parameters at which a search from these state weights, shape (T, S), begins."""
        phi = np.zeros((self.k_regimes, self.order))
        if self.order:
            pooled, *_ = np.linalg.lstsq(self._lags, self._target, rcond=None)
            phi += pooled
        start = self._pack(np.zeros(self.k_regimes), np.ones(self.k_regimes), phi, self.radial.begin())
        return self.update(start, weights)

    def moments(self, theta: Array) -> tuple[Array, Array, Array]:
        """Mean and residual variance, (K,), and phi, (K, p), of each regime in the units of y."""
        means, sigma, phi, shape = self._unpack(theta)
        variances = np.square(sigma * self.scale) * self.radial.variance_factor(shape)
        return self.centre + self.scale * means, variances, phi

    def natural(self, theta: Array) -> Array:
        """Means, variances, phi and nu in the units of y."""
        means, variances, phi = self.moments(theta)
        packed = self._pack(means, variances, phi, self.radial.natural(self._unpack(theta)[3]))
        count_means, count_variances, _ = self._counts
        packed[count_means : count_means + count_variances] = variances[:count_variances]
        return packed

    def unconstrained(self, natural: Array) -> Array:
        """Inverse of `natural`."""
        theta = np.array(natural, dtype=np.float64)
        means, variances, lags = self._counts
        shape = self.radial.unconstrained(theta[means + variances + lags :])
        theta[:means] = (theta[:means] - self.centre) / self.scale
        spread = theta[means : means + variances] / self.radial.variance_factor(shape)
        theta[means : means + variances] = 0.5 * np.log(spread) - np.log(self.scale)
        theta[means + variances + lags :] = shape
        return theta

    def ranking(self, theta: Array) -> list[tuple[float, ...]]:
        """Residual variance, then the mean, then the first lag."""
        means, sigma, phi, _ = self._unpack(theta)
        first = phi[:, 0] if self.order else np.zeros(self.k_regimes)
        return [
            (round(float(spread) ** 2, 10), round(float(mean), 10), float(lag))
            for spread, mean, lag in zip(sigma, means, first, strict=True)
        ]

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        means, sigma, phi, shape = self._unpack(theta)
        return self._pack(means[order], sigma[order], phi[order], shape)

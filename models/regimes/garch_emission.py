"""Regimes of a GARCH process without path dependence: each regime runs a variance of its own (Haas et al. 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.regimes.degenerate import VARIANCE_FLOOR, reaches_floor
from models.regimes.garch_kernels import COEFFICIENTS, parallel_variances, variance_scores
from models.regimes.radial import Radial

Array = NDArray[np.float64]

#: Largest persistence alpha + gamma / 2 + beta of a regime.
LARGEST_PERSISTENCE = 0.9999
#: Upper bound of the log variance (relative to the sample's), bound of the log-odds of persistence and its shares.
LOG_VARIANCE_BOUND = 10.0
LOG_ODDS_BOUND = 12.0
#: Persistence and the share of the news in it at which a search begins.
FIRST_PERSISTENCE, FIRST_NEWS = 0.9, 0.1
#: Longest step of a scoring update in any direction.
LONGEST_STEP = 1.0


@dataclass(frozen=True)
class GarchRegimes:
    """y_t = mu + e_t, e_t | s_t = k ~ (0, h_kt); theta = (mu, log variance and log-odds of each regime, log(nu - 2)).

    A regime's parameters are its unconditional variance v, its persistence p = alpha + gamma / 2 + beta and the shares
    of alpha (and gamma / 2) in p; omega = v (1 - p), and the recursion starts from v.

    Parameters
    ----------
    y : array, shape (T,)
    k_regimes : int
    radial : Radial
    asymmetric : bool
        Whether falls count more than rises (Glosten, Jagannathan and Runkle 1993).
    estimated_mean : bool
    centre, scale : float
        The search works on (y - centre) / scale.
    """

    y: Array
    k_regimes: int
    radial: Radial
    asymmetric: bool
    estimated_mean: bool
    centre: float
    scale: float

    @property
    def _width(self) -> int:
        return 4 if self.asymmetric else 3

    @property
    def _mean(self) -> int:
        return 1 if self.estimated_mean else 0

    @property
    def size(self) -> int:
        return self._mean + self._width * self.k_regimes + self.radial.size

    @property
    def smallest_regime(self) -> float:
        """Observations below which a regime is taken for an accident of the search."""
        return 2.0 * (self._width + 1.0)

    def at_floor(self, theta: Array) -> NDArray[np.bool_]:
        """Regimes whose unconditional variance stands at its floor, shape (K,)."""
        return reaches_floor(np.exp(0.5 * self._unpack(theta)[1][:, 0]))

    @property
    def names(self) -> tuple[str, ...]:
        """`mu`, `omega[k]`, `alpha[k]`, `gamma[k]`, `beta[k]`, `nu`."""
        labels = ("omega", "alpha", "gamma", "beta") if self.asymmetric else ("omega", "alpha", "beta")
        regimes = [f"{label}[{k}]" for k in range(self.k_regimes) for label in labels]
        return (*(("mu",) if self.estimated_mean else ()), *regimes, *self.radial.names)

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one that vanishes at its lower bound."""
        labels = ("omega", "persistence", "alpha", "gamma") if self.asymmetric else ("omega", "persistence", "alpha")
        regimes = [f"{label}[{k}]" for k in range(self.k_regimes) for label in labels]
        return (*(("mu",) if self.estimated_mean else ()), *regimes, *self.radial.names)

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        floor = float(np.log(VARIANCE_FLOOR))
        regime: list[tuple[float | None, float | None]] = [(floor, LOG_VARIANCE_BOUND)]
        regime += [(-LOG_ODDS_BOUND, LOG_ODDS_BOUND)] * (self._width - 1)
        free: list[tuple[float | None, float | None]] = [(None, None)] * self._mean
        return free + regime * self.k_regimes + self.radial.bounds

    def _unpack(self, theta: Array) -> tuple[float, Array, Array]:
        """mu, the regimes' parameters, shape (K, 3 or 4), and the shape of the distribution."""
        end = self._mean + self._width * self.k_regimes
        mu = float(theta[0]) if self.estimated_mean else -self.centre / self.scale
        return mu, theta[self._mean : end].reshape(self.k_regimes, self._width), theta[end:]

    def _shares(self, blocks: Array) -> Array:
        """Shares of alpha, gamma / 2 and beta in the persistence, shape (K, 3)."""
        log_odds = np.zeros((self.k_regimes, 3))
        log_odds[:, 0] = blocks[:, 2]
        log_odds[:, 1] = blocks[:, 3] if self.asymmetric else -np.inf
        return np.asarray(special.softmax(log_odds, axis=1))

    def coefficients(self, theta: Array) -> Array:
        """omega, alpha, gamma, beta and first variance of each regime, shape (K, 5), of the standardised series."""
        _, blocks, _ = self._unpack(theta)
        variance = np.exp(blocks[:, 0])
        persistence = LARGEST_PERSISTENCE * special.expit(blocks[:, 1])
        alpha, half_gamma, beta = (self._shares(blocks) * persistence[:, None]).T
        return np.column_stack([variance * (1.0 - persistence), alpha, 2.0 * half_gamma, beta, variance])

    def _slopes(self, theta: Array) -> Array:
        """Derivatives of the coefficients by each regime's parameters, shape (K, 3 or 4, 5)."""
        _, blocks, _ = self._unpack(theta)
        variance = np.exp(blocks[:, 0])
        chance = special.expit(blocks[:, 1])
        persistence = LARGEST_PERSISTENCE * chance
        by_odds = persistence * (1.0 - chance)
        shares = self._shares(blocks)
        doubled = np.array([1.0, 2.0, 1.0])
        slopes = np.zeros((self.k_regimes, self._width, COEFFICIENTS))
        slopes[:, 0, 0] = variance * (1.0 - persistence)
        slopes[:, 0, 4] = variance
        slopes[:, 1, 0] = -variance * by_odds
        slopes[:, 1, 1:4] = by_odds[:, None] * shares * doubled
        for column in range(2, self._width):
            moved = column - 2
            change = -shares * shares[:, moved : moved + 1]
            change[:, moved] += shares[:, moved]
            slopes[:, column, 1:4] = persistence[:, None] * change * doubled
        return slopes

    def _evaluate(self, theta: Array) -> tuple[Array, Array, Array, Array, float, Array]:
        mu, _, shape = self._unpack(theta)
        residuals = (self.y - self.centre) / self.scale - mu
        coefficients = self.coefficients(theta)
        variances = parallel_variances(residuals, coefficients)
        factor = self.radial.variance_factor(shape)
        return residuals, coefficients, variances, shape, factor, factor * residuals[:, None] ** 2 / variances[:-1]

    def log_densities(self, theta: Array) -> Array:
        """log f(y_t | s_t = k, F_{t-1}), shape (T, K)."""
        _, _, variances, shape, factor, distances = self._evaluate(theta)
        density = self.radial.log_density(distances, 1, shape) + 0.5 * np.log(factor)
        return density - 0.5 * np.log(variances[:-1]) - np.log(self.scale)

    def transforms(self, theta: Array) -> Array:
        """P(Y_t <= y_t | s_t = k, F_{t-1}), shape (T, K, 1)."""
        residuals, _, variances, shape, factor, _ = self._evaluate(theta)
        return self.radial.cumulative((residuals[:, None] * np.sqrt(factor / variances[:-1]))[:, :, None], shape)

    def _pieces(self, theta: Array, weights: Array) -> tuple[Array, Array, Array, Array, float]:
        """Gradient, (K, 6), and outer product, (K, 6, 6), by coefficients and mu; distances; pull; direct mu score."""
        residuals, coefficients, variances, shape, factor, distances = self._evaluate(theta)
        pull = self.radial.weights(distances, 1, shape)
        by_variance = 0.5 * (pull * distances - 1.0) / variances[:-1]
        gradient, outer = variance_scores(residuals, coefficients, variances, by_variance, weights)
        direct = float((weights * pull * factor * residuals[:, None] / variances[:-1]).sum())
        return gradient, outer, distances, pull, direct

    def score(self, theta: Array, weights: Array) -> Array:
        """Sum over t, k of weights_tk times the derivative of log f(y_t | s_t = k, F_{t-1}), shape (size,)."""
        _, _, shape = self._unpack(theta)
        gradient, _, distances, pull, direct = self._pieces(theta, weights)
        blocks = np.einsum("kpc,kc->kp", self._slopes(theta), gradient[:, :COEFFICIENTS])
        shape_score = self.radial.score(distances, weights, 1, shape)
        through_scale = 0.5 * (weights.sum() - float(np.vdot(weights * pull, distances)))
        mean_score = np.array([direct + float(gradient[:, 5].sum())])[: self._mean]
        shape_part = shape_score + through_scale * self.radial.log_factor_slope(shape)
        return np.concatenate([mean_score, blocks.ravel(), shape_part])

    def update(self, theta: Array, weights: Array) -> Array:
        """Generalised M-step: one scoring step of each regime (Berndt et al. 1974), then nu."""
        _, blocks, shape = self._unpack(theta)
        gradient, outer, distances, _, direct = self._pieces(theta, weights)
        slopes = self._slopes(theta)
        steps = np.einsum("kpc,kc->kp", slopes, gradient[:, :COEFFICIENTS])
        information = np.einsum("kpc,kcd,kqd->kpq", slopes, outer[:, :COEFFICIENTS, :COEFFICIENTS], slopes)
        ridge = 1e-3 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(self._width) + 1e-8 * np.eye(
            self._width
        )
        moves = np.clip(np.linalg.solve(information + ridge, steps[:, :, None])[:, :, 0], -LONGEST_STEP, LONGEST_STEP)
        following = theta.copy()
        following[self._mean : self._mean + moves.size] = (blocks + moves).ravel()
        if self.estimated_mean:
            following[0] += (direct + float(gradient[:, 5].sum())) / max(len(self.y), 1)
        following[self._mean + moves.size :] = self.radial.update(distances, weights, 1, shape)
        low = np.array([-np.inf if bound[0] is None else bound[0] for bound in self.bounds])
        high = np.array([np.inf if bound[1] is None else bound[1] for bound in self.bounds])
        return np.asarray(np.clip(following, low, high))

    def begin(self, weights: Array) -> Array:
        """Parameters at which a search from these regime weights, shape (T, K), begins."""
        values = (self.y - self.centre) / self.scale
        mean = float(values.mean()) if self.estimated_mean else -self.centre / self.scale
        levels = (weights * (values[:, None] - mean) ** 2).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-8)
        blocks = np.zeros((self.k_regimes, self._width))
        blocks[:, 0] = np.log(np.maximum(levels, 1e-4))
        blocks[:, 1] = special.logit(FIRST_PERSISTENCE)
        blocks[:, 2:] = np.log(FIRST_NEWS / (1.0 - FIRST_NEWS))
        return np.concatenate([np.array([mean])[: self._mean], blocks.ravel(), self.radial.begin()])

    def variances(self, theta: Array) -> Array:
        """h_kt in squared units of y, shape (T + 1, K); the last row is known at T."""
        return np.asarray(self._evaluate(theta)[2] * self.scale**2)

    def natural(self, theta: Array) -> Array:
        """mu, omega, alpha, gamma, beta and nu in the units of y."""
        mu, _, shape = self._unpack(theta)
        table = self.coefficients(theta)[:, : COEFFICIENTS - 1]
        table[:, 0] *= self.scale**2
        kept = table if self.asymmetric else np.delete(table, 2, axis=1)
        mean = np.array([self.centre + self.scale * mu])[: self._mean]
        return np.concatenate([mean, kept.ravel(), self.radial.natural(shape)])

    def unconstrained(self, natural: Array) -> Array:
        """Inverse of `natural`."""
        values = np.asarray(natural, dtype=np.float64)
        end = self._mean + self._width * self.k_regimes
        table = values[self._mean : end].reshape(self.k_regimes, self._width)
        omega, alpha, beta = table[:, 0] / self.scale**2, table[:, 1], table[:, -1]
        half_gamma = 0.5 * table[:, 2] if self.asymmetric else np.zeros(self.k_regimes)
        persistence = np.minimum(alpha + half_gamma + beta, LARGEST_PERSISTENCE * (1.0 - 1e-12))
        floor = np.maximum(np.column_stack([alpha, half_gamma, beta]), 1e-300)
        blocks = np.column_stack(
            [
                np.log(omega / (1.0 - persistence)),
                special.logit(np.maximum(persistence, 1e-300) / LARGEST_PERSISTENCE),
                np.log(floor[:, 0] / floor[:, 2]),
                np.log(floor[:, 1] / floor[:, 2]),
            ]
        )[:, : self._width]
        blocks[:, 1:] = np.clip(blocks[:, 1:], -LOG_ODDS_BOUND, LOG_ODDS_BOUND)
        mean = (values[: self._mean] - self.centre) / self.scale
        return np.concatenate([mean, blocks.ravel(), self.radial.unconstrained(values[end:])])

    def ranking(self, theta: Array) -> list[tuple[float, ...]]:
        """Unconditional variance of the regime."""
        _, blocks, _ = self._unpack(theta)
        return [(float(level),) for level in blocks[:, 0]]

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        _, blocks, shape = self._unpack(theta)
        return np.concatenate([theta[: self._mean], blocks[order].ravel(), shape])

"""The likelihood of a switching model: a chain and an emission model put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.regimes.chain import Chain, LaggedStates
from models.regimes.emissions import Emission
from models.regimes.kernels import hamilton_filter, kim_smoother

Array = NDArray[np.float64]

#: Step of the central differences, relative to max(1, |theta|).
DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Probabilities:
    """What the filter and the smoother say about the regime.

    Attributes
    ----------
    logliks : array, shape (T,)
        log f(y_t | F_{t-1}).
    predicted, filtered, smoothed : array, shape (T, K)
        P(s_t | F_{t-1}), P(s_t | F_t), P(s_t | F_T).
    """

    logliks: Array
    predicted: Array
    filtered: Array
    smoothed: Array

    @property
    def loglik(self) -> float:
        return float(self.logliks.sum())


@dataclass(frozen=True)
class SwitchingLikelihood:
    """theta = (chain parameters, emission parameters), all unconstrained.

    Parameters
    ----------
    chain : Chain
    states : LaggedStates
        The chain itself, or the chain with its lags for an autoregression.
    emission : Emission
    """

    chain: Chain
    states: LaggedStates
    emission: Emission

    @property
    def size(self) -> int:
        return self.chain.size + self.emission.size

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the natural parameters."""
        return (*self.chain.names, *self.emission.names)

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the unconstrained parameters, each after the natural one it moves."""
        return (*self.chain.theta_names, *self.emission.theta_names)

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [*self.chain.bounds, *self.emission.bounds]

    @property
    def limits(self) -> tuple[Array, Array]:
        """`bounds` as arrays, infinite where a side is open."""
        low, high = zip(*self.bounds, strict=True)
        return (
            np.array([-np.inf if bound is None else bound for bound in low]),
            np.array([np.inf if bound is None else bound for bound in high]),
        )

    def split(self, theta: Array) -> tuple[Array, Array]:
        return theta[: self.chain.size], theta[self.chain.size :]

    def _filter(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        """Log-likelihoods, predicted and filtered probabilities of the states, and all transition matrices."""
        chain_theta, emission_theta = self.split(theta)
        transition = self.chain.transition(chain_theta)
        initial = self.states.initial(self.chain.initial(transition), transition)
        densities = self.emission.log_densities(emission_theta)
        return (*hamilton_filter(densities, self.states.observed(transition), initial), transition)

    def probabilities(self, theta: Array) -> Probabilities:
        """Predicted, filtered and smoothed probabilities of the regimes."""
        logliks, predicted, filtered, transition = self._filter(theta)
        smoothed, _ = kim_smoother(predicted, filtered, self.states.observed(transition))
        marginal = self.states.marginal
        return Probabilities(logliks, marginal(predicted), marginal(filtered), marginal(smoothed))

    def transforms(self, theta: Array) -> Array:
        """P(Y_it <= y_it | F_{t-1}) of each series, shape (T, N)."""
        predicted = self._filter(theta)[1]
        return np.asarray(np.einsum("ts,tsn->tn", predicted, self.emission.transforms(self.split(theta)[1])))

    def states_last(self, theta: Array) -> Array:
        """Filtered probabilities of the last state, shape (S,)."""
        return np.asarray(self._filter(theta)[2][-1])

    def logliks(self, theta: Array) -> Array:
        """log f(y_t | F_{t-1}), shape (T,)."""
        return self._filter(theta)[0]

    def _expectation(self, theta: Array) -> tuple[float, Array, Array, Array]:
        logliks, predicted, filtered, transition = self._filter(theta)
        smoothed, pairs = kim_smoother(predicted, filtered, self.states.observed(transition))
        transitions, first = self.states.whole(pairs, smoothed[0], transition)
        return float(logliks.sum()), smoothed, transitions, first

    def value_and_score(self, theta: Array) -> tuple[float, Array]:
        """Log-likelihood and its score, by Fisher's identity: the expected score of the complete data.

        Minus infinity where a matrix is singular in double precision.
        """
        chain_theta, emission_theta = self.split(theta)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                value, smoothed, transitions, first = self._expectation(theta)
            except np.linalg.LinAlgError:
                return -np.inf, np.zeros_like(theta)
            if not np.isfinite(value):
                return -np.inf, np.zeros_like(theta)
            score = np.concatenate(
                [
                    self.chain.score(chain_theta, transitions, first),
                    self.emission.score(emission_theta, smoothed),
                ]
            )
        return (value, score) if np.isfinite(score).all() else (-np.inf, np.zeros_like(theta))

    def em_step(self, theta: Array) -> tuple[float, Array, Array]:
        """Log-likelihood at theta, the next theta, and the smoothed probabilities of the regimes at theta."""
        chain_theta, emission_theta = self.split(theta)
        value, smoothed, transitions, _ = self._expectation(theta)
        following = np.concatenate(
            [self.chain.update(chain_theta, transitions), self.emission.update(emission_theta, smoothed)]
        )
        return value, following, self.states.marginal(smoothed)

    def begin(self, weights: Array) -> Array:
        """theta from regime weights, shape (T, K)."""
        expanded = self.states.weights(weights) if self.states.order else weights
        return np.concatenate([self.chain.begin(weights), self.emission.begin(expanded)])

    def moved(self, theta: Array, weights: Array) -> Array:
        """theta after one M-step with other regime weights, shape (T, K)."""
        expanded = self.states.weights(weights) if self.states.order else weights
        return np.concatenate([self.chain.begin(weights), self.emission.update(self.split(theta)[1], expanded)])

    def natural(self, theta: Array) -> Array:
        """Parameters in their own units, in the order of `names`."""
        chain_theta, emission_theta = self.split(theta)
        return np.concatenate([self.chain.natural(chain_theta), self.emission.natural(emission_theta)])

    def unconstrained(self, natural: Array) -> Array:
        """theta of natural parameters."""
        split = len(self.chain.names)
        return np.concatenate([self.chain.unconstrained(natural[:split]), self.emission.unconstrained(natural[split:])])

    def ordered(self, theta: Array) -> Array:
        """The same point with the regimes in canonical order."""
        chain_theta, emission_theta = self.split(theta)
        ranking = self.emission.ranking(emission_theta)
        order = np.array(sorted(range(len(ranking)), key=lambda k: ranking[k]))
        return np.concatenate([self.chain.permute(chain_theta, order), self.emission.permute(emission_theta, order)])

    def hessian(self, theta: Array, free: NDArray[np.bool_]) -> Array:
        """Second derivatives with respect to the free parameters, by central differences of the score."""
        matrix = central_differences(lambda moved: self.value_and_score(moved)[1][free], theta, free)
        return 0.5 * (matrix + matrix.T)

    def scores(self, theta: Array, free: NDArray[np.bool_]) -> Array:
        """Derivative of each log f(y_t | F_{t-1}) with respect to the free parameters, shape (T, P)."""
        return central_differences(self.logliks, theta, free)

    def jacobian(self, theta: Array, free: NDArray[np.bool_]) -> Array:
        """Derivative of the natural parameters with respect to the free ones, shape (size, P)."""
        return central_differences(self.natural, theta, free)


def central_differences(function: Callable[[Array], Array], theta: Array, free: NDArray[np.bool_]) -> Array:
    """Derivative of a function of theta with respect to its free elements, shape (M, P)."""
    columns = []
    for index in np.flatnonzero(free):
        step = DIFFERENCE * max(1.0, abs(theta[index]))
        high, low = theta.copy(), theta.copy()
        high[index] += step
        low[index] -= step
        columns.append((function(high) - function(low)) / (2.0 * step))
    return np.column_stack(columns)

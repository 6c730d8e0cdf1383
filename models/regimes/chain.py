"""The hidden Markov chain: its transition matrix, ergodic start, score and M-step.

The emission models never see it; the likelihood puts the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.regimes.kernels import stationary_distribution

Array = NDArray[np.float64]

#: Bound of a transition log-odds; exp(-30) is zero for any sample.
LOG_ODDS_BOUND = 30.0
#: Expected transitions added to each cell in the M-step, so that no transition dies before the search is over.
PSEUDO_TRANSITIONS = 1e-3


def _ergodic_score(transition: Array, ergodic: Array, first: Array) -> Array:
    """Derivative of sum_k first_k log pi_k with respect to each entry P_ij, free of the adding-up constraint.

    d pi = pi dP Z with Z = (I - P + 1 pi')^-1.
    """
    states = transition.shape[0]
    fundamental = np.linalg.inv(np.eye(states) - transition + ergodic[None, :])
    ratio = np.divide(first, ergodic, out=np.zeros(states), where=ergodic > 0.0)
    return np.asarray(np.outer(ergodic, fundamental @ ratio))


def _implied_transition(weights: Array) -> Array:
    counts = weights[:-1].T @ weights[1:] + 1.0
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class ConstantChain:
    """Transition probabilities that do not change: P_ij = exp(u_ij) / sum_l exp(u_il) with u_ii = 0.

    Parameters
    ----------
    k_regimes : int
    start : tuple of float, optional
        P(s_1); the ergodic distribution where None.
    """

    k_regimes: int
    start: tuple[float, ...] | None = None

    @property
    def size(self) -> int:
        return self.k_regimes * (self.k_regimes - 1)

    @property
    def names(self) -> tuple[str, ...]:
        """`p[i->j]`, each row without its last entry."""
        regimes = range(self.k_regimes)
        return tuple(f"p[{i}->{j}]" for i in regimes for j in regimes[:-1])

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Names of the log-odds: the probabilities off the diagonal."""
        regimes = range(self.k_regimes)
        return tuple(f"p[{i}->{j}]" for i in regimes for j in regimes if i != j)

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(-LOG_ODDS_BOUND, LOG_ODDS_BOUND)] * self.size

    def _off_diagonal(self) -> NDArray[np.bool_]:
        return np.asarray(~np.eye(self.k_regimes, dtype=bool))

    def transition(self, theta: Array) -> Array:
        """Transition matrix, shape (1, K, K)."""
        log_odds = np.zeros((self.k_regimes, self.k_regimes))
        log_odds[self._off_diagonal()] = theta
        odds = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
        return np.asarray((odds / odds.sum(axis=1, keepdims=True))[None])

    def initial(self, transition: Array) -> Array:
        """P(s_1), shape (K,)."""
        return stationary_distribution(transition[0]) if self.start is None else np.array(self.start)

    def score(self, theta: Array, transitions: Array, first: Array) -> Array:
        """Score by Fisher's identity from expected transitions, (1, K, K), and first probabilities, (K,)."""
        transition = self.transition(theta)
        matrix = transition[0]
        weights = transitions[0].copy()
        slope = weights - weights.sum(axis=1, keepdims=True) * matrix
        if self.start is None:
            entry = _ergodic_score(matrix, self.initial(transition), first)
            slope += matrix * (entry - (matrix * entry).sum(axis=1, keepdims=True))
        return np.asarray(slope[self._off_diagonal()])

    def update(self, theta: Array, transitions: Array) -> Array:  # noqa: ARG002 - a varying chain needs its last value
        """M-step: expected transitions divided by their row sums."""
        counts = transitions[0] + PSEUDO_TRANSITIONS
        return self._log_odds(counts)

    def _log_odds(self, matrix: Array) -> Array:
        safe = np.maximum(matrix, 1e-300)
        log_odds = np.log(safe) - np.log(np.diag(safe))[:, None]
        return np.asarray(np.clip(log_odds[self._off_diagonal()], -LOG_ODDS_BOUND, LOG_ODDS_BOUND))

    def natural(self, theta: Array) -> Array:
        return np.asarray(self.transition(theta)[0][:, :-1].ravel())

    def unconstrained(self, natural: Array) -> Array:
        rows = np.asarray(natural, dtype=np.float64).reshape(self.k_regimes, self.k_regimes - 1)
        return self._log_odds(np.column_stack([rows, 1.0 - rows.sum(axis=1)]))

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        return self._log_odds(self.transition(theta)[0][np.ix_(order, order)])

    def begin(self, weights: Array) -> Array:
        """The transitions that regime weights, shape (T, K), would make."""
        return self._log_odds(_implied_transition(weights))


@dataclass(frozen=True)
class CovariateChain:
    """Transition probabilities driven by a predetermined variable (Filardo 1994, JBES 12, eq. 2-3).

    P_t(i -> j) is a multinomial logit in the covariates with the last regime as base; the chain starts from the
    ergodic distribution of the first matrix.

    Parameters
    ----------
    k_regimes : int
    covariates : array, shape (T, Q)
        z_{t-1}, what was known before t, a constant included.
    covariate_names : tuple of str
    """

    k_regimes: int
    covariates: Array
    covariate_names: tuple[str, ...]

    @property
    def size(self) -> int:
        return self.k_regimes * (self.k_regimes - 1) * self.covariates.shape[1]

    @property
    def names(self) -> tuple[str, ...]:
        """`p[i->j].covariate`, log-odds against the last regime."""
        regimes = range(self.k_regimes)
        return tuple(f"p[{i}->{j}].{name}" for i in regimes for j in regimes[:-1] for name in self.covariate_names)

    @property
    def theta_names(self) -> tuple[str, ...]:
        return self.names

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(-1e3, 1e3)] * self.size

    def _slopes(self, theta: Array) -> Array:
        return theta.reshape(self.k_regimes, self.k_regimes - 1, self.covariates.shape[1])

    def transition(self, theta: Array) -> Array:
        """Transition matrices, shape (T, K, K)."""
        length = self.covariates.shape[0]
        log_odds = np.zeros((length, self.k_regimes, self.k_regimes))
        log_odds[:, :, :-1] = np.einsum("tq,ijq->tij", self.covariates, self._slopes(theta))
        return np.ascontiguousarray(special.softmax(log_odds, axis=2))

    def initial(self, transition: Array) -> Array:
        return stationary_distribution(transition[0])

    def score(self, theta: Array, transitions: Array, first: Array) -> Array:
        transition = self.transition(theta)
        slope = transitions - transitions.sum(axis=2, keepdims=True) * transition
        matrix = transition[0]
        entry = _ergodic_score(matrix, self.initial(transition), first)
        slope[0] += matrix * (entry - (matrix * entry).sum(axis=1, keepdims=True))
        return np.asarray(np.einsum("tij,tq->ijq", slope[:, :, :-1], self.covariates).ravel())

    def update(self, theta: Array, transitions: Array) -> Array:
        """Generalised M-step: one damped Newton step of each row's weighted multinomial logit."""
        transition = self.transition(theta)
        slopes = self._slopes(theta).copy()
        count, width = self.k_regimes - 1, self.covariates.shape[1]
        for i in range(self.k_regimes):
            weight = transitions[:, i, :].sum(axis=1)
            chances = transition[:, i, :-1]
            gradient = np.einsum("tj,tq->jq", transitions[:, i, :-1] - weight[:, None] * chances, self.covariates)
            curvature = np.einsum("tj,jl->tjl", chances, np.eye(count)) - chances[:, :, None] * chances[:, None, :]
            information = np.einsum("t,tjl,tq,tr->jqlr", weight, curvature, self.covariates, self.covariates)
            square = information.reshape(count * width, count * width)
            ridge = 1e-3 * np.eye(count * width) * max(1.0, float(np.trace(square)) / (count * width))
            step = np.linalg.solve(square + ridge, gradient.ravel())
            slopes[i] += (step * min(1.0, 2.0 / max(float(np.max(np.abs(step))), 1e-12))).reshape(count, width)
        return np.asarray(slopes.ravel())

    def natural(self, theta: Array) -> Array:
        return theta.copy()

    def unconstrained(self, natural: Array) -> Array:
        return np.array(natural, dtype=np.float64)

    def permute(self, theta: Array, order: NDArray[np.intp]) -> Array:
        full = np.concatenate([self._slopes(theta), np.zeros((self.k_regimes, 1, self.covariates.shape[1]))], axis=1)[
            np.ix_(order, order)
        ]
        return np.asarray((full[:, :-1] - full[:, -1:]).ravel())

    def begin(self, weights: Array) -> Array:
        """The transitions that regime weights, shape (T, K), would make, whatever the covariates."""
        matrix = _implied_transition(weights)
        target = np.log(matrix[:, :-1]) - np.log(matrix[:, -1:])
        constant, *_ = np.linalg.lstsq(self.covariates, np.ones(self.covariates.shape[0]), rcond=None)
        return np.asarray((target[:, :, None] * constant[None, None, :]).ravel())


Chain = ConstantChain | CovariateChain


@dataclass(frozen=True)
class LaggedStates:
    """The states (s_t, s_{t-1}, ..., s_{t-p}) that a Markov-switching autoregression needs (Hamilton 1989).

    Numbered as in `models.regimes.kernels`; with p = 0 they are the regimes. The chain begins p periods before the
    first observation that enters the likelihood; where it varies, its matrices cover these periods, too.
    """

    k_regimes: int
    order: int

    @property
    def states(self) -> int:
        return int(self.k_regimes ** (self.order + 1))

    @property
    def regimes(self) -> NDArray[np.intp]:
        """Regime of s_{t-l} in each state, shape (S, p + 1)."""
        digits = np.unravel_index(np.arange(self.states), (self.k_regimes,) * (self.order + 1))
        return np.column_stack(digits)

    def observed(self, transition: Array) -> Array:
        """Matrices of the observations that enter the likelihood, without those before them."""
        return transition[self.order :] if len(transition) > 1 else transition

    def initial(self, initial: Array, transition: Array) -> Array:
        """P of the first state, shape (S,), from that of the first regime, p periods earlier."""
        regimes = self.regimes
        chance = initial[regimes[:, -1]]
        for lag in range(self.order, 0, -1):
            matrix = transition[self._row(lag, transition)]
            chance = chance * matrix[regimes[:, lag], regimes[:, lag - 1]]
        return np.asarray(chance)

    def _row(self, lag: int, transition: Array) -> int:
        """Row of the matrix that moves s_{t-lag} to s_{t-lag+1} for the first t."""
        return self.order - lag + 1 if len(transition) > 1 else 0

    def weights(self, probabilities: Array) -> Array:
        """Weights of the states, shape (T, S), from probabilities of the regimes, shape (T, K), as if independent."""
        regimes = self.regimes
        weights = np.ones((probabilities.shape[0], self.states))
        for lag in range(self.order + 1):
            shifted = np.concatenate([probabilities[:1].repeat(lag, axis=0), probabilities[: len(probabilities) - lag]])
            weights *= shifted[:, regimes[:, lag]]
        return weights

    def marginal(self, probabilities: Array) -> Array:
        """Probabilities of the regime s_t, shape (T, K), from those of the states, shape (T, S)."""
        if self.order == 0:
            return probabilities
        return np.asarray(probabilities.reshape(len(probabilities), self.k_regimes, -1).sum(axis=2))

    def whole(self, transitions: Array, first: Array, transition: Array) -> tuple[Array, Array]:
        """Expected transitions with those before the first observation, and P of the regime the chain begins in.

        Parameters
        ----------
        transitions : array, of the shape of `observed(transition)`
        first : array, shape (S,)
            Smoothed probabilities of the first state.
        transition : array, shape (L, K, K)
        """
        if self.order == 0:
            return transitions, first
        regimes = self.regimes
        full = transitions.copy()
        if len(transition) > 1:
            full = np.concatenate([np.zeros((self.order, self.k_regimes, self.k_regimes)), full])
        for lag in range(self.order, 0, -1):
            np.add.at(full[self._row(lag, transition)], (regimes[:, lag], regimes[:, lag - 1]), first)
        return full, np.asarray(np.bincount(regimes[:, -1], weights=first, minlength=self.k_regimes), dtype=np.float64)

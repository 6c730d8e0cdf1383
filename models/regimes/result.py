"""What a regime model found, and what follows from it without refitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.optimise import Convergence
from models.regimes.degenerate import DegenerateRegime, degenerate_regimes
from models.regimes.kernels import stationary_distribution
from models.regimes.likelihood import Probabilities, SwitchingLikelihood, central_differences
from models.regimes.search import Found

Array = NDArray[np.float64]
Parameters = pd.Series | Mapping[str, float] | ArrayLike


def as_natural(params: Parameters, names: tuple[str, ...]) -> Array:
    """Parameters in the order of `names`, from a labelled or an ordered vector.

    Raises
    ------
    EstimationError
        If a name is missing or the number differs.
    """
    if isinstance(params, pd.Series | Mapping):
        lookup = dict(params)
        missing = [name for name in names if name not in lookup]
        if missing:
            raise EstimationError("params", f"{', '.join(missing)} missing", f"Give {', '.join(names)}.")
        return np.array([float(lookup[name]) for name in names])
    values = np.asarray(params, dtype=np.float64).ravel()
    if len(values) != len(names):
        raise EstimationError("params", f"{len(values)} values for {len(names)} names", f"Give {', '.join(names)}.")
    return values


@dataclass(frozen=True)
class RegimeProbabilities:
    """Regime probabilities under given parameters, labelled.

    Attributes
    ----------
    loglik : float
    predicted, filtered, smoothed : DataFrame, shape (T, K)
        P(s_t | F_{t-1}), P(s_t | F_t) and, hindsight, P(s_t | F_T).
    """

    loglik: float
    predicted: pd.DataFrame
    filtered: pd.DataFrame
    smoothed: pd.DataFrame

    @classmethod
    def at(cls, likelihood: SwitchingLikelihood, params: Parameters, index: pd.Index) -> RegimeProbabilities:
        """Probabilities at parameters in the units of the data, see `as_natural`."""
        theta = likelihood.unconstrained(as_natural(params, likelihood.names))
        return cls.of(likelihood.probabilities(theta), index)

    @classmethod
    def of(cls, probabilities: Probabilities, index: pd.Index) -> RegimeProbabilities:
        """Probabilities with the labels of their observations."""
        columns = pd.RangeIndex(probabilities.filtered.shape[1], name="regime")

        def frame(values: Array) -> pd.DataFrame:
            return pd.DataFrame(values, index=index, columns=columns)

        return cls(
            probabilities.loglik,
            frame(probabilities.predicted),
            frame(probabilities.filtered),
            frame(probabilities.smoothed),
        )


def _inverse(matrix: Array) -> Array:
    """Inverse of an information matrix; NaN where it is not positive definite."""
    if not matrix.size:
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    if values[0] <= 1e-12 * values[-1]:
        return np.full_like(matrix, np.nan)
    return np.asarray((vectors / values) @ vectors.T)


@dataclass(frozen=True, eq=False)
class RegimeResult:
    """A fitted regime model; regimes are numbered from calm (0) to turbulent.

    Attributes
    ----------
    likelihood : SwitchingLikelihood
        Model and data.
    index : pandas.Index
        Of the T observations that enter the likelihood.
    found : Found
        The optimum in unconstrained parameters.
    """

    likelihood: SwitchingLikelihood
    index: pd.Index
    found: Found

    @property
    def convergence(self) -> Convergence:
        """Starts, share of them at the best optimum, runner-up, gradient, parameters at a bound."""
        return self.found.convergence

    @cached_property
    def degenerate(self) -> tuple[DegenerateRegime, ...]:
        """Regimes at which the likelihood is unbounded, so that its value and their parameters are no estimates."""
        emission = self.likelihood.emission
        at_floor = emission.at_floor(self.likelihood.split(self.found.theta)[1])
        return degenerate_regimes(self.smoothed.to_numpy(), emission.smallest_regime, at_floor)

    @property
    def k_regimes(self) -> int:
        return self.likelihood.chain.k_regimes

    @property
    def n(self) -> int:
        return len(self.index)

    @cached_property
    def params(self) -> pd.Series:
        """Parameters in the units of the data."""
        return pd.Series(self.likelihood.natural(self.found.theta), index=self.likelihood.names, name="params")

    @cached_property
    def _jacobian(self) -> Array:
        return self.likelihood.jacobian(self.found.theta, self.found.free)

    @cached_property
    def information_inverse(self) -> Array:
        """Inverse of the observed information of the free unconstrained parameters."""
        return _inverse(-self.found.hessian)

    @property
    def theta_covariance(self) -> Array:
        """Covariance of the free unconstrained parameters, on which `std_errors` and all intervals rest."""
        return self.information_inverse

    @property
    def robust_theta_covariance(self) -> Array:
        """Sandwich covariance of the free unconstrained parameters."""
        scores = self.likelihood.scores(self.found.theta, self.found.free)
        return np.asarray(self.information_inverse @ scores.T @ scores @ self.information_inverse)

    def _natural_covariance(self, covariance: Array) -> pd.DataFrame:
        matrix = self._jacobian @ covariance @ self._jacobian.T
        fixed = np.sqrt(np.abs(np.diag(matrix))) <= 1e-9 * np.maximum(np.abs(self.params.to_numpy()), 1e-3)
        fixed |= self.params.index.isin(self.convergence.at_bounds)
        matrix[fixed] = np.nan
        matrix[:, fixed] = np.nan
        return pd.DataFrame(matrix, index=self.params.index, columns=self.params.index)

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Covariance of `params` from the observed information; NaN for a parameter at a bound."""
        return self._natural_covariance(self.theta_covariance)

    @cached_property
    def robust_covariance(self) -> pd.DataFrame:
        """Sandwich A^-1 B A^-1 (White 1982, Econometrica 50), B from the scores of log f(y_t | F_{t-1})."""
        return self._natural_covariance(self.robust_theta_covariance)

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors of `params` from the observed information."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.params.index, name="std_errors")

    @property
    def robust_std_errors(self) -> pd.Series:
        """Standard errors of `params` from the sandwich."""
        return pd.Series(np.sqrt(np.diag(self.robust_covariance)), index=self.params.index, name="robust_std_errors")

    @cached_property
    def _probabilities(self) -> RegimeProbabilities:
        return RegimeProbabilities.of(self.likelihood.probabilities(self.found.theta), self.index)

    @property
    def loglik(self) -> float:
        return self._probabilities.loglik

    @property
    def predicted(self) -> pd.DataFrame:
        """P(s_t | F_{t-1}), shape (T, K)."""
        return self._probabilities.predicted

    @property
    def filtered(self) -> pd.DataFrame:
        """P(s_t | F_t) with the parameters of the full sample, shape (T, K)."""
        return self._probabilities.filtered

    @property
    def smoothed(self) -> pd.DataFrame:
        """P(s_t | F_T), shape (T, K): hindsight."""
        return self._probabilities.smoothed

    @cached_property
    def transitions(self) -> Array:
        """Transition matrices, shape (1, K, K), or (T, K, K) where a variable drives them; rows sum to one."""
        return self.likelihood.chain.transition(self.likelihood.split(self.found.theta)[0])

    @property
    def transition(self) -> Array:
        """P(s_t = j | s_{t-1} = i) at row i, column j, shape (K, K); the last one where it varies."""
        return self.transitions[-1]

    @property
    def ergodic(self) -> Array:
        """Stationary probabilities of `transition`, shape (K,)."""
        return stationary_distribution(self.transition)

    @property
    def expected_durations(self) -> Array:
        """1 / (1 - p_kk), in observations, shape (K,)."""
        return np.asarray(1.0 / np.maximum(1.0 - np.diag(self.transition), 1e-300))

    @property
    def regime_shares(self) -> Array:
        """Mean smoothed probability of each regime, shape (K,)."""
        return self.smoothed.mean().to_numpy()

    @property
    def regime_spells(self) -> NDArray[np.intp]:
        """Number of separate spells in which each regime is the likeliest in hindsight, shape (K,)."""
        path = self.smoothed.to_numpy().argmax(axis=1)
        begins = np.concatenate([[True], path[1:] != path[:-1]])
        return np.bincount(path[begins], minlength=self.k_regimes)

    def _chain_estimates(self, level: float) -> tuple[Array, Array, float]:
        """Staying probabilities' logits and their standard errors, and the normal quantile of `level`."""
        theta, free = self.found.theta, self.found.free

        def logits(values: Array) -> Array:
            matrix = self.likelihood.chain.transition(self.likelihood.split(values)[0])[-1]
            return np.asarray(special.logit(np.clip(np.diag(matrix), 1e-15, 1.0 - 1e-15)))

        slopes = central_differences(logits, theta, free)
        errors = np.sqrt(np.einsum("kp,pq,kq->k", slopes, self.theta_covariance, slopes))
        return logits(theta), errors, float(stats.norm.ppf(0.5 + 0.5 * level))

    def durations(self, level: float = 0.95) -> tuple[Estimate | NotDecidable, ...]:
        """Expected duration of each regime with its delta-method interval, built on the logit of p_kk.

        Parameters
        ----------
        level : float
            Coverage of the intervals.
        """
        logits, errors, quantile = self._chain_estimates(level)
        estimates: list[Estimate | NotDecidable] = []
        for logit, error in zip(logits, errors, strict=True):
            if not 0.0 < error < 10.0:
                estimates.append(NotDecidable("the probability of staying is estimated at its bound"))
                continue
            duration = 1.0 + float(np.exp(logit))
            estimates.append(
                Estimate(
                    value=duration,
                    std_error=float((duration - 1.0) * error),
                    lower=1.0 + float(np.exp(logit - quantile * error)),
                    upper=1.0 + float(np.exp(logit + quantile * error)),
                    level=level,
                    n=self.n,
                    unit="observations",
                    method="maximum likelihood; delta method on the logit of the probability of staying",
                )
            )
        return tuple(estimates)

    def ergodic_estimates(self, level: float = 0.95) -> tuple[Estimate | NotDecidable, ...]:
        """Stationary probability of each regime with its delta-method interval, built on its logit."""
        theta, free = self.found.theta, self.found.free

        def logits(values: Array) -> Array:
            matrix = self.likelihood.chain.transition(self.likelihood.split(values)[0])[-1]
            return np.asarray(special.logit(np.clip(stationary_distribution(matrix), 1e-15, 1.0 - 1e-15)))

        slopes = central_differences(logits, theta, free)
        errors = np.sqrt(np.einsum("kp,pq,kq->k", slopes, self.theta_covariance, slopes))
        quantile = float(stats.norm.ppf(0.5 + 0.5 * level))
        estimates: list[Estimate | NotDecidable] = []
        for centre, error in zip(logits(theta), errors, strict=True):
            if not 0.0 < error < 10.0:
                estimates.append(NotDecidable("the stationary probability is estimated at its bound"))
                continue
            low, value, high = special.expit(centre + quantile * error * np.array([-1.0, 0.0, 1.0]))
            estimates.append(
                Estimate(
                    value=float(value),
                    std_error=float(value * (1.0 - value) * error),
                    lower=float(low),
                    upper=float(high),
                    level=level,
                    n=self.n,
                    unit="probability",
                    method="maximum likelihood; delta method on the logit",
                )
            )
        return tuple(estimates)

"""One margin: its parameters, its filter and its likelihood with exact derivatives. No optimiser here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.margins.distributions import SHAPES
from models.margins.kernels import (
    SQRT_2_OVER_PI,
    egarch_derivatives,
    egarch_variances,
    garch_derivatives,
    garch_variances,
    gaussian_garch_score,
    gaussian_garch_score_constant_mean,
)
from models.margins.types import Array, Distribution, InitialVariance, Mean, Volatility

#: Largest admissible persistence of the variance: closer to one than any data can tell.
MAX_PERSISTENCE = 1.0 - 1e-8
#: Persistence from which on a variance counts as integrated, and its sandwich as doubtful.
INTEGRATED = 0.9999


@dataclass(frozen=True, slots=True)
class MarginModel:
    """A univariate model of a return r_t in percent.

    r_t = mu + phi (r_{t-1} - mu) + e_t with e_t = sqrt(h_t) z_t, where phi is zero for a constant mean and the return
    before the sample is taken at mu;

    - garch: h_t = omega + alpha e_{t-1}^2 + beta h_{t-1} (Bollerslev 1986),
    - gjr: h_t = omega + (alpha + gamma 1[e_{t-1} < 0]) e_{t-1}^2 + beta h_{t-1} (Glosten, Jagannathan and Runkle 1993),
    - egarch: ln h_t = omega + alpha (abs(z_{t-1}) - sqrt(2/pi)) + gamma z_{t-1} + beta ln h_{t-1} (Nelson 1991).

    The first variance follows `initial_variance`: "backcast" sets h_1 = omega + (alpha + gamma/2 + beta) c, with c the
    exponentially weighted mean (0.94, 75 days) of the first squared deviations, as in `arch`; "mean_square" sets
    h_1 = mean(e_t^2) at the current parameters, as in R's rugarch.
    """

    volatility: Volatility = "garch"
    mean: Mean = "constant"
    distribution: Distribution = "normal"
    initial_variance: InitialVariance = "backcast"

    @property
    def mean_names(self) -> tuple[str, ...]:
        return ("mu",) if self.mean == "constant" else ("mu", "phi")

    @property
    def variance_names(self) -> tuple[str, ...]:
        return ("omega", "alpha", "beta") if self.volatility == "garch" else ("omega", "alpha", "gamma", "beta")

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in their order: mean, variance, shape."""
        return (*self.mean_names, *self.variance_names, *SHAPES[self.distribution].names)

    @property
    def tail_start(self) -> tuple[float, ...]:
        """Where the search for the parameters behind those of the variance begins."""
        return SHAPES[self.distribution].start

    @property
    def tail_bounds(self) -> tuple[tuple[float, float], ...]:
        """Box of the parameters behind those of the variance."""
        return SHAPES[self.distribution].bounds

    def split(self, params: Array) -> tuple[Array, tuple[float, float, float, float], Array]:
        """Mean parameters, (omega, alpha, gamma, beta), shape parameters."""
        means, variances = len(self.mean_names), len(self.variance_names)
        middle = [float(value) for value in params[means : means + variances]]
        if self.volatility == "garch":
            middle.insert(2, 0.0)
        return params[:means], (middle[0], middle[1], middle[2], middle[3]), params[means + variances :]

    def admissible(self, params: Array) -> bool:
        """Whether the recursion is stationary and the variance positive at `params`."""
        return self.filterable(params) and abs(self.persistence(params)) < 1.0

    def filterable(self, params: Array) -> bool:
        """Whether the variances of given returns stay positive and finite at `params`; weaker than `admissible`."""
        means, (omega, alpha, gamma, beta), shape = self.split(params)
        in_bounds = all(
            low <= value <= high for value, (low, high) in zip(shape, SHAPES[self.distribution].bounds, strict=True)
        )
        positive = self.volatility == "egarch" or (
            omega > 0.0 and alpha >= 0.0 and alpha + gamma >= 0.0 and beta >= 0.0
        )
        return in_bounds and positive and abs(beta) < 1.0 and (means.size == 1 or abs(means[1]) < 1.0)

    def persistence(self, params: Array) -> float:
        """Decay of a variance shock a day: alpha + gamma/2 + beta, or beta for EGARCH."""
        _, (_, alpha, gamma, beta), _ = self.split(params)
        return beta if self.volatility == "egarch" else alpha + 0.5 * gamma + beta

    def next_variances(self, params: Array, z: Array, variances: Array) -> Array:
        """h of the sessions after those with residuals `z` and h `variances`, any shape."""
        _, (omega, alpha, gamma, beta), _ = self.split(params)
        if self.volatility == "egarch":
            news = alpha * (np.abs(z) - SQRT_2_OVER_PI) + gamma * z
            return np.asarray(np.exp(omega + news + beta * np.log(variances)))
        return np.asarray(omega + ((alpha + gamma * (z < 0.0)) * z * z + beta) * variances)

    def state_after(self, params: Array, z: Array, variances: Array) -> float:
        """h of the session after a filtered sample, from the residuals and variances of its T sessions."""
        last = variances[-1:] / self.multipliers(params, variances.size - 1, 1)
        return float(self.next_variances(params, z[-1:], last)[0])

    def multipliers(self, params: Array, first: int, count: int) -> Array:  # noqa: ARG002 - none depends on the session
        """Variance over h of `count` sessions from position `first` of the sample on, shape (count,): one."""
        return np.ones(count)

    def unconditional_variance(self, params: Array) -> float:
        """Level to which variance forecasts tend; for EGARCH exp(E ln h)."""
        _, (omega, _, _, beta), _ = self.split(params)
        if self.volatility == "egarch":
            return float(np.exp(omega / (1.0 - beta)))
        return omega / (1.0 - self.persistence(params))

    def residuals(self, params: Array, returns: Array) -> Array:
        """e_t, shape (T,)."""
        deviations = returns - params[0]
        if self.mean == "ar1":
            deviations[1:] = deviations[1:] - params[1] * deviations[:-1].copy()
        return deviations

    def filter(self, params: Array, returns: Array, backcast: float) -> tuple[Array, Array]:
        """Variances and standardised residuals at given parameters.

        Parameters
        ----------
        params : array, shape (P,)
            In the order of `names`.
        returns : array, shape (T,)
            Percent.
        backcast : float
            See `backcast`; unused with "mean_square".

        Returns
        -------
        variances, std_residuals : arrays, shape (T,)
        """
        residuals = self.residuals(params, returns)
        _, variance_params, _ = self.split(params)
        first = self._first_variance(variance_params, residuals, backcast)
        recursion = egarch_variances if self.volatility == "egarch" else garch_variances
        variances = recursion(residuals, *variance_params, first)
        return variances, residuals / np.sqrt(variances)

    def filter_derivatives(self, params: Array, returns: Array, backcast: float) -> tuple[Array, Array, Array, Array]:
        """Variances, standardised residuals, and the derivatives of both by the parameters, shape (T, P)."""
        residuals = self.residuals(params, returns)
        d_residuals = self._residual_derivatives(params, returns)
        _, variance_params, shape = self.split(params)
        omega, alpha, gamma, beta = variance_params
        first, d_first = self._first_with_derivatives(variance_params, residuals, d_residuals, backcast)
        means = d_residuals.shape[1]
        if self.volatility == "egarch":
            variances = egarch_variances(residuals, omega, alpha, gamma, beta, first)
            d_variances = egarch_derivatives(residuals, d_residuals, variances, alpha, gamma, beta, d_first)
        else:
            variances = garch_variances(residuals, omega, alpha, gamma, beta, first)
            d_variances = garch_derivatives(residuals, d_residuals, variances, alpha, gamma, beta, d_first)
        if self.volatility == "garch":
            d_variances = np.delete(d_variances, means + 2, axis=1)
        scale = np.sqrt(variances)
        z = residuals / scale
        d_variances = np.column_stack([d_variances, np.zeros((returns.size, shape.size))])
        d_z = -0.5 * z[:, None] * d_variances / variances[:, None]
        d_z[:, :means] += d_residuals / scale[:, None]
        return variances, z, d_variances, d_z

    def scores(self, params: Array, returns: Array, backcast: float) -> tuple[Array, Array]:
        """Log-likelihood of each observation, shape (T,), and its score, shape (T, P)."""
        variances, z, d_variances, d_z = self.filter_derivatives(params, returns, backcast)
        shape = self.split(params)[2]
        log_density, by_z, by_shape = SHAPES[self.distribution].density(z, shape)
        scores = by_z[:, None] * d_z - 0.5 * d_variances / variances[:, None]
        if shape.size:
            at = len(self.mean_names) + len(self.variance_names)
            scores[:, at : at + shape.size] += by_shape
        return log_density - 0.5 * np.log(variances), scores

    def loglik_and_gradient(self, params: Array, returns: Array, backcast: float) -> tuple[float, Array]:
        """Log-likelihood and its gradient, shape (P,): the sums of `scores`, faster for Gaussian GARCH and GJR."""
        if self.distribution != "normal" or self.volatility == "egarch":
            values, scores = self.scores(params, returns, backcast)
            return float(values.sum()), scores.sum(axis=0)
        return self._gaussian_garch(params, returns, backcast)

    def _gaussian_garch(self, params: Array, returns: Array, backcast: float) -> tuple[float, Array]:
        residuals = self.residuals(params, returns)
        d_residuals = self._residual_derivatives(params, returns)
        _, variance_params, _ = self.split(params)
        first, d_first = self._first_with_derivatives(variance_params, residuals, d_residuals, backcast)
        means = d_residuals.shape[1]
        if means == 1:
            value, gradient = gaussian_garch_score_constant_mean(residuals, *variance_params, first, d_first)
        else:
            value, gradient = gaussian_garch_score(residuals, d_residuals, *variance_params, first, d_first)
        if self.volatility == "garch":
            gradient = np.delete(gradient, means + 2)
        return value, gradient

    def backcast(self, returns: Array) -> float:
        """Exponentially weighted mean of the first 75 squared deviations from the sample mean (weights 0.94^t)."""
        deviations = (returns - returns.mean())[:75]
        weights = 0.94 ** np.arange(deviations.size)
        return float(weights @ deviations**2 / weights.sum())

    def _first_variance(self, variance_params: tuple[float, ...], residuals: Array, backcast: float) -> float:
        omega, alpha, gamma, beta = variance_params
        if self.initial_variance == "mean_square":
            return float(residuals @ residuals / residuals.size)
        if self.volatility == "egarch":
            return float(np.exp(omega + beta * np.log(backcast)))
        return omega + (alpha + 0.5 * gamma + beta) * backcast

    def _first_with_derivatives(
        self, variance_params: tuple[float, float, float, float], residuals: Array, d_residuals: Array, backcast: float
    ) -> tuple[float, Array]:
        first = self._first_variance(variance_params, residuals, backcast)
        means = d_residuals.shape[1]
        d_first = np.zeros(means + 4)
        if self.initial_variance == "mean_square":
            d_first[:means] = 2.0 * residuals @ d_residuals / residuals.size
        elif self.volatility == "egarch":
            d_first[means], d_first[means + 3] = first, first * np.log(backcast)
        else:
            d_first[means:] = (1.0, backcast, 0.5 * backcast, backcast)
        return first, d_first

    def _residual_derivatives(self, params: Array, returns: Array) -> Array:
        if self.mean == "constant":
            return np.full((returns.size, 1), -1.0)
        derivatives = np.empty((returns.size, 2))
        derivatives[:, 0] = -1.0 + params[1]
        derivatives[0, 0] = -1.0
        derivatives[0, 1] = 0.0
        derivatives[1:, 1] = -(returns[:-1] - params[0])
        return derivatives

"""Regime-switching dynamic correlation: GARCH margins, correlation matrices that switch (Pelletier 2006)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.margins import Margins, fit_margins
from models.regimes.chain import ConstantChain, LaggedStates
from models.regimes.correlation_emission import CorrelationRegimes, FreeCorrelations, ScaledCorrelations
from models.regimes.forecast import RegimeForecast, forecast_regimes, mixture_moments
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.markov_switching import require_specification
from models.regimes.radial import RADIAL, Distribution
from models.regimes.result import Parameters, RegimeResult, as_natural
from models.regimes.sample import as_sample, require_length
from models.regimes.search import search
from models.regimes.starts import StartPlan, rolling_mean, signals_of

Array = NDArray[np.float64]
Information = Literal["predicted", "filtered", "smoothed"]

STRUCTURES: dict[str, type[FreeCorrelations] | type[ScaledCorrelations]] = {
    "free": FreeCorrelations,
    "restricted": ScaledCorrelations,
}
#: Step of the numerical derivative of the score with respect to a margin's parameter, relative to its standard error.
MARGIN_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class RSDCResult(RegimeResult):
    """A fitted `RSDC`; regimes are numbered from diversified (0) to moving as one.

    `std_errors` and every interval come from the two-step sandwich: they carry the uncertainty of the margins.

    Attributes
    ----------
    model : RSDC
    margins : Margins
        The first step.
    """

    model: RSDC
    margins: Margins

    @property
    def _emission(self) -> CorrelationRegimes:
        emission = self.likelihood.emission
        assert isinstance(emission, CorrelationRegimes)
        return emission

    @property
    def correlations(self) -> Array:
        """Correlation matrix of each regime, shape (K, N, N)."""
        return self._emission.correlations(self.likelihood.split(self.found.theta)[1])

    def conditional_correlations(self, information: Information = "predicted") -> Array:
        """sum_k P(s_t = k | information) R_k, shape (T, N, N); "smoothed" is hindsight."""
        weights = {"predicted": self.predicted, "filtered": self.filtered, "smoothed": self.smoothed}[information]
        return np.einsum("tk,kij->tij", weights.to_numpy(), self.correlations)

    def forecast(self, horizon: int, *, level: float = 0.95, draws: int = 500, seed: int = 0) -> RegimeForecast:
        """Regime probabilities and, as `covariance`, the correlation matrix 1 to `horizon` steps ahead.

        The moments are those of the standardised residuals: mean zero, unit variances.
        """
        emission = self._emission

        def mixture(theta: Array, ahead: Array) -> tuple[Array, Array]:
            correlations = emission.correlations(self.likelihood.split(theta)[1])
            return mixture_moments(ahead, np.zeros((self.k_regimes, emission.dimension)), correlations)

        return forecast_regimes(self, mixture, list(self.margins.names), horizon, level=level, draws=draws, seed=seed)

    @property
    def loglik(self) -> float:
        """Log-likelihood of the returns: both steps."""
        return self._probabilities.loglik - 0.5 * float(np.log(self.margins.variances.to_numpy()).sum())

    @property
    def correlation_loglik(self) -> float:
        """Log-likelihood of the residuals minus that of independent standard normals, as in the DCC models."""
        return self._probabilities.loglik - _independent(self._emission.z)

    @cached_property
    def robust_theta_covariance(self) -> Array:
        """Two-step sandwich: the score corrected for the influence of the margins (Newey and McFadden 1994, 6.2)."""
        theta, free = self.found.theta, self.found.free
        scores = self.likelihood.scores(theta, free)
        influences = np.hstack([margin.influence for margin in self.margins.fitted])
        slopes = self._score_by_margins(theta, free) / self.n
        corrected = scores + influences @ slopes
        bread = self.information_inverse
        return np.asarray(bread @ corrected.T @ corrected @ bread)

    @property
    def theta_covariance(self) -> Array:
        return self.robust_theta_covariance

    def _score_by_margins(self, theta: Array, free: NDArray[np.bool_]) -> Array:
        """Derivative of the score by each margin parameter, shape (P1, P2)."""
        rows = []
        for series, margin in enumerate(self.margins.fitted):
            errors = np.sqrt(np.square(margin.influence).sum(axis=0)) / self.n
            for parameter in range(margin.params.size):
                step = MARGIN_STEP * max(float(errors[parameter]), 1e-8)
                moved = []
                for sign in (1.0, -1.0):
                    z = self._emission.z.copy()
                    z[:, series] += sign * step * margin.d_std_residuals[:, parameter]
                    shifted = replace(self.likelihood, emission=replace(self._emission, z=z))
                    moved.append(shifted.value_and_score(theta)[1][free])
                rows.append((moved[0] - moved[1]) / (2.0 * step))
        return np.array(rows)


def _independent(z: Array) -> float:
    return -0.5 * float(np.square(z).sum()) - 0.5 * z.size * float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class RSDC:
    """H_t = D_t R(s_t) D_t with D_t from GARCH margins and s_t a Markov chain of K regimes.

    Parameters
    ----------
    k_regimes : int
        1 to 4; with 1 it is the constant conditional correlation.
    distribution : {"gaussian", "t"}
        Of the standardised residuals given the regime; with "t" one nu is shared by the regimes.
    structure : {"free", "restricted"}
        Whether each regime has a correlation matrix of its own, or lambda_k Gamma + (1 - lambda_k) I.
    volatility : {"garch", "gjr", "egarch", "auto"}
        Of the margins that `fit` estimates where none are given.
    """

    k_regimes: int
    distribution: Distribution = "gaussian"
    structure: Literal["free", "restricted"] = "free"
    volatility: Literal["garch", "gjr", "egarch", "auto"] = "garch"

    def __post_init__(self) -> None:
        require_specification(self.k_regimes, self.distribution)
        if self.structure not in STRUCTURES:
            raise EstimationError("structure", f"{self.structure!r} is unknown", "Choose free or restricted.")

    def fit(
        self, returns: pd.DataFrame, *, margins: Margins | None = None, starts: int = 30, seed: int = 0
    ) -> RSDCResult:
        """Two-step maximum likelihood.

        Parameters
        ----------
        returns : DataFrame, shape (T, N)
            Percent.
        margins : Margins, optional
            A first step to reuse.
        starts, seed : int

        Raises
        ------
        EstimationError
            If a margin cannot be estimated, there is one series only, or the data are too few.
        """
        sample = as_sample(returns)
        first = fit_margins(returns, self.volatility) if margins is None else margins
        z = np.ascontiguousarray(first.std_residuals.to_numpy())
        if z.shape != sample.observations.shape:
            raise EstimationError(
                "margins", f"{z.shape} residuals for {sample.observations.shape} returns", "Refit them."
            )
        likelihood = self._likelihood(z, tuple(map(str, sample.names)))
        require_length(sample, likelihood.size, self.k_regimes)
        plan = StartPlan(_signals(z), self.k_regimes, starts, seed, partial(_from_low_to_high, z))
        return RSDCResult(likelihood, sample.index, search(likelihood, plan, sample.length), self, first)

    def loglik(self, params: Parameters, std_residuals: pd.DataFrame | Array) -> float:
        """Log-likelihood of standardised residuals minus that of independent standard normals.

        Parameters
        ----------
        params : Series, mapping or array
            `p[i->j]` without the last column, `corr[k,series,series]` (or `corr[series,series]`, `lambda[k]`), `nu`.
        std_residuals : DataFrame or array, shape (T, N)
        """
        sample = as_sample(std_residuals, "z")
        likelihood = self._likelihood(sample.observations, tuple(map(str, sample.names)))
        theta = likelihood.unconstrained(as_natural(params, likelihood.names))
        return float(likelihood.logliks(theta).sum()) - _independent(sample.observations)

    def _likelihood(self, z: Array, labels: tuple[str, ...]) -> SwitchingLikelihood:
        if z.shape[1] < 2:
            raise EstimationError("RSDC", "one series has no correlation", "Give two series or more.")
        structure = STRUCTURES[self.structure](self.k_regimes, z.shape[1])
        emission = CorrelationRegimes(z, labels, self.k_regimes, RADIAL[self.distribution], structure)
        return SwitchingLikelihood(ConstantChain(self.k_regimes), LaggedStates(self.k_regimes, 0), emission)


def _from_low_to_high(z: Array, weights: Array) -> Array:
    """Regime weights reordered so that the last regime holds the largest correlations."""
    rows, columns = np.tril_indices(z.shape[1], -1)
    sizes = []
    for k in range(weights.shape[1]):
        covariance = (z * weights[:, k : k + 1]).T @ z
        scale = np.sqrt(np.diag(covariance))
        sizes.append(float(np.square((covariance / np.outer(scale, scale))[rows, columns]).mean()))
    return weights[:, np.argsort(sizes)]


def _signals(z: Array) -> Array:
    """Sizes of the residuals and rolling means of their cross products, shape (T, F)."""
    rows, columns = np.tril_indices(z.shape[1], -1)
    products = z[:, rows] * z[:, columns]
    pooled = products @ np.sign(products.mean(axis=0)) / products.shape[1]
    rolled = [rolling_mean(pooled, window) for window in (5, 21, 63, 126) if window < len(z) // 4]
    single = [rolling_mean(products[:, pair], 63) for pair in range(products.shape[1])] if len(z) > 252 else []
    return np.column_stack([signals_of(z), pooled, *rolled, *single[:10]])

"""Markov-switching GARCH without path dependence (Haas, Mittnik and Paolella 2004)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError
from models.regimes.chain import ConstantChain, LaggedStates
from models.regimes.forecast import RegimeForecast, forecast_regimes
from models.regimes.garch_emission import GarchRegimes
from models.regimes.garch_kernels import expected_variances
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.markov_switching import require_specification
from models.regimes.radial import RADIAL, Distribution
from models.regimes.result import Parameters, RegimeProbabilities, RegimeResult
from models.regimes.sample import Sample, as_series, require_length, require_variation
from models.regimes.search import search
from models.regimes.starts import StartPlan, signals_of

Array = NDArray[np.float64]
Observations = pd.DataFrame | pd.Series | ArrayLike
SwitchingVolatility = Literal["garch", "gjr"]


@dataclass(frozen=True, eq=False)
class MSGARCHResult(RegimeResult):
    """A fitted `MSGARCH`; regimes are numbered by unconditional variance.

    Attributes
    ----------
    model : MSGARCH
    series : str or other label
    """

    model: MSGARCH
    series: Hashable

    @property
    def _emission(self) -> GarchRegimes:
        emission = self.likelihood.emission
        assert isinstance(emission, GarchRegimes)
        return emission

    @property
    def regime_variances(self) -> pd.DataFrame:
        """h_kt, the variance of y_t if the regime is k, known at t-1, shape (T, K)."""
        values = self._emission.variances(self.likelihood.split(self.found.theta)[1])[:-1]
        return pd.DataFrame(values, index=self.index, columns=pd.RangeIndex(self.k_regimes, name="regime"))

    @property
    def variances(self) -> pd.Series:
        """Var(y_t | F_{t-1}) = sum_k P(s_t = k | F_{t-1}) h_kt, shape (T,)."""
        return (self.predicted * self.regime_variances).sum(axis=1).rename("variance")

    @property
    def unconditional_variances(self) -> Array:
        """Variance each regime would have alone, shape (K,)."""
        emission = self._emission
        return np.asarray(emission.coefficients(self.likelihood.split(self.found.theta)[1])[:, -1] * emission.scale**2)

    def filter(self, y: Observations) -> RegimeProbabilities:
        """Regime probabilities on other data with these parameters."""
        return self.model.filter(self.params, y)

    def forecast(self, horizon: int, *, level: float = 0.95, draws: int = 200, seed: int = 0) -> RegimeForecast:
        """Regime probabilities, mean and variance 1 to `horizon` steps ahead, see `forecast_regimes`."""
        emission = self._emission

        def mixture(theta: Array, ahead: Array) -> tuple[Array, Array]:
            chain_theta, values = self.likelihood.split(theta)
            table, following = emission.coefficients(values), emission.variances(values)[-1] / emission.scale**2
            transition, filtered = self.likelihood.chain.transition(chain_theta)[-1], self.likelihood.states_last(theta)
            path = expected_variances(filtered, transition, table, following, len(ahead)) * emission.scale**2
            mean = emission.natural(values)[0] if emission.estimated_mean else 0.0
            return np.full((len(ahead), 1), mean), path[:, None, None]

        return forecast_regimes(self, mixture, [self.series], horizon, level=level, draws=draws, seed=seed)


@dataclass(frozen=True)
class MSGARCH:
    """y_t = mu + e_t with e_t | s_t = k ~ normal or t of variance h_kt, K parallel recursions driven by the same e_t.

    h_kt = omega_k + (alpha_k + gamma_k [e_{t-1} < 0]) e_{t-1}^2 + beta_k h_{k,t-1}, h_k1 unconditional.

    Parameters
    ----------
    k_regimes : int
        1 to 4.
    volatility : {"garch", "gjr"}
        With "gjr" falls count more than rises, gamma >= 0.
    distribution : {"gaussian", "t"}
        With "t" one nu is shared by the regimes; the t has unit variance.
    mean : {"constant", "zero"}
        Whether mu is estimated.
    """

    k_regimes: int
    volatility: SwitchingVolatility = "garch"
    distribution: Distribution = "gaussian"
    mean: Literal["constant", "zero"] = "constant"

    def __post_init__(self) -> None:
        require_specification(self.k_regimes, self.distribution)
        if self.volatility not in ("garch", "gjr"):
            raise EstimationError("volatility", f"{self.volatility!r} is not offered", "Choose garch or gjr.")
        if self.mean not in ("constant", "zero"):
            raise EstimationError("mean", f"{self.mean!r} is unknown", "Choose constant or zero.")

    def fit(self, y: Observations, *, starts: int = 30, seed: int = 0) -> MSGARCHResult:
        """Maximum likelihood from many starts.

        Parameters
        ----------
        y : Series or array, shape (T,)
            Returns in percent.
        starts, seed : int

        Raises
        ------
        EstimationError
            If a value is missing, the series does not vary or is too short.
        """
        sample = as_series(y)
        require_variation(sample)
        values = sample.observations[:, 0]
        likelihood = self._likelihood(sample, float(values.mean()), float(values.std()))
        require_length(sample, likelihood.size, self.k_regimes)
        signals = signals_of((sample.observations - values.mean()) / values.std())
        plan = StartPlan(signals, self.k_regimes, starts, seed)
        return MSGARCHResult(likelihood, sample.index, search(likelihood, plan, sample.length), self, sample.names[0])

    def loglik(self, params: Parameters, y: Observations) -> float:
        """Log-likelihood at given parameters: `p[i->j]`, `mu`, `omega[k]`, `alpha[k]`, `gamma[k]`, `beta[k]`, `nu`."""
        return self.filter(params, y).loglik

    def filter(self, params: Parameters, y: Observations) -> RegimeProbabilities:
        """Regime probabilities at given parameters."""
        sample = as_series(y)
        likelihood = self._likelihood(sample, 0.0, 1.0)
        return RegimeProbabilities.at(likelihood, params, sample.index)

    def _likelihood(self, sample: Sample, centre: float, scale: float) -> SwitchingLikelihood:
        emission = GarchRegimes(
            sample.observations[:, 0],
            self.k_regimes,
            RADIAL[self.distribution],
            self.volatility == "gjr",
            self.mean == "constant",
            centre,
            scale,
        )
        return SwitchingLikelihood(ConstantChain(self.k_regimes), LaggedStates(self.k_regimes, 0), emission)

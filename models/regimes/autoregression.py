"""Markov-switching autoregression, with transition probabilities that are constant or driven by a variable."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError
from models.regimes.autoregression_emission import AutoregressiveRegimes
from models.regimes.chain import LaggedStates
from models.regimes.drivers import chain_of
from models.regimes.forecast import RegimeForecast, forecast_regimes
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.markov_switching import require_specification
from models.regimes.radial import RADIAL, Distribution
from models.regimes.result import Parameters, RegimeProbabilities, RegimeResult
from models.regimes.sample import Sample, as_series, require_length, require_variation
from models.regimes.search import search
from models.regimes.simulation import autoregressive_paths, elliptical_shocks
from models.regimes.starts import StartPlan, signals_of

Array = NDArray[np.float64]
Observations = pd.DataFrame | pd.Series | ArrayLike

#: Largest chain of lagged regimes, K^(p+1).
MOST_STATES = 256
#: Simulated paths of a forecast.
PATHS = 2_000


@dataclass(frozen=True, eq=False)
class AutoregressionResult(RegimeResult):
    """A fitted `MarkovAutoregression`; the first p observations are conditioned on and left out of the index.

    Attributes
    ----------
    model : MarkovAutoregression
    series : label of y
    """

    model: MarkovAutoregression
    series: Hashable

    def forecast(self, horizon: int, *, level: float = 0.95, draws: int = 200, seed: int = 0) -> RegimeForecast:
        """Regime probabilities, mean and variance 1 to `horizon` steps ahead by 2,000 simulated paths.

        Each draw of the parameters reuses the same random numbers.
        """
        emission = self.likelihood.emission
        assert isinstance(emission, AutoregressiveRegimes)
        generator = np.random.default_rng(np.random.SeedSequence([seed, 5]))
        uniforms = generator.random((PATHS, horizon + 1))
        nu = self.params.get("nu")
        shocks = elliptical_shocks(generator, PATHS * horizon, np.eye(1), None if nu is None else float(nu))
        shocks = (shocks / shocks.std()).reshape(PATHS, horizon)
        last = emission.y[len(emission.y) - emission.order :][::-1].copy()

        def mixture(theta: Array, _ahead: Array) -> tuple[Array, Array]:
            chain_theta, values = self.likelihood.split(theta)
            means, variances, phi = emission.moments(values)
            transition = self.likelihood.chain.transition(chain_theta)[-1]
            paths = autoregressive_paths(
                uniforms,
                shocks,
                self.likelihood.states_last(theta),
                emission.states,
                last,
                means,
                np.sqrt(variances),
                phi,
                transition,
            )
            return paths.mean(axis=0)[:, None], paths.var(axis=0)[:, None, None]

        return forecast_regimes(self, mixture, [self.series], horizon, level=level, draws=draws, seed=seed)

    def filter(self, y: Observations, *, drivers: Observations | None = None) -> RegimeProbabilities:
        """Regime probabilities on other data with these parameters."""
        return self.model.filter(self.params, y, drivers=drivers)

    @property
    def _moments(self) -> tuple[Array, Array, Array]:
        emission = self.likelihood.emission
        assert isinstance(emission, AutoregressiveRegimes)
        return emission.moments(self.likelihood.split(self.found.theta)[1])

    @property
    def means(self) -> Array:
        """Mean of each regime, shape (K,)."""
        return self._moments[0]

    @property
    def variances(self) -> Array:
        """Residual variance of each regime, shape (K,)."""
        return self._moments[1]

    @property
    def lags(self) -> Array:
        """Autoregressive coefficients of each regime, shape (K, p)."""
        return self._moments[2]


@dataclass(frozen=True)
class MarkovAutoregression:
    """y_t - m(s_t) = sum_l phi_l [y_{t-l} - m(s_{t-l})] + sigma e_t (Hamilton 1989; Filardo 1994 with drivers).

    Parameters
    ----------
    k_regimes : int
        1 to 4.
    order : int
        Lags p; K^(p+1) may not exceed 256.
    switching_mean, switching_variance, switching_ar : bool
    distribution : {"gaussian", "t"}
    initial : tuple of float, optional
        Probabilities of the regime p periods before the first residual; the ergodic distribution where None.
    """

    k_regimes: int
    order: int
    switching_mean: bool = True
    switching_variance: bool = False
    switching_ar: bool = False
    distribution: Distribution = "gaussian"
    initial: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        require_specification(self.k_regimes, self.distribution)
        if self.order < 0 or self.k_regimes ** (self.order + 1) > MOST_STATES:
            raise EstimationError(
                "order", f"{self.order} lags of {self.k_regimes} regimes are not offered", "Use fewer lags or regimes."
            )
        if self.k_regimes > 1 and not (self.switching_mean or self.switching_variance or self.switching_ar):
            raise EstimationError("MarkovAutoregression", "nothing switches", "Let the mean or the variance switch.")

    def fit(
        self,
        y: Observations,
        *,
        drivers: Observations | None = None,
        starts: int = 30,
        seed: int = 0,
    ) -> AutoregressionResult:
        """Maximum likelihood from many starts.

        Parameters
        ----------
        y : Series or array, shape (T + p,)
        drivers : DataFrame, Series or array, shape (T + p, Q), optional
            Variables that move the transition into row t, known before it; a constant is put in front.
        starts, seed : int

        Raises
        ------
        EstimationError
            If a value is missing, the series does not vary or is too short.
        """
        sample = self._sample(y)
        require_variation(sample)
        values = sample.observations[:, 0]
        likelihood = self._likelihood(sample, drivers, float(values.mean()), float(values.std()))
        used = Sample(sample.observations[self.order :], sample.index[self.order :], sample.names)
        require_length(used, likelihood.size, self.k_regimes)
        standardised = (used.observations - values.mean()) / values.std()
        signals = np.column_stack([signals_of(standardised), signals_of(self._residuals(values))])
        plan = StartPlan(signals, self.k_regimes, starts, seed)
        return AutoregressionResult(
            likelihood, used.index, search(likelihood, plan, used.length), self, sample.names[0]
        )

    def loglik(self, params: Parameters, y: Observations, *, drivers: Observations | None = None) -> float:
        """Log-likelihood at given parameters: transitions, means, variances, lags, nu."""
        return self.filter(params, y, drivers=drivers).loglik

    def filter(
        self, params: Parameters, y: Observations, *, drivers: Observations | None = None
    ) -> RegimeProbabilities:
        """Regime probabilities at given parameters."""
        sample = self._sample(y)
        likelihood = self._likelihood(sample, drivers, 0.0, 1.0)
        return RegimeProbabilities.at(likelihood, params, sample.index[self.order :])

    def _sample(self, y: Observations) -> Sample:
        sample = as_series(y)
        if sample.length <= self.order:
            raise EstimationError("y", f"{sample.length} observations for {self.order} lags", "Use a longer sample.")
        return sample

    def _residuals(self, values: Array) -> Array:
        """Standardised residuals of the autoregression without regimes, shape (T, 1)."""
        length = len(values) - self.order
        lags = [values[self.order - lag : self.order - lag + length] for lag in range(1, self.order + 1)]
        design = np.column_stack([np.ones(length), *lags])
        coefficients, *_ = np.linalg.lstsq(design, values[self.order :], rcond=None)
        residuals = values[self.order :] - design @ coefficients
        return np.asarray(residuals / max(float(residuals.std()), 1e-300))[:, None]

    def _likelihood(
        self, sample: Sample, drivers: Observations | None, centre: float, scale: float
    ) -> SwitchingLikelihood:
        states = LaggedStates(self.k_regimes, self.order)
        emission = AutoregressiveRegimes(
            sample.observations[:, 0],
            self.k_regimes,
            self.order,
            RADIAL[self.distribution],
            self.switching_mean,
            self.switching_variance,
            self.switching_ar,
            states.regimes,
            centre,
            scale,
        )
        return SwitchingLikelihood(chain_of(self.k_regimes, self.initial, drivers, sample), states, emission)

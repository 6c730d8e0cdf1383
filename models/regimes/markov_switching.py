"""Markov switching of the mean and covariance of one or several series (Hamilton 1989; Krolzig 1997)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError
from models.regimes.chain import LaggedStates
from models.regimes.drivers import chain_of
from models.regimes.emissions import EllipticalRegimes, Standard
from models.regimes.forecast import RegimeForecast, forecast_regimes, mixture_moments
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.radial import RADIAL, Distribution
from models.regimes.result import Parameters, RegimeProbabilities, RegimeResult, as_natural
from models.regimes.sample import Sample, as_sample, require_length, require_variation
from models.regimes.search import search
from models.regimes.starts import StartPlan, signals_of

Array = NDArray[np.float64]
Observations = pd.DataFrame | pd.Series | ArrayLike


@dataclass(frozen=True, eq=False)
class SwitchingResult(RegimeResult):
    """A fitted `MarkovSwitching`.

    Attributes
    ----------
    model : MarkovSwitching
    series : tuple
        Names of the N series.
    """

    model: MarkovSwitching
    series: tuple[Hashable, ...]

    @property
    def _moments(self) -> tuple[Array, Array]:
        emission = self.likelihood.emission
        assert isinstance(emission, EllipticalRegimes)
        return emission.moments(self.likelihood.split(self.found.theta)[1])

    @property
    def means(self) -> pd.DataFrame:
        """Mean of each regime, shape (K, N)."""
        return pd.DataFrame(
            self._moments[0], index=pd.RangeIndex(self.k_regimes, name="regime"), columns=list(self.series)
        )

    @property
    def covariances(self) -> Array:
        """Covariance matrix of each regime, shape (K, N, N)."""
        return self._moments[1]

    @property
    def volatilities(self) -> pd.DataFrame:
        """Standard deviation of each series in each regime, shape (K, N)."""
        return pd.DataFrame(
            np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2)),
            index=pd.RangeIndex(self.k_regimes, name="regime"),
            columns=list(self.series),
        )

    @property
    def correlations(self) -> Array:
        """Correlation matrix of each regime, shape (K, N, N)."""
        scale = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        return np.asarray(self.covariances / (scale[:, :, None] * scale[:, None, :]))

    def forecast(self, horizon: int, *, level: float = 0.95, draws: int = 500, seed: int = 0) -> RegimeForecast:
        """Regime probabilities, mean and covariance 1 to `horizon` steps ahead, see `forecast_regimes`."""
        emission = self.likelihood.emission
        assert isinstance(emission, EllipticalRegimes)

        def mixture(theta: Array, ahead: Array) -> tuple[Array, Array]:
            return mixture_moments(ahead, *emission.moments(self.likelihood.split(theta)[1]))

        return forecast_regimes(self, mixture, self.series, horizon, level=level, draws=draws, seed=seed)

    def filter(self, y: Observations, *, drivers: Observations | None = None) -> RegimeProbabilities:
        """Regime probabilities on other data with these parameters, see `MarkovSwitching.filter`."""
        return self.model.filter(self.params, y, drivers=drivers)


@dataclass(frozen=True)
class MarkovSwitching:
    """y_t | s_t = k ~ normal or t_nu with mean_k and covariance_k; s_t a Markov chain of K regimes.

    Parameters
    ----------
    k_regimes : int
        1 to 4.
    distribution : {"gaussian", "t"}
        With "t" one nu is shared by the regimes.
    switching_mean, switching_covariance : bool
    reference : tuple of names or column numbers, optional
        Series whose standardised variance orders the regimes, calm first; all where None.
    initial : tuple of float, optional
        P(s_1); the ergodic distribution where None.
    """

    k_regimes: int
    distribution: Distribution = "gaussian"
    switching_mean: bool = True
    switching_covariance: bool = True
    reference: tuple[Hashable, ...] | None = None
    initial: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        require_specification(self.k_regimes, self.distribution)
        if self.k_regimes > 1 and not (self.switching_mean or self.switching_covariance):
            raise EstimationError("MarkovSwitching", "nothing switches", "Let the mean or the covariance switch.")

    def fit(
        self,
        y: Observations,
        *,
        drivers: Observations | None = None,
        starts: int = 30,
        seed: int = 0,
        warm: SwitchingResult | None = None,
    ) -> SwitchingResult:
        """Maximum likelihood from many starts.

        Parameters
        ----------
        y : DataFrame, Series or array, shape (T, N) or (T,)
            Returns in percent, or levels of a rate; the search itself knows no unit.
        drivers : DataFrame, Series or array, shape (T, Q), optional
            Variables that move the transition into row t, known before it; a constant is put in front.
        starts : int
            Starts of the search: quantile splits, k-means and random spells in turn.
        seed : int
        warm : SwitchingResult, optional
            A further start: the optimum of an earlier fit, for instance on a shorter sample.

        Returns
        -------
        SwitchingResult

        Raises
        ------
        EstimationError
            If a value is missing, a series does not vary, series are linearly dependent, or the data are too few.
        """
        sample = as_sample(y)
        require_variation(sample)
        likelihood = self._likelihood(sample, drivers, Standard.of(sample.observations, sample.names))
        require_length(sample, likelihood.size, self.k_regimes)
        signals = signals_of((sample.observations - sample.observations.mean(axis=0)) / sample.observations.std(axis=0))
        plan = StartPlan(signals, self.k_regimes, starts, seed)
        before = () if warm is None else (likelihood.unconstrained(as_natural(warm.params, likelihood.names)),)
        return SwitchingResult(
            likelihood, sample.index, search(likelihood, plan, sample.length, before), self, sample.names
        )

    def loglik(self, params: Parameters, y: Observations, *, drivers: Observations | None = None) -> float:
        """Log-likelihood of y at given parameters.

        Parameters
        ----------
        params : Series, mapping or array
            In the order of `RegimeResult.params`: `p[i->j]` without the last column, means, covariances (lower
            triangle), nu.
        y : DataFrame, Series or array, shape (T, N) or (T,)
        """
        return self.filter(params, y, drivers=drivers).loglik

    def filter(
        self, params: Parameters, y: Observations, *, drivers: Observations | None = None
    ) -> RegimeProbabilities:
        """Regime probabilities of y at given parameters, for instance those of an earlier vintage."""
        sample = as_sample(y)
        likelihood = self._likelihood(sample, drivers, Standard.identity(sample.observations.shape[1]))
        return RegimeProbabilities.at(likelihood, params, sample.index)

    def _likelihood(self, sample: Sample, drivers: Observations | None, standard: Standard) -> SwitchingLikelihood:
        labels = tuple(map(str, sample.names)) if len(sample.names) > 1 else ("",)
        emission = EllipticalRegimes(
            sample.observations,
            labels,
            self.k_regimes,
            RADIAL[self.distribution],
            self.switching_mean,
            self.switching_covariance,
            self._reference_columns(sample),
            standard,
        )
        chain = chain_of(self.k_regimes, self.initial, drivers, sample)
        return SwitchingLikelihood(chain, LaggedStates(self.k_regimes, 0), emission)

    def _reference_columns(self, sample: Sample) -> NDArray[np.intp]:
        if self.reference is None:
            return np.arange(len(sample.names))
        columns = []
        for name in self.reference:
            if name in sample.names:
                columns.append(sample.names.index(name))
            elif isinstance(name, int) and 0 <= name < len(sample.names):
                columns.append(name)
            else:
                raise EstimationError(str(name), "is not among the series", f"Choose from {sample.names}.")
        return np.array(columns)


def require_specification(k_regimes: int, distribution: str) -> None:
    """Refuse a number of regimes or a distribution that does not exist.

    Raises
    ------
    EstimationError
    """
    if k_regimes not in (1, 2, 3, 4):
        raise EstimationError("k_regimes", f"{k_regimes} regimes are not offered", "Choose 1, 2, 3 or 4.")
    if distribution not in RADIAL:
        raise EstimationError("distribution", f"{distribution!r} is unknown", f"Choose from {', '.join(RADIAL)}.")

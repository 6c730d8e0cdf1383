"""Markov-switching regression: miners on metal and market, with betas that change with the regime."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError
from models.regimes.chain import LaggedStates
from models.regimes.drivers import CONSTANT, chain_of
from models.regimes.forecast import RegimeForecast, forecast_regimes, mixture_moments
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.markov_switching import require_specification
from models.regimes.radial import RADIAL, Distribution
from models.regimes.regression_emission import Basis, RegressionRegimes
from models.regimes.result import Parameters, RegimeProbabilities, RegimeResult, as_natural
from models.regimes.sample import Sample, as_sample, as_series, require_length, require_variation
from models.regimes.search import search
from models.regimes.starts import WINDOWS, StartPlan, rolling_mean, signals_of

Array = NDArray[np.float64]
Observations = pd.DataFrame | pd.Series | ArrayLike


@dataclass(frozen=True)
class Design:
    """Dependent variable and regressors, the constant first."""

    y: Sample
    X: Array
    columns: tuple[str, ...]


def as_design(y: Observations, X: Observations | None) -> Design:
    """Check y and X; a constant is put in front unless X holds one.

    Raises
    ------
    EstimationError
        If the lengths or indices differ, or the columns are linearly dependent.
    """
    left = as_series(y)
    ones = np.ones((left.length, 1))
    if X is None:
        return Design(left, ones, (CONSTANT,))
    right = as_sample(X, "x")
    if right.length != left.length:
        raise EstimationError("X", f"{right.length} rows for {left.length} of y", "Align y and X on common dates.")
    labelled = isinstance(X, pd.Series | pd.DataFrame)
    if labelled and isinstance(y, pd.Series | pd.DataFrame) and not left.index.equals(right.index):
        raise EstimationError("X", "has another index than y", "Align y and X on common dates.")
    names = [str(name) if labelled else f"x{i + 1}" for i, name in enumerate(right.names)]
    constant = np.ptp(right.observations, axis=0) == 0.0
    values, columns = (
        (right.observations, names) if constant.any() else (np.hstack([ones, right.observations]), [CONSTANT, *names])
    )
    scale = np.sqrt(np.mean(np.square(values), axis=0))
    if not scale.all() or np.linalg.svd(values / scale, compute_uv=False)[-1] < 1e-8 * np.sqrt(left.length):
        raise EstimationError("X", "the regressors are linearly dependent", "Leave one of them out.")
    return Design(left, values, tuple(columns))


@dataclass(frozen=True, eq=False)
class RegressionResult(RegimeResult):
    """A fitted `MarkovRegression`.

    Attributes
    ----------
    model : MarkovRegression
    series : label of y
    """

    model: MarkovRegression
    series: Hashable

    @property
    def _emission(self) -> RegressionRegimes:
        emission = self.likelihood.emission
        assert isinstance(emission, RegressionRegimes)
        return emission

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients of each regime, shape (K, P); a common one is repeated."""
        values = self._emission.coefficients(self.likelihood.split(self.found.theta)[1])
        return pd.DataFrame(
            values, index=pd.RangeIndex(self.k_regimes, name="regime"), columns=list(self._emission.columns)
        )

    @property
    def variances(self) -> Array:
        """Residual variance of each regime, shape (K,)."""
        return self._emission.variances(self.likelihood.split(self.found.theta)[1])

    def forecast(
        self, horizon: int, X: Observations | None = None, *, level: float = 0.95, draws: int = 500, seed: int = 0
    ) -> RegimeForecast:
        """Regime probabilities, mean and variance 1 to `horizon` steps ahead, see `forecast_regimes`.

        Parameters
        ----------
        X : DataFrame, Series or array, shape (H, P), optional
            Regressors ahead; their sample means where None.
        """
        emission = self._emission
        ahead_of_sample = np.repeat(emission.X.mean(axis=0, keepdims=True), horizon, axis=0)
        if X is not None:
            given = as_sample(X, "x").observations
            if len(given) != horizon or given.shape[1] > emission.X.shape[1]:
                problem = f"shape {given.shape} for {horizon} steps of {emission.X.shape[1]} regressors"
                raise EstimationError("X", problem, "Give a row for each step ahead.")
            ahead_of_sample[:, -given.shape[1] :] = given
        series = self.series

        def mixture(theta: Array, ahead: Array) -> tuple[Array, Array]:
            values = self.likelihood.split(theta)[1]
            means = np.einsum("hp,kp->hk", ahead_of_sample, emission.coefficients(values))
            return mixture_moments(ahead, means[:, :, None], emission.variances(values)[:, None, None])

        return forecast_regimes(self, mixture, [series], horizon, level=level, draws=draws, seed=seed)

    def filter(
        self, y: Observations, X: Observations | None = None, *, drivers: Observations | None = None
    ) -> RegimeProbabilities:
        """Regime probabilities on other data with these parameters."""
        return self.model.filter(self.params, y, X, drivers=drivers)


@dataclass(frozen=True)
class MarkovRegression:
    """y_t = x_t' b_{s_t} + sigma_{s_t} e_t, s_t a Markov chain of K regimes (Hamilton 1994, section 22.4).

    Parameters
    ----------
    k_regimes : int
        1 to 4.
    switching_coefficients : True, False or names
        Which columns of X switch; the added constant is called `const`.
    switching_variance : bool
    distribution : {"gaussian", "t"}
        With "t" one nu is shared by the regimes.
    initial : tuple of float, optional
        P(s_1); the ergodic distribution where None.
    """

    k_regimes: int
    switching_coefficients: bool | Sequence[str] = True
    switching_variance: bool = True
    distribution: Distribution = "gaussian"
    initial: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        require_specification(self.k_regimes, self.distribution)
        nothing = self.switching_coefficients is False or self.switching_coefficients == ()
        if self.k_regimes > 1 and nothing and not self.switching_variance:
            raise EstimationError("MarkovRegression", "nothing switches", "Let a coefficient or the variance switch.")

    def fit(
        self,
        y: Observations,
        X: Observations | None = None,
        *,
        drivers: Observations | None = None,
        starts: int = 30,
        seed: int = 0,
        warm: RegressionResult | None = None,
    ) -> RegressionResult:
        """Maximum likelihood from many starts.

        Parameters
        ----------
        y : Series or array, shape (T,)
        X : DataFrame, Series or array, shape (T, P), optional
            A constant is put in front unless X holds one; without X the constant is the only regressor.
        drivers : DataFrame, Series or array, shape (T, Q), optional
            Variables that move the transition into row t, known before it; a constant is put in front.
        starts : int
        seed : int
        warm : RegressionResult, optional
            A further start: the optimum of an earlier fit.

        Returns
        -------
        RegressionResult

        Raises
        ------
        EstimationError
            If a value is missing, y does not vary or is a linear function of X, or the data are too few.
        """
        design = as_design(y, X)
        require_variation(design.y)
        target = design.y.observations[:, 0]
        switching = self._switching(design.columns)
        basis = Basis.of(target, design.X, switching)
        if basis.scale <= 1e-10 * float(target.std()):
            raise EstimationError(str(design.y.names[0]), "is a linear function of X", "Leave that regressor out.")
        likelihood = self._likelihood(design, drivers, switching, basis)
        require_length(design.y, likelihood.size, self.k_regimes)
        coefficients, *_ = np.linalg.lstsq(design.X, target, rcond=None)
        residuals = (target - design.X @ coefficients) / basis.scale
        signals = np.column_stack([signals_of(residuals[:, None]), _slope_signals(residuals, design.X)])
        plan = StartPlan(signals, self.k_regimes, starts, seed)
        before = () if warm is None else (likelihood.unconstrained(as_natural(warm.params, likelihood.names)),)
        return RegressionResult(
            likelihood, design.y.index, search(likelihood, plan, design.y.length, before), self, design.y.names[0]
        )

    def loglik(
        self, params: Parameters, y: Observations, X: Observations | None = None, *, drivers: Observations | None = None
    ) -> float:
        """Log-likelihood at given parameters: `p[i->j]` without the last column, coefficients, variances, nu."""
        return self.filter(params, y, X, drivers=drivers).loglik

    def filter(
        self, params: Parameters, y: Observations, X: Observations | None = None, *, drivers: Observations | None = None
    ) -> RegimeProbabilities:
        """Regime probabilities at given parameters, for instance those of an earlier vintage."""
        design = as_design(y, X)
        switching = self._switching(design.columns)
        likelihood = self._likelihood(design, drivers, switching, Basis.identity(design.X.shape[1]))
        return RegimeProbabilities.at(likelihood, params, design.y.index)

    def _switching(self, columns: tuple[str, ...]) -> NDArray[np.bool_]:
        if isinstance(self.switching_coefficients, bool):
            return np.full(len(columns), self.switching_coefficients)
        unknown = [name for name in self.switching_coefficients if name not in columns]
        if unknown:
            raise EstimationError(", ".join(unknown), "is not a regressor", f"Choose from {', '.join(columns)}.")
        return np.array([column in self.switching_coefficients for column in columns])

    def _likelihood(
        self, design: Design, drivers: Observations | None, switching: NDArray[np.bool_], basis: Basis
    ) -> SwitchingLikelihood:
        emission = RegressionRegimes(
            y=design.y.observations[:, 0],
            X=design.X,
            columns=design.columns,
            k_regimes=self.k_regimes,
            radial=RADIAL[self.distribution],
            switching=switching,
            switching_variance=self.switching_variance,
            basis=basis,
        )
        chain = chain_of(self.k_regimes, self.initial, drivers, design.y)
        return SwitchingLikelihood(chain, LaggedStates(self.k_regimes, 0), emission)


def _slope_signals(residuals: Array, X: Array) -> Array:
    """Residual times regressor and its rolling means: where a slope differs from its average, shape (T, 4 P)."""
    moving = X - X.mean(axis=0)
    scale = moving.std(axis=0)
    products = residuals[:, None] * moving / np.where(scale > 0.0, scale, 1.0)
    varying = products[:, scale > 0.0]
    means = [rolling_mean(varying, window) for window in WINDOWS if varying.size]
    return np.column_stack([varying, *means])

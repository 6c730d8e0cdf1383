"""The estimated model as a frozen record; everything derived is a property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from data.errors import EstimationError
from models.correlation.bands import Band, PathDraws, joined_draws, parameter_draws
from models.correlation.bootstrap import BootstrapIntervals, bootstrap_draws, bootstrap_intervals
from models.correlation.diagnostics import diagnostics
from models.correlation.dispersion import Dispersion, dispersion
from models.correlation.draws import parameter_sample, series_needed
from models.correlation.dynamics import Dynamics, unpack
from models.correlation.estimation import Coordinates
from models.correlation.filtering import filtered_correlations, filtered_states
from models.correlation.forecasts import CorrelationForecast, forecast
from models.correlation.impulse import ImpulseResponse, impulse_response
from models.correlation.likelihood import coefficients
from models.correlation.paths import PathQuantity
from models.correlation.types import Array
from models.estimate import TestResult
from models.margins import Margins
from models.margins.estimation import FittedMargin
from models.optimise import Convergence

#: Share of inadmissible parameter draws above which a band is bootstrapped as well, and the most draws of either kind.
MAX_REJECTED, MAX_DRAWS_OF_EACH = 0.3, 99


@dataclass(frozen=True, repr=False)
class CorrelationResult:
    """Two-step estimate of a conditional correlation model, H_t = D_t R_t D_t.

    Attributes
    ----------
    model : str
        Name of the specification.
    margins : Margins
        First step.
    dynamics : Dynamics
        Recursion and conventions of the second step.
    psi : array, shape (2,) or (3,)
        (a, b[, g]); zero where the correlation is constant.
    nu : float
        Degrees of freedom of the Student-t, 0 for the Gaussian.
    packed_target : array, shape (M,)
        Intercept S, lower triangle by rows.
    correlation_loglik : float
        Correlation part, -1/2 sum(log det R_t + z'R_t^-1 z - z'z) for the Gaussian.
    stacked_covariance : array, shape (K, K)
        Covariance of (margin parameters, packed target, correlation parameters) from the stacked-moment sandwich.
    convergence : Convergence
        Of the second step; the first step's are in `margins.convergence`.
    degenerate : bool
        True where a dynamic model was asked for and a came out below 1e-4: b is then not identified, the constant
        model is returned and no standard error is given for a and b.
    """

    model: str
    margins: Margins
    dynamics: Dynamics
    psi: Array
    nu: float
    packed_target: Array
    correlation_loglik: float
    stacked_covariance: Array
    convergence: Convergence
    degenerate: bool

    def __repr__(self) -> str:
        errors = self.std_errors
        pieces = [f"{name} {self.params[name]:.4f} ({errors[name]:.4f})" for name in self.free_correlation_names]
        size = f"{len(self.names)} series, {len(self.margins.returns):,} sessions, log-likelihood {self.loglik:,.2f}"
        return f"<{self.model}: {size}{'; ' if pieces else ''}{', '.join(pieces)}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the N series."""
        return self.margins.names

    @property
    def constant(self) -> bool:
        """Whether the correlation does not move."""
        return not self.psi.any()

    @property
    def pooled(self) -> bool:
        """Whether every correlation depends on all series."""
        return bool(self.dynamics.blocks)

    @property
    def free_correlation_names(self) -> tuple[str, ...]:
        """Correlation parameters that were estimated, in the order (a, b[, g][, nu])."""
        return (*(() if self.constant else self.dynamics.names), *(("nu",) if self.nu else ()))

    @property
    def free_correlation_params(self) -> Array:
        """Their values."""
        return np.concatenate([[] if self.constant else self.psi, [self.nu] if self.nu else []])

    def with_free(self, free: Array) -> tuple[Array, float]:
        """psi and nu from values of the free correlation parameters."""
        psi = self.psi if self.constant else free[: self.psi.size]
        return psi, float(free[-1]) if self.nu else 0.0

    @property
    def params(self) -> pd.Series:
        """Estimates: the first step as "series.parameter", then (a, b[, g][, nu])."""
        first = np.concatenate([margin.params for margin in self.margins.fitted])
        labels = [*self.margins.labels, *self.free_correlation_names]
        return pd.Series(np.concatenate([first, self.free_correlation_params]), index=labels, name="estimate")

    @property
    def covariance(self) -> pd.DataFrame:
        """Sandwich covariance of `params`, both steps and the target accounted for."""
        keep = self._positions_of_params()
        labels = list(self.params.index)
        return pd.DataFrame(self.stacked_covariance[np.ix_(keep, keep)], index=labels, columns=labels)

    @property
    def std_errors(self) -> pd.Series:
        """Sandwich standard errors of `params`; NaN for a margin parameter held at a bound."""
        errors = np.sqrt(np.diagonal(self.covariance.to_numpy()))
        return pd.Series(np.where(errors > 0.0, errors, np.nan), index=self.params.index, name="std_error")

    @property
    def loglik(self) -> float:
        """Log-likelihood of the returns, both steps."""
        return self.margins.gaussian_loglik + self.correlation_loglik

    @property
    def target(self) -> pd.DataFrame:
        """Intercept S, shape (N, N)."""
        return pd.DataFrame(unpack(self.packed_target), index=list(self.names), columns=list(self.names))

    @property
    def target_std_errors(self) -> pd.DataFrame:
        """Standard errors of the elements of the target, shape (N, N)."""
        first = len(self.margins.labels)
        variances = np.diagonal(self.stacked_covariance)[first : first + self.packed_target.size]
        return pd.DataFrame(unpack(np.sqrt(variances)), index=list(self.names), columns=list(self.names))

    @cached_property
    def correlations(self) -> Array:
        """R_t, predicted at t-1, shape (T, N, N)."""
        return unpack(self._packed_correlations[:-1])

    @property
    def next_correlation(self) -> pd.DataFrame:
        """R_{T+1}, known at T, shape (N, N)."""
        return pd.DataFrame(unpack(self._packed_correlations[-1]), index=list(self.names), columns=list(self.names))

    @property
    def variances(self) -> pd.DataFrame:
        """h_it, predicted at t-1, percent squared, shape (T, N)."""
        return self.margins.variances

    def correlation(self, first: str, second: str) -> pd.Series:
        """rho_t of one pair, labelled."""
        i, j = self._position(first), self._position(second)
        return pd.Series(self.correlations[:, i, j], index=self.margins.returns.index, name=f"{first}, {second}")

    @property
    def half_life(self) -> float:
        """Days until half of a deviation of Q from its target is gone, log(1/2) / log(a + b); zero where constant."""
        if self.constant:
            return 0.0
        return float(np.log(0.5) / np.log(self.psi[:2].sum()))

    @property
    def at_boundary(self) -> tuple[str, ...]:
        """Margins and correlation parameters at a bound, where the sandwich is not valid."""
        return (*self.margins.at_boundary, *self.convergence.at_bounds)

    @overload
    def bands(
        self,
        what: PathQuantity,
        level: float = ...,
        draws: int = ...,
        kind: Literal["parameter", "bootstrap"] = ...,
        simultaneous: bool = ...,
        seed: int = ...,
    ) -> Band: ...

    @overload
    def bands(
        self,
        what: tuple[PathQuantity, ...],
        level: float = ...,
        draws: int = ...,
        kind: Literal["parameter", "bootstrap"] = ...,
        simultaneous: bool = ...,
        seed: int = ...,
    ) -> tuple[Band, ...]: ...

    def bands(
        self,
        what: PathQuantity | tuple[PathQuantity, ...],
        level: float = 0.95,
        draws: int = 1000,
        kind: Literal["parameter", "bootstrap"] = "parameter",
        simultaneous: bool = False,
        seed: int = 0,
    ) -> Band | tuple[Band, ...]:
        """Bands of one or several paths; several share their draws.

        Parameters
        ----------
        what : PathQuantity or tuple of them
            `Correlation("BTC", "QQQ")`, `Beta("GDX", "GLD")`, `Difference(..., ...)`, ...; see
            `models.correlation.paths`.
        level : float
        draws : int
        kind : {"parameter", "bootstrap"}
            "parameter": draws of all parameters, filtered on the same returns. "bootstrap": both steps refitted to
            `draws` simulated samples, which shows skewness and bias of the estimates, at a cost of `draws` fits. Where
            more than 30 % of the parameter draws are not admissible, the band is of as many draws of either kind, at
            most 99 each, and its `kind` says so.
        simultaneous : bool
            Cover the whole path instead of each date.
        seed : int

        Returns
        -------
        Band or tuple of Band

        Raises
        ------
        EstimationError
            For a series the model does not hold, or if hardly any draw is admissible.
        """
        several = what if isinstance(what, tuple) else (what,)
        made = tuple(draw.band(level, simultaneous) for draw in self.draw(several, draws=draws, kind=kind, seed=seed))
        return made if isinstance(what, tuple) else made[0]

    def draw(
        self,
        what: Sequence[PathQuantity],
        draws: int = 1000,
        kind: Literal["parameter", "bootstrap"] = "parameter",
        seed: int = 0,
    ) -> tuple[PathDraws, ...]:
        """Paths at common draws, for bands, window averages and differences of them; see `PathDraws`."""
        if kind == "bootstrap":
            return bootstrap_draws(self, what, draws, seed)
        sample = parameter_sample(self, series_needed(self, what), draws, seed)
        if sample.rejected > MAX_REJECTED:
            count = min(draws, MAX_DRAWS_OF_EACH)
            return joined_draws(
                parameter_draws(self, what, sample.first(count)), bootstrap_draws(self, what, count, seed)
            )
        return parameter_draws(self, what, sample)

    def bootstrap_intervals(self, level: float = 0.95, draws: int = 399, seed: int = 0) -> BootstrapIntervals:
        """Bootstrap-t intervals of all parameters: the model is simulated and both steps are refitted `draws` times."""
        return bootstrap_intervals(self, level, draws, seed)

    def dispersion(
        self, pairs: tuple[tuple[str, str], ...], simulations: int = 99, seed: int = 0
    ) -> tuple[Dispersion, ...]:
        """How wavy each pair's line is against `simulations` worlds of constant correlation; see `Dispersion`."""
        return dispersion(self, pairs, simulations, seed)

    def forecast(
        self, horizon: int, method: Literal["q", "r", "simulation"] = "q", seed: int = 0
    ) -> CorrelationForecast:
        """Forecast correlations and variances for the days T+1, .., T+horizon.

        Parameters
        ----------
        horizon : int
        method : {"q", "r", "simulation"}
            "q": E[Q_{T+h}] = S + (a + b)^(h-1) (Q_{T+1} - S), exact in cDCC, rescaled to a correlation matrix. "r":
            E[R_{T+h}] = Rbar + (a + b)^(h-1) (R_{T+1} - Rbar) (Engle and Sheppard 2001). "simulation": filtered
            historical simulation, 5,000 paths shared among 50 parameter draws, with prediction intervals.
        seed : int

        Returns
        -------
        CorrelationForecast
        """
        return forecast(self, horizon, method, seed)

    def impulse_response(self, shock: Mapping[str, float], horizon: int = 63, seed: int = 0) -> ImpulseResponse:
        """What a shock to standardised residuals, e.g. {"BTC": -3.0}, does to later moments; see `ImpulseResponse`."""
        return impulse_response(self, shock, horizon, seed)

    def diagnostics(self, seed: int = 0) -> pd.DataFrame:
        """Every measure of both steps: columns subject, measure, value, target, met."""
        return diagnostics(self, seed)

    def wald(self, restrictions: Mapping[str, float]) -> TestResult:
        """Wald test that parameters have given values, e.g. {"kappa": 0.0}.

        Not for a = 0: b is not identified there, see `engle_sheppard_test`.
        """
        names = list(restrictions)
        unknown = sorted(set(names) - set(self.params.index))
        if unknown:
            raise EstimationError(unknown[0], "is not a parameter", f"Choose among {', '.join(self.params.index)}.")
        gap = self.params[names].to_numpy() - np.array(list(restrictions.values()))
        statistic = float(gap @ np.linalg.solve(self.covariance.loc[names, names].to_numpy(), gap))
        return TestResult(
            statistic=statistic,
            p_value=float(chdtrc(len(names), statistic)),
            null=" and ".join(f"{name} equals {value:g}" for name, value in restrictions.items()),
            reference=f"chi-squared({len(names)})",
            n=len(self.margins.returns),
            method="Wald test on the two-step sandwich",
        )

    def margin(self, name: str) -> FittedMargin:
        """The fitted margin of one series."""
        return self.margins.fitted[self._position(name)]

    def parameters_of(self, names: tuple[str, ...]) -> Array:
        """Margin parameters of some series followed by the packed target among them."""
        chosen = self._positions_of(names)
        everything = np.concatenate([*(margin.params for margin in self.margins.fitted), self.packed_target])
        return everything[chosen]

    def covariance_of(self, names: tuple[str, ...]) -> Array:
        """Covariance of `parameters_of(names)` followed by the free correlation parameters."""
        tail = np.arange(
            self.stacked_covariance.shape[0] - self.free_correlation_params.size, self.stacked_covariance.shape[0]
        )
        chosen = np.concatenate([self._positions_of(names), tail])
        return self.stacked_covariance[np.ix_(chosen, chosen)]

    def correlation_paths(self, z: Array, target: Array, psi: Array, before: slice = slice(0, 0)) -> Array:
        """Packed R_t at given residuals, packed target and (a, b[, g]), shape (T, M); the days `before` run first."""
        days = np.arange(len(z))
        rows = np.concatenate([days[before], days])
        push = self.dynamics.push(psi, len(z))
        return filtered_correlations(self.dynamics, z[rows], target, psi, push[rows])[len(rows) - len(z) : -1]

    def target_positions(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Positions in the packed target of the elements that belong to `names`."""
        indices = [self._position(name) for name in names]
        pairs = ((i, j) for row, i in enumerate(indices) for j in indices[: row + 1])
        return np.array([i * (i + 1) // 2 + j for i, j in pairs], dtype=np.intp)

    def admissible(self, psi: Array) -> bool:
        """Whether the dynamics are stationary at (a, b[, g or kappa])."""
        rest = 0.0 if self.dynamics.forcing is not None else self.asymmetry_limit * float(psi[2:].sum())
        return bool(min(psi[0], psi[1], rest) >= 0.0 and psi[0] + psi[1] + rest < 1.0)

    @cached_property
    def asymmetry_limit(self) -> float:
        """lambda in the condition a + b + lambda g < 1."""
        z = self.margins.std_residuals.to_numpy()
        return Coordinates(self.dynamics, self.dynamics.moments(z), False, len(self.names)).asymmetry_limit

    @property
    def intercept(self) -> Array:
        """C = (1 - a - b) S - g Nbar, packed, shape (M,)."""
        a, b, g = coefficients(self.psi)
        nbar = self.dynamics.moments(self.margins.std_residuals.to_numpy()).nbar
        return (1.0 - a - b) * self.packed_target - g * nbar

    @cached_property
    def next_state(self) -> Array:
        """Q_{T+1}, packed, shape (M,)."""
        z = self.margins.std_residuals.to_numpy()
        return filtered_states(self.dynamics, z, self.packed_target, self.psi, self.dynamics.push(self.psi, len(z)))[-1]

    @cached_property
    def _packed_correlations(self) -> Array:
        z = self.margins.std_residuals.to_numpy()
        push = self.dynamics.push(self.psi, len(z))
        return filtered_correlations(self.dynamics, z, self.packed_target, self.psi, push)

    def _positions_of(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        chosen: list[int] = []
        at = 0
        for margin in self.margins.fitted:
            if margin.name in names:
                chosen.extend(range(at, at + margin.params.size))
            at += margin.params.size
        return np.concatenate([np.array(chosen, dtype=np.intp), at + self.target_positions(names)])

    def _positions_of_params(self) -> NDArray[np.intp]:
        first = len(self.margins.labels)
        last = self.stacked_covariance.shape[0]
        return np.concatenate([np.arange(first), np.arange(last - self.free_correlation_params.size, last)])

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise EstimationError(name, "is not a series of this model", f"Choose among {', '.join(self.names)}.")
        return self.names.index(name)

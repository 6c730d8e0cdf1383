"""The models a user names: frozen specifications that fit and evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from data.errors import EstimationError
from models.correlation.dynamics import Dynamics
from models.correlation.estimation import CorrelationStep, constant_step, estimate
from models.correlation.likelihood import loglik
from models.correlation.result import CorrelationResult
from models.correlation.sandwich import ml_covariance, stacked_covariance
from models.correlation.types import Array, Distribution, Initial, Target
from models.margins import Margins, fit_margins
from models.margins.types import Volatility


@dataclass(frozen=True, slots=True)
class CCC:
    """Constant conditional correlation, R_t = R (Bollerslev 1990).

    Parameters
    ----------
    distribution : {"normal", "t"}
        Of z_t given R_t; with "t" the degrees of freedom nu are estimated after the correlations.
    margins : {"garch", "gjr", "egarch", "auto"}
        Volatility model of the first step.
    """

    distribution: Distribution = "normal"
    margins: Volatility | Literal["auto"] = "garch"

    def fit(self, returns: pd.DataFrame, *, margins: Margins | None = None, seed: int = 0) -> CorrelationResult:
        """Estimate; see `DCC.fit`. The closed form needs no start, so `seed` changes nothing."""
        del seed
        fitted = first_step(returns, margins, self.margins)
        dynamics = Dynamics("dcc")
        z = fitted.std_residuals.to_numpy()
        step = constant_step(dynamics, z, self.distribution == "t")
        return _record("CCC", fitted, dynamics, step)

    def loglik(self, params: ArrayLike, std_residuals: ArrayLike) -> float:
        """Correlation part of the log-likelihood; `params` is empty, or (nu,)."""
        z, values = _residuals(std_residuals), np.atleast_1d(np.asarray(params, dtype=float))
        nu = _degrees(self.distribution, values, 0)
        dynamics = Dynamics("dcc")
        return float(loglik(dynamics, z, dynamics.moments(z), np.zeros(2), nu).sum())


@dataclass(frozen=True, slots=True)
class DCC:
    """Dynamic conditional correlation (Engle 2002).

    Q_{t+1} = (1 - a - b) S + a z_t z_t' + b Q_t, and R_t is Q_t rescaled to a unit diagonal.

    Parameters
    ----------
    distribution : {"normal", "t"}
        Of z_t given R_t. "normal" is quasi maximum likelihood with the sandwich; "t" estimates nu with (a, b).
    margins : {"garch", "gjr", "egarch", "auto"}
        Volatility model of the first step.
    initial : {"target", "zero_residual", "unit_residual", "backcast"}
        Q_1; see `Dynamics`.
    target : {"normalised", "covariance", "ml"}
        S; see `Dynamics`. In plain DCC the sample correlation is not a consistent target; cDCC's is.
    """

    distribution: Distribution = "normal"
    margins: Volatility | Literal["auto"] = "garch"
    initial: Initial = "target"
    target: Target = "normalised"

    kind: ClassVar[Literal["dcc", "cdcc", "adcc"]] = "dcc"

    def dynamics_of(self, size: int) -> Dynamics:
        """The recursion for `size` series."""
        del size
        return Dynamics(self.kind, self.initial, self.target)

    def fit(self, returns: pd.DataFrame, *, margins: Margins | None = None, seed: int = 0) -> CorrelationResult:
        """Estimate in two steps with standard errors for both.

        Parameters
        ----------
        returns : DataFrame, shape (T, N)
            Percent, no missing values.
        margins : Margins, optional
            A first step to reuse; it must be of these returns.
        seed : int
            Of the one start that is drawn.

        Returns
        -------
        CorrelationResult

        Raises
        ------
        data.errors.EstimationError
            If a margin or the correlation step cannot be estimated.
        """
        fitted = first_step(returns, margins, self.margins)
        z = fitted.std_residuals.to_numpy()
        dynamics = self.dynamics_of(z.shape[1])
        step = estimate(dynamics, z, self.distribution == "t", seed)
        return _record(type(self).__name__, fitted, dynamics, step)

    def loglik(self, params: ArrayLike, std_residuals: ArrayLike) -> float:
        """Correlation part of the log-likelihood, -1/2 sum_t (log det R_t + z_t' R_t^-1 z_t - z_t' z_t).

        Parameters
        ----------
        params : array_like
            (a, b[, g][, nu]), and under target="ml" the correlations of S behind them, lower triangle by rows.
        std_residuals : array_like, shape (T, N)

        Returns
        -------
        float
            -inf where a Q_t is not positive definite. With the Student-t, its log density less that of independent
            standard normals, so that the Gaussian log-likelihood of the margins can be added under either.
        """
        z, values = _residuals(std_residuals), np.asarray(params, dtype=float)
        dynamics = self.dynamics_of(z.shape[1])
        count = len(dynamics.names)
        nu = _degrees(self.distribution, values, count)
        target = None
        if self.target == "ml":
            size = z.shape[1]
            matrix = np.eye(size)
            rows, columns = np.tril_indices(size, -1)
            matrix[rows, columns] = values[count + (nu > 0.0) :]
            target = np.ascontiguousarray(matrix[np.tril_indices(size)])
        value = float(loglik(dynamics, z, dynamics.moments(z), values[:count], nu, target).sum())
        return value if np.isfinite(value) else -np.inf


@dataclass(frozen=True, slots=True)
class CDCC(DCC):
    """Corrected DCC (Aielli 2013), the default model: z*_it = z_it sqrt(q_ii,t) in place of z_t in the recursion of Q.

    E_{t-1}[z*_t z*_t'] = Q_t, so that S = E[z* z*'] and targeting is consistent. S is estimated by the rescaled
    sample moment of z* at each (a, b), which does not depend on S itself, and the profile likelihood is maximised.

    Parameters
    ----------
    distribution, margins, initial, target
        As in `DCC`.
    """

    kind: ClassVar[Literal["dcc", "cdcc", "adcc"]] = "cdcc"


@dataclass(frozen=True, slots=True)
class DECO(DCC):
    """Dynamic equicorrelation (Engle and Kelly 2012).

    R_t = (1 - rho_t) I + rho_t J with rho_t the mean correlation of DCC's R_t.

    Parameters
    ----------
    distribution, margins, initial, target
        As in `DCC`.
    blocks : tuple of int, optional
        Block of each series, numbered from zero: block-DECO, one correlation for each pair of blocks and one inside
        each. Empty puts all series into one block.
    recursion : {"dcc", "cdcc"}
        Which Q_t the correlations come from.
    """

    blocks: tuple[int, ...] = ()
    recursion: Literal["dcc", "cdcc"] = "dcc"

    def dynamics_of(self, size: int) -> Dynamics:
        blocks = self.blocks or (0,) * size
        if len(blocks) != size or set(blocks) != set(range(max(blocks) + 1)):
            raise EstimationError(
                "the blocks",
                f"{blocks} do not number {size} series from zero",
                "Give one block number for each series.",
            )
        return Dynamics(self.recursion, self.initial, self.target, blocks)


@dataclass(frozen=True, slots=True)
class DCCX:
    """DCC with a regressor in the intercept of every correlation, such as a stress state.

    Q_{t+1} = (1 - a - b) (S + kappa (x_t - xbar) (J - I)) + a z_t z_t' + b Q_t with J a matrix of ones; x_t is known
    at t, so that it moves the correlation of the day after. kappa is the lasting effect of a unit of x on each element
    of Q.

    Parameters
    ----------
    distribution, margins
        As in `DCC`.
    """

    distribution: Distribution = "normal"
    margins: Volatility | Literal["auto"] = "garch"

    def fit(
        self, returns: pd.DataFrame, regressor: pd.Series, *, margins: Margins | None = None, seed: int = 0
    ) -> CorrelationResult:
        """Estimate; see `DCC.fit`.

        Parameters
        ----------
        returns : DataFrame, shape (T, N)
        regressor : Series, shape (T,)
            x_t on the sessions of the returns.

        Raises
        ------
        data.errors.EstimationError
            Also if the regressor is constant or of other sessions.
        """
        if not regressor.index.equals(returns.index):
            raise EstimationError("the regressor", "is of other sessions than the returns", "Align it first.")
        fitted = first_step(returns, margins, self.margins)
        dynamics = self.dynamics_of(regressor.to_numpy(dtype=np.float64))
        step = estimate(dynamics, fitted.std_residuals.to_numpy(), self.distribution == "t", seed)
        return _record("DCCX", fitted, dynamics, step)

    def dynamics_of(self, regressor: Array) -> Dynamics:
        """The recursion with this regressor."""
        if not np.isfinite(regressor).all() or np.ptp(regressor) == 0.0:
            raise EstimationError("the regressor", "is constant or not finite", "Give one that moves.")
        return Dynamics("dccx", forcing=regressor - regressor.mean())

    def loglik(self, params: ArrayLike, std_residuals: ArrayLike, regressor: ArrayLike) -> float:
        """As `DCC.loglik` with parameters (a, b, kappa[, nu])."""
        z, values = _residuals(std_residuals), np.asarray(params, dtype=float)
        dynamics = self.dynamics_of(np.asarray(regressor, dtype=np.float64))
        nu = _degrees(self.distribution, values, 3)
        value = float(loglik(dynamics, z, dynamics.moments(z), values[:3], nu).sum())
        return value if np.isfinite(value) else -np.inf


@dataclass(frozen=True, slots=True)
class ADCC(DCC):
    """Asymmetric DCC (Cappiello, Engle and Sheppard 2006), scalar.

    Q_{t+1} = (1 - a - b) S - g Nbar + a z_t z_t' + g n_t n_t' + b Q_t with n_t = min(z_t, 0).

    Parameters
    ----------
    distribution, margins, initial, target
        As in `DCC`.
    """

    kind: ClassVar[Literal["dcc", "cdcc", "adcc"]] = "adcc"


def first_step(returns: pd.DataFrame, margins: Margins | None, volatility: Volatility | Literal["auto"]) -> Margins:
    """The margins given, checked against the returns, or new ones."""
    if returns.shape[1] < 2:
        raise EstimationError("the correlation step", "needs at least two series", "Add a column of returns.")
    if margins is None:
        return fit_margins(returns, volatility=volatility)
    if not margins.returns.index.equals(returns.index) or list(margins.names) != [
        str(name) for name in returns.columns
    ]:
        raise EstimationError(
            "the margins given", "are of other sessions or series than the returns", "Fit them to these returns."
        )
    return margins


def refit(result: CorrelationResult, margins: Margins) -> CorrelationResult:
    """The same specification on other margins, from the estimate as its only start."""
    z = margins.std_residuals.to_numpy()
    if result.constant:
        step = constant_step(result.dynamics, z, result.nu > 0.0, constant=result.degenerate)
    else:
        step = estimate(result.dynamics, z, result.nu > 0.0, 0, start=(result.psi, result.nu))
    return _record(result.model, margins, result.dynamics, step)


def correlation_step(result: CorrelationResult, z: Array) -> Array:
    """Packed correlations of the same specification refitted to other residuals, shape (T, M)."""
    step = estimate(result.dynamics, z, result.nu > 0.0, 0, start=(result.psi, result.nu))
    return result.correlation_paths(z, step.target, step.psi)


def likelihood_ratio(result: CorrelationResult, z: Array) -> float:
    """Twice the gain of the dynamics over the constant model on other residuals; zero where the fit finds none."""
    student = result.nu > 0.0
    step = estimate(result.dynamics, z, student, 0, start=(result.psi, result.nu))
    return max(0.0, 2.0 * (step.loglik - constant_step(result.dynamics, z, student).loglik))


def _record(model: str, margins: Margins, dynamics: Dynamics, step: CorrelationStep) -> CorrelationResult:
    z = margins.std_residuals.to_numpy()
    moments = dynamics.moments(z)
    constant = not step.psi.any()
    free = (0 if constant else step.psi.size) + (step.nu > 0.0)
    if dynamics.target == "ml" and not constant:
        covariance = ml_covariance(dynamics, margins, z, moments, step.psi, step.nu, step.target)
    else:
        covariance = stacked_covariance(dynamics, margins, z, moments, step.psi, step.nu, free)
    return CorrelationResult(
        model=model,
        margins=margins,
        dynamics=dynamics,
        psi=step.psi,
        nu=step.nu,
        packed_target=step.target,
        correlation_loglik=step.loglik,
        stacked_covariance=covariance,
        convergence=step.convergence,
        degenerate=step.constant,
    )


def _residuals(std_residuals: ArrayLike) -> Array:
    z = np.ascontiguousarray(np.asarray(std_residuals, dtype=np.float64))
    if z.ndim != 2 or z.shape[1] < 2 or not np.isfinite(z).all():
        raise EstimationError(
            "the standardised residuals", "must be finite and of shape (T, N) with N > 1", "Use margins.std_residuals."
        )
    return z


def _degrees(distribution: Distribution, values: Array, position: int) -> float:
    expected = position + (distribution == "t")
    if values.size < expected:
        raise EstimationError("the parameters", f"{values.size} given, {expected} needed", "Give (a, b[, g][, nu]).")
    return float(values[position]) if distribution == "t" else 0.0

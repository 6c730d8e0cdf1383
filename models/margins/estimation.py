"""Estimate one margin: `arch` finds the neighbourhood, exact scores find the optimum and its sandwich."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from arch.univariate import ARX, EGARCH, GARCH, ConstantMean, Normal, SkewStudent, StudentsT
from arch.utility.exceptions import ConvergenceWarning, DataScaleWarning

from data.errors import EstimationError
from models.margins.distributions import SHAPES
from models.margins.model import MAX_PERSISTENCE, MarginModel
from models.margins.types import Array
from models.optimise import GRADIENT_TOLERANCE, Convergence, Optimum, ValueAndGradient, maximise

MIN_OBSERVATIONS = 250
#: Standard deviations, in percent a day, outside which the unit of the returns is in doubt.
PLAUSIBLE_SCALE = (0.05, 100.0)
#: Change of the log-likelihood at which `arch` may stop: exact scores take it from there.
NEIGHBOURHOOD = 1e-3
#: How close to a kink of the likelihood a search has to end, in standard deviations of the returns.
KINK = 1e-3
#: Other places to begin: persistence, share of the news in it, asymmetry.
GENERIC_STARTS = ((0.97, 0.07, 0.0), (0.90, 0.15, 0.3))


@dataclass(frozen=True, slots=True)
class FittedMargin:
    """One estimated margin.

    Attributes
    ----------
    name : str
    model : MarginModel
    params : array, shape (P,)
        In the order of `model.names`.
    backcast : float
        Pre-sample variance; see `MarginModel`.
    loglik : float
        Log-likelihood under the margin's own distribution.
    variances, std_residuals : arrays, shape (T,)
    scores : array, shape (T, P)
        Score of each observation.
    influence : array, shape (T, P)
        Influence of each observation on the estimate: (-H)^-1 s_t with the Hessian H of the mean log-likelihood. Its
        mean is zero and its outer product over T^2 the sandwich covariance. Zero in a direction that ended at a bound.
    d_std_residuals, d_variances : arrays, shape (T, P)
        Derivatives by the parameters.
    convergence : Convergence
    """

    name: str
    model: MarginModel
    params: Array
    backcast: float
    loglik: float
    variances: Array
    std_residuals: Array
    scores: Array
    influence: Array
    d_std_residuals: Array
    d_variances: Array
    convergence: Convergence

    @property
    def bic(self) -> float:
        """Schwarz's criterion; lower is better."""
        return -2.0 * self.loglik + self.params.size * float(np.log(self.variances.size))

    @property
    def persistence(self) -> float:
        """Decay of a variance shock a day."""
        return self.model.persistence(self.params)

    @property
    def states(self) -> Array:
        """h_t, shape (T,): the variance itself, or that of a session of mean length (`GapVariance`)."""
        states: Array = self.variances / self.model.multipliers(self.params, 0, self.variances.size)
        return states

    @property
    def next_state(self) -> float:
        """h_{T+1}, known at T."""
        return self.model.state_after(self.params, self.std_residuals, self.variances)

    @property
    def next_variance(self) -> float:
        """Variance of session T+1, known at T."""
        return self.next_state * float(self.model.multipliers(self.params, self.variances.size, 1)[0])


@dataclass(frozen=True, slots=True)
class MarginPoint:
    """A margin filtered at given parameters, with the derivatives that a joint likelihood needs; see `FittedMargin`."""

    model: MarginModel
    params: Array
    loglik: float
    variances: Array
    std_residuals: Array
    scores: Array
    d_std_residuals: Array
    d_variances: Array

    def fitted(self, name: str, backcast: float, influence: Array, convergence: Convergence) -> FittedMargin:
        """As the record of an estimate."""
        return FittedMargin(
            name=name,
            model=self.model,
            params=self.params,
            backcast=backcast,
            loglik=self.loglik,
            variances=self.variances,
            std_residuals=self.std_residuals,
            scores=self.scores,
            influence=influence,
            d_std_residuals=self.d_std_residuals,
            d_variances=self.d_variances,
            convergence=convergence,
        )


def margin_at(model: MarginModel, params: Array, returns: Array, backcast: float) -> MarginPoint:
    """Filter a margin and its scores at parameters, shape (P,), without estimating anything."""
    variances, z, d_variances, d_z = model.filter_derivatives(params, returns, backcast)
    log_density, scores = model.scores(params, returns, backcast)
    return MarginPoint(model, params, float(log_density.sum()), variances, z, scores, d_z, d_variances)


def check_returns(name: str, returns: Array) -> None:
    """Refuse, by name, a series that no volatility model can be fitted to."""
    if returns.size < MIN_OBSERVATIONS:
        raise EstimationError(
            name,
            f"{returns.size} returns are too few for a volatility model, which needs {MIN_OBSERVATIONS}",
            "Use a longer window or drop the instrument.",
        )
    if not np.isfinite(returns).all():
        where = int(np.flatnonzero(~np.isfinite(returns))[0])
        raise EstimationError(name, f"the return at position {where} is not finite", "Mend or drop that session first.")
    scale = float(returns.std())
    if scale == 0.0:
        raise EstimationError(name, "the series is constant", "Check the prices behind it.")
    low, high = PLAUSIBLE_SCALE
    if not low <= scale <= high:
        raise EstimationError(
            name,
            f"a standard deviation of {scale:.4g} a day is not that of returns in percent",
            "Give returns as 100 times the log difference of prices.",
        )


def _on_a_kink(optimum: Optimum, loglik: ValueAndGradient, observations: int) -> Optimum:
    """Count a search as converged where every slope that is left changes its sign within `KINK` of the point.

    The likelihood of EGARCH has a kink in the mean wherever it equals a return, because the variance answers to |z|.
    """
    convergence = optimum.convergence
    slopes = np.abs(loglik(optimum.arguments)[1])
    left: list[int] = np.flatnonzero(slopes > GRADIENT_TOLERANCE * observations).tolist()

    def slope(position: int, by: float) -> float:
        moved = optimum.arguments.copy()
        moved[position] += by
        return float(loglik(moved)[1][position])

    if convergence.converged or not all(slope(one, -KINK) >= 0.0 >= slope(one, KINK) for one in left):
        return optimum
    message = "the likelihood has a kink at its maximum"
    return replace(optimum, convergence=replace(convergence, converged=True, message=message))


def fit_margin(name: str, returns: Array, model: MarginModel, start: Array | None = None) -> FittedMargin:
    """Maximum likelihood of one margin.

    Parameters
    ----------
    name : str
    returns : array, shape (T,)
        Percent.
    model : MarginModel
    start : array, shape (P,), optional
        Parameters to begin from, alone, instead of the estimate of `arch` and the generic starts.

    Raises
    ------
    EstimationError
        Naming the series: too short, constant, not finite, not in percent, or not converged.
    """
    check_returns(name, returns)
    scale = float(returns.std())
    scaled = returns / scale
    backcast = model.backcast(scaled)
    coordinates = _Coordinates(model)

    def loglik(point: Array) -> tuple[float, Array]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, gradient = model.loglik_and_gradient(coordinates.params(point), scaled, backcast)
            return value, coordinates.jacobian(point).T @ gradient

    if start is None:
        starts = [coordinates.point(_arch_params(name, scaled, model, backcast))]
        starts += [coordinates.generic(float(scaled.mean()), *generic) for generic in GENERIC_STARTS]
    else:
        starts = [coordinates.point(_natural(model, start, 1.0 / scale))]
    search = partial(maximise, loglik, names=coordinates.names, observations=returns.size, bounds=coordinates.bounds)
    try:
        optimum = _on_a_kink(search(starts), loglik, returns.size)
        if not optimum.convergence.converged:
            optimum = _on_a_kink(search([optimum.arguments]), loglik, returns.size)
    except EstimationError as error:
        raise EstimationError(name, f"{error.culprit}: {error.problem}", error.remedy) from error
    if not optimum.convergence.converged:
        raise EstimationError(
            name,
            f"the {model.volatility} optimiser stopped with gradient {optimum.convergence.gradient_norm:.1e} a day",
            "Choose another volatility model or a longer window.",
        )
    point, params = optimum.arguments, coordinates.params(optimum.arguments)
    free = np.array([label not in optimum.convergence.at_bounds for label in coordinates.names])
    hessian = _hessian(lambda at: loglik(at)[1] / returns.size, point, free, coordinates.bounds)
    jacobian = coordinates.jacobian(point)[:, free]
    unscale = _unscale(model, params, scale)
    scores = model.scores(params, scaled, backcast)[1]
    try:
        influence = scores @ jacobian @ np.linalg.solve(-hessian, jacobian.T) @ unscale.T
    except np.linalg.LinAlgError as error:
        raise EstimationError(
            name,
            f"the likelihood of the {model.volatility} margin is flat at its optimum, so that its parameters cannot be "
            "told apart",
            f"Its variance may not move, or {model.distribution} innovations may not fit: choose another model.",
        ) from error
    natural = _natural(model, params, scale)
    at_estimate = margin_at(model, natural, returns, backcast * scale**2)
    return at_estimate.fitted(name, backcast * scale**2, influence, optimum.convergence)


def _hessian(gradient: Callable[[Array], Array], point: Array, free: Array, bounds: list[tuple[float, float]]) -> Array:
    columns = []
    for index in np.flatnonzero(free):
        low, high = bounds[index]
        step = min(1e-5 * max(1.0, abs(point[index])), 0.5 * (high - point[index]), 0.5 * (point[index] - low))
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        columns.append((gradient(up) - gradient(down))[free] / (2.0 * step))
    hessian = np.column_stack(columns)
    return 0.5 * (hessian + hessian.T)


def _natural(model: MarginModel, params: Array, scale: float) -> Array:
    """Parameters of the returns from those of the returns divided by `scale`."""
    natural = params.copy()
    omega = len(model.mean_names)
    natural[0] *= scale
    if model.volatility == "egarch":
        natural[omega] += (1.0 - params[omega + 3]) * np.log(scale**2)
    else:
        natural[omega] *= scale**2
    return natural


def _unscale(model: MarginModel, params: Array, scale: float) -> Array:
    """Jacobian of `_natural`."""
    matrix = np.eye(params.size)
    omega = len(model.mean_names)
    matrix[0, 0] = scale
    if model.volatility == "egarch":
        matrix[omega, omega + 3] = -np.log(scale**2)
    else:
        matrix[omega, omega] = scale**2
    return matrix


def _arch_params(name: str, scaled: Array, model: MarginModel, backcast: float) -> Array:
    """Estimate of `arch`, in the order of `model.names`."""
    mean = ConstantMean(scaled, rescale=False) if model.mean == "constant" else ARX(scaled, lags=1, rescale=False)
    if model.volatility == "egarch":
        mean.volatility = EGARCH(p=1, o=1, q=1)
        start = [0.0, 0.1, -0.03, 0.95]
    else:
        mean.volatility = GARCH(p=1, o=0 if model.volatility == "garch" else 1, q=1)
        start = [0.03, 0.06, 0.91] if model.volatility == "garch" else [0.03, 0.04, 0.04, 0.91]
    mean.distribution = {"normal": Normal, "t": StudentsT, "skewt": SkewStudent}[model.distribution]()
    start = [float(scaled.mean())] + ([0.0] if model.mean == "ar1" else []) + start
    start += list(shape := SHAPES[model.distribution].start)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", DataScaleWarning)
        try:
            result = mean.fit(
                update_freq=0, disp="off", backcast=backcast, starting_values=np.array(start), tol=NEIGHBOURHOOD
            )
        except (ConvergenceWarning, DataScaleWarning, ValueError) as warning:
            raise EstimationError(
                name,
                f"arch could not fit a {model.volatility} margin ({str(warning).strip().splitlines()[0]})",
                "Choose another volatility model, a longer window, or check the prices.",
            ) from warning
    params = np.asarray(result.params, dtype=np.float64).copy()
    if model.mean == "ar1":
        params[0] /= 1.0 - params[1]
    return np.concatenate([params, model.tail_start[len(shape) :]])


class _Coordinates:
    """Box-bounded coordinates of a margin.

    GARCH and GJR: persistence P, share S of news in it and asymmetry G, with alpha = P S (1 - G), gamma = 2 P S G and
    beta = P (1 - S); omega enters by its logarithm. EGARCH keeps its own parameters.
    """

    def __init__(self, model: MarginModel) -> None:
        self._model = model
        mean_bounds = [(-10.0, 10.0), (-0.99, 0.99)][: len(model.mean_names)]
        if model.volatility == "egarch":
            middle = {
                "omega": (-20.0, 20.0),
                "alpha": (-2.0, 2.0),
                "gamma": (-2.0, 2.0),
                "beta": (-MAX_PERSISTENCE, MAX_PERSISTENCE),
            }
        else:
            middle = {"omega": (-25.0, 5.0), "persistence": (0.0, MAX_PERSISTENCE), "news": (0.0, 1.0)}
            if model.volatility == "gjr":
                middle["asymmetry"] = (-1.0, 1.0)
        tail = model.names[len(model.mean_names) + len(model.variance_names) :]
        self.names = (*model.mean_names, *middle, *tail)
        self.bounds = [*mean_bounds, *middle.values(), *model.tail_bounds]

    def params(self, point: Array) -> Array:
        if self._model.volatility == "egarch":
            return point.copy()
        omega = len(self._model.mean_names)
        persistence, news = point[omega + 1], point[omega + 2]
        tail = point[omega + len(self._model.variance_names) :]
        if self._model.volatility == "garch":
            middle = [persistence * news, persistence * (1.0 - news)]
        else:
            asymmetry = point[omega + 3]
            middle = [
                persistence * news * (1.0 - asymmetry),
                2.0 * persistence * news * asymmetry,
                persistence * (1.0 - news),
            ]
        return np.concatenate([point[:omega], [np.exp(point[omega])], middle, tail])

    def point(self, params: Array) -> Array:
        """Inverse of `params`, moved inside the bounds."""
        low, high = np.array(self.bounds).T
        if self._model.volatility == "egarch":
            return np.clip(params, low, high)
        omega = len(self._model.mean_names)
        _, (level, alpha, gamma, beta), _ = self._model.split(params)
        tail = params[omega + len(self._model.variance_names) :]
        news = max(alpha + 0.5 * gamma, 1e-6)
        middle = [np.log(max(level, 1e-10)), news + beta, news / (news + beta)]
        if self._model.volatility == "gjr":
            middle.append(0.5 * gamma / news)
        return np.clip(np.concatenate([params[:omega], middle, tail]), low, high)

    def generic(self, mean: float, persistence: float, news: float, asymmetry: float) -> Array:
        """A start from a persistence, the share of news in it and its asymmetry, for returns of variance one."""
        start = [mean] + ([0.0] if self._model.mean == "ar1" else [])
        if self._model.volatility == "egarch":
            start += [0.0, 2.0 * news, -news * asymmetry, persistence]
        else:
            start += [float(np.log(1.0 - persistence)), persistence, news]
            if self._model.volatility == "gjr":
                start.append(asymmetry)
        return np.array([*start, *self._model.tail_start])

    def jacobian(self, point: Array) -> Array:
        """Derivative of `params`, shape (P, P)."""
        matrix = np.eye(point.size)
        if self._model.volatility == "egarch":
            return matrix
        omega = len(self._model.mean_names)
        persistence, news = point[omega + 1], point[omega + 2]
        matrix[omega, omega] = np.exp(point[omega])
        if self._model.volatility == "garch":
            matrix[omega + 1 : omega + 3, omega + 1 : omega + 3] = [[news, persistence], [1.0 - news, -persistence]]
        else:
            asymmetry = point[omega + 3]
            matrix[omega + 1 : omega + 4, omega + 1 : omega + 4] = [
                [news * (1.0 - asymmetry), persistence * (1.0 - asymmetry), -persistence * news],
                [2.0 * news * asymmetry, 2.0 * persistence * asymmetry, 2.0 * persistence * news],
                [1.0 - news, -persistence, 0.0],
            ]
        return matrix

"""CoVaR: the value at risk of one series on sessions on which another is at or below its own, from a bivariate t.

All quantiles are of returns, so a smaller number is worse. Densities have variance one, so that they multiply the
conditional volatilities of the correlation model.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats
from scipy.interpolate import CubicSpline

from data.errors import EstimationError
from models.correlation import CorrelationResult
from models.correlation.paths import FilteredMoments
from models.estimate import Estimate, NotDecidable, TestResult
from models.optimise import maximise
from models.tails.backtests import conditional_coverage_test, coverage_test

Array = NDArray[np.float64]

#: Gauss-Legendre nodes of the integral over the conditioning series, and bisections of its root.
NODES, BISECTIONS = 48, 40
#: Grid of atanh(correlation) on which the root is tabulated; in between it is a cubic spline.
GRID = np.linspace(-3.0, 3.0, 81)
NU_BOUNDS = (2.1, 200.0)


@dataclass(frozen=True)
class TailQuantile:
    """Quantiles of x_i given what x_j did, (x_i, x_j) bivariate t with unit variances, correlation rho and nu degrees.

    Parameters
    ----------
    quantile : float
        q, of both series.
    nu : float
        Degrees of freedom, above two.

    Notes
    -----
    Girardi and Ergun (2013), "Systemic risk measurement: multivariate GARCH estimation of CoVaR", Journal of Banking &
    Finance 37: P(x_i <= c, x_j <= VaR_j) = q^2. Given x_j, x_i is t with nu + 1 degrees of freedom; the integral over
    x_j runs over its probability, with nodes that crowd towards the far tail.
    """

    quantile: float
    nu: float
    _stress: CubicSpline = field(init=False, repr=False, compare=False)
    _benchmark: CubicSpline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        far = float(special.stdtr(self.nu, -1.0 / self._scale))
        table = conditional_quantiles(np.tanh(GRID), self.quantile, self.nu, 0.0, self.quantile)
        inside = conditional_quantiles(np.tanh(GRID), self.quantile, self.nu, far, 1.0 - far)
        object.__setattr__(self, "_stress", CubicSpline(GRID, table))
        object.__setattr__(self, "_benchmark", CubicSpline(GRID, inside))

    @property
    def _scale(self) -> float:
        return float(np.sqrt((self.nu - 2.0) / self.nu))

    @property
    def unconditional(self) -> float:
        """The q-quantile of one series."""
        return float(special.stdtrit(self.nu, self.quantile)) * self._scale

    def stress(self, correlation: Array) -> Array:
        """Quantile given that the other is at or below its own q-quantile."""
        return np.asarray(self._stress(_within_grid(correlation)))

    def benchmark(self, correlation: Array) -> Array:
        """Quantile given that the other is within one standard deviation of its mean."""
        return np.asarray(self._benchmark(_within_grid(correlation)))

    def difference(self, correlation: Array) -> Array:
        """`stress` minus `benchmark`."""
        return self.stress(correlation) - self.benchmark(correlation)


def _within_grid(correlation: Array) -> Array:
    return np.asarray(np.clip(np.arctanh(correlation), GRID[0], GRID[-1]))


def conditional_quantiles(correlation: Array, quantile: float, nu: float, low: float, high: float) -> Array:
    """c with P(x_i <= c | F(x_j) in (low, high)) = quantile, for a bivariate t with unit variances.

    Parameters
    ----------
    correlation : ndarray, (M,)
    quantile, nu : float
    low, high : float
        Probabilities that bound the conditioning series.

    Returns
    -------
    ndarray, (M,)
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    share = 0.5 * (nodes + 1.0)
    probability, weight = low + (high - low) * share**3, 1.5 * weights * share**2
    if low > 0.0:
        probability, weight = low + (high - low) * share, 0.5 * weights
    given = special.stdtrit(nu, probability)
    spread = np.sqrt((nu + given**2) / (nu + 1.0)) * np.sqrt(1.0 - correlation[:, None] ** 2)
    centre = correlation[:, None] * given
    floor, ceiling = np.full(correlation.size, -1.0), np.full(correlation.size, 1.0)

    def probability_below(c: Array) -> Array:
        return np.asarray(special.stdtr(nu + 1.0, (c[:, None] - centre) / spread) @ weight)

    while (probability_below(floor) > quantile).any():
        floor *= 2.0
    while (probability_below(ceiling) < quantile).any():
        ceiling *= 2.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (floor + ceiling)
        below = probability_below(middle) < quantile
        floor, ceiling = np.where(below, middle, floor), np.where(below, ceiling, middle)
    return 0.5 * (floor + ceiling) * np.sqrt((nu - 2.0) / nu)


@dataclass(frozen=True)
class CoVaR:
    """Path of the value at risk of `response` while `given` is at or below its own, percent a day."""

    response: str
    given: str
    tail: TailQuantile
    mean: float

    @property
    def series(self) -> tuple[str, ...]:
        return (self.response, self.given)

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return f"CoVaR of {self.response} given {self.given}"

    def path(self, moments: FilteredMoments) -> Array:
        quantiles = self.tail.stress(moments.correlation(self.response, self.given))
        return np.asarray(self.mean + moments.volatility(self.response) * quantiles)


@dataclass(frozen=True)
class DeltaCoVaR:
    """Path of CoVaR minus its value while `given` is within one standard deviation of its mean, percent a day."""

    response: str
    given: str
    tail: TailQuantile

    @property
    def series(self) -> tuple[str, ...]:
        return (self.response, self.given)

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return f"Delta CoVaR of {self.response} given {self.given}"

    def path(self, moments: FilteredMoments) -> Array:
        rho = moments.correlation(self.response, self.given)
        return np.asarray(moments.volatility(self.response) * self.tail.difference(rho))


@dataclass(frozen=True)
class ConditionalRisk:
    """CoVaR of one series given another, through time.

    Attributes
    ----------
    response, given : str
    quantile, nu : float
    covar, delta : DataFrame, (T, 3)
        Columns "estimate", "lower", "upper"; percent a day, known at the close before. The band holds the
        uncertainty of the correlation model's parameters and of nu.
    mean_covar, mean_delta : Estimate
        Means over the sample.
    distress : Series of bool, (T,)
        Sessions on which `given` was at or below its value at risk.
    hits : Series of bool
        On those sessions: whether `response` was at or below its CoVaR.
    level : float
    """

    response: str
    given: str
    quantile: float
    nu: float
    covar: pd.DataFrame
    delta: pd.DataFrame
    mean_covar: Estimate
    mean_delta: Estimate
    distress: pd.Series
    hits: pd.Series
    level: float

    def coverage(self) -> TestResult | NotDecidable:
        """Kupiec's test on the sessions of distress: hits come with probability q."""
        return coverage_test(self.hits.to_numpy(), self.quantile)

    def conditional_coverage(self, *, seed: int = 0) -> TestResult | NotDecidable:
        """Christoffersen's test on the sessions of distress, in their order."""
        return conditional_coverage_test(self.hits.to_numpy(), self.quantile, seed=seed)


def conditional_value_at_risk(
    result: CorrelationResult,
    response: str,
    given: str,
    *,
    quantile: float = 0.05,
    level: float = 0.95,
    draws: int = 500,
    kind: Literal["parameter", "bootstrap"] = "parameter",
    seed: int = 0,
) -> ConditionalRisk:
    """CoVaR and Delta CoVaR of `response` given `given` from a conditional correlation model.

    Parameters
    ----------
    result : CorrelationResult
        Holds both series. Where it is Gaussian, nu is estimated by maximum likelihood given its R_t.
    response, given : str
    quantile : float
        Of both series.
    level, draws, kind, seed
        Level of the bands, draws behind them and where they come from (see `CorrelationResult.bands`), seed.

    Raises
    ------
    EstimationError
        If the model does not hold a series, or hardly any parameter draw is admissible.

    Notes
    -----
    Delta CoVaR is a difference in percent a day against the benchmark of one standard deviation around the mean;
    Girardi and Ergun divide by the benchmark. The backtest is theirs: coverage tests on the sessions of distress.
    """
    if response == given:
        raise EstimationError(given, "cannot be in distress with itself", "Name two series.")
    correlation = result.correlation(response, given)
    margins = {name: result.margin(name) for name in (response, given)}
    deviation = {name: np.sqrt(margin.variances) for name, margin in margins.items()}
    returns = {name: result.margins.returns[name].to_numpy() for name in margins}
    mean = {name: returns[name] - deviation[name] * margins[name].std_residuals for name in margins}
    z = np.column_stack([margins[name].std_residuals for name in (response, given)])
    rho = correlation.to_numpy()
    nu, error = (result.nu, float(result.std_errors["nu"]) / result.nu) if result.nu else degrees_of_freedom(z, rho)
    tail = TailQuantile(quantile, nu)
    what = (CoVaR(response, given, tail, float(mean[response].mean())), DeltaCoVaR(response, given, tail))
    low, high = (TailQuantile(quantile, max(nu * np.exp(side * error), NU_BOUNDS[0])) for side in (-1.0, 1.0))
    slopes = (
        0.5 * deviation[response] * (high.stress(rho) - low.stress(rho)),
        0.5 * deviation[response] * (high.difference(rho) - low.difference(rho)),
    )
    drawn = result.draw(what, draws=draws, kind=kind, seed=seed)
    shifts = np.random.default_rng(seed).standard_normal(len(drawn[0].paths))
    covar, delta = (
        replace(draw, paths=draw.paths + np.outer(shifts, slope)) for draw, slope in zip(drawn, slopes, strict=True)
    )
    bands = [draw.band(level) for draw in (covar, delta)]
    frames = [pd.DataFrame({"estimate": one.estimate, "lower": one.lower, "upper": one.upper}) for one in bands]
    distress = returns[given] <= mean[given] + deviation[given] * tail.unconditional
    hit = returns[response] <= mean[response] + deviation[response] * tail.stress(rho)
    index = correlation.index
    return ConditionalRisk(
        response=response,
        given=given,
        quantile=quantile,
        nu=nu,
        covar=frames[0],
        delta=frames[1],
        mean_covar=replace(covar.average(level=level), unit="% a day"),
        mean_delta=replace(delta.average(level=level), unit="% a day"),
        distress=pd.Series(distress, index=index, name="distress"),
        hits=pd.Series(hit[distress], index=index[distress], name="hit"),
        level=level,
    )


def degrees_of_freedom(z: Array, correlation: Array) -> tuple[float, float]:
    """Maximum likelihood of nu for z_t ~ bivariate t with unit variances, given its correlations.

    Parameters
    ----------
    z : ndarray, (T, 2)
    correlation : ndarray, (T,)

    Returns
    -------
    nu : float
        Between 2.1 and 200.
    error : float
        Standard error of its logarithm, from the outer product of the scores.
    """
    distance = (z[:, 0] ** 2 + z[:, 1] ** 2 - 2.0 * correlation * z[:, 0] * z[:, 1]) / (1.0 - correlation**2)

    def terms(nu: float) -> tuple[Array, Array]:
        ratio = distance / (nu - 2.0)
        value = special.gammaln(0.5 * nu + 1.0) - special.gammaln(0.5 * nu) - np.log(nu - 2.0)
        values = value - (0.5 * nu + 1.0) * np.log1p(ratio)
        slope = 0.5 * special.digamma(0.5 * nu + 1.0) - 0.5 * special.digamma(0.5 * nu) - 1.0 / (nu - 2.0)
        slopes = slope - 0.5 * np.log1p(ratio) + (0.5 * nu + 1.0) * ratio / (1.0 + ratio) / (nu - 2.0)
        return values, nu * slopes

    def loglik(point: Array) -> tuple[float, Array]:
        values, slopes = terms(float(np.exp(point[0])))
        return float(values.sum()), np.array([slopes.sum()])

    optimum = maximise(
        loglik,
        [np.log([start]) for start in (4.0, 10.0, 40.0)],
        names=("nu",),
        observations=distance.size,
        bounds=[(float(np.log(NU_BOUNDS[0])), float(np.log(NU_BOUNDS[1])))],
    )
    nu = float(np.exp(optimum.arguments[0]))
    return nu, float(1.0 / np.sqrt(np.sum(terms(nu)[1] ** 2)))


def lower_tail_dependence(correlation: float, nu: float) -> float:
    """Limit of P(x_i below its q-quantile given x_j below its own) as q falls to zero, bivariate t.

    Notes
    -----
    Demarta and McNeil (2005), "The t copula and related copulas", equation 7.
    """
    reach = np.sqrt((nu + 1.0) * (1.0 - correlation) / (1.0 + correlation))
    return float(2.0 * stats.t.sf(reach, nu + 1.0))

"""Does a regime model fit: generalised residuals, classification, moments, and the light printed beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from models.estimate import TestResult
from models.regimes.markov_switching import SwitchingResult
from models.regimes.result import RegimeResult
from models.regimes.simulation import draw_regimes

Array = NDArray[np.float64]
Light = Literal["green", "amber", "red"]

LAGS = 10
#: Regime classification measure above which regimes are poorly told apart (Ang and Bekaert 2002, JBES 20).
LARGEST_RCM = 50.0
#: Share of the starts that should reach the best optimum, smallest share of a regime, and fewest spells.
FEWEST_AT_BEST, SMALLEST_SHARE, FEWEST_SPELLS = 0.2, 0.05, 2
FAILURE, DOUBT = 0.01, 0.05
#: More failed checks than this are a red light.
MOST_FAILURES = 2


@dataclass(frozen=True, eq=False)
class RegimeDiagnostics:
    """Checks of a fitted regime model.

    Attributes
    ----------
    residuals : DataFrame, shape (T, N)
        Normal scores of the probability integral transforms given F_{t-1}: standard normal and independent if the
        model is right (Diebold, Gunther and Tay 1998).
    tests : tuple of TestResult
    rcm : float
        Regime classification measure, 0 (sharp) to 100 (no information).
    moments : DataFrame
        Moment of the data, its 95% range over samples of the model, and a two-sided p-value; empty where the model
        cannot be simulated.
    reasons : tuple of str
        Why the light is not green.
    light : {"green", "amber", "red"}
    """

    residuals: pd.DataFrame
    tests: tuple[TestResult, ...]
    rcm: float
    moments: pd.DataFrame
    reasons: tuple[str, ...]
    light: Light


def classification_measure(smoothed: pd.DataFrame) -> float:
    """100 K^2 / T sum_t prod_k p_tk; with two regimes 400 / T sum p (1 - p) (Ang and Bekaert 2002, eq. 30)."""
    regimes = smoothed.shape[1]
    return float(100.0 * regimes**2 * smoothed.to_numpy().prod(axis=1).mean()) if regimes > 1 else 0.0


def generalised_residuals(result: RegimeResult) -> pd.DataFrame:
    """Normal scores of F(y_it | F_{t-1}) = sum_k P(s_t = k | F_{t-1}) F_k(y_it), shape (T, N)."""
    transforms = result.likelihood.transforms(result.found.theta)
    clipped = np.clip(transforms, 1e-12, 1.0 - 1e-12)
    return pd.DataFrame(special.ndtri(clipped), index=result.index)


def diagnose(result: RegimeResult, *, draws: int = 199, seed: int = 0) -> RegimeDiagnostics:
    """Run every check.

    Parameters
    ----------
    result : RegimeResult
    draws : int
        Samples of the model for the bootstrap of moments.
    seed : int
    """
    residuals = generalised_residuals(result)
    tests: tuple[TestResult, ...] = (
        _ljung_box(residuals, 1, "the residuals are not autocorrelated"),
        _ljung_box(residuals, 2, "the squared residuals are not autocorrelated"),
        _uniformity(residuals),
    )
    rcm = classification_measure(result.smoothed)
    moments = pd.DataFrame()
    if isinstance(result, SwitchingResult):
        moments, joint = _moments(result, draws, seed)
        tests = (*tests, joint)
    light, reasons = _light(result, tests, rcm)
    return RegimeDiagnostics(residuals, tests, rcm, moments, reasons, light)


def _ljung_box(residuals: pd.DataFrame, power: int, null: str) -> TestResult:
    """Ljung and Box (1978) at 10 lags in each column; the smallest p-value times their number."""
    values = residuals.to_numpy() ** power
    length = len(values)
    centred = values - values.mean(axis=0)
    variances = np.square(centred).sum(axis=0)
    statistics = np.zeros(values.shape[1])
    for lag in range(1, LAGS + 1):
        correlations = (centred[lag:] * centred[:-lag]).sum(axis=0) / variances
        statistics += length * (length + 2.0) * correlations**2 / (length - lag)
    worst = float(statistics.max())
    return TestResult(
        statistic=worst,
        p_value=min(1.0, float(stats.chi2.sf(worst, LAGS)) * values.shape[1]),
        null=null,
        reference=f"chi-squared with {LAGS} degrees of freedom, Bonferroni over {values.shape[1]} series",
        n=length,
        method="Ljung and Box (1978) on generalised residuals" + (", squared" if power == 2 else ""),
    )


def _uniformity(residuals: pd.DataFrame) -> TestResult:
    """Kolmogorov-Smirnov distance of the normal scores from the normal; parameters are taken as known."""
    tests = [stats.kstest(residuals[column], "norm") for column in residuals]
    worst = min(tests, key=lambda test: float(test.pvalue))
    return TestResult(
        statistic=float(worst.statistic),
        p_value=min(1.0, float(worst.pvalue) * len(tests)),
        null="the predictive distribution is right",
        reference=f"Kolmogorov-Smirnov, Bonferroni over {len(tests)} series; estimated parameters make it lenient",
        n=len(residuals),
        method="probability integral transforms (Diebold, Gunther and Tay 1998)",
    )


def _summary(values: Array) -> Array:
    """Standard deviation, excess kurtosis and first and tenth autocorrelation of |y|, of each column, shape (4, N)."""
    size = np.abs(values) - np.abs(values).mean(axis=0)
    spread = np.maximum(np.square(size).sum(axis=0), np.finfo(float).tiny)
    lags = [(size[lag:] * size[:-lag]).sum(axis=0) / spread for lag in (1, 10)]
    return np.stack([values.std(axis=0), stats.kurtosis(values, axis=0), *lags])


def _moments(result: SwitchingResult, draws: int, seed: int) -> tuple[pd.DataFrame, TestResult]:
    emission = result.likelihood.emission
    observed = _summary(emission.y)  # type: ignore[attr-defined]
    generator = np.random.default_rng(np.random.SeedSequence([seed, 11]))
    nu = result.params.get("nu")
    simulated = np.stack(
        [
            _summary(
                draw_regimes(
                    generator,
                    result.n,
                    result.transition,
                    result.ergodic,
                    result.means.to_numpy(),
                    result.covariances,
                    None if nu is None else float(nu),
                )
            )
            for _ in range(draws)
        ]
    )
    low, high = np.quantile(simulated, [0.025, 0.975], axis=0)
    below, above = (simulated <= observed).sum(axis=0), (simulated >= observed).sum(axis=0)
    p_values = np.minimum(1.0, 2.0 * (1.0 + np.minimum(below, above)) / (draws + 1.0))
    names = ["standard deviation", "excess kurtosis", "autocorrelation of |y|, 1", "autocorrelation of |y|, 10"]
    index = pd.MultiIndex.from_product([names, list(result.series)], names=["moment", "series"])
    frame = pd.DataFrame(
        {"data": observed.ravel(), "low": low.ravel(), "high": high.ravel(), "p_value": p_values.ravel()}, index=index
    )
    centre, spread = simulated.mean(axis=0), simulated.std(axis=0)
    spread = np.maximum(spread, np.finfo(float).tiny)
    furthest = np.abs((simulated - centre) / spread).max(axis=(1, 2))
    statistic = float(np.abs((observed - centre) / spread).max())
    joint = TestResult(
        statistic=statistic,
        p_value=float(1 + np.sum(furthest >= statistic)) / (draws + 1),
        null="samples of the model have the moments of the data",
        reference=f"parametric bootstrap, {draws} draws, parameters taken as known",
        n=result.n,
        method="largest standardised distance of standard deviation, kurtosis and autocorrelations of |y|",
    )
    return frame, joint


def _light(result: RegimeResult, tests: tuple[TestResult, ...], rcm: float) -> tuple[Light, tuple[str, ...]]:
    convergence = result.convergence
    red = [regime.problem for regime in result.degenerate]
    if not convergence.converged:
        red.append("the optimiser did not converge")
    if not np.isfinite(result.information_inverse).all():
        red.append("the information matrix is not positive definite")
    if result.k_regimes > 1 and result.regime_shares.min() < SMALLEST_SHARE:
        red.append(f"a regime holds less than {SMALLEST_SHARE:.0%} of the sample")
    if result.k_regimes > 1 and result.regime_spells.min() < FEWEST_SPELLS:
        red.append("a regime has a single spell or none")
    failed = [test.null for test in tests if test.p_value < FAILURE]
    doubted = [test.null for test in tests if FAILURE <= test.p_value < DOUBT]
    if rcm > LARGEST_RCM:
        failed.append("the regimes can be told apart")
    if len(failed) > MOST_FAILURES:
        red.append(f"{len(failed)} checks fail at 1%")
    amber = [f"rejected at 1%: {null}" for null in failed] + [f"rejected at 5%: {null}" for null in doubted]
    if convergence.share_at_best < FEWEST_AT_BEST:
        amber.append(f"only {convergence.share_at_best:.0%} of the starts reach the best optimum")
    if convergence.at_bounds:
        amber.append(f"at a bound: {', '.join(convergence.at_bounds)}")
    light: Light = "red" if red else "amber" if amber else "green"
    return light, (*red, *amber)

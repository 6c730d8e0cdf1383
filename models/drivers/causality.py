"""Does one series move before another: Granger causality weighted by conditional variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.intervals import normal_estimate
from models.margins import fit_margins

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Causality:
    """Test of a lead with its size.

    Attributes
    ----------
    test : TestResult
        Wald test that no lag of the cause enters.
    cumulative : Estimate
        Sum of the cause's lag coefficients in standard deviations of effect per standard deviation of cause:
        comparable between the two directions, and with a lagged correlation.
    """

    test: TestResult
    cumulative: Estimate


def granger_causality(
    effect: pd.Series, cause: pd.Series, *, lags: int, level: float, replications: int, seed: int
) -> Causality | NotDecidable:
    r"""Do lags of `cause` help to explain `effect`, given its own lags?

    Parameters
    ----------
    effect, cause : Series, (T,)
        Percent returns on the same sessions and the same clock.
    lags : int
        Of both series.
    level, replications, seed
        Level of the interval, bootstrap draws under the null, seed.

    Returns
    -------
    Causality or NotDecidable

    Notes
    -----
    Weighted least squares with weights :math:`1/h_t`, h the GARCH(1,1) variance of the least-squares residuals; Wald
    statistic with heteroskedasticity-robust covariance. Its p-value is that of a fixed-design wild bootstrap (Goncalves
    and Kilian 2004) whose residuals are those of the regression without the cause, with Rademacher signs: it keeps
    whatever heteroskedasticity the weights leave.
    """
    joint = pd.concat([effect.rename("effect"), cause.rename("cause")], axis=1).dropna()
    y, x = joint["effect"].to_numpy(dtype=float), joint["cause"].to_numpy(dtype=float)
    for name, series in (("effect", y), ("cause", x)):
        if series.size == 0 or np.ptp(series) <= 0.0:
            return NotDecidable(f"the {name} does not change")
    n = y.size - lags

    def lagged(series: Array) -> Array:
        return np.column_stack([series[lags - k : series.size - k] for k in range(1, lags + 1)])

    design = np.column_stack([np.ones(n), lagged(y), lagged(x)])
    target = y[lags:]
    plain, *_ = np.linalg.lstsq(design, target, rcond=None)
    try:
        margin = fit_margins(pd.DataFrame({"residual": target - design @ plain}, index=joint.index[lags:]))
    except EstimationError as refused:
        return NotDecidable(f"the variance of the effect cannot be fitted: {refused.problem}")
    weights = 1.0 / np.sqrt(margin.variances["residual"].to_numpy())
    weighted, response = design * weights[:, None], target * weights
    restricted = weighted[:, : 1 + lags]
    tested = slice(1 + lags, 1 + 2 * lags)
    null_fit = restricted @ np.linalg.lstsq(restricted, response, rcond=None)[0]
    null_residuals = response - null_fit
    inverse = np.linalg.inv(weighted.T @ weighted)
    coefficients, covariance = _robust(weighted, response[None, :], inverse)
    statistic = _wald(coefficients, covariance, tested)
    generator = np.random.default_rng(seed)
    signs = generator.integers(0, 2, size=(replications, n)) * 2.0 - 1.0
    drawn = _wald(*_robust(weighted, null_fit + signs * null_residuals, inverse), tested)
    scale = x.std() / y.std()
    total = float(coefficients[0, tested].sum()) * scale
    error = math.sqrt(float(covariance[0, tested, tested].sum())) * scale
    return Causality(
        test=TestResult(
            float(statistic[0]),
            float((1 + np.sum(drawn >= statistic[0])) / (replications + 1)),
            f"no lag of the cause up to {lags} enters the effect",
            f"fixed-design wild bootstrap under the null, {replications} draws",
            n,
            "Granger causality, GARCH-weighted least squares, robust Wald",
        ),
        cumulative=normal_estimate(
            total,
            error,
            level=level,
            n=n,
            unit="sd per sd",
            method=f"sum of {lags} lags, GARCH-weighted least squares, robust",
        ),
    )


def _robust(design: Array, responses: Array, inverse: Array) -> tuple[Array, Array]:
    """Coefficients (B, K) and heteroskedasticity-robust covariances (B, K, K) of each response (B, n)."""
    size = design.shape[1]
    coefficients = responses @ design @ inverse
    squares = (responses - coefficients @ design.T) ** 2
    products = (design[:, :, None] * design[:, None, :]).reshape(design.shape[0], size * size)
    meat = (squares @ products).reshape(-1, size, size)
    return coefficients, inverse @ meat @ inverse


def _wald(coefficients: Array, covariance: Array, tested: slice) -> Array:
    part = coefficients[:, tested]
    solved = np.linalg.solve(covariance[:, tested, tested], part[:, :, None])[:, :, 0]
    return np.asarray(np.sum(part * solved, axis=1), dtype=np.float64)

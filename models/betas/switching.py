"""Switching betas: one set of coefficients for each regime of a Markov chain."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.betas.path import BetaPath
from models.betas.sample import complete_rows
from models.estimate import Estimate
from models.regimes import MarkovRegression, RegressionResult

Array = NDArray[np.float64]

#: Fewer sessions than this carry no regimes.
MINIMUM_SESSIONS = 250


def switching_beta(
    y: pd.Series,
    X: pd.DataFrame | pd.Series,
    *,
    k_regimes: int = 2,
    distribution: Literal["gaussian", "t"] = "t",
    information: Literal["predicted", "filtered", "smoothed"] = "filtered",
    level: float = 0.95,
    draws: int = 500,
    starts: int = 10,
    seed: int = 0,
) -> BetaPath:
    """Beta of `y` on the first column of `X` in a regression whose coefficients and variance switch.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
        The factor first, then the controls.
    k_regimes : int
    distribution : {"gaussian", "t"}
    information : {"predicted", "filtered", "smoothed"}
        What each day's regime probabilities know; parameters are those of the whole sample.
    level : float
        Of the band: quantiles of b_s with parameters from their normal approximation and the regime s from its
        probability on that day, so that a day between two regimes has a wide band.
    draws, starts, seed
        Parameter draws, starts of the search, seed.

    Returns
    -------
    BetaPath
        The expected beta, sum_k P(s_t = k) b_k.

    Raises
    ------
    EstimationError
        If the regimes cannot be estimated or their information matrix is singular.
    """
    rows = complete_rows(y, X, MINIMUM_SESSIONS)
    factor = str(rows.columns[1])
    model = MarkovRegression(k_regimes, distribution=distribution)
    result = model.fit(rows.iloc[:, 0], rows.iloc[:, 1:], starts=starts, seed=seed)
    return switching_path(result, factor, str(y.name), information=information, level=level, draws=draws, seed=seed)


def switching_path(
    result: RegressionResult,
    factor: str,
    dependent: str,
    *,
    information: Literal["predicted", "filtered", "smoothed"] = "filtered",
    level: float = 0.95,
    draws: int = 500,
    seed: int = 0,
) -> BetaPath:
    """Beta path of a regime regression that is already fitted; see `switching_beta`."""
    if factor not in result.coefficients.columns:
        raise EstimationError(
            factor, "is not a factor of this regression", f"Choose among {', '.join(result.coefficients.columns)}."
        )
    generator = np.random.default_rng(seed)
    root = _root(result.theta_covariance)
    free = result.found.free
    position = list(result.coefficients.columns).index(factor)
    betas = result.coefficients.to_numpy()[:, position]
    estimate = getattr(result, information).to_numpy() @ betas
    drawn, means = np.empty((draws, estimate.size)), np.empty(draws)
    for draw in range(draws):
        theta = result.found.theta.copy()
        theta[free] += root @ generator.standard_normal(root.shape[1])
        probabilities = getattr(result.likelihood.probabilities(theta), information)
        of_regime = _betas(result, theta, position)
        cumulated = np.cumsum(probabilities, axis=1)
        regime = np.sum(generator.random((estimate.size, 1)) > cumulated[:, :-1], axis=1)
        drawn[draw] = of_regime[regime]
        means[draw] = float((probabilities @ of_regime).mean())
    tails = [0.5 * (1.0 - level), 0.5 * (1.0 + level)]
    lower, upper = np.quantile(drawn, tails, axis=0)
    low, high = np.quantile(means, tails)
    value = float(estimate.mean())
    method = f"{information} switching beta, {result.k_regimes} regimes"
    return BetaPath(
        dependent=dependent,
        factor=factor,
        frame=pd.DataFrame(
            {"estimate": estimate, "lower": np.minimum(lower, estimate), "upper": np.maximum(upper, estimate)},
            index=result.index,
        ),
        information=information,
        level=level,
        average=Estimate(
            value,
            float(means.std(ddof=1)),
            min(float(low), value),
            max(float(high), value),
            level,
            estimate.size,
            "",
            f"mean of the path; {method}, percentiles of {draws} parameter draws",
        ),
        method=f"{method}; band of parameters and of the regime itself, {draws} draws",
    )


def _root(covariance: Array) -> Array:
    if not np.isfinite(covariance).all():
        raise EstimationError(
            "the switching beta", "the information matrix of the regimes is singular", "Use fewer regimes."
        )
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _betas(result: RegressionResult, theta: Array, position: int) -> Array:
    """Coefficient of each regime at `theta`, (K,)."""
    names = list(result.params.index)
    column = result.coefficients.columns[position]
    natural = result.likelihood.natural(theta)
    labels = [f"{column}[{k}]" for k in range(result.k_regimes)]
    return np.array([natural[names.index(label if label in names else column)] for label in labels])

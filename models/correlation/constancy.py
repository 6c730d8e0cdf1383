"""Tests of constant conditional correlation, with bootstrap p-values.

a = b = 0 lies on the boundary and leaves b unidentified, so that a likelihood ratio of CCC against DCC has no
chi-squared distribution (Davies 1987); the first two tests need no estimate of the alternative, the third simulates
its own null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from data.errors import EstimationError
from models.correlation.simulation import whitened_residuals
from models.correlation.types import Array
from models.estimate import TestResult
from models.margins import Margins

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

NULL = "the conditional correlations of all pairs are constant"


def engle_sheppard_test(margins: Margins, lags: int = 5, draws: int = 999, seed: int = 0) -> TestResult:
    """Engle and Sheppard (2001): the whitened cross products cannot be predicted from their past.

    u_t = R^-1/2 z_t with the symmetric root of the constant estimate; Y_t holds the elements of u_t u_t' above the
    diagonal. All pairs are stacked in one regression of Y_t on a constant and `lags` lags, and the statistic delta'
    X'X delta / sigma^2 is chi-squared with lags + 1 degrees of freedom under independent residuals with thin tails.

    Parameters
    ----------
    margins : Margins
    lags : int
    draws : int
        Draws of the wild bootstrap, which multiplies Y_t by a random sign for each date: it keeps tails and the
        dependence between pairs, under which the chi-squared p-value is too small.
    seed : int
    """
    z = margins.std_residuals.to_numpy()
    values, vectors = np.linalg.eigh(np.corrcoef(z, rowvar=False))
    u = z @ (vectors / np.sqrt(values)) @ vectors.T
    rows, columns = np.triu_indices(z.shape[1], 1)
    products = u[:, rows] * u[:, columns]
    statistic = _stacked_regression(products, lags)
    rng = np.random.default_rng(seed)
    exceed = 0
    for _ in range(draws):
        signs = rng.choice([-1.0, 1.0], size=(len(z), 1))
        exceed += _stacked_regression(products * signs, lags) >= statistic
    asymptotic = float(stats.chi2.sf(statistic, lags + 1))
    return TestResult(
        statistic=statistic,
        p_value=(1.0 + exceed) / (1.0 + draws),
        null=NULL,
        reference=f"wild bootstrap, {draws} draws, seed {seed}; chi-squared({lags + 1}) would give {asymptotic:.4f}",
        n=len(z),
        method=f"Engle and Sheppard (2001), {lags} lags",
    )


def tse_test(margins: Margins, draws: int = 999, seed: int = 0) -> TestResult:
    """Tse (2000): Lagrange multiplier test against rho_ij,t = rho_ij + delta_ij z_i,t-1 z_j,t-1.

    The score of the deltas is taken orthogonal to that of the constant correlations; its outer product makes the
    statistic robust to tails. The first step is taken as given, and the p-value comes from resampled rows of z, under
    which correlation is constant.

    Parameters
    ----------
    margins : Margins
    draws : int
        Resampled samples.
    seed : int
    """
    z = margins.std_residuals.to_numpy()
    statistic = _multiplier(z)
    rng = np.random.default_rng(seed)
    exceed = sum(_multiplier(z[rng.integers(len(z), size=len(z))]) >= statistic for _ in range(draws))
    freedom = z.shape[1] * (z.shape[1] - 1) // 2
    asymptotic = float(stats.chi2.sf(statistic, freedom))
    return TestResult(
        statistic=statistic,
        p_value=(1.0 + exceed) / (1.0 + draws),
        null=NULL,
        reference=f"row bootstrap, {draws} draws, seed {seed}; chi-squared({freedom}) would give {asymptotic:.4f}",
        n=len(z),
        method="Tse (2000) Lagrange multiplier test",
    )


def likelihood_ratio_test(result: CorrelationResult, simulations: int = 199, seed: int = 0) -> TestResult:
    """Likelihood ratio of the estimated dynamics against constant correlation, with a simulated null.

    Worlds are rows of the whitened residuals recoloured with the sample correlation; the correlation step is refitted
    to each.
    """
    from models.correlation.specifications import likelihood_ratio

    if result.constant:
        raise EstimationError("the likelihood ratio", "the model has no dynamics to test", "Fit a dynamic model.")
    z = result.margins.std_residuals.to_numpy()
    factor = np.linalg.cholesky(np.corrcoef(z, rowvar=False))
    white = whitened_residuals(result)
    rng = np.random.default_rng(seed)
    statistic = likelihood_ratio(result, z)
    exceed = 0
    for _ in range(simulations):
        world = np.ascontiguousarray(white[rng.integers(len(white), size=len(white))] @ factor.T)
        exceed += likelihood_ratio(result, world) >= statistic
    return TestResult(
        statistic=statistic,
        p_value=(1.0 + exceed) / (1.0 + simulations),
        null=NULL,
        reference=f"parametric bootstrap of the constant model, {simulations} worlds, seed {seed}",
        n=len(z),
        method=f"likelihood ratio of {result.model} against CCC",
    )


def _stacked_regression(products: Array, lags: int) -> float:
    periods = products.shape[0] - lags
    y = products[lags:].ravel(order="F")
    columns = [np.ones(y.size)]
    columns += [products[lags - lag : lags - lag + periods].ravel(order="F") for lag in range(1, lags + 1)]
    x = np.column_stack(columns)
    moment = x.T @ x
    delta = np.linalg.solve(moment, x.T @ y)
    residuals = y - x @ delta
    return float(delta @ moment @ delta / (residuals @ residuals / y.size))


def _multiplier(z: Array) -> float:
    inverse = np.linalg.inv(np.corrcoef(z, rowvar=False))
    u = z @ inverse
    rows, columns = np.triu_indices(z.shape[1], 1)
    level = (u[:, rows] * u[:, columns] - inverse[rows, columns])[1:]
    news = level * (z[:-1, rows] * z[:-1, columns])
    projection = np.linalg.lstsq(level, news, rcond=None)[0]
    remaining = news - level @ projection
    total = remaining.sum(axis=0)
    return float(total @ np.linalg.solve(remaining.T @ remaining, total))

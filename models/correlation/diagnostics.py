"""Is the correlation model well specified? Each measure with the target it should meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox

from models.correlation.dynamics import MAX_PERSISTENCE
from models.correlation.simulation import whitened_residuals
from models.correlation.types import Array
from models.margins.diagnostics import ALPHA, Diagnostic, margin_diagnostics

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

LAGS = 10
SMALLEST_EIGENVALUE = 1e-6
#: Largest share of pairs whose cross products may still be predictable.
FAILING_PAIRS = 0.2
#: Rows resampled for the p-value of the multivariate portmanteau.
SIMULATIONS = 199


def diagnostics(result: CorrelationResult, seed: int = 0) -> pd.DataFrame:
    """See `CorrelationResult.diagnostics`."""
    found = [measure for margin in result.margins.fitted for measure in margin_diagnostics(margin, seed)]
    found.extend(correlation_diagnostics(result, seed))
    columns = ["subject", "measure", "value", "target", "met"]
    return pd.DataFrame([[getattr(one, column) for column in columns] for one in found], columns=columns)


def correlation_diagnostics(result: CorrelationResult, seed: int = 0) -> tuple[Diagnostic, ...]:
    """Measures of the correlation step alone."""
    model = result.model
    smallest = float(np.linalg.eigvalsh(result.correlations).min())
    persistence = float(result.psi[:2].sum())
    u = whitened_residuals(result)
    rows, columns = np.tril_indices(u.shape[1], -1)
    products = u[:, rows] * u[:, columns]
    p_values = [float(acorr_ljungbox(product, lags=[LAGS])["lb_pvalue"].iloc[0]) for product in products.T]
    failing = float(np.mean(np.array(p_values) < ALPHA))
    hosking = portmanteau_p_value(u, LAGS, seed)
    asymmetry = news_asymmetry_p_value(u)
    gradient = result.convergence.gradient_norm
    return (
        Diagnostic(model, "gradient an observation", gradient, "< 0.0001", result.convergence.converged),
        Diagnostic(
            model,
            "share of starts at the best optimum",
            result.convergence.share_at_best,
            "> 0.2",
            result.convergence.share_at_best > 0.2,
        ),
        Diagnostic(
            model,
            "smallest eigenvalue of any R_t",
            smallest,
            f"> {SMALLEST_EIGENVALUE:g}",
            smallest > SMALLEST_EIGENVALUE,
        ),
        Diagnostic(model, "a + b", persistence, f"< {MAX_PERSISTENCE}", persistence < MAX_PERSISTENCE - 1e-4),
        Diagnostic(model, "half-life in days", result.half_life, "finite", bool(np.isfinite(result.half_life))),
        Diagnostic(
            model,
            f"share of pairs with predictable products ({LAGS} lags)",
            failing,
            f"< {FAILING_PAIRS}",
            failing < FAILING_PAIRS,
        ),
        Diagnostic(model, f"multivariate portmanteau p, {LAGS} lags", hosking, f"> {ALPHA}", hosking > ALPHA),
        Diagnostic(model, "asymmetric news p", asymmetry, f"> {ALPHA}", asymmetry > ALPHA),
    )


def portmanteau_p_value(u: Array, lags: int, seed: int = 0) -> float:
    """Hosking's (1980) portmanteau of the whitened cross products, with a p-value from rows in random order."""
    rows, columns = np.tril_indices(u.shape[1])
    products = u[:, rows] * u[:, columns]
    statistic = _portmanteau(products, lags)
    rng = np.random.default_rng(seed)
    exceed = sum(_portmanteau(products[rng.permutation(len(products))], lags) >= statistic for _ in range(SIMULATIONS))
    return (1.0 + exceed) / (1.0 + SIMULATIONS)


def news_asymmetry_p_value(u: Array) -> float:
    """Do joint falls move tomorrow's cross products more than joint rises?

    The mean whitened cross product of t is regressed on that of t-1 for joint falls and for joint rises; the p-value
    is of equal slopes, with White's covariance.
    """
    rows, columns = np.tril_indices(u.shape[1], -1)
    products = (u[:, rows] * u[:, columns]).mean(axis=1)
    both_down = (u[:, rows].clip(max=0.0) * u[:, columns].clip(max=0.0)).mean(axis=1)
    both_up = (u[:, rows].clip(min=0.0) * u[:, columns].clip(min=0.0)).mean(axis=1)
    x = np.column_stack([np.ones(len(u) - 1), both_down[:-1] + both_up[:-1], both_down[:-1] - both_up[:-1]])
    y = products[1:]
    bread = np.linalg.inv(x.T @ x)
    slope = bread @ x.T @ y
    residuals = y - x @ slope
    covariance = bread @ (x * residuals[:, None] ** 2).T @ x @ bread
    return float(2.0 * stats.norm.sf(abs(slope[2]) / np.sqrt(covariance[2, 2])))


def _portmanteau(products: Array, lags: int) -> float:
    centred = products - products.mean(axis=0)
    periods = len(centred)
    whitener = np.linalg.inv(np.linalg.cholesky(centred.T @ centred / periods))
    w = centred @ whitener.T
    return float(sum((((w[lag:].T @ w[:-lag]) / periods) ** 2).sum() for lag in range(1, lags + 1)) * periods)

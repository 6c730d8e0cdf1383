"""What parameter uncertainty does to regime probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.regimes.result import RegimeResult

Array = NDArray[np.float64]


def filtered_draws(result: RegimeResult, *, draws: int, seed: int) -> Array:
    """Filtered probabilities under parameters drawn from their asymptotic distribution.

    Parameters
    ----------
    result : RegimeResult
    draws : int
    seed : int

    Returns
    -------
    ndarray, (draws, T, K)
        Each draw filters the same data; regimes keep the numbers of `result`.

    Raises
    ------
    EstimationError
        If the information matrix is singular, so that there is nothing to draw from.
    """
    covariance = result.theta_covariance
    if not np.isfinite(covariance).all():
        raise EstimationError(
            "regime model", "the information matrix is singular", "Use fewer regimes or a longer sample."
        )
    centre, free = result.found.theta, result.found.free
    generator = np.random.default_rng(seed)
    paths = np.empty((draws, result.n, result.k_regimes))
    for draw, values in enumerate(generator.multivariate_normal(centre[free], covariance, size=draws)):
        theta = centre.copy()
        theta[free] = values
        paths[draw] = result.likelihood.probabilities(theta).filtered
    return paths


def mean_filtered(result: RegimeResult, regime: int, sessions: pd.Index, paths: Array) -> tuple[float, Array]:
    """Mean filtered probability of a regime over some sessions, and the same for each draw, (draws,)."""
    inside = result.index.isin(sessions)
    return float(result.filtered.to_numpy()[inside, regime].mean()), paths[:, inside, regime].mean(axis=1)

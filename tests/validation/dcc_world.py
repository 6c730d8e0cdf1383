"""Samples from a cDCC-GARCH world with known correlations, in code that shares nothing with the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

#: Parameters of the world: correlation dynamics and GARCH margins with unit variance.
A, B = 0.03, 0.95
ALPHA, BETA = 0.06, 0.92
BURN_IN = 500


@dataclass(frozen=True)
class Sample:
    """Returns and, session by session, the true correlation of the first two series and all true variances."""

    returns: pd.DataFrame
    correlation: np.ndarray
    variances: np.ndarray

    @property
    def beta(self) -> np.ndarray:
        """True conditional beta of the first series on the second."""
        return self.correlation * np.sqrt(self.variances[:, 0] / self.variances[:, 1])


@njit(cache=True)
def _recursion(shocks, target, a, b, alpha, beta):
    sessions, n = shocks.shape
    q = target.copy()
    h = np.ones(n)
    returns = np.empty((sessions, n))
    rho = np.empty(sessions)
    variances = np.empty((sessions, n))
    for t in range(sessions):
        root = np.sqrt(np.diag(q))
        correlation = q / np.outer(root, root)
        rho[t] = correlation[0, 1]
        z = np.linalg.cholesky(correlation) @ shocks[t]
        returns[t] = np.sqrt(h) * z
        variances[t] = h
        starred = z * root
        q = (1.0 - a - b) * target + a * np.outer(starred, starred) + b * q
        h = 1.0 - alpha - beta + alpha * returns[t] ** 2 + beta * h
    return returns, rho, variances


def draw(series: int, sessions: int, rho: float, degrees: float, seed: int) -> Sample:
    """One sample; `degrees` 0 is Gaussian, else a multivariate t of unit variance."""
    generator = np.random.default_rng(seed)
    total = sessions + BURN_IN
    shocks = generator.standard_normal((total, series))
    if degrees:
        shocks *= np.sqrt((degrees - 2.0) / generator.chisquare(degrees, size=total))[:, None]
    target = np.full((series, series), rho) + (1.0 - rho) * np.eye(series)
    returns, path, variances = _recursion(shocks, target, A, B, ALPHA, BETA)
    columns = [f"s{column}" for column in range(series)]
    return Sample(pd.DataFrame(returns[BURN_IN:], columns=columns), path[BURN_IN:], variances[BURN_IN:])

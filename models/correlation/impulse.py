"""Volatility impulse responses: what a shock does to tomorrow's covariances, and how long it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.dynamics import unpack
from models.correlation.paths import FilteredMoments, PathQuantity
from models.correlation.simulation import Simulated, after_the_sample, whitened_residuals
from models.correlation.types import Array

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: Pairs of simulated paths.
PATHS = 10_000


@dataclass(frozen=True, slots=True)
class ImpulseResponse:
    """Expected path with a shock on the first day less the expected path without.

    Attributes
    ----------
    names : tuple of str
    shock : array, shape (N,)
        Standardised residuals of the first day.
    shocked, usual : Simulated
        Paths with common random numbers from the second day on.
    seed : int
    """

    names: tuple[str, ...]
    shock: Array
    shocked: Simulated
    usual: Simulated
    seed: int

    def response(self, what: PathQuantity) -> pd.Series:
        """Response of a correlation, beta or volatility on the days 1, .., H after the shock."""
        gap = self._mean(self.shocked, what) - self._mean(self.usual, what)
        return pd.Series(gap[1:], index=pd.RangeIndex(1, gap.size, name="days after"), name=what.label)

    def covariances(self) -> Array:
        """Response of H_t on the days after the shock, shape (H, N, N)."""
        rows, columns = np.tril_indices(len(self.names))
        means = []
        for paths in (self.shocked, self.usual):
            scale = np.sqrt(paths.variances)
            means.append((paths.correlations * scale[:, :, rows] * scale[:, :, columns]).mean(axis=0))
        return unpack(means[0] - means[1])[1:]

    def half_life(self, what: PathQuantity) -> int | None:
        """First day on which the response is at most half of its first; None beyond the horizon."""
        response = np.abs(self.response(what).to_numpy())
        reached = np.flatnonzero(response <= 0.5 * response[0])
        return int(reached[0]) + 1 if reached.size else None

    def _mean(self, paths: Simulated, what: PathQuantity) -> Array:
        count, horizon, size = paths.variances.shape
        flat = FilteredMoments(
            self.names, paths.correlations.reshape(count * horizon, -1), paths.states.reshape(-1, size)
        )
        return np.asarray(what.path(flat).reshape(count, horizon).mean(axis=0))


def impulse_response(
    result: CorrelationResult, shock: Mapping[str, float], horizon: int, seed: int = 0
) -> ImpulseResponse:
    """Volatility impulse response (Hafner and Herwartz 2006), simulated because R_t is not linear in the shocks.

    Parameters
    ----------
    result : CorrelationResult
    shock : mapping of str to float
        Standardised residuals of the first day for some series, e.g. {"BTC": -3.0}; the others keep, path by path,
        what they have without the shock.
    horizon : int
        Days after the shock.
    seed : int
    """
    unknown = sorted(set(shock) - set(result.names))
    if unknown:
        raise EstimationError(unknown[0], "is not a series of this model", f"Choose among {', '.join(result.names)}.")
    rng = np.random.default_rng(seed)
    white = whitened_residuals(result)
    usual = white[rng.integers(len(white), size=(PATHS, horizon + 1))]
    factor = np.linalg.cholesky(result.next_correlation.to_numpy())
    first = usual[:, 0] @ factor.T
    for name, value in shock.items():
        first[:, result.names.index(name)] = value
    shocked = usual.copy()
    shocked[:, 0] = np.linalg.solve(factor, first.T).T
    world = after_the_sample(result)
    return ImpulseResponse(result.names, first.mean(axis=0), world.simulate(shocked), world.simulate(usual), seed)

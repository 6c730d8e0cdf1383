"""Would a world of constant correlation draw so wavy a line?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.errors import EstimationError
from models.correlation.simulation import whitened_residuals

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Standard deviation over time of an estimated correlation, against that in worlds of constant correlation.

    Attributes
    ----------
    pair : tuple of str
    estimate : float
        Standard deviation of rho_t.
    simulated : tuple of float
        The same in each simulated world of the same length, with the same model refitted; zero where the refit finds no
        dynamics.
    seed : int
    """

    pair: tuple[str, str]
    estimate: float
    simulated: tuple[float, ...]
    seed: int

    @property
    def percentile(self) -> float:
        """Share of the worlds, in percent, whose line is less wavy than the estimated one."""
        return 100.0 * float(np.mean(np.array(self.simulated) < self.estimate))

    @property
    def p_value(self) -> float:
        """(1 + worlds at least as wavy) / (1 + worlds), under the null of a constant correlation."""
        return (1.0 + sum(value >= self.estimate for value in self.simulated)) / (1.0 + len(self.simulated))


def dispersion(
    result: CorrelationResult, pairs: tuple[tuple[str, str], ...], simulations: int, seed: int
) -> tuple[Dispersion, ...]:
    """Simulate residuals of constant correlation and refit the correlation step to each.

    Residuals are rows of the whitened ones, resampled and recoloured with the sample correlation; the first step is not
    repeated, because what it adds to a wave is small beside the wave.
    """
    from models.correlation.specifications import correlation_step

    if result.constant:
        raise EstimationError("the dispersion", "a constant correlation has none", "Fit a dynamic model.")
    rng = np.random.default_rng(seed)
    z = result.margins.std_residuals.to_numpy()
    white = whitened_residuals(result)
    factor = np.linalg.cholesky(np.corrcoef(z, rowvar=False))
    positions = [(result.names.index(first), result.names.index(second)) for first, second in pairs]
    spreads: list[list[float]] = [[] for _ in pairs]
    for _ in range(simulations):
        world = white[rng.integers(len(white), size=len(white))] @ factor.T
        correlations = correlation_step(result, np.ascontiguousarray(world))
        for spread, (i, j) in zip(spreads, positions, strict=True):
            high, low = max(i, j), min(i, j)
            spread.append(float(correlations[:, high * (high + 1) // 2 + low].std()))
    return tuple(
        Dispersion(pair, float(result.correlations[:, i, j].std()), tuple(spread), seed)
        for pair, spread, (i, j) in zip(pairs, spreads, positions, strict=True)
    )

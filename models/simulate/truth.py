"""Population values of a world: what an estimator that were given unlimited data would find."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from arch.univariate import arch_model
from numpy.typing import NDArray

from data.calendar import sessions
from models.simulate.clocks import gap_days
from models.simulate.kernels import garch_variance
from models.simulate.paths import CONDITIONED, Paths, draw_paths
from models.simulate.simulation import CRYPTO_START, EXCHANGE, LAST_SESSION
from models.simulate.structure import REGIMES, World

Array = NDArray[np.float64]

CORE = ("crypto", "metal", "miners", "market", "growth", "credit_fund")
BATCH = 50_000
"""Sessions of one independent history; the spread between histories gives the Monte Carlo error."""

PERCENT_RETURNS = ("crypto", "metal", "miners", "junior_miners", "market", "growth", "credit_fund", "treasuries")


@dataclass(frozen=True, slots=True)
class PopulationValue:
    """A value that is true in a world.

    Attributes
    ----------
    value : float
    unit : str
    monte_carlo_se : float
        Zero where the value is a parameter.
    definition : str
    """

    value: float
    unit: str
    monte_carlo_se: float
    definition: str

    def record(self) -> dict[str, float | str]:
        """The entry of `truth.json`, rounded to what the Monte Carlo error supports."""
        digits = 6 if self.monte_carlo_se == 0.0 else max(0, 2 - math.floor(math.log10(self.monte_carlo_se)))
        return {
            "value": round(self.value, digits),
            "unit": self.unit,
            "monte_carlo_se": float(f"{self.monte_carlo_se:.2g}"),
            "definition": self.definition,
        }


@dataclass(frozen=True)
class Batch:
    """One long history with what several measures share.

    Attributes
    ----------
    world : World
    paths : Paths
    gaps : ndarray, (T,)
        Calendar days between a session and the one before.
    std_residuals : mapping of role to (T,) array
    stress : ndarray of bool, (T,)
    noise_seed : SeedSequence
    """

    world: World
    paths: Paths
    gaps: Array
    std_residuals: Mapping[str, Array]
    stress: NDArray[np.bool_]
    noise_seed: np.random.SeedSequence

    def change(self, role: str) -> Array:
        """Changes of a role, (T,)."""
        return self.paths.changes[role]


Measured = dict[str, tuple[float, str, str]]
"""name -> value, unit, definition."""


def population_values(
    world: World, measures: tuple[Callable[[Batch], Measured], ...], *, batches: int, seed: int
) -> dict[str, PopulationValue]:
    """Measure a world on `batches` independent histories of 50,000 sessions each.

    Parameters
    ----------
    world : World
    measures : tuple of functions
        Each takes a `Batch` and returns named values with unit and definition.
    batches : int
        At least two.
    seed : int

    Returns
    -------
    dict of name to PopulationValue
        Mean over the histories, and the standard error of that mean.
    """
    gaps = np.resize(gap_days(sessions(EXCHANGE, CRYPTO_START, LAST_SESSION)), BATCH)
    seeds = np.random.SeedSequence(seed).spawn(batches)
    margins: dict[str, Array] = {}
    collected: dict[str, list[float]] = {}
    described: dict[str, tuple[str, str]] = {}
    for one in seeds:
        path_seed, noise_seed = one.spawn(2)
        paths = draw_paths(world, gaps, path_seed)
        if not margins:
            margins = {role: _garch_parameters(paths.changes[role]) for role in CORE}
        batch = Batch(
            world=world,
            paths=paths,
            gaps=gaps,
            std_residuals={role: _garch_residuals(paths.changes[role], margins[role]) for role in CORE},
            stress=_stress(paths.levels["fear"]),
            noise_seed=noise_seed,
        )
        for measure in measures:
            for name, (value, unit, definition) in measure(batch).items():
                collected.setdefault(name, []).append(value)
                described[name] = (unit, definition)
    found = _exact(world)
    for name, values in collected.items():
        unit, definition = described[name]
        error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
        found[name] = PopulationValue(float(np.mean(values)), unit, error, definition)
    return found


def _garch_parameters(returns: Array) -> Array:
    """Mean, omega, alpha, beta of a GARCH(1,1) fitted to a long history: the pseudo-true margin of the study."""
    fit = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, dist="normal", rescale=False).fit(disp="off")
    return np.asarray(fit.params, dtype=np.float64)


def _garch_residuals(returns: Array, params: Array) -> Array:
    residuals = returns - params[0]
    return residuals / np.sqrt(garch_variance(residuals, params[1], params[2], params[3]))


def _stress(fear: Array) -> NDArray[np.bool_]:
    """Sessions whose predecessor closed with the fear index above its 90th percentile."""
    above = fear > np.quantile(fear, 0.90)
    return np.concatenate([[False], above[:-1]])


def _exact(world: World) -> dict[str, PopulationValue]:
    found = {}
    for i, name in enumerate(REGIMES[: world.k_regimes]):
        found[f"stationary_probability.{name}"] = PopulationValue(
            float(world.stationary[i]), "", 0.0, f"Stationary probability of the regime {name}"
        )
        if math.isfinite(world.durations[i]):
            found[f"expected_duration.{name}"] = PopulationValue(
                float(world.durations[i]), "sessions", 0.0, f"Expected duration of a spell of {name}, 1 / (1 - p_kk)"
            )
        for j, following in enumerate(REGIMES[: world.k_regimes]):
            found[f"transition.{name}.{following}"] = PopulationValue(
                float(world.transition[i, j]), "", 0.0, f"P(next session {following} | this session {name})"
            )
    return found


def mean_correlation(columns: Array) -> float:
    """Mean of the correlations of all pairs of columns of a (T, N) array."""
    matrix = np.asarray(np.corrcoef(columns, rowvar=False))
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


def least_squares(y: Array, *regressors: Array) -> Array:
    """Slopes of y on the regressors with an intercept."""
    design = np.column_stack([np.ones(len(y)), *regressors])
    return np.asarray(np.linalg.lstsq(design, y, rcond=None)[0][1:], dtype=np.float64)


@lru_cache(maxsize=1)
def regime_correlation_names() -> tuple[tuple[str, str], ...]:
    """All pairs of the roles whose conditional correlations are known."""
    return tuple(combinations(CONDITIONED, 2))

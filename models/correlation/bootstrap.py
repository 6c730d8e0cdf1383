"""Parametric bootstrap: simulate the estimated model, refit every step, and see how the estimates move.

The world simulated has the dynamics corrected for small-sample bias (`small_sample`): at the estimate itself it would
be less persistent than the data, and its standard errors too small. Shocks are rows of whitened residuals, so that
their tails are those of the data. A replication whose refit fails is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.bands import PathDraws
from models.correlation.draws import Refilter, series_needed
from models.correlation.paths import PathQuantity
from models.correlation.simulation import simulate_sample, whitened_residuals
from models.correlation.small_sample import small_sample
from models.correlation.types import Array
from models.estimate import Estimate
from models.margins import Margins
from models.margins.estimation import fit_margin

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: Share of replications that may fail before the bootstrap is given up.
MAX_FAILURES = 0.2


def bootstrap_world(result: CorrelationResult) -> CorrelationResult:
    """The model that samples are simulated from: the estimate with the bias of its dynamics taken out."""
    psi, _ = result.with_free(small_sample(result).free)
    return replace(result, psi=psi)


def replications(world: CorrelationResult, draws: int, seed: int) -> Iterator[tuple[int, CorrelationResult]]:
    """Refits to samples simulated from `world`, each with the number of samples tried so far.

    Raises
    ------
    EstimationError
        If more than a fifth of the refits fail.
    """
    from models.correlation.specifications import refit

    rng = np.random.default_rng(seed)
    white = whitened_residuals(world)
    accepted, tried = 0, 0
    while accepted < draws:
        tried += 1
        if tried - accepted > 10 + MAX_FAILURES * draws:
            raise EstimationError(
                "the bootstrap", f"{tried - accepted} of {tried} refits failed", "Use a longer sample or fewer series."
            )
        sample = simulate_sample(world, rng, white)
        try:
            fitted = tuple(
                fit_margin(margin.name, sample[margin.name].to_numpy().copy(), margin.model, start=margin.params)
                for margin in world.margins.fitted
            )
            again = refit(world, Margins(sample, fitted))
        except EstimationError:
            continue
        accepted += 1
        yield tried, again


def bootstrap_draws(
    result: CorrelationResult, what: Sequence[PathQuantity], draws: int, seed: int
) -> tuple[PathDraws, ...]:
    """Paths on the original returns at bootstrapped parameters, reflected about the estimate.

    The error of an estimate is read off that of its replications: the draw is f(path) + f(path of the world) -
    f(replicated path), f the inverse hyperbolic tangent for correlations and the identity otherwise, so that a bias of
    the estimator is taken out and not doubled (Pascual, Romo and Ruiz 2006 for filtering the original data at
    replicated parameters). As in the parameter draws, what came before the sample differs from draw to draw.
    """
    names = series_needed(result, what)
    refilter = Refilter(result, names)
    world = bootstrap_world(result)

    def at(model: CorrelationResult, before: int | None = None) -> list[Array]:
        """Paths at the parameters of a refit, which may have found no dynamics at all (psi of zeros)."""
        pieces = [model.parameters_of(names), [] if result.constant else model.psi, [model.nu] if result.nu else []]
        moments = refilter.moments(np.concatenate(pieces), before)
        return [quantity.path(moments) for quantity in what]

    estimates, simulated = at(result), at(world)
    paths = [np.empty((draws, len(result.margins.returns))) for _ in what]
    starts = np.random.default_rng(seed).integers(max(len(result.margins.returns) - refilter.run, 1), size=draws)
    tried = draws
    for row, (count, again) in enumerate(replications(world, draws, seed)):
        tried = count
        replicated = at(again, int(starts[row]))
        for i, quantity in enumerate(what):
            paths[i][row] = _reflected(estimates[i], simulated[i], replicated[i], quantity.bounded)
    return tuple(
        PathDraws(
            what=quantity,
            estimate=pd.Series(estimate, index=result.margins.returns.index, name=quantity.label),
            paths=path,
            kind="bootstrap",
            rejected=1.0 - draws / tried,
            seed=seed,
        )
        for path, quantity, estimate in zip(paths, what, estimates, strict=True)
    )


@dataclass(frozen=True, slots=True)
class BootstrapIntervals:
    """Bootstrap-t intervals of the parameters.

    Attributes
    ----------
    table : DataFrame
        A row for each parameter: estimate, bias (mean replication less what was simulated), std_error (of the
        replications), lower, upper.
    level : float
    draws : int
    failed : float
        Share of refits that failed or found no dynamics.
    seed : int
    """

    table: pd.DataFrame
    level: float
    draws: int
    failed: float
    seed: int

    def estimate(self, name: str, n: int) -> Estimate:
        """One parameter with its interval."""
        columns = ("estimate", "std_error", "lower", "upper")
        value, std_error, lower, upper = (float(self.table[column].to_dict()[name]) for column in columns)
        return Estimate(
            value=value,
            std_error=std_error,
            lower=lower,
            upper=upper,
            level=self.level,
            n=n,
            unit="",
            method=f"bootstrap-t, {self.draws} refits of the simulated model",
        )


def bootstrap_intervals(result: CorrelationResult, level: float, draws: int, seed: int) -> BootstrapIntervals:
    """Bootstrap-t: quantiles of (replication - simulated) / its own standard error replace those of the normal."""
    estimates, errors = result.params.to_numpy(), result.std_errors.to_numpy()
    world = bootstrap_world(result)
    simulated = world.params.to_numpy()
    rows, ratios, tried = [], [], draws
    for count, again in replications(world, draws, seed):
        tried = count
        if again.degenerate != world.degenerate:
            continue
        rows.append(again.params.to_numpy())
        ratios.append((again.params.to_numpy() - simulated) / again.std_errors.to_numpy())
    if len(rows) < (1.0 - MAX_FAILURES) * draws:
        raise EstimationError(
            "the bootstrap",
            f"{draws - len(rows)} of {draws} refits find no dynamics to study",
            "Take the correlation as constant, or use a longer sample.",
        )
    quantiles = np.nanquantile(np.array(ratios), [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
    table = pd.DataFrame(
        {
            "estimate": estimates,
            "bias": np.mean(rows, axis=0) - simulated,
            "std_error": np.std(rows, axis=0, ddof=1),
            "lower": estimates - quantiles[1] * errors,
            "upper": estimates - quantiles[0] * errors,
        },
        index=result.params.index,
    )
    return BootstrapIntervals(table, level, len(rows), 1.0 - len(rows) / tried, seed)


def _reflected(estimate: Array, simulated: Array, replicated: Array, bounded: bool) -> Array:
    if not bounded:
        return estimate + simulated - replicated
    return np.asarray(np.tanh(np.arctanh(estimate) + np.arctanh(simulated) - np.arctanh(replicated)))

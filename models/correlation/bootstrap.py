"""Parametric bootstrap: simulate the estimated model, refit every step, and see how the estimates move.

Shocks are rows of whitened residuals, so that their tails are those of the data. A replication whose refit fails is
left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.bands import PathDraws, Refilter, series_needed
from models.correlation.paths import PathQuantity
from models.correlation.simulation import simulate_sample, whitened_residuals
from models.correlation.types import Array
from models.estimate import Estimate
from models.margins import Margins
from models.margins.estimation import fit_margin

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: Share of replications that may fail before the bootstrap is given up.
MAX_FAILURES = 0.2


def replications(result: CorrelationResult, draws: int, seed: int) -> Iterator[tuple[int, CorrelationResult]]:
    """Refits to simulated samples, each with the number of samples tried so far.

    Raises
    ------
    EstimationError
        If more than a fifth of the refits fail.
    """
    from models.correlation.specifications import refit

    rng = np.random.default_rng(seed)
    white = whitened_residuals(result)
    accepted, tried = 0, 0
    while accepted < draws:
        tried += 1
        if tried - accepted > 10 + MAX_FAILURES * draws:
            raise EstimationError(
                "the bootstrap", f"{tried - accepted} of {tried} refits failed", "Use a longer sample or fewer series."
            )
        sample = simulate_sample(result, rng, white)
        try:
            fitted = tuple(
                fit_margin(margin.name, sample[margin.name].to_numpy().copy(), margin.model, start=margin.params)
                for margin in result.margins.fitted
            )
            again = refit(result, Margins(sample, fitted))
        except EstimationError:
            continue
        if again.degenerate != result.degenerate:
            continue
        accepted += 1
        yield tried, again


def bootstrap_draws(
    result: CorrelationResult, what: Sequence[PathQuantity], draws: int, seed: int
) -> tuple[PathDraws, ...]:
    """Paths on the original returns at bootstrapped parameters, reflected about the estimate.

    The error of an estimate is read off that of its replications: the draw is 2 f(path) - f(replicated path), f the
    inverse hyperbolic tangent for correlations and the identity otherwise, so that a bias of the estimator is taken
    out and not doubled (Pascual, Romo and Ruiz 2006 for filtering the original data at replicated parameters).
    """
    names = series_needed(result, what)
    refilter = Refilter(result, names)
    centre = np.concatenate([result.parameters_of(names), result.free_correlation_params])
    at_estimate = refilter.moments(centre)
    estimates = [quantity.path(at_estimate) for quantity in what]
    paths = [np.empty((draws, len(result.margins.returns))) for _ in what]
    tried = draws
    for row, (count, again) in enumerate(replications(result, draws, seed)):
        tried = count
        candidate = np.concatenate([again.parameters_of(names), again.free_correlation_params])
        moments = refilter.moments(candidate)
        for path, quantity, estimate in zip(paths, what, estimates, strict=True):
            path[row] = _reflected(estimate, quantity.path(moments), quantity.bounded)
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
        A row for each parameter: estimate, bias (mean replication less estimate), std_error (of the replications),
        lower, upper.
    level : float
    draws : int
    failed : float
        Share of refits that failed.
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
    """Bootstrap-t: the quantiles of (replication - estimate) / its own standard error replace those of the normal."""
    estimates, errors = result.params.to_numpy(), result.std_errors.to_numpy()
    rows, ratios, tried = [], [], draws
    for count, again in replications(result, draws, seed):
        tried = count
        rows.append(again.params.to_numpy())
        ratios.append((again.params.to_numpy() - estimates) / again.std_errors.to_numpy())
    quantiles = np.nanquantile(np.array(ratios), [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
    table = pd.DataFrame(
        {
            "estimate": estimates,
            "bias": np.mean(rows, axis=0) - estimates,
            "std_error": np.std(rows, axis=0, ddof=1),
            "lower": estimates - quantiles[1] * errors,
            "upper": estimates - quantiles[0] * errors,
        },
        index=result.params.index,
    )
    return BootstrapIntervals(table, level, draws, 1.0 - draws / tried, seed)


def _reflected(estimate: Array, replicated: Array, bounded: bool) -> Array:
    if not bounded:
        return 2.0 * estimate - replicated
    return np.asarray(np.tanh(2.0 * np.arctanh(estimate) - np.arctanh(replicated)))

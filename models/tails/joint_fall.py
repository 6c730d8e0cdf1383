"""How probable is it that several series fall far together? Filtered historical simulation from a correlation model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.correlation import CorrelationResult
from models.correlation.draws import admissible_draws
from models.correlation.dynamics import pack
from models.correlation.simulation import World, after_the_sample, after_the_sample_at, whitened_residuals
from models.estimate import Estimate, NotDecidable

Array = NDArray[np.float64]

#: Simulated joint falls below which a probability has no useful relative precision.
MINIMUM_EVENTS = 10
#: The same for a ratio of two probabilities.
MINIMUM_RATIO_EVENTS = 100
#: Paths simulated at once.
BATCH = 10_000


@dataclass(frozen=True)
class JointFall:
    """Probability of a joint fall, and of the same fall without correlation.

    Attributes
    ----------
    falls : mapping of name to float
        Simple return in percent that each series must reach or fall below.
    horizon : int
        Sessions over which returns are summed, from the one after the sample.
    probability : Estimate or NotDecidable
        Interval of parameter and simulation uncertainty.
    uncorrelated : Estimate or NotDecidable
        The same with every correlation zero and the same volatilities and shocks, which are uncorrelated but not
        independent: a day that is wild for one is often wild for the other.
    ratio : Estimate or NotDecidable
        The first over the second, on common shocks and common parameter draws.
    """

    falls: Mapping[str, float]
    horizon: int
    probability: Estimate | NotDecidable
    uncorrelated: Estimate | NotDecidable
    ratio: Estimate | NotDecidable


def joint_fall(
    result: CorrelationResult,
    falls: Mapping[str, float],
    horizon: int,
    *,
    paths: int = 50_000,
    draws: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> JointFall:
    """Simulate the sessions after the sample of a fitted model and count joint falls.

    Parameters
    ----------
    result : CorrelationResult
        Fitted to returns that end on the session before the event in question.
    falls : mapping of name to float
        For instance {"crypto": -10, "miners": -10}.
    horizon : int
    paths : int
        At the estimate; each parameter draw takes a tenth of them.
    draws : int
        Parameter draws behind the intervals.
    level, seed

    Returns
    -------
    JointFall
        A probability with fewer than ten simulated events is `NotDecidable`, and so is the ratio with fewer than a
        hundred without correlation: ask for more paths.

    Raises
    ------
    EstimationError
        If the model does not hold a series, a fall is not between -100 and 0, or the horizon is below one.

    Notes
    -----
    Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999). The spread over parameter draws holds
    simulation noise, which is estimated, taken out, and replaced by the smaller one of the point estimate.
    """
    thresholds = _thresholds(result, falls, horizon)
    generator = np.random.default_rng(seed)
    white = whitened_residuals(result)
    at_estimate = _count(after_the_sample(result), white, thresholds, horizon, paths, generator)
    share = max(paths // 10, 1)
    made = [
        _count(after_the_sample_at(result, candidate), white, thresholds, horizon, share, generator)
        for candidate in admissible_draws(result, draws, seed)
    ]
    what = " and ".join(f"{name} by {-fall:g}%" for name, fall in falls.items())
    method = f"a fall of {what} within {horizon} sessions; {result.model}, {paths} paths, {draws} parameter draws"
    tables = np.array([[one.both, one.alone, one.shared] for one in made]) / share
    values = np.array([at_estimate.both, at_estimate.alone]) / paths
    if at_estimate.both < MINIMUM_EVENTS:
        few = NotDecidable(f"only {at_estimate.both} of {paths} simulated paths hold such a fall")
        return JointFall(falls, horizon, few, few, few)
    noise = tables * (1.0 - tables) / share
    probability = _probability(values[0], tables[:, 0], noise[:, 0], level, paths, share, method)
    if at_estimate.alone < MINIMUM_EVENTS:
        few = NotDecidable(f"only {at_estimate.alone} of {paths} uncorrelated paths hold such a fall")
        return JointFall(falls, horizon, probability, few, few)
    uncorrelated = _probability(
        values[1], tables[:, 1], noise[:, 1], level, paths, share, f"without correlation; {method}"
    )
    if at_estimate.alone < MINIMUM_RATIO_EVENTS:
        few = NotDecidable(
            f"only {at_estimate.alone} of {paths} uncorrelated paths hold such a fall, too few to divide by"
        )
        return JointFall(falls, horizon, probability, uncorrelated, few)
    usable = (tables[:, :2] > 0.0).all(axis=1)
    both, alone, shared = tables[usable].T
    ratio_noise = ((1.0 - both) / both + (1.0 - alone) / alone - 2.0 * (shared / both / alone - 1.0)) / share
    on_log = _interval(
        float(np.log(values[0] / values[1])), np.log(both / alone), ratio_noise, level, paths, share, method
    )
    error = (on_log.std_error or 0.0) * float(values[0] / values[1])
    ratio = replace(
        on_log,
        value=float(np.exp(on_log.value)),
        std_error=error,
        lower=float(np.exp(on_log.lower)),
        upper=float(np.exp(on_log.upper)),
        method=f"ratio to the same without correlation; {method}",
    )
    return JointFall(falls, horizon, probability, uncorrelated, ratio)


@dataclass(frozen=True)
class _Counts:
    """Paths with a joint fall under the model, without correlation, and under both."""

    both: int
    alone: int
    shared: int


def _count(
    world: World, white: Array, thresholds: Array, horizon: int, paths: int, generator: np.random.Generator
) -> _Counts:
    identity = pack(np.eye(white.shape[1]))
    unlinked = replace(world, first_state=identity, intercept=identity, psi=np.zeros_like(world.psi))
    totals = np.zeros(3, dtype=np.int64)
    for start in range(0, paths, BATCH):
        shocks = white[generator.integers(len(white), size=(min(BATCH, paths - start), horizon))]
        both, alone = (
            (one.simulate(shocks).returns.sum(axis=1) <= thresholds).all(axis=1) for one in (world, unlinked)
        )
        totals += [both.sum(), alone.sum(), (both & alone).sum()]
    return _Counts(*(int(total) for total in totals))


def _thresholds(result: CorrelationResult, falls: Mapping[str, float], horizon: int) -> Array:
    """Log-return thresholds in the order of the model's series; infinite for a series that may do as it likes."""
    unknown = [name for name in falls if name not in result.names]
    if unknown or not falls:
        raise EstimationError(
            ", ".join(unknown) or "the falls", "not in this model", f"Choose among {', '.join(result.names)}."
        )
    if horizon < 1 or not all(-100.0 < fall < 0.0 for fall in falls.values()):
        raise EstimationError("the joint fall", "has no size or no horizon", "Give falls in percent below zero.")
    return np.array([100.0 * np.log1p(falls[name] / 100.0) if name in falls else np.inf for name in result.names])


def _interval(value: float, draws: Array, noise: Array, level: float, paths: int, share: int, method: str) -> Estimate:
    """Percentiles of the draws about `value`, rescaled so that their variance is that of parameters and simulation.

    `noise` is the simulation variance of each draw, which rests on `share` paths; that of `value` rests on `paths`.
    """
    variance = float(np.var(draws, ddof=1))
    own = float(np.mean(noise))
    genuine = max(variance - own, 0.0) + own * share / paths
    centred = (draws - draws.mean()) * (np.sqrt(genuine / variance) if variance > 0.0 else 0.0)
    low, high = value + np.quantile(centred, [0.5 * (1.0 - level), 0.5 * (1.0 + level)])
    return Estimate(
        float(value), float(np.sqrt(genuine)), min(float(low), value), max(float(high), value), level, paths, "", method
    )


def _probability(
    value: float, draws: Array, noise: Array, level: float, paths: int, share: int, method: str
) -> Estimate:
    interval = _interval(value, draws, noise, level, paths, share, method)
    return replace(interval, lower=max(interval.lower, 0.0), upper=min(interval.upper, 1.0), unit="probability")

"""Maximise a log-likelihood from several starts and record how well that went; find a root.

`scipy.optimize` stands behind this module and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from data.errors import EstimationError

Array = NDArray[np.float64]
ValueAndGradient = Callable[[Array], tuple[float, Array]]

#: Two optima closer than this, in log-likelihood, count as the same.
SAME_OPTIMUM = 0.1
#: Largest admissible projected gradient of the log-likelihood per observation.
GRADIENT_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Convergence:
    """How the best optimum was reached.

    Attributes
    ----------
    converged : bool
        Gradient small, inside the admissible region or at a named bound, and moved from its start.
    message : str
        The optimiser's own words for the best start.
    starts : int
        Starts tried.
    best : float
        Log-likelihood at the best optimum.
    runner_up : float or None
        Best log-likelihood of a distinct optimum (further than 0.1 below), None where there is none.
    share_at_best : float
        Share of the starts that ended at the best optimum.
    gradient_norm : float
        Largest entry of the projected gradient per observation at the optimum.
    at_bounds : tuple of str
        Parameters that ended at a bound.
    evaluations : int
        Likelihood evaluations over all starts.
    """

    converged: bool
    message: str
    starts: int
    best: float
    runner_up: float | None
    share_at_best: float
    gradient_norm: float
    at_bounds: tuple[str, ...]
    evaluations: int


@dataclass(frozen=True, slots=True)
class Optimum:
    """Arguments and value of a maximum, with its record."""

    arguments: Array
    value: float
    convergence: Convergence


def maximise(
    function: ValueAndGradient,
    starts: Sequence[Array],
    *,
    names: Sequence[str],
    observations: int,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
    max_iterations: int = 500,
    value_tolerance: float = 1e-13,
) -> Optimum:
    """Maximise `function` by L-BFGS-B from each start and keep the best.

    The objective is divided by `observations`, so tolerances mean the same for any sample length.

    Parameters
    ----------
    function : callable
        Returns the log-likelihood and its gradient, shape (P,). A non-finite value marks an inadmissible point.
    starts : sequence of arrays, shape (P,)
        Where to begin.
    names : sequence of str
        Names of the P arguments, for the record.
    observations : int
        Observations in the log-likelihood.
    bounds : sequence of (low, high), optional
        Bounds of each argument; None leaves a side open.
    max_iterations : int
    value_tolerance : float
        Gain of an iteration, per observation and relative to the value, at which a search ends.

    Raises
    ------
    EstimationError
        If no start leads to a finite value, or the best one ends where it began.
    """
    evaluations = 0

    def negative_mean(arguments: Array) -> tuple[float, Array]:
        nonlocal evaluations
        evaluations += 1
        value, gradient = function(arguments)
        if not np.isfinite(value):
            return 1e10, np.zeros_like(arguments)
        return -value / observations, -gradient / observations

    candidates: list[tuple[float, Array, str, Array]] = []
    for start in starts:
        found = optimize.minimize(
            negative_mean,
            np.asarray(start, dtype=np.float64),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": max_iterations, "ftol": value_tolerance, "gtol": 1e-7, "maxls": 40},
        )
        if np.isfinite(found.fun) and found.fun < 1e9:
            candidates.append((-found.fun * observations, found.x, str(found.message), np.asarray(start)))
    if not candidates:
        raise EstimationError(
            "the optimiser",
            f"none of {len(starts)} starts has a finite log-likelihood",
            "Check the returns for constant or extreme values.",
        )
    candidates.sort(key=lambda candidate: -candidate[0])
    value, arguments, message, start = candidates[0]
    gradient_norm, at_bounds = _projected_gradient(negative_mean(arguments)[1], arguments, names, bounds)
    if np.array_equal(arguments, start) and gradient_norm > GRADIENT_TOLERANCE:
        raise EstimationError(
            "the optimiser",
            "the best estimate equals its start value although the gradient is not zero",
            "Use more starts or check the scale of the returns (percent).",
        )
    others = [candidate[0] for candidate in candidates if candidate[0] < value - SAME_OPTIMUM]
    return Optimum(
        arguments=arguments,
        value=value,
        convergence=Convergence(
            converged=gradient_norm <= GRADIENT_TOLERANCE,
            message=message,
            starts=len(starts),
            best=value,
            runner_up=others[0] if others else None,
            share_at_best=1.0 - len(others) / len(candidates),
            gradient_norm=gradient_norm,
            at_bounds=at_bounds,
            evaluations=evaluations,
        ),
    )


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a continuous function that has opposite signs at `low` and `high` is zero, by Brent's method."""
    return float(optimize.brentq(function, low, high))


def _projected_gradient(
    gradient: Array,
    arguments: Array,
    names: Sequence[str],
    bounds: Sequence[tuple[float | None, float | None]] | None,
) -> tuple[float, tuple[str, ...]]:
    projected = gradient.copy()
    at_bounds = []
    for index, (low, high) in enumerate(bounds or ()):
        at_low = low is not None and arguments[index] <= low
        at_high = high is not None and arguments[index] >= high
        if at_low or at_high:
            at_bounds.append(names[index])
        if (at_low and gradient[index] > 0) or (at_high and gradient[index] < 0):
            projected[index] = 0.0
    return float(np.max(np.abs(projected), initial=0.0)), tuple(at_bounds)

"""Find the best optimum of a switching likelihood: EM from many starts, quasi-Newton, Newton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.optimise import GRADIENT_TOLERANCE, SAME_OPTIMUM, Convergence, Optimum
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.polish import ITERATIONS, climb, drop_transitions, finish
from models.regimes.race import Basin, decided, race, regimes_of, same_regimes
from models.regimes.starts import StartPlan

Array = NDArray[np.float64]

#: Basins polished by quasi-Newton, for each regime of the model; as many in all where the race is decided.
POLISHED_PER_REGIME = 3
#: Quasi-Newton iterations each basin gets; it gets the rest if it could still win: if it lies no further below the best
#: than this many times what the first iterations gained, or than this many points of log-likelihood.
FIRST_ITERATIONS, STILL_GAINING, STILL_OPEN = 12, 2.0, 5.0
#: Gain in log-likelihood that begins a new round of perturbations, and the most rounds.
REAL_GAIN, ROUNDS = 0.5, 6


@dataclass(frozen=True)
class Found:
    """The best optimum: unconstrained parameters, which of them are free, and how it was reached."""

    theta: Array
    free: NDArray[np.bool_]
    hessian: Array
    convergence: Convergence


def search(likelihood: SwitchingLikelihood, plan: StartPlan, observations: int, warm: Sequence[Array] = ()) -> Found:
    """Maximise the likelihood.

    Each start runs EM until it settles or meets another; perturbations of the best one follow; the best few basins are
    polished by quasi-Newton, the winner by Newton's method. A basin with a regime of almost no observations is
    dropped unless all have one: its likelihood is unbounded, not large.

    Parameters
    ----------
    likelihood : SwitchingLikelihood
    plan : StartPlan
    observations : int
    warm : sequence of arrays, shape (P,)
        Further points to begin from.

    Raises
    ------
    EstimationError
        If no start leads to a finite log-likelihood.
    """
    begins = [*(likelihood.begin(weights) for weights in plan.fresh()), *warm]
    basins = race(likelihood, begins)
    if not basins:
        raise EstimationError(
            "the regime model",
            f"none of {len(begins)} starts has a finite log-likelihood",
            "Check the series for constant or extreme values, or use fewer regimes.",
        )
    basins, perturbed = _perturbed(likelihood, plan, basins)
    polished = _polish(likelihood, _sound(likelihood, basins), observations)
    first = polished.best
    theta, free, hessian, gradient_norm = finish(likelihood, likelihood.ordered(first.arguments), observations)
    value = float(likelihood.logliks(theta).sum())
    lower = [other for other in polished.others if other < value - SAME_OPTIMUM]
    convergence = replace(
        first.convergence,
        converged=gradient_norm <= GRADIENT_TOLERANCE,
        message=f"EM, L-BFGS-B, then Newton's method to a gradient of {gradient_norm:.1e} per observation",
        starts=len(begins) + perturbed,
        best=value,
        runner_up=max(lower) if lower else None,
        share_at_best=polished.starts / len(begins),
        gradient_norm=gradient_norm,
        at_bounds=tuple(name for name, inside in zip(likelihood.theta_names, free, strict=True) if not inside),
        evaluations=polished.evaluations,
    )
    return Found(theta, free, hessian, convergence)


def _sound(likelihood: SwitchingLikelihood, basins: Sequence[Basin]) -> list[Basin]:
    """Basins in which every regime holds observations; all where none does."""
    enough = likelihood.emission.smallest_regime
    return [basin for basin in basins if basin.smallest_regime >= enough] or list(basins)


def _perturbed(likelihood: SwitchingLikelihood, plan: StartPlan, basins: list[Basin]) -> tuple[list[Basin], int]:
    """The basins with those near the best sound one, until a round brings nothing better, and how many were tried."""
    if not plan.perturbations:
        return basins, 0
    best = _sound(likelihood, basins)[0]
    joined = [likelihood.moved(best.theta, weights) for weights in plan.joined(best.smoothed)]
    basins = race(likelihood, joined, basins, fresh=False)
    tried, others = 0, max(plan.perturbations - len(joined), 0)
    for _ in range(ROUNDS):
        best = _sound(likelihood, basins)[0]
        numbers = range(tried, tried + others)
        begins = [likelihood.begin(plan.perturb(best.smoothed, number)) for number in numbers]
        basins = race(likelihood, begins, basins, fresh=False)
        tried += others
        if _sound(likelihood, basins)[0].value < best.value + REAL_GAIN:
            break
    return basins, len(joined) + tried


@dataclass(frozen=True)
class _Polished:
    """The best optimum, the fresh starts that lead to it, the values at the others, and the evaluations spent."""

    best: Optimum
    starts: int
    others: tuple[float, ...]
    evaluations: int


def _polish(likelihood: SwitchingLikelihood, basins: Sequence[Basin], observations: int) -> _Polished:
    """Follow the best few basins; those that can no longer win only so far."""

    def regimes(optimum: Optimum) -> Array:
        return regimes_of(likelihood, optimum.arguments, likelihood.probabilities(optimum.arguments).smoothed)

    most = POLISHED_PER_REGIME * (1 if decided(basins) else likelihood.chain.k_regimes)
    chosen = [basins[0], *sorted(basins[1:], key=lambda basin: -basin.promise)[: most - 1]]
    ends: list[tuple[Optimum, Array]] = []
    evaluations = 0
    best = -np.inf
    for basin in chosen:
        end = climb(likelihood, basin.theta, observations, FIRST_ITERATIONS if ends else ITERATIONS)
        evaluations += end.convergence.evaluations
        place = regimes(end)
        reach = max(STILL_OPEN, STILL_GAINING * (end.value - basin.value))
        met = any(other.value > end.value and same_regimes(place, seen) for other, seen in ends)
        if ends and end.value + reach > best and not met:
            end = climb(likelihood, drop_transitions(likelihood, end.arguments, set()), observations)
            evaluations += end.convergence.evaluations
            place = regimes(end)
        ends.append((end, place))
        best = max(best, end.value)
    winner, leader = max(ends, key=lambda item: item[0].value)
    shared = [end.value >= best - STILL_OPEN and same_regimes(place, leader) for end, place in ends]
    return _Polished(
        winner,
        sum(basin.starts for basin, same in zip(chosen, shared, strict=True) if same),
        tuple(end.value for (end, _), same in zip(ends, shared, strict=True) if not same),
        evaluations,
    )

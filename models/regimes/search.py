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
#: Quasi-Newton iterations a basin behind the best one gets at first, and again while it could still win: while it lies
#: no further below than this many times what the last ones gained, or than this many points of log-likelihood.
FIRST_ITERATIONS, MORE_ITERATIONS, STILL_GAINING, STILL_OPEN = 12, 24, 2.0, 5.0
#: Gain of a stage, in log-likelihood, below which a basin has arrived.
ARRIVED = 1e-6
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
        share_at_best=polished.starts / (len(begins) + perturbed),
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
class _End:
    """Where the polish of a basin ended, the regimes seen from there, and the starts that led to it."""

    optimum: Optimum
    regimes: Array
    starts: int
    sound: bool

    @property
    def value(self) -> float:
        return self.optimum.value


@dataclass(frozen=True)
class _Polished:
    """The best optimum, the starts that lead to it, the values at the others, and the evaluations spent."""

    best: Optimum
    starts: int
    others: tuple[float, ...]
    evaluations: int


def _polish(likelihood: SwitchingLikelihood, basins: Sequence[Basin], observations: int) -> _Polished:
    """Follow the best few basins; those that can no longer win, or have met another, only so far."""
    evaluations = 0

    def climbed(theta: Array, starts: int, iterations: int) -> _End:
        nonlocal evaluations
        optimum = climb(likelihood, theta, observations, iterations)
        evaluations += optimum.convergence.evaluations
        seen = likelihood.probabilities(optimum.arguments).smoothed
        sound = bool(seen.sum(axis=0).min() >= likelihood.emission.smallest_regime)
        return _End(optimum, regimes_of(likelihood, optimum.arguments, seen), starts, sound)

    most = POLISHED_PER_REGIME * (1 if decided(basins) else likelihood.chain.k_regimes)
    leader, *others = [basins[0], *sorted(basins[1:], key=lambda basin: -basin.promise)[: most - 1]]
    ends = [climbed(leader.theta, leader.starts, ITERATIONS)]
    for basin in others:
        end, before = climbed(basin.theta, basin.starts, FIRST_ITERATIONS), basin.value
        while (met := _met(end, ends)) is None and _still_open(end, before, max(one.value for one in ends)):
            before = end.value
            begin = drop_transitions(likelihood, end.optimum.arguments, set())
            end = climbed(begin, basin.starts, MORE_ITERATIONS)
        if met is None:
            ends.append(end)
        else:
            ends[met] = replace(ends[met], starts=ends[met].starts + end.starts)
    winner = max(ends, key=lambda end: (end.sound, end.value))
    same = [end.value >= winner.value - STILL_OPEN and same_regimes(end.regimes, winner.regimes) for end in ends]
    return _Polished(
        winner.optimum,
        sum(end.starts for end, shared in zip(ends, same, strict=True) if shared),
        tuple(end.value for end, shared in zip(ends, same, strict=True) if not shared),
        evaluations,
    )


def _met(end: _End, others: Sequence[_End]) -> int | None:
    """Number of a better one that sees the same regimes."""
    for number, other in enumerate(others):
        if other.value > end.value and same_regimes(end.regimes, other.regimes):
            return number
    return None


def _still_open(end: _End, before: float, best: float) -> bool:
    """Whether a basin that came here from the value `before` could still win."""
    gained = end.value - before
    return gained > ARRIVED and end.value + max(STILL_OPEN, STILL_GAINING * gained) > best

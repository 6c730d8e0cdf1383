"""Find the best optimum of a switching likelihood: EM from many starts, quasi-Newton, Newton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.optimise import GRADIENT_TOLERANCE, SAME_OPTIMUM, Convergence, Optimum, maximise
from models.regimes.chain import LOG_ODDS_BOUND, ConstantChain
from models.regimes.likelihood import SwitchingLikelihood
from models.regimes.starts import StartPlan

Array = NDArray[np.float64]

#: EM iterations from each start, and the gain in log-likelihood below which they stop early.
EM_ITERATIONS = 40
EM_GAIN = 0.05
#: Distinct candidates polished by quasi-Newton, for each regime of the model.
POLISHED_PER_REGIME = 3
#: Quasi-Newton iterations each candidate gets, and those of a candidate that could still win.
SHORT_POLISH = 30
FULL_POLISH = 500
#: Distance from the best, in log-likelihood, within which a candidate could still win.
STILL_OPEN = 5.0
#: Two EM ends are the same candidate when their smoothed probabilities differ by less than this on average.
SAME_REGIMES = 0.03
#: Gain in log-likelihood that begins a new round of perturbations, and the most rounds.
REAL_GAIN = 0.5
LONGEST_CHASE = 6
#: Transition probabilities below this are tried at zero.
NEARLY_ZERO = 1e-3
#: A transition set to zero comes back where the log-likelihood rises by more than this per unit of its probability.
RETURN_SLOPE = 1e-2
DROP_ROUNDS = 4
NEWTON_STEPS = 25
#: The second derivatives are taken anew where a step leaves more than this share of the gradient, and at the end
#: where the parameters have moved by more than this since.
SLOW, STALE = 0.1, 1e-4
#: Gradient per observation at which Newton's method has arrived.
NEWTON_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Found:
    """The best optimum: unconstrained parameters, which of them are free, and how it was reached."""

    theta: Array
    free: NDArray[np.bool_]
    hessian: Array
    convergence: Convergence


@dataclass(frozen=True)
class _Candidate:
    theta: Array
    value: float
    smoothed: Array


def _run_em(likelihood: SwitchingLikelihood, theta: Array) -> _Candidate | None:
    best: _Candidate | None = None
    previous = -np.inf
    with np.errstate(all="ignore"):
        for _ in range(EM_ITERATIONS):
            try:
                value, following, smoothed = likelihood.em_step(theta)
            except np.linalg.LinAlgError:
                break
            if not (np.isfinite(value) and np.isfinite(following).all()):
                break
            if best is None or value > best.value:
                best = _Candidate(theta, value, smoothed)
            if abs(value - previous) < EM_GAIN:
                break
            previous, theta = value, following
    return best


def _regime_order(smoothed: Array, likelihood: SwitchingLikelihood, theta: Array) -> Array:
    ranking = likelihood.emission.ranking(likelihood.split(theta)[1])
    return smoothed[:, sorted(range(len(ranking)), key=lambda k: ranking[k])]


def _group(likelihood: SwitchingLikelihood, candidates: Sequence[_Candidate]) -> list[list[_Candidate]]:
    groups: list[tuple[Array, list[_Candidate]]] = []
    for candidate in sorted(candidates, key=lambda item: -item.value):
        regimes = _regime_order(candidate.smoothed, likelihood, candidate.theta)
        for leader, members in groups:
            if float(np.mean(np.abs(regimes - leader))) < SAME_REGIMES:
                members.append(candidate)
                break
        else:
            groups.append((regimes, [candidate]))
    sound = [
        members
        for regimes, members in groups
        if float(regimes.sum(axis=0).min()) >= likelihood.emission.smallest_regime
    ]
    return sound or [members for _, members in groups]


def search(likelihood: SwitchingLikelihood, plan: StartPlan, observations: int, warm: Sequence[Array] = ()) -> Found:
    """Maximise the likelihood.

    Each start runs a few EM steps; those that end in the same regimes are one candidate; the best few candidates are
    polished by quasi-Newton, the winner by Newton's method. A candidate with a regime of almost no observations is
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
    ends = [_run_em(likelihood, theta) for theta in begins]
    fresh = [end for end in ends if end is not None]
    if not fresh:
        raise EstimationError(
            "the regime model",
            f"none of {len(ends)} starts has a finite log-likelihood",
            "Check the series for constant or extreme values, or use fewer regimes.",
        )
    perturbed = _perturbed(likelihood, plan, fresh)
    groups = _group(likelihood, [*fresh, *perturbed])
    first, others, shared, evaluations = _polish(likelihood, groups, observations)
    theta, free, hessian, gradient_norm = _finish(likelihood, likelihood.ordered(first.arguments), observations)
    value = float(likelihood.logliks(theta).sum())
    independent = {id(candidate) for candidate in fresh}
    reached = sum(
        id(member) in independent for members, same in zip(groups, shared, strict=False) if same for member in members
    )
    lower = [other for other in others if other < value - SAME_OPTIMUM]
    convergence = replace(
        first.convergence,
        converged=gradient_norm <= GRADIENT_TOLERANCE,
        message=f"EM, L-BFGS-B, then Newton's method to a gradient of {gradient_norm:.1e} per observation",
        starts=len(ends) + len(perturbed),
        best=value,
        runner_up=max(lower) if lower else None,
        share_at_best=reached / len(ends),
        gradient_norm=gradient_norm,
        at_bounds=tuple(name for name, inside in zip(likelihood.theta_names, free, strict=True) if not inside),
        evaluations=evaluations,
    )
    return Found(theta, free, hessian, convergence)


def _perturbed(likelihood: SwitchingLikelihood, plan: StartPlan, fresh: Sequence[_Candidate]) -> list[_Candidate]:
    """Ends of the searches near the best sound candidate so far, until a full round brings nothing better."""
    enough = likelihood.emission.smallest_regime
    sound = [candidate for candidate in fresh if float(candidate.smoothed.sum(axis=0).min()) >= enough]
    best = max(sound or fresh, key=lambda candidate: candidate.value)
    found: list[_Candidate] = []
    number, last_gain = 0, 0
    while number - last_gain < plan.perturbations and number < LONGEST_CHASE * plan.perturbations:
        end = _run_em(likelihood, likelihood.begin(plan.perturb(best.smoothed, number)))
        number += 1
        if end is None:
            continue
        found.append(end)
        if end.value > best.value and float(end.smoothed.sum(axis=0).min()) >= enough:
            if end.value > best.value + REAL_GAIN:
                last_gain = number
            best = end
    return found


def _climb(likelihood: SwitchingLikelihood, theta: Array, iterations: int, observations: int) -> Optimum:
    """Quasi-Newton from one point, which it keeps where the line search finds no way up."""
    try:
        return maximise(
            likelihood.value_and_score,
            [theta],
            names=likelihood.theta_names,
            observations=observations,
            bounds=likelihood.bounds,
            max_iterations=iterations,
        )
    except EstimationError as error:
        value, score = likelihood.value_and_score(theta)
        norm = float(np.max(np.abs(score))) / observations
        return Optimum(theta, value, Convergence(False, str(error), 1, value, None, 1.0, norm, (), 1))


def _polish(
    likelihood: SwitchingLikelihood, groups: Sequence[Sequence[_Candidate]], observations: int
) -> tuple[Optimum, list[float], list[bool], int]:
    """The best optimum, the values at the others, which groups lead to the best one, and evaluations spent.

    All candidates get a short polish; only those that could still win are followed to the end.
    """

    def regimes(optimum: Optimum) -> Array:
        smoothed = likelihood.probabilities(optimum.arguments).smoothed
        return _regime_order(smoothed, likelihood, optimum.arguments)

    count = POLISHED_PER_REGIME * likelihood.chain.k_regimes
    short = [_climb(likelihood, members[0].theta, SHORT_POLISH, observations) for members in groups[:count]]
    evaluations = sum(optimum.convergence.evaluations for optimum in short)
    finished = list(short)
    best: Optimum | None = None
    for index in sorted(range(len(short)), key=lambda position: -short[position].value):
        optimum = short[index]
        hopeless = best is not None and optimum.value < best.value - STILL_OPEN
        known = best is not None and float(np.mean(np.abs(regimes(optimum) - regimes(best)))) < SAME_REGIMES
        if hopeless or known:
            continue
        finished[index] = _climb(
            likelihood, _drop_transitions(likelihood, optimum.arguments, set()), FULL_POLISH, observations
        )
        evaluations += finished[index].convergence.evaluations
        if best is None or finished[index].value > best.value:
            best = finished[index]
    assert best is not None
    leader = regimes(best)
    shared = [
        optimum.value >= best.value - STILL_OPEN and float(np.mean(np.abs(regimes(optimum) - leader))) < SAME_REGIMES
        for optimum in finished
    ]
    others = [optimum.value for optimum, same in zip(finished, shared, strict=True) if not same]
    return best, others, shared, evaluations


def _finish(
    likelihood: SwitchingLikelihood, theta: Array, observations: int
) -> tuple[Array, NDArray[np.bool_], Array, float]:
    """Newton's method from the polished optimum, with transitions that never happen set to zero and held there."""
    kept: set[int] = set()
    for _ in range(DROP_ROUNDS):
        dropped = _drop_transitions(likelihood, theta, kept)
        theta, free, hessian, norm, score = _newton(likelihood, dropped, observations)
        returning = _returning(likelihood, theta, free, score)
        if not returning.any():
            break
        kept |= set(np.flatnonzero(returning).tolist())
        theta[np.flatnonzero(returning)] = np.sign(theta[np.flatnonzero(returning)]) * -np.log(NEARLY_ZERO)
        theta = likelihood.ordered(_climb(likelihood, theta, FULL_POLISH, observations).arguments)
    return theta, free, hessian, norm


def _newton(
    likelihood: SwitchingLikelihood, theta: Array, observations: int
) -> tuple[Array, NDArray[np.bool_], Array, float, Array]:
    low = np.array([-np.inf if bound[0] is None else bound[0] for bound in likelihood.bounds])
    high = np.array([np.inf if bound[1] is None else bound[1] for bound in likelihood.bounds])
    value, score = likelihood.value_and_score(theta)
    at_low = (theta <= low + 1e-6) & (score <= 1e-6 * observations)
    at_high = (theta >= high - 1e-6) & (score >= -1e-6 * observations)
    free = ~(at_low | at_high)
    hessian, origin = likelihood.hessian(theta, free), theta
    for _ in range(NEWTON_STEPS):
        worst = float(np.max(np.abs(score[free]), initial=0.0))
        if worst <= NEWTON_TOLERANCE * observations:
            break
        moved = _step(likelihood, theta, value, score, free, hessian, observations)
        if moved is None:
            if origin is theta:
                break
            hessian, origin = likelihood.hessian(theta, free), theta
            continue
        theta, value, score = moved
        if float(np.max(np.abs(score[free]))) > SLOW * worst:
            hessian, origin = likelihood.hessian(theta, free), theta
    if float(np.max(np.abs(theta - origin), initial=0.0)) > STALE:
        hessian = likelihood.hessian(theta, free)
    return theta, free, hessian, float(np.max(np.abs(score[free]), initial=0.0)) / observations, score


def _step(
    likelihood: SwitchingLikelihood,
    theta: Array,
    value: float,
    score: Array,
    free: NDArray[np.bool_],
    hessian: Array,
    observations: int,
) -> tuple[Array, float, Array] | None:
    """One Newton step, uphill also where the curvature is wrong, halved until it helps; None where it cannot."""
    low = np.array([-np.inf if bound[0] is None else bound[0] for bound in likelihood.bounds])
    high = np.array([np.inf if bound[1] is None else bound[1] for bound in likelihood.bounds])
    curvature, vectors = np.linalg.eigh(-hessian)
    step = vectors @ np.clip((vectors.T @ score[free]) / np.maximum(np.abs(curvature), 1e-300), -1.0, 1.0)
    worst = max(float(np.abs(score[free]).max()), GRADIENT_TOLERANCE * observations)
    for _ in range(8):
        trial = theta.copy()
        trial[free] += step
        trial = np.clip(trial, low, high)
        trial_value, trial_score = likelihood.value_and_score(trial)
        if trial_value >= value - 1e-9 and float(np.abs(trial_score[free]).max()) < worst:
            return trial, trial_value, trial_score
        step = 0.5 * step
    return None


def _returning(
    likelihood: SwitchingLikelihood, theta: Array, free: NDArray[np.bool_], score: Array
) -> NDArray[np.bool_]:
    """Log-odds held at a bound from which the log-likelihood rises per unit of the probability."""
    if not isinstance(likelihood.chain, ConstantChain):
        return np.zeros(likelihood.chain.size, dtype=bool)
    held = slice(0, likelihood.chain.size)
    inward = -np.sign(theta[held]) * score[held]
    return np.asarray(~free[held] & (inward > RETURN_SLOPE * np.exp(-np.abs(theta[held]))))


def _drop_transitions(likelihood: SwitchingLikelihood, theta: Array, kept: set[int]) -> Array:
    """Set a transition, or staying, that hardly ever happens to zero where the likelihood does not fall by it."""
    if not isinstance(likelihood.chain, ConstantChain):
        return theta
    value = float(likelihood.logliks(theta).sum())
    matrix = likelihood.chain.transition(likelihood.split(theta)[0])[0]
    regimes = len(matrix)
    positions = np.full(matrix.shape, -1)
    positions[~np.eye(regimes, dtype=bool)] = np.arange(likelihood.chain.size)
    for i, j in np.argwhere(matrix < NEARLY_ZERO):
        trial = theta.copy()
        if i == j:
            row = positions[i][positions[i] >= 0]
            trial[row] += LOG_ODDS_BOUND - trial[row].max()
            touched = {int(row[np.argmax(trial[row])])}
        else:
            trial[positions[i, j]] = -LOG_ODDS_BOUND
            touched = {int(positions[i, j])}
        if touched & kept:
            continue
        trial_value = float(likelihood.logliks(trial).sum())
        if trial_value >= value:
            theta, value = trial, trial_value
    return theta

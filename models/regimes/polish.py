"""From a point of the search to its optimum: quasi-Newton, then Newton's method.

Transitions that never happen are set to zero and held there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.optimise import Convergence, Optimum, maximise
from models.regimes.chain import LOG_ODDS_BOUND, ConstantChain
from models.regimes.likelihood import SwitchingLikelihood

Array = NDArray[np.float64]

#: Quasi-Newton iterations, and the relative gain per observation at which they leave the rest to Newton's method.
ITERATIONS, VALUE_TOLERANCE = 500, 1e-10
#: Transition probabilities below this are tried at zero.
NEARLY_ZERO = 1e-3
#: A transition set to zero comes back where the log-likelihood rises by more than this per unit of its probability.
RETURN_SLOPE = 1e-2
DROP_ROUNDS = 4
#: Log-odds this close to their bound stand at it: the probability is zero for any sample, the likelihood is flat.
NEAR_LOG_ODDS = 1.0
NEWTON_STEPS, HALVINGS = 60, 8
#: Share of the promised gain that a step must bring, and the gain below which two values do not differ.
SUFFICIENT, NOISE = 1e-2, 1e-9
#: The second derivatives are taken anew where a step leaves more than this share of the gradient, and at the end
#: where the parameters have moved by more than this since.
SLOW, STALE = 0.1, 1e-4
#: Gradient per observation at which Newton's method has arrived.
NEWTON_TOLERANCE = 1e-10


def climb(likelihood: SwitchingLikelihood, theta: Array, observations: int, iterations: int = ITERATIONS) -> Optimum:
    """Quasi-Newton from one point, which it keeps where the line search finds no way up."""
    try:
        return maximise(
            likelihood.value_and_score,
            [theta],
            names=likelihood.theta_names,
            observations=observations,
            bounds=likelihood.bounds,
            max_iterations=iterations,
            value_tolerance=VALUE_TOLERANCE,
        )
    except EstimationError as error:
        value, score = likelihood.value_and_score(theta)
        norm = float(np.max(np.abs(score))) / observations
        return Optimum(theta, value, Convergence(False, str(error), 1, value, None, 1.0, norm, (), 1))


def finish(
    likelihood: SwitchingLikelihood, theta: Array, observations: int
) -> tuple[Array, NDArray[np.bool_], Array, float]:
    """Newton's method from the polished optimum, with transitions that never happen set to zero and held there."""
    kept: set[int] = set()
    for _ in range(DROP_ROUNDS):
        dropped = drop_transitions(likelihood, theta, kept)
        theta, free, hessian, norm, score = _newton(likelihood, dropped, observations)
        returning = _returning(likelihood, theta, free, score)
        if not returning.any():
            break
        kept |= set(np.flatnonzero(returning).tolist())
        theta[np.flatnonzero(returning)] = np.sign(theta[np.flatnonzero(returning)]) * -np.log(NEARLY_ZERO)
        theta = likelihood.ordered(climb(likelihood, theta, observations).arguments)
    return theta, free, hessian, norm


def _newton(
    likelihood: SwitchingLikelihood, theta: Array, observations: int
) -> tuple[Array, NDArray[np.bool_], Array, float, Array]:
    limits = likelihood.limits
    value, score = likelihood.value_and_score(theta)
    free = _free(likelihood, theta, score, observations)
    hessian, origin = likelihood.hessian(theta, free), theta
    for _ in range(NEWTON_STEPS):
        worst = float(np.max(np.abs(score[free]), initial=0.0))
        if worst <= NEWTON_TOLERANCE * observations:
            break
        moved = _step(likelihood, theta, value, score, free, hessian, limits)
        if moved is None:
            if origin is theta:
                break
            hessian, origin = likelihood.hessian(theta, free), theta
            continue
        theta, value, score = moved
        now = _free(likelihood, theta, score, observations)
        if (now != free).any() or float(np.max(np.abs(score[free]), initial=0.0)) > SLOW * worst:
            free = now
            hessian, origin = likelihood.hessian(theta, free), theta
    if float(np.max(np.abs(theta - origin), initial=0.0)) > STALE:
        hessian = likelihood.hessian(theta, free)
    return theta, free, hessian, float(np.max(np.abs(score[free]), initial=0.0)) / observations, score


def _free(likelihood: SwitchingLikelihood, theta: Array, score: Array, observations: int) -> NDArray[np.bool_]:
    """Parameters that are not held at a bound beyond which the likelihood would rise."""
    low, high = likelihood.limits
    near = np.full(len(theta), 1e-6)
    near[: likelihood.chain.size] = NEAR_LOG_ODDS
    at_low = (theta <= low + near) & (score <= 1e-6 * observations)
    at_high = (theta >= high - near) & (score >= -1e-6 * observations)
    return np.asarray(~(at_low | at_high))


def _step(
    likelihood: SwitchingLikelihood,
    theta: Array,
    value: float,
    score: Array,
    free: NDArray[np.bool_],
    hessian: Array,
    limits: tuple[Array, Array],
) -> tuple[Array, float, Array] | None:
    """One Newton step, uphill also where the curvature is wrong, halved until it helps; None where it cannot.

    It helps if the likelihood rises by a part of what the slope promises or, where it has stopped to tell points
    apart, if the score falls.
    """
    curvature, vectors = np.linalg.eigh(-hessian)
    step = vectors @ np.clip((vectors.T @ score[free]) / np.maximum(np.abs(curvature), 1e-300), -1.0, 1.0)
    worst, promise = float(np.abs(score[free]).max()), float(score[free] @ step)
    for _ in range(HALVINGS):
        trial = theta.copy()
        trial[free] += step
        trial = np.clip(trial, *limits)
        trial_value, trial_score = likelihood.value_and_score(trial)
        gain = trial_value - value
        if gain > max(SUFFICIENT * promise, NOISE) or (
            gain > -NOISE and float(np.abs(trial_score[free]).max()) < worst
        ):
            return trial, trial_value, trial_score
        step, promise = 0.5 * step, 0.5 * promise
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


def drop_transitions(likelihood: SwitchingLikelihood, theta: Array, kept: set[int]) -> Array:
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
        if trial_value >= value - NOISE:
            theta, value = trial, trial_value
    return theta

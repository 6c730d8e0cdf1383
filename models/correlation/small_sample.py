"""What a sample of finite length does to the estimates, and what draws of the parameters make of it.

The intercept S is estimated, and the profile likelihood therefore takes the dynamics for less persistent than they
are, as in an autoregression whose mean is estimated (Kendall 1954; Marriott and Pope 1954). Cox and Reid (1987) adjust
the profile likelihood by -1/2 log det j, j the information on the nuisance given psi. Here dQ_t/dS tends to 1/k with
k = (1 - b) / (1 - a - b), so that j is proportional to k^-2 and the adjustment is kappa log k: kappa is the number of
correlations in S where the likelihood is that of the data, and in general the expected product of the score and the
estimation error of S. One Newton step gives

    psi_c = psi + (-H)^-1 kappa d log k / d psi

with H the Hessian of the profile log-likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.correlation.dynamics import pack
from models.correlation.likelihood import Evaluation, coefficients, evaluate
from models.correlation.sandwich import step_of, target_influence
from models.correlation.types import Array

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: The correction leaves at least this share of the room between a + b and one.
KEPT_ROOM = 0.25


@dataclass(frozen=True, slots=True)
class SmallSample:
    """A correlation step with the bias of its dynamics taken out.

    Attributes
    ----------
    free : array, shape (P,)
        (a, b[, g][, nu]) corrected for bias; empty where the correlation is constant.
    spread : float
        k at the corrected dynamics over k at the estimate: the standard error of S is proportional to k.
    lost : float
        kappa, what the estimation of S takes from the profile likelihood: about the number of its correlations, more
        under fat tails.
    target_degrees : array, shape (M,)
        Effective degrees of freedom behind the standard error of each element of S (Satterthwaite 1946): 2 T over the
        squared coefficient of variation of its squared influence. Infinite on the diagonal.
    dynamics_degrees : float
        The least of those of the scores in (a, b[, g][, nu]); infinite where the correlation is constant.
    """

    free: Array
    spread: float
    lost: float
    target_degrees: Array
    dynamics_degrees: float


def small_sample(result: CorrelationResult) -> SmallSample:
    """Bias of the dynamics and effective degrees of freedom of an estimated correlation step."""
    z = result.margins.std_residuals.to_numpy()
    dynamics, moments = result.dynamics, result.dynamics.moments(z)
    held = result.packed_target if dynamics.target == "ml" else None
    count = result.psi.size

    def at(point: Array, *, slopes: bool = False) -> Evaluation:
        nu = float(point[-1]) if result.nu else 0.0
        return evaluate(dynamics, z, moments, point[:count], nu, target=held, slopes=slopes)

    point = np.append(result.psi, result.nu) if result.nu else result.psi
    centre = at(point, slopes=True)
    influence = target_influence(dynamics, z, centre, result.psi)
    target_degrees = _degrees(influence)
    target_degrees[pack(np.eye(z.shape[1])) == 1.0] = np.inf
    if result.constant:
        return SmallSample(result.free_correlation_params, 1.0, 0.0, target_degrees, np.inf)
    weights, _ = dynamics.target_weights(z.shape[0], result.psi)
    lost = float(np.einsum("t,tm,tm->", weights, centre.gamma, influence) / z.shape[0])
    hessian = np.empty((point.size, point.size))
    for index in range(point.size):
        step = step_of(point, index, count)
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        hessian[index] = (at(up).scores - at(down).scores).sum(axis=0) / (2.0 * step)
    free = _corrected(result, point, 0.5 * (hessian + hessian.T), lost)
    spread = target_scale(free) / target_scale(point)
    return SmallSample(free, spread, lost, target_degrees, float(_degrees(centre.scores).min()))


def target_scale(psi: Array) -> float:
    """k = (1 - b) / (1 - a - b): what one unit of news in x_t x_t' - Q_t moves the mean of x_t x_t' by."""
    a, b, _ = coefficients(psi)
    return (1.0 - b) / (1.0 - a - b)


def _corrected(result: CorrelationResult, point: Array, hessian: Array, lost: float) -> Array:
    """The Newton step, halved until it is admissible; none where the likelihood has no maximum in the interior."""
    if np.linalg.eigvalsh(hessian)[-1] >= 0.0:
        return point
    a, b, _ = coefficients(point)
    slope = np.zeros(point.size)
    slope[:2] = 1.0 / (1.0 - a - b) - np.array([0.0, 1.0 / (1.0 - b)])
    move = np.linalg.solve(-hessian, max(lost, 0.0) * slope)
    for halvings in range(30):
        moved = point + 0.5**halvings * move
        room = 1.0 - moved[0] - moved[1]
        if moved[0] > 0.0 and result.admissible(moved[: result.psi.size]) and room >= KEPT_ROOM * (1.0 - a - b):
            return moved
    return point


def _degrees(influence: Array) -> Array:
    squares = influence**2
    variation = np.maximum(squares.var(axis=0), np.finfo(float).tiny)
    degrees: Array = 2.0 * len(squares) * squares.mean(axis=0) ** 2 / variation
    return degrees

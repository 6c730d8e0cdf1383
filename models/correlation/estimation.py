"""The correlation step: several starts, the analytic score, and what is done where there is nothing to estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.errors import EstimationError
from models.correlation.dynamics import MAX_PERSISTENCE, Dynamics, Moments, normalised, pack, unpack
from models.correlation.likelihood import NU_BOUNDS, evaluate, loglik
from models.correlation.types import Array
from models.optimise import Convergence, maximise

#: Where the search begins (Engle 2002 to slow and fast dynamics).
STARTS = ((0.01, 0.985), (0.02, 0.97), (0.03, 0.94), (0.06, 0.85), (0.02, 0.5))
#: Below this a, b is not identified and the correlation is constant.
NO_DYNAMICS = 1e-4
#: Starts kept for the full search, after ranking all by their likelihood, where one evaluation is expensive.
KEPT_STARTS = 2
EXPENSIVE_SIZE = 9


@dataclass(frozen=True, slots=True)
class CorrelationStep:
    """Estimate of the correlation step.

    Attributes
    ----------
    psi : array, shape (2,) or (3,)
        (a, b[, g]); zeros where the correlation is constant.
    nu : float
        Degrees of freedom, 0 for the Gaussian.
    target : array, shape (M,)
        Packed intercept S.
    loglik : float
        Correlation part of the log-likelihood.
    convergence : Convergence
    constant : bool
        Whether a came out below 1e-4, so that b is not identified and the constant model is returned.
    """

    psi: Array
    nu: float
    target: Array
    loglik: float
    convergence: Convergence
    constant: bool


def estimate(
    dynamics: Dynamics, z: Array, student: bool, seed: int, start: tuple[Array, float] | None = None
) -> CorrelationStep:
    """Maximise the (profile) likelihood of the correlation step.

    Parameters
    ----------
    dynamics : Dynamics
    z : array, shape (T, N)
    student : bool
        Student-t instead of the Gaussian.
    seed : int
        Of the one start that is drawn.
    start : (psi, nu), optional
        Where to begin, alone, instead of at the usual starts.

    Raises
    ------
    EstimationError
        If the residuals do not vary independently enough for a correlation matrix, or no start converges.
    """
    moments = dynamics.moments(z)
    if np.linalg.eigvalsh(unpack(moments.qbar))[0] < 1e-8:
        raise EstimationError(
            "the correlation step",
            "two or more series are linear combinations of each other",
            "Drop one of them.",
        )
    coordinates = Coordinates(dynamics, moments, student, z.shape[1])
    ml = dynamics.target == "ml"

    def value_and_gradient(point: Array) -> tuple[float, Array]:
        psi, nu, target = coordinates.split(point)
        if ml and np.linalg.eigvalsh(unpack(target))[0] < 1e-8:
            return -np.inf, np.zeros_like(point)
        evaluation = evaluate(dynamics, z, moments, psi, nu, target=target if ml else None, slopes=ml)
        gradient = coordinates.jacobian(point).T @ evaluation.scores.sum(axis=0)
        if ml:
            weights, _ = dynamics.target_weights(z.shape[0], psi)
            gradient = np.append(gradient, (weights @ evaluation.gamma)[coordinates.off_diagonal])
        return float(evaluation.values.sum()), gradient

    def value(point: Array) -> float:
        psi, nu, target = coordinates.split(point)
        return float(loglik(dynamics, z, moments, psi, nu, target if ml else None).sum())

    starts = coordinates.starts(seed) if start is None else [coordinates.point(*start)]
    if len(starts) > 1 and z.shape[1] > EXPENSIVE_SIZE:
        starts = sorted(starts, key=lambda start: -value(start))[:KEPT_STARTS]
    optimum = maximise(
        value_and_gradient,
        starts,
        names=coordinates.names,
        observations=z.shape[0],
        bounds=coordinates.bounds,
    )
    psi, nu, target = coordinates.split(optimum.arguments)
    if psi[0] < NO_DYNAMICS:
        return constant_step(dynamics, z, student, constant=True)
    if not optimum.convergence.converged:
        raise EstimationError(
            "the correlation step",
            f"the optimiser stopped with a gradient of {optimum.convergence.gradient_norm:.1e} an observation",
            "Use a longer sample or fewer series.",
        )
    if not ml:
        target = dynamics.drive(z, moments, psi).target
    return CorrelationStep(psi, nu, target, optimum.value, optimum.convergence, constant=False)


def constant_step(dynamics: Dynamics, z: Array, student: bool, *, constant: bool = False) -> CorrelationStep:
    """The constant model: psi = 0, the target is the sample correlation, and nu is all there is to maximise over."""
    moments = dynamics.moments(z)
    psi = np.zeros(len(dynamics.names))
    target = pack(normalised(unpack(moments.qbar)))

    def value_and_gradient(point: Array) -> tuple[float, Array]:
        evaluation = evaluate(dynamics, z, moments, psi, float(np.exp(point[0])), target=target)
        score = evaluation.scores[:, -1:].sum(axis=0) * np.exp(point)
        return float(evaluation.values.sum()), score

    if not student:
        value = float(loglik(dynamics, z, moments, psi, 0.0, target).sum())
        convergence = Convergence(True, "closed form", 1, value, None, 1.0, 0.0, (), 1)
        return CorrelationStep(psi, 0.0, target, value, convergence, constant)
    optimum = maximise(
        value_and_gradient,
        [np.log([start]) for start in (5.0, 12.0)],
        names=("nu",),
        observations=z.shape[0],
        bounds=[(float(np.log(NU_BOUNDS[0])), float(np.log(NU_BOUNDS[1])))],
    )
    nu = float(np.exp(optimum.arguments[0]))
    return CorrelationStep(psi, nu, target, optimum.value, optimum.convergence, constant)


class Coordinates:
    """Coordinates u of (a, b[, g or kappa][, nu]), followed by the correlations of S under target="ml".

    a = L(u1) / 2, b = (c - a) L(u2), g = (c - a - b) L(u3) / lambda with L the logistic function, c the largest
    admissible persistence and lambda the largest eigenvalue of Qbar^-1/2 Nbar Qbar^-1/2; kappa as it is, nu by its
    logarithm.
    """

    LIMIT = 15.0

    def __init__(self, dynamics: Dynamics, moments: Moments, student: bool, size: int) -> None:
        self._dynamics = dynamics
        self._student = student
        self._asymmetric = dynamics.kind == "adcc"
        self._forced = dynamics.forcing is not None
        self._shares = 3 if self._asymmetric else 2
        self.asymmetry_limit = 1.0
        if self._asymmetric:
            qbar, nbar = unpack(moments.qbar), unpack(moments.nbar)
            self.asymmetry_limit = float(np.linalg.eigvals(np.linalg.solve(qbar, nbar)).real.max())
        self._qbar = moments.qbar
        self.off_diagonal = np.flatnonzero(pack(1.0 - np.eye(size)))
        ml = dynamics.target == "ml"
        self.names: Sequence[str] = (
            *dynamics.names,
            *(("nu",) if student else ()),
            *(tuple(f"target{k}" for k in self.off_diagonal) if ml else ()),
        )
        logistic = [(-self.LIMIT, self.LIMIT)] * self._shares + ([(-0.9, 0.9)] if self._forced else [])
        degrees = [(float(np.log(NU_BOUNDS[0])), float(np.log(NU_BOUNDS[1])))] if student else []
        self.bounds = [*logistic, *degrees, *([(-0.999, 0.999)] * self.off_diagonal.size if ml else [])]

    def split(self, point: Array) -> tuple[Array, float, Array]:
        """psi, nu (0 for the Gaussian) and the packed target."""
        count = len(self._dynamics.names)
        shares = 1.0 / (1.0 + np.exp(-point[: self._shares]))
        a = 0.5 * shares[0]
        b = (MAX_PERSISTENCE - a) * shares[1]
        psi = [a, b]
        if self._asymmetric:
            psi.append((MAX_PERSISTENCE - a - b) * shares[2] / self.asymmetry_limit)
        elif self._forced:
            psi.append(point[2])
        nu = float(np.exp(point[count])) if self._student else 0.0
        target = self._qbar
        if self._dynamics.target == "ml":
            target = target.copy()
            target[self.off_diagonal] = point[count + self._student :]
        return np.array(psi), nu, target

    def jacobian(self, point: Array) -> Array:
        """Derivative of (psi[, nu]) by its coordinates; the correlations of S are their own."""
        count = len(self._dynamics.names)
        shares = 1.0 / (1.0 + np.exp(-point[: self._shares]))
        slopes = shares * (1.0 - shares)
        a = 0.5 * shares[0]
        b = (MAX_PERSISTENCE - a) * shares[1]
        matrix = np.zeros((count + self._student, count + self._student))
        matrix[0, 0] = 0.5 * slopes[0]
        matrix[1, 0] = -shares[1] * matrix[0, 0]
        matrix[1, 1] = (MAX_PERSISTENCE - a) * slopes[1]
        if self._asymmetric:
            matrix[2, :2] = -(matrix[0, :2] + matrix[1, :2]) * shares[2] / self.asymmetry_limit
            matrix[2, 2] = (MAX_PERSISTENCE - a - b) * slopes[2] / self.asymmetry_limit
        elif self._forced:
            matrix[2, 2] = 1.0
        if self._student:
            matrix[count, count] = np.exp(point[count])
        return matrix

    def starts(self, seed: int) -> list[Array]:
        """The fixed starts and one drawn with `seed`; g takes a third of what a and b leave."""
        draw = np.random.default_rng(seed).uniform([0.005, 0.6], [0.08, 0.9])
        pairs = (*STARTS, (float(draw[0]), float(draw[1])))
        share = 0.0 if self._forced else 0.3 / self.asymmetry_limit
        return [self.point(np.array([a, b, share * (MAX_PERSISTENCE - a - b)]), 8.0) for a, b in pairs]

    def point(self, psi: Array, nu: float) -> Array:
        """Inverse of `split`, with S at its sample value."""
        a, b = float(psi[0]), float(psi[1])
        shares = [2.0 * a, b / (MAX_PERSISTENCE - a)]
        if self._asymmetric:
            shares.append(float(psi[2]) * self.asymmetry_limit / (MAX_PERSISTENCE - a - b))
        inside = np.clip(shares, 1e-6, 1.0 - 1e-6)
        tail = np.concatenate([[psi[2]] if self._forced else [], [np.log(nu)] if self._student else []])
        correlations = self._qbar[self.off_diagonal] if self._dynamics.target == "ml" else np.empty(0)
        return np.concatenate([np.log(inside / (1.0 - inside)), tail, correlations])

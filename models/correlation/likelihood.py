"""The correlation part of the log-likelihood, from the kernels' log determinants and quadratic forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from models.correlation.dynamics import Drive, Dynamics, Moments
from models.correlation.kernels import likelihood_pass, score_pass
from models.correlation.pooled import pooled_pass
from models.correlation.types import Array

#: Admissible degrees of freedom of the Student-t.
NU_BOUNDS = (2.05, 200.0)


def density(z: Array, log_determinants: Array, quadratic_forms: Array, nu: float) -> Array:
    """Log density of z_t under R_t less that under independence, shape (T,).

    Gaussian (nu = 0): -(log det R_t + z' R_t^-1 z - z' z) / 2. Student-t: log density of the t with unit variances
    less the standard normal densities of its elements, so that adding the Gaussian log-likelihood of the margins
    gives that of the returns under either.
    """
    squares = np.einsum("ti,ti->t", z, z)
    if nu == 0.0:
        gaussian: Array = -0.5 * (log_determinants + quadratic_forms - squares)
        return gaussian
    size = z.shape[1]
    constant = gammaln(0.5 * (nu + size)) - gammaln(0.5 * nu) - 0.5 * size * np.log(0.5 * (nu - 2.0))
    tails = 0.5 * (nu + size) * np.log1p(quadratic_forms / (nu - 2.0))
    student: Array = constant - 0.5 * log_determinants - tails + 0.5 * squares
    return student


def nu_score(quadratic_forms: Array, size: int, nu: float) -> Array:
    """Derivative of the Student-t log density by nu, shape (T,)."""
    ratio = quadratic_forms / (nu - 2.0)
    score: Array = 0.5 * (
        digamma(0.5 * (nu + size))
        - digamma(0.5 * nu)
        - size / (nu - 2.0)
        - np.log1p(ratio)
        + (nu + size) / (nu - 2.0) * ratio / (1.0 + ratio)
    )
    return score


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Log-likelihood of each observation with its scores.

    Attributes
    ----------
    values : array, shape (T,)
    scores : array, shape (T, P)
        By psi = (a, b[, g][, nu]), including what the target contributes unless it is held fixed.
    gamma : array, shape (T, M)
        dl_t/dQ_t, off-diagonals doubled; empty unless asked for.
    direct : array, shape (T, N)
        dl_t/dz_t at fixed Q_t; empty unless asked for.
    drive : Drive
    """

    values: Array
    scores: Array
    gamma: Array
    direct: Array
    drive: Drive


def loglik(dynamics: Dynamics, z: Array, moments: Moments, psi: Array, nu: float, target: Array | None = None) -> Array:
    """Correlation log-likelihood of each observation, shape (T,)."""
    if dynamics.blocks or dynamics.forcing is not None:
        return evaluate(dynamics, z, moments, psi, nu, target=target).values
    drive = dynamics.drive(z, moments, psi, target, slopes=False)
    a, b, g = coefficients(psi)
    logs, forms = likelihood_pass(z, drive.x, drive.negative, drive.intercept, drive.first, a, b, g)
    return density(z, logs, forms, nu)


def evaluate(
    dynamics: Dynamics,
    z: Array,
    moments: Moments,
    psi: Array,
    nu: float,
    *,
    target: Array | None = None,
    slopes: bool = False,
) -> Evaluation:
    """Log-likelihood and scores of each observation; `slopes` also keeps gamma and direct."""
    drive = dynamics.drive(z, moments, psi, target)
    a, b, g = coefficients(psi)
    empty = (0, 0)
    gamma = np.empty((z.shape[0], drive.target.size) if slopes else empty)
    direct = np.empty(z.shape if slopes else empty)
    derivatives = (drive.d_x, drive.intercept, drive.d_intercept, drive.first, drive.d_first)
    if dynamics.blocks or dynamics.forcing is not None:
        blocks = np.array(dynamics.blocks or range(z.shape[1]), dtype=np.int64)
        forcing = np.zeros(z.shape[0]) if dynamics.forcing is None else dynamics.forcing
        kappa = 0.0 if dynamics.forcing is None else float(psi[2])
        logs, forms, scores = pooled_pass(z, drive.x, *derivatives, a, b, nu, blocks, forcing, kappa, gamma, direct)
    else:
        logs, forms, scores = score_pass(z, drive.x, drive.negative, *derivatives, a, b, g, nu, gamma, direct)
    if nu > 0.0:
        scores = np.column_stack([scores, nu_score(forms, z.shape[1], nu)])
    return Evaluation(density(z, logs, forms, nu), scores, gamma, direct, drive)


def coefficients(psi: Array) -> tuple[float, float, float]:
    """(a, b, g) with g zero where there is none."""
    return float(psi[0]), float(psi[1]), float(psi[2]) if psi.size > 2 else 0.0

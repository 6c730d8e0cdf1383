"""Stacked-moment sandwich over margins, target and dynamics.

The estimator solves, one after another, the margins' scores, the targeting moment and the score of the profile
likelihood psi -> l(phi, S(phi, psi), psi). Its covariance is written with influence functions, which gives the same
matrix as A^-1 B A^-T / T for the stacked moments (Newey and McFadden 1994, section 6):

    IF_phi = (-H_phi)^-1 s_phi,t                                             (margins)
    u_t    = s_psi,t + (d l_S / d psi)' m_t + (d l_phi / d psi)' IF_phi,t    (profile score)
    IF_psi = (-H_psi)^-1 u_t
    IF_S   = m_t + (dS/dpsi) IF_psi,t + (dS/dphi) IF_phi,t

All three are linear in (IF_phi, m_t, s_psi,t), whose cross products are taken once.

m_t is the martingale form of the targeting moment: with k = (1 - b) / (1 - a - b), sum_t (x_t x_t' - S) equals
k sum_t (x_t x_t' - Q_t) up to O(1), and the latter is a martingale difference, so that no HAC estimate is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.correlation.dynamics import Dynamics, Moments, normalised, pack, unpack
from models.correlation.likelihood import Evaluation, coefficients, evaluate
from models.correlation.recursions import (
    diagonal_margin_pass,
    normalise_states,
    reverse_pass,
    state_pass,
    target_news,
)
from models.correlation.types import Array
from models.margins import Margins


@dataclass(frozen=True, slots=True)
class Gradient:
    """Mean profile log-likelihood differentiated by psi, by the packed target and by all margin parameters."""

    by_psi: Array
    by_target: Array
    by_margins: Array


def stacked_covariance(
    dynamics: Dynamics, margins: Margins, z: Array, moments: Moments, psi: Array, nu: float, free: int
) -> Array:
    """Covariance of (margin parameters, packed target, psi[, nu]).

    Parameters
    ----------
    psi : array, shape (2,) or (3,)
        (a, b[, g]).
    nu : float
        Degrees of freedom, 0 for the Gaussian.
    free : int
        Correlation parameters that were estimated: P of (a, b[, g][, nu]), or fewer in the constant model, where psi is
        held at zero.

    Returns
    -------
    covariance : array, shape (P1 + M + free, P1 + M + free)
    """
    periods = z.shape[0]
    centre = evaluate(dynamics, z, moments, psi, nu, slopes=True)
    martingale = target_influence(dynamics, z, centre, psi)
    scores = centre.scores[:, centre.scores.shape[1] - free :]
    pieces = np.hstack([*(margin.influence for margin in margins.fitted), martingale, scores])
    first = pieces.shape[1] - martingale.shape[1] - free
    in_margins, in_target, in_psi = np.split(np.eye(pieces.shape[1]), [first, pieces.shape[1] - free], axis=1)
    in_target = in_target + in_margins @ _through_margins(target_slopes(dynamics, margins, z, centre, psi), margins)
    if free:
        point = np.append(psi, nu) if nu > 0.0 else psi
        offset = point.size - free
        up_down = []
        for index in range(offset, point.size):
            step = step_of(point, index, psi.size)
            gradients = []
            for sign in (1.0, -1.0):
                moved = point.copy()
                moved[index] += sign * step
                gradients.append(
                    gradient(dynamics, margins, z, moments, moved[: psi.size], moved[-1] if nu > 0.0 else 0.0)
                )
            up_down.append((gradients[0], gradients[1], 2.0 * step))
        hessian = np.stack([(up.by_psi - down.by_psi)[offset:] / width for up, down, width in up_down])
        by_target = np.stack([(up.by_target - down.by_target) / width for up, down, width in up_down])
        by_margins = np.stack([(up.by_margins - down.by_margins) / width for up, down, width in up_down])
        hessian = 0.5 * (hessian + hessian.T)
        in_psi = in_psi + np.vstack([by_margins.T, by_target.T, np.zeros((free, free))])
        in_psi = np.asarray(np.linalg.solve(-hessian, in_psi.T).T)
        moving = max(psi.size - offset, 0)
        if moving:
            in_target = in_target + in_psi[:, :moving] @ centre.drive.d_target[offset:]
    influence = np.hstack([in_margins, in_target, in_psi])
    covariance: Array = influence.T @ (pieces.T @ pieces) @ influence / periods**2
    return covariance


def ml_covariance(
    dynamics: Dynamics, margins: Margins, z: Array, moments: Moments, psi: Array, nu: float, target: Array
) -> Array:
    """As `stacked_covariance` where the correlations of the intercept are parameters of the likelihood."""
    size = z.shape[1]
    off_diagonal = np.flatnonzero(pack(1.0 - np.eye(size)))
    point = np.concatenate([psi, [nu] if nu > 0.0 else [], target[off_diagonal]])
    count = point.size - off_diagonal.size

    def at(moved: Array) -> tuple[Evaluation, Array, Array]:
        packed = target.copy()
        packed[off_diagonal] = moved[count:]
        moved_nu = moved[count - 1] if nu > 0.0 else 0.0
        evaluation = evaluate(dynamics, z, moments, moved[: psi.size], moved_nu, target=packed, slopes=True)
        weights, _ = dynamics.target_weights(z.shape[0], moved[: psi.size])
        scores = np.hstack([evaluation.scores, weights[:, None] * evaluation.gamma[:, off_diagonal]])
        by_margins = margin_gradient(dynamics, _residual_slopes(margins), z, evaluation, moved[: psi.size], None)
        return evaluation, scores, by_margins

    _, scores, _ = at(point)
    rows, by_margins = [], []
    for index in range(point.size):
        step = step_of(point, index, psi.size) if index < count else 1e-4
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        (_, up_scores, up_margins), (_, down_scores, down_margins) = at(up), at(down)
        rows.append((up_scores - down_scores).mean(axis=0) / (2.0 * step))
        by_margins.append((up_margins - down_margins) / (2.0 * step))
    hessian = np.stack(rows)
    hessian = 0.5 * (hessian + hessian.T)
    influence_margins = np.hstack([margin.influence for margin in margins.fitted])
    u = scores + influence_margins @ np.stack(by_margins).T
    influence_eta = np.linalg.solve(-hessian, u.T).T
    influence_target = np.zeros((z.shape[0], target.size))
    influence_target[:, off_diagonal] = influence_eta[:, count:]
    influence = np.hstack([influence_margins, influence_target, influence_eta[:, :count]])
    covariance: Array = influence.T @ influence / z.shape[0] ** 2
    return covariance


def gradient(dynamics: Dynamics, margins: Margins, z: Array, moments: Moments, psi: Array, nu: float) -> Gradient:
    """Gradient of the mean profile log-likelihood of the correlation step."""
    evaluation = evaluate(dynamics, z, moments, psi, nu, slopes=True)
    weights, _ = dynamics.target_weights(z.shape[0], psi)
    by_target = weights @ evaluation.gamma / z.shape[0]
    slopes = target_slopes(dynamics, margins, z, evaluation, psi)
    by_margins = margin_gradient(dynamics, _residual_slopes(margins), z, evaluation, psi, (slopes, by_target))
    return Gradient(evaluation.scores.mean(axis=0), by_target, by_margins)


def target_influence(dynamics: Dynamics, z: Array, evaluation: Evaluation, psi: Array) -> Array:
    """Martingale form m_t of the targeting moment, shape (T, M).

    For the correlation-normalised target: k [(x_ij - Q_ij) - s_ij (x_ii - Q_ii + x_jj - Q_jj) / 2], with Q_t for cDCC
    and R_t for the others, where it is an approximation. For the covariance target: k (z_i z_j - R_ij). In ADCC it
    stands for the intercept as a whole, (1-a-b) S - g Nbar, divided by 1-a-b, for which it holds in the same form.
    """
    a, b, g = coefficients(psi)
    drive = evaluation.drive
    states = state_pass(drive.x, drive.negative, drive.intercept, drive.first, dynamics.push(psi, z.shape[0]), a, b, g)[
        :-1
    ]
    expected = states if dynamics.corrected else normalise_states(states)
    rescaled = dynamics.corrected or dynamics.target == "normalised"
    return target_news(drive.x, expected, drive.target, (1.0 - b) / (1.0 - a - b), rescaled)


def target_slopes(
    dynamics: Dynamics, margins: Margins, z: Array, evaluation: Evaluation, psi: Array
) -> list[tuple[Array, Array]]:
    """For each series its (dS_i./dphi_i, dNbar_i./dphi_i), shape (P_i, N) each: row i of the two target matrices."""
    drive = evaluation.drive
    scaled = dynamics.corrected or dynamics.target != "covariance"
    demeaned = dynamics.target == "covariance"
    x = drive.x - drive.x.mean(axis=0) if demeaned else drive.x
    squares = np.einsum("ti,ti->i", x, x)
    correlation = normalised(unpack(drive.target))
    negative = drive.negative
    if negative.size and demeaned:
        negative = negative - negative.mean(axis=0)
    divisor = z.shape[0] - 1.0 if demeaned else float(z.shape[0])
    diagonal = drive.diagonal(psi) if dynamics.corrected else np.empty((0, 0))
    slopes = []
    for i, margin in enumerate(margins.fitted):
        d_z = margin.d_std_residuals
        d_x = d_z
        if dynamics.corrected:
            d_x = diagonal_margin_pass(z[:, i].copy(), d_z, diagonal[:, i].copy(), float(psi[0]), float(psi[1]))
        cross = d_x.T @ x
        if scaled:
            share = cross[:, i] / squares[i]
            by_target = cross / np.sqrt(squares[i] * squares) - correlation[i] * share[:, None]
            by_target[:, i] = 0.0
        else:
            by_target = cross / divisor
            by_target[:, i] *= 2.0
        by_nbar = np.zeros_like(by_target)
        if negative.size:
            by_nbar = (d_z * (z[:, i] < 0.0)[:, None]).T @ negative / divisor
            by_nbar[:, i] *= 2.0
        slopes.append((by_target, by_nbar))
    return slopes


def margin_gradient(
    dynamics: Dynamics,
    residual_slopes: Sequence[Array],
    z: Array,
    evaluation: Evaluation,
    psi: Array,
    through_target: tuple[list[tuple[Array, Array]], Array] | None,
) -> Array:
    """Gradient of the mean correlation log-likelihood by all margin parameters, shape (P1,).

    Parameters
    ----------
    residual_slopes : sequence of arrays, shape (T, P_i)
        Derivatives of each series' standardised residuals by the parameters of its margin.
    through_target : (slopes of the targets, gradient by the packed target), optional
        For the profile likelihood, in which the target moves with the residuals; None holds it fixed.
    """
    a, b, g = coefficients(psi)
    drive = evaluation.drive
    diagonal = drive.diagonal(psi) if dynamics.corrected else np.empty((0, 0))
    by_z = reverse_pass(z, drive.x, drive.negative, diagonal, evaluation.gamma, evaluation.direct, a, b, g)
    pieces = [by_z[:, i] @ slope / z.shape[0] for i, slope in enumerate(residual_slopes)]
    if through_target is not None:
        slopes, by_target = through_target
        rows = unpack(by_target)
        _, nbar_weights = dynamics.target_weights(z.shape[0], psi)
        nbar_rows = unpack(-g * nbar_weights @ evaluation.gamma / z.shape[0])
        pieces = [
            piece + by_s @ rows[i] + by_n @ nbar_rows[i]
            for i, (piece, (by_s, by_n)) in enumerate(zip(pieces, slopes, strict=True))
        ]
    return np.concatenate(pieces)


def _residual_slopes(margins: Margins) -> list[Array]:
    return [margin.d_std_residuals for margin in margins.fitted]


def _through_margins(slopes: list[tuple[Array, Array]], margins: Margins) -> Array:
    """Derivatives of the packed target by all margin parameters, shape (P1, M)."""
    size = len(slopes)
    derivatives = np.zeros((sum(margin.params.size for margin in margins.fitted), size * (size + 1) // 2))
    at = 0
    for i, (margin, (by_target, _)) in enumerate(zip(margins.fitted, slopes, strict=True)):
        others = np.arange(size)
        high, low = np.maximum(others, i), np.minimum(others, i)
        derivatives[at : at + margin.params.size, high * (high + 1) // 2 + low] = by_target
        at += margin.params.size
    return derivatives


def step_of(point: Array, index: int, dynamic: int) -> float:
    """Half-width of a central difference by element `index` of (psi[, nu]), `dynamic` the length of psi."""
    if index >= dynamic:
        return 1e-3 * float(point[index])
    room = 1.0 - float(point[0] + point[1])
    return min(1e-4, 0.1 * abs(float(point[index])) + 1e-6, 0.1 * room)

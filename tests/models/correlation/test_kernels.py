"""Kernels against plain Python, scores against finite differences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from plain_correlation import correlation_loglik, q_path, rescale

from models.correlation.dynamics import Dynamics, pack, unpack
from models.correlation.likelihood import evaluate, loglik
from models.correlation.recursions import reverse_pass, state_pass

KINDS = {"dcc": [0.04, 0.9], "cdcc": [0.05, 0.88], "adcc": [0.03, 0.9, 0.02]}
INITIAL = ("target", "zero_residual", "unit_residual", "backcast")


def residuals(periods: int, size: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    z = rng.standard_t(6, (periods, size)) + rng.standard_normal((periods, 1))
    return z / z.std(axis=0)


def four_point(function, at: float, step: float) -> float:
    near, far = function(at + step) - function(at - step), function(at + 2 * step) - function(at - 2 * step)
    return (8.0 * near - far) / (12.0 * step)


@pytest.mark.parametrize(("kind", "initial", "target"), list(product(KINDS, INITIAL, ("normalised", "covariance"))))
@pytest.mark.parametrize(("periods", "size"), [(61, 3), (33, 6)])
def test_likelihood_equals_plain_python(kind, initial, target, periods, size):
    z = residuals(periods, size)
    dynamics = Dynamics(kind, initial, target)
    psi = np.array(KINDS[kind])
    path, _ = q_path(z, kind, initial, target, psi)
    for nu in (0.0, 7.0):
        fast = loglik(dynamics, z, dynamics.moments(z), psi, nu).sum()
        assert fast == pytest.approx(correlation_loglik(z, path, nu), rel=1e-12)
    drive = dynamics.drive(z, dynamics.moments(z), psi)
    states = state_pass(
        drive.x, drive.negative, drive.intercept, drive.first, np.zeros(periods), psi[0], psi[1], psi[2:].sum()
    )
    np.testing.assert_allclose(unpack(states)[:-1], path, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("kind", "initial", "target"), list(product(KINDS, INITIAL, ("normalised", "covariance"))))
@pytest.mark.parametrize("nu", [0.0, 6.0])
def test_scores_equal_differences(kind, initial, target, nu):
    z = residuals(120, 4)
    dynamics = Dynamics(kind, initial, target)
    moments = dynamics.moments(z)
    psi = np.array(KINDS[kind])
    evaluation = evaluate(dynamics, z, moments, psi, nu)
    np.testing.assert_allclose(evaluation.values, loglik(dynamics, z, moments, psi, nu), rtol=1e-12, atol=1e-12)

    def at(index, value):
        moved = psi.copy()
        moved[index] = value
        return loglik(dynamics, z, moments, moved, nu)

    for index in range(psi.size):
        differences = four_point(lambda value, index=index: at(index, value), psi[index], 1e-3 * psi[index])
        np.testing.assert_allclose(evaluation.scores[:, index], differences, rtol=1e-6, atol=1e-6)
    if nu:
        differences = four_point(lambda value: loglik(dynamics, z, moments, psi, value), nu, 1e-2)
        np.testing.assert_allclose(evaluation.scores[:, -1], differences, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_at_random_admissible_points(kind):
    z = residuals(90, 3)
    dynamics = Dynamics(kind)
    moments = dynamics.moments(z)
    rng = np.random.default_rng(8)
    for _ in range(20):
        psi = rng.dirichlet([1.0, 4.0, 1.0, 1.0])[: len(KINDS[kind])] * [1.0, 1.0, 0.2][: len(KINDS[kind])]
        total = evaluate(dynamics, z, moments, psi, 0.0).scores.sum(axis=0)
        for index in range(psi.size):
            step = 1e-3 * psi[index] * (1.0 - psi[0] - psi[1])

            def value(point, index=index, psi=psi):
                return loglik(dynamics, z, moments, np.where(np.arange(psi.size) == index, point, psi), 0.0).sum()

            assert total[index] == pytest.approx(four_point(value, psi[index], step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("kind", "initial"), list(product(KINDS, INITIAL)))
def test_target_and_residual_slopes_equal_differences(kind, initial):
    z = residuals(50, 3)
    dynamics = Dynamics(kind, initial)
    moments, psi, nu = dynamics.moments(z), np.array(KINDS[kind]), 8.0
    a, b, g = psi[0], psi[1], psi[2:].sum()
    s = moments.qbar
    evaluation = evaluate(dynamics, z, moments, psi, nu, target=s, slopes=True)
    weights, _ = dynamics.target_weights(len(z), psi)
    by_target = weights @ evaluation.gamma
    for index in np.flatnonzero(pack(1.0 - np.eye(3))):

        def value(point, index=index):
            return loglik(dynamics, z, moments, psi, nu, np.where(np.arange(s.size) == index, point, s)).sum()

        assert by_target[index] == pytest.approx(four_point(value, s[index], 1e-4), rel=1e-7, abs=1e-7)
    if initial == "backcast":
        return
    drive = evaluation.drive
    diagonal = drive.diagonal(psi) if dynamics.corrected else np.empty((0, 0))
    by_z = reverse_pass(z, drive.x, drive.negative, diagonal, evaluation.gamma, evaluation.direct, a, b, g)
    for t, i in ((0, 0), (7, 2), (25, 1), (49, 0)):

        def moved(point, t=t, i=i):
            other = z.copy()
            other[t, i] = point
            held = dynamics.moments(other)
            held = type(held)(held.negative, moments.qbar, moments.nbar, moments.backcast, moments.negative_backcast)
            return loglik(dynamics, other, held, psi, nu, s).sum()

        assert by_z[t, i] == pytest.approx(four_point(moved, z[t, i], 1e-4), rel=1e-6, abs=1e-8)


def test_a_state_that_is_not_positive_definite_is_marked():
    z = residuals(40, 3)
    dynamics = Dynamics("dcc")
    target = pack(np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]))
    values = loglik(dynamics, z, dynamics.moments(z), np.array([0.01, 0.9]), 0.0, target)
    assert np.isnan(values[0])


@pytest.mark.parametrize("blocks", [(0, 0, 0, 0), (0, 1, 0, 1), (0, 1, 1, 2)])
@pytest.mark.parametrize("recursion", ["dcc", "cdcc"])
def test_equicorrelation_equals_plain_python(blocks, recursion):
    z, psi = residuals(70, 4), np.array([0.05, 0.9])
    dynamics = Dynamics(recursion, blocks=blocks)
    moments = dynamics.moments(z)
    path, _ = q_path(z, recursion, "target", "normalised", psi)
    pooled = []
    for q in path:
        r = rescale(q)
        mean = np.eye(4)
        for i in range(4):
            for j in range(4):
                if i != j:
                    pairs = [
                        r[k, m]
                        for k in range(4)
                        for m in range(4)
                        if k != m and blocks[k] == blocks[i] and blocks[m] == blocks[j]
                    ]
                    mean[i, j] = np.mean(pairs)
        pooled.append(mean)
    for nu in (0.0, 6.0):
        fast = loglik(dynamics, z, moments, psi, nu).sum()
        assert fast == pytest.approx(correlation_loglik(z, np.array(pooled), nu), rel=1e-11)
        scores = evaluate(dynamics, z, moments, psi, nu).scores
        for index in range(2):

            def at(value, index=index, nu=nu):
                return loglik(dynamics, z, moments, np.where(np.arange(2) == index, value, psi), nu)

            np.testing.assert_allclose(scores[:, index], four_point(at, psi[index], 1e-4), rtol=1e-6, atol=1e-7)


def test_one_block_has_engle_and_kellys_closed_form():
    z, psi = residuals(50, 5), np.array([0.04, 0.9])
    dynamics = Dynamics("dcc", blocks=(0,) * 5)
    path, _ = q_path(z, "dcc", "target", "normalised", psi)
    size, total = 5, 0.0
    for row, q in zip(z, path, strict=True):
        r = rescale(q)
        rho = (r.sum() - size) / (size * (size - 1))
        logdet = (size - 1) * np.log(1 - rho) + np.log(1 + (size - 1) * rho)
        form = (row @ row - rho / (1 + (size - 1) * rho) * row.sum() ** 2) / (1 - rho)
        total += -0.5 * (logdet + form - row @ row)
    assert loglik(dynamics, z, dynamics.moments(z), psi, 0.0).sum() == pytest.approx(total, rel=1e-11)

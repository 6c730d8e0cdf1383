"""The simulator's kernels against plain Python and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from models.simulate.kernels import (
    garch_variance,
    markov_path,
    overextension,
    regime_cdcc,
    reverting_path,
    reverting_returns,
    rolling_median,
)

RNG = np.random.Generator(np.random.PCG64(7))


def test_markov_path_follows_the_rows_of_the_transition_matrix() -> None:
    transition = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.0, 0.4, 0.6]])
    uniforms = RNG.random(500)
    expected, state = [], 2
    for uniform in uniforms:
        state = int(np.searchsorted(np.cumsum(transition[state]), uniform))
        expected.append(state)
    np.testing.assert_array_equal(markov_path(transition, uniforms, 2), expected)


def test_markov_path_stays_inside_when_a_row_sums_to_less_than_the_draw() -> None:
    transition = np.array([[0.5, 0.5 - 1e-12]])
    assert markov_path(np.vstack([transition, transition]), np.array([1.0 - 1e-16]), 0)[0] == 1


def test_reverting_path_is_its_recursion_and_respects_the_floor() -> None:
    shocks = RNG.normal(0.0, 10.0, 200)
    expected, level = [], 50.0
    for shock in shocks:
        level = max(40.0, level + 0.1 * (45.0 - level) + shock)
        expected.append(level)
    path = reverting_path(shocks, 45.0, 0.1, 40.0, 50.0)
    np.testing.assert_allclose(path, expected)
    assert path.min() == 40.0


def _plain_regime_cdcc(states, normals, scales, targets, q_target, w, a, b, omega, alpha, gamma, beta, h, q):  # type: ignore[no-untyped-def]
    us, hs, rs, owns = [], [], [], []
    for t in range(len(normals)):
        x = w * targets[states[t]] + (1.0 - w) * q
        d = np.diag(1.0 / np.sqrt(np.diag(x)))
        r = d @ x @ d
        factor = np.linalg.cholesky(r)
        u = scales[t] * factor @ normals[t]
        us.append(u)
        hs.append(h)
        rs.append(r)
        owns.append(scales[t] * factor[-1, -1] * normals[t, -1])
        e = np.sqrt(h) * u
        h = omega + (alpha + gamma * (e < 0.0)) * e**2 + beta * h
        starred = u * np.sqrt(np.diag(q))
        q = (1.0 - a - b) * q_target + a * np.outer(starred, starred) + b * q
    return np.array(us), np.array(hs), np.array(rs), np.array(owns), h, q


def test_regime_cdcc_equals_plain_python() -> None:
    T, N = 60, 4
    targets = np.stack([np.corrcoef(RNG.normal(size=(N, 9))) for _ in range(2)])
    arguments = (
        RNG.integers(0, 2, T),
        RNG.normal(size=(T, N)),
        np.sqrt(6.0 / RNG.chisquare(8.0, T)),
        targets,
        targets.mean(axis=0),
        0.65,
        0.03,
        0.94,
        np.array([0.1, 0.2, 0.3, 0.4]),
        np.array([0.05, 0.04, 0.06, 0.1]),
        np.array([0.1, 0.0, -0.02, 0.05]),
        np.array([0.85, 0.9, 0.9, 0.8]),
        np.ones(N),
        targets.mean(axis=0),
    )
    for fast, slow in zip(regime_cdcc(*arguments), _plain_regime_cdcc(*arguments), strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-12)


def test_regime_cdcc_can_be_split_anywhere() -> None:
    T, N = 40, 3
    target = np.corrcoef(RNG.normal(size=(N, 9)))
    states, normals, scales = np.zeros(T, dtype=np.int64), RNG.normal(size=(T, N)), np.ones(T)
    rules = (target[None], target, 0.5, 0.05, 0.9, np.full(N, 0.1), np.full(N, 0.05), np.zeros(N), np.full(N, 0.85))
    whole = regime_cdcc(states, normals, scales, *rules, np.ones(N), target)
    first = regime_cdcc(states[:25], normals[:25], scales[:25], *rules, np.ones(N), target)
    second = regime_cdcc(states[25:], normals[25:], scales[25:], *rules, *first[4:])
    for position in range(4):
        np.testing.assert_array_equal(whole[position], np.concatenate([first[position], second[position]]))


def test_overextension_by_its_definition() -> None:
    returns = RNG.normal(0.0, 1.0, 60)
    prices = np.exp(np.cumsum(returns) / 100.0)
    ratio = {t: prices[t] / prices[t - 4 : t + 1].mean() - 1.0 for t in range(4, 60)}
    z = overextension(returns, 5, 10)
    assert not z[:14].any()
    for t in range(14, 60):
        assert z[t] == pytest.approx(ratio[t] / np.std([ratio[s] for s in range(t - 10, t)]))


def test_reversion_pulls_against_yesterdays_overextension_only() -> None:
    returns, volatility = RNG.normal(0.0, 1.0, 80), np.full(80, 2.0)
    pulled, z = reverting_returns(returns, volatility, 0.1, 5, 10)
    np.testing.assert_allclose(pulled[1:], returns[1:] - 0.1 * 2.0 * z[:-1])
    np.testing.assert_allclose(z, overextension(pulled, 5, 10))


def test_rolling_median_looks_at_the_past_only() -> None:
    values = RNG.normal(size=30)
    medians = rolling_median(values, 7)
    assert not medians[:7].any()
    assert medians[7:] == pytest.approx([np.median(values[t - 7 : t]) for t in range(7, 30)])


def test_garch_variance_by_its_recursion() -> None:
    residuals = RNG.normal(size=20)
    expected = [np.mean(residuals**2)]
    for residual in residuals[:-1]:
        expected.append(0.1 + 0.05 * residual**2 + 0.9 * expected[-1])
    np.testing.assert_allclose(garch_variance(residuals, 0.1, 0.05, 0.9), expected)

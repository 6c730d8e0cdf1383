"""Scenarios against closed forms, and the Student-t ones against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.correlation import CorrelationResult
from models.correlation.simulation import after_the_sample, whitened_residuals
from models.estimate import NotDecidable
from models.outlook.moments import RecentMoments
from models.outlook.scenarios import (
    Stance,
    conditional_moments,
    correlation_stress,
    equal_risk,
    regime_jump,
    replay,
    shock_scenario,
    student_scale,
)
from models.regimes import MarkovSwitching

H = np.array([[4.0, 1.2, 0.5], [1.2, 1.0, 0.3], [0.5, 0.3, 2.25]])


def test_two_series_follow_the_textbook() -> None:
    pair = H[:2, :2]
    mean, spread, squared = conditional_moments(pair, [1], np.array([-3.0]))
    rho = 1.2 / 2.0
    assert mean == pytest.approx([-3.0 * rho * 2.0])
    assert spread[0, 0] == pytest.approx(4.0 * (1.0 - rho**2))
    assert squared == pytest.approx(9.0)


def test_conditioning_agrees_with_the_precision_matrix() -> None:
    mean, spread, squared = conditional_moments(H, [0, 2], np.array([-2.0, 1.0]))
    precision = np.linalg.inv(H)
    assert spread[0, 0] == pytest.approx(1.0 / precision[1, 1])
    assert mean[0] == pytest.approx(-(precision[1, 0] * -2.0 + precision[1, 2]) / precision[1, 1])
    assert squared == pytest.approx(np.array([-2.0, 1.0]) @ np.linalg.inv(H[np.ix_([0, 2], [0, 2])]) @ [-2.0, 1.0])


def test_the_gaussian_scenario_is_a_regression_on_simulated_returns() -> None:
    rng = np.random.default_rng(0)
    draws = rng.multivariate_normal(np.zeros(3), H, size=200_000)
    slope, residual = np.linalg.lstsq(draws[:, :1], draws[:, 1:], rcond=None)[:2]
    mean, spread, _ = conditional_moments(H, [0], np.array([1.0]))
    np.testing.assert_allclose(mean, slope[0], atol=0.01)
    np.testing.assert_allclose(np.diag(spread), residual / len(draws), rtol=0.02)


def test_several_covariances_at_once_are_as_one_after_the_other() -> None:
    stacked = np.stack([H, 2.0 * H, H + np.eye(3)])
    mean, spread, squared = conditional_moments(stacked, [1], np.array([0.7]))
    for k in range(3):
        one = conditional_moments(stacked[k], [1], np.array([0.7]))
        for left, right in zip((mean[k], spread[k], squared[k]), one, strict=True):
            np.testing.assert_allclose(left, right)


@pytest.mark.parametrize("shock", [0.2, 2.0, 4.0])
def test_the_student_scale_is_that_of_simulated_returns_near_the_shock(shock: float) -> None:
    nu, rng = 6.0, np.random.default_rng(1)
    covariance = H[:2, :2]
    size = 4_000_000
    shocks = rng.multivariate_normal(np.zeros(2), covariance * (nu - 2.0) / nu, size=size)
    shocks *= np.sqrt(nu / rng.chisquare(nu, size))[:, None]
    near = shocks[np.abs(shocks[:, 1] + shock) < 0.05, 0]
    mean, spread, squared = conditional_moments(covariance, [1], np.array([-shock]))
    scale = np.sqrt(student_scale(squared, nu, 1) * spread[0, 0])
    for probability in (0.05, 0.25, 0.75, 0.95):
        expected = mean[0] + scale * stats.t.ppf(probability, nu + 1.0)
        assert np.mean(near <= expected) == pytest.approx(probability, abs=4.0 * np.sqrt(0.25 / near.size))


def test_many_degrees_of_freedom_are_gaussian() -> None:
    assert student_scale(np.array(9.0), 1e7, 1) == pytest.approx(1.0, abs=1e-5)


def test_a_large_shock_widens_the_student_range_and_not_the_gaussian(recent: RecentMoments) -> None:
    small, large = (shock_scenario("fall", {"a": move}, recent, 5.0, 0.95) for move in (-0.5, -8.0))
    assert set(large.responses) == {"b", "c"}
    for name in ("b", "c"):
        one, other = small.responses[name], large.responses[name]
        assert other.high - other.low > 1.5 * (one.high - one.low)
        assert other.high_normal - other.low_normal == pytest.approx(one.high_normal - one.low_normal)
        assert other.expected.value == pytest.approx(16.0 * one.expected.value)
        assert other.expected.lower <= other.expected.value <= other.expected.upper
    assert large.distance == pytest.approx(8.0 / np.sqrt(recent.covariances[0, 0, 0]))


def test_replayed_shocks_give_the_returns_back_where_nothing_moves(result: CorrelationResult) -> None:
    """With constant variances and correlations a replay is L_now L_then^-1 r, here for a doubled volatility."""
    world = after_the_sample(result)
    factor = np.linalg.cholesky(H / np.sqrt(np.outer(np.diag(H), np.diag(H))))
    still = replace(
        world,
        mean=np.zeros((3, 2)),
        variance=np.array([[0.0, 0.0, 0.0, 1.0]] * 3),
        first_variance=4.0 * np.diag(H),
        first_state=(factor @ factor.T)[np.tril_indices(3)],
        intercept=np.zeros(6),
        psi=np.array([0.0, 1.0]),
    )
    rng = np.random.default_rng(2)
    white = rng.standard_normal((5, 3))
    then = pd.DataFrame(
        white @ factor.T * np.sqrt(np.diag(H)), columns=["a", "b", "c"], index=pd.bdate_range("2020-03-02", periods=5)
    )
    found = replay("crisis", then, white, [still, still, still], 0.95)
    for name in then:
        assert found.then[name] == pytest.approx(100.0 * np.expm1(then[name].sum() / 100.0))
        assert found.now[name].value == pytest.approx(100.0 * np.expm1(2.0 * then[name].sum() / 100.0))
    assert (found.sessions, found.first.day) == (5, 2)


def test_a_replay_of_the_last_sessions_has_a_band(result: CorrelationResult) -> None:
    world = after_the_sample(result)
    wider = replace(world, first_variance=1.2 * world.first_variance)
    rows = result.margins.returns.iloc[-10:]
    found = replay("last", rows, whitened_residuals(result)[-10:], [world, world, wider], 0.9)
    assert all(one.lower <= one.value <= one.upper for one in found.now.values())


def risk_of(covariance: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    volatility = float(np.sqrt(weights @ covariance @ weights))
    return volatility, float(weights @ np.sqrt(np.diag(covariance)) / volatility)


def test_a_stance_is_the_risk_of_the_mix_by_hand(recent: RecentMoments) -> None:
    rng = np.random.default_rng(4)
    stressed = rng.multivariate_normal(np.zeros(3), np.full((3, 3), 0.9) + 0.1 * np.eye(3), size=400)
    stances = correlation_stress(recent, stressed, (0.5, 1.0), 0.95, 0)
    assert isinstance(stances, tuple)
    scale = np.sqrt(recent.variances[0, -1])
    weights = (1.0 / scale) / (1.0 / scale).sum()
    np.testing.assert_allclose(equal_risk(recent), weights)
    for one, w in zip(stances, (0.0, 0.5, 1.0), strict=True):
        correlation = (1.0 - w) * recent.next_correlations[0] + w * np.corrcoef(stressed, rowvar=False)
        assert np.linalg.eigvalsh(correlation)[0] > 0.0
        volatility, ratio = risk_of(correlation * np.outer(scale, scale), weights)
        assert one.weight == w
        assert one.volatility.value == pytest.approx(volatility)
        assert one.diversification.value == pytest.approx(ratio)
        assert one.mean_correlation.value == pytest.approx(correlation[np.tril_indices(3, -1)].mean())
    assert stances[2].mean_correlation.value > stances[1].mean_correlation.value > stances[0].mean_correlation.value


def test_few_sessions_of_stress_give_no_scenario(recent: RecentMoments) -> None:
    assert isinstance(correlation_stress(recent, np.zeros((10, 3)), (1.0,), 0.95, 0), NotDecidable)


def test_a_regime_jump_takes_the_turbulent_covariance(recent: RecentMoments) -> None:
    rng = np.random.default_rng(6)
    wild = np.repeat(rng.random(30) < 0.4, 40)
    rows = rng.standard_normal((1200, 3)) * np.where(wild, 3.0, 1.0)[:, None]
    model = MarkovSwitching(2).fit(pd.DataFrame(rows, columns=["a", "b", "c"]), starts=6, seed=0)
    jumped = regime_jump(model, recent, 0.95, 40, 1)
    assert not isinstance(jumped, NotDecidable)
    stance, volatilities = jumped
    assert isinstance(stance, Stance)
    covariance = model.covariances[-1]
    assert [one.value for one in volatilities.values()] == pytest.approx(np.sqrt(np.diag(covariance)))
    assert stance.volatility.value == pytest.approx(risk_of(covariance, equal_risk(recent))[0])
    assert 2.5 < volatilities["a"].lower < volatilities["a"].upper < 3.5

"""Risk of a mix: cases by hand, Euler's theorem by differences, labels that stay with their days, planted states."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.portfolio import diversification_ratio, mix_volatility, portfolio_risk, risk_shares

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=5)
CALM = np.array([[1.0, 0.2], [0.2, 4.0]])
STRESS = np.array([[4.0, 4.8], [4.8, 9.0]])
WEIGHTS = {"one": 0.75, "two": 0.25}


def covariance(seed: int, n: int) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(n, n + 2))
    return root @ root.T


def world(seed: int, n: int = 4000) -> tuple[pd.DataFrame, pd.Series]:
    """Two states with known covariances; spells of stress of twenty sessions."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2005-01-03", periods=n)
    stress = pd.Series(np.arange(n) // 20 % 5 == 0, index)
    shocks = generator.normal(size=(n, 2))
    rows = np.where(
        stress.to_numpy()[:, None], shocks @ np.linalg.cholesky(STRESS).T, shocks @ np.linalg.cholesky(CALM).T
    )
    return pd.DataFrame(rows, index, list(WEIGHTS)), stress


def test_two_assets_by_hand():
    weights = np.array([0.75, 0.25])
    variance = 0.75**2 * 1.0 + 0.25**2 * 4.0 + 2 * 0.75 * 0.25 * 0.2
    assert mix_volatility(CALM, weights) == pytest.approx(variance**0.5)
    assert diversification_ratio(CALM, weights) == pytest.approx((0.75 * 1 + 0.25 * 2) / variance**0.5)
    first = 0.75 * (0.75 * 1.0 + 0.25 * 0.2) / variance
    assert risk_shares(CALM, weights) == pytest.approx([first, 1 - first])


def test_the_ratio_at_its_ends():
    """Equal independent assets diversify by the root of their number; one asset under several names not at all."""
    equal = np.full(4, 0.25)
    assert diversification_ratio(np.eye(4), equal) == pytest.approx(2.0)
    assert diversification_ratio(np.outer([1, 2, 3, 4.0], [1, 2, 3, 4.0]), equal) == pytest.approx(1.0)


@given(seed=st.integers(0, 2**31), n=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_shares_are_the_derivatives_of_the_volatility(seed, n):
    h = covariance(seed, n)
    weights = np.random.default_rng(seed + 1).dirichlet(np.ones(n))
    shares = risk_shares(h, weights)
    assert shares.sum() == pytest.approx(1.0)
    step = 1e-6
    for i in range(n):
        up, down = weights.copy(), weights.copy()
        up[i] += step
        down[i] -= step
        slope = (mix_volatility(h, up) - mix_volatility(h, down)) / (2 * step)
        assert shares[i] == pytest.approx(weights[i] * slope / mix_volatility(h, weights), abs=1e-6)
    assert diversification_ratio(h, weights) >= 1.0 - 1e-12


def test_planted_states_are_recovered():
    returns, stress = world(3)
    found = portfolio_risk(returns, WEIGHTS, stress, QUICK)
    assert not isinstance(found, NotDecidable)
    weights = np.array(list(WEIGHTS.values()))
    for state, truth in ((found.calm, CALM), (found.stress, STRESS)):
        assert state.volatility.contains(mix_volatility(truth, weights))
        assert state.diversification_ratio.contains(diversification_ratio(truth, weights))
        for share, true in zip(state.risk_shares.values(), risk_shares(truth, weights), strict=True):
            assert share.contains(true)
        assert sum(share.value for share in state.risk_shares.values()) == pytest.approx(1.0)
    assert found.stress.sessions == int(stress.sum())
    assert found.calm.sessions + found.stress.sessions == len(returns)
    truth = mix_volatility(STRESS, weights) / mix_volatility(CALM, weights)
    assert found.volatility_ratio.contains(truth)
    held = np.array([[4.0, 2.0 * 3.0 * 0.1], [0.6, 9.0]])
    assert found.ratio_at_calm_correlations.contains(mix_volatility(held, weights) / mix_volatility(CALM, weights))
    assert found.ratio_at_calm_correlations.value < found.volatility_ratio.value
    assert found.diversification_change.upper < 0.0


def test_the_changes_are_the_differences_of_the_states():
    returns, stress = world(4, 1500)
    found = portfolio_risk(returns, WEIGHTS, stress, QUICK)
    assert not isinstance(found, NotDecidable)
    assert found.volatility_ratio.value == pytest.approx(found.stress.volatility.value / found.calm.volatility.value)
    assert found.diversification_change.value == pytest.approx(
        found.stress.diversification_ratio.value - found.calm.diversification_ratio.value
    )
    for role, change in found.share_changes.items():
        assert change.value == pytest.approx(found.stress.risk_shares[role].value - found.calm.risk_shares[role].value)
    assert sum(change.value for change in found.share_changes.values()) == pytest.approx(0.0, abs=1e-12)


def test_the_unit_of_returns_changes_volatilities_alone():
    returns, stress = world(6, 1500)
    one = portfolio_risk(returns, WEIGHTS, stress, QUICK)
    other = portfolio_risk(10.0 * returns, WEIGHTS, stress, QUICK)
    assert not isinstance(one, NotDecidable)
    assert not isinstance(other, NotDecidable)
    assert other.calm.volatility.value == pytest.approx(10.0 * one.calm.volatility.value)
    assert other.calm.risk_shares["one"].lower == pytest.approx(one.calm.risk_shares["one"].lower)
    assert other.diversification_change.upper == pytest.approx(one.diversification_change.upper)


def test_too_few_stress_days_are_refused_by_number():
    returns, stress = world(7, 400)
    stress.iloc[15:] = False
    found = portfolio_risk(returns, WEIGHTS, stress, QUICK)
    assert isinstance(found, NotDecidable)
    assert found.reason == "stress has 15 sessions, fewer than the 20 that 2 assets need"

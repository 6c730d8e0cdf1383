"""Marginal expected shortfall: plain recomputation, ties, coverage, the sample's truth."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling
from models.tails.shortfall import _tail_moments, marginal_expected_shortfall

SCALE = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.3], [0.2, 0.3, 4.0]])


def draw(seed, n):
    generator = np.random.default_rng(seed)
    chi = np.sqrt(6.0 / generator.chisquare(6, size=n))[:, None]
    return pd.DataFrame(
        generator.multivariate_normal(np.zeros(3), SCALE, size=n) * chi, columns=["market", "calm", "wild"]
    )


def test_means_are_those_of_the_worst_sessions(resampling):
    rows = draw(1, 777)
    worst = rows[rows["market"] <= rows["market"].quantile(0.05)]
    result = marginal_expected_shortfall(rows, "market", resampling)
    for name in rows.columns:
        assert result.estimate(name).value == pytest.approx(worst[name].mean())
        assert result.estimate(name, scaled=True).value == pytest.approx(worst[name].mean() / rows[name].std())
    gap, _ = result.difference("calm", "wild")
    assert gap.value == pytest.approx(worst["calm"].mean() - worst["wild"].mean())


@pytest.mark.parametrize("quantile", [0.03, 0.1, 0.5])
def test_kernel_agrees_with_plain_resamples_and_ties(quantile):
    generator = np.random.default_rng(2)
    values = np.column_stack([generator.integers(-6, 6, size=60), generator.normal(size=60)]).astype(float)
    indices = generator.integers(0, 60, size=(25, 60))
    order = np.argsort(values[:, 0], kind="stable").astype(np.int64)
    means, covariances, deviations, events = _tail_moments(values, values[:, 0].copy(), order, indices, quantile)
    for b, index in enumerate(indices):
        rows = values[index]
        position = int(np.floor(quantile * 59))
        worst = rows[rows[:, 0] <= np.sort(rows[:, 0])[position]]
        assert events[b] == len(worst)
        np.testing.assert_allclose(means[b], worst.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(deviations[b], rows.std(axis=0, ddof=1))
        if len(worst) > 1:
            np.testing.assert_allclose(covariances[b], np.cov(worst.T), atol=1e-10)


def test_intervals_cover():
    million = draw(99, 2_000_000)
    worst = million[million["market"] <= million["market"].quantile(0.05)]
    truth, scaled = worst.mean(), worst.mean() / million.std()
    hits = np.zeros(3)
    for seed in range(60):
        result = marginal_expected_shortfall(draw(seed, 1200), "market", Resampling(0.95, 199, (5, 40), seed))
        hits += [
            result.estimate("calm").contains(truth["calm"]),
            result.estimate("wild", scaled=True).contains(scaled["wild"]),
            result.difference("calm", "wild")[0].contains(truth["calm"] - truth["wild"]),
        ]
    assert (hits >= 51).all(), hits


def test_p_value_inverts_the_interval(resampling):
    for seed in range(10):
        result = marginal_expected_shortfall(draw(seed, 600), "market", resampling)
        estimate, p_value = result.difference("calm", "wild", scaled=True)
        assert isinstance(estimate, Estimate)
        if abs(p_value - 0.05) > 0.02:
            assert estimate.contains(0.0) == (p_value > 0.05)


def test_scale_of_an_asset_leaves_its_scaled_shortfall(resampling):
    rows = draw(3, 900)
    bigger = rows.assign(wild=rows["wild"] * 7.0)
    one, other = (marginal_expected_shortfall(frame, "market", resampling) for frame in (rows, bigger))
    assert one.estimate("wild", scaled=True).lower == pytest.approx(other.estimate("wild", scaled=True).lower, rel=0.05)
    assert other.estimate("wild").value == pytest.approx(7.0 * one.estimate("wild").value)


def test_refusals(resampling):
    rows = draw(4, 100)
    few = marginal_expected_shortfall(rows, "market", resampling).estimate("calm")
    assert isinstance(few, NotDecidable)
    assert "only 5 sessions" in str(few)
    flat = marginal_expected_shortfall(draw(5, 500).assign(calm=1.0), "market", resampling)
    assert isinstance(flat.estimate("calm"), NotDecidable)
    with pytest.raises(EstimationError, match="does not vary"):
        marginal_expected_shortfall(rows.assign(market=0.0), "market", resampling)
    with pytest.raises(EstimationError, match="not among the returns"):
        marginal_expected_shortfall(rows, "fear", resampling)


def test_sample_recovers_the_shortfalls_of_its_world(sample_panel, truth, resampling):
    names = ["crypto", "metal", "miners", "junior_miners", "market", "growth", "credit_fund", "treasuries"]
    names = [name for name in names if name in sample_panel.returns]
    result = marginal_expected_shortfall(sample_panel.returns[names], "market", resampling)
    misses = [name for name in names if not result.estimate(name).contains(truth[f"shortfall.{name}"])]
    assert len(misses) <= 1, misses

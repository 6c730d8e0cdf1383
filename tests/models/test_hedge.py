"""Baur-McDermott and Baur-Lucey regressions: cumulative sums, their covariance, recovery and refusals."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.betas.garch_regression import garch_regression
from models.estimate import Estimate, NotDecidable
from models.hedge import extreme_hedges, safe_haven


def world(seed, n=3000, slopes=(0.5, 0.3, 0.4, -0.6)):
    """An asset whose slope on the market is c0, c0 + c1, .. in the market's worst 10, 5 and 1 %."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2010-01-04", periods=n)
    market = pd.Series(generator.standard_t(5, size=n), index=index, name="market")
    cuts = [market.quantile(q) for q in (0.10, 0.05, 0.01)]
    slope = slopes[0] + sum(c * (market <= cut) for c, cut in zip(slopes[1:], cuts, strict=True))
    e, h = np.empty(n), 1.0
    z = generator.standard_t(7, size=n) * np.sqrt(5 / 7)
    for t in range(n):
        e[t] = np.sqrt(h) * z[t]
        h = 0.04 + 0.06 * e[t] ** 2 + 0.90 * h
    return (slope * market + e).rename("asset"), market


def test_cumulative_sums_are_the_sums_and_their_covariance_is_joint():
    asset, market = world(1)
    fit = safe_haven(asset, market)
    params, covariance = fit.regression.params, fit.regression.covariance
    names = ["market", "market <= 10%", "market <= 5%", "market <= 1%"]
    for count, quantile in enumerate((None, 0.10, 0.05, 0.01), start=1):
        slope = fit.slope(quantile)
        assert slope.value == pytest.approx(params[names[:count]].sum())
        assert slope.std_error == pytest.approx(np.sqrt(covariance.loc[names[:count], names[:count]].to_numpy().sum()))
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.covariance)), [fit.slope(q).std_error for q in (None, 0.10, 0.05, 0.01)]
    )


def test_it_is_the_regression_on_hand_made_dummies():
    asset, market = world(2)
    columns = {"market": market}
    for q in (0.10, 0.05, 0.01):
        columns[f"d{q}"] = market * (market <= np.quantile(market, q))
    by_hand = garch_regression(asset, pd.DataFrame(columns))
    np.testing.assert_allclose(safe_haven(asset, market).regression.params, by_hand.params, rtol=1e-6)


def test_slopes_are_recovered_and_covered():
    truth = {None: 0.5, 0.10: 0.8, 0.05: 1.2, 0.01: 0.6}
    hits = dict.fromkeys(truth, 0)
    for seed in range(40):
        fit = safe_haven(*world(seed, n=1500))
        for quantile, value in truth.items():
            slope = fit.slope(quantile)
            assert isinstance(slope, Estimate)
            hits[quantile] += slope.contains(value)
    assert all(33 <= count <= 40 for count in hits.values()), hits


def test_block_bootstrap_agrees_with_the_sandwich(resampling):
    asset, market = world(10)
    fit = safe_haven(asset, market)
    for quantile in (None, 0.05):
        checked, slope = fit.resampled(resampling, quantile), fit.slope(quantile)
        assert checked.value == slope.value
        assert checked.std_error == pytest.approx(slope.std_error, rel=0.35)
        assert checked.contains(slope.value)
    assert isinstance(safe_haven(asset.iloc[:400], market.iloc[:400]).resampled(resampling, 0.01), NotDecidable)


def test_joint_tests_tell_a_constant_slope_from_one_that_changes():
    assert safe_haven(*world(3)).asymmetry_test().p_value < 0.01
    constant = [
        safe_haven(*world(seed, n=1200, slopes=(0.5, 0.0, 0.0, 0.0))).asymmetry_test().p_value for seed in range(20)
    ]
    assert sum(p < 0.05 for p in constant) <= 4
    unrelated = [
        safe_haven(*world(seed, n=1200, slopes=(0.0, 0.0, 0.0, 0.0))).haven_test().p_value for seed in range(20)
    ]
    assert sum(p < 0.05 for p in unrelated) <= 4


def test_a_change_at_a_date_is_found():
    asset, market = world(4, n=4000, slopes=(0.2, 0.0, 0.0, 0.0))
    since = market.index[2000]
    changed = (asset + 0.9 * market.where(market.index >= since, 0.0)).rename("asset")
    fit = safe_haven(changed, market, since=since)
    assert fit.slope().contains(0.2)
    assert fit.slope_since().contains(1.1)
    assert fit.change().contains(0.9)
    for quantile in (None, 0.05):
        both = fit.slope(quantile).value + fit.change(quantile).value
        assert fit.slope_since(quantile).value == pytest.approx(both)


def test_controls_are_held_fixed():
    asset, market = world(5, slopes=(0.5, 0.0, 0.0, 0.0))
    generator = np.random.default_rng(5)
    metal = (0.6 * market + generator.normal(size=len(market))).rename("metal")
    total = (asset + 1.5 * metal).rename("asset")
    assert safe_haven(total, market).slope().value == pytest.approx(0.5 + 0.9, abs=0.1)
    assert safe_haven(total, market, controls=metal.to_frame()).slope().contains(0.5)


def test_known_thresholds_use_only_what_came_before():
    asset, market = world(6, n=1500)
    fit = safe_haven(asset, market, thresholds="expanding")
    assert fit.regression.n == 1250
    shocked = market.copy()
    shocked.iloc[-1] = -60.0
    later = safe_haven(asset.iloc[:-1], shocked.iloc[:-1], thresholds="expanding")
    same = safe_haven(asset.iloc[:-1], market.iloc[:-1], thresholds="expanding")
    np.testing.assert_allclose(later.regression.params, same.regression.params)


def test_one_event_gives_no_slope_but_the_others_stand():
    asset, market = world(7, n=400)
    fit = safe_haven(asset, market)
    assert fit.events[-1] < 5
    refused = fit.slope(0.01)
    assert isinstance(refused, NotDecidable)
    assert "sessions lie at or below the 0.01 quantile of market" in str(refused)
    assert isinstance(fit.slope(0.05), Estimate)
    assert isinstance(fit.slope(0.025), NotDecidable)
    assert isinstance(fit.change(), NotDecidable)


def test_refusals():
    asset, market = world(8, n=500)
    with pytest.raises(EstimationError, match="a factor is constant"):
        safe_haven(asset, pd.Series(1.0, index=asset.index, name="flat"))
    with pytest.raises(EstimationError, match="outside the sample"):
        safe_haven(asset, market, since=pd.Timestamp("2030-01-01"))
    with pytest.raises(EstimationError, match="linearly dependent"):
        safe_haven(asset, market, controls=market.rename("copy").to_frame())


def test_baur_lucey_gives_each_factor_its_own_extreme_slope():
    generator = np.random.default_rng(9)
    n = 4000
    stocks, bonds = (pd.Series(generator.standard_t(5, size=n), name=name) for name in ("stocks", "bonds"))
    extreme = stocks.where(stocks <= stocks.quantile(0.05), 0.0)
    gold = (0.1 * stocks - 0.5 * extreme + 0.3 * bonds + generator.normal(size=n)).rename("gold")
    fits = extreme_hedges(gold, pd.concat([stocks, bonds], axis=1), quantile=0.05)
    assert fits["stocks"].slope().contains(0.1)
    assert fits["stocks"].slope(0.05).contains(-0.4)
    assert fits["bonds"].slope(0.05).contains(0.3)
    assert "gamma" in fits["stocks"].regression.params


@pytest.mark.parametrize(("asset", "controls"), [("crypto", ()), ("miners", ()), ("metal", ()), ("miners", ("metal",))])
def test_sample_recovers_the_tail_beta_of_its_world(sample_panel, truth, asset, controls):
    returns = sample_panel.returns
    fit = safe_haven(returns[asset], returns["market"], controls=returns[list(controls)] if controls else None)
    slope = fit.slope(0.05)
    assert isinstance(slope, Estimate)
    assert slope.contains(truth[f"tail_beta.{asset}" + (".given_metal" if controls else "")])

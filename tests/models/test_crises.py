"""Returns over named crises and slopes inside them: by hand, coverage, refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data.errors import EstimationError
from models.crises import crisis_returns, crisis_slopes
from models.inference.resampling import Resampling
from models.margins import fit_margins

SETTINGS = Resampling(0.95, 199, (5, 40), 1)


def world(seed: int, outside: float = 0.2, inside: float = 0.9):
    """An asset with one slope on the market in two crises and another elsewhere."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2015-01-05", periods=1000)
    market = pd.Series(generator.standard_t(6, size=1000), index=index, name="market")
    crises = {"first": index[300:340], "second": index[700:730]}
    within = np.isin(index, crises["first"].union(crises["second"]))
    asset = market * np.where(within, inside, outside) + generator.standard_t(6, size=1000)
    return asset.rename("asset"), market, crises


def test_totals_and_their_means_are_sums_of_returns():
    asset, market, crises = world(1)
    frame = pd.concat([asset, market], axis=1)
    result = crisis_returns(fit_margins(frame), crises, SETTINGS)
    for name, days in crises.items():
        assert result.estimate(name, "asset").value == pytest.approx(asset.loc[days].sum())
    totals = [asset.loc[days].sum() for days in crises.values()]
    assert result.mean("asset").value == pytest.approx(np.mean(totals))
    variances = fit_margins(frame).variances["asset"]
    spread = [np.sqrt(variances.loc[days].sum()) for days in crises.values()]
    assert result.mean("asset", scaled=True).value == pytest.approx(np.mean(np.array(totals) / spread))


def test_intervals_of_a_mean_return_cover_zero_as_often_as_they_claim():
    hits = 0
    for seed in range(40):
        asset, market, crises = world(seed, outside=0.5, inside=0.5)
        result = crisis_returns(fit_margins(pd.concat([asset, market], axis=1)), crises, SETTINGS)
        hits += result.mean("asset").contains(0.0)
    assert 33 <= hits <= 40


def test_slopes_inside_are_those_of_a_regression_on_the_crisis_alone():
    """Errors without volatility clusters: the joint fit is close to least squares within each crisis."""
    asset, market, crises = world(2)
    fit = crisis_slopes(asset, market, crises)
    for name, days in crises.items():
        by_hand = np.polyfit(market.loc[days], asset.loc[days], 1)[0]
        found = fit.slope(name, level=0.95)
        assert found.value == pytest.approx(by_hand, abs=0.5 * found.std_error)
        assert found.n == len(days)


def test_a_common_drift_is_no_slope():
    asset, market, crises = world(5, outside=0.0, inside=0.0)
    before = crisis_slopes(asset, market, crises).slope("first", level=0.95)
    for series in (asset, market):
        series.loc[crises["first"]] -= 1.0
    after = crisis_slopes(asset, market, crises).slope("first", level=0.95)
    assert after.value == pytest.approx(before.value, abs=0.1 * before.std_error)


def test_slopes_are_covered():
    hits = sum(
        crisis_slopes(*world(seed)).slope(name, level=0.95).contains(0.9)
        for seed in range(30)
        for name in ("first", "second")
    )
    assert 50 <= hits <= 60


def test_the_one_sided_p_value_of_one_crisis_inverts_its_one_sided_limit():
    fit = crisis_slopes(*world(3, inside=0.3))
    p_value = fit.p_anywhere(["second"])
    assert fit.slope("second", level=1.0 - 2.0 * p_value).lower == pytest.approx(0.0, abs=1e-9)
    assert fit.lower_anywhere(["second"], level=1.0 - p_value) == pytest.approx(0.0, abs=1e-9)


def test_p_values_of_several_crises_are_joined_as_in_scipy():
    fit = crisis_slopes(*world(3, inside=0.3))
    single = [fit.p_anywhere([name], 0.1) for name in ("first", "second")]
    assert fit.p_anywhere(["first", "second"], 0.1) == pytest.approx(stats.combine_pvalues(single).pvalue)


def test_the_lower_limit_of_the_largest_slope_inverts_the_joint_test():
    fit = crisis_slopes(*world(6))
    both = ["first", "second"]
    lower = fit.lower_anywhere(both, level=0.95)
    assert fit.p_anywhere(both, lower) == pytest.approx(0.05)
    assert lower < max(fit.slope(name, level=0.95).value for name in both)


def test_no_failure_anywhere_is_refuted_as_seldom_as_the_level_says():
    """No slope in any crisis; counted where the asset lost money only, as the claim does."""
    wrong, asked = 0, 0
    for seed in range(120):
        asset, market, crises = world(seed, outside=0.0, inside=0.0)
        lost = [name for name, days in crises.items() if asset.loc[days].sum() < 0.0]
        if lost:
            asked += 1
            wrong += crisis_slopes(asset, market, crises).p_anywhere(lost) <= 0.05
    assert asked > 60
    assert wrong <= stats.binom.ppf(0.999, asked, 0.05)


def test_a_crisis_outside_the_sample_is_named():
    asset, market, crises = world(4)
    elsewhere = {**crises, "third": pd.bdate_range("2001-01-01", periods=5)}
    with pytest.raises(EstimationError, match="third"):
        crisis_slopes(asset, market, elsewhere)
    with pytest.raises(EstimationError, match="third"):
        crisis_returns(fit_margins(pd.concat([asset, market], axis=1)), elsewhere, SETTINGS)

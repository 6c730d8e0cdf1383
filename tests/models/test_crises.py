"""Returns over named crises and slopes inside them: by hand, coverage, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data.errors import EstimationError
from models.crises import CrisisSlopes, crisis_returns, crisis_slopes
from models.inference.resampling import Resampling
from models.margins import fit_margins

SETTINGS = Resampling(0.95, 199, (5, 40), 1)


def slopes(asset: pd.Series, market: pd.Series, crises: dict[str, pd.DatetimeIndex]) -> CrisisSlopes:
    return crisis_slopes(fit_margins(pd.concat([asset, market], axis=1)), "asset", "market", crises)


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


def test_a_slope_inside_and_its_error_by_hand():
    """Least squares of the crisis alone, weighted by one over the variance; each squared residual over its leverage."""
    asset, market, crises = world(2)
    margins = fit_margins(pd.concat([asset, market], axis=1))
    days = crises["second"]
    weight = 1.0 / margins.variances.loc[days, "asset"].to_numpy()
    x = np.column_stack([np.ones(len(days)), market.loc[days]])
    bread = np.linalg.inv(x.T @ (weight[:, None] * x))
    coefficients = bread @ x.T @ (weight * asset.loc[days].to_numpy())
    residual = asset.loc[days].to_numpy() - x @ coefficients
    covariance = np.zeros((2, 2))
    for t in range(len(days)):
        leverage = weight[t] * x[t] @ bread @ x[t]
        influence = bread @ x[t] * weight[t] * residual[t] / (1.0 - leverage)
        covariance += np.outer(influence, influence)
    found = crisis_slopes(margins, "asset", "market", crises).slope("second", level=0.95)
    assert found.value == pytest.approx(coefficients[1], rel=1e-10)
    assert found.std_error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-10)
    assert found.upper - found.value == pytest.approx(stats.t.ppf(0.975, len(days) - 2) * found.std_error, rel=1e-10)
    assert found.n == len(days)


def test_weights_narrow_the_errors_where_volatility_changes():
    """Errors three times as wild in the second half of each crisis, as the margins know."""
    misses = []
    for seed in range(25):
        asset, market, crises = world(seed, inside=0.2)
        wild = np.isin(asset.index, [day for days in crises.values() for day in days[len(days) // 2 :]])
        asset = 0.2 * market + (asset - 0.2 * market) * np.where(wild, 3.0, 1.0)
        margins = fit_margins(pd.concat([asset.rename("asset"), market], axis=1))
        known = replace(margins.fitted[0], variances=np.where(wild, 9.0, 1.0))
        fit = crisis_slopes(replace(margins, fitted=(known, margins.fitted[1])), "asset", "market", crises)
        for name, days in crises.items():
            plain = np.polyfit(market.loc[days], asset.loc[days], 1)[0]
            misses.append([fit.slope(name, level=0.95).value - 0.2, plain - 0.2])
    weighted, plain = np.sqrt(np.mean(np.square(misses), axis=0))
    assert weighted < 0.8 * plain


def test_a_common_drift_is_no_slope():
    asset, market, crises = world(5, outside=0.0, inside=0.0)
    margins = fit_margins(pd.concat([asset, market], axis=1))
    before = crisis_slopes(margins, "asset", "market", crises).slope("first", level=0.95)
    drifting = margins.returns.copy()
    drifting.loc[crises["first"]] -= 1.0
    moved = replace(margins, returns=drifting)
    after = crisis_slopes(moved, "asset", "market", crises).slope("first", level=0.95)
    assert after.value == pytest.approx(before.value, abs=1e-10)


def test_a_slope_that_one_session_decides_is_refused():
    asset, market, crises = world(2)
    market.loc[crises["first"]] = 0.0
    market.loc[crises["first"][3]] = -4.0
    with pytest.raises(EstimationError, match="one session alone"):
        slopes(asset, market, crises)


def test_slopes_are_covered():
    hits = sum(
        slopes(*world(seed)).slope(name, level=0.95).contains(0.9) for seed in range(30) for name in ("first", "second")
    )
    assert 50 <= hits <= 60


def test_the_one_sided_p_value_of_one_crisis_inverts_its_one_sided_limit():
    fit = slopes(*world(3, inside=0.3))
    p_value = fit.p_anywhere(["second"])
    assert fit.slope("second", level=1.0 - 2.0 * p_value).lower == pytest.approx(0.0, abs=1e-9)
    assert fit.lower_anywhere(["second"], level=1.0 - p_value) == pytest.approx(0.0, abs=1e-9)


def test_p_values_of_several_crises_are_joined_as_in_scipy():
    fit = slopes(*world(3, inside=0.3))
    single = [fit.p_anywhere([name], 0.1) for name in ("first", "second")]
    assert fit.p_anywhere(["first", "second"], 0.1) == pytest.approx(stats.combine_pvalues(single).pvalue)


def test_the_lower_limit_of_the_largest_slope_inverts_the_joint_test():
    fit = slopes(*world(6))
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
            wrong += slopes(asset, market, crises).p_anywhere(lost) <= 0.05
    assert asked > 60
    assert wrong <= stats.binom.ppf(0.999, asked, 0.05)


def test_a_crisis_outside_the_sample_is_named():
    asset, market, crises = world(4)
    elsewhere = {**crises, "third": pd.bdate_range("2001-01-01", periods=5)}
    with pytest.raises(EstimationError, match="third"):
        slopes(asset, market, elsewhere)
    with pytest.raises(EstimationError, match="third"):
        crisis_returns(fit_margins(pd.concat([asset, market], axis=1)), elsewhere, SETTINGS)

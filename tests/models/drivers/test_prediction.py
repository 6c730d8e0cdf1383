"""Partial fit, prediction, causality and contagion: plain recomputations, sizes, biases, the sample's truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from models.drivers import (
    adjusted_correlation,
    bias_corrected_slope,
    clark_west,
    contagion_bound,
    granger_causality,
    long_horizon_regression,
    partial_r_squared,
    rolling_partial_r_squared,
)
from models.drivers.causality import _robust, _wald
from models.drivers.predictive import resampled_gaps
from models.estimate import NotDecidable
from models.inference.bootstrap import stationary_indices
from models.inference.resampling import Resampling

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=3)


def frames(seed: int, n: int = 400, effect: float = 0.0):
    generator = np.random.default_rng(seed)
    index = pd.date_range("2016-01-01", periods=n, freq="W-FRI")
    rows = generator.standard_t(7, size=(n, 4))
    y = pd.Series(rows[:, 0] + effect * rows[:, 1] + 0.5 * rows[:, 2], index)
    return (
        y,
        pd.DataFrame(rows[:, 1:3], index, ["credit", "conditions"])[["credit"]],
        pd.DataFrame(rows[:, 2:], index, ["yield", "dollar"]),
    )


def weekly(frame: pd.DataFrame) -> pd.DataFrame:
    whole = frame.iloc[len(frame) % 5 :]
    return whole.groupby(np.arange(len(whole)) // 5).sum(min_count=1).set_axis(whole.index[4::5], axis=0)


class TestPartialFit:
    def test_value_is_that_of_nested_regressions(self):
        y, tested, controls = frames(1, effect=0.3)
        full = sm.OLS(y, sm.add_constant(pd.concat([tested, controls], axis=1))).fit()
        reduced = sm.OLS(y, sm.add_constant(controls)).fit()
        result = partial_r_squared(y, tested, controls, QUICK)
        assert result.partial_r_squared.value == pytest.approx(1.0 - full.mse_resid / reduced.mse_resid)
        assert result.coefficients["credit"].value == pytest.approx(full.params["credit"])
        assert result.r_squared == pytest.approx(full.rsquared)
        assert (result.p_value <= 0.05) == (not result.partial_r_squared.contains(0.0))

    def test_without_controls_it_is_the_adjusted_r_squared(self):
        y, tested, controls = frames(2, effect=0.3)
        result = partial_r_squared(y, tested, controls[[]], QUICK)
        assert result.partial_r_squared.value == pytest.approx(sm.OLS(y, sm.add_constant(tested)).fit().rsquared_adj)

    def test_rolling_windows_are_single_fits(self):
        y, tested, controls = frames(3, effect=0.3)
        rolling = rolling_partial_r_squared(y, tested, controls, QUICK, width=104, step=26)
        assert rolling.index[-1] == y.index[-1]
        assert len(rolling) == 1 + (400 - 104) // 26
        part = slice(-104, None)
        single = partial_r_squared(y.iloc[part], tested.iloc[part], controls.iloc[part], QUICK).partial_r_squared
        assert tuple(rolling.iloc[-1]) == (single.value, single.lower, single.upper)
        assert isinstance(rolling_partial_r_squared(y * 0.0, tested, controls, QUICK, width=104, step=26), NotDecidable)
        assert isinstance(rolling_partial_r_squared(y, tested, controls, QUICK, width=500, step=26), NotDecidable)

    def test_interval_covers_the_population_value(self):
        population = 0.16 / 1.16
        hits = [
            partial_r_squared(*frames(seed, effect=0.4), QUICK).partial_r_squared.contains(population)
            for seed in range(60)
        ]
        assert 51 <= sum(hits) <= 60

    def test_weekly_fit_of_the_sample_is_recovered(self, sample_panel, truth, resampling):
        changes = weekly(sample_panel.returns[["crypto", "credit", "real_yield", "dollar"]].dropna())
        alone = partial_r_squared(changes["crypto"], changes[["credit"]], changes[[]], resampling)
        assert alone.partial_r_squared.contains(truth["weekly_r2.crypto.credit"])
        assert alone.coefficients["credit"].upper < 0.0

    def test_cost_slopes_of_the_sample_are_recovered(self, sample_panel, truth, resampling):
        returns = sample_panel.returns
        oil = 100.0 * np.log(sample_panel.levels["oil"]).diff().iloc[1:]
        tested = returns[["credit"]].assign(oil=oil)
        result = partial_r_squared(returns["miners"], tested, returns[["metal", "market"]], resampling)
        for role in ("oil", "credit"):
            assert result.coefficients[role].contains(truth[f"cost_slope.{role}"])


class TestLongHorizon:
    def test_slope_and_error_by_plain_loops(self):
        generator = np.random.default_rng(4)
        returns, predictor, horizon = generator.normal(size=120), generator.normal(size=120).cumsum(), 5
        result = long_horizon_regression(returns, predictor, horizon, level=0.95)
        future = [returns[t + 1 : t + 1 + horizon].sum() for t in range(120 - horizon)]
        regressors = np.column_stack([np.ones(120 - horizon), predictor[: 120 - horizon]])
        slopes = np.linalg.lstsq(regressors, future, rcond=None)[0]
        meat = np.zeros((2, 2))
        for t in range(horizon - 1, 119):
            summed = sum(np.array([1.0, predictor[t - i]]) for i in range(horizon))
            moment = summed * (returns[t + 1] - returns.mean())
            meat += np.outer(moment, moment)
        bread = np.linalg.inv(regressors.T @ regressors)
        assert result.slope.value == pytest.approx(slopes[1])
        assert result.slope.std_error == pytest.approx(np.sqrt((bread @ meat @ bread)[1, 1]))
        assert result.non_overlapping.n == 23

    def test_size_with_a_persistent_predictor(self):
        rejected = 0
        for seed in range(200):
            generator = np.random.default_rng(seed)
            shocks = generator.normal(size=1000)
            predictor = np.zeros(1000)
            for t in range(1, 1000):
                predictor[t] = 0.95 * predictor[t - 1] + shocks[t]
            rejected += (
                long_horizon_regression(generator.normal(size=1000), predictor, 21, level=0.95).test.p_value < 0.05
            )
        assert rejected <= 24

    @pytest.mark.parametrize(("name", "span"), [("fear", 21), ("credit", 21)])
    def test_recovery_after_improvements_of_the_sample(self, sample_panel, truth, name, span):
        level = sample_panel.levels[name].ffill()
        improved = (level.diff(span) < 0.0).astype(float).iloc[1 + span :]
        returns = sample_panel.returns.loc[improved.index, "crypto"]
        result = long_horizon_regression(returns.to_numpy(), improved.to_numpy(), 21, level=0.95)
        assert result.slope.contains(truth[f"recovery.crypto.{name}"])
        assert result.non_overlapping.contains(truth[f"recovery.crypto.{name}"])

    @pytest.mark.parametrize(
        ("returns", "predictor", "horizon"),
        [
            (np.zeros(300), np.arange(300.0), 5),
            (np.arange(300.0) % 7, np.ones(300), 5),
            (np.arange(300.0) % 7, (np.arange(300) == 50).astype(float), 5),
            (np.arange(30.0) % 7, np.arange(30.0), 5),
        ],
    )
    def test_refusals(self, returns, predictor, horizon):
        assert isinstance(long_horizon_regression(returns, predictor, horizon, level=0.95), NotDecidable)
        assert isinstance(bias_corrected_slope(returns[:3], predictor[:3], level=0.95), NotDecidable)


def test_the_bias_of_stambaugh_is_taken_out():
    plain, corrected, hits = [], [], 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        shocks = generator.normal(size=(101, 2)) @ np.linalg.cholesky([[1.0, -0.9], [-0.9, 1.0]]).T
        predictor = np.zeros(101)
        for t in range(1, 101):
            predictor[t] = 0.95 * predictor[t - 1] + shocks[t, 0]
        returns = shocks[:, 1]
        plain.append(np.polyfit(predictor[:-1], returns[1:], 1)[0])
        estimate = bias_corrected_slope(returns, predictor, level=0.95)
        corrected.append(estimate.value)
        hits += estimate.contains(0.0)
    theory = 0.9 * (1.0 + 3.0 * 0.95) / 100.0
    assert np.mean(plain) == pytest.approx(theory, abs=0.012)
    assert abs(np.mean(corrected)) < 0.35 * np.mean(plain)
    assert hits >= 265


class TestOutOfSample:
    def test_forecasts_by_plain_refits(self):
        generator = np.random.default_rng(6)
        x = generator.normal(size=(80, 2))
        y = x @ [0.5, -0.2] + generator.normal(size=80)
        horizon, first = 3, 40
        means, forecasts = [], []
        for t in range(first, 80):
            known = slice(0, t - horizon + 1)
            slopes = np.linalg.lstsq(np.column_stack([np.ones(t - horizon + 1), x[known]]), y[known], rcond=None)[0]
            means.append(y[known].mean())
            forecasts.append(slopes[0] + x[t] @ slopes[1:])
        means, forecasts, realised = np.array(means), np.array(forecasts), y[first:]
        result = clark_west(y, x, first=first, horizon=horizon)
        assert result.r_squared == pytest.approx(
            1.0 - np.sum((realised - forecasts) ** 2) / np.sum((realised - means) ** 2)
        )
        adjusted = (realised - means) ** 2 - (realised - forecasts) ** 2 + (means - forecasts) ** 2
        one = clark_west(y, x, first=first, horizon=1)
        assert np.sign(result.test.statistic) == np.sign(adjusted.mean())
        assert one.test.p_value < 0.01

    def test_size_where_nothing_is_predictable(self):
        p_values = [
            clark_west(generator.normal(size=300), generator.normal(size=(300, 1)), first=100).test.p_value
            for generator in map(np.random.default_rng, range(200))
        ]
        assert np.mean(np.array(p_values) < 0.05) <= 0.10

    def test_refusals(self):
        y = np.random.default_rng(0).normal(size=100)
        assert isinstance(clark_west(y, np.ones((100, 1)), first=50), NotDecidable)
        assert isinstance(clark_west(y, y[:, None], first=95), NotDecidable)


class TestCausality:
    def test_wald_statistic_equals_that_of_statsmodels(self):
        generator = np.random.default_rng(8)
        design = np.column_stack([np.ones(300), generator.normal(size=(300, 4))])
        y = design @ [0.1, 0.2, 0.0, 0.3, -0.1] + generator.normal(size=300) * (1.0 + np.abs(design[:, 1]))
        fit = sm.OLS(y, design).fit(cov_type="HC0")
        coefficients, covariance = _robust(design, y[None, :], np.linalg.inv(design.T @ design))
        np.testing.assert_allclose(coefficients[0], fit.params, atol=1e-10)
        np.testing.assert_allclose(covariance[0], fit.cov_params(), atol=1e-10)
        expected = fit.wald_test(np.eye(5)[3:], scalar=True, use_f=False).statistic
        assert _wald(coefficients, covariance, slice(3, 5))[0] == pytest.approx(expected)

    def test_a_planted_lead_is_found_in_its_direction_alone(self):
        generator = np.random.default_rng(9)
        shocks = generator.standard_t(7, size=(1500, 2))
        leader = pd.Series(shocks[:, 0])
        follower = pd.Series(shocks[:, 1] + 0.2 * np.concatenate([[0.0], shocks[:-1, 0]]))
        ahead = granger_causality(follower, leader, lags=2, level=0.95, replications=199, seed=1)
        back = granger_causality(leader, follower, lags=2, level=0.95, replications=199, seed=1)
        assert ahead.test.p_value < 0.01
        assert ahead.cumulative.contains(0.2 / np.sqrt(1.04))
        assert back.test.p_value > 0.05

    def test_size_under_volatility_clusters(self):
        rejected = 0
        for seed in range(25):
            generator = np.random.default_rng(seed)
            shocks = generator.normal(size=(600, 2))
            variance = np.ones((600, 2))
            for t in range(1, 600):
                variance[t] = 0.05 + 0.1 * shocks[t - 1] ** 2 * variance[t - 1] + 0.85 * variance[t - 1]
            series = pd.DataFrame(np.sqrt(variance) * shocks)
            result = granger_causality(series[0], series[1], lags=2, level=0.95, replications=99, seed=seed)
            rejected += result.test.p_value <= 0.05
        assert rejected <= 5

    def test_the_sample_has_no_lead(self, sample_panel, truth):
        returns = sample_panel.returns
        result = granger_causality(returns["miners"], returns["crypto"], lags=1, level=0.95, replications=199, seed=2)
        assert result.cumulative.contains(truth["lead.crypto.miners"])

    def test_refusals(self):
        noise = pd.Series(np.random.default_rng(0).normal(size=400))
        for effect, cause in ((noise * 0.0, noise), (noise, noise * 0.0), (noise[:0], noise), (noise[:60], noise)):
            answer = granger_causality(effect, cause, lags=1, level=0.95, replications=99, seed=0)
            assert isinstance(answer, NotDecidable)


class TestContagion:
    def test_no_rise_of_variance_leaves_the_correlation(self):
        for rho in (-0.5, 0.0, 0.3, 0.9):
            assert adjusted_correlation(rho, 0.0) == pytest.approx(rho)

    def test_a_rise_of_variance_alone_is_taken_out(self):
        """With y = b x + e the correlation rises with the variance of x; the adjustment gives the calm one back."""
        b, calm, stressed = 0.8, 1.0, 4.0
        rho = [b * np.sqrt(v) / np.sqrt(b**2 * v + 1.0) for v in (calm, stressed)]
        assert adjusted_correlation(rho[1], stressed / calm - 1.0) == pytest.approx(rho[0])

    def test_value_by_plain_numpy_and_interval_around_zero(self):
        generator = np.random.default_rng(10)
        n = 1200
        stress = pd.Series((np.arange(n) // 60) % 4 == 0)
        reference = pd.Series(generator.normal(size=n) * np.where(stress, 2.0, 1.0))
        returns = pd.DataFrame({k: 0.8 * reference + generator.normal(size=n) for k in "ab"})
        answer = contagion_bound(returns, reference, stress, block=20.0, level=0.95, replications=199, seed=1)
        rise = reference[stress].var(ddof=0) / reference[~stress].var(ddof=0) - 1.0
        expected = np.mean(
            [
                adjusted_correlation(returns.loc[stress, k].corr(reference[stress]), rise)
                - returns.loc[~stress, k].corr(reference[~stress])
                for k in "ab"
            ]
        )
        assert answer.value == pytest.approx(expected)
        assert answer.contains(0.0)

    @pytest.mark.parametrize("days", [0, 5, 300])
    def test_one_sided_labels_are_refused(self, days):
        generator = np.random.default_rng(11)
        stress = pd.Series(np.arange(300) < days)
        series = pd.Series(generator.normal(size=300))
        answer = contagion_bound(series.to_frame(), series, stress, block=20.0, level=0.95, replications=99, seed=1)
        assert isinstance(answer, NotDecidable)
        assert "in stress" in answer.reason


def test_resampled_gaps_by_a_plain_loop():
    generator = np.random.default_rng(4)
    returns, condition = generator.normal(size=260), (np.arange(260) % 60 < 15).astype(float)
    horizon = 20
    gaps = resampled_gaps(returns, condition, horizon, replications=30, longest_block=20, seed=8)
    future = [sum(returns[t + step] for step in range(1, horizon + 1)) for t in range(260 - horizon)]
    plain = []
    for rows in stationary_indices((len(future),), float(horizon), 30, 8):
        inside = [future[t] for t in rows if condition[t] == 1.0]
        outside = [future[t] for t in rows if condition[t] == 0.0]
        if inside and outside:
            plain.append(sum(inside) / len(inside) - sum(outside) / len(outside))
    assert gaps == pytest.approx(plain, rel=1e-10)


def test_resampled_gaps_spread_as_the_formula_says_where_nothing_predicts():
    generator = np.random.default_rng(9)
    returns, condition = generator.normal(size=4000), (np.arange(4000) % 200 < 60).astype(float)
    gaps = resampled_gaps(returns, condition, 21, replications=400, longest_block=40, seed=2)
    formula = long_horizon_regression(returns, condition, 21, level=0.95).slope
    assert gaps.mean() == pytest.approx(formula.value, abs=formula.std_error / 3.0)
    assert gaps.std() == pytest.approx(formula.std_error, rel=0.35)

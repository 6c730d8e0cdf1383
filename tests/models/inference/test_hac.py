"""Long-run variance: closed forms, brute force and coverage."""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from models.inference.hac import correlation_estimate, cosine_long_run_variance, least_squares
from models.inference.intervals import student_estimate, student_p_value


def test_degrees_of_freedom_follow_the_recommended_rule():
    series = np.random.default_rng(1).normal(size=(1000, 1))
    assert cosine_long_run_variance(series).degrees_of_freedom == math.floor(0.4 * 1000 ** (2 / 3))


def test_brute_force_sum_over_frequencies():
    series = np.random.default_rng(2).normal(size=(40, 2))
    result = cosine_long_run_variance(series)
    brute = np.zeros((2, 2))
    for j in range(1, result.degrees_of_freedom + 1):
        projection = sum(math.sqrt(2 / 40) * math.cos(math.pi * j * (t + 0.5) / 40) * series[t] for t in range(40))
        brute += np.outer(projection, projection)
    np.testing.assert_allclose(result.value, brute / result.degrees_of_freedom, rtol=1e-12)


def test_long_run_variance_of_an_autoregression():
    generator = np.random.default_rng(3)
    shocks = generator.normal(size=20_000)
    series = np.empty_like(shocks)
    series[0] = shocks[0]
    for t in range(1, series.size):
        series[t] = 0.5 * series[t - 1] + shocks[t]
    estimate = cosine_long_run_variance((series - series.mean())[:, None]).value[0, 0]
    assert estimate == pytest.approx(1 / (1 - 0.5) ** 2, rel=0.2)


def test_coefficients_agree_with_statsmodels():
    generator = np.random.default_rng(4)
    regressors = np.column_stack([np.ones(300), generator.normal(size=(300, 2))])
    y = regressors @ [0.1, 1.5, -0.3] + generator.normal(size=300)
    fit = least_squares(y, regressors)
    reference = sm.OLS(y, regressors).fit()
    np.testing.assert_allclose(fit.coefficients, reference.params, rtol=1e-10)
    assert fit.r_squared == pytest.approx(reference.rsquared)


def test_interval_of_a_slope_covers_under_persistent_errors():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        shocks = generator.normal(size=(400, 2))
        paths = np.empty_like(shocks)
        paths[0] = shocks[0]
        for t in range(1, 400):
            paths[t] = 0.5 * paths[t - 1] + shocks[t]
        fit = least_squares(2.0 * paths[:, 0] + paths[:, 1], np.column_stack([np.ones(400), paths[:, 0]]))
        hits += fit.estimate(1, level=0.95, unit="", method="").contains(2.0)
    assert 0.90 <= hits / 300 <= 0.99


def test_p_value_inverts_the_interval():
    for value in (0.3, 1.0, 2.5):
        estimate = student_estimate(value, 1.0, 20, level=0.95, n=100, unit="", method="")
        p_value = student_p_value(value, 1.0, 20)
        inverted = student_estimate(value, 1.0, 20, level=1 - p_value, n=100, unit="", method="")
        assert inverted.lower == pytest.approx(0.0, abs=1e-9)
        assert estimate.contains(0.0) == (p_value > 0.05)


def test_correlation_estimate_matches_numpy_and_covers():
    generator = np.random.default_rng(6)
    hits = 0
    for _ in range(200):
        rows = generator.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=500)
        estimate = correlation_estimate(rows[:, 0], rows[:, 1], level=0.95)
        assert estimate.value == pytest.approx(np.corrcoef(rows.T)[0, 1])
        hits += estimate.contains(0.4)
    assert 0.90 <= hits / 200 <= 0.99

"""State-space betas: recovery, bands, pile-up at zero, the constant-beta test, refusals."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.betas import kalman_beta, kalman_regression
from models.betas.kalman import highest_loglik
from models.betas.random_walk import smoothed_states


def moving(seed, n=800, step=0.03):
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2015-01-01", periods=n)
    x = pd.Series(generator.standard_t(6, size=n), index=index, name="x")
    beta = 1.0 + np.cumsum(step * generator.normal(size=n))
    h = 1.0
    e = np.empty(n)
    for t in range(n):
        e[t] = np.sqrt(h) * generator.normal()
        h = 0.05 + 0.07 * e[t] ** 2 + 0.88 * h
    return (beta * x + e).rename("y"), x, beta


def test_path_is_recovered_and_its_band_covers():
    covered, follows, means = [], [], 0
    for seed in range(20):
        y, x, beta = moving(seed)
        path = kalman_beta(y, x)
        covered.append(np.mean((beta >= path.frame["lower"]) & (beta <= path.frame["upper"])))
        follows.append(np.corrcoef(beta, path.frame["estimate"])[0, 1])
        means += path.average.contains(beta.mean())
    assert 0.86 <= np.mean(covered) <= 0.99
    assert np.median(follows) > 0.8
    assert means >= 16


def test_filtered_path_knows_less():
    y, x, _ = moving(3)
    regression = kalman_regression(y, x)
    filtered, smoothed = regression.filtered("x"), regression.smoothed("x")
    assert (filtered.information, smoothed.information) == ("filtered", "smoothed")
    width = {path.information: (path.frame["upper"] - path.frame["lower"]).mean() for path in (filtered, smoothed)}
    assert width["filtered"] > width["smoothed"]
    assert filtered.frame["estimate"].iloc[-1] == pytest.approx(smoothed.frame["estimate"].iloc[-1])
    assert filtered.average.value == smoothed.average.value
    pd.testing.assert_series_equal(
        kalman_beta(y, x, information="filtered").frame["estimate"], filtered.frame["estimate"]
    )


def test_mean_of_the_path_has_the_variance_of_the_dense_formula():
    y, x, _ = moving(4, n=300)
    regression = kalman_regression(y, x)
    states, _, of_mean = smoothed_states(regression.y, regression.X, regression.h, regression.ratios, regression.sigma2)
    path = regression.smoothed("x")
    assert path.average.value == pytest.approx(states[:, 1].mean())
    assert path.average.std_error >= 0.9 * np.sqrt(of_mean[1, 1])


def test_constant_beta_is_reported_as_not_rejected():
    constants = []
    for seed in range(12):
        y, x, _ = moving(seed, n=600, step=0.0)
        regression = kalman_regression(y, x)
        if regression.constant:
            path = regression.smoothed("x")
            assert "constant beta not rejected" in path.method
            assert path.frame["estimate"].std() < 1e-9
            assert regression.innovation_deviations["x"] == 0.0
            assert regression.loglik == pytest.approx(regression.constant_loglik)
            assert regression.constant_beta_test(replications=19).p_value > 0.3
        constants.append(bool(regression.constant))
    assert sum(constants) >= 3


def test_size_and_power_of_the_constant_beta_test():
    rejected = 0
    for seed in range(24):
        y, x, _ = moving(seed + 50, n=400, step=0.0)
        rejected += kalman_regression(y, x).constant_beta_test(replications=39, seed=seed).p_value <= 0.05
    assert rejected <= 5
    y, x, _ = moving(1, step=0.06)
    assert kalman_regression(y, x).constant_beta_test(replications=99).p_value <= 0.02


def test_fast_search_of_the_bootstrap_finds_the_estimate():
    for seed in range(6):
        y, x, _ = moving(seed, n=500)
        regression = kalman_regression(y, x)
        highest = highest_loglik(regression.y, regression.X, regression.h, regression.units)
        assert highest == pytest.approx(regression.loglik, abs=0.01)


def test_controls_have_betas_of_their_own():
    y, x, beta = moving(7, n=1200)
    generator = np.random.default_rng(7)
    market = (0.5 * x + generator.normal(size=len(x))).rename("market")
    regression = kalman_regression((y + 0.8 * market).rename("y"), pd.concat([x, market], axis=1))
    assert regression.columns == ("const", "x", "market")
    assert regression.smoothed("market").average.contains(0.8)
    assert np.corrcoef(regression.smoothed("x").frame["estimate"], beta)[0, 1] > 0.7
    highest = highest_loglik(regression.y, regression.X, regression.h, regression.units)
    assert highest == pytest.approx(regression.loglik, abs=0.05)


def test_sample_recovers_the_mean_conditional_beta(sample_panel, truth):
    path = kalman_beta(sample_panel.returns["miners"], sample_panel.returns["metal"])
    assert path.average.contains(truth["conditional_beta.miners.metal"])


def test_refusals():
    y, x, _ = moving(8, n=300)
    with pytest.raises(EstimationError, match="only 200 complete sessions"):
        kalman_beta(y.iloc[:200], x.iloc[:200])
    with pytest.raises(EstimationError, match="a factor is constant"):
        kalman_beta(y, pd.Series(1.0, index=y.index, name="flat"))
    with pytest.raises(EstimationError, match="is not a factor"):
        kalman_regression(y, x).smoothed("market")

"""CoVaR: closed forms, brute force, bivariate distribution functions, a known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data.errors import EstimationError
from models.correlation import CCC, CDCC
from models.tails.covar import (
    TailQuantile,
    conditional_quantiles,
    conditional_value_at_risk,
    degrees_of_freedom,
    lower_tail_dependence,
)

GAUSSIAN = 1e6


def draw(seed, n, rho, nu):
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(n, 2))
    z[:, 0] = rho * z[:, 1] + np.sqrt(1.0 - rho**2) * z[:, 0]
    return z * np.sqrt((nu - 2.0) / generator.chisquare(nu, size=n))[:, None]


def test_gaussian_independence_is_the_plain_quantile():
    c = conditional_quantiles(np.array([0.0]), 0.05, GAUSSIAN, 0.0, 0.05)
    assert c[0] == pytest.approx(stats.norm.ppf(0.05), abs=1e-4)


@pytest.mark.parametrize("rho", [-0.6, 0.3, 0.9])
@pytest.mark.parametrize("quantile", [0.01, 0.05])
def test_gaussian_joint_probability_is_the_square(rho, quantile):
    c = conditional_quantiles(np.array([rho]), quantile, GAUSSIAN, 0.0, quantile)[0]
    joint = stats.multivariate_normal.cdf([c, stats.norm.ppf(quantile)], cov=[[1.0, rho], [rho, 1.0]])
    assert joint == pytest.approx(quantile**2, rel=1e-3)


@pytest.mark.parametrize(("rho", "nu"), [(0.5, 5.0), (-0.4, 8.0), (0.9, 4.0)])
def test_student_joint_probability_by_another_quadrature(rho, nu):
    quantile = 0.05
    scale = np.sqrt((nu - 2.0) / nu)
    c = conditional_quantiles(np.array([rho]), quantile, nu, 0.0, quantile)[0] / scale
    x = -np.exp(np.linspace(np.log(-stats.t.ppf(quantile, nu)), np.log(1e7), 40_001))
    spread = np.sqrt((nu + x**2) / (nu + 1.0) * (1.0 - rho**2))
    density = stats.t.pdf(x, nu) * stats.t.cdf((c - rho * x) / spread, nu + 1.0)
    assert np.trapezoid(density[::-1], x[::-1]) == pytest.approx(quantile**2, rel=1e-5)


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.6, 0.95])
def test_table_agrees_with_brute_force(rho):
    nu, quantile = 6.0, 0.05
    z = draw(1, 2_000_000, rho, nu)
    tail = TailQuantile(quantile, nu)
    stressed, quiet = z[z[:, 1] <= tail.unconditional, 0], z[np.abs(z[:, 1]) <= 1.0, 0]
    assert tail.unconditional == pytest.approx(np.quantile(z[:, 1], quantile), abs=0.01)
    assert tail.stress(np.array([rho]))[0] == pytest.approx(np.quantile(stressed, quantile), abs=0.04)
    assert tail.benchmark(np.array([rho]))[0] == pytest.approx(np.quantile(quiet, quantile), abs=0.01)


def test_tail_dependence_is_the_limit_of_joint_falls():
    for rho, nu in ((0.5, 4.0), (0.0, 3.0)):
        low = stats.t.ppf(1e-8, nu)
        x = -np.exp(np.linspace(np.log(-low), np.log(-low) + 12.0, 20_001))
        spread = np.sqrt((nu + x**2) / (nu + 1.0) * (1.0 - rho**2))
        density = stats.t.pdf(x, nu) * stats.t.cdf((low - rho * x) / spread, nu + 1.0)
        assert lower_tail_dependence(rho, nu) == pytest.approx(np.trapezoid(density[::-1], x[::-1]) / 1e-8, rel=1e-3)
    assert lower_tail_dependence(0.5, 500.0) < 1e-6


def test_degrees_of_freedom_are_recovered():
    nu, error = degrees_of_freedom(draw(2, 20_000, 0.4, 6.0), np.full(20_000, 0.4))
    assert abs(np.log(nu / 6.0)) < 3.0 * error
    repeated = [np.log(degrees_of_freedom(draw(k, 2000, 0.4, 6.0), np.full(2000, 0.4))[0]) for k in range(60)]
    assert np.std(repeated) == pytest.approx(error * np.sqrt(10.0), rel=0.3)


@pytest.fixture(scope="module")
def fitted():
    z = draw(3, 1500, 0.5, 7.0)
    index = pd.bdate_range("2015-01-01", periods=len(z))
    return CDCC().fit(pd.DataFrame(2.0 * z, index=index, columns=["coin", "market"]))


def test_paths_recover_a_constant_truth(fitted):
    result = conditional_value_at_risk(fitted, "coin", "market", draws=200)
    tail = TailQuantile(0.05, 7.0)
    truth = 2.0 * tail.stress(np.array([0.5]))[0]
    difference = truth - 2.0 * tail.benchmark(np.array([0.5]))[0]
    assert result.mean_covar.value == pytest.approx(truth, rel=0.10)
    assert result.mean_delta.value == pytest.approx(difference, rel=0.15)
    assert (result.covar["lower"] <= result.covar["upper"]).all()
    assert result.mean_covar.unit == "% a day"
    assert 4.0 < result.nu < 14.0


def test_intervals_of_the_means_cover():
    tail, rho = TailQuantile(0.05, 7.0), np.array([0.5])
    hits = np.zeros(2, dtype=int)
    for seed in range(10):
        z, h = draw(seed, 800, 0.5, 7.0), np.ones(2)
        rows, deviations = np.empty((800, 2)), np.empty((800, 2))
        for t in range(800):
            deviations[t] = np.sqrt(h)
            rows[t] = deviations[t] * z[t]
            h = 0.05 + 0.07 * rows[t] ** 2 + 0.88 * h
        frame = pd.DataFrame(rows, index=pd.bdate_range("2015-01-01", periods=800), columns=["coin", "market"])
        result = conditional_value_at_risk(CCC().fit(frame), "coin", "market", draws=100)
        truth = deviations[:, 0].mean() * np.array([tail.stress(rho)[0], tail.difference(rho)[0]])
        hits += [result.mean_covar.contains(truth[0]), result.mean_delta.contains(truth[1])]
    assert (hits >= 7).all(), hits


def test_backtest_runs_on_the_sessions_of_distress(fitted):
    result = conditional_value_at_risk(fitted, "coin", "market", draws=50)
    assert result.distress.mean() == pytest.approx(0.05, abs=0.02)
    assert len(result.hits) == result.distress.sum()
    coverage = result.coverage()
    assert coverage.n == len(result.hits)
    assert coverage.p_value > 0.01
    assert result.conditional_coverage().p_value > 0.01


def test_refusals(fitted):
    with pytest.raises(EstimationError, match="not a series of this model"):
        conditional_value_at_risk(fitted, "gold", "market")
    with pytest.raises(EstimationError, match="with itself"):
        conditional_value_at_risk(fitted, "coin", "coin")

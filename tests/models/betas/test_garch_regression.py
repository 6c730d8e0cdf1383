"""Regression with GARCH errors against arch, plain recursions, finite differences and a known truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.univariate import GARCH, LS, Normal, StudentsT

from data.errors import EstimationError
from models.betas.garch_regression import _backcast, garch_regression


def draw(seed, n=2500, slope=1.5, alpha=0.06, gamma=0.0, beta=0.90, nu=8.0):
    generator = np.random.default_rng(seed)
    x = 1.2 * generator.standard_t(6, size=(n, 2))
    z = generator.standard_t(nu, size=n) * np.sqrt((nu - 2.0) / nu)
    e, h = np.empty(n), 1.0
    for t in range(n):
        e[t] = np.sqrt(h) * z[t]
        h = 1.0 - alpha - 0.5 * gamma - beta + (alpha + gamma * (e[t] < 0)) * e[t] ** 2 + beta * h
    y = pd.Series(0.05 + slope * x[:, 0] - 0.4 * x[:, 1] + e, name="asset")
    return y, pd.DataFrame(x, columns=["market", "control"])


def arch_fit(y, X, distribution, asymmetric):
    residuals = (
        y
        - np.column_stack([np.ones(len(y)), X])
        @ np.linalg.lstsq(np.column_stack([np.ones(len(y)), X]), y, rcond=None)[0]
    )
    model = LS(y, x=X, rescale=False)
    model.volatility = GARCH(p=1, o=int(asymmetric), q=1)
    model.distribution = distribution()
    return model.fit(update_freq=0, disp="off", backcast=_backcast(residuals.to_numpy()), tol=1e-12)


@pytest.mark.parametrize(
    ("volatility", "distribution", "foreign", "gamma"),
    [("garch", "normal", Normal, 0.0), ("gjr", "normal", Normal, 0.05), ("garch", "t", StudentsT, 0.0)],
)
def test_arch_finds_the_same_optimum(volatility, distribution, foreign, gamma):
    y, X = draw(1, gamma=gamma)
    ours = garch_regression(y, X, volatility=volatility, distribution=distribution)
    theirs = arch_fit(y, X, foreign, volatility == "gjr")
    assert ours.loglik == pytest.approx(theirs.loglikelihood, abs=0.01)
    assert ours.loglik >= theirs.loglikelihood - 1e-4
    np.testing.assert_allclose(ours.params.to_numpy(), theirs.params.to_numpy(), rtol=5e-3, atol=2e-3)
    np.testing.assert_allclose(ours.std_errors.to_numpy(), theirs.std_err.to_numpy(), rtol=0.08, atol=2e-3)


def test_plain_recursion_gives_the_same_variances_and_likelihood():
    y, X = draw(2, n=600)
    fit = garch_regression(y, X)
    design = np.column_stack([np.ones(len(y)), X])
    b, (omega, alpha, beta) = fit.params.to_numpy()[:3], fit.params.to_numpy()[3:]
    e = y.to_numpy() - design @ b
    initial = _backcast(y.to_numpy() - design @ np.linalg.lstsq(design, y, rcond=None)[0])
    h, loglik = omega + (alpha + beta) * initial, 0.0
    for t in range(len(y)):
        assert fit.variances.iloc[t] == pytest.approx(h, rel=1e-8)
        loglik -= 0.5 * (np.log(2 * np.pi * h) + e[t] ** 2 / h)
        h = omega + alpha * e[t] ** 2 + beta * h
    assert fit.loglik == pytest.approx(loglik, abs=1e-6)


def test_estimates_do_not_depend_on_the_unit():
    y, X = draw(3, n=1200)
    plain, scaled = garch_regression(y, X), garch_regression(y / 100.0, X * 40.0)
    assert scaled.params["market"] * 4000.0 == pytest.approx(plain.params["market"], rel=1e-4)
    assert scaled.std_errors["market"] * 4000.0 == pytest.approx(plain.std_errors["market"], rel=1e-3)
    assert scaled.params["alpha"] == pytest.approx(plain.params["alpha"], abs=1e-4)
    assert scaled.loglik == pytest.approx(plain.loglik + len(y) * np.log(100.0), abs=1e-3)


def test_interval_covers_under_fat_tails():
    hits = sum(
        garch_regression(*draw(seed, n=800, nu=5.0)).combination({"market": 1.0}, level=0.95, method="").contains(1.5)
        for seed in range(80)
    )
    assert 68 <= hits <= 80


def test_joint_test_uses_the_joint_covariance():
    fit = garch_regression(*draw(4))
    names = ["market", "control"]
    gap = fit.params[names].to_numpy() - [1.5, -0.4]
    by_hand = gap @ np.linalg.inv(fit.covariance.loc[names, names]) @ gap
    test = fit.wald([{"market": 1.0}, {"control": 1.0}], values=[1.5, -0.4], null="the truth")
    assert test.statistic == pytest.approx(by_hand)
    assert test.p_value > 0.001


def test_resampled_coefficients_are_weighted_least_squares(resampling):
    y, X = draw(7, n=600)
    fit = garch_regression(y, X)
    rows = resampling.indices(fit.influence[:, :3] @ fit.design.std(axis=0))[5]
    weights = 1.0 / fit.variances.to_numpy()[rows]
    by_hand = sm.WLS(y.to_numpy()[rows], fit.design[rows], weights=weights).fit().params
    np.testing.assert_allclose(fit.resampled(resampling).iloc[5], by_hand, rtol=1e-6)


def test_constant_variance_leaves_the_slope_with_its_error():
    generator = np.random.default_rng(5)
    x = pd.DataFrame({"x": generator.normal(size=1500)})
    y = (2.0 * x["x"] + generator.normal(size=1500)).rename("y")
    fit = garch_regression(y, x)
    assert fit.std_errors["x"] == pytest.approx(1.0 / np.sqrt(1500), rel=0.15)


def test_refusals():
    y, X = draw(6, n=400)
    with pytest.raises(EstimationError, match="only 100 complete sessions"):
        garch_regression(y.iloc[:100], X.iloc[:100])
    with pytest.raises(EstimationError, match="linearly dependent"):
        garch_regression(y, X.assign(copy=2.0 * X["market"]))
    with pytest.raises(EstimationError, match="leaves no residual"):
        garch_regression((2.0 * X["market"]).rename("y"), X)
    with pytest.raises(EstimationError, match="the series is constant"):
        garch_regression(pd.Series(0.0, index=y.index, name="flat"), X)

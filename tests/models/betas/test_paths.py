"""Rolling, switching, conditional and nested betas, and those for unequal clocks."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from data.errors import EstimationError
from models.betas import (
    BetaPath,
    dynamic_conditional_beta,
    nested_betas,
    rolling_beta,
    scholes_williams_beta,
    static_beta,
    switching_beta,
)
from models.regimes import MarkovRegression


def index_of(n):
    return pd.bdate_range("2014-01-01", periods=n)


def switching_world(seed, n=1500, betas=(0.5, 2.0), stay=0.98):
    generator = np.random.default_rng(seed)
    state, states = 0, np.empty(n, dtype=int)
    for t in range(n):
        state = state if generator.random() < stay else 1 - state
        states[t] = state
    x = pd.Series(generator.normal(size=n), index=index_of(n), name="x")
    beta = np.array(betas)[states]
    y = (beta * x + np.array([0.7, 1.3])[states] * generator.normal(size=n)).rename("y")
    return y, x, beta


class TestRolling:
    def test_each_window_is_least_squares(self):
        y, x, _ = switching_world(1, n=400)
        control = pd.Series(np.random.default_rng(1).normal(size=400), index=y.index, name="control")
        path = rolling_beta(y, pd.concat([x, control], axis=1), window=60)
        design = sm.add_constant(pd.concat([x, control], axis=1)).iloc[100:160]
        fit = sm.OLS(y.iloc[100:160], design).fit(cov_type="HC1", use_t=True)
        row = path.frame.loc[y.index[159]]
        assert row["estimate"] == pytest.approx(fit.params["x"])
        assert (row["lower"], row["upper"]) == pytest.approx(tuple(fit.conf_int().loc["x"]))
        assert path.frame.index[0] == y.index[59]
        assert path.information == "filtered"

    def test_average_of_constant_betas_covers(self):
        hits = 0
        for seed in range(60):
            y, x, _ = switching_world(seed, n=600, betas=(1.2, 1.2))
            hits += rolling_beta(y, x, window=126).average.contains(1.2)
        assert hits >= 50

    def test_one_window_is_the_static_beta(self):
        y, x, _ = switching_world(2, n=300)
        path = rolling_beta(y, x, window=300)
        assert len(path.frame) == 1
        assert path.average.value == pytest.approx(static_beta(y, x)["x"].value)
        assert path.average.std_error == pytest.approx(static_beta(y, x)["x"].std_error)

    def test_refusals(self):
        y, x, _ = switching_world(3, n=300)
        with pytest.raises(EstimationError, match="only 300 complete sessions"):
            rolling_beta(y, x, window=400)
        with pytest.raises(EstimationError, match="too short"):
            rolling_beta(y, x, window=10)
        halted = x.where(np.arange(300) >= 100, 0.0)
        with pytest.raises(EstimationError, match="does not vary"):
            rolling_beta(y, halted, window=60)


@pytest.fixture(scope="module")
def world():
    return switching_world(4)


@pytest.fixture(scope="module")
def path(world):
    y, x, _ = world
    return switching_beta(y, x, draws=200, starts=5)


class TestSwitching:
    def test_path_follows_the_regimes(self, world, path):
        assert isinstance(path, BetaPath)
        beta = world[2]
        assert np.corrcoef(path.frame["estimate"], beta)[0, 1] > 0.8
        covered = (beta >= path.frame["lower"]) & (beta <= path.frame["upper"])
        assert 0.88 <= covered.mean() <= 1.0
        assert path.average.contains(beta.mean())

    def test_it_is_the_probability_weighted_coefficient(self, world, path):
        y, x, _ = world
        result = MarkovRegression(2, distribution="t").fit(y, x, starts=5, seed=0)
        by_hand = result.filtered.to_numpy() @ result.coefficients["x"].to_numpy()
        np.testing.assert_allclose(path.frame["estimate"], by_hand)

    def test_hindsight_is_named(self, world, path):
        y, x, beta = world
        smoothed = switching_beta(y, x, information="smoothed", draws=50, starts=5)
        assert (path.information, smoothed.information) == ("filtered", "smoothed")
        error = {one.information: np.mean((one.frame["estimate"] - beta) ** 2) for one in (path, smoothed)}
        assert error["smoothed"] < error["filtered"]

    def test_refusals(self, world):
        y, x, _ = world
        with pytest.raises(EstimationError, match="only 100 complete sessions"):
            switching_beta(y.iloc[:100], x.iloc[:100])
        with pytest.raises(EstimationError, match="the series is constant"):
            switching_beta(pd.Series(0.0, index=x.index, name="flat"), x)


def sine_world(seed, moves, n=1800):
    """A beta that swings, and returns that follow it only if it `moves`."""
    generator = np.random.default_rng(seed)
    x = pd.Series(generator.normal(size=n), index=index_of(n), name="x")
    beta = 1.0 + 0.6 * np.sin(2 * np.pi * np.arange(n) / 250)
    y = ((beta if moves else 1.0) * x + generator.normal(size=n)).rename("y")
    return y, x, pd.DataFrame({"estimate": beta, "lower": beta, "upper": beta}, index=x.index)


def given_path(y, x, frame, information="predicted"):
    return BetaPath("y", "x", frame, information, 0.95, static_beta(y, x)["x"], "given")


class TestNested:
    def test_a_moving_beta_takes_the_weight(self):
        y, x, frame = sine_world(5, moves=True)
        nested = nested_betas(y, x, {"x": given_path(y, x, frame)})
        assert nested.conditional_weight("x").contains(1.0)
        assert nested.constant_weight("x").contains(0.0)
        assert nested.constant_beta_test().p_value < 1e-6
        assert nested.conditional_beta_test().p_value > 0.01

    def test_size_where_the_beta_is_constant(self):
        rejected = 0
        for seed in range(40):
            y, x, frame = sine_world(seed, moves=False, n=700)
            rejected += nested_betas(y, x, {"x": given_path(y, x, frame)}).constant_beta_test().p_value < 0.05
        assert rejected <= 6

    def test_it_is_a_regression_on_the_product(self):
        y, x, frame = sine_world(6, moves=True)
        nested = nested_betas(y, x, {"x": given_path(y, x, frame)})
        design = sm.add_constant(pd.DataFrame({"x": x, "product": x * frame["estimate"]}))
        reference = sm.WLS(y, design, weights=1.0 / nested.regression.variances).fit()
        assert nested.conditional_weight("x").value == pytest.approx(reference.params["product"], abs=0.02)

    def test_refusals(self):
        y, x, frame = sine_world(7, moves=True, n=600)
        with pytest.raises(EstimationError, match="has no beta path"):
            nested_betas(y, x, {})
        with pytest.raises(EstimationError, match="knows the day it explains"):
            nested_betas(y, x, {"x": given_path(y, x, frame, "smoothed")})
        with pytest.raises(EstimationError, match="does not move"):
            nested_betas(y, x, {"x": given_path(y, x, frame * 0.0 + 1.0)})


class TestConditional:
    def test_beta_of_a_garch_world_is_followed_and_confirmed(self):
        generator = np.random.default_rng(8)
        n = 2000
        h, x = 1.0, np.empty(n)
        truth = np.empty(n)
        y = np.empty(n)
        for t in range(n):
            own, common = generator.normal(size=2)
            x[t] = np.sqrt(0.5 + h) * 1.0 * common
            truth[t] = 1.2 / np.sqrt(0.5 + h)
            y[t] = truth[t] * x[t] + own
            h = 0.05 + 0.10 * x[t] ** 2 + 0.80 * h
        y, x = (pd.Series(values, index=index_of(n), name=name) for values, name in ((y, "y"), (x, "x")))
        path = dynamic_conditional_beta(y, x, draws=100)
        assert path.information == "predicted"
        assert np.corrcoef(path.frame["estimate"], truth)[0, 1] > 0.6
        assert nested_betas(y, x, {"x": path}).constant_beta_test().p_value < 0.01


class TestUnequalClocks:
    def test_scholes_williams_is_its_formula(self):
        y, x, _ = switching_world(9, n=500)
        inner = slice(1, -1)
        slopes = [np.polyfit(x.shift(k).iloc[inner], y.iloc[inner], 1)[0] for k in (1, 0, -1)]
        rho = np.polyfit(x.shift(1).iloc[inner], x.iloc[inner], 1)[0]
        assert scholes_williams_beta(y, x).value == pytest.approx(sum(slopes) / (1 + 2 * rho))

    def test_it_finds_what_another_clock_hides(self):
        hits = 0
        for seed in range(40):
            generator = np.random.default_rng(seed)
            x = pd.Series(generator.normal(size=1200), name="x")
            y = (2.0 * (0.6 * x + 0.4 * x.shift(1)) + generator.normal(size=1200)).rename("y")
            hits += scholes_williams_beta(y, x).contains(2.0)
            assert static_beta(y, x)["x"].upper < 1.6
        assert hits >= 34

    def test_refusals(self):
        x = pd.Series(np.resize([1.0, -1.0], 200) + 0.01 * np.random.default_rng(1).normal(size=200), name="x")
        with pytest.raises(EstimationError, match="the factor's autocorrelation is"):
            scholes_williams_beta((2.0 * x).rename("y"), x)

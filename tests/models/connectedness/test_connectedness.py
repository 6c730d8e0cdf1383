"""Connectedness: written-out formulas, statsmodels, invariances, planted spillovers, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.tsa.api import VAR

from models.connectedness import (
    choose_lags,
    connectedness,
    decompose_window,
    heterogeneous_autoregression,
    rolling_connectedness,
)
from models.connectedness.autoregression import fit_autoregression, generate, moving_average
from models.connectedness.spillover import generalised_shares
from models.estimate import NotDecidable
from models.inference.resampling import Resampling

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=3)
SLOPES = np.array([[0.1, 0.0, 0.0], [0.4, 0.1, 0.0], [0.0, 0.0, 0.2]])
COVARIANCE = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, 0.0], [0.0, 0.0, 1.0]])
POPULATION = np.vstack([np.zeros(3), SLOPES.T])


def simulated(seed: int, n: int = 600) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    shocks = generator.standard_t(6, size=(n, 3)) * np.sqrt(4 / 6) @ np.linalg.cholesky(COVARIANCE).T
    path = generate(np.zeros((1, 3)), POPULATION, shocks)[1:]
    return pd.DataFrame(path, pd.bdate_range("2018-01-01", periods=n), ["a", "b", "c"])


def written_out(slopes, covariance, horizon):
    """Equations 2 and 3 of Diebold and Yilmaz (2012) for a VAR(1), element by element."""
    size = len(covariance)
    shares = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            top = bottom = 0.0
            for h in range(horizon):
                response = np.linalg.matrix_power(slopes, h)
                top += (response[i] @ covariance[:, j]) ** 2
                bottom += response[i] @ covariance @ response[i]
            shares[i, j] = top / covariance[j, j] / bottom
    return 100.0 * shares / shares.sum(axis=1, keepdims=True)


class TestAutoregression:
    @pytest.mark.parametrize("lags", [1, 3])
    def test_coefficients_and_responses_are_those_of_statsmodels(self, lags):
        frame = simulated(1)
        foreign = VAR(frame.to_numpy()).fit(lags, trend="c")
        coefficients, residuals = fit_autoregression(frame.to_numpy(), lags)
        np.testing.assert_allclose(coefficients, foreign.params, atol=1e-10)
        np.testing.assert_allclose(residuals, foreign.resid, atol=1e-10)
        np.testing.assert_allclose(moving_average(coefficients, 6), foreign.ma_rep(5), atol=1e-10)

    def test_order_is_that_of_statsmodels(self):
        generator = np.random.default_rng(2)
        shocks = generator.normal(size=(800, 2))
        path = np.zeros((800, 2))
        for t in range(3, 800):
            path[t] = 0.2 * path[t - 1] + 0.3 * path[t - 3] + shocks[t]
        assert choose_lags(path) == VAR(path).select_order(10).bic == 3

    def test_generated_path_follows_its_recursion(self):
        coefficients, residuals = fit_autoregression(simulated(3).to_numpy(), 2)
        path = generate(simulated(3).to_numpy()[:2], coefficients, residuals)
        np.testing.assert_allclose(path, simulated(3).to_numpy(), atol=1e-9)


class TestDecomposition:
    @pytest.mark.parametrize("horizon", [1, 2, 10])
    def test_shares_equal_the_written_out_formula(self, horizon):
        np.testing.assert_allclose(
            generalised_shares(POPULATION, COVARIANCE, horizon), written_out(SLOPES, COVARIANCE, horizon), atol=1e-10
        )

    def test_independent_series_keep_their_variance_to_themselves(self):
        shares = generalised_shares(np.zeros((4, 3)), np.diag([1.0, 2.0, 3.0]), 10)
        np.testing.assert_allclose(shares, 100.0 * np.eye(3), atol=1e-12)

    def test_order_and_scale_of_the_series_do_not_matter(self):
        frame = simulated(4)
        plain = connectedness(frame, QUICK, lags=1).plug_in
        turned = connectedness(frame[["c", "a", "b"]] * [10.0, 0.1, -1.0], QUICK, lags=1).plug_in
        pd.testing.assert_frame_equal(turned.loc[plain.index, plain.columns], plain)

    def test_bookkeeping(self):
        result = connectedness(simulated(5), QUICK)
        size = len(result.shares)
        np.testing.assert_allclose(result.shares.sum(axis=1), 100.0)
        received = [result.from_others(name).value for name in "abc"]
        given = [result.to(name).value for name in "abc"]
        assert result.total.value == pytest.approx(np.mean(received))
        assert sum(given) == pytest.approx(sum(received))
        for name in "abc":
            assert result.net(name).value == pytest.approx(result.to(name).value - result.from_others(name).value)
            pairs = [result.pairwise(name, other).value for other in "abc" if other != name]
            assert result.net(name).value == pytest.approx(sum(pairs))
        assert result.pairwise("a", "b").value == pytest.approx(
            result.shares.loc["b", "a"] - result.shares.loc["a", "b"]
        )
        assert "not divided" in result.normalisation
        assert size == 3

    def test_planted_spillover_is_found_and_covered(self):
        population = written_out(SLOPES, COVARIANCE, 10)
        hits, seen = 0, 0
        for seed in range(40):
            result = connectedness(simulated(seed), replace(QUICK, seed=seed), lags=1)
            hits += result.total.contains((300.0 - np.trace(population)) / 3.0)
            seen += result.pairwise("a", "b").lower > 0.0
            assert abs(result.pairwise("a", "c").value) < 8.0
        assert 34 <= hits <= 40
        assert seen >= 30

    def test_gaps_are_left_out(self):
        frame = simulated(6)
        frame.iloc[100, 0] = np.nan
        assert connectedness(frame, QUICK, lags=1).n == 599


class TestRolling:
    def test_windows_end_at_the_last_session_and_equal_single_ones(self):
        frame = simulated(7)
        rolling = rolling_connectedness(frame, QUICK, width=252, step=50)
        assert rolling.total.index[-1] == frame.index[-1]
        assert len(rolling.total) == 1 + (600 - 252) // 50
        last = rolling.net["a"].iloc[-1]
        single = connectedness(frame.iloc[-252:], QUICK, lags=1)
        assert last["estimate"] == pytest.approx(single.net("a").value, abs=1.5)
        assert (rolling.total["lower"] < rolling.total["estimate"]).all()
        assert set(rolling.pairwise) == {("a", "b"), ("a", "c"), ("b", "c")}

    def test_a_change_of_regime_is_seen(self):
        generator = np.random.default_rng(8)
        loadings = np.repeat([0.1, 1.5], 400)
        common = generator.normal(size=800) * loadings
        frame = pd.DataFrame(
            {name: common + generator.normal(size=800) for name in "abc"}, pd.bdate_range("2018-01-01", periods=800)
        )
        total = rolling_connectedness(frame, QUICK, step=50).total
        assert total["upper"].iloc[0] < total["lower"].iloc[-1]

    def test_too_short_a_sample_is_refused(self):
        assert isinstance(rolling_connectedness(simulated(9, 200), QUICK), NotDecidable)


class TestWindow:
    def test_contributions_by_plain_impulse_responses(self):
        frame = simulated(10)
        window = frame.index[-7:]
        result = decompose_window(frame, "b", window, QUICK, lags=2)
        before = frame.iloc[:-7].to_numpy()
        foreign = VAR(before).fit(2, trend="c")
        root = np.linalg.cholesky(foreign.resid.T @ foreign.resid / len(foreign.resid))
        responses = foreign.ma_rep(7)
        history = list(before[-2:])
        expected = foreign.forecast(before[-2:], 7)[:, 1].sum()
        parts = np.zeros(3)
        for s, row in enumerate(frame.loc[window].to_numpy()):
            shock = np.linalg.solve(root, row - foreign.forecast(np.array(history[-2:]), 1)[0])
            for later in range(7 - s):
                parts += (responses[later] @ root)[1] * shock
            history.append(row)
        for name, part in zip("abc", parts, strict=True):
            assert result.contributions[name].value == pytest.approx(part)
        assert result.contributions["expected"].value == pytest.approx(expected)
        assert sum(one.value for one in result.contributions.values()) == pytest.approx(result.move)
        assert result.order == ("a", "b", "c")

    def test_the_window_does_not_enter_the_model(self):
        frame = simulated(11)
        moved = frame.copy()
        moved.iloc[-1, 2] += 50.0
        first, second = (decompose_window(one, "b", frame.index[-7:], QUICK, lags=1) for one in (frame, moved))
        assert first.n == 593
        assert first.contributions["expected"] == second.contributions["expected"]

    def test_a_planted_shock_is_attributed_to_its_origin(self):
        frame = simulated(12)
        frame.iloc[-7, 0] -= 15.0
        for day in range(1, 7):
            frame.iloc[-7 + day] += np.linalg.matrix_power(SLOPES, day)[:, 0] * -15.0
        result = decompose_window(frame, "b", frame.index[-7:], QUICK, lags=1)
        assert result.contributions["a"].upper < 0.0


class TestVarianceSpillover:
    def make(self, gamma: float, seed: int):
        generator = np.random.default_rng(seed)
        x, y = np.zeros(800), np.zeros(800)
        for t in range(1, 800):
            x[t] = 0.7 * x[t - 1] + generator.normal()
            y[t] = 0.5 * y[t - 1] + gamma * x[t - 1] + generator.normal()
        index = pd.bdate_range("2018-01-01", periods=800)
        return pd.Series(y, index), pd.Series(x, index)

    def test_slope_is_that_of_the_written_out_regression(self):
        y, x = self.make(0.2, 1)
        rows = []
        for t in range(22, 800):
            rows.append((1.0, y.iloc[t - 1], y.iloc[t - 5 : t].mean(), y.iloc[t - 22 : t].mean(), x.iloc[t - 1]))
        fit = sm.OLS(y.iloc[22:].to_numpy(), np.array(rows)).fit()
        assert heterogeneous_autoregression(y, x, level=0.95).value == pytest.approx(fit.params[4])

    def test_coverage(self):
        hits = sum(heterogeneous_autoregression(*self.make(0.2, s), level=0.95).contains(0.2) for s in range(60))
        assert 51 <= hits <= 60

    def test_refusals(self):
        y, x = self.make(0.2, 3)
        for target, source in ((y * 0.0, x), (y, x * 0.0), (y, y), (y.iloc[:40], x)):
            assert isinstance(heterogeneous_autoregression(target, source, level=0.95), NotDecidable)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda frame: frame[["a"]], "two series"),
        (lambda frame: frame.assign(b=1.0), "does not change"),
        (lambda frame: frame.assign(b=frame["a"]), "collinear"),
        (lambda frame: frame.iloc[:15], "too few"),
    ],
)
def test_refusals_name_their_reason(spoil, reason):
    frame = spoil(simulated(13))
    for answer in (connectedness(frame, QUICK), decompose_window(frame, "a", frame.index[-3:], QUICK)):
        assert isinstance(answer, NotDecidable)
        assert reason in answer.reason


def test_a_window_without_data_is_refused():
    answer = decompose_window(simulated(14), "a", pd.DatetimeIndex(["2040-01-02"]), QUICK)
    assert isinstance(answer, NotDecidable)


def test_market_shocks_of_the_sample_reach_growth_more_than_gold(sample_panel):
    returns = sample_panel.returns[["market", "growth", "metal"]]
    result = connectedness(returns, QUICK)
    assert result.shares.loc["growth", "market"] > 30.0
    assert result.shares.loc["metal", "market"] < 5.0

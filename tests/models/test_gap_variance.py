"""Variance that grows over closed days: plain Python, exact scores, limits, recovery, and what is built on it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.correlation import CDCC, Joint, Volatility
from models.correlation.out_of_sample import predicted_covariances
from models.correlation.simulation import after_the_sample, at_the_start, whitened_residuals
from models.margins import GapVariance, MarginModel, fit_margins
from models.margins.diagnostics import margin_diagnostics
from tests.models.derivatives import differences
from tests.models.test_margins import SHAPE, VOLATILITY

K = 0.64
CASES = [(*case, initial) for case in product(VOLATILITY, SHAPE) for initial in ("backcast", "mean_square")]


def calendar(sessions: int) -> np.ndarray:
    """Five sessions a week; every ninth week loses its Monday."""
    days = np.tile([3.0, 1.0, 1.0, 1.0, 1.0], sessions // 4 + 1)
    holiday = np.arange(0, days.size, 45)
    days[holiday + 1] = 4.0
    return np.delete(days, holiday)[:sessions]


def simulate(sessions: int, seed: int, days: np.ndarray, k: float = K) -> np.ndarray:
    rng = np.random.default_rng(seed)
    h, returns = 2.0, np.empty(sessions)
    for t in range(sessions):
        news = np.sqrt(h) * rng.standard_normal()
        returns[t] = 0.05 + np.sqrt(1.0 + k * (days[t] - 1.0)) * news
        h = 0.1 + 0.08 * news * news + 0.87 * h
    return returns


def plain(model: GapVariance, params: np.ndarray, returns: np.ndarray, backcast: float):
    """h_t, s_t h_t and z_t by the definition, in Python, safe for complex parameters."""
    named = dict(zip(model.names, params, strict=True))
    gamma, k = named.get("gamma", 0.0), named["gap"]
    deviations = [value - named["mu"] for value in returns]
    scales = [(1.0 + k * (day - 1.0)) / (1.0 + k * (model.days.mean() - 1.0)) for day in model.days]
    errors = []
    for t, deviation in enumerate(deviations):
        before = named.get("phi", 0.0) * deviations[t - 1] if t else 0.0
        errors.append((deviation - before) / np.sqrt(scales[t]))
    if model.initial_variance == "mean_square":
        h = sum(e * e for e in errors) / len(errors)
    elif model.volatility == "egarch":
        h = np.exp(named["omega"] + named["beta"] * np.log(backcast))
    else:
        h = named["omega"] + (named["alpha"] + gamma / 2 + named["beta"]) * backcast
    variances, z = [], []
    for e, scale in zip(errors, scales, strict=False):
        variances.append(scale * h)
        z.append(e / np.sqrt(h))
        if model.volatility == "egarch":
            size = z[-1] if z[-1].real > 0 else -z[-1]
            h = np.exp(
                named["omega"]
                + named["alpha"] * (size - np.sqrt(2 / np.pi))
                + gamma * z[-1]
                + named["beta"] * np.log(h)
            )
        else:
            h = named["omega"] + (named["alpha"] + gamma * (e.real < 0)) * e * e + named["beta"] * h
    return np.array(variances), np.array(z), h


@pytest.mark.parametrize(
    ("volatility", "mean", "initial"), list(product(VOLATILITY, ("constant", "ar1"), ("backcast", "mean_square")))
)
def test_filter_and_derivatives_equal_plain_python(volatility, mean, initial):
    days = calendar(300)
    returns = simulate(300, 1, days)
    model = GapVariance(volatility, mean, "normal", initial, days=days)
    params = np.array([0.03, *([0.1] if mean == "ar1" else []), *VOLATILITY[volatility], 0.4])
    backcast = model.backcast(returns)
    variances, z, d_variances, d_z = model.filter_derivatives(params, returns, backcast)
    expected, residuals, after = plain(model, params, returns, backcast)
    np.testing.assert_allclose(variances, expected, rtol=1e-12)
    np.testing.assert_allclose(z, residuals, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(model.filter(params, returns, backcast)[0], variances)
    assert model.state_after(params, z, variances) == pytest.approx(after, rel=1e-12)
    for index in range(params.size):
        step = params.astype(complex)
        step[index] += 1e-30j
        moved, moved_z, _ = plain(model, step, returns, backcast)
        np.testing.assert_allclose(d_variances[:, index], moved.imag * 1e30, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(d_z[:, index], moved_z.imag * 1e30, rtol=1e-9, atol=1e-9)


def test_gaussian_scores_equal_the_complex_step():
    days = calendar(400)
    returns = simulate(400, 2, days)
    model = GapVariance(days=days)
    params, backcast = np.array([0.03, 0.08, 0.07, 0.88, 0.5]), model.backcast(returns)
    scores = model.scores(params, returns, backcast)[1]
    for index in range(params.size):
        step = params.astype(complex)
        step[index] += 1e-30j
        variances, z, _ = plain(model, step, returns, backcast)
        loglik = -0.5 * (np.log(2 * np.pi) + np.log(variances) + z * z)
        np.testing.assert_allclose(scores[:, index], loglik.imag * 1e30, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(("volatility", "distribution", "initial"), CASES)
def test_scores_equal_differences_and_add_up_to_the_gradient(volatility, distribution, initial):
    days = calendar(300)
    returns = simulate(300, 3, days)
    model = GapVariance(volatility, "ar1", distribution, initial, days=days)
    params = np.array([0.03, 0.1, *VOLATILITY[volatility], *SHAPE[distribution], 0.4])
    backcast = model.backcast(returns)
    values, scores = model.scores(params, returns, backcast)
    for index in range(params.size):
        expected = differences(lambda moved: model.scores(moved, returns, backcast)[0], params, index)
        np.testing.assert_allclose(scores[:, index], expected, rtol=1e-6, atol=2e-7)
    value, gradient = model.loglik_and_gradient(params, returns, backcast)
    assert value == pytest.approx(values.sum(), rel=1e-12)
    np.testing.assert_allclose(gradient, scores.sum(axis=0), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("volatility", VOLATILITY)
def test_without_a_slope_it_is_the_plain_margin(volatility):
    days = calendar(300)
    returns = simulate(300, 4, days)
    simple, model = MarginModel(volatility), GapVariance(volatility, days=days)
    params, backcast = np.array([0.03, *VOLATILITY[volatility]]), simple.backcast(returns)
    for ours, theirs in zip(
        model.filter(np.append(params, 0.0), returns, backcast), simple.filter(params, returns, backcast), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    value, scores = model.scores(np.append(params, 0.0), returns, backcast)
    plain_value, plain_scores = simple.scores(params, returns, backcast)
    np.testing.assert_array_equal(value, plain_value)
    np.testing.assert_array_equal(scores[:, :-1], plain_scores)


def test_the_slope_is_recovered_and_its_errors_are_right():
    """Estimates of 24 samples lie about the truth, and their spread is what the sandwich says."""
    days = calendar(1500)
    found = []
    for seed in range(24):
        frame = pd.DataFrame({"a": simulate(1500, 100 + seed, days)})
        margins = fit_margins(frame, gap_days={"a": days})
        found.append((margins.params.loc["a", "gap"], margins.std_errors.loc["a", "gap"]))
    estimates, errors = np.array(found).T
    assert estimates.mean() == pytest.approx(K, abs=3.0 * errors.mean() / np.sqrt(24))
    assert 0.6 < estimates.std(ddof=1) / errors.mean() < 1.5
    assert (np.abs(estimates - K) < 1.96 * errors).mean() > 0.8


def test_a_scale_of_the_returns_leaves_the_slope():
    days = calendar(800)
    returns = pd.DataFrame({"a": simulate(800, 6, days)})
    one, ten = (fit_margins(factor * returns, "gjr", gap_days={"a": days}).params.loc["a"] for factor in (1.0, 10.0))
    assert ten["gap"] == pytest.approx(one["gap"], rel=1e-5)
    assert ten["omega"] == pytest.approx(100.0 * one["omega"], rel=1e-4)


def test_chosen_margins_are_on_the_calendar_too():
    days = calendar(800)
    margins = fit_margins(pd.DataFrame({"a": simulate(800, 7, days)}), "auto", gap_days={"a": days})
    assert margins.fitted[0].model.names[-1] == "gap"
    assert margins.quasi.fitted[0].model.names == ("mu", "omega", "alpha", "beta", "gap")
    assert all(np.isfinite(one.value) for one in margin_diagnostics(margins.fitted[0]))


@pytest.mark.parametrize("days", [calendar(700), np.zeros(800)])
def test_days_that_do_not_go_with_the_returns_are_refused(days):
    frame = pd.DataFrame({"a": simulate(800, 8, calendar(800))})
    with pytest.raises(EstimationError, match="calendar days") as refused:
        fit_margins(frame, gap_days={"a": days})
    assert refused.value.culprit == "a"


@pytest.fixture(scope="module")
def pair():
    """A series with weekends beside one without, correlated by a half, and five known sessions after the sample."""
    days = calendar(1005)
    rng = np.random.default_rng(9)
    common, scales = rng.standard_normal(1000), np.sqrt(1.0 + K * (days[:1000] - 1.0))
    frame = pd.DataFrame(
        {
            "coin": 2.0 * scales * (0.7 * common + 0.7 * rng.standard_normal(1000)),
            "share": 0.7 * common + 0.7 * rng.standard_normal(1000),
        },
        index=pd.bdate_range("2015-01-01", periods=1000),
    )
    swing = np.exp(0.4 * np.sin(np.arange(1000) / 60.0))
    frame = frame.mul(swing, axis=0)
    return CDCC().fit(frame, margins=fit_margins(frame, gap_days={"coin": days})), days


def test_the_sandwich_of_all_stages_holds_the_slope(pair):
    result, _ = pair
    label = "coin.gap"
    assert label in result.margins.labels
    assert "share.gap" not in result.margins.labels
    position = result.margins.labels.index(label)
    own = result.margins.std_errors.loc["coin", "gap"] ** 2
    assert result.stacked_covariance[position, position] == pytest.approx(own, rel=1e-9)
    assert result.correlation("coin", "share").notna().all()


def test_simulation_runs_on_the_calendar_of_the_sample(pair):
    """The model's own whitened residuals give back the sample's returns and variances."""
    result, _ = pair
    z = result.margins.std_residuals.to_numpy()
    white = np.linalg.solve(np.linalg.cholesky(result.correlations), z[:, :, None])[:, :, 0]
    replay = at_the_start(result).simulate(white[None])
    np.testing.assert_allclose(replay.returns[0], result.margins.returns, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(replay.variances[0], result.margins.variances, rtol=1e-8)


def test_forecasts_know_the_calendar_ahead_and_take_its_mean_beyond(pair):
    result, days = pair
    coin = result.margins.fitted[0]
    k, persistence = coin.params[-1], coin.persistence
    omega = coin.params[1]
    h, levels, expected = coin.next_state, [], []
    for ahead in range(8):
        gap = days[1000 + ahead] if ahead < 5 else days.mean()
        levels.append(h)
        expected.append((1.0 + k * (gap - 1.0)) / (1.0 + k * (days.mean() - 1.0)) * h)
        h = omega + persistence * h
    assert coin.next_variance == pytest.approx(expected[0], rel=1e-12)
    forecast = result.forecast(8, method="q")
    np.testing.assert_allclose(forecast.variances[:, 0], expected, rtol=1e-10)
    np.testing.assert_allclose(forecast.path(Volatility("coin")), np.sqrt(levels), rtol=1e-10)
    np.testing.assert_allclose(np.diagonal(forecast.covariances[:, :1, :1], 0, 1, 2)[:, 0], expected, rtol=1e-10)
    ahead = pd.DataFrame([[0.0, 0.0]], columns=result.margins.returns.columns, index=[pd.Timestamp("2030-01-01")])
    through = predicted_covariances(result, pd.concat([result.margins.returns, ahead]))
    assert through[-1, 0, 0] == pytest.approx(expected[0], rel=1e-10)
    shocks = np.random.default_rng(0).choice(whitened_residuals(result), size=(4000, 8))
    simulated = after_the_sample(result).simulate(shocks)
    np.testing.assert_allclose(simulated.variances[:, 0, 0], expected[0], rtol=1e-10)
    np.testing.assert_allclose(simulated.variances[:, :, 0].mean(axis=0), expected, rtol=0.05)


def test_paths_are_those_of_sessions_of_mean_length(pair):
    """A volatility on the chart does not jump on Mondays, whatever its session's variance does."""
    result, days = pair
    band = result.bands((Volatility("coin"),), draws=20, seed=0)[0]
    coin = result.margins.fitted[0]
    monday = days[:1000] > 1.0
    np.testing.assert_allclose(band.estimate**2 * coin.model.multipliers(coin.params, 0, 1000), coin.variances)
    assert coin.variances[monday].mean() > 1.5 * coin.variances[~monday].mean()
    assert coin.states[monday].mean() == pytest.approx(coin.states[~monday].mean(), rel=0.1)
    assert coin.variances.mean() == pytest.approx(coin.states.mean(), rel=0.02)


def test_one_step_estimation_moves_the_slope_with_all_others(pair):
    result, _ = pair
    joint = Joint(CDCC()).fit(result.margins.returns, margins=result.margins)
    before, after = result.margins.fitted[0].params[-1], joint.margins.fitted[0].params[-1]
    assert joint.loglik >= result.loglik - 1e-6
    assert after != before
    assert abs(after - before) < 2.0 * result.margins.std_errors.loc["coin", "gap"]

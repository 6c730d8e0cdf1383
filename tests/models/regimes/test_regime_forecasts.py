"""Forecasts and vintages of regime models."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import simulate_switching, two_regimes

from data.errors import EstimationError
from models.regimes import RSDC, MarkovAutoregression, MarkovRegression, MarkovSwitching, vintages
from models.regimes.forecast import mixture_moments, propagate

MODEL = MarkovSwitching(2, "gaussian", reference=("market",))


@pytest.fixture(scope="module")
def returns():
    return two_regimes(900, seed=8)[0]


@pytest.fixture(scope="module")
def history(returns):
    return vintages(MODEL, returns, first=300, starts=9)


def test_probabilities_go_to_the_ergodic_ones(returns):
    fitted = MODEL.fit(returns, starts=6)
    forecast = fitted.forecast(400, draws=20)
    last = fitted.filtered.iloc[-1].to_numpy()
    np.testing.assert_allclose(forecast.probabilities.iloc[0], last @ fitted.transition)
    np.testing.assert_allclose(forecast.probabilities.iloc[-1], fitted.ergodic, atol=1e-10)
    np.testing.assert_allclose(forecast.probabilities.sum(axis=1), 1.0, atol=1e-12)
    inside = (forecast.probabilities_lower <= forecast.probabilities) & (
        forecast.probabilities <= forecast.probabilities_upper
    )
    assert inside.to_numpy().mean() > 0.9
    assert (forecast.mean_lower <= forecast.mean_upper).to_numpy().all()
    np.testing.assert_allclose(forecast.remaining, fitted.expected_durations)


def test_mixture_moments_are_those_of_a_simulation():
    transition = np.array([[0.9, 0.1], [0.3, 0.7]])
    means = np.array([[0.5, 0.0], [-1.0, 1.0]])
    covariances = np.array([[[1.0, 0.2], [0.2, 0.5]], [[4.0, -1.0], [-1.0, 3.0]]])
    probabilities = propagate(np.array([1.0, 0.0]), transition, 3)
    mean, covariance = mixture_moments(probabilities, means, covariances)
    draws = np.array([simulate_switching(transition, means, covariances, 4, seed)[0][3] for seed in range(20000)])
    np.testing.assert_allclose(mean[2], draws.mean(axis=0), atol=4 * np.sqrt(covariance[2].max() / 20000))
    np.testing.assert_allclose(covariance[2], np.cov(draws.T), atol=0.15)


def test_no_horizon_is_refused(returns):
    with pytest.raises(EstimationError, match="at least one step"):
        MODEL.fit(returns, starts=3).forecast(0)


def test_a_vintage_knows_nothing_of_what_comes_after(returns, history):
    changed = returns.copy()
    changed.iloc[700:] *= 3.0
    other = vintages(MODEL, changed, first=300, starts=9)
    known = history.filtered.index < returns.index[700]
    np.testing.assert_allclose(history.filtered[known], other.filtered[known], atol=1e-9)
    np.testing.assert_allclose(history.predicted[known], other.predicted[known], atol=1e-9)


def test_each_stretch_is_filtered_with_the_parameters_known_before_it(returns, history):
    first_end, second_end = history.ends[:2]
    early = MODEL.fit(returns.loc[:first_end], starts=9)
    expected = MODEL.filter(early.params, returns.loc[:second_end]).filtered
    got = history.filtered.loc[:second_end]
    assert got.index[0] > first_end
    np.testing.assert_allclose(got, expected.loc[got.index], atol=1e-7)


def test_hindsight_of_the_vintages_is_the_full_sample(returns, history):
    full = MODEL.fit(returns)
    np.testing.assert_allclose(history.smoothed, full.smoothed.loc[history.smoothed.index], atol=1e-6)
    np.testing.assert_allclose(history.revision_panel, (history.smoothed - history.filtered).abs(), atol=1e-15)
    assert len(history.params) == len(history.ends) == len(history.revisions) + 1


def test_one_day_at_a_time_never_swaps_a_label(returns):
    daily = vintages(MODEL, returns, sizes=range(880, 900), starts=9)
    assert daily.notable == ()
    assert max(revision.change for revision in daily.revisions) <= 0.05
    assert min(revision.log_likelihood_gain for revision in daily.revisions) > -1e-6


def test_a_revision_that_moves_yesterday_says_why(returns):
    turbulent = MODEL.fit(returns.iloc[:500], starts=9).filtered[1].to_numpy() > 0.95
    last_known = int(np.flatnonzero(turbulent[400:])[0]) + 401
    broken = returns.copy()
    broken.iloc[last_known:] = returns.iloc[last_known:] * 6.0
    history = vintages(MODEL, broken, sizes=[last_known, last_known + 300], starts=9)
    for revision in history.revisions:
        assert (revision.change > 0.05) == bool(revision.reason)
    assert history.notable
    assert "standard errors" in history.notable[0].reason


def test_vintages_need_dates_or_sizes(returns):
    with pytest.raises(EstimationError, match="no dates"):
        vintages(MODEL, returns.reset_index(drop=True))
    with pytest.raises(EstimationError, match="hold no vintage"):
        vintages(MODEL, returns, first=5000)


def test_autoregression_without_regimes_forecasts_as_an_autoregression():
    generator = np.random.default_rng(1)
    y = np.zeros(400)
    for t in range(1, 400):
        y[t] = 1.0 + 0.7 * (y[t - 1] - 1.0) + generator.normal()
    fitted = MarkovAutoregression(1, 1).fit(y)
    forecast = fitted.forecast(5, draws=20)
    mean, slope, variance = fitted.means[0], fitted.lags[0, 0], fitted.variances[0]
    steps = np.arange(1, 6)
    expected = mean + slope**steps * (y[-1] - mean)
    spread = variance * (1.0 - slope ** (2 * steps)) / (1.0 - slope**2)
    np.testing.assert_allclose(forecast.mean.iloc[:, 0], expected, atol=4 * np.sqrt(spread.max() / 2000))
    np.testing.assert_allclose(forecast.covariance.ravel(), spread, rtol=0.15)


def test_autoregression_forecasts_go_to_the_ergodic_mean():
    y = np.concatenate([np.random.default_rng(s).normal(m, 1.0, 80) for s, m in enumerate((0.0, 4.0) * 4)])
    fitted = MarkovAutoregression(2, 1).fit(y, starts=6)
    forecast = fitted.forecast(300, draws=5)
    assert forecast.mean.iloc[-1, 0] == pytest.approx(fitted.ergodic @ fitted.means, abs=0.25)
    np.testing.assert_allclose(forecast.probabilities.iloc[-1], fitted.ergodic, atol=0.02)


def test_regression_forecasts_take_the_regressors_ahead():
    generator = np.random.default_rng(2)
    x = pd.Series(generator.normal(size=500), name="metal")
    y = pd.Series(2.0 * x + generator.normal(size=500) * np.where(np.arange(500) % 100 < 50, 1.0, 3.0), name="miners")
    fitted = MarkovRegression(2).fit(y, x, starts=6)
    ahead = pd.Series([0.0, 10.0], name="metal")
    forecast = fitted.forecast(2, ahead, draws=20)
    betas = fitted.coefficients["metal"]
    expected = (forecast.probabilities.iloc[1] * (fitted.coefficients["const"] + 10.0 * betas)).sum()
    assert forecast.mean.iloc[1, 0] == pytest.approx(expected)
    assert forecast.mean.columns[0] == "miners"
    at_mean = fitted.forecast(1, draws=5)
    assert abs(at_mean.mean.iloc[0, 0]) < 1.0
    with pytest.raises(EstimationError, match="for 3 steps"):
        fitted.forecast(3, ahead)


def test_correlation_forecasts_are_correlation_matrices():
    returns = two_regimes(800, seed=3)[0]
    forecast = RSDC(2).fit(returns, starts=4).forecast(30, draws=10)
    np.testing.assert_allclose(np.diagonal(forecast.covariance, axis1=1, axis2=2), 1.0, atol=1e-12)
    assert np.linalg.eigvalsh(forecast.covariance).min() > 0.0

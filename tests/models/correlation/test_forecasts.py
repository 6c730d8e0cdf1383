"""Forecasts and simulation: closed forms, limits, foreign figures, agreement with the filter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.correlation import ADCC, CDCC, DCC, DECO, Beta, Correlation
from models.correlation.simulation import after_the_sample, at_the_start, simulate_sample, whitened_residuals
from models.margins import fit_margins


@pytest.fixture(scope="module")
def result(simulated, simulated_margins):
    return CDCC().fit(simulated, margins=simulated_margins)


def test_first_day_is_known(result):
    one = result.forecast(1)
    np.testing.assert_allclose(one.correlations[0], result.next_correlation, rtol=1e-12)
    np.testing.assert_allclose(result.forecast(1, "r").correlations[0], result.next_correlation, rtol=1e-12)
    margin = result.margins.fitted[0]
    _, omega, alpha, beta = margin.params
    h, z = margin.variances[-1], margin.std_residuals[-1]
    assert one.variances[0, 0] == pytest.approx(omega + alpha * h * z**2 + beta * h, rel=1e-12)


def test_distant_days_are_the_long_run(result):
    for method in ("q", "r"):
        far = result.forecast(5000, method)
        np.testing.assert_allclose(far.correlations[-1], result.target, atol=1e-6)
        for i, margin in enumerate(result.margins.fitted):
            level = margin.model.unconditional_variance(margin.params)
            assert far.variances[-1, i] == pytest.approx(level, rel=1e-4)


def test_simulation_agrees_with_the_recursion_of_the_expectation(result):
    """In cDCC E_T[Q_{T+h}] is exact, so Q averaged over many paths must follow it; and E[h] is exact as well."""
    rng = np.random.default_rng(0)
    paths, horizon = 40_000, 10
    white = whitened_residuals(result)
    world = after_the_sample(result)
    simulated = world.simulate(white[rng.integers(len(white), size=(paths, horizon))])
    expected = result.forecast(horizon)
    error = simulated.variances.std(axis=0) / np.sqrt(paths)
    assert (np.abs(simulated.variances.mean(axis=0) - expected.variances) < 5 * error + 1e-3).all()
    pair = simulated.correlations[:, :, 1]
    assert np.abs(pair.mean(axis=0) - expected.correlations[:, 1, 0]).max() < 0.02
    np.testing.assert_allclose(pair[:, 0], expected.correlations[0, 1, 0], rtol=1e-12)


@pytest.mark.parametrize("specification", [CDCC(), DCC(), ADCC(), DECO(), CDCC(margins="gjr"), CDCC(margins="egarch")])
def test_simulation_replays_the_sample(specification, simulated):
    """Fed with the sample's own whitened residuals, the simulator gives back its returns, variances, correlations."""
    result = specification.fit(simulated)
    z = result.margins.std_residuals.to_numpy()
    white = np.linalg.solve(np.linalg.cholesky(result.correlations), z[:, :, None])[:, :, 0]
    replay = at_the_start(result).simulate(white[None])
    np.testing.assert_allclose(replay.returns[0], simulated, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(replay.variances[0], result.variances, rtol=1e-8)
    lower = np.tril_indices(3)
    np.testing.assert_allclose(replay.correlations[0], result.correlations[:, lower[0], lower[1]], rtol=1e-8)


def test_simulated_forecast(result):
    forecast = result.forecast(21, "simulation", seed=5)
    pair, beta = Correlation("x0", "x1"), Beta("x0", "x1")
    interval = forecast.interval(pair)
    path = forecast.path(pair)
    assert ((interval["lower"] <= path) & (path <= interval["upper"])).all()
    width = interval["upper"] - interval["lower"]
    assert width.iloc[20] > width.iloc[0] > 0.0
    assert forecast.path(beta).iloc[0] == pytest.approx(result.forecast(1).path(beta).iloc[0], rel=0.05)
    weights = [0.4, 0.3, 0.3]
    totals = forecast.simulated.returns.sum(axis=1) @ weights
    assert forecast.value_at_risk(weights, 0.05) == pytest.approx(-np.quantile(totals, 0.05))
    assert forecast.expected_shortfall(weights, 0.05) > forecast.value_at_risk(weights, 0.05) > 0.0
    falls = forecast.probability(totals < -forecast.value_at_risk(weights, 0.05))
    assert falls.value == pytest.approx(0.05, abs=1e-3)
    assert falls.contains(0.05)
    again = result.forecast(21, "simulation", seed=5)
    np.testing.assert_array_equal(again.correlations, forecast.correlations)
    eigenvalues = np.linalg.eigvalsh(forecast.covariances)
    assert eigenvalues.min() > 0.0


def test_refusals(result):
    with pytest.raises(EstimationError, match="simulation"):
        result.forecast(5).interval(Correlation("x0", "x1"))
    with pytest.raises(EstimationError, match="past"):
        result.forecast(0)


def test_forecasts_of_rmgarch(peers, reference_data):
    theirs = peers["arch_panel_n3"]["rmgarch_dcc_gaussian"]
    returns = pd.read_csv(reference_data / "arch_panel_returns.csv", index_col=0, parse_dates=True)
    margins = fit_margins(returns, initial_variance="mean_square")
    ours = DCC(initial="zero_residual", target="covariance").fit(returns, margins=margins)
    np.testing.assert_allclose(ours.forecast(1).covariances[0], theirs["H_forecast_1"], rtol=5e-4)
    np.testing.assert_allclose(ours.forecast(10, "r").correlations[9], theirs["R_forecast_10"], atol=5e-5)


def test_simulated_sample_looks_like_the_model(result):
    rng = np.random.default_rng(2)
    world = simulate_sample(result, rng, whitened_residuals(result))
    assert world.shape == result.margins.returns.shape
    correlation = np.corrcoef(world.to_numpy(), rowvar=False)[0, 1]
    assert correlation == pytest.approx(result.target.iloc[0, 1], abs=0.12)

"""Baselines by the definition; forecasts that use nothing of the day they are for; tests that tell models apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import simulate

from data.errors import EstimationError
from models.correlation import ADCC, CCC, CDCC, DECO
from models.correlation.baselines import EWMA, RollingWindow
from models.correlation.out_of_sample import compare_out_of_sample, predicted_covariances


def test_baselines_by_the_definition(simulated):
    r = simulated.to_numpy()
    ewma = EWMA(0.94, start=21).filter(simulated)
    h = r[:21].T @ r[:21] / 21
    for t in range(21, 60):
        np.testing.assert_allclose(ewma.covariances[t], h, rtol=1e-12)
        h = 0.06 * np.outer(r[t], r[t]) + 0.94 * h
    assert np.isnan(ewma.covariances[20]).all()
    rolling = RollingWindow(63).filter(simulated)
    for t in (63, 64, 500, 1199):
        np.testing.assert_allclose(rolling.covariances[t], r[t - 63 : t].T @ r[t - 63 : t] / 63, rtol=1e-9)
    np.testing.assert_allclose(rolling.next_covariance, r[-63:].T @ r[-63:] / 63, rtol=1e-9)
    path = rolling.correlation("x0", "x1")
    assert path.iloc[500] == pytest.approx(rolling.correlations[500, 0, 1])
    with pytest.raises(EstimationError, match="too few"):
        RollingWindow(63).filter(simulated.iloc[:60])


@pytest.mark.parametrize("specification", [CDCC(), ADCC(), DECO(), CCC()])
def test_in_sample_predictions_are_the_models_own(specification, simulated, simulated_margins):
    result = specification.fit(simulated, margins=simulated_margins)
    scale = np.sqrt(result.variances.to_numpy())
    own = result.correlations * scale[:, :, None] * scale[:, None, :]
    np.testing.assert_allclose(predicted_covariances(result, simulated), own, rtol=1e-10)


def test_predictions_know_nothing_of_their_day(simulated):
    early = simulated.iloc[:1000]
    result = ADCC().fit(early)
    changed = simulated.copy()
    changed.iloc[1050:] *= 3.0
    first, second = predicted_covariances(result, simulated), predicted_covariances(result, changed)
    np.testing.assert_array_equal(first[:1051], second[:1051])
    assert not np.allclose(first[1051], second[1051])
    np.testing.assert_allclose(first[1000], result.forecast(1).covariances[0], rtol=1e-10)


@pytest.fixture(scope="module")
def comparison():
    returns = simulate(1500, 0.4, 0.08, 0.9, seed=9)
    models = {"cDCC": CDCC(), "CCC": CCC(), "EWMA": EWMA(), "rolling": RollingWindow(252)}
    return compare_out_of_sample(returns, models, start=returns.index[900], refit_every=200)


def test_comparison(comparison):
    losses = comparison.losses("qlike")
    assert list(losses.columns) == ["cDCC", "CCC", "EWMA", "rolling"]
    assert len(losses) == 600
    assert comparison.refits == 3
    r, h = comparison.returns.to_numpy()[5], comparison.covariances["cDCC"][5]
    assert losses["cDCC"].iloc[5] == pytest.approx(np.log(np.linalg.det(h)) + r @ np.linalg.inv(h) @ r)
    assert losses.mean().idxmin() == "cDCC"
    test = comparison.diebold_mariano("rolling", "cDCC")
    assert test.statistic > 2.0
    assert comparison.diebold_mariano("cDCC", "rolling").statistic == pytest.approx(-test.statistic)
    kept = comparison.confidence_set("qlike")
    assert kept["cDCC"] == 1.0
    assert kept["rolling"] < 0.1
    table = comparison.table()
    assert table.index[0] == "cDCC"
    assert table.loc["cDCC", "hits 5%"] == pytest.approx(0.05, abs=0.025)
    assert comparison.verdict("rolling").startswith("cDCC forecasts better than rolling")
    assert "No model" in comparison.verdict("cDCC")


def test_portfolio_loss_is_least_for_the_truth():
    """With the true covariance the minimum-variance portfolios have the least expected square."""
    rng = np.random.default_rng(0)
    truth = np.array([[1.0, 0.7], [0.7, 2.0]])
    returns = pd.DataFrame(rng.standard_normal((4000, 2)) @ np.linalg.cholesky(truth).T, columns=["x", "y"])
    made = compare_out_of_sample(
        returns, {"long": RollingWindow(1000), "short": RollingWindow(20)}, start=1500, refit_every=2500
    )
    mean = made.losses("portfolio").mean()
    assert mean["long"] < mean["short"]


def test_nothing_to_judge(simulated):
    with pytest.raises(EstimationError, match="no days"):
        compare_out_of_sample(simulated, {"EWMA": EWMA()}, start=pd.Timestamp("2030-01-01"))

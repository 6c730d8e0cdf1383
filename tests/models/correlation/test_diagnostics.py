"""Diagnostics that pass on a well specified model and fail where they should; impulse responses and their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.diagnostic import het_arch

from data.errors import EstimationError
from models.correlation import CCC, CDCC, Correlation, Volatility
from models.correlation.diagnostics import portmanteau_p_value
from models.margins import fit_margins
from models.margins.diagnostics import arch_test, margin_diagnostics, sign_bias


@pytest.fixture(scope="module")
def result(simulated, simulated_margins):
    return CDCC().fit(simulated, margins=simulated_margins)


def test_a_well_specified_model_meets_its_targets(result):
    table = result.diagnostics()
    assert list(table.columns) == ["subject", "measure", "value", "target", "met"]
    assert set(table["subject"]) == {"x0", "x1", "x2", "CDCC"}
    assert table["met"].mean() > 0.9
    assert np.isfinite(table["value"]).all()


def test_constant_correlation_fails_on_a_dynamic_world(result, simulated, simulated_margins):
    constant = CCC().fit(simulated, margins=simulated_margins).diagnostics().set_index("measure")
    dynamic = result.diagnostics().set_index("measure")
    row = "multivariate portmanteau p, 10 lags"
    assert constant.loc[row, "value"] < dynamic.loc[row, "value"]


def test_a_break_in_the_variance_is_seen():
    rng = np.random.default_rng(0)
    scale = np.where(np.arange(2000) < 1000, 1.0, 3.0)
    margin = fit_margins(pd.DataFrame({"x": rng.standard_normal(2000) * scale})).fitted[0]
    found = {one.measure: one for one in margin_diagnostics(margin)}
    assert not all(one.met for one in found.values())


def test_heavy_tails_fail_the_normal_distribution():
    rng = np.random.default_rng(1)
    margin = fit_margins(pd.DataFrame({"x": rng.standard_t(4, 2500)})).fitted[0]
    found = {one.measure: one for one in margin_diagnostics(margin)}
    assert not found["distribution p (normal)"].met
    student = fit_margins(pd.DataFrame({"x": rng.standard_t(4, 2500)}), distribution="t").fitted[0]
    assert {one.measure: one for one in margin_diagnostics(student)}["distribution p (t)"].met


def test_arch_test_is_that_of_statsmodels():
    z = np.random.default_rng(5).standard_t(5, 600)
    assert arch_test(z, 5) == pytest.approx(het_arch(z, nlags=5, result_object=False)[1], rel=1e-8)


def test_sizes_under_the_null():
    rng = np.random.default_rng(2)
    assert np.mean([sign_bias(rng.standard_normal(800)) < 0.05 for _ in range(400)]) == pytest.approx(0.05, abs=0.035)
    p_values = [portmanteau_p_value(rng.standard_normal((300, 2)), 5, seed) for seed in range(20)]
    assert 0.2 < np.mean(p_values) < 0.8


def test_impulse_response(result):
    fall = result.impulse_response({"x0": -3.0}, horizon=250, seed=1)
    own, other = fall.response(Volatility("x0")), fall.response(Volatility("x1"))
    assert own.iloc[0] > 0.0
    assert abs(own.iloc[-1]) < 0.35 * own.iloc[0]
    assert abs(other.iloc[0]) < 1e-10
    assert 1 < fall.half_life(Volatility("x0")) < 250
    together = result.impulse_response({"x0": -3.0, "x1": -3.0}, horizon=20, seed=1)
    assert together.response(Correlation("x0", "x1")).iloc[0] > 0.0
    covariances = together.covariances()
    assert covariances.shape == (20, 3, 3)
    assert covariances[0, 0, 0] > 0.0
    margin = result.margins.fitted[0]
    h = margin.next_variance
    first_day = h * margin.params[2] * (9.0 - 1.0)
    assert covariances[0, 0, 0] == pytest.approx(first_day, rel=0.05)
    with pytest.raises(EstimationError, match="x9"):
        result.impulse_response({"x9": 1.0})

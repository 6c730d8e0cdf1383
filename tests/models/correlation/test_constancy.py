"""Tests of constant correlation: right statistic, right size, some power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import simulate
from scipy import stats

from data.errors import EstimationError
from models.correlation import CCC, CDCC, engle_sheppard_test, likelihood_ratio_test, tse_test
from models.correlation.constancy import _multiplier, _stacked_regression
from models.margins import fit_margins


def test_stacked_regression_is_the_textbook_one():
    """Two series leave one product, so the statistic is that of one autoregression."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal((400, 1))
    x = np.column_stack([np.ones(397), y[2:-1, 0], y[1:-2, 0], y[:-3, 0]])
    delta = np.linalg.lstsq(x, y[3:, 0], rcond=None)[0]
    residuals = y[3:, 0] - x @ delta
    assert _stacked_regression(y, 3) == pytest.approx(delta @ x.T @ x @ delta / residuals.var(), rel=1e-9)


def test_size_under_gaussian_independence():
    """1,000 worlds of constant correlation: the asymptotic test rejects five times in a hundred."""
    rng = np.random.default_rng(1)
    factor = np.linalg.cholesky([[1.0, 0.6], [0.6, 1.0]])
    rejected = [_multiplier(rng.standard_normal((500, 2)) @ factor.T) > stats.chi2.ppf(0.95, 1) for _ in range(1000)]
    assert 0.03 < np.mean(rejected) < 0.07


def test_power_and_null(simulated_margins):
    lively = fit_margins(simulate(1500, 0.3, 0.15, 0.75, seed=7))
    for test in (engle_sheppard_test, tse_test):
        found = test(lively, draws=99, seed=1)
        assert found.p_value <= 0.02
        assert "constant" in found.null
        assert found == test(lively, draws=99, seed=1)
    rng = np.random.default_rng(4)
    rows = simulated_margins.std_residuals.to_numpy()[rng.permutation(1200)]
    shuffled = fit_margins(pd.DataFrame(rows, columns=list("xyz")))
    assert engle_sheppard_test(shuffled, draws=99).p_value > 0.02
    assert tse_test(shuffled, draws=99).p_value > 0.02


def test_likelihood_ratio_with_its_own_null(simulated, simulated_margins):
    result = CDCC().fit(simulated, margins=simulated_margins)
    found = likelihood_ratio_test(result, simulations=19)
    constant = CCC().fit(simulated, margins=simulated_margins)
    assert found.statistic == pytest.approx(2 * (result.correlation_loglik - constant.correlation_loglik), rel=1e-6)
    assert found.p_value == pytest.approx(1 / 20)
    with pytest.raises(EstimationError, match="no dynamics"):
        likelihood_ratio_test(constant)


def test_likelihood_ratio_does_not_reject_a_constant_world():
    returns = simulate(900, 0.5, 0.0, 0.0, seed=12, size=2)
    result = CDCC().fit(returns)
    assert not result.constant
    assert likelihood_ratio_test(result, simulations=19).p_value > 0.05

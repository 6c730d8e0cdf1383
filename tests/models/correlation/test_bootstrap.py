"""Bootstrap of the whole estimation, and the wave of a constant world."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import simulate

from data.errors import EstimationError
from models.correlation import CCC, CDCC, Correlation


@pytest.fixture(scope="module")
def result():
    return CDCC().fit(simulate(800, 0.5, 0.05, 0.9, seed=6, size=2))


def test_bootstrap_t_intervals(result):
    intervals = result.bootstrap_intervals(draws=25, seed=2)
    table = intervals.table
    assert list(table.index) == list(result.params.index)
    assert (table["lower"] < table["upper"]).all()
    np.testing.assert_allclose(table["estimate"], result.params)
    ratio = table["std_error"] / result.std_errors
    assert 0.4 < ratio["a"] < 4.0
    assert intervals.failed <= 0.2
    again = result.bootstrap_intervals(draws=25, seed=2)
    np.testing.assert_array_equal(again.table, table)
    b = intervals.estimate("b", 800)
    assert b.lower == table.loc["b", "lower"]


def test_bootstrap_band_is_of_the_size_of_the_parameter_band(result):
    pair = Correlation("x0", "x1")
    parameter = result.bands(pair, draws=200)
    bootstrap = result.bands(pair, draws=40, kind="bootstrap")
    assert bootstrap.kind == "bootstrap"
    np.testing.assert_allclose(bootstrap.estimate, parameter.estimate)
    ratio = (bootstrap.upper - bootstrap.lower).mean() / (parameter.upper - parameter.lower).mean()
    assert 0.6 < ratio < 1.8


def test_dispersion_tells_dynamics_from_noise(result):
    (wavy,) = result.dispersion((("x0", "x1"),), simulations=19, seed=1)
    assert wavy.percentile == 100.0
    assert wavy.p_value == pytest.approx(1 / 20)
    assert wavy.estimate == pytest.approx(result.correlation("x0", "x1").to_numpy().std())
    with pytest.raises(EstimationError, match="constant"):
        CCC().fit(result.margins.returns, margins=result.margins).dispersion((("x0", "x1"),))

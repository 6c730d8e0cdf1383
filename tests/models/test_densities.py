"""Densities against scipy's, and their shape."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.densities import POINTS, bandwidth, density_frame, kernel_density, log_density_frame


@pytest.fixture(scope="module")
def sample():
    return np.random.default_rng(5).standard_t(5, 400) * 2.0 + 1.0


def test_density_by_scipy(sample):
    places = np.linspace(-8.0, 10.0, 23)
    theirs = stats.gaussian_kde(sample, bw_method=bandwidth(sample) / sample.std(ddof=1))
    assert kernel_density(sample, places) == pytest.approx(theirs(places), rel=1e-10)


def test_bandwidth_of_the_normal_is_silvermans():
    values = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    assert bandwidth(values) == pytest.approx(0.9 * 2000**-0.2, rel=0.02)


def test_a_few_outliers_do_not_widen_the_kernel(sample):
    assert bandwidth(np.r_[sample, 500.0]) == pytest.approx(bandwidth(sample), rel=0.02)


def test_a_drawn_density_holds_all_the_mass(sample):
    frame = density_frame(sample)
    assert len(frame) == POINTS
    assert np.trapezoid(frame["density"], frame["value"]) == pytest.approx(1.0, abs=2e-3)


def test_log_densities_share_a_grid_and_leave_out_what_is_flat(sample):
    table = pd.DataFrame({"calm": np.exp(0.1 * sample), "wild": 9.0 * np.exp(0.2 * sample), "flat": 3.0})
    frame = log_density_frame(table)
    assert list(frame.columns) == ["value", "calm", "wild"]
    places = np.log(frame["value"])
    for name in ("calm", "wild"):
        assert np.trapezoid(frame[name], places) == pytest.approx(1.0, abs=5e-3)
        assert places[frame[name].idxmax()] == pytest.approx(np.log(table[name]).median(), abs=0.2)
    assert log_density_frame(table[["flat"]]).empty

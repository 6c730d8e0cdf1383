"""Intervals from draws: scipy's BCa, the p-value that inverts them, and what cannot be decided."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from models.estimate import NotDecidable
from models.inference.resampling import (
    bias_corrected_estimate,
    bias_corrected_p_value,
    block_jackknife,
    percentile_estimate,
)

RECORD = {"level": 0.95, "n": 40, "unit": "", "method": "mean"}


def skewed(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, size=40)


def test_the_limits_are_those_of_scipy():
    rows = skewed()
    expected = stats.bootstrap((rows,), np.mean, n_resamples=1999, method="BCa", rng=np.random.default_rng(1))
    jackknife = block_jackknife(lambda index: np.array([rows[index].mean()]), rows.size, rows.size)[:, 0]
    found = bias_corrected_estimate(rows.mean(), expected.bootstrap_distribution, jackknife, **RECORD)
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval), rel=1e-3)


def test_the_p_value_at_a_limit_is_the_level():
    rows = skewed(2)
    draws = np.array([np.random.default_rng(s).choice(rows, rows.size).mean() for s in range(1999)])
    jackknife = block_jackknife(lambda index: np.array([rows[index].mean()]), rows.size, 40)[:, 0]
    found = bias_corrected_estimate(rows.mean(), draws, jackknife, **RECORD)
    for limit in (found.lower, found.upper):
        assert bias_corrected_p_value(rows.mean(), draws, jackknife, limit) == pytest.approx(0.05, abs=0.004)


def test_without_a_jackknife_the_interval_is_corrected_for_bias_alone():
    draws = np.random.default_rng(3).normal(size=999)
    missing = np.full(50, np.nan)
    with np.errstate(all="raise"):
        found = bias_corrected_estimate(float(np.median(draws)), draws, missing, **RECORD)
    plain = percentile_estimate(float(np.median(draws)), draws, **RECORD)
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper), abs=0.02)


def test_few_finite_draws_decide_nothing():
    draws = np.where(np.arange(99) < 40, 1.0, np.nan)
    assert isinstance(bias_corrected_estimate(1.0, draws, np.ones(5), **RECORD), NotDecidable)
    assert bias_corrected_p_value(1.0, np.full(9, np.nan), np.ones(5), 0.0) == 1.0
    assert isinstance(percentile_estimate(np.nan, np.ones(99), **RECORD), NotDecidable)


@pytest.mark.parametrize("null", [-12.0, 12.0])
def test_a_null_far_beyond_all_draws_has_the_smallest_p_value_in_spite_of_acceleration(null):
    draws = np.random.default_rng(5).normal(size=399)
    jackknife = np.random.default_rng(6).exponential(size=60)
    assert bias_corrected_p_value(0.0, draws, jackknife, null) == pytest.approx(1.0 / 400.0)
    assert bias_corrected_p_value(0.0, draws, -jackknife, null) == pytest.approx(1.0 / 400.0)


def test_the_p_value_falls_with_the_distance_of_the_null():
    draws = np.random.default_rng(7).normal(size=399)
    jackknife = np.random.default_rng(8).exponential(size=60)
    found = [bias_corrected_p_value(0.0, draws, jackknife, null) for null in np.linspace(0.1, 6.0, 60)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(found))

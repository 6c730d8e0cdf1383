"""Contrasts by ranks and with weights: SciPy, the unweighted contrast, and what leaving a row out does."""

import numpy as np
import pytest
from scipy import stats

from data.errors import EstimationError
from models.inference.contrast_variants import fading_weights, rank_contrast, weighted_contrast
from models.inference.contrasts import Term, analytic_contrast

TERMS = (Term(1.0, 0, 1, 0), Term(-0.5, 0, 2, 1))


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(5)
    return generator.normal(size=(300, 3)) @ generator.normal(size=(3, 3))


@pytest.fixture(scope="module")
def groups():
    return np.repeat([0, 1], [180, 120]).astype(np.int64)


def by_scipy(rows, groups):
    taus = [stats.kendalltau(*rows[groups == one.group][:, [one.first, one.second]].T).statistic for one in TERMS]
    return sum(one.weight * np.sin(np.pi * tau / 2.0) for one, tau in zip(TERMS, taus, strict=True))


def test_ranks_by_scipy(rows, groups):
    estimate = rank_contrast(rows, groups, TERMS, level=0.95, method="")
    assert estimate.value == pytest.approx(by_scipy(rows, groups), abs=1e-12)
    assert estimate.n == 300


def test_the_error_of_ranks_is_the_jackknifes(rows, groups):
    left_out = [by_scipy(np.delete(rows, at, axis=0), np.delete(groups, at)) for at in range(len(rows))]
    sides = [np.array(left_out)[groups == group] for group in (0, 1)]
    jackknife = np.sqrt(sum((one.size - 1) / one.size * np.sum((one - one.mean()) ** 2) for one in sides))
    estimate = rank_contrast(rows, groups, TERMS, level=0.95, method="")
    assert estimate.std_error == pytest.approx(jackknife, rel=0.03)


def test_monotone_changes_leave_ranks_alone(rows, groups):
    plain = rank_contrast(rows, groups, TERMS, level=0.95, method="")
    assert rank_contrast(np.exp(rows), groups, TERMS, level=0.95, method="") == plain


def test_equal_weights_are_no_weights(rows, groups):
    plain = analytic_contrast(rows, groups, TERMS, level=0.95, method="")
    weighted = weighted_contrast(rows, groups, TERMS, np.full(300, 7.0), level=0.95, method="")
    assert weighted.value == pytest.approx(plain.value, abs=1e-12)
    assert weighted.std_error == pytest.approx(plain.std_error, rel=1e-9)


def test_whole_weights_are_repeated_rows(rows, groups):
    times = np.random.default_rng(6).integers(1, 4, size=300)
    weighted = weighted_contrast(rows, groups, TERMS, times.astype(float), level=0.95, method="")
    repeated = analytic_contrast(rows.repeat(times, axis=0), groups.repeat(times), TERMS, level=0.95, method="")
    assert weighted.value == pytest.approx(repeated.value, abs=1e-12)
    assert weighted.std_error > repeated.std_error


def test_fading_weights_fall_in_a_straight_line():
    weights = fading_weights(50)
    assert weights.sum() == pytest.approx(1.0)
    assert np.diff(weights) == pytest.approx(np.full(49, weights[0]))


def test_groups_that_are_too_small_or_do_not_vary_are_refused(rows, groups):
    with pytest.raises(EstimationError, match="2 rows"):
        rank_contrast(rows, np.where(np.arange(300) < 2, 1, 0), TERMS, level=0.95, method="")
    with pytest.raises(EstimationError, match="does not vary"):
        weighted_contrast(rows * [0.0, 1.0, 1.0], groups, TERMS, np.ones(300), level=0.95, method="")

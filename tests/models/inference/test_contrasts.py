"""Contrasts of correlations: brute force, invariances, coverage."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import EstimationError
from models.inference.bootstrap import block_length, stationary_indices, studentised_interval
from models.inference.contrasts import Term, analytic_contrast, correlation_contrast


def rows_and_groups(seed: int, n: int = 200, columns: int = 3):
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(columns, columns))
    return generator.normal(size=(n, columns)) @ mixing, (generator.random(n) < 0.3).astype(np.int64)


def brute_force(rows, groups, terms):
    return sum(term.weight * np.corrcoef(rows[groups == term.group].T)[term.first, term.second] for term in terms)


@given(seed=st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_value_equals_numpy(seed):
    rows, groups = rows_and_groups(seed)
    terms = (Term(1.0, 0, 1, 1), Term(-0.5, 2, 1, 0), Term(0.25, 0, 2, 1))
    estimate = analytic_contrast(rows, groups, terms, level=0.95, method="")
    assert estimate.value == pytest.approx(brute_force(rows, groups, terms), abs=1e-10)


@given(seed=st.integers(0, 2**31), scale=st.floats(1e-3, 1e3), shift=st.floats(-5, 5))
@settings(max_examples=20, deadline=None)
def test_scale_and_location_do_not_matter(seed, scale, shift):
    rows, groups = rows_and_groups(seed)
    terms = (Term(1.0, 0, 1, 1), Term(-1.0, 0, 1, 0))
    plain = analytic_contrast(rows, groups, terms, level=0.95, method="")
    moved = analytic_contrast(rows * scale + shift, groups, terms, level=0.95, method="")
    assert moved.value == pytest.approx(plain.value, abs=1e-7)
    assert moved.std_error == pytest.approx(plain.std_error, rel=1e-5)


def test_standard_error_of_one_gaussian_correlation():
    rows = np.random.default_rng(7).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=20_000)
    estimate = analytic_contrast(rows, np.zeros(20_000, dtype=np.int64), (Term(1.0, 0, 1, 0),), level=0.95, method="")
    assert estimate.std_error == pytest.approx((1 - 0.5**2) / np.sqrt(20_000), rel=0.03)


def test_negative_codes_belong_to_no_group():
    rows, groups = rows_and_groups(8)
    padded = np.vstack([rows, rows[:50] * 100.0])
    codes = np.concatenate([groups, np.full(50, -1)])
    terms = (Term(1.0, 0, 1, 1),)
    inside = analytic_contrast(rows, groups, terms, level=0.95, method="")
    assert analytic_contrast(padded, codes, terms, level=0.95, method="").value == pytest.approx(inside.value)


def test_bootstrap_interval_covers_a_difference_of_correlations():
    generator = np.random.default_rng(9)
    hits, replications = 0, 120
    for replication in range(replications):
        chi = np.sqrt(6 / generator.chisquare(6, size=336))[:, None]
        before = generator.multivariate_normal([0, 0], [[1, 0.1], [0.1, 1]], size=252)
        inside = generator.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=84)
        rows = np.vstack([before, inside]) * chi
        groups = np.repeat([0, 1], [252, 84]).astype(np.int64)
        effect = correlation_contrast(
            rows,
            groups,
            (Term(1.0, 0, 1, 1), Term(-1.0, 0, 1, 0)),
            strata=(252, 84),
            level=0.95,
            replications=299,
            block_bounds=(5, 40),
            seed=replication,
            method="",
        )
        hits += effect.estimate.contains(0.4)
    assert 0.88 <= hits / replications <= 1.0


def test_p_value_agrees_with_the_interval():
    for seed in range(25):
        rows, groups = rows_and_groups(seed, n=300)
        terms = tuple(Term(1 / 3, i, j, 1) for i, j in combinations(range(3), 2))
        effect = correlation_contrast(
            rows, groups, terms, strata=(300,), level=0.95, replications=199, block_bounds=(5, 40), seed=1, method=""
        )
        if abs(effect.p_value - 0.05) > 0.02:
            assert effect.estimate.contains(0.0) == (effect.p_value > 0.05)


def test_strata_are_resampled_separately():
    indices = stationary_indices((30, 10), 5.0, 50, seed=3)
    assert indices.shape == (50, 40)
    assert indices[:, :30].max() < 30
    assert indices[:, 30:].min() >= 30
    np.testing.assert_array_equal(indices, stationary_indices((30, 10), 5.0, 50, seed=3))


def test_block_length_is_bounded():
    generator = np.random.default_rng(1)
    assert block_length(generator.normal(size=500), floor=5, cap=40) == 5.0
    walk = np.cumsum(generator.normal(size=500))
    assert block_length(walk, floor=5, cap=20) == 20.0


def test_studentised_interval_of_a_pivot_is_the_textbook_one():
    generator = np.random.default_rng(2)
    draws = generator.normal(1.0, 0.2, size=200_000)
    estimate, p_value = studentised_interval(
        1.0, 0.2, draws, np.full(draws.size, 0.2), level=0.95, n=1, unit="", method=""
    )
    assert estimate.lower == pytest.approx(1.0 - 1.96 * 0.2, abs=0.01)
    assert estimate.upper == pytest.approx(1.0 + 1.96 * 0.2, abs=0.01)
    assert p_value == pytest.approx(5.7e-7, abs=1e-5)


def bootstrapped(rows, groups, terms):
    return correlation_contrast(
        rows,
        groups,
        terms,
        strata=(len(rows),),
        level=0.95,
        replications=99,
        block_bounds=(5, 40),
        seed=1,
        method="contrast",
    )


@pytest.mark.parametrize("measure", [bootstrapped, lambda *given: analytic_contrast(*given, level=0.95, method="c")])
def test_what_has_no_correlation_is_refused_by_name(measure):
    rows, groups = rows_and_groups(3)
    terms = (Term(1.0, 0, 1, 1), Term(-1.0, 0, 1, 0))
    few = np.zeros_like(groups)
    few[:2] = 1
    with pytest.raises(EstimationError, match="2 rows in a group"):
        measure(rows, few, terms)
    with pytest.raises(EstimationError, match="0 rows in a group"):
        measure(rows, np.full_like(groups, -1), terms)
    with pytest.raises(EstimationError, match="not finite"):
        measure(np.where(np.arange(len(rows))[:, None] == 7, np.nan, rows), groups, terms)
    with pytest.raises(EstimationError, match="does not vary"):
        measure(rows * [1.0, 0.0, 1.0], groups, terms)


def test_groups_that_no_term_uses_may_be_empty():
    rows, groups = rows_and_groups(4)
    terms = (Term(1.0, 0, 1, 1),)
    alone = analytic_contrast(rows[groups == 1], groups[groups == 1], terms, level=0.95, method="")
    assert alone == analytic_contrast(rows, groups, terms, level=0.95, method="")


def test_the_same_series_twice_has_no_sampling_error():
    rows = np.zeros((40, 2))
    rows[:20] = 1.0
    with pytest.raises(EstimationError, match="no sampling error"):
        bootstrapped(rows, np.zeros(40, dtype=np.int64), (Term(1.0, 0, 1, 0),))

"""Break tests: limits against Andrews' table, brute force, recovery, size."""

import itertools

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.regimes.breaks import _partition, bai_perron, cusum_of_squares, limit_probability, long_run_variance, sup_f


def _series(means, length, seed, dependence=0.0):
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(length * len(means))
    for t in range(1, len(noise)):
        noise[t] += dependence * noise[t - 1]
    dates = pd.bdate_range("2015-01-01", periods=len(noise))
    return pd.Series(np.repeat(means, length) + noise, index=dates)


@pytest.mark.parametrize(
    ("trim", "critical", "level"), [(0.15, 7.12, 0.90), (0.15, 8.68, 0.95), (0.15, 12.16, 0.99), (0.10, 9.11, 0.95)]
)
def test_limit_agrees_with_the_table_of_andrews(trim, critical, level):
    """Andrews (2003), Econometrica 71, corrected table for one parameter; steps lower the supremum a little."""
    assert limit_probability(critical, trim) == pytest.approx(level, abs=0.012)


def test_partition_is_the_best_of_all():
    x = np.random.default_rng(0).normal(size=16)
    sums, starts = _partition(x, 3, 3)

    def squares(edges):
        return sum(((x[a:b] - x[a:b].mean()) ** 2).sum() for a, b in itertools.pairwise(edges))

    for breaks in (1, 2):
        tried = {
            edges: squares((0, *edges, 16))
            for edges in itertools.combinations(range(3, 14), breaks)
            if min(b - a for a, b in itertools.pairwise((0, *edges, 16))) >= 3
        }
        best = min(tried, key=tried.get)
        assert sums[breaks] == pytest.approx(tried[best], abs=1e-10)
        assert tuple(starts[breaks, 1 : breaks + 1]) == best


def test_two_breaks_are_found_and_dated():
    x = _series([0.0, 1.0, -0.5], 300, 1, dependence=0.2)
    found = bai_perron(x)
    assert len(found.breaks) == 2
    assert found.number_by_bic == 2
    assert found.rejected is not None
    assert found.rejected.p_value > 0.05
    for position, item in zip((300, 600), found.breaks, strict=True):
        assert item.lower < item.date < item.upper
        assert abs(x.index.get_loc(item.date) - position) < 20
        assert item.test.p_value < 0.05
    assert found.breaks[0].after == pytest.approx(found.breaks[1].before)


def test_intervals_of_the_date_cover_it():
    covered = []
    for seed in range(100):
        x = _series([0.0, 1.0], 300, seed)
        found = bai_perron(x, most=1).breaks[0]
        covered.append(found.lower <= x.index[300] <= found.upper)
    assert np.mean(covered) >= 0.85


def test_no_break_is_no_break_at_nominal_size():
    rejections = [sup_f(_series([0.0], 400, seed, dependence=0.3)).p_value < 0.05 for seed in range(200)]
    assert np.mean(rejections) < 0.12
    assert bai_perron(_series([0.0], 400, 3)).breaks == ()


def test_a_break_in_the_mean_is_seen_by_sup_f():
    test = sup_f(_series([0.0, 0.5], 400, 4))
    assert test.p_value < 0.01
    assert "constant" in test.null


def test_cusum_of_squares_sees_a_change_of_variance_only():
    generator = np.random.default_rng(5)
    calm = generator.standard_t(6, 1500)
    changed = calm * np.repeat([1.0, 1.6, 1.0], 500)
    assert cusum_of_squares(calm).p_value > 0.05
    assert cusum_of_squares(changed).p_value < 0.05
    rejections = [
        cusum_of_squares(np.random.default_rng(seed).standard_t(6, 600)).p_value < 0.05 for seed in range(200)
    ]
    assert np.mean(rejections) < 0.10


def test_long_run_variance_of_an_autoregression():
    x = _series([0.0], 50_000, 6, dependence=0.5).to_numpy()
    assert long_run_variance(x) == pytest.approx(4.0, rel=0.15)


def test_unusable_series_get_a_typed_answer():
    with pytest.raises(EstimationError, match="no room"):
        sup_f(np.arange(5.0))
    with pytest.raises(EstimationError, match="does not vary"):
        sup_f(np.ones(100))
    with pytest.raises(EstimationError, match="one is needed"):
        sup_f(np.random.default_rng(0).normal(size=(50, 2)))

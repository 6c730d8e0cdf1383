"""Curves against curves with the null true: by hand, and their size beside Rüger's bound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from models.estimate import Estimate
from models.inference.curves import CurveStatistics, curve_statistics, resampled_p_values
from models.inference.multiplicity import joint_p_value

Z = float(stats.norm.ppf(0.975))
ALTERNATIVES, HISTORIES, DRAWS = 12, 300, 39


def estimate(value: float, error: float = 1.0) -> Estimate:
    return Estimate(value, error, value - Z * error, value + Z * error, 0.95, 100, "", "made up")


def test_the_statistics_of_a_small_curve_by_hand() -> None:
    found = curve_statistics([estimate(3.0), estimate(1.0, 0.5), estimate(-1.0), estimate(9.0, 0.0)])
    assert found.median == 2.0
    assert found.share == pytest.approx(2.0 / 3.0)
    assert found.average_z == pytest.approx((3.0 + 2.0 - 1.0) / np.sqrt(3.0))


def test_one_interval_makes_no_curve() -> None:
    assert curve_statistics([estimate(1.0), estimate(2.0, 0.0)]) is None


def test_p_values_count_the_draws_at_or_above() -> None:
    drawn = [CurveStatistics(0.1, 0.0, 2.0), CurveStatistics(0.3, 0.5, 0.0), CurveStatistics(0.2, 0.0, 3.0)]
    found = resampled_p_values(CurveStatistics(0.2, 0.5, 5.0), drawn)
    assert (found.median, found.share, found.average_z) == (0.75, 0.5, 0.25)


def rejected(effects: tuple[float, ...]) -> list[tuple[float, float]]:
    """For each effect the shares of toy histories in which the resampling, and Rüger's bound, reject at 5 %.

    The alternatives correlate with 0.7; every history draws nulls of its own.
    """
    generator = np.random.default_rng(7)

    def scores() -> np.ndarray:
        common, own = generator.standard_normal(), generator.standard_normal(ALTERNATIVES)
        return np.sqrt(0.7) * common + np.sqrt(0.3) * own

    counts = np.zeros((len(effects), 2))
    for _ in range(HISTORIES):
        null = [curve_statistics([estimate(one) for one in scores()]) for _ in range(DRAWS)]
        history = scores()
        for row, effect in enumerate(effects):
            values = history + effect
            p = resampled_p_values(curve_statistics([estimate(one) for one in values]), null)
            counts[row] += (p.average_z <= 0.05, joint_p_value([float(stats.norm.sf(one)) for one in values]) <= 0.05)
    return [(float(resampled), float(bound)) for resampled, bound in counts / HISTORIES]


def test_the_resampling_keeps_its_size_and_finds_more_than_the_bound() -> None:
    (size, size_of_bound), (power, power_of_bound), (large, _) = rejected((0.0, 2.0, 6.0))
    assert 0.01 <= size <= 0.09
    assert size_of_bound <= size
    assert power > power_of_bound
    assert large == 1.0

"""What a design finds and what its findings are worth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from models.inference.power import effect_found, exaggeration, smallest_detectable_effect

CRITICAL = float(stats.norm.ppf(0.975))


@pytest.mark.parametrize(
    ("effect", "std_error", "power", "type_s", "type_m"),
    [(0.1, 3.28, 0.05, 0.46, 78.0), (2.0, 8.1, 0.06, 0.24, 9.7)],
    ids=["beauty and sex ratio", "twice an effect of one percentage point"],
)
def test_published_errors_of_sign_and_magnitude(
    effect: float, std_error: float, power: float, type_s: float, type_m: float
) -> None:
    """The order of the figures of Gelman and Carlin (2014), who simulate with rounding."""
    found = exaggeration(effect, std_error, CRITICAL * std_error)
    assert found.power == pytest.approx(power, abs=0.006)
    assert found.type_s == pytest.approx(type_s, abs=0.01)
    assert found.type_m == pytest.approx(type_m, rel=0.05)


@pytest.mark.parametrize("hurdle", [0.5, 1.96, 3.0])
@pytest.mark.parametrize("effect", [0.3, 1.0, 2.5])
def test_errors_are_those_of_simulated_estimates(effect: float, hurdle: float) -> None:
    draws = np.random.default_rng(1).normal(effect, 1.0, 2_000_000)
    reported = draws[np.abs(draws) > hurdle]
    found = exaggeration(effect, 1.0, hurdle)
    assert found.power == pytest.approx(reported.size / draws.size, rel=0.02)
    assert found.type_s == pytest.approx(np.mean(reported < 0.0), rel=0.1, abs=1e-3)
    assert found.type_m == pytest.approx(np.abs(reported).mean() / effect, rel=0.01)


def test_no_hurdle_reports_everything() -> None:
    found = exaggeration(5.0, 1.0, 0.0)
    assert found.power == pytest.approx(1.0)
    assert found.type_m == pytest.approx(1.0, abs=1e-5)


def test_the_smallest_detectable_effect_has_its_power() -> None:
    for std_error, sesoi, comparisons in ((1.0, 0.5, 1), (1.0, 3.0, 1), (0.2, 0.1, 4)):
        effect = smallest_detectable_effect(std_error, sesoi, level=0.95, comparisons=comparisons)
        hurdle = max(stats.norm.ppf(1.0 - 0.025 / comparisons) * std_error, sesoi)
        assert stats.norm.sf(hurdle, effect, std_error) == pytest.approx(0.8, abs=1e-6)


def test_the_effect_found_lies_between_the_simulated_ones() -> None:
    assert effect_found([(0.0, 0.0), (1.0, 0.4), (2.0, 0.9)]) == pytest.approx(1.8)
    assert effect_found([(0.0, 0.0), (1.0, 0.4)]) is None
    assert effect_found([(1.0, 0.8), (2.0, 0.9)]) == 1.0
    assert effect_found([]) is None

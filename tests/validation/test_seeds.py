"""Verdicts over seeds: which differ, and whether the draws explain it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.validation.seeds import section, stability


def entry(outcome: str, lower: float, *, length: float = 1.0) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "ends": {"rise": [lower, lower + length]},
        "distances": {"lower end from zero, part 1": lower, "upper end from zero, part 1": lower + length},
    }


def test_a_flip_at_the_threshold_is_explained() -> None:
    records = [{"C03": entry(*pair)} for pair in (("supported", 0.02), ("inconclusive", -0.01), ("supported", 0.03))]
    found = stability("C03", records)
    assert found.flips
    assert found.explained
    assert found.nearest == "lower end from zero, part 1"
    assert found.margin == pytest.approx((0.04 / 3.0) / 0.0208167, rel=1e-4)
    assert found.error == pytest.approx(0.0208167, rel=1e-4)


def test_a_flip_far_from_every_threshold_is_not() -> None:
    records = [{"C03": entry(*pair)} for pair in (("supported", 0.50), ("inconclusive", 0.51), ("supported", 0.52))]
    found = stability("C03", records)
    assert found.flips
    assert not found.explained
    assert "not explained: C03" in section({"real data": records})


def test_what_no_draw_moves_has_no_margin() -> None:
    found = stability("C25", [{"C25": entry("supported", 0.0, length=0.0)}] * 3)
    assert not found.flips
    assert math.isinf(found.margin)
    assert found.nearest == ""
    assert found.error == 0.0


def test_without_market_data_the_section_says_so() -> None:
    assert "STUDY_MARKET_DATA names no folder" in section({})

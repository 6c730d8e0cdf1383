"""On the bundled sample the estimates recover the truth they were drawn from."""

import json
from pathlib import Path

import pytest

from models.claims.recovery import recovery

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def recovered(suite, verdicts):
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    return recovery(truth["population"], suite, tuple(verdicts.values()))


def test_betas_correlations_and_headlines_are_compared(recovered):
    assert len(recovered) >= 15


def test_intervals_cover_as_often_as_they_claim(recovered):
    """Nineteen 95 % intervals: two misses happen one time in four, four misses one time in a hundred."""
    misses = [one.label for one in recovered if not one.inside]
    assert len(misses) <= 3, misses


def test_no_estimate_is_far_from_its_truth(recovered):
    for one in recovered:
        assert abs(one.estimate.value - one.truth) <= 4.0 * one.estimate.std_error, one.label

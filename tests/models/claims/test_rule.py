"""Truth tables of the verdict rules."""

from itertools import product

import pytest

from models.claims.rule import (
    Curve,
    conjunction,
    curve,
    judge_effect,
    judge_range,
    range_curve,
    union,
)
from models.claims.verdict import Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable
from models.inference.multiplicity import holm, holm_factors


def effect(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(value, 0.1, lower, upper, 0.95, 100, "", "made up")


AGREE = Curve(share=0.9, median=0.2, count=10, failed=0, needed=2 / 3)
SPLIT = Curve(share=0.5, median=0.2, count=10, failed=0, needed=2 / 3)
SMALL = Curve(share=0.7, median=0.01, count=10, failed=0, needed=2 / 3)


@pytest.mark.parametrize(
    ("estimate", "p_adjusted", "specifications", "expected"),
    [
        (effect(-0.3, -0.5, -0.1), 0.001, AGREE, Outcome.NOT_SUPPORTED),
        (effect(0.02, -0.03, 0.07), 0.4, AGREE, Outcome.NOT_SUPPORTED),
        (effect(0.05, 0.02, 0.08), 0.001, AGREE, Outcome.NOT_SUPPORTED),
        (effect(0.2, 0.1, 0.3), 0.001, AGREE, Outcome.SUPPORTED),
        (effect(0.2, 0.1, 0.3), 0.001, None, Outcome.SUPPORTED),
        (effect(0.2, 0.1, 0.3), None, AGREE, Outcome.SUPPORTED),
        (effect(0.2, 0.1, 0.3), 0.05, AGREE, Outcome.MIXED),
        (effect(0.2, 0.1, 0.3), 0.001, SPLIT, Outcome.MIXED),
        (effect(0.2, 0.1, 0.3), 0.001, SMALL, Outcome.MIXED),
        (effect(0.08, 0.01, 0.15), 0.001, AGREE, Outcome.MIXED),
        (effect(0.2, -0.1, 0.5), 0.2, AGREE, Outcome.INCONCLUSIVE),
        (effect(-0.2, -0.5, 0.3), 0.2, AGREE, Outcome.INCONCLUSIVE),
    ],
)
def test_general_rule(estimate, p_adjusted, specifications, expected):
    ruling = judge_effect(estimate, 0.1, p_adjusted=p_adjusted, specifications=specifications)
    assert ruling.outcome is expected


def test_mixed_names_every_condition_that_failed():
    reason = judge_effect(effect(0.08, 0.01, 0.15), 0.1, p_adjusted=0.2, specifications=SPLIT).reason
    for words in ("below the size", "correction", "too few specifications"):
        assert words in reason


def test_an_excluded_but_real_effect_is_named_so():
    ruling = judge_effect(effect(0.05, 0.02, 0.08), 0.1, p_adjusted=0.001, specifications=AGREE)
    assert "a smaller effect is real" in ruling.reason


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (effect(2.5, 2.3, 2.7), Outcome.SUPPORTED),
        (effect(1.9, 1.86, 1.95), Outcome.SUPPORTED),
        (effect(1.6, 1.5, 1.7), Outcome.NOT_SUPPORTED),
        (effect(3.6, 3.3, 3.9), Outcome.NOT_SUPPORTED),
        (effect(2.0, 1.7, 2.3), Outcome.MIXED),
        (effect(1.8, 1.6, 2.0), Outcome.INCONCLUSIVE),
    ],
)
def test_range_rule(estimate, expected):
    assert judge_range(estimate, 2.0, 3.0, 0.15, AGREE).outcome is expected


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (effect(2.1, 1.7, 2.5), "the estimate lies inside the claimed range, and"),
        (effect(1.91, 1.67, 2.14), "the estimate lies outside the claimed range, though within its tolerance, and"),
        (effect(2.5, 2.3, 2.7), "the whole interval lies inside the claimed range"),
        (effect(2.1, 1.9, 2.3), "the whole interval lies inside the claimed range and its tolerance"),
    ],
)
def test_a_tolerance_is_not_the_range(estimate, words):
    reason = judge_range(estimate, 2.0, 3.0, 0.15, AGREE).reason
    assert reason.startswith(words)
    assert reason == words or "reaches beyond" in reason


def test_range_rule_asks_the_specifications():
    assert judge_range(effect(2.5, 2.3, 2.7), 2.0, 3.0, 0.15, SPLIT).outcome is Outcome.MIXED


@pytest.mark.parametrize("outcomes", list(product(Outcome, repeat=2)))
def test_conjunction_and_union_are_symmetric_and_keep_unanimity(outcomes):
    assert conjunction(outcomes) is conjunction(outcomes[::-1])
    assert union(outcomes) is union(outcomes[::-1])
    if outcomes[0] is outcomes[1]:
        assert conjunction(outcomes) is union(outcomes) is outcomes[0]


def test_conjunction_fails_with_any_part():
    assert conjunction([Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]) is Outcome.NOT_SUPPORTED
    assert conjunction([Outcome.SUPPORTED, Outcome.MIXED]) is Outcome.MIXED
    assert conjunction([Outcome.SUPPORTED, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE
    assert conjunction([Outcome.MIXED, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE
    assert conjunction([Outcome.SUPPORTED, Outcome.NOT_TESTABLE]) is Outcome.NOT_TESTABLE


def test_union_stands_with_any_part():
    assert union([Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]) is Outcome.SUPPORTED
    assert union([Outcome.MIXED, Outcome.INCONCLUSIVE]) is Outcome.MIXED
    assert union([Outcome.INCONCLUSIVE, Outcome.NOT_SUPPORTED]) is Outcome.INCONCLUSIVE


def test_curves_count_failures_and_average_only_what_succeeded():
    results = [
        SpecificationResult("one", effect(0.2, 0.1, 0.3)),
        SpecificationResult("two", effect(0.04, 0.0, 0.1)),
        SpecificationResult("three", NotDecidable("too few days")),
    ]
    summary = curve(results, 0.1, 2 / 3)
    assert summary is not None
    assert (summary.share, summary.median, summary.count, summary.failed) == (0.5, pytest.approx(0.12), 2, 1)
    inside = range_curve(results, 0.1, 0.3, 2 / 3)
    assert inside is not None
    assert inside.share == 0.5
    failed = curve(results[2:], 0.1, 2 / 3)
    assert failed is not None
    assert (failed.share, failed.count, failed.failed) == (0.0, 0, 1)
    assert curve([], 0.1, 2 / 3) is None


def test_holm_factors_raise_each_p_value_as_holm_does_before_the_cap():
    p_values = (0.02, 0.004, 0.9, 0.03)
    factors = holm_factors(p_values)
    capped = tuple(min(1.0, p * factor) for p, factor in zip(p_values, factors, strict=True))
    assert capped == pytest.approx(holm(p_values))
    assert factors[1] == 4.0
    assert factors[2] == pytest.approx(1.0)
    assert holm_factors(()) == ()


def test_a_part_without_a_size_does_not_claim_one():
    assert "no size was asked" in judge_effect(effect(0.2, 0.1, 0.3), 0.0, p_adjusted=0.001, specifications=None).reason

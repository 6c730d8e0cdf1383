"""Specifications that cannot be estimated are kept and named; ten that are alike count as one."""

from data.errors import EstimationError
from models.claims.specifications import attempted, smallest
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable


def effect(value: float) -> Estimate:
    return Estimate(value, 0.1, value - 0.2, value + 0.2, 0.95, 100, "", "made up")


def test_a_refusal_becomes_a_reason():
    def refuse() -> Estimate:
        raise EstimationError("beta of miners", "only 3 complete sessions", "Use more.")

    result = attempted("short sample", refuse)
    assert result.label == "short sample"
    assert result.estimate == NotDecidable("beta of miners: only 3 complete sessions")
    assert attempted("whole sample", lambda: effect(0.3)).estimate == effect(0.3)


def test_the_smallest_estimate_is_kept_and_refusals_are_passed_over():
    results = [
        SpecificationResult("one", effect(0.4)),
        SpecificationResult("two", NotDecidable("no data")),
        SpecificationResult("three", effect(-0.1)),
    ]
    assert smallest(results) == (results[2],)
    assert smallest(results[1:2]) == ()

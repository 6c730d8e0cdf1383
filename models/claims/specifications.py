"""Alternative measurements of one effect, where some may turn out impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable, measured_or_reason


def attempted(label: str, measure: Callable[[], Estimate | NotDecidable]) -> SpecificationResult:
    """A specification's estimate; one that cannot be estimated is kept with its reason, so that it is counted."""
    return SpecificationResult(label, measured_or_reason(measure))


def smallest(results: Iterable[SpecificationResult]) -> tuple[SpecificationResult, ...]:
    """The one with the smallest estimate, so that many that are alike weigh as one; none where none has any."""
    values = [(one.estimate.value, one) for one in results if isinstance(one.estimate, Estimate)]
    return (min(values, key=lambda pair: pair[0])[1],) if values else ()

"""Alternative measurements of one effect, where some may turn out impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from data.errors import EstimationError
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable


def attempted(label: str, measure: Callable[[], Estimate | NotDecidable]) -> SpecificationResult:
    """A specification's estimate; one that cannot be estimated is kept with its reason, so that it is counted."""
    try:
        return SpecificationResult(label, measure())
    except EstimationError as error:
        return SpecificationResult(label, NotDecidable(f"{error.culprit}: {error.problem}"))


def smallest(results: Iterable[SpecificationResult]) -> tuple[SpecificationResult, ...]:
    """The one with the smallest estimate, so that many that are alike weigh as one; none where none has any."""
    values = [(one.estimate.value, one) for one in results if isinstance(one.estimate, Estimate)]
    return (min(values, key=lambda pair: pair[0])[1],) if values else ()

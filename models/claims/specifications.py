"""Alternative measurements of one effect, where some may turn out impossible."""

from __future__ import annotations

from collections.abc import Callable

from data.errors import EstimationError
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable


def attempted(label: str, measure: Callable[[], Estimate | NotDecidable]) -> SpecificationResult:
    """A specification's estimate; one that cannot be estimated is kept with its reason, so that it is counted."""
    try:
        return SpecificationResult(label, measure())
    except EstimationError as error:
        return SpecificationResult(label, NotDecidable(f"{error.culprit}: {error.problem}"))

"""Cells that every table shares."""

from __future__ import annotations

from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable
from reports.document import Cell, Chip, cell
from reports.narrative import exact
from reports.text import (
    NOT_APPLICABLE,
    interval,
    quantity,
)

#: A table in the body has no more rows than this.
MOST_ROWS = 40
RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
LIGHTS = {"green": Chip("good", "✓", "green"), "amber": Chip("warn", "±", "amber"), "red": Chip("bad", "×", "red")}


def value_cell(estimate: Estimate | NotDecidable | None) -> Cell:
    """Estimate with its unit; not applicable where there is none."""
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    return cell(quantity(estimate.value, estimate.unit), estimate.value)


def interval_cell(estimate: Estimate | NotDecidable | None) -> Cell:
    """Limits of an estimate's interval; not applicable to an exact reading."""
    if not isinstance(estimate, Estimate) or exact(estimate):
        return cell(NOT_APPLICABLE)
    return cell(interval(estimate.lower, estimate.upper, estimate.unit), estimate.lower)

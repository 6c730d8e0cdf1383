"""The main figures: one table a family, one row a measure, one column an asset."""

from __future__ import annotations

from collections.abc import Mapping

from models.estimate import Estimate, NotDecidable
from models.measurements import Family, Measured
from reports.document import Cell, Column, Small, Table, cell
from reports.text import NOT_APPLICABLE, capitalised, interval, number, p_value, unit_words

ALL = "All assets"
#: Share of the table's width, in percent, that the measures take.
LABEL_WIDTH = 28.0


def measurement_table(family: Family, names: Mapping[str, str], source: str, level: str) -> Table:
    """A family's figures, intervals beneath; what an estimator refused is in the results file with its reason."""
    heads, grid = matrix(family, names)
    width = (100.0 - LABEL_WIDTH) / max(len(heads), 1)
    tests = any(not isinstance(one.answer, Estimate | NotDecidable) for one in family.figures)
    note = f"{level} intervals below each figure. {family.note}"
    return Table(
        key=f"measured-{family.name}",
        title=family.title,
        columns=(Column("Measure", width=LABEL_WIDTH), *(Column(head, "number", width) for head in heads)),
        rows=tuple(
            (cell(capitalised(label)), *(_answer(row.get(head)) for head in heads)) for label, row in grid.items()
        ),
        source=source,
        note=f"{note} Rows that end with a question mark give the p-value of that statement." if tests else note,
        style="compact",
    )


def matrix(family: Family, names: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, dict[str, Measured]]]:
    """Heads in order of appearance, and the figures by row and head; a row is named with its unit."""
    grid: dict[str, dict[str, Measured]] = {}
    heads: dict[str, None] = {}
    for one in family.figures:
        head = " on ".join(names[role] for role in one.of) or ALL
        heads[head] = None
        grid.setdefault(one.label.format(names.get(one.partner, one.partner)), {})[head] = one
    return tuple(heads), {_with_unit(words, row): row for words, row in grid.items()}


def _with_unit(words: str, row: Mapping[str, Measured]) -> str:
    units = (one.answer.unit for one in row.values() if isinstance(one.answer, Estimate))
    unit = next(units, "")
    return f"{words}, {unit_words(unit)}" if unit else words


def _answer(one: Measured | None) -> Cell:
    if one is None or isinstance(one.answer, NotDecidable):
        return cell(NOT_APPLICABLE)
    if isinstance(one.answer, Estimate):
        found = one.answer
        return cell((number(found.value), Small(interval(found.lower, found.upper))), found.value)
    return cell(p_value(one.answer.p_value), one.answer.p_value)

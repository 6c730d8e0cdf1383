"""Correlations on every clock: one row a partner, one column a clock."""

from __future__ import annotations

from collections.abc import Mapping

from models.clock import EXCHANGE, MIDNIGHT, SYNCHRONISED, TWO_DAY, WEEKLY, ClockRow
from models.estimate import Estimate, NotDecidable
from reports.document import Cell, Column, Small, Table, cell
from reports.text import NOT_APPLICABLE, interval, number

#: Heads of the clocks that the page shows; the last correction stands in results.json.
HEADS = {
    EXCHANGE: "16:00 New York",
    MIDNIGHT: "24:00 UTC",
    SYNCHRONISED: "24:00 UTC, synchronised",
    TWO_DAY: "24:00 UTC, two days",
    WEEKLY: "24:00 UTC, weeks",
}


def clock_table(names: Mapping[str, str], rows: Mapping[str, ClockRow], asset: str, source: str, note: str) -> Table:
    """Correlation of one asset with each of the others on five clocks, and its lead of a session on two."""

    def line(role: str, row: ClockRow) -> tuple[Cell, ...]:
        return (
            cell(names[role]),
            *(_estimate(row.correlations[clock]) for clock in HEADS),
            _estimate(row.differences[MIDNIGHT]),
            *(_estimate(row.leads[clock]) for clock in (EXCHANGE, MIDNIGHT)),
            cell(number(row.n, 0), row.n),
        )

    return Table(
        key="clocks",
        title=f"Correlation of {asset} with each partner, by the clock of its close",
        columns=(
            Column("With", width=16),
            *(Column(head, "number", 11) for head in HEADS.values()),
            Column("24:00 UTC less 16:00", "number", 11),
            Column("Lead, 16:00", "number", 11),
            Column("Lead, 24:00 UTC", "number", 11),
            Column("n", "number", 7),
        ),
        rows=tuple(line(role, row) for role, row in rows.items()),
        source=source,
        note=note,
        style="compact",
    )


def _estimate(one: Estimate | NotDecidable) -> Cell:
    if not isinstance(one, Estimate):
        return cell(NOT_APPLICABLE)
    return cell((number(one.value), Small(interval(one.lower, one.upper))), one.value)

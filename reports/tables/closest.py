"""Figures beside the statements that cannot be tested."""

from __future__ import annotations

from collections.abc import Sequence

from models.claims.closest import ClosestReadings, ProxyReading
from models.estimate import Estimate
from reports.document import Cell, Column, Small, Table, cell
from reports.narrative import exact
from reports.tables.cells import interval_cell
from reports.text import NOT_APPLICABLE, capitalised, decimals_for, interval, listing, number, quantity, sentence


def closest_table(closest: Sequence[ClosestReadings], source: str) -> Table | None:
    """One row a figure, and one for the verdicts a row is drawn from; None where there are none."""
    rows = [
        row
        for one in closest
        for row in (
            *(_figure(one.id, reading) for reading in one.readings),
            *((_drawn(one),) if one.weakest is not None else ()),
        )
    ]
    if not rows:
        return None
    return Table(
        key="closest",
        title="The closest figures to statements that cannot be tested",
        columns=(
            Column("Id", width=5),
            Column("Figure", width=34),
            Column("Value", "number", 14),
            Column("Interval", "number", 14),
            Column("Dates", width=17),
            Column("Percentile", "number", 16),
        ),
        rows=tuple(rows),
        source=source,
        note=(
            "Dates are reference dates, as far as they were released at the article’s date. Percentile: share of all "
            "earlier spans with as many values that came to less; the spans overlap. No figure here is a test."
        ),
        style="compact",
    )


def _figure(key: str, reading: ProxyReading) -> tuple[Cell, ...]:
    value = reading.value
    if not isinstance(value, Estimate):
        none = cell(NOT_APPLICABLE)
        return cell(key, key), cell((capitalised(reading.label), Small(sentence(str(value))))), none, none, none, none
    percentile = (
        cell((number(reading.percentile, 1), Small(f"of {number(reading.spans, 0)} spans")), reading.percentile)
        if reading.percentile is not None
        else cell(NOT_APPLICABLE)
    )
    return (
        cell(key, key),
        cell(capitalised(reading.label)),
        cell((number(value.value, decimals_for(value.unit)), Small(value.unit)), value.value),
        interval_cell(value),
        cell(dates(reading)),
        percentile,
    )


def _drawn(one: ClosestReadings) -> tuple[Cell, ...]:
    told = listing(f"{claim} {outcome.value}" for claim, outcome in one.verdicts.items())
    none = cell(NOT_APPLICABLE)
    weakest = one.weakest.value if one.weakest is not None else NOT_APPLICABLE
    what = "Verdict of the claim" if len(one.verdicts) == 1 else "The weakest of the claims’ verdicts"
    return cell(one.id, one.id), cell((what, Small(sentence(told)))), cell(weakest), none, none, none


def dates(reading: ProxyReading) -> str:
    """The days between which a figure was taken."""
    if reading.first is None or reading.last is None:
        return NOT_APPLICABLE
    first, last = reading.first.isoformat(), reading.last.isoformat()
    return first if first == last else f"{first} to {last}"


def closest_clause(reading: ProxyReading) -> str:
    """A figure in running text, with its dates and its place."""
    value = reading.value
    if not isinstance(value, Estimate):
        return f"{reading.label}: {value}"
    limits = "" if exact(value) else f" {interval(value.lower, value.upper, value.unit)}"
    place = (
        f", percentile {number(reading.percentile, 0)} of {number(reading.spans, 0)} earlier spans"
        if reading.percentile is not None
        else ""
    )
    return f"{reading.label}: {quantity(value.value, value.unit)}{limits} ({dates(reading)}){place}"

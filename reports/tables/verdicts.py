"""Tables of verdicts: the answer, the parts of a statement, what is shown beside it, the windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from data.panel import Panel
from data.study import Study
from models.claims.verdict import Confirmation, Verdict
from models.estimate import Estimate, NotDecidable, TestResult
from reports.document import Cell, Column, Small, Strong, Table, cell
from reports.narrative import MEANINGS, chip, exact
from reports.quoted import Quoted, decisive, quoted
from reports.reasons import capitalised_label, short_reason
from reports.tables.cells import MOST_ROWS, RANK, interval_cell, value_cell
from reports.text import (
    NO_BREAK,
    NOT_APPLICABLE,
    SHORT_UNITS,
    capitalised,
    day,
    decimals_for,
    level,
    number,
    p_value,
    plural,
    quantity,
    sentence,
)


def verdict_table(verdicts: Sequence[Verdict], study: Study, source: str) -> Table:
    """The answer: one row a statement with what is measured below it and the interval below the effect.

    Where the source reaches beyond the article's date, a column says what the sessions since then show.
    """
    since = next((one.confirmation for one in verdicts if one.confirmation is not None), None)

    def row(one: Verdict) -> tuple[Cell, ...]:
        effect, label = decisive(one, study)
        cells = [
            cell(one.id, one.id),
            cell((Strong(one.statement), Small(measured(effect, label))), one.statement),
            cell(chip(one.outcome), RANK[one.outcome]),
            with_interval(effect),
        ]
        if since is not None:
            cells.append(since_cell(one))
        return (*cells, cell(short_reason(one)))

    narrow = since is not None
    return Table(
        key="verdicts",
        title=f"Statements and verdicts{f', judged on data to {day(since.after)}' if since else ''}",
        columns=(
            Column("Id", width=3.4),
            Column("Statement, and what is measured", width=41.3 if narrow else 44),
            Column("Verdict", width=11.8),
            Column(f"Effect, {level(study.inference.level)} interval", "number", 8.8),
            *((Column("Since then", "number", 6.4),) if narrow else ()),
            Column("Why", width=28.3 if narrow else 32),
        ),
        rows=tuple(row(one) for one in verdicts),
        source=source,
        note=_since_note(since),
        style="verdicts-dense",
    )


def since_cell(verdict: Verdict) -> Cell:
    """What the sessions after the article show, with an arrow towards the statement or away from it."""
    later = verdict.confirmation
    if later is None or not isinstance(later.estimate, Estimate):
        return cell(NOT_APPLICABLE)
    arrow = {True: " ↑", False: " ↓", None: ""}[later.towards]
    value = short_value(later.estimate)
    return Cell((*value.content, arrow, Small(later.label)), value.sort)


def _since_note(since: Confirmation | None) -> str:
    if since is None:
        return ""
    return (
        f"Since then: the statement’s headline on the {plural(since.sessions, 'session')} after {day(since.after)} "
        f"to {day(since.last)}; ↑ on the side of the statement, ↓ on the other. Direction and size, never a verdict."
    )


def measured(effect: Estimate | NotDecidable, label: str) -> str:
    """What a number measures, with its unit where the number does not carry it."""
    unit = effect.unit if isinstance(effect, Estimate) else ""
    if not unit or unit in SHORT_UNITS or unit in label:
        return label
    return f"{label} ({unit})"


def short_value(estimate: Estimate | NotDecidable) -> Cell:
    """An estimate with its unit where that is short."""
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    places = decimals_for(estimate.unit)
    unit = estimate.unit if estimate.unit in SHORT_UNITS else ""
    return cell(quantity(estimate.value, unit, decimals=places), estimate.value)


def with_interval(estimate: Estimate | NotDecidable) -> Cell:
    """A short value with its interval below; a reading without uncertainty stands alone."""
    value = short_value(estimate)
    if not isinstance(estimate, Estimate) or exact(estimate):
        return value
    return Cell((*value.content, Small(interval_cell(estimate).text)), value.sort)


def meanings_table() -> Table:
    """What each verdict means."""
    return Table(
        key="meanings",
        title="What the verdicts mean",
        columns=(Column("Verdict", width=18), Column("Meaning", width=82)),
        rows=tuple((cell(chip(outcome)), cell(meaning)) for outcome, meaning in MEANINGS.items()),
        source="rules of this study, fixed before the results were known.",
    )


def untestable_table(study: Study) -> Table:
    """Statements that daily prices cannot decide."""
    rows = tuple(
        (
            cell(key, key),
            cell(Strong(row.statement)),
            cell(sentence(row.reason)),
            cell((sentence(row.proxy), Small(row.limit)) if row.limit else sentence(row.proxy)),
        )
        for key, row in study.untestable.items()
    )
    return Table(
        key="untestable",
        title="Statements that daily prices cannot decide",
        columns=(
            Column("Id", width=5),
            Column("Statement", width=26),
            Column("Why not", width=27),
            Column("Closest proxy, and why it does not decide", width=42),
        ),
        rows=rows,
        source="study file.",
    )


def parts_table(verdict: Verdict, study: Study, source: str) -> Table:
    """The legs of a claim with the rule applied to each, every quantity beside what is asked of it."""

    def row(one: Quoted) -> tuple[Cell, ...]:
        part, effect = one.part, one.effect
        unit = effect.unit if isinstance(effect, Estimate) else ""
        places = decimals_for(unit)
        value = effect.value if isinstance(effect, Estimate) else None
        label = capitalised_label(part)
        sign = "≤" if one.below else ">" if one.needed == 0.0 else "≥"
        asked = f"{sign}{NO_BREAK}{number(one.needed, places)}"
        if verdict.kind == "range":
            asked = f"{number(limits['low'], places)} to {number(limits['high'], places)}"
        return (
            cell((label, Small(one.quantity)) if one.quantity else label),
            cell(number(value, places), value),
            interval_cell(effect),
            cell(asked, one.needed),
            cell(number(one.found, places), one.found),
            cell(unit if unit else NOT_APPLICABLE),
            cell(p_value(part.p_value), part.p_value),
            cell(chip(part.outcome), RANK[part.outcome]),
        )

    limits = study.claims[verdict.id].thresholds if verdict.kind == "range" else {}
    levels = {part.effect.level for part in verdict.parts if isinstance(part.effect, Estimate)}
    head = f"{level(next(iter(levels)))} interval" if len(levels) == 1 else "Interval"
    return Table(
        key=f"{verdict.id.lower()}-parts",
        title=f"{verdict.id}: each part of the statement under the rule",
        columns=(
            Column("Part", width=27),
            Column("Value", "number", 7.5),
            Column(head, "number", 13.5),
            Column("Asked for", "number", 8.5),
            Column("Found with 80 %", "number", 9.5),
            Column("Unit", width=10.5),
            Column("p", "number", 7),
            Column("Outcome", width=16.5),
        ),
        rows=tuple(row(one) for one in quoted(verdict, study)),
        source=source,
    )


def secondary_table(verdict: Verdict, source: str) -> Table:
    """Legs that are shown and decide nothing. A method that all share moves to the note."""
    items = list(verdict.secondary.items())[:MOST_ROWS]
    tested = any(isinstance(item, TestResult) for _, item in items)
    methods = {sentence(_method(label, item)) for label, item in items}
    shared = len(methods) == 1

    def row(label: str, item: Estimate | TestResult | NotDecidable) -> tuple[Cell, ...]:
        cells = [cell(capitalised(label))]
        if isinstance(item, TestResult):
            cells += [cell(number(item.statistic), item.statistic), cell(NOT_APPLICABLE)]
        else:
            cells += [value_cell(item), interval_cell(item)]
        if tested:
            p = item.p_value if isinstance(item, TestResult) else None
            cells.append(cell(p_value(p), p))
        if not shared:
            cells.append(cell(sentence(_method(label, item))))
        return tuple(cells)

    return Table(
        key=f"{verdict.id.lower()}-secondary",
        title=f"{verdict.id}: shown beside it, deciding nothing",
        columns=(
            Column("Measure", width=None if shared else 34),
            Column("Value", "number", 10),
            Column("Interval", "number", 12),
            *((Column("p", "number", 7),) if tested else ()),
            *(() if shared else (Column("Method"),)),
        ),
        rows=tuple(row(label, item) for label, item in items),
        source=source,
        note=f"Method: {methods.pop()}" if shared else "",
        style="compact",
    )


def _method(label: str, item: Estimate | TestResult | NotDecidable) -> str:
    if isinstance(item, TestResult):
        return f"{item.method}; null: {sentence(item.null)} Reference: {item.reference}"
    if isinstance(item, Estimate):
        start = f"{label}; ".lower()
        return item.method[len(start) :] if item.method.lower().startswith(start) else item.method
    return str(item)


def window_table(
    returns: Mapping[str, pd.DataFrame],
    lows: Mapping[str, pd.DataFrame],
    panel: Panel,
    labels: Mapping[str, str],
    source: str,
) -> Table:
    """Cumulative return at the end of each window and the deepest fall inside it."""
    roles = list(dict.fromkeys(str(role) for frame in returns.values() for role in frame.columns))
    columns = [Column("Asset", width=28)]
    for name in returns:
        columns += [
            Column(f"{labels[name]}: return, %", "number"),
            Column("deepest fall, %", "number"),
            Column("reached on", "number"),
        ]
    rows = []
    for role in roles:
        row = [cell(panel.names.get(role, role))]
        for name, frame in returns.items():
            path = frame[role].dropna() if role in frame else pd.Series(dtype=float)
            low = lows[name][role].dropna() if role in frame else pd.Series(dtype=float)
            if path.empty or low.empty:
                row += [cell(NOT_APPLICABLE)] * 3
                continue
            last, deepest = float(path.iloc[-1]), float(low.min())
            when = pd.Timestamp(low.index[int(low.argmin())]).strftime("%Y-%m-%d") if deepest < 0 else NOT_APPLICABLE
            row += [cell(number(last, 1), last), cell(number(deepest, 1), deepest), cell(when)]
        rows.append(tuple(row))
    return Table(
        key="windows",
        title="Returns in the windows that are judged",
        columns=tuple(columns),
        rows=tuple(rows),
        source=source,
        note=(
            "Simple returns since the close of the window’s base. The deepest fall is measured from the highest "
            "close since the base."
        ),
    )

"""Tables of data and provenance, and of any labelled frame."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from data.panel import Panel
from data.study import Study
from reports.document import Cell, Code, Column, Inline, Strong, Table, cell
from reports.evidence import Provenance
from reports.tables.cells import LIGHTS, MOST_ROWS
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    count,
    decimals_for,
    humanised,
    number,
    sentence,
    tidy,
)

#: A cell names no more series than this.
MOST_NAMES = 5


def series_table(panel: Panel, study: Study) -> Table:
    """What was delivered, series by series."""
    rows = []
    for one in panel.quality.summaries:
        origin = panel.origins.get(one.role)
        rows.append(
            (
                cell(panel.names.get(one.role, humanised(one.role))),
                cell(_id(study, one.role)),
                cell(one.first),
                cell(one.last),
                cell(number(one.observations, 0), one.observations),
                cell(number(one.missing_sessions, 0), one.missing_sessions),
                cell(LIGHTS[one.light]),
                cell(f"{origin.producer} ({origin.address})" if origin else NOT_APPLICABLE),
            )
        )
    return Table(
        key="series",
        title="Series, their range and their state",
        columns=(
            Column("Series", width=18),
            Column("Id", width=6),
            Column("First", "number", 9.5),
            Column("Last", "number", 9.5),
            Column("Values", "number", 7),
            Column("Missing sessions", "number", 8.5),
            Column("State", width=10),
            Column("Producer and file", width=31.5),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=sentence(panel.source),
        note="Missing sessions lie between the first and the last value; nothing was filled.",
        style="compact",
    )


def _id(study: Study, role: str) -> str:
    return next((one.id for one in study.instruments if one.role == role), NOT_APPLICABLE)


def findings_table(panel: Panel) -> Table | None:
    """What a reader of the data should know: red and amber findings."""
    ordered = sorted(
        (one for one in panel.quality.findings if one.light != "green"), key=lambda one: one.light != "red"
    )
    if not ordered:
        return None
    rows = tuple(
        (
            cell(panel.names.get(one.role, humanised(one.role))),
            cell(one.check),
            cell(LIGHTS[one.light]),
            cell(sentence(one.detail)),
        )
        for one in ordered[:MOST_ROWS]
    )
    more = len(ordered) - len(rows)
    return Table(
        key="findings",
        title="Findings to be read",
        columns=(
            Column("Series", width=18),
            Column("Check", width=16),
            Column("State", width=10),
            Column("Finding", width=56),
        ),
        rows=rows,
        source=sentence(panel.source),
        note=(
            "Nothing listed here was dropped, filled or "
            f"mended.{f' {more} more stand in results.json.' if more else ''}"
        ),
        style="compact",
    )


def information_table(panel: Panel) -> Table | None:
    """Green findings, one row a check: which series, and the first of the details."""
    by_check: dict[str, list[tuple[str, str]]] = {}
    for one in panel.quality.findings:
        if one.light == "green":
            name = panel.names.get(one.role, humanised(one.role))
            by_check.setdefault(one.check, []).append((name, one.detail))
    if not by_check:
        return None
    rows = tuple(
        (
            cell(capitalised(check)),
            cell(number(len(found), 0), len(found)),
            cell(_few(list(dict.fromkeys(name for name, _ in found)))),
            cell(f"{found[0][0]}: {tidy(found[0][1])}"),
        )
        for check, found in list(by_check.items())[:MOST_ROWS]
    )
    return Table(
        key="information",
        title="For information: what the checks saw and left as it is",
        columns=(
            Column("Check", width=18),
            Column("Findings", "number", 7),
            Column("Series", width=31),
            Column("The first of them", width=44),
        ),
        rows=rows,
        source=sentence(panel.source),
        note="Every finding stands in results.json. Nothing was dropped, filled or mended.",
        style="compact",
    )


def _few(names: list[str]) -> str:
    """All names, or the first and how many more; a name may hold a comma."""
    if len(names) <= MOST_NAMES:
        return "; ".join(names)
    return f"{'; '.join(names[: MOST_NAMES - 1])} and {count(len(names) - MOST_NAMES + 1)} more"


def provenance_table(provenance: Provenance, panel: Panel) -> Table:
    """What an auditor needs."""
    rows: list[tuple[str, Inline]] = [
        ("Command", Code(provenance.command)),
        ("Commit", Code(provenance.commit + (" with changes: DRAFT" if provenance.dirty else ""))),
        ("Data", Code(provenance.data_sha256)),
        ("Study file", Code(provenance.study_sha256)),
        ("Code", Code(provenance.code_sha256)),
        ("Lock file", Code(provenance.lock_sha256)),
        ("Seed", Code(str(provenance.seed))),
        ("Source of the data", panel.source),
        ("Versions", ", ".join(f"{name} {version}" for name, version in provenance.versions)),
    ]
    return Table(
        key="provenance",
        title="How to make this edition again",
        columns=(Column("Item", width=20), Column("Value (digests are SHA-256)", width=80)),
        rows=tuple((cell(name), cell(value)) for name, value in rows),
        source="the run that made this edition; manifest.json beside it holds the digest of every file.",
        style="compact",
    )


def glossary_table(terms: Mapping[str, str]) -> Table:
    """Symbols and terms."""
    return Table(
        key="glossary",
        title="Symbols and terms",
        columns=(Column("Term", width=24), Column("Meaning", width=76)),
        rows=tuple((cell(Strong(term)), cell(meaning)) for term, meaning in terms.items()),
        source="this study.",
        style="compact",
    )


def frame_table(key: str, title: str, frame: pd.DataFrame, unit: str, source: str, note: str) -> Table:
    """Any labelled frame: the fall-back for an exhibit without a chart of its own."""
    kept = frame.iloc[:MOST_ROWS, :7]
    places = decimals_for(unit)

    def entry(value: object) -> Cell:
        if isinstance(value, bool):
            return cell("yes" if value else "no")
        if isinstance(value, int):
            return cell(number(value, 0), value)
        if isinstance(value, float):
            return cell(number(value, places), value if math.isfinite(value) else None)
        return cell(str(value) if value is not None else NOT_APPLICABLE)

    def label(value: object) -> str:
        return value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)

    numeric = [pd.api.types.is_numeric_dtype(kept[column]) for column in kept]
    more = len(frame) - len(kept)
    extra = f" {more} further rows stand in results.json." if more > 0 else ""
    return Table(
        key=key,
        title=title,
        columns=(
            Column(capitalised(humanised(str(frame.index.name or ""))), width=28),
            *(
                Column(capitalised(humanised(str(c))), "number" if n else "text")
                for c, n in zip(kept, numeric, strict=True)
            ),
        ),
        rows=tuple(
            (cell(label(index)), *(entry(value) for value in row))
            for index, row in zip(kept.index.tolist(), kept.astype(object).to_numpy().tolist(), strict=True)
        ),
        source=source,
        note=sentence(f"{note.rstrip('.')}{f'; unit: {unit}' if unit else ''}") + extra,
        style="compact",
    )

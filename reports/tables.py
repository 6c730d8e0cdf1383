"""Tables from evidence: one function a table, numbers already in words and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from data.panel import Panel
from data.study import Study
from models.claims.recovery import Recovered
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable, TestResult
from models.optimise import Convergence
from models.suite import Check, Pair, ParameterTable
from reports.document import Cell, Chip, Code, Column, Inline, Small, Strong, Table, cell
from reports.evidence import Provenance
from reports.narrative import MEANINGS, chip, exact
from reports.text import (
    NOT_APPLICABLE,
    SHORT_UNITS,
    capitalised,
    decimals_for,
    humanised,
    interval,
    level,
    number,
    p_value,
    quantity,
    sentence,
    tidy,
)

#: A table in the body has no more rows than this.
MOST_ROWS = 40
#: More verdicts than this are set close.
DENSE_FROM = 8
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
_LIGHTS = {"green": Chip("good", "✓", "green"), "amber": Chip("warn", "±", "amber"), "red": Chip("bad", "×", "red")}


def value_cell(estimate: Estimate | NotDecidable | None, *, decimals: int | None = None) -> Cell:
    """Estimate with its unit; not applicable where there is none."""
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    return cell(quantity(estimate.value, estimate.unit, decimals=decimals), estimate.value)


def interval_cell(estimate: Estimate | NotDecidable | None, *, decimals: int | None = None) -> Cell:
    """Limits of an estimate's interval; not applicable to an exact reading."""
    if not isinstance(estimate, Estimate) or exact(estimate):
        return cell(NOT_APPLICABLE)
    return cell(interval(estimate.lower, estimate.upper, estimate.unit, decimals=decimals), estimate.lower)


def verdict_table(verdicts: Sequence[Verdict], level_text: str, source: str) -> Table:
    """The answer: one row a statement. Many statements leave out what is measured: their pages say it."""
    dense = len(verdicts) > DENSE_FROM

    def statement(one: Verdict) -> Cell:
        parts = (Strong(one.statement),) if dense else (Strong(one.statement), Small(_measured(one)))
        return cell(parts, one.statement)

    rows = tuple(
        (
            cell(one.id, one.id),
            statement(one),
            cell(chip(one.outcome), _RANK[one.outcome]),
            _short_value(one.headline),
            interval_cell(one.headline),
            cell(sentence(one.reason)),
        )
        for one in verdicts
    )
    return Table(
        key="verdicts",
        title="Statements and verdicts",
        columns=(
            Column("Id", width=4.5),
            Column("Statement" if dense else "Statement and what is measured", width=29 if dense else 32),
            Column("Verdict", width=14 if dense else 14.5),
            Column("Effect", "number", 7.5),
            Column(f"{level_text} interval", "number", 12.5),
            Column("Why", width=32.5 if dense else 29),
        ),
        rows=rows,
        source=source,
        style="verdicts-dense" if dense else "verdicts",
    )


def _measured(verdict: Verdict) -> str:
    """What the headline measures, with its unit where the number does not carry it."""
    unit = verdict.headline.unit if isinstance(verdict.headline, Estimate) else ""
    if not unit or unit in SHORT_UNITS or unit in verdict.headline_label:
        return verdict.headline_label
    return f"{verdict.headline_label} ({unit})"


def _short_value(estimate: Estimate | NotDecidable) -> Cell:
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    places = decimals_for(estimate.unit)
    unit = estimate.unit if estimate.unit in SHORT_UNITS else ""
    return cell(quantity(estimate.value, unit, decimals=places), estimate.value)


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
            cell(sentence(row.proxy)),
        )
        for key, row in study.untestable.items()
    )
    return Table(
        key="untestable",
        title="Statements that daily prices cannot decide",
        columns=(
            Column("Id", width=5),
            Column("Statement", width=33),
            Column("Why not", width=36),
            Column("Closest proxy", width=26),
        ),
        rows=rows,
        source="study file.",
    )


def parts_table(verdict: Verdict, source: str) -> Table:
    """The legs of a claim with the rule applied to each."""

    def row(part: Part) -> tuple[Cell, ...]:
        unit = part.effect.unit if isinstance(part.effect, Estimate) else ""
        places = decimals_for(unit)
        value = part.effect.value if isinstance(part.effect, Estimate) else None
        return (
            cell(capitalised(part.label)),
            cell(number(value, places), value),
            interval_cell(part.effect),
            cell(number(part.sesoi, places), part.sesoi),
            cell(number(part.mde80, places), part.mde80),
            cell(unit if unit else NOT_APPLICABLE),
            cell(p_value(part.p_value), part.p_value),
            cell(chip(part.outcome), _RANK[part.outcome]),
        )

    levels = {part.effect.level for part in verdict.parts if isinstance(part.effect, Estimate)}
    head = f"{level(next(iter(levels)))} interval" if len(levels) == 1 else "Interval"
    return Table(
        key=f"{verdict.id.lower()}-parts",
        title=f"{verdict.id}: each part of the statement under the rule",
        columns=(
            Column("Part", width=27),
            Column("Effect", "number", 7.5),
            Column(head, "number", 13.5),
            Column("Size of interest", "number", 8.5),
            Column("Found with 80 %", "number", 9.5),
            Column("Unit", width=10.5),
            Column("p", "number", 7),
            Column("Outcome", width=16.5),
        ),
        rows=tuple(row(part) for part in verdict.parts),
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


def estimates_table(
    key: str,
    title: str,
    rows: Iterable[tuple[str, Estimate | NotDecidable]],
    source: str,
    *,
    head: str,
    note: str = "",
) -> Table:
    """Labelled estimates with interval, observations and method, or the reason why there is none."""

    def row(label: str, one: Estimate | NotDecidable) -> tuple[Cell, ...]:
        n = cell(number(one.n, 0), one.n) if isinstance(one, Estimate) else cell(NOT_APPLICABLE)
        method = one.method if isinstance(one, Estimate) else str(one)
        return cell(label), value_cell(one), interval_cell(one), n, cell(sentence(method))

    return Table(
        key=key,
        title=title,
        columns=(
            Column(head, width=32),
            Column("Estimate", "number", 12),
            Column("Interval", "number", 17),
            Column("n", "number", 8),
            Column("Method", width=31),
        ),
        rows=tuple(row(label, one) for label, one in rows),
        source=source,
        note=note,
    )


def beta_rows(betas: Mapping[Pair, Estimate], panel: Panel) -> list[tuple[str, Estimate | NotDecidable]]:
    """Labels of static betas with their estimates."""
    return [(f"{panel.names.get(y, y)} on {panel.names.get(x, x)}", estimate) for (y, x), estimate in betas.items()]


def parameter_table(number_of: int, parameters: ParameterTable, source: str) -> Table:
    """Parameters of one model with standard errors, limits and how the optimum was reached.

    Parameters named "series.parameter" are set as one row a series.
    """
    frame = parameters.frame
    names = [str(name) for name in frame.index]
    by_series = len(names) > 6 and all(name.count(".") == 1 for name in names)
    columns, rows = _by_series(frame, names) if by_series else _one_a_row(frame)
    shown = rows[:MOST_ROWS]
    more = len(rows) - len(shown)
    notes = [
        f"n = {number(parameters.n, 0)}; log-likelihood {number(parameters.loglik)}; standard errors: "
        f"{tidy(parameters.standard_errors)}.",
        "In brackets: standard errors; limits stand in results.json." if by_series else "",
        convergence_sentence(parameters.convergence),
        f"{more} further parameters stand in results.json." if more > 0 else "",
    ]
    return Table(
        key=f"parameters-{number_of}",
        title=f"{parameters.model}: parameters",
        subtitle=parameters.equation,
        columns=columns,
        rows=tuple(shown),
        source=source,
        note=" ".join(note for note in notes if note),
        style="compact",
    )


def _one_a_row(frame: pd.DataFrame) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    keys = ("estimate", "std_error", "lower", "upper")
    rows = [
        (cell(Code(str(name))), *(cell(number(_at(frame, name, key), 4), _at(frame, name, key)) for key in keys))
        for name in frame.index
    ]
    heads = ("Estimate", "Std. error", "Lower", "Upper")
    return (Column("Parameter", width=36), *(Column(head, "number") for head in heads)), rows


def _by_series(frame: pd.DataFrame, names: Sequence[str]) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    split = [name.split(".") for name in names]
    series = list(dict.fromkeys(one for one, _ in split))
    kinds = list(dict.fromkeys(kind for _, kind in split))
    rows = []
    for one in series:
        row = [cell(capitalised(humanised(one)))]
        for kind in kinds:
            name = f"{one}.{kind}"
            if name not in names:
                row.append(cell(NOT_APPLICABLE))
                continue
            value = _at(frame, name, "estimate")
            row.append(cell(f"{number(value, 4)} ({number(_at(frame, name, 'std_error'), 4)})", value))
        rows.append(tuple(row))
    return (Column("Series", width=22), *(Column(kind, "number") for kind in kinds)), rows


def _at(frame: pd.DataFrame, row: object, column: str) -> float:
    return float(frame.loc[row, column]) if column in frame.columns else math.nan  # type: ignore[arg-type, index]


def convergence_sentence(record: Convergence) -> str:
    """How the optimum was reached, failures included."""
    state = "converged" if record.converged else f"did NOT converge ({record.message})"
    runner = f", next optimum {number(record.runner_up)}" if record.runner_up is not None else ", no other optimum"
    bounds = f"; at a bound: {', '.join(record.at_bounds)}" if record.at_bounds else ""
    starts = (
        "one start"
        if record.starts == 1
        else (
            f"{record.starts} starts, {quantity(100 * record.share_at_best, '%', decimals=0)} of them at the best "
            "optimum"
        )
    )
    return (
        f"The optimiser {state}: {starts}{runner}; gradient {record.gradient_norm:.0e} an observation{bounds}.".replace(
            "e-", "e−"
        )
    )


def checks_table(checks: Sequence[Check], source: str) -> Table:
    """Model checks with their targets, failed ones first."""
    ordered = sorted(checks, key=lambda one: one.passed)
    rows = tuple(
        (
            cell(one.model),
            cell(one.name),
            cell(number(one.value, 3), one.value),
            cell(tidy(one.target)),
            cell(Chip("good", "✓", "met") if one.passed else Chip("bad", "×", "missed"), float(one.passed)),
        )
        for one in ordered[:MOST_ROWS]
    )
    more = len(ordered) - len(rows)
    return Table(
        key="checks",
        title="Model checks and their targets",
        columns=(
            Column("Model", width=28),
            Column("Check", width=36),
            Column("Value", "number", 11),
            Column("Target", "number", 12),
            Column("State", width=13),
        ),
        rows=rows,
        source=source,
        note=f"{more} further checks, all listed in results.json." if more > 0 else "",
        style="compact",
    )


def recovered_table(recovered: Sequence[Recovered], source: str) -> Table:
    """Known values beside their estimates, on simulated data."""
    rows = tuple(
        (
            cell(capitalised(one.label)),
            cell(quantity(one.truth, one.estimate.unit), one.truth),
            value_cell(one.estimate),
            interval_cell(one.estimate),
            cell(Chip("good", "✓", "covered") if one.inside else Chip("warn", "×", "missed")),
        )
        for one in recovered
    )
    return Table(
        key="recovered",
        title="Does the machine recover the truth?",
        columns=(
            Column("Quantity", width=38),
            Column("Truth", "number"),
            Column("Estimate", "number"),
            Column("Interval", "number"),
            Column("State"),
        ),
        rows=rows,
        source=source,
    )


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
                cell(_LIGHTS[one.light]),
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
            cell(_LIGHTS[one.light]),
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
            cell(", ".join(dict.fromkeys(name for name, _ in found))),
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

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
from reports.narrative import MEANINGS, chip
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    decimals_for,
    humanised,
    interval,
    level,
    number,
    p_value,
    quantity,
    sentence,
)

#: A table in the body has no more rows than this.
MOST_ROWS = 40
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
_LIGHTS = {"green": Chip("good", "✓", "green"), "amber": Chip("warn", "±", "amber"), "red": Chip("bad", "×", "red")}


def value_cell(estimate: Estimate | NotDecidable | None, *, decimals: int | None = None) -> Cell:
    """Estimate with its unit; not applicable where there is none."""
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    return cell(quantity(estimate.value, estimate.unit, decimals=decimals), estimate.value)


def interval_cell(estimate: Estimate | NotDecidable | None, *, decimals: int | None = None) -> Cell:
    """Limits of an estimate's interval."""
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    return cell(interval(estimate.lower, estimate.upper, estimate.unit, decimals=decimals), estimate.lower)


def verdict_table(verdicts: Sequence[Verdict], level_text: str, source: str) -> Table:
    """The answer: one row a statement."""
    rows = tuple(
        (
            cell(one.id, one.id),
            cell((Strong(one.statement), Small(one.headline_label)), one.statement),
            cell(chip(one.outcome), _RANK[one.outcome]),
            value_cell(one.headline),
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
            Column("Statement and what is measured", width=30),
            Column("Verdict", width=14.5),
            Column("Effect", "number", 8.5),
            Column(f"{level_text} interval", "number", 14.5),
            Column("Why", width=28),
        ),
        rows=rows,
        source=source,
        style="verdicts",
    )


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
        return (
            cell(capitalised(part.label)),
            value_cell(part.effect),
            interval_cell(part.effect),
            cell(quantity(part.sesoi, unit), part.sesoi),
            cell(p_value(part.p_value), part.p_value),
            cell(quantity(part.mde80, unit) if part.mde80 is not None else NOT_APPLICABLE, part.mde80),
            cell(chip(part.outcome), _RANK[part.outcome]),
        )

    levels = {part.effect.level for part in verdict.parts if isinstance(part.effect, Estimate)}
    head = f"{level(next(iter(levels)))} interval" if len(levels) == 1 else "Interval"
    reasons = " ".join(dict.fromkeys(sentence(part.reason) for part in verdict.parts))
    return Table(
        key=f"{verdict.id.lower()}-parts",
        title=f"{verdict.id}: each part of the statement under the rule",
        columns=(
            Column("Part", width=28),
            Column("Effect", "number", 9.5),
            Column(head, "number", 15.5),
            Column("Size of interest", "number", 9),
            Column("p", "number", 8),
            Column("Found with 80 %", "number", 11),
            Column("Outcome", width=19),
        ),
        rows=tuple(row(part) for part in verdict.parts),
        source=source,
        note=f"Effects are oriented so that positive ones support the statement. {reasons}",
    )


def secondary_table(verdict: Verdict, source: str) -> Table:
    """Legs that are shown and decide nothing."""
    rows = []
    for label, item in verdict.secondary.items():
        if isinstance(item, TestResult):
            detail = f"{item.method}; null: {sentence(item.null)} Reference: {item.reference}."
            rows.append(
                (
                    cell(capitalised(label)),
                    cell(number(item.statistic)),
                    cell(NOT_APPLICABLE),
                    cell(p_value(item.p_value)),
                    cell(detail),
                )
            )
        elif isinstance(item, Estimate):
            rows.append(
                (
                    cell(capitalised(label)),
                    value_cell(item),
                    interval_cell(item),
                    cell(NOT_APPLICABLE),
                    cell(sentence(item.method)),
                )
            )
        else:
            missing = cell(NOT_APPLICABLE)
            rows.append((cell(capitalised(label)), missing, missing, missing, cell(sentence(str(item)))))
    return Table(
        key=f"{verdict.id.lower()}-secondary",
        title=f"{verdict.id}: shown beside it, deciding nothing",
        columns=(
            Column("Measure", width=30),
            Column("Value", "number", 10.5),
            Column("Interval", "number", 16),
            Column("p", "number", 8),
            Column("Method", width=35.5),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=source,
    )


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
    """Parameters of one model with standard errors, limits and how the optimum was reached."""
    frame = parameters.frame
    places = 4
    rows = tuple(
        (
            cell(Code(str(name))),
            *(
                cell(number(_at(frame, name, column), places), _at(frame, name, column))
                for column in ("estimate", "std_error", "lower", "upper")
            ),
        )
        for name in list(frame.index)[:MOST_ROWS]
    )
    left_out = len(frame) - len(rows)
    more = f" {left_out} further parameters stand in results.json." if left_out > 0 else ""
    return Table(
        key=f"parameters-{number_of}",
        title=f"{parameters.model}: parameters",
        subtitle=parameters.equation,
        columns=(
            Column("Parameter", width=36),
            Column("Estimate", "number"),
            Column("Std. error", "number"),
            Column("Lower", "number"),
            Column("Upper", "number"),
        ),
        rows=rows,
        source=source,
        note=f"n = {number(parameters.n, 0)}; log-likelihood {number(parameters.loglik)}; standard errors: "
        f"{parameters.standard_errors}. {convergence_sentence(parameters.convergence)}{more}",
        style="compact",
    )


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
            cell(one.target.replace("-", "−")),
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
                cell((Strong(panel.names.get(one.role, humanised(one.role))), Small(humanised(one.role)))),
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
            Column("Series", width=22),
            Column("Id", width=7),
            Column("First", "number", 11),
            Column("Last", "number", 11),
            Column("Values", "number", 8),
            Column("Missing sessions", "number", 9),
            Column("State", width=10),
            Column("Producer and file", width=22),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=f"{panel.source}.",
        note="Missing sessions lie between the first and the last value; nothing was filled.",
        style="compact",
    )


def _id(study: Study, role: str) -> str:
    return next((one.id for one in study.instruments if one.role == role), NOT_APPLICABLE)


def findings_table(panel: Panel) -> Table:
    """Everything odd about the delivered series."""
    worst = {"red": 0, "amber": 1, "green": 2}
    ordered = sorted(panel.quality.findings, key=lambda one: worst[one.light])
    rows = tuple(
        (
            cell(panel.names.get(one.role, humanised(one.role))),
            cell(one.check),
            cell(_LIGHTS[one.light], worst[one.light]),
            cell(sentence(one.detail)),
        )
        for one in ordered[:MOST_ROWS]
    )
    more = len(ordered) - len(rows)
    extra = f" {more} further findings, all green or amber, stand in results.json." if more > 0 else ""
    return Table(
        key="findings",
        title="Findings on the data",
        columns=(
            Column("Series", width=20),
            Column("Check", width=19),
            Column("State", width=11),
            Column("Finding", width=50),
        ),
        rows=rows,
        source=f"{panel.source}.",
        note=f"Nothing listed here was dropped, filled or mended.{extra}",
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

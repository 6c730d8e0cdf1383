"""Tables of models: estimates, parameters, checks, known values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from data.panel import Panel
from models.claims.recovery import Recovered
from models.estimate import Estimate, NotDecidable
from models.optimise import Convergence
from models.suite import Check, Pair, ParameterTable
from reports.document import Cell, Chip, Code, Column, Inline, Table, cell
from reports.parameters import in_words
from reports.tables.cells import MOST_ROWS, interval_cell, value_cell
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    humanised,
    in_sentence,
    number,
    quantity,
    sentence,
    tidy,
)


def estimates_table(
    key: str,
    title: str,
    rows: Iterable[tuple[str, Estimate | NotDecidable]],
    source: str,
    *,
    head: str,
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
    )


def beta_rows(betas: Mapping[Pair, Estimate], panel: Panel) -> list[tuple[str, Estimate | NotDecidable]]:
    """Labels of static betas with their estimates."""
    return [(f"{panel.names.get(y, y)} on {panel.names.get(x, x)}", estimate) for (y, x), estimate in betas.items()]


def parameter_table(number_of: int, parameters: ParameterTable, panel: Panel, source: str) -> Table:
    """Parameters of one model with standard errors, limits and how the optimum was reached.

    Parameters named "series.parameter" are set as one row a series.
    """
    frame = parameters.frame
    names = [str(name) for name in frame.index]
    by_series = len(names) > 6 and all(name.count(".") == 1 for name in names)
    columns, rows = _by_series(frame, names, panel) if by_series else _one_a_row(frame, panel)
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


def _one_a_row(frame: pd.DataFrame, panel: Panel) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    keys = ("estimate", "std_error", "lower", "upper")
    rows = [
        (
            cell(_parameter(str(name), panel)),
            *(cell(number(_at(frame, name, key), 4), _at(frame, name, key)) for key in keys),
        )
        for name in frame.index
    ]
    heads = ("Estimate", "Std. error", "Lower", "Upper")
    return (Column("Parameter", width=36), *(Column(head, "number") for head in heads)), rows


def _parameter(name: str, panel: Panel) -> tuple[Inline, ...]:
    """A parameter in words; one without a series keeps its symbol beside them."""
    words = in_words(name, lambda role: panel.names.get(role, humanised(role)))
    if not words:
        return (Code(name),)
    return (words,) if "[" in name else (f"{words}, ", Code(name))


def _head(kind: str) -> str:
    words = in_words(kind, str)
    return f"{words}, {kind}" if words else kind


def _by_series(
    frame: pd.DataFrame, names: Sequence[str], panel: Panel
) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    split = [name.split(".") for name in names]
    series = list(dict.fromkeys(one for one, _ in split))
    kinds = list(dict.fromkeys(kind for _, kind in split))
    rows = []
    for one in series:
        row = [cell(panel.names.get(one, capitalised(humanised(one))))]
        for kind in kinds:
            name = f"{one}.{kind}"
            if name not in names:
                row.append(cell(NOT_APPLICABLE))
                continue
            value = _at(frame, name, "estimate")
            row.append(cell(f"{number(value, 4)} ({number(_at(frame, name, 'std_error'), 4)})", value))
        rows.append(tuple(row))
    return (Column("Series", width=22), *(Column(_head(kind), "number") for kind in kinds)), rows


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


_MARGIN = "margin of "


def checked_model(check: Check, panel: Panel) -> str:
    """The model of a check; a margin carries the name of its series."""
    role = check.model.removeprefix(_MARGIN)
    return check.model if role == check.model else f"{_MARGIN}{in_sentence(panel.names.get(role, humanised(role)))}"


def checks_table(checks: Sequence[Check], panel: Panel, source: str) -> Table:
    """Model checks with their targets, failed ones first."""
    ordered = sorted(checks, key=lambda one: one.passed)
    rows = tuple(
        (
            cell(checked_model(one, panel)),
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

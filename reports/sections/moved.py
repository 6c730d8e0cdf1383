"""Does it hold if the window moves by up to three sessions."""

from __future__ import annotations

from collections.abc import Sequence

from models.claims.verdict import MovedWindow, Verdict
from models.estimate import Estimate
from reports.charts.moved import MovedCell, MovedRow, moved_chart
from reports.document import Figure, Paragraph, Section
from reports.narrative import SIGNS
from reports.setting import Setting
from reports.text import MINUS, NOT_APPLICABLE, capitalised, count, day, decimals_for, listing, number, plural, sentence


def moved_section(setting: Setting) -> Section | None:
    """The panel of moved windows for every statement about a dated window; None where there is none."""
    shown = [one for one in setting.evidence.verdicts if one.moved]
    if not shown:
        return None
    return Section(
        "holds",
        "Does it hold if the window moves?",
        (Paragraph((moved_text(shown),)), moved_figure(setting, shown)),
        opening=True,
    )


def steady(verdict: Verdict) -> bool | None:
    """Whether every moved window gives the same answer; None where a window gives none."""
    answers = {one.holds for one in verdict.moved}
    return None if None in answers else len(answers) == 1


def moved_title(verdicts: Sequence[Verdict]) -> str:
    """How many statements give one answer whatever the window."""
    same = [one.id for one in verdicts if steady(one)]
    if len(same) == len(verdicts):
        return f"All {plural(len(verdicts), 'statement')} about a window give the same answer for every moved window"
    return capitalised(
        f"{count(len(same)) if same else 'none'} of {plural(len(verdicts), 'statement')} about a window "
        f"{'gives' if len(same) == 1 else 'give'} the same answer for every moved window"
    )


def moved_text(verdicts: Sequence[Verdict]) -> str:
    """Which statements keep their answer, and how often the others reach the size that matters."""
    turning = [
        f"{one.id} in {count(sum(bool(window.holds) for window in one.moved))} of {count(len(one.moved))}"
        for one in verdicts
        if steady(one) is False
    ]
    words = [sentence(moved_title(verdicts))]
    if turning:
        words.append(f"The estimate reaches the size that matters for {listing(turning)} moved windows.")
    partial = [one.id for one in verdicts if steady(one) is None]
    if partial:
        words.append(f"Some windows give no reading for {listing(partial)}.")
    return " ".join(words)


def moved_figure(setting: Setting, verdicts: Sequence[Verdict]) -> Figure:
    """One row a statement, one cell a moved window, the judged one in the middle."""
    shifts = sorted({one.shift_base for verdict in verdicts for one in verdict.moved if one.shift_base})
    ends = sorted({one.shift_last for verdict in verdicts for one in verdict.moved if one.shift_last})
    title = moved_title(verdicts)
    rows = [_row(verdict, shifts, ends) for verdict in verdicts]
    return Figure(
        key="moved-windows",
        title=title,
        subtitle="Headline of each statement with the base, then the end, of its window moved by sessions; dark: the "
        "estimate reaches the size that matters",
        chart=moved_chart(
            rows,
            (
                ("base moved", [_signed(one) for one in shifts]),
                ("judged", ["as is"]),
                ("end moved", [_signed(one) for one in ends]),
            ),
            simulated=setting.simulated,
        ),
        alt=f"{title}. A grid with one row a statement and one cell a window.",
        source=setting.source(),
        note=(
            "Estimates alone decide the shade; uncertainty is in the verdict, whose sign stands in the middle "
            "(✓ supported, ± mixed, × not supported, ? inconclusive). "
            f"{NOT_APPLICABLE}: no reading, since the data end before or what is explained did not happen."
        ),
    )


def _signed(shift: int) -> str:
    return f"+{shift}" if shift > 0 else f"{MINUS}{-shift}"


def _row(verdict: Verdict, shifts: Sequence[int], ends: Sequence[int]) -> MovedRow:
    by_base = {one.shift_base: one for one in verdict.moved if one.shift_base}
    by_last = {one.shift_last: one for one in verdict.moved if one.shift_last}
    judged = MovedCell(f"{SIGNS[verdict.outcome]} {_reading(verdict.headline)}", None, verdict.window)
    unit = verdict.headline.unit if isinstance(verdict.headline, Estimate) else ""
    label = verdict.headline_label + (f", {unit}" if unit and unit not in verdict.headline_label else "")
    return MovedRow(
        f"{verdict.id}  {verdict.statement}",
        label,
        ([_cell(by_base.get(one)) for one in shifts], [judged], [_cell(by_last.get(one)) for one in ends]),
    )


def _cell(window: MovedWindow | None) -> MovedCell:
    if window is None:
        return MovedCell(NOT_APPLICABLE, None, "beyond the data")
    return MovedCell(_reading(window.estimate), window.holds, f"{day(window.base)} to {day(window.last)}")


def _reading(estimate: object) -> str:
    if not isinstance(estimate, Estimate):
        return NOT_APPLICABLE
    return number(estimate.value, decimals_for(estimate.unit))

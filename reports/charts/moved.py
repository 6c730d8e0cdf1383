"""Does it hold if the window moves: one row a statement, one cell a moved window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import altair as alt

from reports.charts.style import (
    BLUE,
    FULL_WIDTH,
    INK,
    MUTED,
    PAPER,
    RED,
    SHORT,
    SIMULATED_MARK,
    STRESS,
    Chart,
    Record,
    config,
    named,
)

LEFT, GAP, HEAD, ROW = 270, 10, 42, 25.0
#: Characters of a label and of what is measured that one line of the left margin holds.
ROOM, SMALL_ROOM = 50, 66
#: Heights of a line of each, in CSS pixels.
LINE, SMALL_LINE = 11.5, 10.0


@dataclass(frozen=True, slots=True)
class MovedCell:
    """Reading over one window: its text, and whether it reaches the size that matters (None without a reading)."""

    text: str
    holds: bool | None
    window: str


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A statement: its label, what is measured, and a cell for each group of moves."""

    label: str
    measure: str
    groups: Sequence[Sequence[MovedCell]]


def moved_chart(
    rows: Sequence[MovedRow], groups: Sequence[tuple[str, Sequence[str]]], *, simulated: bool = False
) -> Chart:
    """Cells in groups (base moved, as judged, end moved); dark cells reach the size that matters, pale ones do not.

    Parameters
    ----------
    rows : sequence of MovedRow
    groups : sequence of (title, column heads)
        As many heads as each row has cells in the group.
    simulated : bool
    """
    columns = sum(len(heads) for _, heads in groups)
    named_rows = [(wrap(row.label, ROOM), wrap(row.measure, SMALL_ROOM)) for row in rows]
    steps = [max(ROW, LINE * len(label) + SMALL_LINE * len(measure) + 4.0) for label, measure in named_rows]
    tops = [HEAD + sum(steps[:i]) for i in range(len(rows))]
    width = (FULL_WIDTH - LEFT - GAP * (len(groups) - 1)) / columns
    cells: list[Record] = []
    words: list[Record] = []
    left = float(LEFT)
    for g, (title, heads) in enumerate(groups):
        words.append(_word(title, left + width * len(heads) / 2, 8.0, "center", INK, 600, 10.5))
        for j, head in enumerate(heads):
            x = left + j * width
            words.append(_word(head, x + width / 2, 28.0, "center", MUTED, 400, 10.5))
            for i, row in enumerate(rows):
                one = row.groups[g][j]
                fill = STRESS if one.holds is None else BLUE if one.holds else SHORT
                y, step = tops[i], steps[i]
                cells.append(
                    {
                        "x": round(x, 2),
                        "x2": round(x + width - 1.5, 2),
                        "y": y,
                        "y2": y + step - 3.0,
                        "fill": fill,
                        "statement": row.label,
                        "window": one.window,
                        "text": one.text,
                    }
                )
                ink = PAPER if one.holds else RED if one.holds is False else MUTED
                words.append(_word(one.text, x + width / 2, y + step / 2 - 1.5, "center", ink, 400, 9.5))
        left += width * len(heads) + GAP
    for i in range(len(rows)):
        y = tops[i]
        label, measure = named_rows[i]
        words += [_word(one, 0.0, y + 6.0 + LINE * k, "left", INK, 600, 10.5) for k, one in enumerate(label)]
        below = y + 6.0 + LINE * len(label)
        words += [_word(one, 0.0, below + SMALL_LINE * k, "left", MUTED, 400, 9.0) for k, one in enumerate(measure)]
    if simulated:
        words.append(_word(SIMULATED_MARK, 0.0, -10.0, "left", RED, 600, 9.0))
    return _assembled(cells, words, sum(steps), simulated)


def _word(text: str, x: float, y: float, align: str, color: str, weight: int, size: float) -> Record:
    return {
        "text": text,
        "x": round(x, 1),
        "y": round(y, 1),
        "align": align,
        "color": color,
        "weight": weight,
        "size": size,
    }


def _assembled(cells: list[Record], words: list[Record], rows: float, simulated: bool) -> Chart:
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    height = round(HEAD + rows + 2)
    tip = [alt.Tooltip("statement:N"), alt.Tooltip("window:N"), alt.Tooltip("text:N", title="reading")]
    layers = [
        alt.Chart(named("cells"))
        .mark_rect()
        .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), color=alt.Color("fill:N", scale=None), tooltip=tip)
    ]
    layers += [
        alt.Chart(named("words"))
        .transform_filter(f"datum.align == '{align}' && datum.weight == {weight}")
        .mark_text(align=align, baseline="middle", fontWeight=weight)
        .encode(
            x=x,
            y=y,
            text=alt.Text("text:N"),
            size=alt.Size("size:Q", scale=None),
            color=alt.Color("color:N", scale=None),
        )
        for align, weight in (("left", 400), ("left", 600), ("center", 400), ("center", 600))
    ]
    spec = alt.layer(*layers).properties(width=FULL_WIDTH, height=height).to_dict(validate=False)
    spec["padding"] = {"left": 0, "right": 0, "top": 18 if simulated else 4, "bottom": 2}
    spec["autosize"] = {"type": "none"}
    spec["config"] = config()
    for key in ("datasets", "$schema"):
        spec.pop(key, None)
    return Chart(spec, {"cells": cells, "words": words}, FULL_WIDTH, height + spec["padding"]["top"] + 2)

"""Where a window's move comes from: a waterfall for each asset, side by side on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from reports.charts.placed import COLOR, X, Y, placed_chart, word, word_layers
from reports.charts.style import (
    BLUE,
    FULL_WIDTH,
    INK,
    MUTED,
    RED,
    RULE,
    SIMULATED_MARK,
    TEXT_OF,
    Chart,
    Record,
    named,
    nice_domain,
)
from reports.text import number

LEFT, GAP, HEAD, ROW, BAR = 106, 12, 30, 18.0, 9.0
#: Room for the figure behind a bar.
FIGURE = 34


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: what it stands for, its size and its interval; None where it has no interval."""

    label: str
    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Bars from zero to their sum, which is the last bar."""

    title: str
    subtitle: str
    steps: Sequence[Step]
    total: float


def waterfall_chart(
    panels: Sequence[Waterfall], labels: Sequence[str], total: str, *, simulated: bool = False
) -> Chart:
    """Waterfalls side by side on one scale; a step that a panel lacks leaves its row empty.

    Parameters
    ----------
    panels : sequence of Waterfall
        At most four.
    labels : sequence of str
        Rows from top to bottom; `total` is the label of the last one.
    total : str
    simulated : bool
    """
    rows = [*labels, total]
    width = (FULL_WIDTH - LEFT - GAP * (len(panels) - 1)) / len(panels)
    ends = [0.0]
    for panel in panels:
        for start, step in _stacked(panel):
            ends += [start, start + step.value]
            ends += [start + one for one in (step.lower, step.upper) if one is not None]
    low, high = nice_domain(ends, room=0.02)
    bars: list[Record] = []
    whiskers: list[Record] = []
    words: list[Record] = [word(row, LEFT - 8.0, _middle(i), "right", INK) for i, row in enumerate(rows)]
    zeros: list[Record] = []
    for p, panel in enumerate(panels):
        left = LEFT + p * (width + GAP)
        scale = (width - FIGURE) / (high - low)

        def at(value: float, left: float = left, scale: float = scale) -> float:
            return round(left + (value - low) * scale, 2)

        words += [
            word(panel.title, left, 4.0, "left", INK, 600),
            word(panel.subtitle, left, 17.0, "left", MUTED),
        ]
        zeros.append({"x": at(0.0), "y": HEAD - 4.0, "y2": _middle(len(rows) - 1) + ROW / 2})
        drawn = [(rows.index(step.label), start, step) for start, step in _stacked(panel)]
        drawn.append((len(rows) - 1, 0.0, Step(total, panel.total)))
        for i, start, step in drawn:
            last = i == len(rows) - 1
            color = INK if last else RED if step.value < 0 else BLUE
            end = start + step.value
            bars.append(
                {
                    "x": min(at(start), at(end)),
                    "x2": max(at(start), at(end)),
                    "y": _middle(i) - BAR / 2,
                    "y2": _middle(i) + BAR / 2,
                    "color": color,
                    "asset": panel.title,
                    "step": step.label,
                    "text": number(step.value, 1, signed=True),
                }
            )
            edges = [at(start), at(end)]
            if step.lower is not None and step.upper is not None:
                edges += [at(start + step.lower), at(start + step.upper)]
                whiskers.append({"x": edges[2], "x2": edges[3], "y": _middle(i)})
            words.append(
                word(number(step.value, 1, signed=True), left + width, _middle(i), "right", TEXT_OF[color], 600)
            )
    if simulated:
        words.append(word(SIMULATED_MARK, 0.0, -10.0, "left", RED, 600))
    return _assembled({"bars": bars, "whiskers": whiskers, "words": words, "zeros": zeros}, len(rows), simulated)


def _stacked(panel: Waterfall) -> list[tuple[float, Step]]:
    """Where each step starts, with the step."""
    found, start = [], 0.0
    for step in panel.steps:
        found.append((start, step))
        start += step.value
    return found


def _middle(row: int) -> float:
    return HEAD + ROW * (row + 0.5)


def _assembled(data: dict[str, list[Record]], rows: int, simulated: bool) -> Chart:
    tip = [alt.Tooltip("asset:N"), alt.Tooltip("step:N", title="due to"), alt.Tooltip("text:N", title="log percent")]
    layers = [
        alt.Chart(named("zeros")).mark_rule(color=MUTED, strokeWidth=0.8).encode(x=X, y=Y, y2=alt.Y2("y2:Q")),
        alt.Chart(named("bars"))
        .mark_rect(opacity=0.85)
        .encode(x=X, x2=alt.X2("x2:Q"), y=Y, y2=alt.Y2("y2:Q"), color=COLOR, tooltip=tip),
        alt.Chart(named("whiskers")).mark_rule(color=RULE, strokeWidth=3.0).encode(x=X, x2=alt.X2("x2:Q"), y=Y),
        alt.Chart(named("whiskers")).mark_rule(color=INK, strokeWidth=1.2).encode(x=X, x2=alt.X2("x2:Q"), y=Y),
    ]
    layers += word_layers("words", ("left", "right"))
    return placed_chart(layers, data, height=round(HEAD + ROW * rows + 4), top=18 if simulated else 6, bottom=2)

"""Charts of estimates with their intervals: forest, specification curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from reports.charts.style import (
    BLUE,
    BOTTOM,
    FULL_WIDTH,
    GOLD,
    GREEN,
    INK,
    MUTED,
    PLOT_WIDTH,
    RED,
    TEXT_OF,
    TICKS,
    TOP,
    Chart,
    Record,
    finished,
    labels_layer,
    named,
    nice_domain,
    picture_height,
    records,
    spread,
)

ONE: list[Record] = [{"one": 1}]
TONE_COLORS = {
    "supported": GREEN,
    "mixed": GOLD,
    "not-supported": RED,
    "inconclusive": MUTED,
    "not-testable": MUTED,
    "plain": BLUE,
}
ROW = 21
#: Intervals beyond this many units of the size of interest are cut and end in an arrow.
FOREST_LIMIT = 6.0
FOREST_LEFT = 286
FOREST_RIGHT = 132


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of a forest: label, estimate, interval, tone of the verdict and a text for the right margin."""

    label: str
    value: float
    lower: float
    upper: float
    tone: str
    text: str


def forest_chart(
    effects: Sequence[Effect],
    *,
    axis: str,
    marks: Sequence[tuple[float, str]] = ((0.0, ""),),
    limit: float | None = None,
    row: float = ROW,
    left: int = FOREST_LEFT,
    simulated: bool = False,
) -> Chart:
    """Estimates with intervals, one a row.

    Parameters
    ----------
    effects : sequence of Effect
    axis : str
        What the horizontal axis measures, with its unit.
    marks : sequence of (value, label)
        Vertical lines: zero, the size of interest.
    limit : float, optional
        Largest absolute value drawn; longer intervals are cut there and end in an arrow.
    row : float
        Height of a row, in CSS pixels.
    left : int
        Room for the labels, in CSS pixels.
    simulated : bool
    """
    bound = math.inf if limit is None else limit
    ends = [max(-bound, min(bound, one)) for e in effects for one in (e.value, e.lower, e.upper)]
    domain = nice_domain(ends, include=[value for value, _ in marks], room=0.05)
    if limit is not None:
        domain = (max(domain[0], -bound), min(domain[1], bound))
    width = FULL_WIDTH - left - FOREST_RIGHT
    height = round(row * len(effects) + 6)
    rows: list[Record] = []
    for i, e in enumerate(effects):
        low, high = max(e.lower, domain[0]), min(e.upper, domain[1])
        rows.append(
            {
                "label": e.label,
                "value": e.value if domain[0] <= e.value <= domain[1] else None,
                "low": low,
                "high": high,
                "py": round(row * (i + 0.6), 1),
                "color": TONE_COLORS[e.tone],
                "text": e.text,
                "cut": (domain[0] if e.lower < domain[0] else None),
                "cut_high": (domain[1] if e.upper > domain[1] else None),
            }
        )
    data = {"rows": records(pd.DataFrame(rows)), "one": ONE}
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    x_axis = alt.Axis(title=axis, format=TICKS, tickCount=6, grid=False)
    base = alt.Chart(named("rows")).encode(y=alt.Y("py:Q", scale=None), color=alt.Color("color:N", scale=None))
    layers = [
        alt.Chart(named("one"))
        .mark_rule(color=INK if value == 0 else "#85600a", strokeWidth=0.9, strokeDash=[1, 0] if value == 0 else [4, 3])
        .encode(x=alt.XDatum(value, scale=scale))
        for value, _ in marks
    ]
    layers += [
        alt.Chart(named("one"))
        .mark_text(
            text=label,
            baseline="bottom",
            fontSize=10,
            color=INK if value == 0 else "#85600a",
            align="right" if value == 0 else "left",
            dx=2 if value == 0 else -2,
        )
        .encode(x=alt.XDatum(value, scale=scale), y=alt.YValue(-3))
        for value, label in marks
        if label
    ]
    arrow = {"filled": True, "size": 40, "opacity": 1}
    layers += [
        base.mark_rule(strokeWidth=1.8).encode(x=alt.X("low:Q", scale=scale, axis=x_axis), x2=alt.X2("high:Q")),
        base.mark_point(filled=True, size=46, opacity=1).encode(
            x=alt.X("value:Q", scale=scale, axis=x_axis),
            tooltip=[alt.Tooltip("label:N", title="effect"), alt.Tooltip("text:N", title="estimate and interval")],
        ),
        base.mark_point(shape="triangle-left", **arrow).encode(x=alt.X("cut:Q", scale=scale, axis=x_axis)),
        base.mark_point(shape="triangle-right", **arrow).encode(x=alt.X("cut_high:Q", scale=scale, axis=x_axis)),
        alt.Chart(named("rows"))
        .mark_text(align="left", baseline="middle", color=INK, limit=left - 6)
        .encode(x=alt.XValue(-left + 2), y=alt.Y("py:Q", scale=None), text=alt.Text("label:N")),
        alt.Chart(named("rows"))
        .mark_text(align="right", baseline="middle", color=INK)
        .encode(x=alt.XValue(width + FOREST_RIGHT - 2), y=alt.Y("py:Q", scale=None), text=alt.Text("text:N")),
    ]
    spec = finished(
        layers,
        height=height,
        width=width,
        left=left,
        right=FOREST_RIGHT,
        top=TOP + 4,
        bottom=BOTTOM + 14,
        simulated=simulated,
    )
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))


@dataclass(frozen=True, slots=True)
class Paired:
    """A row with two estimates (value, lower, upper), a mark of its own and a text for the right margin."""

    label: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    mark: float
    text: str


def paired_chart(
    rows: Sequence[Paired], states: tuple[str, str], *, axis: str, mark: str, simulated: bool = False
) -> Chart:
    """Two estimates a row, one above the other, with a diamond where the row's own mark lies.

    Parameters
    ----------
    rows : sequence of Paired
    states : (str, str)
        What the first and the second estimate stand for; written beside the first row.
    axis : str
        What the horizontal axis measures, with its unit.
    mark : str
        What the diamond stands for.
    simulated : bool
    """
    left, right, step = 130, 214, 21.0
    width = FULL_WIDTH - left - right
    height = round(step * len(rows) + 4)
    ends = [one for row in rows for one in (*row.first, *row.second, row.mark)]
    low, high = nice_domain(ends, include=(0.0,), room=0.02)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    points: list[Record] = []
    for i, row in enumerate(rows):
        for (value, lower, upper), dy, state, color in (
            (row.first, -4.0, states[0], BLUE),
            (row.second, 4.0, states[1], RED),
        ):
            points.append(
                {
                    "row": row.label,
                    "state": state,
                    "value": value,
                    "low": lower,
                    "high": upper,
                    "py": step * (i + 0.5) + dy,
                    "color": color,
                }
            )
    words = [
        {"label": row.label, "text": row.text, "mark": row.mark, "py": step * (i + 0.5)} for i, row in enumerate(rows)
    ]
    legend = ((f"• {states[0]}", 24, BLUE), (f"• {states[1]}", 84, RED), (f"◆ {mark}", 152, INK))
    data = {
        "points": records(pd.DataFrame(points)),
        "words": records(pd.DataFrame(words)),
        "one": ONE,
    }
    x_axis = alt.Axis(title=axis, format=TICKS, tickCount=6, grid=True)
    y = alt.Y("py:Q", scale=None)
    base = alt.Chart(named("points")).encode(y=y, color=alt.Color("color:N", scale=None))
    text = alt.Chart(named("words")).encode(y=y)
    layers = [
        alt.Chart(named("one")).mark_rule(color=INK, strokeWidth=0.8).encode(x=alt.XDatum(0.0, scale=scale)),
        base.mark_rule(strokeWidth=1.8).encode(x=alt.X("low:Q", scale=scale, axis=x_axis), x2=alt.X2("high:Q")),
        base.mark_point(filled=True, size=42, opacity=1).encode(
            x=alt.X("value:Q", scale=scale, axis=x_axis),
            tooltip=[
                alt.Tooltip("row:N", title="asset"),
                alt.Tooltip("state:N"),
                alt.Tooltip("value:Q", format=".1f"),
                alt.Tooltip("low:Q", title="lower", format=".1f"),
                alt.Tooltip("high:Q", title="upper", format=".1f"),
            ],
        ),
        text.mark_point(shape="diamond", filled=True, size=44, color=INK, opacity=1).encode(
            x=alt.X("mark:Q", scale=scale, axis=x_axis)
        ),
        text.mark_text(align="right", baseline="middle", color=INK).encode(x=alt.XValue(-10), text=alt.Text("label:N")),
        text.mark_text(align="right", baseline="middle", color=INK).encode(
            x=alt.XValue(width + right - 2), text=alt.Text("text:N")
        ),
    ]
    layers += [
        alt.Chart(named("one"))
        .mark_text(text=name, align="left", baseline="bottom", fontWeight=600, color=color)
        .encode(x=alt.XValue(width + shift), y=alt.YValue(-4))
        for name, shift, color in legend
    ]
    spec = finished(
        layers, height=height, width=width, left=left, right=right, top=TOP + 2, bottom=BOTTOM + 14, simulated=simulated
    )
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))


@dataclass(frozen=True, slots=True)
class Specification:
    """A point of the specification curve."""

    label: str
    value: float
    lower: float
    upper: float
    primary: bool = False


def specification_chart(
    specifications: Sequence[Specification],
    *,
    marks: Sequence[tuple[float, str]],
    height: int = 86,
    simulated: bool = False,
) -> Chart:
    """The specification curve: estimates in order of size with their intervals, the primary one marked.

    `marks` are horizontal lines with their labels: zero, the size of interest, the ends of a claimed range.
    """
    ordered = sorted(specifications, key=lambda one: one.value)
    domain = nice_domain(
        [end for one in ordered for end in (one.lower, one.upper)], include=[value for value, _ in marks]
    )
    step = PLOT_WIDTH / len(ordered)
    rows = [
        {
            "label": one.label,
            "value": one.value,
            "low": one.lower,
            "high": one.upper,
            "px": round((i + 0.5) * step, 2),
            "color": RED if one.primary else BLUE if one.lower > 0 or one.upper < 0 else MUTED,
            "size": 58 if one.primary else 22,
        }
        for i, one in enumerate(ordered)
    ]
    data: dict[str, list[Record]] = {"rows": records(pd.DataFrame(rows)), "one": ONE}
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    axis = alt.Axis(title=None, format=TICKS, tickCount=5, grid=True)
    base = alt.Chart(named("rows")).encode(x=alt.X("px:Q", scale=None), color=alt.Color("color:N", scale=None))
    layers = [
        *(
            alt.Chart(named("one"))
            .mark_rule(
                color=INK if value == 0 else "#85600a", strokeWidth=0.9, strokeDash=[1, 0] if value == 0 else [4, 3]
            )
            .encode(y=alt.YDatum(value, scale=scale))
            for value, _ in marks
        ),
        base.mark_rule(strokeWidth=max(0.7, min(3.0, step / 3.0)), opacity=0.45).encode(
            y=alt.Y("low:Q", scale=scale, axis=axis), y2=alt.Y2("high:Q")
        ),
        base.mark_point(filled=True, opacity=1).encode(
            y=alt.Y("value:Q", scale=scale, axis=axis),
            size=alt.Size("size:Q", scale=None),
            tooltip=[
                alt.Tooltip("label:N", title="specification"),
                alt.Tooltip("value:Q", title="estimate", format=".2f"),
                alt.Tooltip("low:Q", title="lower", format=".2f"),
                alt.Tooltip("high:Q", title="upper", format=".2f"),
            ],
        ),
    ]
    place = {"low": domain[0], "high": domain[1]}

    def y_of(value: float) -> float:
        return height * (place["high"] - value) / (place["high"] - place["low"])

    margin = [(label, value, MUTED if value == 0 else "#85600a") for value, label in marks]
    primary = next((one for one in ordered if one.primary), None)
    if primary is not None:
        margin.append(("primary", primary.value, RED))

    placed = spread([y_of(value) for _, value, _ in margin], high=float(height))
    data["labels"] = [
        {"text": text, "color": TEXT_OF.get(color, color), "py": round(y, 1)}
        for (text, _, color), y in zip(margin, placed, strict=True)
    ]
    layers.append(labels_layer("labels"))
    spec = finished(layers, height=height, bottom=6, simulated=simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))

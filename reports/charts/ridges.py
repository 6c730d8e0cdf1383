"""Densities of many samples above each other, as ridges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from reports.charts.placed import COLOR, Y
from reports.charts.style import (
    BOTTOM,
    FULL_WIDTH,
    INK,
    MUTED,
    RULE,
    TEXT_OF,
    TICKS,
    TOP,
    Chart,
    Record,
    finished,
    named,
    picture_height,
    rounded,
)
from reports.text import number

#: Densities below this share of the highest are not drawn.
FAINT = 0.004
#: Room for the names and for the medians, in CSS pixels, and the height of the highest ridge, in rows.
LEFT, RIGHT, RISE = 150, 96, 1.7
#: Width of a letter of the heads.
LETTER = 5.6
#: Ticks of the logarithmic axis.
ROUND = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Ridges:
    """Densities of several samples on one grid: a name, a colour, and a frame with "value" and a column a sample."""

    name: str
    color: str
    frame: pd.DataFrame

    def median(self, sample: str) -> float:
        """Median of a sample, read off its density over the logarithm of the value."""
        logs, density = np.log(self.frame["value"].to_numpy(dtype=float)), self.frame[sample].to_numpy(dtype=float)
        cumulative = np.cumsum(np.diff(logs) * (density[1:] + density[:-1]) / 2.0)
        return float(np.exp(np.interp(0.5 * cumulative[-1], cumulative, logs[1:])))


def ridges_chart(states: Sequence[Ridges], *, axis: str, row: float = 15.0, simulated: bool = False) -> Chart:
    """Densities above each other on one logarithmic axis, a row for each sample and a colour for each state.

    Parameters
    ----------
    states : sequence of Ridges
        With the same samples, in the order of the rows; their medians stand in the right margin.
    axis : str
        What the horizontal axis measures, with its unit.
    row : float
        Height of a row, in CSS pixels.
    simulated : bool
    """
    names = [str(one) for one in states[0].frame.columns if one != "value"]
    grid = states[0].frame["value"].to_numpy(dtype=float)
    width = FULL_WIDTH - LEFT - RIGHT
    height = round(row * len(names) + (RISE - 1.0) * row)
    highest = max(float(state.frame[name].max()) for state in states for name in names)
    ridges: list[Record] = []
    rows: list[Record] = []
    for i, name in enumerate(names):
        base = round(row * (i + RISE), 1)
        for state in states:
            density = state.frame[name].to_numpy(dtype=float)
            ridges += [
                {
                    "asset": name,
                    "state": state.name,
                    "ridge": f"{i}{state.name}",
                    "value": rounded(float(value)),
                    "density": rounded(float(one)),
                    "y": round(base - row * RISE * float(one) / highest, 2),
                    "base": base,
                    "color": state.color,
                }
                for value, one in zip(grid, density, strict=True)
                if one >= FAINT * highest
            ]
        medians = " → ".join(number(state.median(name), 0) for state in states)
        rows.append({"asset": name, "base": base, "y": base - 4.0, "medians": medians})
    scale = alt.Scale(type="log", domain=[float(grid[0]), float(grid[-1])], nice=False)
    ticks = [one for one in ROUND if grid[0] <= one <= grid[-1]]
    x = alt.X("value:Q", scale=scale, axis=alt.Axis(title=axis, values=ticks, format=TICKS, grid=False))
    lines = alt.Chart(named("rows"))
    drawn = alt.Chart(named("ridges"))
    layers = [
        lines.mark_rule(color=RULE, strokeWidth=0.8).encode(
            x=alt.XValue(0), x2=alt.X2Value(width), y=alt.Y("base:Q", scale=None, axis=None)
        ),
        drawn.mark_area(opacity=0.35).encode(x=x, y=Y, y2=alt.Y2("base:Q"), detail=alt.Detail("ridge:N"), color=COLOR),
        drawn.mark_line(strokeWidth=1.1).encode(
            x=x,
            y=Y,
            detail=alt.Detail("ridge:N"),
            color=COLOR,
            tooltip=[alt.Tooltip("asset:N"), alt.Tooltip("state:N"), alt.Tooltip("value:Q", title=axis, format=".1f")],
        ),
        lines.mark_text(align="left", baseline="middle", color=INK).encode(
            x=alt.XValue(2 - LEFT), y=Y, text=alt.Text("asset:N")
        ),
        lines.mark_text(align="right", baseline="middle", color=INK).encode(
            x=alt.XValue(width + RIGHT - 2), y=Y, text=alt.Text("medians:N")
        ),
    ]
    data: dict[str, list[Record]] = {"ridges": ridges, "rows": rows, "one": [{"one": 1}]}
    data["heads"] = _heads(states, width)
    layers.append(
        alt.Chart(named("heads"))
        .mark_text(clip=False, align="left", baseline="bottom", fontWeight=600, fontSize=10.5)
        .encode(x=alt.X("x:Q", scale=None), y=Y, text=alt.Text("text:N"), color=COLOR)
    )
    spec = finished(
        layers,
        height=height,
        width=width,
        left=LEFT,
        right=RIGHT,
        top=TOP + 4,
        bottom=BOTTOM + 14,
        simulated=simulated,
    )
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))


def _heads(states: Sequence[Ridges], width: int) -> list[Record]:
    """Names of the states side by side above the ridges, and what stands in the right margin."""
    heads: list[Record] = []
    place = 0.0
    for state in states:
        heads.append({"text": state.name, "x": place, "y": -4.0, "color": TEXT_OF.get(state.color, state.color)})
        place += LETTER * len(state.name) + 14.0
    return [*heads, {"text": "median", "x": width + RIGHT - 2.0 - LETTER * len("median"), "y": -4.0, "color": MUTED}]

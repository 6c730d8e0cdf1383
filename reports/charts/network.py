"""Spillovers as a network: who gives and who takes, beside what each takes from all others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from reports.charts.placed import COLOR, X, Y, placed_chart, word, word_layers
from reports.charts.style import (
    BLUE,
    FULL_WIDTH,
    INK,
    MUTED,
    PAPER,
    RED,
    SIMULATED_MARK,
    TEXT_OF,
    Chart,
    Record,
    named,
)
from reports.text import number

HEIGHT, RADIUS, NODE = 210, 74.0, 5.0
CENTRE = (FULL_WIDTH * 0.33, 108.0)
#: Widest line, for the largest net flow; flows below this share of it are left out.
WIDEST, FAINTEST = 5.0, 0.06
LIST = 452.0


def net_flows(table: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Net flows (giver, taker, size) of a connectedness table whose rows take from their columns, largest first."""
    names = [str(one) for one in table.index]
    values = table[table.index].to_numpy(dtype=float)
    flows = []
    for i, taker in enumerate(names):
        for j, giver in enumerate(names[:i]):
            net = float(values[i, j] - values[j, i])
            flows.append((giver, taker, net) if net >= 0 else (taker, giver, -net))
    return sorted(flows, key=lambda flow: -flow[2])


def network_chart(table: pd.DataFrame, colors: Sequence[str], *, simulated: bool = False) -> Chart:
    """Nodes on a circle with arrows from givers to takers; right of it what each gives on balance.

    Parameters
    ----------
    table : DataFrame, (N, N or more)
        Percent of a row's forecast errors due to shocks of a column; the columns of the rows' names are used.
    colors : sequence of str
        Of the nodes.
    simulated : bool
    """
    names = [str(one) for one in table.index]
    place = {
        name: (
            CENTRE[0] + RADIUS * math.sin(2 * math.pi * i / len(names)),
            CENTRE[1] - RADIUS * math.cos(2 * math.pi * i / len(names)),
        )
        for i, name in enumerate(names)
    }
    flows = net_flows(table)
    largest = max((size for _, _, size in flows), default=0.0)
    kept = [flow for flow in flows if largest > 0 and flow[2] >= FAINTEST * largest]
    lines: list[Record] = []
    heads: list[Record] = []
    for giver, taker, size in kept:
        start, end, angle = _shortened(place[giver], place[taker])
        text = f"{giver} to {taker}: {number(size, 1)} on balance"
        lines.append(
            {
                "x": start[0],
                "y": start[1],
                "x2": end[0],
                "y2": end[1],
                "width": round(0.8 + (WIDEST - 0.8) * size / largest, 2),
                "text": text,
            }
        )
        heads.append({"x": end[0], "y": end[1], "angle": angle, "text": text})
    balance = dict.fromkeys(names, 0.0)
    for giver, taker, size in flows:
        balance[giver] += size
        balance[taker] -= size
    nodes = [
        {"x": round(x, 1), "y": round(y, 1), "color": color, "name": name}
        for (name, (x, y)), color in zip(place.items(), colors, strict=True)
    ]
    words = [_node_label(name, *place[name]) for name in names]
    words += [word("gives on balance, percent of errors", LIST, 16.0, "left", MUTED)]
    for row, (name, size) in enumerate(sorted(balance.items(), key=lambda pair: -pair[1])):
        y = 36.0 + 17.0 * row
        words.append(word(name, LIST, y, "left", INK))
        words.append(
            word(number(size, 1, signed=True), FULL_WIDTH - 4.0, y, "right", TEXT_OF[BLUE if size >= 0 else RED], 600)
        )
    words.append(word("strongest flows", LIST, 46.0 + 17.0 * len(names), "left", MUTED))
    for row, (giver, taker, size) in enumerate(kept[:3]):
        y = 64.0 + 17.0 * (len(names) + row)
        words.append(word(f"{giver} → {taker}", LIST, y, "left", INK))
        words.append(word(number(size, 1), FULL_WIDTH - 4.0, y, "right", INK, 600))
    if simulated:
        words.append(word(SIMULATED_MARK, 0.0, -10.0, "left", RED, 600))
    return _assembled({"lines": lines, "heads": heads, "nodes": nodes, "words": words}, simulated)


def _shortened(
    start: tuple[float, float], end: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """A line that stops short of both nodes, and the direction of its head in degrees, clockwise from the top."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    near, far = NODE + 4.0, NODE + 9.0
    return (
        (round(start[0] + near * ux, 1), round(start[1] + near * uy, 1)),
        (round(end[0] - far * ux, 1), round(end[1] - far * uy, 1)),
        round(math.degrees(math.atan2(ux, -uy)), 1),
    )


def _node_label(name: str, x: float, y: float) -> Record:
    side = x - CENTRE[0]
    align = "left" if side > 1.0 else "right" if side < -1.0 else "center"
    shift = 12.0 if align == "left" else -12.0 if align == "right" else 0.0
    lift = 0.0 if align != "center" else -15.0 if y < CENTRE[1] else 15.0
    return word(name, x + shift, y + lift, align, INK, 600)


def _assembled(data: dict[str, list[Record]], simulated: bool) -> Chart:
    tip = [alt.Tooltip("text:N", title="flow")]
    layers = [
        alt.Chart(named("lines"))
        .mark_rule(color=MUTED, opacity=0.75)
        .encode(
            x=X,
            y=Y,
            x2=alt.X2("x2:Q"),
            y2=alt.Y2("y2:Q"),
            strokeWidth=alt.StrokeWidth("width:Q", scale=None),
            tooltip=tip,
        ),
        alt.Chart(named("heads"))
        .mark_point(shape="triangle", filled=True, size=70, color=INK, opacity=1)
        .encode(x=X, y=Y, angle=alt.Angle("angle:Q", scale=None), tooltip=tip),
        alt.Chart(named("nodes"))
        .mark_point(shape="circle", filled=True, size=150, opacity=1, stroke=PAPER)
        .encode(x=X, y=Y, color=COLOR),
    ]
    layers += word_layers("words")
    return placed_chart(layers, data, height=HEIGHT, top=18 if simulated else 4, bottom=2)

"""Heat maps of correlation matrices side by side, on one scale of colour, with the figure in each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from reports.charts.style import FULL_WIDTH, INK, MUTED, RED, SIMULATED_MARK, Chart, Record, config, named
from reports.text import number

ONE: list[Record] = [{"one": 1}]
LEFT = 108
GAP = 14
HEAD = 40
#: Colour scale from −1 to 1: blue below, paper at zero, red above; both ends equally dark in grey.
STOPS = ("#1f5a96", "#8fb4d9", "#f7f8fa", "#e5a79f", "#b5382a")


def _mixed(value: float) -> str:
    position = (max(-1.0, min(1.0, value)) + 1.0) / 2.0 * (len(STOPS) - 1)
    i = min(int(position), len(STOPS) - 2)
    t = position - i
    channels = [round(int(STOPS[i][k : k + 2], 16) * (1 - t) + int(STOPS[i + 1][k : k + 2], 16) * t) for k in (1, 3, 5)]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def matrix_chart(
    panels: Sequence[tuple[str, pd.DataFrame]],
    names: Sequence[str],
    short: Sequence[str],
    *,
    simulated: bool = False,
    stretch: Sequence[float] | None = None,
) -> Chart:
    """Lower triangles, without the diagonal, of square frames, one panel each.

    Parameters
    ----------
    panels : sequence of (title, frame)
        At most three, all of the same shape.
    names, short : sequence of str
        Row labels, and the short ones above the columns.
    simulated : bool
    stretch : sequence of float, optional
        Factor on the colour of each panel: a difference of 0.5 is as dark as a correlation of 1 with factor 2.
    """
    n = len(names)
    panel_width = (FULL_WIDTH - LEFT - GAP * (len(panels) - 1)) / max(3, len(panels))
    cell_width = panel_width / (n - 1)
    cell_height = min(24.0, cell_width * 0.8)
    factors = stretch or [1.0] * len(panels)
    cells: list[Record] = []
    labels: list[Record] = []
    for p, (title, frame) in enumerate(panels):
        values = frame.to_numpy(dtype=float)
        x0 = LEFT + p * (panel_width + GAP)
        labels.append({"text": title, "x": round(x0, 1), "y": 6.0, "align": "left", "color": INK, "weight": 600})
        for j in range(n - 1):
            labels.append(
                {
                    "text": short[j],
                    "x": round(x0 + (j + 0.5) * cell_width, 1),
                    "y": HEAD - 10.0,
                    "align": "center",
                    "color": MUTED,
                    "weight": 400,
                }
            )
        for i in range(1, n):
            for j in range(i):
                value = float(values[i, j])
                known = math.isfinite(value)
                shade = min(1.0, abs(value) * factors[p]) if known else 0.0
                cells.append(
                    {
                        "x": round(x0 + j * cell_width, 2),
                        "x2": round(x0 + (j + 1) * cell_width - 1.0, 2),
                        "y": round(HEAD + (i - 1) * cell_height, 2),
                        "y2": round(HEAD + i * cell_height - 1.0, 2),
                        "cx": round(x0 + (j + 0.5) * cell_width, 2),
                        "cy": round(HEAD + (i - 0.5) * cell_height, 2),
                        "fill": _mixed(math.copysign(shade, value)) if known else "#eef1f4",
                        "ink": "#ffffff" if shade > 0.72 else "#1d2733",
                        "text": number(value, 2),
                        "pair": f"{names[i]} and {names[j]}",
                        "panel": title,
                    }
                )
    for i in range(1, n):
        labels.append(
            {
                "text": names[i],
                "x": LEFT - 8.0,
                "y": round(HEAD + (i - 0.5) * cell_height, 1),
                "align": "right",
                "color": INK,
                "weight": 400,
            }
        )
    if simulated:
        labels.append({"text": SIMULATED_MARK, "x": 0.0, "y": -10.0, "align": "left", "color": RED, "weight": 600})
    raw = {"scale": None, "axis": None}
    tip = [alt.Tooltip("panel:N"), alt.Tooltip("pair:N"), alt.Tooltip("text:N", title="value")]
    height = round(HEAD + (n - 1) * cell_height + 4)
    base = alt.Chart(named("cells"))
    layers = [
        base.mark_rect().encode(
            x=alt.X("x:Q", **raw),
            x2=alt.X2("x2:Q"),
            y=alt.Y("y:Q", **raw),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("fill:N", scale=None),
            tooltip=tip,
        ),
        base.mark_text(baseline="middle", fontSize=10).encode(
            x=alt.X("cx:Q", **raw),
            y=alt.Y("cy:Q", **raw),
            text=alt.Text("text:N"),
            color=alt.Color("ink:N", scale=None),
        ),
    ]
    for align in ("left", "center", "right"):
        for weight in (400, 600):
            layers.append(
                alt.Chart(named("labels"))
                .transform_filter(f"datum.align == '{align}' && datum.weight == {weight}")
                .mark_text(align=align, baseline="middle", fontWeight=weight, fontSize=10.5)
                .encode(
                    x=alt.X("x:Q", **raw),
                    y=alt.Y("y:Q", **raw),
                    text=alt.Text("text:N"),
                    color=alt.Color("color:N", scale=None),
                )
            )
    spec = alt.layer(*layers).properties(width=FULL_WIDTH, height=height).to_dict(validate=False)
    spec["padding"] = {"left": 0, "right": 0, "top": 16 if simulated else 4, "bottom": 2}
    spec["autosize"] = {"type": "none"}
    spec["config"] = config()
    for key in ("datasets", "$schema"):
        spec.pop(key, None)
    return Chart(spec, {"cells": cells, "labels": labels}, FULL_WIDTH, height + (18 if simulated else 6))

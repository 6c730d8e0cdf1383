"""Heat maps of correlation matrices side by side, on one scale of colour, with the figure in each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from reports.charts.placed import X, Y, placed_chart, word, word_layers
from reports.charts.style import FULL_WIDTH, INK, MUTED, RED, SIMULATED_MARK, Chart, Record, named
from reports.text import number

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
) -> Chart:
    """Lower triangles, without the diagonal, of square frames, one panel each.

    Parameters
    ----------
    panels : sequence of (title, frame)
        At most three, all of the same shape.
    names, short : sequence of str
        Row labels, and the short ones above the columns.
    simulated : bool
    """
    n = len(names)
    panel_width = (FULL_WIDTH - LEFT - GAP * (len(panels) - 1)) / max(3, len(panels))
    cell_width = panel_width / (n - 1)
    cell_height = min(24.0, cell_width * 0.8)
    cells: list[Record] = []
    labels: list[Record] = []
    for p, (title, frame) in enumerate(panels):
        values = frame.to_numpy(dtype=float)
        x0 = LEFT + p * (panel_width + GAP)
        labels.append(word(title, x0, 6.0, "left", INK, 600))
        for j in range(n - 1):
            labels.append(word(short[j], x0 + (j + 0.5) * cell_width, HEAD - 10.0, "center", MUTED))
        for i in range(1, n):
            for j in range(i):
                value = float(values[i, j])
                known = math.isfinite(value)
                shade = min(1.0, abs(value)) if known else 0.0
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
        labels.append(word(names[i], LEFT - 8.0, HEAD + (i - 0.5) * cell_height, "right", INK))
    if simulated:
        labels.append(word(SIMULATED_MARK, 0.0, -10.0, "left", RED, 600))
    tip = [alt.Tooltip("panel:N"), alt.Tooltip("pair:N"), alt.Tooltip("text:N", title="value")]
    base = alt.Chart(named("cells"))
    layers = [
        base.mark_rect().encode(
            x=X,
            x2=alt.X2("x2:Q"),
            y=Y,
            y2=alt.Y2("y2:Q"),
            color=alt.Color("fill:N", scale=None),
            tooltip=tip,
        ),
        base.mark_text(baseline="middle", fontSize=10).encode(
            x=alt.X("cx:Q", scale=None, axis=None),
            y=alt.Y("cy:Q", scale=None, axis=None),
            text=alt.Text("text:N"),
            color=alt.Color("ink:N", scale=None),
        ),
    ]
    layers += word_layers("labels")
    height = round(HEAD + (n - 1) * cell_height + 4)
    data = {"cells": cells, "labels": labels}
    return placed_chart(layers, data, height=height, top=16 if simulated else 4, bottom=2)

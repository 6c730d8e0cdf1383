"""Small multiples of forecasts: what was known up to the last close, and the fan of what may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from reports.charts.placed import COLOR, X, Y, placed_chart, word, word_layers
from reports.charts.style import (
    FULL_WIDTH,
    INK,
    MARK_ROOM,
    MUTED,
    RED,
    RULE,
    SIMULATED_MARK,
    Chart,
    Record,
    named,
    rounded,
)
from reports.text import needed_decimals, number

COLUMNS = 3
#: Room left of a plot for its axis, and between rows for the title above and the dates below.
AXIS, ABOVE, BELOW, GAP = 27, 20, 18, 12
PLOT_HEIGHT = 72
#: Share of a plot's width that the past takes.
PAST = 0.62


@dataclass(frozen=True)
class Fan:
    """One panel.

    Attributes
    ----------
    title : str
    past : Series
        By session, ending with the last that is known.
    ahead : DataFrame
        Columns "estimate", "lower", "upper", "inner_lower", "inner_upper", one row a session ahead.
    domain : (low, high)
    color : str
    """

    title: str
    past: pd.Series
    ahead: pd.DataFrame
    domain: tuple[float, float]
    color: str


def fan_chart(fans: Sequence[Fan], *, simulated: bool = False) -> Chart:
    """Panels side by side, `COLUMNS` in a row, each on the vertical scale it is given."""
    width = (FULL_WIDTH - (COLUMNS - 1) * GAP) / COLUMNS - AXIS
    data: dict[str, list[Record]] = {"areas": [], "lines": [], "grid": [], "labels": []}
    for i, fan in enumerate(fans):
        left = AXIS + (i % COLUMNS) * (width + AXIS + GAP)
        top = ABOVE + (i // COLUMNS) * (PLOT_HEIGHT + ABOVE + BELOW)
        _panel(data, fan, str(i), left, top, width)
    if simulated:
        data["labels"].append(word(SIMULATED_MARK, 0.0, -6.0, "left", RED, 600))
    grid = alt.Chart(named("grid"))
    layers = [
        grid.mark_rule(strokeWidth=0.8).encode(x=X, y=Y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=COLOR),
        alt.Chart(named("areas"))
        .mark_area()
        .encode(
            x=X,
            y=Y,
            y2=alt.Y2("y2:Q"),
            detail=alt.Detail("area:N"),
            color=COLOR,
            opacity=alt.Opacity("opacity:Q", scale=None),
        ),
        alt.Chart(named("lines"))
        .mark_line(strokeWidth=1.3, strokeJoin="round")
        .encode(
            x=X,
            y=Y,
            detail=alt.Detail("line:N"),
            order=alt.Order("order:Q"),
            color=COLOR,
            strokeDash=alt.StrokeDash(
                "dash:N", scale=alt.Scale(domain=["past", "ahead"], range=[[1, 0], [3, 2]]), legend=None
            ),
        ),
    ]
    layers += word_layers("labels", size=10)
    height = -(-len(fans) // COLUMNS) * (PLOT_HEIGHT + ABOVE + BELOW)
    return placed_chart(layers, data, height=height, top=MARK_ROOM + 6 if simulated else 2, bottom=0)


def _panel(data: dict[str, list[Record]], fan: Fan, name: str, left: float, top: float, width: float) -> None:
    low, high = fan.domain
    joint = left + PAST * width

    def y_of(value: float) -> float:
        held = min(max(value, low), high)
        return round(top + PLOT_HEIGHT * (high - held) / (high - low), 2)

    def x_ahead(step: int) -> float:
        return round(joint + (1.0 - PAST) * width * step / len(fan.ahead), 2)

    ticks = (low, (low + high) / 2.0, high)
    decimals = needed_decimals(ticks)
    for value in ticks:
        data["grid"].append(_rule(left, y_of(value), left + width, y_of(value), RULE))
        data["labels"].append(word(number(value, decimals), left - 5.0, y_of(value), "right", MUTED, 400))
    if low < 0.0 < high:
        data["grid"].append(_rule(left, y_of(0.0), left + width, y_of(0.0), INK))
    data["grid"].append(_rule(joint, top, joint, top + PLOT_HEIGHT, MUTED))
    known = fan.past.dropna()
    dates = pd.DatetimeIndex(known.index)
    span = max(len(known) - 1, 1)
    for k, value in enumerate(known.to_numpy(dtype=float)):
        x = round(left + PAST * width * k / span, 2)
        data["lines"].append(
            {
                "panel": fan.title,
                "session": dates[k].strftime("%Y-%m-%d"),
                "value": rounded(float(value)),
                "line": name,
                "order": k,
                "x": x,
                "y": y_of(float(value)),
                "color": fan.color,
                "dash": "past",
            }
        )
    last = float(known.iloc[-1])
    steps = [(0, dict.fromkeys(fan.ahead.columns, last))]
    steps += [
        (k, {str(column): float(row[column]) for column in fan.ahead.columns})
        for k, (_, row) in enumerate(fan.ahead.iterrows(), 1)
    ]
    for k, row in steps:
        x = x_ahead(k)
        for area, opacity, ends in (
            ("outer", 0.16, ("lower", "upper")),
            ("inner", 0.3, ("inner_lower", "inner_upper")),
        ):
            data["areas"].append(
                {
                    "panel": fan.title,
                    "step": k,
                    "low": rounded(row[ends[0]]),
                    "high": rounded(row[ends[1]]),
                    "area": name + area,
                    "x": x,
                    "y": y_of(row[ends[0]]),
                    "y2": y_of(row[ends[1]]),
                    "color": fan.color,
                    "opacity": opacity,
                }
            )
        data["lines"].append(
            {
                "panel": fan.title,
                "session": f"+{k}",
                "value": rounded(row["estimate"]),
                "line": f"{name}ahead",
                "order": k,
                "x": x,
                "y": y_of(row["estimate"]),
                "color": fan.color,
                "dash": "ahead",
            }
        )
    data["labels"] += [
        word(fan.title, left - AXIS + 2.0, top - 11.0, "left", INK, 600),
        word(dates[0].strftime("%-d %b"), left, top + PLOT_HEIGHT + 9.0, "left", MUTED, 400),
        word(dates[-1].strftime("%-d %b"), joint, top + PLOT_HEIGHT + 9.0, "center", MUTED, 400),
        word(f"+{len(fan.ahead)}", left + width, top + PLOT_HEIGHT + 9.0, "right", MUTED, 400),
    ]


def _rule(x: float, y: float, x2: float, y2: float, color: str) -> Record:
    return {"x": rounded(x), "y": rounded(y), "x2": rounded(x2), "y2": rounded(y2), "color": color}

"""Small multiples of fans: what was known up to a close, and the band of what may follow, or of what followed."""

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
    round_ticks,
    rounded,
)
from reports.text import needed_decimals, number

#: Room left of a plot for its axis, and between rows for the title above and the dates below.
AXIS, ABOVE, BELOW, GAP = 27, 20, 18, 12
PLOT_HEIGHT = 72
#: Share of a plot's width that the past takes, where there is one.
PAST = 0.62
#: Bands from the widest in: opacity and columns.
BANDS = (("outer", 0.16, "lower", "upper"), ("inner", 0.3, "inner_lower", "inner_upper"))


@dataclass(frozen=True)
class Fan:
    """One panel.

    Attributes
    ----------
    title : str
    ahead : DataFrame
        Columns "estimate", "lower", "upper" and, for a second band inside the first, "inner_lower" and "inner_upper",
        by sessions from the close at which the fan opens; that close itself (0) may be left to the past.
    domain : (low, high)
    color : str
    past : Series, optional
        By session, ending with the last that is known. Without one the fan takes the whole panel, and its line is
        drawn through: it tells of what was, not of what is expected.
    """

    title: str
    ahead: pd.DataFrame
    domain: tuple[float, float]
    color: str
    past: pd.Series | None = None


def fans_chart(fans: Sequence[Fan], *, columns: int = 3, height: int = PLOT_HEIGHT, simulated: bool = False) -> Chart:
    """Panels side by side, `columns` in a row, each on the vertical scale it is given.

    Parameters
    ----------
    fans : sequence of Fan
    columns : int
    height : int
        Of a panel's plot, in CSS pixels.
    simulated : bool
    """
    width = (FULL_WIDTH - (columns - 1) * GAP) / columns - AXIS
    data: dict[str, list[Record]] = {"areas": [], "lines": [], "grid": [], "labels": []}
    for i, fan in enumerate(fans):
        row, column = divmod(i, columns)
        left, top = AXIS + column * (width + AXIS + GAP), ABOVE + row * (height + ABOVE + BELOW)
        _panel(data, fan, str(i), _Place(left, top, width, height))
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
    whole = -(-len(fans) // columns) * (height + ABOVE + BELOW)
    return placed_chart(layers, data, height=whole, top=MARK_ROOM + 6 if simulated else 2, bottom=0)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a panel's plot stands, in pixels."""

    left: float
    top: float
    width: float
    height: int

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def right(self) -> float:
        return self.left + self.width


def _panel(data: dict[str, list[Record]], fan: Fan, name: str, place: _Place) -> None:
    low, high = fan.domain
    known = None if fan.past is None else fan.past.dropna()
    past = 0.0 if known is None else PAST * place.width
    joint, last = place.left + past, float(fan.ahead.index[-1])

    def y_of(value: float) -> float:
        held = min(max(value, low), high)
        return round(place.top + place.height * (high - held) / (high - low), 2)

    def line(part: str, k: int, session: str, value: float, x: float, dash: str) -> Record:
        return {
            "panel": fan.title,
            "session": session,
            "value": rounded(value),
            "line": name + part,
            "order": k,
            "x": round(x, 2),
            "y": y_of(value),
            "color": fan.color,
            "dash": dash,
        }

    ticks = round_ticks(fan.domain)
    decimals = needed_decimals(ticks)
    for value in ticks:
        data["grid"].append(_rule(place.left, y_of(value), place.right, y_of(value), RULE))
        data["labels"].append(word(number(value, decimals), place.left - 5.0, y_of(value), "right", MUTED, 400))
    if low < 0.0 < high:
        data["grid"].append(_rule(place.left, y_of(0.0), place.right, y_of(0.0), INK))
    data["grid"].append(_rule(joint, place.top, joint, place.bottom, MUTED))
    below = place.bottom + 9.0
    data["labels"].append(word(fan.title, place.left - AXIS + 2.0, place.top - 11.0, "left", INK, 600))
    ahead = fan.ahead
    if known is None:
        data["labels"].append(word(f"day {ahead.index[0]}", place.left, below, "left", MUTED, 400))
        data["labels"].append(word(f"day {ahead.index[-1]}", place.right, below, "right", MUTED, 400))
    else:
        dates = pd.DatetimeIndex(known.index)
        for k, (date, value) in enumerate(zip(dates, known.to_numpy(dtype=float), strict=True)):
            x = place.left + past * k / max(len(known) - 1, 1)
            data["lines"].append(line("", k, date.strftime("%Y-%m-%d"), float(value), x, "past"))
        data["labels"] += [
            word(dates[0].strftime("%-d %b"), place.left, below, "left", MUTED, 400),
            word(dates[-1].strftime("%-d %b"), joint, below, "center", MUTED, 400),
            word(f"+{ahead.index[-1]}", place.right, below, "right", MUTED, 400),
        ]
        if 0 not in ahead.index:
            today = pd.DataFrame(float(known.iloc[-1]), index=[0], columns=ahead.columns)
            ahead = pd.concat([today, ahead])
    for (step, row), k in zip(ahead.iterrows(), range(len(ahead)), strict=True):
        x = round(joint + (place.right - joint) * float(str(step)) / last, 2)
        for band, opacity, lower, upper in BANDS:
            if lower not in ahead.columns:
                continue
            data["areas"].append(
                {
                    "panel": fan.title,
                    "step": k,
                    "low": rounded(row[lower]),
                    "high": rounded(row[upper]),
                    "area": name + band,
                    "x": x,
                    "y": y_of(row[lower]),
                    "y2": y_of(row[upper]),
                    "color": fan.color,
                    "opacity": opacity,
                }
            )
        dash = "past" if known is None else "ahead"
        data["lines"].append(line("ahead", k, f"+{step}", float(row["estimate"]), x, dash))


def _rule(x: float, y: float, x2: float, y2: float, color: str) -> Record:
    return {"x": rounded(x), "y": rounded(y), "x2": rounded(x2), "y2": rounded(y2), "color": color}

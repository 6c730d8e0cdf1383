"""What every chart over time shares: axis, stress shading, window mark, zero line, pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from reports.charts.style import (
    CLAIMED,
    HEIGHT,
    INK,
    MUTED,
    PLOT_WIDTH,
    RED,
    STRESS,
    TICKS,
    Record,
    Spec,
    named,
    records,
)

#: Spells of stress that lie closer than this many sessions are drawn as one.
JOINED_SESSIONS = 5


@dataclass(frozen=True)
class TimeFrame:
    """The part of a chart over time that does not depend on its lines.

    Attributes
    ----------
    first, last : Timestamp
        Limits of the axis.
    stress : tuple of (start, end)
        Spells to shade.
    windows : tuple of (label, base, last)
        Windows to mark.
    simulated : bool
    """

    first: pd.Timestamp
    last: pd.Timestamp
    stress: tuple[tuple[pd.Timestamp, pd.Timestamp], ...] = ()
    windows: tuple[tuple[str, pd.Timestamp, pd.Timestamp], ...] = ()
    simulated: bool = False

    def x(self, name: str = "date", *, leads: bool = True) -> alt.X:
        """The time axis. Layers with an end point (x2) follow the limits that another layer `leads` with."""
        years = (self.last - self.first).days / 365.25
        tick: dict[str, object] = (
            {"tickCount": "year", "format": "%Y"}
            if years > 2.5
            else {"tickCount": 6, "format": "%-d %b %Y" if years > 0.7 else "%-d %b"}
        )
        if years > 14:
            tick = {"tickCount": 10, "format": "%Y"}
        axis = alt.Axis(title=None, labelOverlap=True, labelFlush=False, **tick)
        scale = alt.Scale(type="utc", nice=False)
        if leads:
            scale["domain"] = [self.first.strftime("%Y-%m-%d"), self.last.strftime("%Y-%m-%d")]
        return alt.X(f"{name}:T", scale=scale, axis=axis)

    def backdrop(self, height: int = HEIGHT) -> tuple[list[alt.Chart], dict[str, list[Record]]]:
        """Shading and window marks: layers that lie under the lines, with their data."""
        layers: list[alt.Chart] = []
        data: dict[str, list[Record]] = {}
        spells = [(a, b) for a, b in self.stress if b >= self.first and a <= self.last]
        if spells:
            data["stress"] = [
                {"from": max(a, self.first).strftime("%Y-%m-%d"), "to": min(b, self.last).strftime("%Y-%m-%d")}
                for a, b in spells
            ]
            layers.append(
                alt.Chart(named("stress"))
                .mark_rect(color=STRESS, clip=True)
                .encode(x=self.x("from", leads=False), x2=alt.X2("to:T"), y=alt.YValue(0), y2=alt.Y2Value(height))
            )
        shown = [(label, a, b) for label, a, b in self.windows if a >= self.first and b <= self.last]
        if shown:
            data["windows"] = [
                {"label": label, "from": a.strftime("%Y-%m-%d"), "to": b.strftime("%Y-%m-%d")} for label, a, b in shown
            ]
            marked = alt.Chart(named("windows"))
            layers += [
                marked.mark_rect(color=RED, opacity=0.22, clip=True).encode(
                    x=self.x("from", leads=False), x2=alt.X2("to:T"), y=alt.YValue(0), y2=alt.Y2Value(height)
                ),
                marked.mark_text(clip=False, align="right", baseline="bottom", dx=2, color=RED, fontSize=10).encode(
                    x=self.x("to", leads=False), y=alt.YValue(-3), text=alt.Text("label:N")
                ),
            ]
        return layers, data


def spells(stress: pd.Series) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
    """Spells of a Boolean series as (first, last) sessions; close neighbours are joined for the drawing."""
    sessions = [i for i, state in enumerate(stress.fillna(False).astype(bool).tolist()) if state]
    found: list[list[int]] = []
    for i in sessions:
        if found and i - found[-1][1] <= JOINED_SESSIONS:
            found[-1][1] = i
        else:
            found.append([i, i])
    index = pd.DatetimeIndex(stress.index)
    end = len(index) - 1
    return tuple((index[a], index[min(b + 1, end)]) for a, b in found)


def y_axis(field: str, domain: tuple[float, float], *, ticks: int = 5) -> alt.Y:
    """A vertical axis with true minus signs and horizontal grid lines; its labels have the decimals that they need."""
    return alt.Y(
        f"{field}:Q",
        scale=alt.Scale(domain=list(domain), nice=False, zero=False),
        axis=alt.Axis(title=None, format=TICKS, tickCount=ticks, grid=True),
    )


def zero_rule(domain: tuple[float, float]) -> list[alt.Chart]:
    """A thin line at zero where zero is inside the domain."""
    if not domain[0] < 0.0 < domain[1]:
        return []
    return [alt.Chart(named("one")).mark_rule(color=INK, strokeWidth=0.8).encode(y=alt.YDatum(0.0))]


def claimed_range(low: float, high: float, domain: tuple[float, float]) -> list[alt.Chart]:
    """A ribbon for the range that a claim names."""
    low, high = max(low, domain[0]), min(high, domain[1])
    if low >= high:
        return []
    ribbon = alt.Chart(named("one")).mark_rect(color=CLAIMED)
    return [ribbon.encode(x=alt.XValue(0), x2=alt.X2Value(PLOT_WIDTH), y=alt.YDatum(low), y2=alt.Y2Datum(high))]


def pointer(data: str, fields: Sequence[tuple[str, str, str]], x: alt.X) -> list[Spec]:
    """What answers to the pointer on screen: a hair line, the readings of the session, zoom in time.

    Parameters
    ----------
    data : str
        Data set with one row a session.
    fields : sequence of (field, title, format)
    x : alt.X
    """
    tip = [alt.Tooltip("date:N", title="session")] + [
        alt.Tooltip(f"{name}:Q", title=title, format=fmt) for name, title, fmt in fields
    ]
    base = alt.Chart(named(data))
    near = base.mark_rule(color=MUTED, strokeWidth=1).encode(
        x=x,
        opacity=alt.condition(alt.param(name="near", empty=False), alt.value(0.9), alt.value(0)),
        tooltip=tip,
    )
    spec: Spec = near.to_dict(validate=False)
    spec.pop("$schema", None)
    spec.pop("config", None)
    spec["params"] = [
        {
            "name": "near",
            "select": {
                "type": "point",
                "fields": ["date"],
                "nearest": True,
                "on": "pointermove",
                "clear": "pointerout",
            },
        },
        {
            "name": "zoom",
            "select": {"type": "interval", "encodings": ["x"], "zoom": "wheel![event.ctrlKey || event.shiftKey]"},
            "bind": "scales",
        },
    ]
    return [spec]


def dated(frame: pd.DataFrame) -> list[Record]:
    """Rows of a frame indexed by session with the session as ISO text in "date"."""
    return records(frame.assign(date=pd.DatetimeIndex(frame.index).strftime("%Y-%m-%d"))[["date", *frame.columns]])

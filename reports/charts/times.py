"""Charts over the time of an event: a fan around it, and shares that are still waiting after it."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from reports.charts.frame import y_axis, zero_rule
from reports.charts.style import (
    BLUE,
    BOTTOM,
    FULL_WIDTH,
    INK,
    PLOT_WIDTH,
    Chart,
    Record,
    finished,
    label_rows,
    labels_layer,
    named,
    nice_domain,
    picture_height,
    records,
)

ONE: list[Record] = [{"one": 1}]


def fan_chart(frame: pd.DataFrame, *, axis: str, height: int, simulated: bool = False) -> Chart:
    """A mean path with its band around an event at zero.

    Parameters
    ----------
    frame : DataFrame
        Columns "estimate", "lower", "upper" by session from the event.
    axis : str
        What the horizontal axis counts.
    height : int
    simulated : bool
    """
    times = [float(one) for one in frame.index]
    limits = nice_domain(frame[["lower", "upper"]].to_numpy(dtype=float).ravel().tolist(), include=(0.0,))
    data = {"fan": records(frame.reset_index(drop=True).assign(time=times)), "one": ONE}
    x = alt.X(
        "time:Q",
        scale=alt.Scale(domain=[times[0], times[-1]], nice=False, zero=False),
        axis=alt.Axis(title=axis, format="d", tickCount=9),
    )
    base = alt.Chart(named("fan"))
    layers = [
        *zero_rule(limits),
        alt.Chart(named("one")).mark_rule(color=INK, strokeWidth=0.8, strokeDash=[3, 3]).encode(x=alt.XDatum(0.0)),
        base.mark_area(color=BLUE, opacity=0.2).encode(x=x, y=y_axis("lower", limits), y2=alt.Y2("upper:Q")),
        base.mark_line(color=BLUE, strokeWidth=1.5, point=alt.OverlayMarkDef(color=BLUE, size=14)).encode(
            x=x,
            y=y_axis("estimate", limits),
            tooltip=[alt.Tooltip(f"{one}:Q", format=".2f") for one in ("time", "estimate", "lower", "upper")],
        ),
    ]
    spec = finished(layers, height=height, bottom=BOTTOM + 14, simulated=simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))


def waiting_chart(
    table: pd.DataFrame, colors: Sequence[str], *, axis: str, height: int, simulated: bool = False
) -> Chart:
    """Shares still waiting (Kaplan–Meier) as steps from one, labelled where they end.

    Parameters
    ----------
    table : DataFrame
        One column a group, indexed by sessions after the event, the first of them zero.
    colors : sequence of str
    axis : str
    height : int
    simulated : bool
    """
    limits = (0.0, 1.0)
    last = float(table.index[-1])
    x = alt.X(
        "time:Q",
        scale=alt.Scale(type="sqrt", domain=[0, last], nice=False),
        axis=alt.Axis(title=axis, format="d", values=[int(one) for one in table.index]),
    )
    data: dict[str, list[Record]] = {"one": ONE}
    layers: list[alt.Chart] = []
    for i, (name, color) in enumerate(zip(table.columns, colors, strict=True)):
        kept = table[name].dropna()
        data[f"waiting{i}"] = [
            {"time": float(time), "share": float(value), "group": str(name)}
            for time, value in zip(kept.index, kept, strict=True)
        ]
        layers.append(
            alt.Chart(named(f"waiting{i}"))
            .mark_line(
                color=color, strokeWidth=1.6, interpolate="step-after", point=alt.OverlayMarkDef(color=color, size=14)
            )
            .encode(
                x=x,
                y=y_axis("share", limits),
                tooltip=[
                    alt.Tooltip("group:N"),
                    alt.Tooltip("time:Q", title="sessions"),
                    alt.Tooltip("share:Q", format=".2f"),
                ],
            )
        )
    ends = [(float(table[name].dropna().iloc[-1]), str(name), color) for name, color in zip(table, colors, strict=True)]
    data["labels"] = label_rows(ends, limits, height)
    spec = finished(
        [*layers, labels_layer("labels", width=PLOT_WIDTH)], height=height, bottom=BOTTOM + 14, simulated=simulated
    )
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))

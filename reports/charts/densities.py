"""A density with the region of effects that are too small to matter."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from models.estimate import Estimate
from reports.charts.placed import Y
from reports.charts.style import (
    BLUE,
    BOTTOM,
    FULL_WIDTH,
    INK,
    MUTED,
    PLOT_WIDTH,
    STRESS,
    TICKS,
    Chart,
    Record,
    finished,
    labels_layer,
    named,
    picture_height,
    records,
    rounded,
)
from reports.text import share

ONE: list[Record] = [{"one": 1}]
#: Room under a density for the interval of the verdict, and above it for the shares.
FOOT, HEAD = 18, 20
#: A region gets its share printed if it is this wide, in CSS pixels.
WRITTEN = 40.0
#: Densities below this share of their peak are not drawn.
FAINT = 0.004


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of a density below, inside and above the region from -size to size."""

    below: float
    inside: float
    above: float


def shares(frame: pd.DataFrame, size: float) -> Shares:
    """How a density (columns "value" and "density") divides at minus and plus `size`."""
    value, density = frame["value"].to_numpy(dtype=float), frame["density"].to_numpy(dtype=float)
    cumulative = np.concatenate([[0.0], np.cumsum(np.diff(value) * (density[1:] + density[:-1]) / 2.0)])
    below, until = np.interp([-size, size], value, cumulative / cumulative[-1])
    return Shares(float(below), float(until - below), float(1.0 - until))


def density_chart(
    frame: pd.DataFrame,
    *,
    size: float | None,
    unit: str,
    estimate: Estimate | None = None,
    simulated: bool = False,
    height: int = 120,
) -> Chart:
    """A density (columns "value" and "density") over the region whose effects are too small to matter.

    Parameters
    ----------
    frame : DataFrame
    size : float, optional
        Smallest size of interest: the region reaches from minus to plus that.
    unit : str
    estimate : Estimate, optional
        The verdict's own estimate, drawn with its interval under the density.
    simulated : bool
    height : int
    """
    drawn = frame.loc[frame["density"] >= FAINT * frame["density"].max(), ["value", "density"]]
    ends = [float(drawn["value"].min()), float(drawn["value"].max()), 0.0, *([-size, size] if size else [])]
    ends += [estimate.lower, estimate.upper] if estimate else []
    domain = (min(ends), max(ends))
    data: dict[str, list[Record]] = {"rows": records(drawn), "one": ONE}
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    axis = alt.Axis(title=unit or None, format=TICKS, tickCount=9, grid=False)
    x = alt.X("value:Q", scale=scale, axis=axis)
    one = alt.Chart(named("one"))

    def at(place: float) -> float:
        return PLOT_WIDTH * (place - domain[0]) / (domain[1] - domain[0])

    layers: list[alt.Chart] = []
    if size:
        layers.append(
            one.mark_rect(color=STRESS).encode(
                x=alt.XDatum(-size, scale=scale), x2=alt.X2Datum(size), y=alt.YValue(0), y2=alt.Y2Value(height)
            )
        )
    peak = float(frame["density"].max()) * height / (height - FOOT - HEAD)
    foot = peak * FOOT / height
    layers.append(
        alt.Chart(named("rows"))
        .transform_calculate(foot=f"{foot}", top=f"datum.density + {foot}")
        .mark_area(color=BLUE, opacity=0.3, line={"color": BLUE, "strokeWidth": 1.3})
        .encode(
            x=x,
            y=alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[0, peak], nice=False)),
            y2=alt.Y2("foot:Q"),
        )
    )
    zero = one.mark_rule(color=INK, strokeWidth=0.9)
    layers.append(zero.encode(x=alt.XDatum(0.0, scale=scale), y=alt.YValue(HEAD), y2=alt.Y2Value(height)))
    words: list[Record] = []
    if size:
        parts = shares(frame, size)
        edges = (domain[0], -size, size, domain[1])
        for left, right, part in zip(edges, edges[1:], (parts.below, parts.inside, parts.above), strict=False):
            if at(right) - at(left) >= WRITTEN:
                words.append({"text": share(part), "x": round((at(left) + at(right)) / 2.0, 1), "y": 10.0})
    data["shares"] = words
    layers.append(
        alt.Chart(named("shares"))
        .mark_text(clip=False, baseline="middle", color=INK, fontWeight=600, fontSize=10.5)
        .encode(x=alt.X("x:Q", scale=None), y=Y, text=alt.Text("text:N"))
    )
    if estimate:
        data["interval"] = [
            {
                "low": rounded(estimate.lower),
                "value": rounded(estimate.value),
                "high": rounded(estimate.upper),
                "y": height - FOOT / 2.0,
            }
        ]
        bar = alt.Chart(named("interval"))
        layers += [
            bar.mark_rule(color=INK, strokeWidth=1.8).encode(
                x=alt.X("low:Q", scale=scale, axis=axis), x2=alt.X2("high:Q"), y=Y
            ),
            bar.mark_point(color=INK, filled=True, size=46, opacity=1).encode(x=x, y=Y),
        ]
    data["labels"] = [
        {"text": text, "color": color, "py": py}
        for text, color, py in (
            ("resamples", BLUE, height * 0.42),
            ("too small to matter", MUTED, 10.0),
            ("the verdict’s interval", INK, height - FOOT / 2.0),
        )
        if (size or color != MUTED) and (estimate or color != INK)
    ]
    layers.append(labels_layer("labels"))
    spec = finished(layers, height=height, bottom=BOTTOM + 14, simulated=simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec))

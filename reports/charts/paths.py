"""Charts over time: one path with its band, several on one axis, probabilities, returns and drawdowns of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from reports.charts.frame import TimeFrame, claimed_range, dated, pointer, y_axis, zero_rule
from reports.charts.style import (
    BLUE,
    FULL_WIDTH,
    GOLD,
    HEIGHT,
    MUTED,
    SERIES,
    Chart,
    Record,
    finished,
    label_rows,
    labels_layer,
    named,
    nice_domain,
    picture_height,
    weekly,
)

ONE: list[Record] = [{"one": 1}]


@dataclass(frozen=True)
class Line:
    """A labelled path: columns "estimate" and, where there is a band, "lower" and "upper", by session."""

    label: str
    frame: pd.DataFrame
    color: str = BLUE


def band_chart(
    lines: Sequence[Line],
    frame: TimeFrame,
    *,
    domain: tuple[float, float] | None = None,
    claimed: tuple[float, float, str] | None = None,
    height: int = HEIGHT,
    beside: Sequence[Line] = (),
) -> Chart:
    """Paths with their bands on one axis, labelled at the line.

    Parameters
    ----------
    lines : sequence of Line
        At most four.
    frame : TimeFrame
    domain : (low, high), optional
        Vertical limits; from the data where not given.
    claimed : (low, high, label), optional
        A range to be drawn as a ribbon.
    height : int
        Of the plot, in CSS pixels.
    beside : sequence of Line
        Other models of the same quantity: thin grey lines without a band.
    """
    every = [line.frame[column] for line in lines for column in line.frame.columns]
    limits = domain or nice_domain(np.concatenate([one.to_numpy(dtype=float) for one in every]).tolist())
    backdrop, data = frame.backdrop(height)
    print_data: dict[str, list[Record]] = {}
    layers = list(backdrop)
    if claimed:
        layers = claimed_range(claimed[0], claimed[1], limits) + layers
    layers += zero_rule(limits)
    marks: list[alt.Chart] = []
    screen = []
    for i, line in enumerate(lines):
        name = f"path{i}"
        data[name] = dated(line.frame)
        print_data[name] = dated(weekly(line.frame))
        base = alt.Chart(named(name))
        y = y_axis("estimate", limits)
        if {"lower", "upper"} <= set(line.frame.columns):
            layers.append(
                base.mark_area(color=line.color, opacity=0.2, clip=True, invalid="break-paths-show-domains").encode(
                    x=frame.x(), y=y_axis("lower", limits), y2=alt.Y2("upper:Q")
                )
            )
        marks.append(
            base.mark_line(
                color=line.color, strokeWidth=1.3, clip=True, invalid="break-paths-show-domains", strokeJoin="round"
            ).encode(x=frame.x(), y=y)
        )
    rivals: list[alt.Chart] = []
    for i, line in enumerate(beside):
        data[f"beside{i}"] = dated(line.frame[["estimate"]])
        print_data[f"beside{i}"] = dated(weekly(line.frame[["estimate"]]))
        thin = alt.Chart(named(f"beside{i}")).mark_line(
            color=MUTED, strokeWidth=0.7, clip=True, invalid="break-paths-show-domains", strokeJoin="round"
        )
        rivals.append(thin.encode(x=frame.x(), y=y_axis("estimate", limits)))
    first = lines[0]
    tips = [("estimate", first.label, ".2f")]
    if "lower" in first.frame.columns:
        tips += [("lower", "lower", ".2f"), ("upper", "upper", ".2f")]
    if len(lines) == 1:
        screen = pointer("path0", tips, frame.x())
    else:
        joined = pd.concat({f"s{i}": line.frame["estimate"] for i, line in enumerate(lines)}, axis=1).sort_index()
        data["readings"] = dated(joined)
        print_data["readings"] = []
        screen = pointer("readings", [(f"s{i}", line.label, ".2f") for i, line in enumerate(lines)], frame.x())
    labels = [(_last(line.frame["estimate"]), line.label, line.color) for line in lines]
    labels += [(_last(line.frame["estimate"]), line.label, MUTED) for line in beside]
    if claimed:
        labels.append(((claimed[0] + claimed[1]) / 2.0, claimed[2], GOLD))
    data["labels"] = label_rows(labels, limits, height)
    data["one"] = ONE
    spec = finished([*layers, *marks, *rivals, labels_layer("labels")], height=height, simulated=frame.simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec), print_data, screen)


def lines_chart(
    table: pd.DataFrame,
    frame: TimeFrame,
    *,
    domain: tuple[float, float] | None = None,
    height: int = HEIGHT,
    points: bool = False,
    sparse: bool = True,
    colors: Sequence[str] = SERIES,
) -> Chart:
    """Columns of a frame as lines without bands, on one axis.

    `points` marks each reading, for windows of a few sessions.
    """
    limits = domain or nice_domain(table.to_numpy(dtype=float).ravel().tolist(), include=(0.0,))
    backdrop, data = frame.backdrop(height)
    layers = backdrop + zero_rule(limits)
    renamed = table.set_axis([f"s{i}" for i in range(table.shape[1])], axis=1)
    data["table"] = dated(renamed)
    print_data = {"table": dated(weekly(renamed))} if sparse else {}
    base = alt.Chart(named("table"))
    for i in range(table.shape[1]):
        color = colors[i % len(colors)]
        mark = base.mark_line(
            color=color,
            strokeWidth=1.6 if points else 1.3,
            clip=not points,
            invalid="break-paths-show-domains",
            strokeJoin="round",
            point=alt.OverlayMarkDef(color=color, size=16) if points else False,
        )
        layers.append(mark.encode(x=frame.x(), y=y_axis(f"s{i}", limits)))
    labels = [
        (_last(renamed[key]), str(name), colors[i % len(colors)])
        for i, (key, name) in enumerate(zip(renamed.columns, table.columns, strict=True))
    ]
    data["labels"] = label_rows(labels, limits, height)
    data["one"] = ONE
    screen = pointer("table", [(f"s{i}", str(name), ".2f") for i, name in enumerate(table.columns)], frame.x())
    spec = finished([*layers, labels_layer("labels")], height=height, simulated=frame.simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec), print_data, screen)


def probability_chart(table: pd.DataFrame, frame: TimeFrame, *, height: int = 120) -> Chart:
    """A regime probability: filtered as a line, hindsight as an area behind it."""
    limits = (0.0, 1.0)
    backdrop, data = frame.backdrop(height)
    kept = [column for column in ("filtered", "smoothed") if column in table.columns]
    data["table"] = dated(table[kept])
    data["one"] = ONE
    base = alt.Chart(named("table"))
    layers = list(backdrop)
    labels: list[tuple[float, str, str]] = []
    if "smoothed" in kept:
        layers.append(
            base.mark_area(color=MUTED, opacity=0.3, invalid="break-paths-show-domains", clip=True).encode(
                x=frame.x(), y=y_axis("smoothed", limits, ticks=3)
            )
        )
        labels.append((0.3, "with hindsight", MUTED))
    if "filtered" in kept:
        layers.append(
            base.mark_line(color=BLUE, strokeWidth=1.0, invalid="break-paths-show-domains", clip=True).encode(
                x=frame.x(), y=y_axis("filtered", limits, ticks=3)
            )
        )
        labels.append((0.7, "filtered", BLUE))
    data["labels"] = label_rows(labels, limits, height)
    screen = pointer("table", [(name, name, ".2f") for name in kept], frame.x())
    spec = finished([*layers, labels_layer("labels")], height=height, simulated=frame.simulated)
    print_data = {"table": dated(weekly(table[kept]))}
    return Chart(spec, data, FULL_WIDTH, picture_height(spec), print_data, screen)


def revision_chart(revision: pd.Series, frame: TimeFrame, *, height: int = 90) -> Chart:
    """How far hindsight moved a probability, session by session."""
    limits = (0.0, 1.0)
    backdrop, data = frame.backdrop(height)
    table = revision.rename("revision").to_frame()
    data["table"] = dated(table)
    area = (
        alt.Chart(named("table"))
        .mark_area(color=GOLD, opacity=0.6, invalid="break-paths-show-domains", clip=True)
        .encode(x=frame.x(), y=y_axis("revision", limits, ticks=3))
    )
    data["labels"] = label_rows([(0.7, "moved by hindsight", GOLD)], limits, height)
    screen = pointer("table", [("revision", "revision", ".2f")], frame.x())
    spec = finished([*backdrop, area, labels_layer("labels")], height=height, simulated=frame.simulated)
    return Chart(spec, data, FULL_WIDTH, picture_height(spec), {"table": dated(weekly(table))}, screen)


def drawdowns(cumulative: pd.DataFrame) -> pd.DataFrame:
    """Distance in percent from the highest level since the window's base, from cumulative simple returns in percent."""
    wealth = 1.0 + cumulative / 100.0
    return 100.0 * (wealth / wealth.cummax() - 1.0)


def _last(series: pd.Series) -> float:
    kept = series.dropna()
    return float(kept.iloc[-1]) if len(kept) else float("nan")

"""Exhibits of claims made charts: by what their frame holds, not by which claim they come from."""

from __future__ import annotations

from itertools import groupby

import pandas as pd

from models.claims.verdict import Exhibit, Verdict
from reports.charts.style import SERIES
from reports.document import Figure, Table
from reports.drawn import BAND, DAY, FROM_OTHERS, MAKERS, SESSIONS, Drawn
from reports.drawn_together import SHARED
from reports.setting import Setting
from reports.tables import frame_table
from reports.text import humanised, sentence

#: Plots on the page of a statement are this high at least, and as much higher as the page has room.
HEIGHT_ON_CLAIM = 98


def shape(frame: pd.DataFrame) -> str:
    """What a frame holds.

    One of "matrix", "network", "waiting", "band", "probability", "window", "lines", "fan", "forest", "density",
    "ridges" and "table".
    """
    columns = [str(column) for column in frame.columns]
    if frame.empty or not columns:
        return "table"
    numeric = all(pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns)
    if isinstance(frame.index, pd.DatetimeIndex) and numeric:
        if set(BAND) <= set(columns):
            return "band"
        if set(columns) <= {"filtered", "smoothed", "predicted"}:
            return "probability"
        if len(columns) > len(SERIES):
            return "window" if len(frame) < 200 and len(columns) <= 6 else "table"
        return "window" if len(frame) < 200 else "lines"
    if numeric and len(frame) == len(columns) > 1 and list(frame.index) == list(frame.columns):
        return "matrix"
    if numeric and columns[:-1] == [str(one) for one in frame.index] and columns[-1] == FROM_OTHERS:
        return "network"
    if numeric and all(SESSIONS.fullmatch(column) for column in columns):
        return "waiting"
    if set(BAND) <= set(columns):
        return "fan" if all(DAY.fullmatch(str(one)) for one in frame.index) else "forest"
    if {"value", "density"} <= set(columns):
        return "density"
    return "ridges" if numeric and columns[0] == "value" else "table"


def displays(verdict: Verdict, setting: Setting, height: int = HEIGHT_ON_CLAIM) -> list[Figure | Table]:
    """Figures and tables of a verdict's exhibits, in order; neighbours of some kinds share a figure."""
    found: list[Figure | Table] = []
    usable = [one for one in verdict.exhibits if one.frame.size]
    for kind, group in groupby(usable, key=lambda one: shape(one.frame)):
        members = list(group)
        shared = SHARED.get(kind)
        if shared is not None and len(members) >= shared.fewest:
            for i in range(0, len(members), shared.most):
                some = members[i : i + shared.most]
                together = shared.make(some, verdict, setting, height)
                found.append(_figure(verdict, some[0], together, setting, len(found)))
            continue
        for exhibit in members:
            drawn = MAKERS[kind](exhibit, verdict, setting, height) if kind in MAKERS else None
            found.append(
                _figure(verdict, exhibit, drawn, setting, len(found))
                if drawn
                else _table(verdict, exhibit, setting, len(found))
            )
    return found


def _figure(verdict: Verdict, exhibit: Exhibit, drawn: Drawn, setting: Setting, i: int) -> Figure:
    return Figure(
        key=f"{verdict.id.lower()}-exhibit-{i + 1}",
        title=drawn.title,
        subtitle=drawn.subtitle,
        chart=drawn.chart,
        alt=f"{drawn.title}. {drawn.subtitle}.",
        source=setting.source(),
        note=f"{sentence(exhibit.note)} {drawn.note}".strip(),
    )


def _table(verdict: Verdict, exhibit: Exhibit, setting: Setting, i: int) -> Table:
    title = f"{verdict.id}: {humanised(exhibit.name)}"
    return frame_table(
        f"{verdict.id.lower()}-exhibit-{i + 1}", title, exhibit.frame, exhibit.unit, setting.source(), exhibit.note
    )

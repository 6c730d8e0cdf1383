"""Exhibits of claims made charts: by what their frame holds, not by which claim they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd

from models.claims.verdict import Exhibit, Verdict
from models.estimate import Estimate
from models.suite import PathBand
from reports.charts.effects import Effect, density_chart, forest_chart
from reports.charts.matrices import matrix_chart
from reports.charts.paths import Line, band_chart, lines_chart, probability_chart
from reports.charts.style import BLUE, SERIES, Chart
from reports.document import Figure, Table
from reports.narrative import path_title
from reports.setting import Setting
from reports.tables import frame_table
from reports.text import (
    capitalised,
    decimals_for,
    humanised,
    in_sentence,
    interval,
    listing,
    named_the,
    number,
    quantity,
    sentence,
    unit_words,
)

#: Two paths that differ by less than this on average are of the same pair.
SAME_PATH = 0.02
#: Windows of fewer sessions have a point on each.
FEW = 40
#: Plots on the page of a statement are lower, so that the page stays one.
HEIGHT_ON_CLAIM = 98
BAND = ("estimate", "lower", "upper")


@dataclass(frozen=True)
class _Drawn:
    """A chart with the words that depend on its kind."""

    chart: Chart
    title: str
    subtitle: str
    note: str = ""


def shape(frame: pd.DataFrame) -> str:
    """What a frame holds: "matrix", "band", "probability", "window", "lines", "forest", "density" or "table"."""
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
    if set(BAND) <= set(columns):
        return "forest"
    return "density" if {"value", "density"} <= set(columns) else "table"


def displays(verdict: Verdict, setting: Setting) -> list[Figure | Table]:
    """Figures and tables of a verdict's exhibits, in order; neighbouring matrices share a figure."""
    found: list[Figure | Table] = []
    usable = [one for one in verdict.exhibits if one.frame.size]
    for kind, group in groupby(usable, key=lambda one: shape(one.frame)):
        members = list(group)
        if kind == "matrix":
            for i in range(0, len(members), 3):
                found.append(_matrices(verdict, members[i : i + 3], setting, len(found)))
            continue
        for exhibit in members:
            drawn = _MAKERS[kind](exhibit, verdict, setting) if kind in _MAKERS else None
            found.append(
                _figure(verdict, exhibit, drawn, setting, len(found))
                if drawn
                else _table(verdict, exhibit, setting, len(found))
            )
    return found


def _figure(verdict: Verdict, exhibit: Exhibit, drawn: _Drawn, setting: Setting, i: int) -> Figure:
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


def _sample(frame: pd.DataFrame) -> str:
    index = pd.DatetimeIndex(frame.index)
    return f"daily, {index[0].date().isoformat()} to {index[-1].date().isoformat()}"


def _names(frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    return frame.rename(
        columns={
            column: setting.name(str(column)) if str(column) in setting.panel.names else str(column)
            for column in frame.columns
        }
    )


def _quantity(exhibit: Exhibit) -> str:
    return exhibit.unit if exhibit.unit in {"correlation", "beta"} else ""


def _subject(exhibit: Exhibit, verdict: Verdict) -> str:
    generic = {"path", "paths", "window", "forest", "density", "probability"}
    return verdict.headline_label if exhibit.name in generic else humanised(exhibit.name)


def _last(series: pd.Series, unit: str) -> str:
    kept = series.dropna()
    return quantity(float(kept.iloc[-1]), unit if unit in {"%", "bp"} else "") if len(kept) else "unknown"


def _band(exhibit: Exhibit, verdict: Verdict, setting: Setting) -> _Drawn:
    frame = exhibit.frame[list(BAND)]
    claim = setting.evidence.study.claims.get(verdict.id)
    thresholds = claim.thresholds if claim else {}
    claimed = None
    if verdict.kind == "range" and {"low", "high"} <= set(thresholds):
        low, high = thresholds["low"], thresholds["high"]
        claimed = (low, high, f"claimed: {low:g} to {high:g}")
    match = _same_path(frame, setting)
    kept = frame.dropna(subset=["estimate"])
    what = humanised(exhibit.unit or "value")
    if match is not None:
        title = path_title(match, setting.panel)
        label = f"{'with' if match.quantity == 'correlation' else 'on'} {in_sentence(setting.name(match.pair[1]))}"
        color = setting.color(match)
    else:
        subject = what if what in {"correlation", "beta"} else _subject(exhibit, verdict)
        band = f", band {interval(float(kept['lower'].iloc[-1]), float(kept['upper'].iloc[-1]))}" if len(kept) else ""
        title = f"{capitalised(subject)} at the end of the sample: {_last(frame['estimate'], '')}{band}"
        label, color = what, BLUE
    chart = band_chart(
        [Line(label, frame, color)],
        setting.time_frame(frame.index),
        domain=setting.domains.get(_quantity(exhibit)) if match is not None else None,
        claimed=claimed,
        height=HEIGHT_ON_CLAIM,
    )
    return _Drawn(
        chart,
        title,
        f"Conditional {what}, {_sample(frame)}, weekly readings in print; {setting.level_text} pointwise band",
        setting.shading,
    )


def _same_path(frame: pd.DataFrame, setting: Setting) -> PathBand | None:
    """The model path whose twin an exhibit is, perhaps of an older vintage: it lends words, not numbers."""
    suite = setting.evidence.suite
    for path in (*suite.correlations.values(), *suite.betas.values()):
        gap = (path.frame["estimate"].reindex(frame.index) - frame["estimate"]).abs()
        if gap.notna().mean() > 0.9 and float(gap.mean()) < SAME_PATH:
            return replace(path, frame=frame)
    return None


def _lines(exhibit: Exhibit, verdict: Verdict, setting: Setting) -> _Drawn:
    frame = _names(exhibit.frame, setting)
    ends = listing(f"{_last(frame[column], exhibit.unit)} for {named_the(str(column))}" for column in frame.columns)
    chart = lines_chart(
        frame,
        setting.time_frame(frame.index),
        domain=setting.domains.get(_quantity(exhibit)),
        height=HEIGHT_ON_CLAIM,
        colors=setting.colors([str(column) for column in frame.columns]),
    )
    subject = exhibit.unit if exhibit.unit in {"correlation", "beta"} else _subject(exhibit, verdict)
    title = f"{capitalised(subject)} at the end of the sample: {ends}"
    return _Drawn(
        chart,
        title,
        f"{capitalised(unit_words(exhibit.unit))}, {_sample(frame)}, weekly readings in print",
        setting.shading,
    )


def _window(exhibit: Exhibit, _: Verdict, setting: Setting) -> _Drawn:
    frame = _names(exhibit.frame, setting)
    order = frame.ffill().iloc[-1].sort_values()
    shown = frame[order.index[:6]]
    lowest, highest = str(order.index[0]), str(order.index[-1])
    low, high = (_last(frame[name], exhibit.unit) for name in (lowest, highest))
    colors = setting.colors([str(column) for column in shown.columns])
    chart = lines_chart(
        shown,
        setting.time_frame(frame.index, marked=False, stress=False),
        points=len(frame) < FEW,
        sparse=False,
        colors=colors,
        fmt=".0f" if exhibit.unit == "%" else ".2f",
    )
    name = capitalised(humanised(exhibit.name) if exhibit.name != "window" else "change since the base")
    return _Drawn(
        chart,
        f"{name}: {low} for {in_sentence(lowest)} to {high} for {in_sentence(highest)} at the end"
        if len(order) > 1
        else f"{name}: {low} at the end",
        f"{capitalised(unit_words(exhibit.unit))}, {_sample(frame)}",
    )


def _probability(exhibit: Exhibit, verdict: Verdict, setting: Setting) -> _Drawn:
    frame = (
        exhibit.frame.rename(columns={"predicted": "filtered"}) if "filtered" not in exhibit.frame else exhibit.frame
    )
    chart = probability_chart(frame, setting.time_frame(frame.index))
    title = f"{capitalised(_subject(exhibit, verdict))}: at the last close {_last(frame.iloc[:, 0], '')}"
    return _Drawn(chart, title, f"Probability, {_sample(frame)}, weekly readings in print", setting.shading)


def _forest(exhibit: Exhibit, verdict: Verdict, setting: Setting) -> _Drawn | None:
    frame = exhibit.frame.dropna(subset=list(BAND))
    if frame.empty:
        return None
    places = decimals_for(exhibit.unit)
    effects = [
        Effect(
            str(label),
            float(row["estimate"]),
            float(row["lower"]),
            float(row["upper"]),
            "plain",
            f"{number(float(row['estimate']), places)} "
            f"{interval(float(row['lower']), float(row['upper']), decimals=places)}",
        )
        for label, row in frame.iterrows()
    ]
    chart = forest_chart(effects, axis=unit_words(exhibit.unit), simulated=setting.simulated)
    title = (
        f"{capitalised(_subject(exhibit, verdict))}: from {number(min(e.value for e in effects), places)} to "
        f"{number(max(e.value for e in effects), places)}"
    )
    return _Drawn(chart, title, f"{capitalised(unit_words(exhibit.unit))}, {setting.level_text} intervals")


def _density(exhibit: Exhibit, verdict: Verdict, setting: Setting) -> _Drawn:
    sesoi = verdict.parts[0].sesoi if verdict.parts else None
    chart = density_chart(exhibit.frame, sesoi=sesoi, unit=exhibit.unit, simulated=setting.simulated)
    center = float(exhibit.frame["value"].iloc[int(np.argmax(exhibit.frame["density"].to_numpy()))])
    return _Drawn(
        chart,
        f"{capitalised(_subject(exhibit, verdict))}: most likely near {number(center)}",
        f"Density, {unit_words(exhibit.unit)}",
    )


_MAKERS: dict[str, Callable[[Exhibit, Verdict, Setting], _Drawn | None]] = {
    "band": _band,
    "lines": _lines,
    "window": _window,
    "probability": _probability,
    "forest": _forest,
    "density": _density,
}


def _matrices(verdict: Verdict, exhibits: Sequence[Exhibit], setting: Setting, i: int) -> Figure:
    labels = [str(one) for one in exhibits[0].frame.columns]
    names = [setting.name(label) if label in setting.panel.names else label for label in labels]
    panels = []
    for exhibit in exhibits:
        words = (
            humanised(exhibit.name)
            .replace("matrix: ", "")
            .replace("correlations in ", "")
            .replace(" of correlations", "")
        )
        panels.append((capitalised(words), exhibit.frame))
    last = exhibits[-1].frame.to_numpy(dtype=float)
    upper = last[np.triu_indices(len(names), 1)]
    finite = upper[np.isfinite(upper)]
    title = f"{verdict.id}: pairwise correlations, {listing(title.lower() for title, _ in panels)}"
    if verdict.headline_label and isinstance(verdict.headline, Estimate):
        title = (
            f"{capitalised(verdict.headline_label)}: "
            f"{quantity(verdict.headline.value, verdict.headline.unit, signed=True)}"
        )
    spread = (
        f" In the last panel the pairs lie between {number(float(finite.min()))} and {number(float(finite.max()))}."
        if len(finite)
        else ""
    )
    return Figure(
        key=f"{verdict.id.lower()}-exhibit-{i + 1}",
        title=title,
        subtitle=(
            f"{capitalised(exhibits[0].unit or 'value')} of each pair: {listing(title.lower() for title, _ in panels)}"
        ),
        chart=matrix_chart(panels, names, [setting.short(label) for label in labels], simulated=setting.simulated),
        alt=f"{title}.{spread}",
        source=setting.source(),
        note=f"{sentence(exhibits[0].note)}{spread} One scale of colour for all panels, blue below zero, red above.",
    )


def specifications_of(verdict: Verdict) -> list[tuple[str, Estimate]]:
    """Specifications of a verdict that could be estimated."""
    return [(one.label, one.estimate) for one in verdict.specifications if isinstance(one.estimate, Estimate)]

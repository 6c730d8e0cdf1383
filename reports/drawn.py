"""Charts of exhibits with the words that depend on their kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.claims.verdict import Exhibit, Verdict
from models.estimate import Estimate
from models.suite import PathBand
from reports.charts.densities import density_chart, shares
from reports.charts.effects import ROW, Effect, forest_chart
from reports.charts.network import net_flows, network_chart
from reports.charts.paths import Line, band_chart, lines_chart, probability_chart
from reports.charts.style import BLUE, THINNED, Chart
from reports.charts.times import fan_chart, waiting_chart
from reports.narrative import path_title
from reports.setting import Setting
from reports.text import (
    MINUS,
    capitalised,
    decimals_for,
    humanised,
    in_sentence,
    interval,
    listing,
    named_the,
    number,
    plural,
    quantity,
    share,
    unit_words,
)

#: Two paths that differ by less than this on average are of the same pair.
SAME_PATH = 0.02
#: Windows of fewer sessions have a point on each.
FEW = 40
#: Rows of a forest grow to this height where the page has room.
TALLEST_ROW = 30.0
#: Above this many rows, or in a lower figure, a forest is set close.
MANY, LOW, LOWEST_ROW = 12, 90, 14.0
BAND = ("estimate", "lower", "upper")
#: Last column of a connectedness table.
FROM_OTHERS = "from others"
#: Rows of a fan: sessions from an event.
DAY = re.compile(r"day ([−+-]?\d+)")
FEWEST_DAYS = 3
SESSIONS = re.compile(r"(\d+) sessions?")


@dataclass(frozen=True)
class Drawn:
    """A chart with the words that depend on its kind."""

    chart: Chart
    title: str
    subtitle: str
    note: str = ""


def _rhythm(index: pd.DatetimeIndex) -> str:
    """How often there is a reading."""
    gap = float(np.median(np.diff(index.to_numpy()).astype("timedelta64[D]").astype(float))) if len(index) > 1 else 1.0
    if gap < 4:
        return "daily"
    return "weekly" if gap < 8 else "monthly" if 27 < gap < 32 else f"every {gap:.0f} days"


def _sample(frame: pd.DataFrame) -> str:
    index = pd.DatetimeIndex(frame.index)
    thinned = ", weekly readings in print" if _rhythm(index) == "daily" and len(index) >= THINNED else ""
    return f"{_rhythm(index)}, {index[0].date().isoformat()} to {index[-1].date().isoformat()}{thinned}"


def _names(frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    return frame.rename(
        columns={
            column: setting.name(str(column)) if str(column) in setting.panel.names else str(column)
            for column in frame.columns
        }
    )


def _subject(exhibit: Exhibit, verdict: Verdict) -> str:
    generic = {"path", "paths", "window", "forest", "density", "probability"}
    return verdict.headline_label if exhibit.name in generic else humanised(exhibit.name)


def _last(series: pd.Series, unit: str) -> str:
    kept = series.dropna()
    return quantity(float(kept.iloc[-1]), unit) if len(kept) else "unknown"


def _band(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn:
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
        domain=setting.domain(match) if match is not None else None,
        claimed=claimed,
        height=height,
    )
    return Drawn(
        chart,
        title,
        f"{capitalised(_conditional(what))}, {_sample(frame)}; {setting.level_text} pointwise band",
        setting.shading,
    )


def _conditional(what: str) -> str:
    return f"conditional {what}" if what in {"correlation", "beta"} else what


def _same_path(frame: pd.DataFrame, setting: Setting) -> PathBand | None:
    """The model path whose twin an exhibit is, perhaps of an older vintage: it lends words, not numbers."""
    suite = setting.evidence.suite
    for path in (*suite.correlations.values(), *suite.betas.values()):
        gap = (path.frame["estimate"].reindex(frame.index) - frame["estimate"]).abs()
        if gap.notna().mean() > 0.9 and float(gap.mean()) < SAME_PATH:
            return replace(path, frame=frame)
    return None


def _lines(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn:
    frame = _names(exhibit.frame, setting)
    ends = listing(f"{_last(frame[column], exhibit.unit)} for {named_the(str(column))}" for column in frame.columns)
    chart = lines_chart(
        frame,
        setting.time_frame(frame.index),
        domain=setting.correlation_domain if exhibit.unit == "correlation" else None,
        height=height,
        colors=setting.colors([str(column) for column in frame.columns]),
    )
    subject = exhibit.unit if exhibit.unit in {"correlation", "beta"} else _subject(exhibit, verdict)
    title = f"{capitalised(subject)} at the end of the sample: {ends}"
    return Drawn(
        chart,
        title,
        f"{capitalised(unit_words(exhibit.unit))}, {_sample(frame)}",
        setting.shading,
    )


def _window(exhibit: Exhibit, _: Verdict, setting: Setting, height: int) -> Drawn:
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
        height=height,
        colors=colors,
    )
    name = capitalised(humanised(exhibit.name) if exhibit.name != "window" else "change since the base")
    return Drawn(
        chart,
        f"{name}: {low} for {in_sentence(lowest)} to {high} for {in_sentence(highest)} at the end"
        if len(order) > 1
        else f"{name}: {low} at the end",
        f"{capitalised(unit_words(exhibit.unit))}, {_sample(frame)}",
    )


def _probability(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn:
    frame = (
        exhibit.frame.rename(columns={"predicted": "filtered"}) if "filtered" not in exhibit.frame else exhibit.frame
    )
    chart = probability_chart(frame, setting.time_frame(frame.index), height=height)
    title = f"{capitalised(_subject(exhibit, verdict))}: at the last close {_last(frame.iloc[:, 0], '')}"
    return Drawn(chart, title, f"Probability, {_sample(frame)}", setting.shading)


def _forest(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn | None:
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
    close = len(effects) > MANY or height < LOW
    row = min(TALLEST_ROW, max(LOWEST_ROW if close else ROW, height / len(effects)))
    chart = forest_chart(effects, axis=unit_words(exhibit.unit), row=row, simulated=setting.simulated)
    title = (
        f"{capitalised(_subject(exhibit, verdict))}: from {number(min(e.value for e in effects), places)} to "
        f"{quantity(max(e.value for e in effects), exhibit.unit)}"
    )
    return Drawn(chart, title, f"{capitalised(unit_words(exhibit.unit))}, {setting.level_text} intervals")


def _density(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn:
    part = verdict.parts[0] if verdict.parts else None
    size = part.sesoi if part and part.sesoi else None
    effect = part.effect if part and isinstance(part.effect, Estimate) else None
    chart = density_chart(
        exhibit.frame, size=size, unit=exhibit.unit, estimate=effect, simulated=setting.simulated, height=height
    )
    subject = capitalised(_subject(exhibit, verdict))
    if size is None:
        center = float(exhibit.frame["value"].iloc[int(np.argmax(exhibit.frame["density"].to_numpy()))])
        return Drawn(chart, f"{subject}: most likely near {number(center)}", f"Density, {unit_words(exhibit.unit)}")
    found, least = shares(exhibit.frame, size), quantity(size, exhibit.unit)
    return Drawn(
        chart,
        f"{subject}: {share(found.above)} of resamples reach the {least} that would matter, {share(found.inside)} are "
        f"too small to matter, {share(found.below)} are as large the other way",
        f"Bootstrap density, {unit_words(exhibit.unit)}; grey: from {quantity(-size, exhibit.unit)} to {least}, "
        "the region of equivalence",
    )


def _network(exhibit: Exhibit, verdict: Verdict, setting: Setting, _height: int) -> Drawn:
    frame = exhibit.frame
    names = [str(one) for one in frame.index]
    flows = net_flows(frame)
    giver, taker, size = flows[0]
    chart = network_chart(frame, setting.colors(names), simulated=setting.simulated)
    takes = listing(f"{in_sentence(str(name))} {number(float(value), 0)}" for name, value in frame[FROM_OTHERS].items())
    return Drawn(
        chart,
        f"{capitalised(_subject(exhibit, verdict))}: the strongest flow on balance runs from {in_sentence(giver)} to "
        f"{in_sentence(taker)}, {number(size, 1)} % of its errors",
        "Net flows between pairs, percent of the taker’s forecast errors; wider arrows are larger",
        f"From all others together: {takes} %.",
    )


def _fan(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn | None:
    days = [int(DAY.fullmatch(str(one)).group(1).replace(MINUS, "-")) for one in exhibit.frame.index]  # type: ignore[union-attr]
    frame = exhibit.frame[list(BAND)].set_axis(days, axis=0).dropna()
    if len(frame) < FEWEST_DAYS or 0 not in frame.index:
        return None
    places = decimals_for(exhibit.unit)
    path, zero = {name: frame[name].to_numpy(dtype=float) for name in BAND}, list(frame.index).index(0)
    chart = fan_chart(
        frame,
        axis="sessions from the event",
        height=height,
        simulated=setting.simulated,
    )
    value = quantity(float(path["estimate"][zero]), exhibit.unit)
    limits = interval(float(path["lower"][zero]), float(path["upper"][zero]), decimals=places)
    return Drawn(
        chart,
        f"{capitalised(_subject(exhibit, verdict))}: {value} {limits} on the first session",
        f"{capitalised(unit_words(exhibit.unit))}, mean over events with {setting.level_text} pointwise band",
    )


def _waiting(exhibit: Exhibit, verdict: Verdict, setting: Setting, height: int) -> Drawn:
    sessions = [int(SESSIONS.fullmatch(str(column)).group(1)) for column in exhibit.frame.columns]  # type: ignore[union-attr]
    table = exhibit.frame.T.set_axis(sessions, axis=0)
    if 0 not in table.index:
        table = pd.concat([pd.DataFrame(1.0, index=[0], columns=table.columns), table])
    names = [str(one).split(" (", 1)[0] for one in table.columns]
    middle = sessions[(len(sessions) - 1) // 2]
    chart = waiting_chart(
        table,
        setting.colors(names),
        axis="sessions after the market’s low, square-root scale",
        height=height,
        simulated=setting.simulated,
    )
    still = listing(
        f"{share(float(reached))} of {in_sentence(str(one))}"
        for one, reached in zip(names, table.loc[middle].to_numpy(dtype=float), strict=True)
    )
    return Drawn(
        chart,
        f"{capitalised(_subject(exhibit, verdict).split(', ', 1)[0])} after {plural(middle, 'session')}: {still}",
        f"{capitalised(unit_words(exhibit.unit))} by sessions after the low",
    )


MAKERS: dict[str, Callable[[Exhibit, Verdict, Setting, int], Drawn | None]] = {
    "band": _band,
    "lines": _lines,
    "window": _window,
    "probability": _probability,
    "forest": _forest,
    "density": _density,
    "network": _network,
    "fan": _fan,
    "waiting": _waiting,
}

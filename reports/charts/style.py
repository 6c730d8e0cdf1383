"""The one style of every chart: palette, type, plot frame, and what a chart is.

The plot frame is fixed and the margins are given, so that two charts under each other have the same time axis; labels
stand in the right margin, spread so that they do not collide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

Record = dict[str, Any]
Spec = dict[str, Any]

INK = "#1d2733"
MUTED = "#5f6b78"
RULE = "#e3e7ec"
PAPER = "#ffffff"
BLUE = "#1f5a96"
GOLD = "#a8790a"
RED = "#b5382a"
GREEN = "#1f7a4d"
VIOLET = "#6b4f9a"
TEAL = "#0f7c8a"
STRESS = "#dfe4ea"
CLAIMED = "#f6ebcd"
#: Paper of a cell that falls short of what is asked.
SHORT = "#fbe9e7"

#: Lines, in the order in which series take them; safe for the common colour deficiencies and distinct in grey.
SERIES = (BLUE, GOLD, RED, VIOLET)
#: One colour for one asset throughout.
ROLE_COLORS = {
    "crypto": BLUE,
    "metal": GOLD,
    "miners": RED,
    "junior_miners": "#7a2a1f",
    "growth": VIOLET,
    "market": TEAL,
    "credit_fund": MUTED,
}
#: Text colours on paper for a line of the same hue (contrast of at least 4.5).
TEXT_OF = {BLUE: BLUE, GOLD: "#85600a", RED: RED, GREEN: GREEN, VIOLET: VIOLET, TEAL: "#0b6773", INK: INK, MUTED: MUTED}
#: What each colour becomes on a dark page; the page's script replaces one by the other.
DARK = {
    INK: "#e8edf2",
    MUTED: "#9aa7b4",
    RULE: "#2c3743",
    PAPER: "#161d25",
    BLUE: "#79b3ea",
    GOLD: "#e0b252",
    "#85600a": "#e0b252",
    RED: "#f08b7e",
    GREEN: "#6cc79a",
    VIOLET: "#b79ee6",
    TEAL: "#5cc3cf",
    "#0b6773": "#5cc3cf",
    "#7a2a1f": "#d9a59b",
    STRESS: "#27313c",
    CLAIMED: "#3a3320",
    SHORT: "#43282a",
}

FONT = "Source Sans Pro"
FONT_SIZE = 11
LEFT, RIGHT, TOP, BOTTOM = 42, 124, 16, 24
#: Width of a chart across the page, in CSS pixels, and of its plot.
FULL_WIDTH = 673
PLOT_WIDTH = FULL_WIDTH - LEFT - RIGHT
HEIGHT = 168
LINE = 13.0
#: What the mark of simulated data adds above the plot.
MARK_ROOM = 8
SIMULATED_MARK = "SIMULATED DATA, NOT MARKET EVIDENCE"

#: Decimals that a plotted number keeps: far below what the eye resolves, far less ink than sixteen digits.
PLOTTED_DIGITS = 5
#: Labels of an axis: thousands in groups, and the decimals that the step between ticks needs.
TICKS = ",f"


#: Paths of fewer sessions keep all of them in print.
THINNED = 400


def config() -> Spec:
    """Vega-Lite configuration shared by print and screen."""
    axis = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "labelColor": MUTED,
        "titleColor": MUTED,
        "titleFontWeight": "normal",
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": RULE,
        "tickSize": 4,
        "labelPadding": 4,
        "domainWidth": 0.8,
        "gridWidth": 0.8,
    }
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "text": {"font": FONT, "fontSize": FONT_SIZE, "color": INK},
        "header": {"labelFont": FONT, "titleFont": FONT, "labelFontSize": FONT_SIZE, "labelColor": INK},
        "legend": {"labelFont": FONT, "titleFont": FONT, "labelFontSize": FONT_SIZE, "titleFontSize": FONT_SIZE},
        "title": {"font": FONT, "fontSize": FONT_SIZE, "color": INK},
    }


@dataclass(frozen=True)
class Chart:
    """A chart for both media: one specification, data for the screen and thinner data for print.

    Attributes
    ----------
    spec : dict
        Vega-Lite specification whose data are named.
    data : mapping of name to records
        Every observation.
    print_data : mapping of name to records
        Replacements for print, where paths are thinned to weekly readings.
    screen_layers : sequence of Vega-Lite layers
        Added on screen only: what answers to the pointer.
    width, height : int
        Size of the picture in CSS pixels, margins included.
    """

    spec: Spec
    data: Mapping[str, Sequence[Record]]
    width: int
    height: int
    print_data: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    screen_layers: Sequence[Spec] = ()

    @cached_property
    def for_print(self) -> Spec:
        """The specification with print data inline."""
        return {**self.spec, "datasets": {**self.data, **self.print_data}}

    @cached_property
    def for_screen(self) -> Spec:
        """The specification with all data and the interactive layers."""
        spec = {**self.spec, "datasets": dict(self.data)}
        if self.screen_layers and "layer" in spec:
            spec["layer"] = [*spec["layer"], *self.screen_layers]
        return spec

    @cached_property
    def canonical(self) -> str:
        """The print specification as text that is the same in every run."""
        return json.dumps(self.for_print, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def named(name: str) -> alt.NamedData:
    """A reference to a data set of the chart."""
    return alt.NamedData(name=name)


def finished(
    layers: Sequence[alt.Chart],
    *,
    height: int = HEIGHT,
    width: int = PLOT_WIDTH,
    right: int = RIGHT,
    left: int = LEFT,
    top: int = TOP,
    bottom: int = BOTTOM,
    simulated: bool = False,
) -> Spec:
    """Layers as one specification with the fixed plot frame and, on simulated data, the mark."""
    if simulated:
        top += MARK_ROOM
        mark = (
            alt.Chart(named("one"))
            .mark_text(
                clip=False, text=SIMULATED_MARK, align="left", baseline="bottom", color=RED, fontSize=9, fontWeight=600
            )
            .encode(x=alt.XValue(2 - left), y=alt.YValue(-10))
        )
        layers = [*layers, mark]
    return {
        "layer": [layer.to_dict(validate=False, context={"top_level": False}) for layer in layers],
        "width": width,
        "height": height,
        "padding": {"left": left, "right": right, "top": top, "bottom": bottom},
        "autosize": {"type": "none"},
        "config": config(),
    }


def picture_height(spec: Spec) -> int:
    """Height of the picture, margins included."""
    padding = spec["padding"]
    return int(spec["height"] + padding["top"] + padding["bottom"])


def rounded(value: object) -> object:
    """A number as it is plotted: five significant digits, None where it is not finite."""
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{PLOTTED_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return value


def records(frame: pd.DataFrame) -> list[Record]:
    """Rows of a frame as plotted values."""
    columns = [str(column) for column in frame.columns]
    values = [[rounded(one) for one in frame[column].tolist()] for column in frame.columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def weekly(frame: pd.DataFrame) -> pd.DataFrame:
    """The last row of each calendar week of a frame indexed by session; the very last row is always kept."""
    if len(frame) < THINNED:
        return frame
    index = pd.DatetimeIndex(frame.index)
    weeks = index.to_period("W-SUN")
    last = np.r_[weeks[1:] != weeks[:-1], True]
    return frame.loc[last]


def nice_domain(values: Sequence[float], *, include: Sequence[float] = (), room: float = 0.04) -> tuple[float, float]:
    """A rounded domain that holds every finite value, with a little room."""
    finite = [float(one) for one in [*values, *include] if math.isfinite(one)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    width = high - low
    if width <= 1e-9 * max(abs(low), abs(high), 1e-9):
        width = max(abs(high), 1.0)
    low, high = low - room * width, high + room * width
    step = 10.0 ** math.floor(math.log10(width)) / 5.0
    return _snapped(math.floor(low / step) * step), _snapped(math.ceil(high / step) * step)


def round_ticks(domain: tuple[float, float]) -> tuple[float, ...]:
    """Three to seven round values inside a domain, evenly spaced."""
    low, high = domain
    scale = 10.0 ** math.floor(math.log10(high - low))
    for step in (scale * part for part in (5.0, 2.0, 1.0, 0.5, 0.25, 0.2, 0.1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first >= 2:
            return tuple(_snapped(i * step) for i in range(first, last + 1))
    raise AssertionError("a tenth of a width fits ten times")


def _snapped(value: float) -> float:
    return float(f"{value:.10g}") + 0.0


def spread(
    positions: Sequence[float], *, gap: float = LINE, low: float = 0.0, high: float = float(HEIGHT)
) -> list[float]:
    """Label positions moved apart to at least `gap`, as little as possible, inside [low, high] where they fit.

    Neighbours that collide are pooled into a block centred on the mean of its wishes (isotonic regression after a
    shift by the gaps), which is the least-squares answer.
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    blocks: list[list[float]] = []
    for rank, i in enumerate(order):
        wish = positions[i] - rank * gap
        blocks.append([wish, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight = blocks.pop()
            before, count = blocks[-1]
            blocks[-1] = [(before * count + mean * weight) / (count + weight), count + weight]
    shifted = [mean for mean, weight in blocks for _ in range(int(weight))]
    room = high - (len(positions) - 1) * gap
    placed = [0.0] * len(positions)
    for rank, i in enumerate(order):
        placed[i] = min(max(shifted[rank], low), max(room, low)) + rank * gap
    return placed


def label_rows(
    labels: Sequence[tuple[float, str, str]], domain: tuple[float, float], height: int = HEIGHT
) -> list[Record]:
    """Rows of a direct-label layer, each label clear of the others; a missing value gets no label.

    Parameters
    ----------
    labels : sequence of (value, text, colour)
    domain : (low, high)
        Vertical limits of the plot.
    height : int
        Of the plot, in CSS pixels.
    """
    kept = [one for one in labels if math.isfinite(one[0])]
    low, high = domain
    placed = spread([height * (high - value) / (high - low) for value, _, _ in kept], high=float(height))
    return [
        {"text": text, "color": TEXT_OF.get(color, color), "py": round(y, 1)}
        for (_, text, color), y in zip(kept, placed, strict=True)
    ]


def labels_layer(name: str, *, width: int = PLOT_WIDTH) -> alt.Chart:
    """Direct labels in the right margin."""
    return (
        alt.Chart(named(name))
        .mark_text(clip=False, align="left", baseline="middle", dx=7, fontWeight=600)
        .encode(
            x=alt.XValue(width),
            y=alt.Y("py:Q", scale=None),
            text=alt.Text("text:N"),
            color=alt.Color("color:N", scale=None),
        )
    )


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

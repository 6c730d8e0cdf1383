"""What fell, when and how far, in the windows that are judged."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reports.charts.paths import drawdowns, lines_chart
from reports.charts.style import nice_domain
from reports.document import Block, Figure, Section
from reports.explanations import attributed
from reports.narrative import window_title
from reports.sections.stakes import attribution_table
from reports.setting import Setting
from reports.tables import window_table
from reports.text import in_sentence, quantity

#: The article's own order of the assets in the event.
_EVENT_ROLES = ("crypto", "miners", "metal", "growth", "market")
#: Windows of fewer sessions have a point on each.
_FEW = 40


def windows(setting: Setting) -> Mapping[str, pd.DataFrame]:
    """Cumulative returns of the windows that have any."""
    return {
        name: frame
        for name, frame in setting.evidence.suite.window_returns.items()
        if len(frame) > 1 and frame.notna().any().any()
    }


def window_figure(setting: Setting, name: str, *, height: int = 150) -> Figure:
    """Cumulative returns since the base of one window."""
    frame = setting.evidence.suite.window_returns[name]
    roles = _shown(frame)
    title = window_title(frame[roles], setting.panel)
    return Figure(
        key=f"window-{name}".replace("_", "-"),
        title=title,
        subtitle=f"Cumulative return in percent since the close of {frame.index[0].date().isoformat()}, daily",
        chart=lines_chart(
            frame[roles].rename(columns=setting.name),
            setting.time_frame(frame.index, marked=False, stress=False),
            height=height,
            points=len(frame) < _FEW,
            sparse=False,
            colors=setting.colors(roles),
        ),
        alt=f"{title}. Lines over the sessions of the window.",
        source=setting.source(roles),
        note=f"{setting.window_label(name)}. Simple returns of adjusted closes; a fact without an interval.",
    )


def drawdown_figure(setting: Setting, name: str) -> Figure:
    """Distance from the highest close since the base of one window."""
    frame = setting.evidence.suite.window_returns[name]
    roles = _shown(frame)
    lows = drawdowns(frame[roles])
    deepest = lows.min().sort_values()
    title = (
        f"{setting.name(str(deepest.index[0]))} fell furthest from its high in the window, by "
        f"{quantity(-float(deepest.iloc[0]), '%')}, "
        f"{in_sentence(setting.name(str(deepest.index[-1])))} least of those shown, by "
        f"{quantity(-float(deepest.iloc[-1]), '%')}"
    )
    return Figure(
        key="drawdowns",
        title=title,
        subtitle="Distance from the highest close since the window’s base, percent, daily",
        chart=lines_chart(
            lows.rename(columns=setting.name),
            setting.time_frame(frame.index, marked=False, stress=False),
            domain=nice_domain([float(deepest.min())], include=(0.0,), room=0.0),
            height=140,
            points=len(frame) < _FEW,
            sparse=False,
            colors=setting.colors(roles),
        ),
        alt=f"{title}.",
        source=setting.source(roles),
        note=f"{setting.window_label(name)}. Zero is a new high.",
    )


def event_section(setting: Setting) -> Section | None:
    """Figures and a table of every window; None where there is none."""
    shown = windows(setting)
    if not shown:
        return None
    longest = max(shown, key=lambda name: len(shown[name]))
    labels = {name: setting.window_label(name) for name in shown}
    lows = {name: drawdowns(frame) for name, frame in shown.items()}
    blocks: tuple[Block, ...] = (
        *(window_figure(setting, name) for name in shown),
        drawdown_figure(setting, longest),
        window_table(shown, lows, setting.panel, labels, setting.source()),
        *((attribution_table(setting),) if attributed(setting.evidence.falls) else ()),
    )
    return Section("event", "What fell, and how far", blocks)


def _shown(frame: pd.DataFrame) -> list[str]:
    columns = [str(one) for one in frame.columns]
    ordered = [role for role in _EVENT_ROLES if role in columns]
    return (ordered + [role for role in columns if role not in ordered])[:5]

"""What every section needs of the evidence: names, dates, sources, the frame of charts over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from data.panel import Panel
from models.suite import PathBand
from reports.charts.frame import TimeFrame, spells
from reports.charts.style import BLUE, INK, MUTED, ROLE_COLORS, SERIES, SIMULATED_MARK, TEAL, nice_domain
from reports.evidence import Evidence
from reports.text import level, listing, number, plural, sentence


@dataclass(frozen=True)
class Setting:
    """Evidence with the derived words and frames that its sections share."""

    evidence: Evidence

    @property
    def panel(self) -> Panel:
        """The panel of the evidence."""
        return self.evidence.panel

    @property
    def simulated(self) -> bool:
        """Whether the data are simulated."""
        return self.panel.kind == "simulated"

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """What must stand on every page."""
        marks = []
        if self.simulated:
            marks.append(SIMULATED_MARK)
        if self.evidence.provenance.dirty:
            marks.append("DRAFT")
        if self.evidence.quick:
            marks.append("QUICK RUN, FEWER DRAWS")
        return tuple(marks)

    @property
    def level_text(self) -> str:
        """The level of every interval, "95 %"."""
        return level(self.evidence.study.inference.level)

    def name(self, role: str) -> str:
        """Display name of a role."""
        return self.panel.names.get(role, role.replace("_", " "))

    def short(self, role_or_name: str) -> str:
        """Identifier of a role or of a display name, for heads of narrow columns."""
        for instrument in self.evidence.study.instruments:
            if role_or_name in {instrument.role, instrument.name}:
                return instrument.id
        return role_or_name[:5]

    def color(self, path: PathBand) -> str:
        """Colour of a path: of the partner in a correlation, of the dependent series of a beta."""
        return ROLE_COLORS.get(path.pair[1] if path.quantity == "correlation" else path.pair[0], BLUE)

    def colors(self, names: Sequence[str]) -> tuple[str, ...]:
        """Colours of series given by role or display name; those without one take what is left."""
        roles = {name: role for role, name in self.panel.names.items()}
        known = [ROLE_COLORS.get(roles.get(name, name)) for name in names]
        spare = iter([color for color in (*SERIES, TEAL, MUTED) if color not in known] + [INK] * len(names))
        return tuple(color or next(spare) for color in known)

    def source(self, roles: Iterable[str] | None = None) -> str:
        """The text after "Source:": files for a few roles, producers alone for the whole panel."""
        wanted = self.panel.roles if roles is None else tuple(dict.fromkeys(roles))
        origins = [self.panel.origins[role] for role in wanted if role in self.panel.origins]
        if not origins:
            return sentence(self.panel.source)
        if len(origins) > 4:
            producers = Counter(_short(one.producer) for one in origins)
            first, others = producers.most_common(1)[0][0], len(producers) - 1
            more = f" and {plural(others, 'other producer')}" if others else ""
            return f"{first}{more} (see the report); own calculations."
        groups: dict[tuple[str, str, date | None], list[str]] = {}
        for origin in origins:
            groups.setdefault((_short(origin.producer), origin.adjustment, origin.accessed), []).append(origin.address)
        parts = [
            f"{producer} ({listing(files)}), {adjustment}{f', accessed {accessed.isoformat()}' if accessed else ''}"
            for (producer, adjustment, accessed), files in groups.items()
        ]
        return sentence("; ".join(parts) + "; calculations of this study")

    @cached_property
    def stress(self) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
        """Spells of stress for the shading."""
        return spells(self.evidence.suite.stress) if len(self.evidence.suite.stress) else ()

    @property
    def shading(self) -> str:
        """What the grey stands for."""
        if not self.stress:
            return "No session was in stress."
        quantile = number(100 * self.evidence.study.stress.fear_quantile, 0)
        return (
            f"Grey: stress, the fear index above its {quantile}th percentile at the close before; "
            "spells less than a week apart are joined."
        )

    @cached_property
    def windows(self) -> tuple[tuple[str, pd.Timestamp, pd.Timestamp], ...]:
        """The shortest window with a last day: the event, marked in every chart over time."""
        found = [
            (one.base, one.last or self.panel.as_of)
            for name, one in self.evidence.study.windows.items()
            if name in self.evidence.suite.window_returns
        ]
        if not found:
            return ()
        base, last = min(found, key=lambda one: one[1] - one[0])
        end = min(pd.Timestamp(last), pd.Timestamp(self.panel.last_session))
        return (("event window", pd.Timestamp(base), end),)

    def time_frame(self, index: pd.Index, *, marked: bool = True, stress: bool = True) -> TimeFrame:
        """Frame of a chart over the sessions of `index`."""
        dates = pd.DatetimeIndex(index)
        return TimeFrame(
            first=dates[0],
            last=dates[-1],
            stress=self.stress if stress else (),
            windows=self.windows if marked else (),
            simulated=self.simulated,
        )

    @cached_property
    def correlation_domain(self) -> tuple[float, float]:
        """One scale for every correlation."""
        values = [one for path in self.evidence.suite.correlations.values() for one in _extremes(path)]
        low, high = nice_domain(values, include=(0.0,), room=0.02)
        return max(low, -1.0), min(high, 1.0)

    def domain(self, path: PathBand) -> tuple[float, float]:
        """Vertical limits of a path: of all correlations, or of its own beta wherever it is drawn."""
        if path.quantity == "correlation":
            return self.correlation_domain
        return nice_domain(_extremes(path), room=0.02)

    def window_label(self, name: str) -> str:
        """Name of a window with its sessions."""
        frame = self.evidence.suite.window_returns.get(name)
        label = f"{name.replace('_', ' ').capitalize()} window"
        return label if frame is None else f"{label} ({plural(max(len(frame) - 1, 0), 'session')})"


def _short(producer: str) -> str:
    """A producer without the list in brackets behind its name."""
    return producer.split(" (", 1)[0]


def _extremes(path: PathBand) -> list[float]:
    frame = path.frame
    return [float(one) for one in (frame.min().min(), frame.max().max()) if pd.notna(one)]

"""What is odd about the delivered prices, instrument by instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Light = Literal["green", "amber", "red"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about one series.

    Attributes
    ----------
    role : str
        Role of the instrument.
    check : str
        Name of the check, e.g. "stale run", "jump", "missing sessions".
    light : {"green", "amber", "red"}
        Green: for information; amber: to be read; red: the series should not be used.
    detail : str
        What was found, with dates and figures, as a clause.
    """

    role: str
    check: str
    light: Light
    detail: str


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One line of the data table: what was delivered for one instrument."""

    role: str
    first: str
    last: str
    observations: int
    missing_sessions: int
    light: Light


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All findings of a panel. Nothing listed here was dropped, filled or mended.

    Attributes
    ----------
    summaries : tuple of SeriesSummary
        One for each instrument, in the study's order.
    findings : tuple of Finding
        Worst first within an instrument.
    absent : tuple of (role, reason)
        Optional instruments that the source does not deliver.
    """

    summaries: tuple[SeriesSummary, ...]
    findings: tuple[Finding, ...]
    absent: tuple[tuple[str, str], ...]

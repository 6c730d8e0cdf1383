"""A look at any folder of CSV files, without a study: what each file holds, what is odd, what a second copy says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from data.calendar import align, changes, half_days, sessions
from data.checks import examine, worst
from data.errors import SourceError, StudyError
from data.quality import Finding, Light
from data.schema import validate
from data.snapshot_diff import SeriesDiff, compare
from data.sources.csvfiles import deliver_file
from data.sources.protocol import Delivery, level_column
from data.study import CsvFile, Frequency, Instrument
from data.subject import Subject, iso

FIRST_SESSION = date(1990, 1, 2)
"""Before it the exchange's calendar (Saturdays, half days of the war) is no fair measure of gaps."""
WEEKEND_SHARE = 0.1
PRICE_RANGE = 100.0
"""A value that has grown a hundredfold, never below one, is a price; rates and spreads are not."""


@dataclass(frozen=True)
class FileAudit:
    """What one file holds.

    Attributes
    ----------
    name : str
    instrument : Instrument or None
        How it was understood; None where the file is no price series.
    delivery : Delivery or None
    findings : tuple of Finding
        The role is the file's name.
    problem : str
        Why it could not be read or used, else empty.
    """

    name: str
    instrument: Instrument | None = None
    delivery: Delivery | None = None
    findings: tuple[Finding, ...] = ()
    problem: str = ""

    @property
    def light(self) -> Light:
        """Red where the file cannot be used."""
        return "red" if self.problem else worst(self.findings)

    @property
    def span(self) -> str:
        """First and last date."""
        if self.delivery is None:
            return ""
        level = self.delivery.level
        return f"{iso(level.index[0])} to {iso(level.index[-1])}"


def audit_folder(folder: Path, exchange: str = "XNYS") -> tuple[FileAudit, ...]:
    """Read and check every CSV file directly inside `folder`.

    Nothing but the file says what it is: a price (log changes) where it has a close or grew a hundredfold, a plain
    value otherwise; around the clock where it has weekends; weekly or monthly by the distance of its dates.

    Raises
    ------
    SourceError
        If there is no such folder or no CSV file in it.
    """
    paths = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    if not paths:
        raise SourceError(str(folder), "holds no CSV file", "Name a folder with one CSV file an instrument.")
    return tuple(_audited(path, exchange) for path in paths)


def compare_copies(audits: Iterable[FileAudit], copies: Path) -> dict[str, SeriesDiff]:
    """Hold `gld.csv` against the second copies `gld.csv` and `gld_….csv` of another folder; by the copy's name."""
    found = {}
    for audit in audits:
        if audit.instrument is None or audit.delivery is None:
            continue
        stem = audit.name.removesuffix(".csv")
        for path in sorted([*copies.glob(f"{stem}.csv"), *copies.glob(f"{stem}_*.csv")]):
            copy = deliver_file(path, CsvFile(name=path.name))
            span = audit.delivery.frame.index
            other = replace(copy, frame=copy.frame.loc[span[0] : span[-1]])
            pair = compare({stem: other}, {stem: audit.delivery}, {stem: audit.instrument})
            found[path.name] = pair.series[0]
    return found


def _audited(path: Path, exchange: str) -> FileAudit:
    try:
        delivery = deliver_file(path, CsvFile(name=path.name))
        instrument = understood(path.stem, delivery)
        validate(delivery, instrument)
    except StudyError as error:
        return FileAudit(path.name, problem=error.problem)
    level = delivery.level
    first, last = max(level.index[0].date(), FIRST_SESSION), level.index[-1].date()
    if last <= first:
        return FileAudit(path.name, instrument, delivery, problem=f"ends on {last}")
    clock = sessions(exchange, first, last)
    if instrument.trades == "always":
        clock = pd.DatetimeIndex(pd.date_range(first, last, unit="ns").to_numpy())
    aligned = align(level, clock, instrument)
    subject = Subject(
        instrument,
        delivery,
        aligned,
        changes(aligned.levels, instrument.change).dropna(),
        half_days(exchange, first, last).intersection(clock),
    )
    renamed = (Finding(path.name, one.check, one.light, one.detail) for one in examine(subject))
    return FileAudit(path.name, instrument, delivery, tuple(renamed))


def understood(stem: str, delivery: Delivery) -> Instrument:
    """What a file is, from its own dates and columns."""
    level = delivery.level
    index = pd.DatetimeIndex(level.index)
    distance = float(np.median(np.diff(index) / np.timedelta64(1, "D"))) if len(index) > 1 else 1.0
    frequency: Frequency = "monthly" if distance >= 25 else "weekly" if distance >= 5 else "daily"
    weekends = bool((index.day_of_week >= 5).mean() > WEEKEND_SHARE)
    grown = level.min() >= 1.0 and level.max() > PRICE_RANGE * level.min()
    priced = grown or (level_column(delivery.frame.columns) != "value" and level.min() > 0.0)
    return Instrument(
        id=stem,
        role="market",
        name=stem,
        change="log" if priced else "difference",
        trades="always" if weekends and frequency == "daily" else "sessions",
        frequency=frequency,
    )

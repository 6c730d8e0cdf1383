"""Study and source -> panel: which source, what was known when, on which clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from data import calendar
from data.checks import Subject, examine, iso, worst
from data.errors import QualityError, SourceError, StudyFileError
from data.panel import Alternative, Panel
from data.quality import Finding, QualityReport, SeriesSummary
from data.schema import MINIMUM_SESSIONS, validate
from data.snapshot import SNAPSHOTS, SnapshotFolder, newest_snapshot
from data.sources.csvfiles import CsvFolder
from data.sources.packaged import PackagedSeries
from data.sources.protocol import Delivery, SeriesAbsentError, Source
from data.sources.simulated import SimulatedSample
from data.study import Instrument, Study, Window

BAR = ("open", "high", "low", "close")
UNITS = {"log": "%", "basis_points": "bp", "difference": "points"}


def load_panel(study: Study, source: str | Path | None = None, as_of: date | str | None = None) -> Panel:
    """Read, check and align the data of a study. Never touches the network.

    Parameters
    ----------
    study : Study
    source : str or Path, optional
        A folder of CSV files, a snapshot's folder, or one of the words "sample", "snapshot" (the newest), "packaged".
        Without it: the study's own `about.source`, else the newest snapshot, else the bundled simulated sample.
    as_of : date or str, optional
        Nothing after this date is used, and nothing that was released later; the study's own date without it.

    Returns
    -------
    Panel

    Raises
    ------
    StudyFileError
        If `as_of` is no date or lies before the study's windows.
    SourceError
        If the source or a required instrument is missing, or a file cannot be read.
    QualityError
        If a series cannot be used, or a required one is too short or ends before the study's windows do.
    """
    cut = as_of_date(as_of, study)
    origin_of_all = open_source(study, source)
    deliveries, absent = _deliver(study, origin_of_all, cut)
    clock = _clock(study, deliveries, cut)
    aligned = {
        role: calendar.align(_known(study.instrument(role), delivery, cut), clock, study.instrument(role))
        for role, delivery in deliveries.items()
    }
    for role, series in aligned.items():
        if study.instrument(role).required:
            _require_length(study.instrument(role), deliveries[role], series.levels, clock)
    levels = pd.DataFrame({role: series.levels for role, series in aligned.items()})
    returns = pd.DataFrame({role: calendar.changes(levels[role], study.instrument(role).change) for role in aligned})
    early = calendar.half_days(study.clock.exchange, study.clock.start, cut)
    subjects = [
        Subject(
            study.instrument(role),
            _cut(study.instrument(role), deliveries[role], cut),
            aligned[role],
            returns[role].dropna(),
            early.intersection(clock),
        )
        for role in deliveries
    ]
    simulated = origin_of_all.kind == "simulated" or any(delivery.origin.simulated for delivery in deliveries.values())
    return Panel(
        levels=levels,
        returns=returns,
        closes=_column(deliveries, "close", clock),
        volumes=_volumes(deliveries, clock),
        history=MappingProxyType(
            {role: _known(study.instrument(role), delivery, cut) for role, delivery in deliveries.items()}
        ),
        gap_days=pd.Series(np.diff(clock) // np.timedelta64(1, "D"), index=clock[1:], name="gap_days"),
        origins=MappingProxyType({role: delivery.origin for role, delivery in deliveries.items()}),
        names=MappingProxyType({role: study.instrument(role).name for role in deliveries}),
        units=MappingProxyType({role: UNITS[study.instrument(role).change] for role in deliveries}),
        calendar_rule=_rule(study, deliveries),
        kind="simulated" if simulated else "real",
        source=f"{_described(origin_of_all, simulated)}, to {iso(clock[-1])}",
        as_of=cut,
        quality=_report(subjects, absent),
        sha256=_digest(deliveries),
        release_lags=MappingProxyType(
            {
                one.role: one.release_lag_days
                for one in study.instruments
                if one.release_lag_days and one.role in deliveries
            }
        ),
        alternatives=MappingProxyType(
            {role: _alternatives(study.instrument(role), one, clock, cut) for role, one in deliveries.items()}
        ),
        bars=MappingProxyType(
            {role: bars for role, one in deliveries.items() if (bars := _bars(one, clock)) is not None}
        ),
    )


def as_of_date(as_of: date | str | None, study: Study) -> date:
    """The date the data are cut at, checked against the study's windows."""
    if as_of is None:
        cut = study.about.as_of
    elif isinstance(as_of, str):
        try:
            cut = datetime.strptime(as_of.strip(), "%Y-%m-%d").date()
        except ValueError as error:
            raise StudyFileError(f"AS_OF={as_of}", "is not a date", "Write it as AS_OF=2026-02-08.") from error
    else:
        cut = as_of.date() if isinstance(as_of, datetime) else as_of
    whole = {"full": Window(base=study.clock.start)}
    name, last_to_begin = max((study.windows or whole).items(), key=lambda item: item[1].base)
    if cut <= last_to_begin.base:
        raise StudyFileError(
            f"AS_OF={cut}",
            f"leaves nothing of window {name}, whose base is {last_to_begin.base}",
            f"Choose a date after {last_to_begin.base}, or move windows.{name} in the study file.",
        )
    return cut


def open_source(study: Study, source: str | Path | None) -> Source:
    """The source that is asked for, or the default one in its stated order."""
    word = None if source is None or str(source).strip() == "" else str(source)
    if word is None:
        word = study.about.source or ("snapshot" if newest_snapshot() is not None else "sample")
    if word == "sample":
        return SimulatedSample()
    if word == "packaged":
        return PackagedSeries()
    if word == "snapshot":
        newest = newest_snapshot()
        if newest is None:
            raise SourceError(
                "SOURCE=snapshot", "there is no snapshot yet", "Run `make data`, or use SOURCE=sample or SOURCE=folder."
            )
        return SnapshotFolder(newest)
    folder = Path(word).expanduser()
    if not folder.exists() and (SNAPSHOTS / word).is_dir():
        folder = SNAPSHOTS / word
    return SnapshotFolder(folder) if SnapshotFolder.is_one(folder) else CsvFolder(folder)


def _deliver(study: Study, source: Source, cut: date) -> tuple[dict[str, Delivery], list[tuple[str, str]]]:
    deliveries: dict[str, Delivery] = {}
    absent: list[tuple[str, str]] = []
    for instrument in study.instruments:
        try:
            delivery = source.read(instrument)
        except SeriesAbsentError as error:
            if instrument.required:
                raise
            absent.append((instrument.role, error.problem))
            continue
        for one in (delivery, *delivery.alternatives):
            validate(one, instrument)
        known = _known(instrument, delivery, cut)
        if known.empty:
            reason = f"it holds nothing up to {cut}"
            if instrument.required:
                raise QualityError(delivery.origin.address, reason, "Choose a later AS_OF or give a longer file.")
            absent.append((instrument.role, reason))
            continue
        deliveries[instrument.role] = delivery
    return deliveries, absent


def _known(instrument: Instrument, delivery: Delivery, cut: date) -> pd.Series:
    return calendar.released(delivery.level, instrument.release_lag_days, cut).rename(instrument.role)


def _cut(instrument: Instrument, delivery: Delivery, cut: date) -> Delivery:
    known = calendar.released(delivery.frame, instrument.release_lag_days, cut)
    return replace(delivery, frame=known)


def _clock(study: Study, deliveries: Mapping[str, Delivery], cut: date) -> pd.DatetimeIndex:
    """Sessions from the study's start to the last one that every required daily series reaches."""
    if cut < study.clock.start:
        raise StudyFileError(f"AS_OF={cut}", f"lies before clock.start {study.clock.start}", "Choose a later date.")
    clock = calendar.sessions(study.clock.exchange, study.clock.start, cut)
    ends = [
        (delivery.level.loc[: pd.Timestamp(cut)].index[-1], instrument, delivery)
        for instrument in study.instruments
        if instrument.required and instrument.frequency == "daily" and (delivery := deliveries[instrument.role])
    ]
    for last, instrument, delivery in ends:
        for name, window in study.windows.items():
            end = min(window.last or window.base, cut)
            due = clock[clock <= pd.Timestamp(end)]
            if len(due) and last < due[-1]:
                raise QualityError(
                    delivery.origin.address,
                    f"{instrument.id} ends on {iso(last)}, before window {name} does ({iso(due[-1])})",
                    f"Give data to {iso(due[-1])} or later, or choose an earlier AS_OF.",
                )
    reach = min((last for last, _, _ in ends), default=pd.Timestamp(cut))
    clock = clock[clock <= reach]
    if len(clock) < MINIMUM_SESSIONS:
        shortest = min(ends, key=lambda end: end[0], default=None)
        culprit = shortest[2].origin.address if shortest and shortest[0] < pd.Timestamp(cut) else f"AS_OF={cut}"
        raise QualityError(
            culprit,
            f"only {len(clock)} sessions lie between clock.start {study.clock.start} and {iso(reach)}",
            f"At least {MINIMUM_SESSIONS} are needed: choose a later AS_OF or an earlier clock.start.",
        )
    return clock


def _require_length(instrument: Instrument, delivery: Delivery, levels: pd.Series, clock: pd.DatetimeIndex) -> None:
    present = int(levels.notna().sum())
    if present < MINIMUM_SESSIONS and instrument.frequency == "daily":
        raise QualityError(
            delivery.origin.address,
            f"{instrument.id} has {present} values on the sessions from {iso(clock[0])} to {iso(clock[-1])}",
            f"At least {MINIMUM_SESSIONS} are needed: give a longer file.",
        )


def _column(deliveries: Mapping[str, Delivery], column: str, clock: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame(
        {
            role: delivery.frame[column].reindex(clock) if column in delivery.frame else np.nan
            for role, delivery in deliveries.items()
        },
        index=clock,
        dtype=float,
    )


def _volumes(deliveries: Mapping[str, Delivery], clock: pd.DatetimeIndex) -> pd.DataFrame:
    """Volumes of the priced file, else of the first alternative that has them (Bitcoin at 16:00 New York has none)."""
    with_volume = {
        role: next((one for one in (delivery, *delivery.alternatives) if "volume" in one.frame), delivery)
        for role, delivery in deliveries.items()
    }
    return _column(with_volume, "volume", clock)


def _bars(delivery: Delivery, clock: pd.DatetimeIndex) -> pd.DataFrame | None:
    """Daily ranges of the priced file, else of the first alternative that has them."""
    for one in (delivery, *delivery.alternatives):
        if set(BAR) <= set(one.frame.columns):
            return one.frame[list(BAR)].reindex(clock)
    return None


def _alternatives(
    instrument: Instrument, delivery: Delivery, clock: pd.DatetimeIndex, cut: date
) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(calendar.align(_known(instrument, one, cut), clock, instrument).levels, one.origin)
        for one in delivery.alternatives
    )


def _rule(study: Study, deliveries: Mapping[str, Delivery]) -> str:
    here = [one for one in study.instruments if one.role in deliveries]
    always = [(one.name, deliveries[one.role].origin.stamp) for one in here if one.trades == "always"]
    lagged = [(one.name, one.release_lag_days) for one in here if one.release_lag_days]
    return calendar.rule(study.clock.exchange, always, lagged)


def _described(source: Source, simulated: bool) -> str:
    if simulated and source.kind == "real":
        return source.description.replace("real data", "partly SIMULATED data (not market evidence)")
    return source.description


def _report(subjects: list[Subject], absent: list[tuple[str, str]]) -> QualityReport:
    summaries: list[SeriesSummary] = []
    findings: list[Finding] = []
    for subject in subjects:
        found = examine(subject)
        findings += found
        level = subject.delivery.level
        summaries.append(
            SeriesSummary(
                role=subject.instrument.role,
                first=iso(level.index[0]),
                last=iso(level.index[-1]),
                observations=int(level.size),
                missing_sessions=len(subject.missing_sessions),
                light=worst(found),
            )
        )
    return QualityReport(tuple(summaries), tuple(findings), tuple(absent))


def _digest(deliveries: Mapping[str, Delivery]) -> str:
    digest = hashlib.sha256()
    for role in sorted(deliveries):
        for one in (deliveries[role], *deliveries[role].alternatives):
            digest.update(f"{role} {one.origin.sha256}\n".encode())
    return digest.hexdigest()

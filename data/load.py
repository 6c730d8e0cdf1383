"""Study and source -> panel: which source, what was known when, on which clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from data import calendar
from data.checks import examine, worst
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
from data.subject import Subject, iso

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
    return panel_from(open_source(study, source), study, as_of_date(as_of, study))


def load_later(study: Study, source: str | Path | None, known: Panel) -> Panel | None:
    """The same source to its end, for what came after the article; the panel `known` is not touched by it.

    Returns
    -------
    Panel or None
        None where nothing lies after the study's own date.

    Raises
    ------
    SourceError, QualityError
        As `load_panel`.
    """
    opened = open_source(study, source)
    required = [one for one in study.instruments if one.required and one.frequency == "daily"]
    end = min(opened.read(one).level.index[-1] for one in required).date()
    later = known if end <= known.last_session else panel_from(opened, study, end)
    return later if later.last_session > study.about.as_of else None


def panel_from(source: Source, study: Study, cut: date) -> Panel:
    """Check and align what a source delivers up to the date `cut`; raises as `load_panel` does."""
    deliveries, absent = _deliver(study, source, cut)
    clock = _clock(study, deliveries, cut)
    members = {role: _member(study.instrument(role), delivery, clock, cut) for role, delivery in deliveries.items()}
    absent += [(role, "it has no value on any session of the panel") for role in members if members[role].is_silent]
    members = {role: member for role, member in members.items() if not member.is_silent}
    for member in members.values():
        if member.instrument.required:
            _require_length(member, clock)
    simulated = source.kind == "simulated" or any(member.delivery.origin.simulated for member in members.values())
    early = calendar.half_days(study.clock.exchange, study.clock.start, cut).intersection(clock)
    return Panel(
        levels=pd.DataFrame({role: member.aligned.levels for role, member in members.items()}),
        returns=pd.DataFrame({role: member.changes for role, member in members.items()}),
        closes=pd.DataFrame({role: member.column("close", clock) for role, member in members.items()}),
        volumes=pd.DataFrame({role: member.column("volume", clock) for role, member in members.items()}),
        history=MappingProxyType({role: member.delivery.level.rename(role) for role, member in members.items()}),
        gap_days=pd.Series(np.diff(clock) // np.timedelta64(1, "D"), index=clock[1:], name="gap_days"),
        origins=MappingProxyType({role: member.delivery.origin for role, member in members.items()}),
        names=MappingProxyType({role: member.instrument.name for role, member in members.items()}),
        units=MappingProxyType({role: UNITS[member.instrument.change] for role, member in members.items()}),
        calendar_rule=_rule(study, members),
        kind="simulated" if simulated else "real",
        source=f"{_described(source, simulated)}, to {iso(clock[-1])}",
        as_of=cut,
        quality=_report(study, members, early, absent),
        sha256=_digest(members),
        release_lags=MappingProxyType(
            {role: lag for role, member in members.items() if (lag := member.instrument.release_lag_days)}
        ),
        alternatives=MappingProxyType({role: member.alternatives for role, member in members.items()}),
        bars=MappingProxyType(
            {role: bars for role, member in members.items() if (bars := member.bars(clock)) is not None}
        ),
    )


@dataclass(frozen=True)
class _Member:
    """One instrument on the panel's clock; its delivery is cut at the as-of date."""

    instrument: Instrument
    delivery: Delivery
    aligned: calendar.Aligned
    alternatives: tuple[Alternative, ...]
    cross_checks: tuple[pd.Series, ...]

    @property
    def is_silent(self) -> bool:
        """Whether an optional series has no value in the panel."""
        return not self.instrument.required and bool(self.aligned.levels.isna().all())

    @property
    def changes(self) -> pd.Series:
        """Changes of the aligned levels."""
        return calendar.changes(self.aligned.levels, self.instrument.change)

    @property
    def second_readings(self) -> tuple[Delivery, ...]:
        """Every other file that was read for it."""
        return self.delivery.alternatives + self.delivery.cross_checks

    @property
    def second_levels(self) -> tuple[pd.Series, ...]:
        """Their levels on the panel's sessions."""
        return tuple(one.levels for one in self.alternatives) + self.cross_checks

    def column(self, name: str, clock: pd.DatetimeIndex) -> pd.Series:
        """A column of the priced file; volume, where that has none, from the first alternative that has it."""
        files = (self.delivery, *self.delivery.alternatives) if name == "volume" else (self.delivery,)
        frame = next((one.frame for one in files if name in one.frame), None)
        return pd.Series(np.nan, index=clock) if frame is None else frame[name].reindex(clock)

    def bars(self, clock: pd.DatetimeIndex) -> pd.DataFrame | None:
        """Daily ranges of the priced file, else of the first alternative that has them."""
        for one in (self.delivery, *self.delivery.alternatives):
            if set(BAR) <= set(one.frame.columns):
                return one.frame[list(BAR)].reindex(clock)
        return None


def _member(instrument: Instrument, delivery: Delivery, clock: pd.DatetimeIndex, cut: date) -> _Member:
    known = _known(instrument, delivery, cut)
    others = tuple(_known(instrument, one, cut) for one in delivery.alternatives)
    witnesses = tuple(_known(instrument, one, cut) for one in delivery.cross_checks)
    return _Member(
        instrument,
        replace(known, alternatives=others, cross_checks=witnesses),
        calendar.align(known.level, clock, instrument),
        tuple(Alternative(calendar.align(one.level, clock, instrument).levels, one.origin) for one in others),
        tuple(calendar.align(one.level, clock, instrument).levels for one in witnesses),
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
    needed = [instrument.id for instrument in study.instruments if instrument.required]
    if word is None:
        word = study.about.source or ("snapshot" if newest_snapshot(needed) is not None else "sample")
    if word == "sample":
        return SimulatedSample()
    if word == "packaged":
        return PackagedSeries()
    if word == "snapshot":
        newest = newest_snapshot(needed)
        if newest is None:
            raise SourceError(
                "SOURCE=snapshot",
                "there is no snapshot of this study yet",
                "Run `make data`, or use SOURCE=sample or SOURCE=folder.",
            )
        return SnapshotFolder(newest)
    folder = Path(word).expanduser()
    if not folder.exists() and (SNAPSHOTS / word).is_dir():
        folder = SNAPSHOTS / word
    return SnapshotFolder(folder) if SnapshotFolder.is_one(folder) else CsvFolder(folder)


def _deliver(study: Study, source: Source, cut: date) -> tuple[dict[str, Delivery], list[tuple[str, str]]]:
    deliveries: dict[str, Delivery] = {}
    absent: list[tuple[str, str]] = []
    missing: list[SeriesAbsentError] = []
    for instrument in study.instruments:
        try:
            delivery = source.read(instrument)
        except SeriesAbsentError as error:
            if instrument.required:
                missing.append(error)
            absent.append((instrument.role, error.problem))
            continue
        for one in (delivery, *delivery.alternatives, *delivery.cross_checks):
            validate(one, instrument)
        if _known(instrument, delivery, cut).level.empty:
            reason = f"it holds nothing up to {cut}"
            if instrument.required:
                raise QualityError(delivery.origin.address, reason, "Choose a later AS_OF or give a longer file.")
            absent.append((instrument.role, reason))
            continue
        deliveries[instrument.role] = delivery
    _require_all(missing, source)
    return deliveries, absent


def _require_all(missing: list[SeriesAbsentError], source: Source) -> None:
    """Name every required series that the source lacks, so that one run tells all that is to be added."""
    if len(missing) == 1:
        raise missing[0]
    if missing:
        wanted = [one.wanted for one in missing if one.wanted]
        remedies = [f"Add {', '.join(wanted)}; docs/data.md says what a file holds."] if wanted else []
        remedies += dict.fromkeys(one.remedy for one in missing if not one.wanted)
        raise SourceError(
            ", ".join(one.culprit for one in missing),
            f"the study needs each of them, and there is no such file in {source.description}",
            " ".join(remedies),
        )


def _known(instrument: Instrument, delivery: Delivery, cut: date) -> Delivery:
    frame = calendar.released(delivery.frame, instrument.release_lag_days, cut)
    early = delivery.early_closes
    return replace(delivery, frame=frame, early_closes=early[early.isin(frame.index)])


def _clock(study: Study, deliveries: Mapping[str, Delivery], cut: date) -> pd.DatetimeIndex:
    """Sessions from the study's start to the last one that every required daily series reaches."""
    clock = calendar.sessions(study.clock.exchange, study.clock.start, cut)
    _require_sessions(clock, f"AS_OF={cut}", study)
    ends = {
        role: delivery.level.loc[: pd.Timestamp(cut)].index[-1]
        for role, delivery in deliveries.items()
        if study.instrument(role).required and study.instrument(role).frequency == "daily"
    }
    for role, last in ends.items():
        _require_windows(study, role, deliveries[role], last, clock)
    shortest = min(ends, key=lambda role: ends[role])
    clock = clock[clock <= ends[shortest]]
    _require_sessions(clock, deliveries[shortest].origin.address, study)
    return clock


def _require_sessions(clock: pd.DatetimeIndex, culprit: str, study: Study) -> None:
    if len(clock) < MINIMUM_SESSIONS:
        raise QualityError(
            culprit,
            f"leaves {len(clock)} sessions from clock.start {study.clock.start} on",
            f"At least {MINIMUM_SESSIONS} are needed: choose a later AS_OF, a longer file or an earlier clock.start.",
        )


def _require_windows(study: Study, role: str, delivery: Delivery, last: pd.Timestamp, clock: pd.DatetimeIndex) -> None:
    for name, window in study.windows.items():
        due = clock[clock <= pd.Timestamp(window.last or window.base)][-1]
        if last < due:
            raise QualityError(
                delivery.origin.address,
                f"{study.instrument(role).id} ends on {iso(last)}, before window {name} does ({iso(due)})",
                f"Give data to {iso(due)} or later, or choose an earlier AS_OF.",
            )


def _require_length(member: _Member, clock: pd.DatetimeIndex) -> None:
    present = int(member.aligned.levels.notna().sum())
    if present < MINIMUM_SESSIONS and member.instrument.frequency == "daily":
        raise QualityError(
            member.delivery.origin.address,
            f"{member.instrument.id} has {present} values on the sessions from {iso(clock[0])} to {iso(clock[-1])}",
            f"At least {MINIMUM_SESSIONS} are needed: give a longer file.",
        )


def _rule(study: Study, members: Mapping[str, _Member]) -> str:
    here = [(member.instrument, member.delivery.origin.stamp) for member in members.values()]
    always = [(one.name, stamp) for one, stamp in here if one.trades == "always"]
    lagged = [(one.name, one.release_lag_days) for one, _ in here if one.release_lag_days]
    early = [
        (one.instrument.name, int(one.aligned.levels.index.isin(one.delivery.early_closes).sum()))
        for one in members.values()
    ]
    words = [f" On {days} half days {name} is taken at the early close, 13:00." for name, days in early if days]
    return calendar.rule(study.clock.exchange, always, lagged) + "".join(words)


def _described(source: Source, simulated: bool) -> str:
    if simulated and source.kind == "real":
        return source.description.replace("real data", "partly SIMULATED data (not market evidence)")
    return source.description


def _report(
    study: Study, members: Mapping[str, _Member], early: pd.DatetimeIndex, absent: list[tuple[str, str]]
) -> QualityReport:
    summaries: list[SeriesSummary] = []
    findings: list[Finding] = []
    for role, member in members.items():
        subject = Subject(
            member.instrument,
            member.delivery,
            member.aligned,
            member.changes.dropna(),
            early,
            tuple(zip(member.second_readings, member.second_levels, strict=True)),
        )
        found = examine(subject)
        findings += found
        level = member.delivery.level
        summaries.append(
            SeriesSummary(
                role=role,
                first=iso(level.index[0]),
                last=iso(level.index[-1]),
                observations=int(level.size),
                missing_sessions=len(subject.missing_sessions),
                light=worst(found),
            )
        )
    _stop_on_red(study, members, findings)
    return QualityReport(tuple(summaries), tuple(findings), tuple(absent))


def _stop_on_red(study: Study, members: Mapping[str, _Member], findings: list[Finding]) -> None:
    red = [one for one in findings if one.light == "red" and one.role not in study.quality.accept_red]
    if red:
        raise QualityError(
            members[red[0].role].delivery.origin.address,
            f"{red[0].check}: {red[0].detail}",
            f'Mend the file, or accept it knowingly: [quality] accept_red = ["{red[0].role}"] in the study file.',
        )


def _digest(members: Mapping[str, _Member]) -> str:
    digest = hashlib.sha256()
    for role in sorted(members):
        for one in (members[role].delivery, *members[role].second_readings):
            digest.update(f"{role} {one.origin.sha256}\n".encode())
    return digest.hexdigest()

"""Frozen downloads: one folder a date, every file hashed, never changed once it stands."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import SourceError
from data.origin import Origin
from data.sources.csvtext import parse_csv, read_bytes
from data.sources.faults import TEMPORARY
from data.sources.protocol import Delivery, Kind, SeriesAbsentError
from data.study import Instrument, Sha256, Stamp

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
MANIFEST = "manifest.json"
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}(-\d+)?")
_UNFINISHED = ".incoming-"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SnapshotSeries(_Frozen):
    """One file of a snapshot and where its figures came from."""

    file: str
    sha256: Sha256
    producer: str
    address: str
    accessed: date
    adjustment: str
    licence: str
    stamp: Stamp = "session"
    note: str = ""
    remarks: tuple[str, ...] = ()
    early_closes: tuple[date, ...] = ()
    agreement: float = 0.0
    alternatives: tuple[SnapshotSeries, ...] = ()
    cross_checks: tuple[SnapshotSeries, ...] = ()

    @property
    def second_readings(self) -> tuple[SnapshotSeries, ...]:
        """Every other file that was fetched for it."""
        return self.alternatives + self.cross_checks


class Manifest(_Frozen):
    """What a snapshot holds."""

    format: Literal[1] = 1
    as_of: date
    fetched: date
    study_sha256: Sha256
    series: dict[str, SnapshotSeries]
    failed: dict[str, str] = {}


class LockedError(SourceError):
    """Another run is writing a snapshot at this moment."""

    exit_code = TEMPORARY


def snapshots(folder: Path = SNAPSHOTS) -> list[Path]:
    """Whole snapshots, oldest as-of date first, later downloads of the same date after earlier ones."""
    inside = folder.iterdir() if folder.is_dir() else ()
    found = [path for path in inside if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file()]
    return sorted(found, key=lambda path: (path.name[:10], _number(path)))


def _number(snapshot: Path) -> int:
    return int(snapshot.name[11:] or 1)


def newest_snapshot(needs: Collection[str] = (), folder: Path = SNAPSHOTS) -> Path | None:
    """The snapshot with the latest as-of date, its latest download, or None.

    Parameters
    ----------
    needs : collection of str
        Ids it must hold: a snapshot of another study is passed over.
    folder : Path
        Where snapshots stand.
    """
    for path in reversed(snapshots(folder)):
        if set(needs) <= SnapshotFolder(path).manifest.series.keys():
            return path
    return None


class SnapshotFolder:
    """Reads a snapshot and holds each file against its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self.manifest = Manifest.model_validate_json(read_bytes(folder / MANIFEST))
        except ValidationError as error:
            raise SourceError(
                f"snapshot {folder.name}", f"{MANIFEST} is damaged", f"Remove the folder and run `{_make(folder)}`."
            ) from error

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Whether `folder` is a snapshot rather than a plain folder of CSV files."""
        return (folder / MANIFEST).is_file()

    @property
    def kind(self) -> Kind:
        """Observed figures."""
        return "real"

    @property
    def description(self) -> str:
        """Names the snapshot and the day it was fetched."""
        return f"real data from snapshot {self._folder.name} (fetched {self.manifest.fetched.isoformat()})"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver `instrument`, verified against the manifest."""
        entry = self.manifest.series.get(instrument.id)
        if entry is None:
            reason = self.manifest.failed.get(instrument.id, "it was not asked for")
            raise SeriesAbsentError(
                instrument.id,
                f"snapshot {self._folder.name} does not hold it ({reason})",
                f"Run `{_make(self._folder)}`.",
            )
        return self._verified(entry)

    def _verified(self, entry: SnapshotSeries) -> Delivery:
        content = read_bytes(self._folder / entry.file)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise SourceError(
                f"snapshot {self._folder.name}, {entry.file}",
                "was changed after it was frozen",
                f"Remove the folder and run `{_make(self._folder)}`.",
            )
        origin = Origin(
            producer=entry.producer,
            address=entry.address,
            accessed=entry.accessed,
            adjustment=entry.adjustment,
            licence=entry.licence,
            sha256=entry.sha256,
            stamp=entry.stamp,
        )
        return Delivery(
            parse_csv(content, entry.file).frame,
            origin,
            note=entry.note,
            remarks=entry.remarks,
            early_closes=pd.DatetimeIndex(entry.early_closes).as_unit("ns"),
            agreement=entry.agreement,
            alternatives=tuple(self._verified(one) for one in entry.alternatives),
            cross_checks=tuple(self._verified(one) for one in entry.cross_checks),
        )


def _make(folder: Path) -> str:
    return f"make data AS_OF={folder.name[:10]}"


@contextlib.contextmanager
def writing(folder: Path = SNAPSHOTS) -> Iterator[None]:
    """Hold the only right to write below `folder`; what a killed run left unfinished is cleared first.

    Raises
    ------
    LockedError
        If another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LockedError(
                "make data", "another run is writing a snapshot", "Wait for it to end; nothing was changed."
            ) from error
        for unfinished in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(unfinished)
        yield


def freeze(
    deliveries: Mapping[str, Delivery],
    failed: Mapping[str, str],
    *,
    as_of: date,
    fetched: date,
    study_sha256: str,
    folder: Path = SNAPSHOTS,
) -> Path:
    """Write a snapshot: into a folder of its own, everything on disk, then one rename.

    An earlier snapshot is never touched: a second download of the same date gets `-2` behind its name, a third `-3`.
    If the newest one of that date holds the very same files, it is returned instead. Call it inside `writing`.
    """
    unfinished = folder / f"{_UNFINISHED}{as_of}"
    unfinished.mkdir()
    entries = {key: _write(unfinished, _file_stem(key), delivery, fetched) for key, delivery in deliveries.items()}
    same_date = [path for path in snapshots(folder) if path.name[:10] == as_of.isoformat()]
    if same_date and _digests(SnapshotFolder(same_date[-1]).manifest.series) == _digests(entries):
        shutil.rmtree(unfinished)
        return same_date[-1]
    manifest = Manifest(
        as_of=as_of, fetched=fetched, study_sha256=study_sha256, series=entries, failed=dict(sorted(failed.items()))
    )
    _durably(unfinished / MANIFEST, (manifest.model_dump_json(indent=2) + "\n").encode())
    _sync(unfinished)
    target = folder / (f"{as_of}-{_number(same_date[-1]) + 1}" if same_date else f"{as_of}")
    unfinished.rename(target)
    _sync(folder)
    return target


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The canonical text of a delivered frame: shortest decimals that read back to the same floats."""
    return frame.to_csv(date_format="%Y-%m-%d", lineterminator="\n").encode("utf-8")


def _file_stem(key: str) -> str:
    return re.sub("[^a-z0-9]+", "-", key.lower())


def _write(folder: Path, stem: str, delivery: Delivery, fetched: date) -> SnapshotSeries:
    content = csv_bytes(delivery.frame)
    file = f"{stem}.csv"
    _durably(folder / file, content)
    origin = delivery.origin
    return SnapshotSeries(
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        producer=origin.producer,
        address=origin.address,
        accessed=fetched,
        adjustment=origin.adjustment,
        licence=origin.licence,
        stamp=origin.stamp,
        note=delivery.note,
        remarks=delivery.remarks,
        early_closes=tuple(day.date() for day in delivery.early_closes),
        agreement=delivery.agreement,
        alternatives=tuple(_write(folder, f"{stem}-{one.origin.stamp}", one, fetched) for one in delivery.alternatives),
        cross_checks=tuple(
            _write(folder, f"{stem}-check-{_file_stem(one.origin.address)}", one, fetched)
            for one in delivery.cross_checks
        ),
    )


def _digests(entries: Mapping[str, SnapshotSeries]) -> dict[str, str]:
    return {entry.file: entry.sha256 for one in entries.values() for entry in (one, *one.second_readings)}


def _durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

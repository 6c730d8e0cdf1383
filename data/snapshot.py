"""Frozen downloads: one folder a date, every file hashed, never changed once written."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import SourceError
from data.origin import Origin
from data.sources.csvtext import parse_csv, read_bytes
from data.sources.protocol import Delivery, Kind, SeriesAbsentError
from data.study import Instrument, Sha256, Stamp

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
MANIFEST = "manifest.json"


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


class Manifest(_Frozen):
    """What a snapshot holds: written last, so that a folder with a manifest is a whole one."""

    format: Literal[1] = 1
    as_of: date
    fetched: date
    study_sha256: Sha256
    series: dict[str, SnapshotSeries]
    failed: dict[str, str] = {}


def newest_snapshot(folder: Path = SNAPSHOTS) -> Path | None:
    """The whole snapshot with the latest as-of date, or None."""
    found = sorted(path.parent for path in folder.glob(f"????-??-??/{MANIFEST}"))
    return found[-1] if found else None


class SnapshotFolder:
    """Reads a snapshot and holds each file against its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            content = json.loads(read_bytes(folder / MANIFEST).decode("utf-8"))
            self._manifest = Manifest.model_validate(content)
        except (ValueError, ValidationError) as error:
            raise SourceError(
                f"snapshot {folder.name}", f"{MANIFEST} is damaged", f"Make it again: make data AS_OF={folder.name}."
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
        return f"real data from snapshot {self._folder.name} (fetched {self._manifest.fetched.isoformat()})"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver `instrument`, verified against the manifest."""
        entry = self._manifest.series.get(instrument.id)
        if entry is None:
            reason = self._manifest.failed.get(instrument.id, "it was not fetched")
            raise SeriesAbsentError(
                instrument.id,
                f"snapshot {self._folder.name} does not hold it ({reason})",
                f"Run make data AS_OF={self._folder.name}.",
            )
        content = read_bytes(self._folder / entry.file)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise SourceError(
                f"snapshot {self._folder.name}, {entry.file}",
                "was changed after it was frozen",
                f"Make it again: make data AS_OF={self._folder.name}.",
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
        return Delivery(parse_csv(content, entry.file).frame, origin, entry.note)

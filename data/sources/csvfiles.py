"""A folder of CSV files, one an instrument: the user's own data under the user's own licence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd

from data.calendar import half_days
from data.errors import QualityError, SourceError
from data.origin import Origin
from data.sources.csvtext import parse_csv, read_bytes
from data.sources.protocol import Delivery, Kind, SeriesAbsentError, level_column
from data.study import CsvFile, Instrument

SIMULATED = "SIMULATED"
PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
NEW_YORK = "XNYS"
"""The exchange whose close the stamp ny16 follows."""


class CsvFolder:
    """Reads the first file that exists of those the study lists for an instrument.

    After the study's names, `<id>.csv` and `<id>-SIMULATED.csv` (lower case id) are tried; `GLD.csv` will do for
    `gld.csv` where that is not there. A file whose name or leading `#` lines say SIMULATED marks its series, and so the
    whole panel, as simulated wherever it was copied to.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.exists():
            raise SourceError(
                str(folder), "there is no such folder", "Name one that holds CSV files, or use SOURCE=sample."
            )
        if not folder.is_dir():
            raise SourceError(str(folder), "is a file, not a folder", "Name the folder that holds the CSV files.")
        self._folder = folder
        try:
            names = sorted(path.name for path in folder.iterdir())
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise SourceError(str(folder), f"cannot be listed ({reason})", "Check its permissions.") from error
        self._names = {name.lower(): name for name in names} | {name: name for name in names}
        tables = [name for name in names if name.lower().endswith(".csv")]
        self._marked = bool(tables) and all(SIMULATED in name for name in tables)

    @property
    def kind(self) -> Kind:
        """Simulated where every CSV file's name says so; single marked files are caught by their Origin."""
        return "simulated" if self._marked else "real"

    @property
    def description(self) -> str:
        """The folder's own name, never its place on this machine."""
        word = "SIMULATED data (not market evidence)" if self._marked else "real data"
        return f"{word} from folder {self._folder.resolve().name} (CSV files)"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver `instrument` from the first of its files that exists; the later ones are its alternatives."""
        files = _candidates(instrument)
        here = [file for file in files if self._name(file) is not None]
        if here:
            first, *others = here
            expected = first is files[0] or SIMULATED in first.name
            note = "" if expected else f"read from {first.name}, as {files[0].name} is not in the folder"
            witnesses = [file for file in instrument.cross_checks if self._name(file) is not None]
            return replace(
                self._deliver(first),
                note=note,
                alternatives=tuple(self._deliver(file) for file in others),
                cross_checks=tuple(self._deliver(file) for file in witnesses),
            )
        packed = next((name for file in files if (name := self._packed(file)) is not None), None)
        raise SeriesAbsentError(
            instrument.id,
            f"none of {', '.join(file.name for file in files)} is in folder {self._folder.resolve().name}",
            f"Unpack {packed}: files are read as plain text."
            if packed
            else f"Add {files[0].name} (columns date and one of close, adj_close, value).",
            wanted="" if packed else files[0].name,
        )

    def _packed(self, file: CsvFile) -> str | None:
        """The file in a packed form, which is not read."""
        return next((name for end in PACKED if (name := self._names.get(f"{file.name}{end}".lower()))), None)

    def _name(self, file: CsvFile) -> str | None:
        """Its name as it stands in the folder, or below it where the study names a file there; None if it is absent."""
        below = file.name if "/" in file.name and (self._folder / file.name).exists() else None
        return self._names.get(file.name, self._names.get(file.name.lower(), below))

    def _deliver(self, file: CsvFile) -> Delivery:
        delivery = deliver_file(self._path(file), file)
        early = CsvFile(name=file.half_days, stamp=file.stamp, producer=file.producer)
        if not file.half_days or self._name(early) is None:
            return delivery
        return at_early_closes(delivery, deliver_file(self._path(early), early))

    def _path(self, file: CsvFile) -> Path:
        return self._folder / (self._name(file) or file.name)


def _candidates(instrument: Instrument) -> tuple[CsvFile, ...]:
    stamp = instrument.files[0].stamp if instrument.files else "session"
    listed = {file.name for file in instrument.files}
    usual = (f"{instrument.id.lower()}.csv", f"{instrument.id.lower()}-{SIMULATED}.csv")
    return instrument.files + tuple(CsvFile(name=name, stamp=stamp) for name in usual if name not in listed)


def deliver_file(path: Path, file: CsvFile) -> Delivery:
    """Read one CSV file into a Delivery whose Origin says what it is."""
    content = read_bytes(path)
    parsed = parse_csv(content, path.name, column=file.column, mean_of_several=file.several == "mean")
    simulated = SIMULATED in path.name or any(SIMULATED in line for line in parsed.comments)
    origin = Origin(
        producer="Simulated by this study" if simulated else file.producer,
        address=path.name,
        accessed=None,
        adjustment=_adjustment(file, parsed.frame.columns),
        licence="as the code of this study" if simulated else "as agreed between the holder and the producer",
        sha256=hashlib.sha256(content).hexdigest(),
        stamp=file.stamp,
        simulated=simulated,
    )
    return Delivery(parsed.frame, origin, agreement=file.agreement)


def at_early_closes(delivery: Delivery, early: Delivery) -> Delivery:
    """A series of 16:00 New York with the prices at the early close on the exchange's half days.

    Raises
    ------
    QualityError
        If `early` holds a date that is no half day of New York's exchange.
    """
    span = early.level.index
    short = half_days(NEW_YORK, span[0].date(), span[-1].date())
    stray = span.difference(short)
    if len(stray):
        raise QualityError(
            early.origin.address,
            f"holds {stray[0]:%Y-%m-%d}, which is no half day of {NEW_YORK}",
            "Keep the half days alone: this file replaces the price of 16:00.",
        )
    frame = delivery.frame.copy()
    column = level_column(frame.columns)
    replaced = span.intersection(frame.index)
    frame.loc[replaced, column] = early.level[replaced]
    digest = hashlib.sha256(f"{delivery.origin.sha256} {early.origin.sha256}".encode()).hexdigest()
    address = f"{delivery.origin.address}, on half days {early.origin.address}"
    origin = replace(delivery.origin, address=address, sha256=digest)
    return replace(delivery, frame=frame, origin=origin, early_closes=pd.DatetimeIndex(replaced))


def _adjustment(file: CsvFile, columns: pd.Index) -> str:
    if not file.column and file.several == "refused":
        return adjustment_of(columns)
    column = file.column.replace("_", " ") or "value"
    return f"{column} as published{', mean of the day' if file.several == 'mean' else ''}"


def adjustment_of(columns: pd.Index) -> str:
    """What the columns say about the prices, in words."""
    if "adj_close" in columns:
        return "adjusted for splits and dividends"
    return "close as delivered" if "close" in columns else "value as published"

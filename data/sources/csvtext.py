"""Bytes of a CSV file -> a frame of floats by date, or an error that names file, line and remedy.

The reader never guesses: every field is either the number that stands there, a declared blank, or an error.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import QualityError, SourceError
from data.sources.protocol import COLUMNS, LEVELS

BLANKS = frozenset({"", ".", "NA", "N/A", "NaN", "nan", "null"})
LARGEST_FILE = 200_000_000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMAT = "Give date,open,high,low,close,adj_close,volume; date and one of close, adj_close, value are needed"


@dataclass(frozen=True)
class CsvText:
    """A parsed file: its leading `#` lines and its frame."""

    comments: tuple[str, ...]
    frame: pd.DataFrame


def read_bytes(path: Path) -> bytes:
    """Content of `path`, or a SourceError naming it and what the system said."""
    try:
        if path.is_dir():
            raise SourceError(path.name, "is a folder where a file is expected", "Put the CSV file in its place.")
        if path.exists() and not path.is_file():
            raise SourceError(path.name, "is no regular file", "Put the CSV file in its place.")
        if path.stat().st_size > LARGEST_FILE:
            raise SourceError(path.name, "is larger than 200 MB", "Give daily data, one file an instrument.")
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SourceError(path.name, f"cannot be read ({reason})", "Check the file and its permissions.") from error


def parse_csv(content: bytes, name: str, *, column: str = "", mean_of_several: bool = False) -> CsvText:
    """Parse one instrument's CSV file.

    Parameters
    ----------
    content : bytes
        The file: optional leading lines starting with `#`, a header, one row a date in ascending order. Columns are
        `date` and at least one of `close`, `adj_close`, `value`; `open`, `high`, `low`, `volume` are kept, others are
        ignored.
    name : str
        What to call the file in an error.
    column : str
        Column to read as `value` in place of the usual ones.
    mean_of_several : bool
        Whether the rows of a date are averaged; otherwise a date that repeats is an error. A blank among them leaves
        the date blank.

    Returns
    -------
    CsvText
        Frame of float columns, indexed by date; a field that is empty or one of `BLANKS` is NaN.

    Raises
    ------
    SourceError
        If it is no such file: empty, binary, HTML, other columns, a ragged row, an unreadable date or number.
    QualityError
        If dates repeat or do not ascend.
    """
    text = _decoded(content, name)
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if start == len(lines):
        raise SourceError(name, "holds no header", _FORMAT + ".")
    first_line = start + 2
    header, widths, flat = _quoted(lines[start:], name) if '"' in text else _plain(lines[start:])
    columns = _columns(header, name, column)
    if not widths:
        raise SourceError(name, "holds a header but no row", "Give at least the sessions of the study's window.")
    if set(widths) != {len(header)}:
        offset = next(i for i, width in enumerate(widths) if width != len(header))
        raise SourceError(
            f"{name}, line {first_line + offset}",
            f"has {widths[offset]} fields where the header has {len(header)}",
            "Mend or remove the line; a download may have been cut short.",
        )
    fields = {kind: flat[at :: len(header)] for kind, at in columns.items()}
    dates = _dates(fields["date"], name, first_line, repeat=mean_of_several)
    numbers = {kind: _numbers(fields[kind], kind, name, first_line) for kind in COLUMNS if kind in columns}
    comments = tuple(line.lstrip("# ").rstrip() for line in lines[:start] if line.startswith("#"))
    frame = pd.DataFrame(numbers, index=pd.DatetimeIndex(dates, name="date"))
    return CsvText(comments, _daily_means(frame) if mean_of_several else frame)


def _daily_means(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of the rows of a day; each row is divided before it is added, so that no sum overflows."""
    blank = frame.isna().groupby(level=0).any()
    rows = pd.Series(1.0, index=frame.index).groupby(level=0).transform("sum")
    return frame.div(rows.to_numpy(), axis=0).groupby(level=0).sum().mask(blank)


def _decoded(content: bytes, name: str) -> str:
    if not content.strip():
        raise SourceError(name, "is empty", "Download or export it again.")
    if b"\x00" in content[:4096] or content[:2] in (b"\x1f\x8b", b"PK"):
        raise SourceError(name, "is a binary file, not CSV text", "Unpack or export it as CSV (UTF-8).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(name, "is not text in UTF-8", "Export it as CSV (UTF-8).") from error
    if text.lstrip()[:1] == "<":
        raise SourceError(
            name, "holds HTML, not CSV", "The vendor answered with a web page (a limit or a log-in): download it again."
        )
    return text


def _plain(lines: list[str]) -> tuple[list[str], list[int], list[str]]:
    """Header, fields a row and all fields in one list, where no field is quoted: no list is made for each row."""
    while not lines[-1].strip():
        lines.pop()
    widths = [line.count(",") + 1 for line in lines[1:]]
    return lines[0].split(","), widths, ",".join(lines[1:]).split(",")


def _quoted(lines: list[str], name: str) -> tuple[list[str], list[int], list[str]]:
    """The same by the rules of quoting."""
    try:
        header, *rows = csv.reader(io.StringIO("\n".join(lines)), strict=True)
    except csv.Error as error:
        raise SourceError(name, f"is not readable as CSV ({error})", "Export it again.") from error
    while rows and not rows[-1]:
        rows.pop()
    return header, [len(row) for row in rows], list(chain.from_iterable(rows))


def _columns(header: Sequence[str], name: str, column: str) -> dict[str, int]:
    names = [one.strip().lower().replace(" ", "_") for one in header]
    repeated = sorted({one for one in names if names.count(one) > 1})
    if repeated:
        raise SourceError(name, f"has the column {repeated[0]!r} twice", "Keep one of them.")
    found = ", ".join(header[:8])
    if "date" not in names:
        separator = " (is it separated by semicolons?)" if len(header) == 1 and ";" in header[0] else ""
        raise SourceError(name, f"has no column 'date'{separator}; it has: {found[:120]}", _FORMAT + ".")
    if column:
        if column not in names:
            raise SourceError(
                name, f"has no column {column!r}; it has: {found[:120]}", "Correct `column` in the study file."
            )
        return {"date": names.index("date"), "value": names.index(column)}
    if not set(LEVELS) & set(names):
        raise SourceError(name, f"has no column close, adj_close or value; it has: {found[:120]}", _FORMAT + ".")
    if "value" in names and {"close", "adj_close"} & set(names):
        raise SourceError(name, "has both 'value' and a close", "Keep the one that is to be studied.")
    return {one: names.index(one) for one in ("date", *COLUMNS) if one in names}


def _dates(fields: Sequence[str], name: str, first_line: int, *, repeat: bool) -> np.ndarray:
    try:
        days = np.array(fields, dtype="datetime64[D]")
    except ValueError:
        days = np.array([], dtype="datetime64[D]")
    # numpy reads more forms than one: what it read must be what stands there.
    read = days.size == len(fields) and not np.isnat(days).any()
    if not read or (np.datetime_as_string(days) != np.array(fields)).any():
        offset = next(i for i, field in enumerate(fields) if not _is_day(field))
        raise _bad_date(name, first_line + offset, fields[offset])
    outside = np.flatnonzero((days < np.datetime64("1800-01-01")) | (days > np.datetime64("2199-12-31")))
    if outside.size:
        raise _bad_date(name, first_line + int(outside[0]), fields[int(outside[0])])
    steps = np.diff(days).astype(np.int64)
    if (steps < 0).all() and steps.size:
        raise QualityError(name, "dates descend", "Sort the file with the oldest date first.")
    ordered = np.sort(days)
    doubled = ordered[1:][np.diff(ordered).astype(np.int64) == 0]
    if doubled.size and not repeat:
        more = f" and {doubled.size - 1} more" if doubled.size > 1 else ""
        raise QualityError(name, f"the date {doubled[0]}{more} stands there twice", "Keep one row a date.")
    if (steps < 0).any():
        at = int(np.argmax(steps < 0)) + 1
        raise QualityError(
            f"{name}, line {first_line + at}",
            f"{fields[at]} follows {fields[at - 1]}: dates are not in order",
            "Sort the file by date; it is not sorted silently.",
        )
    return days.astype("datetime64[ns]")


def _is_day(field: str) -> bool:
    try:
        return bool(_DATE.fullmatch(field)) and not np.isnat(np.datetime64(field, "D"))
    except ValueError:
        return False


def _bad_date(name: str, line: int, field: str) -> SourceError:
    return SourceError(f"{name}, line {line}", f"{field[:40]!r} is not a date", "Write dates as YYYY-MM-DD.")


def _numbers(fields: Sequence[str], column: str, name: str, first_line: int) -> np.ndarray:
    try:
        values = np.fromiter(map(float, fields), dtype=float, count=len(fields))
    except ValueError:
        values = _with_blanks(fields, column, name, first_line)
    suspects = np.flatnonzero(~np.isfinite(values))
    for offset in suspects.tolist():
        if fields[offset] not in BLANKS:
            raise _bad_number(name, first_line + offset, column, fields[offset])
    if "_" in "".join(fields):
        odd = next(i for i, field in enumerate(fields) if "_" in field)
        raise _bad_number(name, first_line + odd, column, fields[odd])
    if suspects.size == values.size and column in LEVELS:
        raise SourceError(name, f"the column {column} is blank throughout", "Fill it or remove it.")
    return values


def _with_blanks(fields: Sequence[str], column: str, name: str, first_line: int) -> np.ndarray:
    try:
        return np.array([math.nan if field in BLANKS else float(field) for field in fields])
    except ValueError:
        offset = next(i for i, field in enumerate(fields) if not _is_number(field))
        raise _bad_number(name, first_line + offset, column, fields[offset]) from None


def _is_number(field: str) -> bool:
    try:
        return field in BLANKS or math.isfinite(float(field))
    except ValueError:
        return False


def _bad_number(name: str, line: int, column: str, field: str) -> SourceError:
    return SourceError(
        f"{name}, line {line}",
        f"{field[:40]!r} in column {column} is not a number",
        "Write numbers as 1234.5 and leave blanks empty.",
    )

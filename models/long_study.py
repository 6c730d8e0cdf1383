"""What takes too long for an edition: computed on demand, kept, and quoted by the editions after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from data.panel import Panel
from data.study import Study
from models.suite import Suite
from models.workers import in_parallel

Entry = str | float | None


@dataclass(frozen=True)
class Inputs:
    """What a long study may look at.

    Attributes
    ----------
    panel : Panel
        Cut at the date to which verdicts may look.
    study : Study
    suite : Suite
        Models fitted to that panel.
    workers : int
        Processes for independent pieces.
    progress : callable
        Told in words which piece begins.
    pieces : mutable mapping
        Plain values of pieces that are done, by name: what an interrupted run leaves to the next.
    """

    panel: Panel
    study: Study
    suite: Suite
    workers: int
    progress: Callable[[str], None]
    pieces: MutableMapping[str, Any]


def in_pieces(workers: int, pieces: MutableMapping[str, Any], calls: Mapping[str, Any]) -> list[Any]:
    """Results of calls in their order; what is among the pieces is not computed again, what is new is added at once.

    Parameters
    ----------
    workers : int
    pieces : mutable mapping
    calls : mapping
        Name of each piece to the call, made with `joblib.delayed`, whose result is a plain value.
    """
    missing = {name: call for name, call in calls.items() if name not in pieces}
    for name, value in zip(missing, in_parallel(workers, missing.values()), strict=True):
        pieces[name] = value
    return [pieces[name] for name in calls]


@dataclass(frozen=True, slots=True)
class LongResult:
    """What a long study found, as a table with its reading; plain values, so that it can be kept as JSON.

    Attributes
    ----------
    columns : tuple of str
        Heads of the table; the first column names the row.
    rows : tuple of tuple
        Text, a number, or None where there is no value.
    sentences : tuple of str
        What the table says, every figure computed.
    method : str
        How it was computed, in a line.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    sentences: tuple[str, ...]
    method: str

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row needs {len(self.columns)} entries")

    def record(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "sentences": list(self.sentences),
            "method": self.method,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> LongResult:
        """The result from JSON values."""
        return cls(
            tuple(record["columns"]),
            tuple(tuple(row) for row in record["rows"]),
            tuple(record["sentences"]),
            record["method"],
        )


Needed_contra = TypeVar("Needed_contra", bound=Inputs, contravariant=True)


@dataclass(frozen=True)
class LongStudy(Generic[Needed_contra]):
    """A named computation.

    Attributes
    ----------
    name : str
        Letters and hyphens; names the file it is kept in.
    title : str
        What it asks, as a heading.
    compute : callable
        Inputs to result; some need more than the models below the claims.
    """

    name: str
    title: str
    compute: Callable[[Needed_contra], LongResult]

"""What every source answers: give me this instrument, or say precisely why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import pandas as pd

from data.errors import SourceError
from data.origin import Origin
from data.study import Instrument

COLUMNS = ("open", "high", "low", "close", "adj_close", "value", "volume")
LEVELS = ("adj_close", "close", "value")

FIRST_RELEASES = "first releases"
"""How the Origin of a series says that each value is the one first published."""

Kind = Literal["real", "simulated"]


class SeriesAbsentError(SourceError):
    """The source does not hold the instrument at all, as opposed to holding it in a broken form.

    Parameters
    ----------
    wanted : str
        Name of the file to add, where adding one is all it takes.
    """

    def __init__(self, culprit: str, problem: str, remedy: str, wanted: str = "") -> None:
        super().__init__(culprit, problem, remedy)
        self.wanted = wanted


@dataclass(frozen=True)
class Delivery:
    """One series as a source delivered it.

    Attributes
    ----------
    frame : DataFrame
        Columns are among `COLUMNS`, all float; the index holds ascending, unique dates without clock or zone.
    origin : Origin
    note : str
        How it came to this file or vendor when it was not the first choice, else empty.
    remarks : tuple of str
        What else happened on the way, e.g. a bar that was still trading and was left out.
    point_in_time : bool
        Whether the values are those that were public on the as-of date, rather than today's cut at it.
    early_closes : DatetimeIndex
        Half days of New York whose price is the one at the early close, for a series of 16:00.
    agreement : float
        Correlation of its changes with the priced series' below which the two are said to disagree.
    alternatives : tuple of Delivery
        The same quantity from the next choices, where the source holds them too.
    cross_checks : tuple of Delivery
        Related quantities, for comparison only.
    """

    frame: pd.DataFrame
    origin: Origin
    note: str = ""
    remarks: tuple[str, ...] = ()
    point_in_time: bool = False
    early_closes: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    agreement: float = 0.0
    alternatives: tuple[Delivery, ...] = ()
    cross_checks: tuple[Delivery, ...] = ()

    @property
    def level(self) -> pd.Series:
        """The series to be studied: adjusted close, else close, else value; blanks left out."""
        return self.frame[level_column(self.frame.columns)].dropna()


class Source(Protocol):
    """A place that holds all instruments of a study."""

    @property
    def kind(self) -> Kind:
        """Whether its figures are observed or simulated."""

    @property
    def description(self) -> str:
        """The source in words, without the date it reaches to."""

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver one instrument.

        Raises
        ------
        SeriesAbsentError
            If the source does not hold it.
        SourceError, QualityError
            If what it holds cannot be read or cannot be used.
        """


def level_column(columns: pd.Index) -> str:
    """Name of the column that is studied, of those a delivered frame has."""
    return next(name for name in LEVELS if name in columns)

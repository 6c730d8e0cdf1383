"""Where a series comes from: the record behind every "Source:" line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from data.study import Stamp


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance of one series.

    Attributes
    ----------
    producer : str
        Who makes the figures, e.g. "Yahoo Finance".
    address : str
        File name or page the figures were read from; never a path of this machine.
    accessed : date or None
        Day of the download, None where the file does not say.
    adjustment : str
        What was done to the prices, e.g. "adjusted for splits and dividends".
    licence : str
        Terms under which the figures may be used.
    sha256 : str
        Digest of the bytes that were read.
    stamp : str
        Clock of the daily value: "session" (exchange close), "ny16" (16:00 New York), "utc00" (24:00 UTC).
    simulated : bool
        Whether the figures are simulated rather than observed.
    """

    producer: str
    address: str
    accessed: date | None
    adjustment: str
    licence: str
    sha256: str
    stamp: Stamp = "session"
    simulated: bool = False

    def source_line(self) -> str:
        """The text after "Source:" for this series."""
        accessed = f", accessed {self.accessed.isoformat()}" if self.accessed else ""
        return f"{self.producer} ({self.address}), {self.adjustment}{accessed}"

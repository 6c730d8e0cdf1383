"""The bundled SIMULATED sample, so that the first run works without a network and without anybody's data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data.errors import SourceError
from data.sources.csvfiles import SIMULATED, deliver_file
from data.sources.protocol import Delivery, Kind, SeriesAbsentError
from data.study import CsvFile, Instrument

SAMPLE = Path(__file__).resolve().parent.parent / "sample"


class SimulatedSample:
    """Reads `<id>-SIMULATED.csv` (lower case id) from `data/sample`, and `<id>-<stamp>-SIMULATED.csv` beside it."""

    def __init__(self, folder: Path = SAMPLE) -> None:
        if not any(folder.glob(f"*-{SIMULATED}.csv")):
            raise SourceError(
                "data/sample", "holds no simulated files", "Run python -m models.simulate --world C --out data/sample."
            )
        self._folder = folder

    @property
    def kind(self) -> Kind:
        """Always simulated."""
        return "simulated"

    @property
    def description(self) -> str:
        """Says first that this is no evidence."""
        return "SIMULATED sample bundled with the study (not market evidence)"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver `instrument` on the clock of its first listed file; other clocks that are there are alternatives."""
        name = f"{instrument.id.lower()}-{SIMULATED}.csv"
        if not (self._folder / name).is_file():
            raise SeriesAbsentError(
                instrument.id, "the simulated sample does not hold it", "Bring your data: SOURCE=folder."
            )
        stamp = instrument.files[0].stamp if instrument.files else "session"
        clocks = dict.fromkeys(file.stamp for file in instrument.files if file.stamp != stamp)
        others = [CsvFile(name=f"{instrument.id.lower()}-{clock}-{SIMULATED}.csv", stamp=clock) for clock in clocks]
        return replace(
            deliver_file(self._folder / name, CsvFile(name=name, stamp=stamp)),
            alternatives=tuple(
                deliver_file(self._folder / file.name, file) for file in others if (self._folder / file.name).is_file()
            ),
        )

"""A simulated history as a source of series, without files in between."""

from __future__ import annotations

import hashlib

import pandas as pd

from data.origin import Origin
from data.sources.protocol import Delivery, Kind, SeriesAbsentError
from data.study import Instrument, Stamp
from models.simulate.simulation import Simulation


class SimulatedSource:
    """Delivers the roles of a simulation; what trades around the clock has its other clock as an alternative.

    Parameters
    ----------
    simulation : Simulation
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    @property
    def kind(self) -> Kind:
        """Always simulated."""
        return "simulated"

    @property
    def description(self) -> str:
        """World and seed; says first that this is no evidence."""
        return f"SIMULATED world {self._simulation.world}, seed {self._simulation.seed} (not market evidence)"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver the role that `instrument` plays.

        Raises
        ------
        SeriesAbsentError
            If the role is not simulated.
        """
        if instrument.role not in self._simulation.levels:
            raise SeriesAbsentError(instrument.id, "the world does not simulate it", "Bring your data: SOURCE=folder.")
        first: Stamp = instrument.files[0].stamp if instrument.files else "session"
        others = [name for name in self._simulation.levels if name == f"{instrument.role}_utc00"]
        alternatives = tuple(self._delivery(name, "utc00") for name in others)
        return self._delivery(instrument.role, first, alternatives)

    def _delivery(self, name: str, stamp: Stamp, alternatives: tuple[Delivery, ...] = ()) -> Delivery:
        frame = self._simulation.levels[name].astype(float).rename_axis("date")
        origin = Origin(
            producer="Simulated by this study",
            address=f"world {self._simulation.world}, seed {self._simulation.seed}, {name}",
            accessed=None,
            adjustment="none",
            licence="as the code of this study",
            sha256=hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest(),
            stamp=stamp,
            simulated=True,
        )
        return Delivery(frame, origin, alternatives=alternatives)

"""Real series that the `arch` package carries: a second study that needs neither network nor files."""

from __future__ import annotations

import hashlib
from importlib import import_module
from importlib.metadata import version

import pandas as pd

from data.origin import Origin
from data.sources.csvfiles import adjustment_of
from data.sources.protocol import COLUMNS, Delivery, Kind, SeriesAbsentError
from data.study import Instrument

_PRODUCERS = {
    "sp500": "Yahoo Finance",
    "nasdaq": "Yahoo Finance",
    "wti": "US Energy Information Administration through FRED",
    "vix": "Cboe through FRED",
}


class PackagedSeries:
    """Daily S&P 500, Nasdaq, WTI and VIX from `arch.data`."""

    @property
    def kind(self) -> Kind:
        """Observed figures."""
        return "real"

    @property
    def description(self) -> str:
        """Names the package and its version."""
        return f"real data inside the Python package arch {version('arch')}"

    def read(self, instrument: Instrument) -> Delivery:
        """Deliver the series that the instrument names with `vendor = "packaged"`."""
        symbol = next((one.symbol for one in instrument.vendors if one.vendor == "packaged"), None)
        if symbol not in _PRODUCERS:
            raise SeriesAbsentError(
                instrument.id,
                "is not among the packaged series",
                f'Give it vendors = [{{ vendor = "packaged", symbol = "…" }}] with one of {", ".join(_PRODUCERS)}.',
            )
        frame = _named_columns(import_module(f"arch.data.{symbol}").load())
        digest = hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()
        origin = Origin(
            producer=_PRODUCERS[symbol],
            address=f"arch.data.{symbol}",
            accessed=None,
            adjustment=adjustment_of(frame.columns),
            licence="as distributed with the package arch",
            sha256=digest,
        )
        return Delivery(frame, origin)


def _named_columns(delivered: pd.DataFrame) -> pd.DataFrame:
    frame = delivered.rename(columns=lambda column: str(column).lower().replace(" ", "_"))
    if frame.shape[1] == 1:
        frame.columns = pd.Index(["value"])
    frame.index = pd.DatetimeIndex(frame.index, name="date").as_unit("ns")
    return frame[[column for column in COLUMNS if column in frame.columns]].astype(float)

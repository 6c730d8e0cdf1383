"""What a new download changes against the snapshot before it: new rows, revised values, series that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.sources.protocol import Delivery, level_column
from data.study import Instrument

TOLERANCE = 1e-4
"""Relative change of a level, or of the ratio between two days for adjusted prices, that counts as a revision."""


@dataclass(frozen=True, slots=True)
class SeriesDiff:
    """One instrument in the new download against the old snapshot.

    Attributes
    ----------
    id : str
    new_days : int
        Rows after the old last date.
    filled_days, vanished_days : int
        Rows inside the old range that appeared, and rows that are gone.
    revised : tuple of str
        Dates whose value moved beyond the tolerance. Prices adjusted for dividends are compared by their day-to-day
        ratios, since each dividend rescales all of their past.
    largest : float
        Largest relative revision.
    origin : str
        Producer of the new series where it changed, else empty.
    """

    id: str
    new_days: int
    filled_days: int
    vanished_days: int
    revised: tuple[str, ...]
    largest: float
    origin: str

    @property
    def is_quiet(self) -> bool:
        """Whether nothing but new days came."""
        return not (self.filled_days or self.vanished_days or self.revised or self.origin)


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """A new download against the old snapshot: series held by both, by the new one only, by the old one only."""

    series: tuple[SeriesDiff, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]


def compare(
    old: Mapping[str, Delivery], new: Mapping[str, Delivery], instruments: Mapping[str, Instrument]
) -> SnapshotDiff:
    """Compare two sets of deliveries by instrument id."""
    both = [key for key in new if key in old]
    return SnapshotDiff(
        series=tuple(_series(key, old[key], new[key], instruments[key]) for key in both),
        appeared=tuple(key for key in new if key not in old),
        vanished=tuple(key for key in old if key not in new),
    )


def _series(key: str, old: Delivery, new: Delivery, instrument: Instrument) -> SeriesDiff:
    before, after = old.level, new.level
    common = before.index.intersection(after.index)
    move = _moves(
        before,
        after,
        common,
        adjusted="adj_close" in (level_column(old.frame.columns), level_column(new.frame.columns)),
    )
    if instrument.change != "log":
        move = (after[common] - before[common]).abs() / max(1.0, float(before.abs().median()))
    beyond = move[move > TOLERANCE]
    return SeriesDiff(
        id=key,
        new_days=int((after.index > before.index[-1]).sum()),
        filled_days=int((after.index.difference(before.index) <= before.index[-1]).sum()),
        vanished_days=len(before.index.difference(after.index)),
        revised=tuple(f"{day:%Y-%m-%d}" for day in beyond.index),
        largest=float(move.max()) if move.size else 0.0,
        origin="" if old.origin.producer == new.origin.producer else new.origin.producer,
    )


def _moves(before: pd.Series, after: pd.Series, common: pd.Index, *, adjusted: bool) -> pd.Series:
    if adjusted:
        ratio = np.log(after[common]).diff() - np.log(before[common]).diff()
        return ratio.abs().dropna()
    return (after[common] / before[common] - 1.0).abs()

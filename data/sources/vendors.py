"""What a vendor's client is asked, and what all of them share."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import pandas as pd

from data.errors import SourceError
from data.origin import Origin
from data.sources.csvfiles import adjustment_of
from data.sources.faults import ChangedFormatError, EmptyAnswerError, TooLargeError
from data.sources.protocol import Delivery
from data.study import Vendor

MOST_ROWS = 200_000
"""Rows of one answer beyond which it is no daily series: two centuries hold 73,000 days, a page 1,000 hours."""
CHANGED = "Report it: the vendor changed its format. Meanwhile SOURCE=folder reads your own files."


class VendorClient(Protocol):
    """Fetches one symbol of one vendor."""

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Everything the vendor has up to `as_of`.

        Raises
        ------
        SourceError
            One of `data.sources.faults`.
        """


def delivered(
    frame: pd.DataFrame, vendor: Vendor, as_of: date, *, producer: str, address: str, licence: str, vintage: str = ""
) -> Delivery:
    """Cut at `as_of` and label; the digest is given when the snapshot is written."""
    frame = frame.loc[: pd.Timestamp(as_of)]
    if frame.empty:
        raise EmptyAnswerError(
            f"{vendor.vendor} {vendor.symbol}", f"has nothing up to {as_of}", "Check symbol and date."
        )
    origin = Origin(
        producer=producer,
        address=address,
        accessed=None,
        adjustment=adjustment_of(frame.columns) + vintage,
        licence=licence,
        sha256="",
        stamp=vendor.stamp,
    )
    return Delivery(frame, origin)


def changed_format(vendor: Vendor, problem: str) -> SourceError:
    """The error for an answer that cannot be understood."""
    return ChangedFormatError(f"{vendor.vendor} {vendor.symbol}", problem, CHANGED)


def require_few(rows: int, vendor: Vendor) -> None:
    """Refuse an answer with more rows than a daily series or a page of candles can have, before it is parsed.

    Raises
    ------
    TooLargeError
    """
    if rows > MOST_ROWS:
        raise TooLargeError(
            f"{vendor.vendor} {vendor.symbol}", f"sends {rows:,} rows", "Check the symbol: this is no daily series."
        )


def dated(days: list[str], form: str, vendor: Vendor) -> pd.DatetimeIndex:
    """Dates written in `form`, ascending order and uniqueness demanded."""
    try:
        index = pd.DatetimeIndex(pd.to_datetime(days, format=form), name="date").as_unit("ns")
    except ValueError as error:
        raise changed_format(vendor, f"holds a date that is not written as {form}") from error
    if not index.is_unique:
        raise changed_format(vendor, f"repeats the date {index[index.duplicated()][0]:%Y-%m-%d}")
    if not index.is_monotonic_increasing:
        raise changed_format(vendor, "does not give its dates in order")
    return index

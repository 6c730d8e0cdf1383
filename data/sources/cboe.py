"""Cboe's own file of a volatility index: the producer itself, no key."""

from __future__ import annotations

import csv
import io
from datetime import date

import pandas as pd

from data.sources.protocol import Delivery
from data.sources.vendors import changed_format, dated, delivered, require_few
from data.sources.web import Web
from data.study import Vendor

PAGE = "https://cdn.cboe.com/api/global/us_indices/daily_prices"
COLUMNS = ("open", "high", "low", "close")


class Cboe:
    """Daily bars of an index from `<symbol>_History.csv`; dates are written as month/day/year."""

    def __init__(self, web: Web, page: str = PAGE) -> None:
        self._web, self._page = web, page

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Deliver the bars of `vendor.symbol`."""
        body = self._web.get(f"{self._page}/{vendor.symbol}_History.csv")
        require_few(body.count(b"\n"), vendor)
        try:
            header, *rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), strict=True))
        except (UnicodeDecodeError, csv.Error, ValueError) as error:
            raise changed_format(vendor, "is no CSV text") from error
        names = [name.strip().lower() for name in header]
        if names[:1] != ["date"] or not set(COLUMNS) <= set(names):
            raise changed_format(vendor, f"came with the columns {', '.join(header)[:80]}")
        rows = [row for row in rows if row]
        if any(len(row) != len(names) for row in rows):
            raise changed_format(vendor, "holds a row that is cut short")
        try:
            bars = {name: [float(row[names.index(name)]) for row in rows] for name in COLUMNS}
        except ValueError as error:
            raise changed_format(vendor, f"holds a value that is no number ({error})") from error
        frame = pd.DataFrame(bars, index=dated([row[0].strip() for row in rows], "%m/%d/%Y", vendor))
        return delivered(
            frame, vendor, as_of, producer="Cboe", address=f"{vendor.symbol}_History.csv", licence="terms of Cboe"
        )

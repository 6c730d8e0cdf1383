"""FRED: the public CSV without a key, the API with vintages where FRED_API_KEY is set."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from data.sources.csvtext import BLANKS
from data.sources.faults import EmptyAnswerError, NeedsKeyError
from data.sources.protocol import FIRST_RELEASES, Delivery
from data.sources.vendors import changed_format, dated, delivered, require_few
from data.sources.web import Web
from data.study import Vendor

PAGE = "https://fred.stlouisfed.org/graph/fredgraph.csv"
API = "https://api.stlouisfed.org/fred/series/observations"
KEY = "FRED_API_KEY"
ST_LOUIS = ZoneInfo("America/Chicago")


class Fred:
    """Daily and weekly series of the Federal Reserve Bank of St. Louis.

    With a key the values are those that were published by the as-of date (ALFRED); without one they are today's, cut at
    the as-of date, and the Origin says which. First releases, for series whose whole past is revised, need the key.
    """

    def __init__(
        self,
        web: Web,
        page: str = PAGE,
        api: str = API,
        key: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(ST_LOUIS),
    ) -> None:
        self._web, self._page, self._api, self._now = web, page, api, now
        self._key = os.environ.get(KEY, "") if key is None else key

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Deliver `vendor.symbol` with one column, `value`; days on which FRED leaves a blank stay blank."""
        if vendor.release == "first":
            return self._first_releases(vendor, as_of)
        frame = self._vintage(vendor, as_of) if self._key else self._latest(vendor, as_of)
        return self._delivered(frame, vendor, as_of, f", vintage of {as_of}" if self._key else ", latest vintage")

    def _delivered(self, frame: pd.DataFrame, vendor: Vendor, as_of: date, vintage: str) -> Delivery:
        if frame["value"].notna().sum() == 0:
            raise EmptyAnswerError(f"fred {vendor.symbol}", "holds blanks only", "Check the symbol in the study file.")
        delivery = delivered(
            frame,
            vendor,
            as_of,
            producer="FRED, Federal Reserve Bank of St. Louis",
            address=vendor.symbol,
            licence="as the producer grants; see the series' page",
            vintage=vintage,
        )
        return replace(delivery, point_in_time=bool(self._key))

    def _latest(self, vendor: Vendor, as_of: date) -> pd.DataFrame:
        params = {"id": vendor.symbol, "cosd": "1900-01-01", "coed": as_of.isoformat()}
        body = self._web.get(self._page, params)
        require_few(body.count(b"\n"), vendor)
        try:
            header, *rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), strict=True))
        except (UnicodeDecodeError, csv.Error, ValueError) as error:
            raise changed_format(vendor, "is no CSV text") from error
        # FRED has renamed the first column before: it is read by position, the second must carry the symbol.
        if len(header) != 2 or header[1].strip().upper() != vendor.symbol.upper():
            raise changed_format(vendor, f"came with the columns {', '.join(header)[:80]}")
        rows = [row for row in rows if row]
        if any(len(row) != 2 for row in rows):
            raise changed_format(vendor, "holds a row that is cut short")
        return _frame([row[0] for row in rows], [row[1] for row in rows], vendor)

    def _vintage(self, vendor: Vendor, as_of: date) -> pd.DataFrame:
        known = self._known(as_of)
        observations = self._observations(vendor, as_of, {"realtime_start": known})
        return _frame([one["date"] for one in observations], [one["value"] for one in observations], vendor)

    def _first_releases(self, vendor: Vendor, as_of: date) -> Delivery:
        """Each value as it was first published; those from before the archive begins, as it first held them."""
        if not self._key:
            raise NeedsKeyError(
                f"fred {vendor.symbol}", "gives first releases with a key only", f"Set {KEY}; a key costs nothing."
            )
        asked = {"realtime_start": "1776-07-04", "output_type": "4"}
        observations = self._observations(vendor, as_of, asked)
        frame = _frame([one["date"] for one in observations], [one["value"] for one in observations], vendor)
        delivery = self._delivered(frame, vendor, as_of, f", {FIRST_RELEASES}")
        days = [one["realtime_start"] for one in observations]
        begin = min(days)
        remark = f"{days.count(begin)} values as the archive first held them on {begin}, later ones as first published"
        return replace(delivery, remarks=(remark,))

    def _observations(self, vendor: Vendor, as_of: date, asked: Mapping[str, str]) -> list[dict[str, str]]:
        """Date, value and first day of each observation in the archive, up to what was public on `as_of`."""
        params = {
            "series_id": vendor.symbol,
            "api_key": self._key,
            "file_type": "json",
            "realtime_end": self._known(as_of),
            "observation_end": as_of.isoformat(),
            **asked,
        }
        try:
            observations: Any = json.loads(self._web.get(self._api, params))["observations"]
            require_few(len(observations), vendor)
            return [{name: str(one[name]) for name in ("date", "value", "realtime_start")} for one in observations]
        except (ValueError, KeyError, TypeError) as error:
            raise changed_format(vendor, "is not the JSON that was expected") from error

    def _known(self, as_of: date) -> str:
        """The vintage of `as_of`: the archive refuses a day that has not begun where it stands."""
        return min(as_of, self._now().astimezone(ST_LOUIS).date()).isoformat()


def _frame(days: list[str], fields: list[str], vendor: Vendor) -> pd.DataFrame:
    try:
        values = [math.nan if field.strip() in BLANKS else float(field) for field in fields]
    except ValueError as error:
        raise changed_format(vendor, f"holds a value that is no number ({error})") from error
    if any(math.isinf(value) for value in values):
        raise changed_format(vendor, "holds an infinite value")
    return pd.DataFrame({"value": values}, index=dated(days, "%Y-%m-%d", vendor))

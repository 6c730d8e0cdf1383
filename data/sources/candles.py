"""Hourly Bitcoin candles of exchanges -> its price at New York's close, by the clock of the day, summer and winter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.calendar import half_days
from data.sources.csvfiles import NEW_YORK as NEW_YORK_EXCHANGE
from data.sources.faults import EmptyAnswerError
from data.sources.protocol import Delivery
from data.sources.vendors import changed_format, delivered, require_few
from data.sources.web import Web
from data.study import Vendor

NEW_YORK = "America/New_York"
LAST_HOUR, EARLY_HOUR = 15, 12
"""The candle that begins at 15:00 New York ends at 16:00; on a half day the last one begins at 12:00."""
HOUR = timedelta(hours=1)

Progress = Callable[[str], None]
Candle = tuple[int, float, float]
"""Second at which it begins, close, volume."""


def new_york_close(candles: pd.DataFrame) -> pd.DataFrame:
    """Close of the candle that ends at 16:00 New York, at 13:00 on the exchange's half days, where there is one.

    Parameters
    ----------
    candles : DataFrame
        Columns close and volume; the index holds the UTC begin of each hour.

    Returns
    -------
    DataFrame
        Column close by date in New York. A date whose candle is missing or saw no trade has no row: nothing is filled.
    """
    local = pd.DatetimeIndex(candles.index).tz_convert(NEW_YORK)
    traded = candles["volume"].to_numpy() > 0.0
    dates = local.tz_localize(None).normalize()
    short = dates.isin(half_days(NEW_YORK_EXCHANGE, dates.min().date(), dates.max().date()))
    chosen = (local.hour == np.where(short, EARLY_HOUR, LAST_HOUR)) & (local.minute == 0) & traded
    days = dates[chosen]
    index = pd.DatetimeIndex(days, name="date").as_unit("ns")
    return pd.DataFrame({"close": candles["close"].to_numpy()[chosen]}, index=index)


class HourlyCandles:
    """Candles of one exchange, page by page; finished pages are kept, so that an interrupted download goes on.

    Parameters
    ----------
    web : Web
    page_of : callable
        (symbol, begin, end) -> address, parameters of the page that holds the hours [begin, end).
    parse : callable
        JSON answer -> candles.
    producer : str
    first : date
        The exchange's first day of trading.
    hours : int
        Hours a page may hold.
    keep : Path, optional
        Folder of finished pages; without it nothing is kept.
    now : callable
        The present, in UTC; tests replace it.
    progress : callable
        Told when the candles of another year begin.
    """

    def __init__(
        self,
        web: Web,
        page_of: Callable[[str, datetime, datetime], tuple[str, dict[str, str]]],
        parse: Callable[[Any], list[Candle]],
        *,
        producer: str,
        first: date,
        hours: int,
        keep: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        progress: Progress = lambda _: None,
    ) -> None:
        self._web, self._page_of, self._parse, self._progress = web, page_of, parse, progress
        self._producer, self._first, self._hours, self._keep, self._now = producer, first, hours, keep, now

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Deliver the 16:00 New York closes of `vendor.symbol`; hours that are not over are left out."""
        if vendor.stamp != "ny16":
            raise changed_format(vendor, f"is asked for the clock {vendor.stamp}, hourly candles give ny16")
        found = [candle for page in self._pages(vendor, as_of) for candle in page]
        over = self._now().timestamp() - HOUR.total_seconds()
        candles = pd.DataFrame(
            [candle for candle in found if candle[0] <= over], columns=["begin", "close", "volume"]
        ).sort_values("begin")
        if candles.empty:
            raise EmptyAnswerError(f"{vendor.vendor} {vendor.symbol}", "holds no candle", "Check the symbol.")
        if candles["begin"].duplicated().any():
            raise changed_format(vendor, "gives an hour twice")
        if not np.isfinite(candles[["close", "volume"]].to_numpy()).all():
            raise changed_format(vendor, "holds a candle without close or volume")
        candles.index = pd.DatetimeIndex(pd.to_datetime(candles["begin"], unit="s", utc=True))
        delivery = delivered(
            new_york_close(candles),
            vendor,
            as_of,
            producer=self._producer,
            address=f"hourly candles of {vendor.symbol}",
            licence=f"terms of {self._producer}",
            vintage=", at 16:00 New York, at 13:00 on half days",
        )
        days = pd.DatetimeIndex(delivery.frame.index)
        early = half_days(NEW_YORK_EXCHANGE, days[0].date(), days[-1].date()).intersection(days)
        return replace(delivery, early_closes=pd.DatetimeIndex(early))

    def _pages(self, vendor: Vendor, as_of: date) -> Iterator[list[Candle]]:
        begin = datetime(self._first.year, self._first.month, self._first.day, tzinfo=UTC)
        stop = min(datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=1), self._now())
        told = 0
        while begin < stop:
            end = begin + self._hours * HOUR
            if begin.year != told:
                told = begin.year
                self._progress(f"{vendor.vendor} {vendor.symbol}: hourly candles of {told}")
            yield self._page(vendor, begin, end, whole=end <= stop)
            begin = end

    def _page(self, vendor: Vendor, begin: datetime, end: datetime, *, whole: bool) -> list[Candle]:
        kept = self._keep / f"{vendor.vendor}-{vendor.symbol}-{begin:%Y%m%dT%H}.json" if self._keep and whole else None
        if kept is not None and kept.is_file():
            body = kept.read_bytes()
        else:
            address, params = self._page_of(vendor.symbol, begin, end)
            body = self._web.get(address, params)
        try:
            parsed = self._parse(json.loads(body))
            require_few(len(parsed), vendor)
            page = [candle for candle in parsed if begin.timestamp() <= candle[0] < end.timestamp()]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise changed_format(vendor, "is not the JSON that was expected") from error
        if kept is not None and not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            unfinished = kept.with_suffix(".part")
            unfinished.write_bytes(body)
            unfinished.replace(kept)
        return page


def bitstamp(
    web: Web,
    base: str = "https://www.bitstamp.net",
    keep: Path | None = None,
    first: date = date(2014, 1, 1),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress = lambda _: None,
) -> HourlyCandles:
    """Candles of Bitstamp, in dollars since before the study begins: named fields, 1,000 a page."""

    def page_of(symbol: str, begin: datetime, end: datetime) -> tuple[str, dict[str, str]]:
        params = {
            "step": "3600",
            "limit": "1000",
            "start": str(int(begin.timestamp())),
            "end": str(int(end.timestamp()) - 1),
        }
        return f"{base}/api/v2/ohlc/{symbol}/", params

    def parse(answer: Any) -> list[Candle]:
        return [(int(one["timestamp"]), float(one["close"]), float(one["volume"])) for one in answer["data"]["ohlc"]]

    return HourlyCandles(
        web, page_of, parse, producer="Bitstamp", first=first, hours=1000, keep=keep, now=now, progress=progress
    )


def coinbase(
    web: Web,
    base: str = "https://api.exchange.coinbase.com",
    keep: Path | None = None,
    first: date = date(2015, 7, 20),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress = lambda _: None,
) -> HourlyCandles:
    """Candles of Coinbase Exchange: [time, low, high, open, close, volume], 300 a page, newest first."""

    def page_of(symbol: str, begin: datetime, end: datetime) -> tuple[str, dict[str, str]]:
        params = {"granularity": "3600", "start": begin.isoformat(), "end": (end - HOUR).isoformat()}
        return f"{base}/products/{symbol}/candles", params

    def parse(answer: Any) -> list[Candle]:
        return [(int(row[0]), float(row[4]), float(row[5])) for row in answer]

    return HourlyCandles(
        web, page_of, parse, producer="Coinbase Exchange", first=first, hours=300, keep=keep, now=now, progress=progress
    )


def binance(
    web: Web,
    base: str = "https://api.binance.com",
    keep: Path | None = None,
    first: date = date(2017, 8, 17),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress = lambda _: None,
) -> HourlyCandles:
    """Candles of Binance: [open time in ms, open, high, low, close, volume, …], 1,000 a page."""

    def page_of(symbol: str, begin: datetime, end: datetime) -> tuple[str, dict[str, str]]:
        params = {
            "symbol": symbol,
            "interval": "1h",
            "startTime": str(int(begin.timestamp() * 1000)),
            "endTime": str(int(end.timestamp() * 1000) - 1),
            "limit": "1000",
        }
        return f"{base}/api/v3/klines", params

    def parse(answer: Any) -> list[Candle]:
        return [(int(row[0]) // 1000, float(row[4]), float(row[5])) for row in answer]

    return HourlyCandles(
        web, page_of, parse, producer="Binance", first=first, hours=1000, keep=keep, now=now, progress=progress
    )

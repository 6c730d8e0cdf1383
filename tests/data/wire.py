"""Local stand-ins of the vendors: each answers in its own dialect, healthy or with a fault put into the answer."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from werkzeug import Request, Response

from data.calendar import sessions
from data.fetch import VendorClient
from data.sources.candles import binance, bitstamp, coinbase
from data.sources.cboe import Cboe
from data.sources.fred import Fred
from data.sources.web import Patience, Web
from data.sources.yahoo import Yahoo
from data.study import Vendor

NOW = datetime(2026, 2, 6, 23, 30, tzinfo=UTC)
AS_OF = date(2026, 2, 6)
FIRST = date(2026, 1, 12)
DAYS = sessions("XNYS", FIRST, AS_OF)
MILLION = 1_000_000


@dataclass
class Wire:
    """A vendor's server: `rows` change what it holds, `reply` what becomes of the finished body.

    Attributes
    ----------
    dialect : str
    rows : callable
        Takes and gives the list of rows in the vendor's own form, oldest first.
    rename : bool
        Whether its field of prices has another name.
    zone : str
        Zone in which bars of Yahoo begin.
    scale : float
        Factor on all prices before the last day.
    replies : list of callable
        One for each coming request, body to response; the last one stays.
    """

    dialect: str
    rows: Callable[[list[Any]], list[Any]] = lambda rows: rows
    rename: bool = False
    zone: str = "America/New_York"
    scale: float = 1.0
    replies: list[Callable[[bytes], Response]] = field(default_factory=list)
    asked: int = 0

    def __call__(self, request: Request) -> Response:
        self.asked += 1
        body = self.body(request)
        if not self.replies:
            return Response(body)
        return (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])(body)

    def price(self, at: pd.Timestamp) -> float:
        """A price that moves from day to day."""
        healthy = 100.0 + 5.0 * np.sin(at.timestamp() / 3e5)
        return round(healthy * (self.scale if at.date() < AS_OF else 1.0), 4)

    def body(self, request: Request) -> bytes:
        """The answer to one request."""
        return DIALECTS[self.dialect](self, request)


def fred_csv(wire: Wire, _: Request) -> bytes:
    rows = [f"{day:%Y-%m-%d},{wire.price(day)}" for day in DAYS]
    return "\n".join([f"observation_date,{'VALUE' if wire.rename else 'DFII10'}", *wire.rows(rows), ""]).encode()


def fred_api(wire: Wire, _: Request) -> bytes:
    name = "val" if wire.rename else "value"
    rows = [
        {"realtime_start": "2026-02-06", "realtime_end": "2026-02-06", "date": f"{day:%Y-%m-%d}", name: str(price)}
        for day, price in ((day, wire.price(day)) for day in DAYS)
    ]
    return json.dumps({"observations": wire.rows(rows)}).encode()


def cboe(wire: Wire, _: Request) -> bytes:
    rows = [f"{day:%m/%d/%Y},{wire.price(day)},200,50,{wire.price(day)}" for day in DAYS]
    head = f"DATE,OPEN,HIGH,LOW,{'LAST' if wire.rename else 'CLOSE'}"
    return "\n".join([head, *wire.rows(rows), ""]).encode()


def yahoo(wire: Wire, _: Request) -> bytes:
    opens = [pd.Timestamp(f"{day:%Y-%m-%d} 09:30", tz="America/New_York") for day in DAYS]
    rows = wire.rows([(int(at.timestamp()), wire.price(at)) for at in opens])
    prices = [price for _, price in rows]
    quote = dict.fromkeys(("open", "high", "low", "last" if wire.rename else "close"), prices)
    meta = {
        "symbol": "GLD",
        "currency": "USD",
        "instrumentType": "ETF",
        "exchangeName": "PCX",
        "exchangeTimezoneName": wire.zone,
        "timezone": "EST",
        "gmtoffset": -18000,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "max"],
        "priceHint": 2,
        "regularMarketPrice": 101.0,
        "regularMarketTime": int(opens[-1].timestamp()) + 7 * 3600,
        "firstTradeDate": 1100874600,
    }
    result: dict[str, Any] = {
        "meta": meta,
        "timestamp": [at for at, _ in rows],
        "indicators": {"quote": [{**quote, "volume": [1000] * len(rows)}], "adjclose": [{"adjclose": prices}]},
    }
    if not rows:
        del result["timestamp"]
    return json.dumps({"chart": {"result": [result], "error": None}}).encode()


def _hours(request: Request, first: str, last: str, unit: int = 1) -> range:
    begin, end = (request.args[name] for name in (first, last))
    if begin.isdigit():
        return range(int(begin) // unit, int(end) // unit + 1, 3600)
    stamps = [int(datetime.fromisoformat(one).timestamp()) for one in (begin, end)]
    return range(stamps[0], stamps[1] + 1, 3600)


def _priced(wire: Wire, second: int) -> float:
    return wire.price(pd.Timestamp(second, unit="s", tz="America/New_York"))


def bitstamp_page(wire: Wire, request: Request) -> bytes:
    name = "last" if wire.rename else "close"
    hours = _hours(request, "start", "end")
    rows = [{"timestamp": str(at), name: str(_priced(wire, at)), "volume": "3.0"} for at in hours]
    return json.dumps({"data": {"pair": "BTC/USD", "ohlc": wire.rows(rows)}}).encode()


def coinbase_page(wire: Wire, request: Request) -> bytes:
    rows: list[Any] = [[at, 1, 2, 1.5, _priced(wire, at), 3.0] for at in _hours(request, "start", "end")]
    rows = wire.rows(rows)[::-1]
    return json.dumps([row[:4] for row in rows] if wire.rename else rows).encode()


def binance_page(wire: Wire, request: Request) -> bytes:
    hours = _hours(request, "startTime", "endTime", 1000)
    rows: list[Any] = wire.rows([[at * 1000, "1", "2", "1", str(_priced(wire, at)), "3.0", 0] for at in hours])
    return json.dumps([row[:4] for row in rows] if wire.rename else rows).encode()


DIALECTS: dict[str, Callable[[Wire, Request], bytes]] = {
    "yahoo": yahoo,
    "fred": fred_csv,
    "fred with a key": fred_api,
    "cboe": cboe,
    "bitstamp": bitstamp_page,
    "coinbase": coinbase_page,
    "binance": binance_page,
}
CANDLES = ("bitstamp", "coinbase", "binance")


def vendor_of(dialect: str) -> Vendor:
    """What the study file would say of it."""
    if dialect in CANDLES:
        return Vendor(vendor=dialect, symbol="btcusd", stamp="ny16")  # type: ignore[arg-type]
    symbol = {"yahoo": "GLD", "cboe": "VIX"}.get(dialect, "DFII10")
    return Vendor(vendor=dialect.split(" ", maxsplit=1)[0], symbol=symbol)  # type: ignore[arg-type]


def client_of(dialect: str, base: str, waits: list[float], timeout: float = 0.5, now: datetime = NOW) -> VendorClient:
    """The client of a dialect, turned to a local address; it keeps its pauses in `waits` and does not wait."""
    base = base.rstrip("/")
    web = Web(attempts=3, pause=0.0, timeout=timeout, sleep=waits.append)
    if dialect == "yahoo":
        return Yahoo(patience=Patience(attempts=3, sleep=waits.append))
    if dialect == "cboe":
        return Cboe(web, page=base)
    if dialect.startswith("fred"):
        return Fred(web, page=f"{base}/csv", api=f"{base}/api", key="k" if dialect != "fred" else "")
    make = {"bitstamp": bitstamp, "coinbase": coinbase, "binance": binance}[dialect]
    return make(web, base=base, first=FIRST, now=lambda: now)


def status(code: int, **headers: str) -> Callable[[bytes], Response]:
    """An answer with another status."""
    return lambda _: Response("no", status=code, headers={name.replace("_", "-"): one for name, one in headers.items()})


def well(body: bytes) -> Response:
    """The healthy answer."""
    return Response(body)


def slow(body: bytes) -> Response:
    """The healthy answer, later than anybody waits."""
    time.sleep(0.8)
    return Response(body)


def cut(body: bytes) -> Response:
    """Half of the answer, announced as a whole."""
    response = Response(body[: len(body) // 2])
    response.headers["Content-Length"] = str(len(body))
    return response


def truncated(body: bytes) -> Response:
    """A packed answer without its second half."""
    packed = gzip.compress(body)
    return Response(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"})


def page(_: bytes) -> Response:
    """A web page with status 200."""
    return Response("<!doctype html><title>Before you continue</title>")

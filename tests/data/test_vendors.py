"""Each vendor's format as it comes over the wire, and each way in which it has been seen to change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yfinance
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from yfinance import exceptions

from data.sources.candles import HourlyCandles, binance, bitstamp, coinbase, new_york_close
from data.sources.cboe import Cboe
from data.sources.faults import (
    ChangedFormatError,
    EmptyAnswerError,
    HtmlAnswerError,
    NeedsKeyError,
    NoNetworkError,
    RateLimitedError,
    ServerFaultError,
)
from data.sources.fred import Fred
from data.sources.protocol import Delivery
from data.sources.web import Patience, Web
from data.sources.yahoo import Yahoo
from data.study import Vendor

AS_OF = date(2026, 2, 8)
SERIES = Vendor(vendor="fred", symbol="DFII10")
INDEX = Vendor(vendor="cboe", symbol="VIX")
AT_ONCE = Patience(attempts=1)
FUND = Vendor(vendor="yahoo", symbol="GLD")
COIN = Vendor(vendor="yahoo", symbol="BTC-USD", stamp="utc00")


@pytest.fixture
def web() -> Web:
    return Web(attempts=1, pause=0.0, timeout=2.0)


class TestFred:
    def fetch(self, httpserver: HTTPServer, web: Web, body: str, key: str = "") -> pd.DataFrame:
        httpserver.expect_request("/csv").respond_with_data(body)
        fred = Fred(web, page=httpserver.url_for("/csv"), api=httpserver.url_for("/api"), key=key)
        return fred.fetch(SERIES, AS_OF).frame

    @pytest.mark.parametrize("first", ["DATE", "observation_date", "anything"])
    def test_columns_are_read_by_position(self, httpserver: HTTPServer, web: Web, first: str) -> None:
        body = f"{first},DFII10\r\n2026-02-04,1.94\r\n2026-02-05,.\r\n2026-02-06,-0.12\r\n2026-02-09,7\r\n"
        frame = self.fetch(httpserver, web, body)
        assert frame["value"].tolist() == [1.94, pytest.approx(np.nan, nan_ok=True), -0.12]
        assert httpserver.log[0][0].args["id"] == "DFII10"

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("DATE,DGS10\n2026-02-04,1\n", "came with the columns DATE, DGS10"),
            ("DATE\n2026-02-04\n", "came with the columns DATE"),
            ("DATE,DFII10\n2026-02-04,1\n2026-02\n", "row that is cut short"),
            ("DATE,DFII10\n04.02.2026,1\n", "not written as %Y-%m-%d"),
            ("DATE,DFII10\n2026-02-04,one\n", "no number"),
            ("DATE,DFII10\n2026-02-04,inf\n", "infinite"),
            ("DATE,DFII10\n2026-02-04,1\n2026-02-04,1\n", "repeats the date 2026-02-04"),
            ("DATE,DFII10\n2026-02-05,1\n2026-02-04,1\n", "not give its dates in order"),
        ],
    )
    def test_another_format_is_named(self, httpserver: HTTPServer, web: Web, body: str, words: str) -> None:
        with pytest.raises(ChangedFormatError, match="fred DFII10") as caught:
            self.fetch(httpserver, web, body)
        assert words in str(caught.value)

    @pytest.mark.parametrize("body", ["DATE,DFII10\n", "DATE,DFII10\n2026-02-04,.\n", "DATE,DFII10\n2027-02-04,1\n"])
    def test_nothing_is_an_error(self, httpserver: HTTPServer, web: Web, body: str) -> None:
        with pytest.raises(EmptyAnswerError):
            self.fetch(httpserver, web, body)

    def test_with_a_key_the_vintage_of_the_date_is_asked_for(self, httpserver: HTTPServer, web: Web) -> None:
        observations = [
            {"realtime_start": "2026-02-08", "date": "2026-01-30", "value": "-0.525"},
            {"realtime_start": "2026-02-08", "date": "2026-02-06", "value": "."},
        ]
        httpserver.expect_request("/api").respond_with_json({"observations": observations})
        fred = Fred(web, page=httpserver.url_for("/csv"), api=httpserver.url_for("/api"), key="secret")
        delivery = fred.fetch(Vendor(vendor="fred", symbol="NFCI"), AS_OF)
        assert delivery.frame["value"].iloc[0] == -0.525
        assert delivery.origin.adjustment == "value as published, vintage of 2026-02-08"
        asked = httpserver.log[0][0].args
        assert (asked["realtime_start"], asked["realtime_end"]) == ("2026-02-08", "2026-02-08")
        assert "secret" not in repr(delivery.origin)

    def first_releases(self, httpserver: HTTPServer, web: Web, key: str = "secret") -> Delivery:
        observations = [
            {"realtime_start": "2011-05-25", "date": "2011-05-13", "value": "-0.3"},
            {"realtime_start": "2011-05-25", "date": "2011-05-20", "value": "-0.4"},
            {"realtime_start": "2026-01-28", "date": "2026-01-23", "value": "-0.55"},
            {"realtime_start": "2026-02-04", "date": "2026-01-30", "value": "-0.52"},
        ]
        httpserver.expect_request("/api").respond_with_json({"observations": observations})
        httpserver.expect_request("/csv").respond_with_data("DATE,NFCI\n2026-01-30,-0.6\n")
        fred = Fred(web, page=httpserver.url_for("/csv"), api=httpserver.url_for("/api"), key=key)
        return fred.fetch(Vendor(vendor="fred", symbol="NFCI", release="first"), AS_OF)

    def test_first_releases_are_what_was_known_then(self, httpserver: HTTPServer, web: Web) -> None:
        delivery = self.first_releases(httpserver, web)
        assert delivery.frame["value"].tolist() == [-0.3, -0.4, -0.55, -0.52]
        assert delivery.origin.adjustment == "value as published, first releases"
        assert delivery.point_in_time
        assert delivery.remarks == (
            "2 values as the archive first held them on 2011-05-25, later ones as first published",
        )
        asked = httpserver.log[0][0].args
        wanted = ("4", "1776-07-04", "2026-02-08")
        assert (asked["output_type"], asked["realtime_start"], asked["realtime_end"]) == wanted

    def test_first_releases_without_a_key_are_refused_not_replaced(self, httpserver: HTTPServer, web: Web) -> None:
        with pytest.raises(NeedsKeyError, match="first releases with a key only"):
            self.first_releases(httpserver, web, key="")
        assert not httpserver.log

    def test_a_vintage_that_has_not_begun_in_st_louis_is_not_asked_for(self, httpserver: HTTPServer, web: Web) -> None:
        one = {"realtime_start": "2026-02-07", "date": "2026-01-30", "value": "1"}
        httpserver.expect_request("/api").respond_with_json({"observations": [one]})
        early = datetime(2026, 2, 8, 3, tzinfo=UTC)
        Fred(web, api=httpserver.url_for("/api"), key="k", now=lambda: early).fetch(SERIES, AS_OF)
        asked = httpserver.log[0][0].args
        assert (asked["realtime_start"], asked["realtime_end"], asked["observation_end"]) == (
            "2026-02-07",
            "2026-02-07",
            "2026-02-08",
        )

    def test_other_vendors_have_no_first_releases(self) -> None:
        with pytest.raises(ValueError, match="vintages, not yahoo"):
            Vendor(vendor="yahoo", symbol="GLD", release="first")

    @pytest.mark.parametrize("answer", ["[]", "{}", '{"observations": [{"day": 1}]}', "no json"])
    def test_another_json_is_named(self, httpserver: HTTPServer, web: Web, answer: str) -> None:
        httpserver.expect_request("/api").respond_with_data(answer)
        with pytest.raises(ChangedFormatError, match="not the JSON"):
            Fred(web, api=httpserver.url_for("/api"), key="secret").fetch(SERIES, AS_OF)

    def test_two_centuries_of_days_are_read(self, httpserver: HTTPServer, web: Web) -> None:
        days = np.datetime64("1800-01-01") + np.arange(146_000)
        body = "DATE,DFII10\n" + "".join(f"{day},1.25\n" for day in days.tolist())
        frame = self.fetch(httpserver, web, body)
        assert len(frame) == int((days <= np.datetime64(AS_OF)).sum())


class TestCboe:
    def fetch(self, httpserver: HTTPServer, web: Web, body: str) -> pd.DataFrame:
        httpserver.expect_request("/d/VIX_History.csv").respond_with_data(body)
        return Cboe(web, page=httpserver.url_for("/d")).fetch(INDEX, AS_OF).frame

    def test_american_dates_are_read(self, httpserver: HTTPServer, web: Web) -> None:
        body = "DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2026,15,16,14,15.5\n02/03/2026,15,16,14,18.64\n"
        frame = self.fetch(httpserver, web, body)
        assert frame.index.tolist() == [pd.Timestamp("2026-01-02"), pd.Timestamp("2026-02-03")]
        assert frame.loc["2026-02-03", "close"] == 18.64

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("DATE,CLOSE\n01/02/2026,1\n", "came with the columns"),
            ("DATE,OPEN,HIGH,LOW,CLOSE\n2026-01-02,1,1,1,1\n", "not written as %m/%d/%Y"),
            ("DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2026,1,1,1,x\n", "no number"),
            ("DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2026,1,1\n", "cut short"),
        ],
    )
    def test_another_format_is_named(self, httpserver: HTTPServer, web: Web, body: str, words: str) -> None:
        with pytest.raises(ChangedFormatError, match="cboe VIX") as caught:
            self.fetch(httpserver, web, body)
        assert words in str(caught.value)


def bars(zone: str = "America/New_York", days: int = 5) -> pd.DataFrame:
    """What yfinance gives for daily bars."""
    index = pd.date_range("2026-02-02", periods=days, tz=zone, name="Date")
    columns = ["Open", "High", "Low", "Close", "Adj Close", "Volume", "Dividends", "Stock Splits"]
    return pd.DataFrame(np.full((days, len(columns)), 100.0), index=index, columns=columns)


class Ticker:
    """Stands in for yfinance.Ticker and keeps what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: dict[str, Any] = {}

    def __call__(self, symbol: str) -> Ticker:
        self.asked["symbol"] = symbol
        return self

    def history(self, **arguments: Any) -> Any:
        self.asked |= arguments
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class TestYahoo:
    def test_every_argument_is_said(self) -> None:
        ticker = Ticker(bars())
        delivery = Yahoo(ticker).fetch(FUND, AS_OF)
        assert ticker.asked["auto_adjust"] is False
        assert ticker.asked["repair"] is False
        assert ticker.asked["end"] == "2026-02-09"
        assert set(ticker.asked) == {
            *("symbol", "interval", "start", "end", "prepost", "actions", "auto_adjust", "back_adjust"),
            *("repair", "keepna", "rounding", "timeout"),
        }
        assert delivery.frame.columns.tolist() == ["open", "high", "low", "close", "adj_close", "volume"]
        assert delivery.frame.index[0] == pd.Timestamp("2026-02-02")
        assert delivery.origin.adjustment == "adjusted for splits and dividends"

    def test_a_coin_comes_on_the_clock_of_utc(self) -> None:
        assert Yahoo(Ticker(bars("UTC"))).fetch(COIN, AS_OF).origin.stamp == "utc00"
        with pytest.raises(ChangedFormatError, match="clock of Europe/Berlin instead of UTC"):
            Yahoo(Ticker(bars("Europe/Berlin"))).fetch(COIN, AS_OF)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda frame: frame.drop(columns="Adj Close"), "without the columns Adj Close"),
            (lambda frame: frame.tz_localize(None), "without a time zone"),
            (lambda frame: frame.shift(freq="5h"), "do not begin at midnight"),
            (lambda frame: frame.iloc[[0, 1, 1]], "repeats dates"),
            (lambda frame: frame.iloc[::-1], "not give them in order"),
            (lambda frame: frame.astype(object).assign(Close="x"), "no number"),
        ],
    )
    def test_another_format_is_named(self, change: Callable[[pd.DataFrame], pd.DataFrame], words: str) -> None:
        with pytest.raises(ChangedFormatError, match="yahoo GLD") as caught:
            Yahoo(Ticker(change(bars()))).fetch(FUND, AS_OF)
        assert words in str(caught.value)

    @pytest.mark.parametrize(
        ("raised", "error", "words"),
        [
            (exceptions.YFRateLimitError(), RateLimitedError, "limits the number of requests"),
            (exceptions.YFPricesMissingError("GLD", ""), EmptyAnswerError, "gave no prices and no reason"),
            (exceptions.YFPricesMissingError("GLD", "", "No 1d data"), EmptyAnswerError, "gave no prices (No 1d data)"),
            (exceptions.YFTzMissingError("GLD"), EmptyAnswerError, "unknown to it, or it did not answer"),
            (ConnectionError("Could not resolve host"), NoNetworkError, "no network"),
            (TimeoutError("timed out"), ServerFaultError, "took too long"),
            (json.JSONDecodeError("Expecting value", "<html>", 0), HtmlAnswerError, "other than data"),
            (json.JSONDecodeError("Expecting value", '{"chart": ', 9), ServerFaultError, "other than data"),
            (RuntimeError("odd"), ServerFaultError, "RuntimeError: odd"),
            (KeyError("timestamp"), ChangedFormatError, "cannot read (KeyError)"),
        ],
    )
    def test_the_real_cause_is_named(self, raised: Exception, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match="yahoo GLD") as caught:
            Yahoo(Ticker(raised), AT_ONCE).fetch(FUND, AS_OF)
        assert words in str(caught.value)
        assert "delisted" not in str(caught.value)

    @pytest.mark.parametrize("answer", [None, pd.DataFrame(), bars(days=0), bars().shift(freq="365D")])
    def test_an_empty_table_is_an_error(self, answer: Any) -> None:
        with pytest.raises(EmptyAnswerError):
            Yahoo(Ticker(answer)).fetch(FUND, AS_OF)


def chart(symbol: str, *, zone: str = "America/New_York", days: int = 3, **changed: object) -> dict[str, Any]:
    """An answer of Yahoo's chart service, as the wire carries it."""
    opens = pd.date_range("2026-02-03 09:30", periods=days, freq="D", tz=zone)
    quote = {name: [100.0 + at for at in range(days)] for name in ("open", "high", "low", "close")}
    result = {
        "meta": {
            "symbol": symbol,
            "currency": "USD",
            "instrumentType": "ETF",
            "exchangeName": "PCX",
            "exchangeTimezoneName": zone,
            "timezone": "EST",
            "gmtoffset": -18000,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "max"],
            "priceHint": 2,
            "regularMarketPrice": 101.0,
            "regularMarketTime": int(opens[-1].timestamp()) + 7 * 3600,
            "firstTradeDate": 1100874600,
        },
        "timestamp": [int(day.timestamp()) for day in opens],
        "indicators": {
            "quote": [{**quote, "volume": [1000 + at for at in range(days)]}],
            "adjclose": [{"adjclose": [98.0 + at for at in range(days)]}],
        },
    }
    return {"chart": {"result": [{**result, **changed}], "error": None}}


def bare(symbol: str) -> dict[str, Any]:
    """An answer without a single bar."""
    answer = chart(symbol, indicators={"quote": [{}], "adjclose": [{}]})
    del answer["chart"]["result"][0]["timestamp"]
    return answer


class TestYahooOverTheWire:
    """yfinance itself, with Yahoo's address turned to a local server."""

    @pytest.fixture(autouse=True)
    def local(self, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        base = httpserver.url_for("").rstrip("/")
        monkeypatch.setattr("yfinance.base._BASE_URL_", base)
        monkeypatch.setattr("yfinance.scrapers.history._BASE_URL_", base)
        monkeypatch.setattr("yfinance.base._tz_info_fetch_ctr", 99)
        monkeypatch.setattr("yfinance.data.YfData._get_cookie_and_crumb", lambda *_, **__: (None, "basic"))
        yfinance.set_tz_cache_location(str(tmp_path / "zones"))

    def fetch(self, httpserver: HTTPServer, symbol: str, answer: Any, waits: list[float] | None = None) -> pd.DataFrame:
        handler = answer if callable(answer) else lambda _: Response(json.dumps(answer))
        httpserver.expect_request(f"/v8/finance/chart/{symbol}").respond_with_handler(handler)
        sleep = (waits if waits is not None else []).append
        vendor = Vendor(vendor="yahoo", symbol=symbol)
        return Yahoo(patience=Patience(attempts=3, sleep=sleep)).fetch(vendor, AS_OF).frame

    def test_bars_arrive_as_they_were_sent(self, httpserver: HTTPServer) -> None:
        frame = self.fetch(httpserver, "AAA", chart("AAA"))
        assert frame.index.tolist() == pd.date_range("2026-02-03", periods=3).tolist()
        assert frame["close"].tolist() == [100.0, 101.0, 102.0]
        assert frame["adj_close"].tolist() == [98.0, 99.0, 100.0]
        assert frame["volume"].tolist() == [1000.0, 1001.0, 1002.0]
        asked = httpserver.log[-1][0].args
        assert (asked["interval"], asked["includePrePost"].lower()) == ("1d", "false")

    def test_a_limit_is_waited_out_and_then_named(self, httpserver: HTTPServer) -> None:
        waits: list[float] = []
        with pytest.raises(RateLimitedError, match="limits the number of requests"):
            self.fetch(httpserver, "BBB", lambda _: Response("Too Many Requests", status=429), waits)
        assert waits == [1.0, 2.0]

    def test_an_unknown_symbol_is_not_called_delisted(self, httpserver: HTTPServer) -> None:
        answer = {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found"}}}
        with pytest.raises(EmptyAnswerError, match="yahoo CCC") as caught:
            self.fetch(httpserver, "CCC", lambda _: Response(json.dumps(answer), status=404))
        assert "delisted" not in str(caught.value)

    def test_a_web_page_is_named(self, httpserver: HTTPServer) -> None:
        with pytest.raises(HtmlAnswerError, match="yahoo DDD: answered with something other than data"):
            self.fetch(httpserver, "DDD", lambda _: Response("<html>consent</html>"))

    def test_no_rows_are_an_error(self, httpserver: HTTPServer) -> None:
        with pytest.raises(EmptyAnswerError, match="yahoo EEE"):
            self.fetch(httpserver, "EEE", bare("EEE"))

    def test_an_answer_that_yfinance_cannot_read_is_a_changed_format(self, httpserver: HTTPServer) -> None:
        with pytest.raises(ChangedFormatError, match="yahoo FFF: answered in a way that yfinance cannot read"):
            self.fetch(httpserver, "FFF", chart("FFF", indicators={"bars": []}))


EARLY_CLOSES = "alt/btc-usd-ny13_nyse-half-days.csv"


def hours(begin: str, end: str) -> pd.DataFrame:
    index = pd.date_range(begin, end, freq="h", tz="UTC")
    return pd.DataFrame({"close": np.arange(len(index), dtype=float), "volume": 1.0}, index=index)


class TestNewYorkClose:
    def test_summer_and_winter(self) -> None:
        candles = hours("2025-03-07", "2025-03-11")
        closes = new_york_close(candles)["close"]
        # Clocks went forward on 9 March 2025: 16:00 New York is 21:00 UTC before and 20:00 UTC after.
        assert closes["2025-03-08"] == candles["close"].loc["2025-03-08 20:00+00:00"]
        assert closes["2025-03-09"] == candles["close"].loc["2025-03-09 19:00+00:00"]
        assert closes.index.tolist() == pd.date_range("2025-03-07", "2025-03-10").tolist()

    def test_a_half_day_closes_at_one(self) -> None:
        candles = hours("2025-11-27", "2025-12-01")
        closes = new_york_close(candles)["close"]
        # Black Friday is a half day; the calendar days around it are not.
        assert closes["2025-11-28"] == candles["close"].loc["2025-11-28 17:00+00:00"]
        assert closes["2025-11-29"] == candles["close"].loc["2025-11-29 20:00+00:00"]

    def test_a_missing_or_idle_hour_gives_no_value(self) -> None:
        candles = hours("2025-06-01", "2025-06-04")
        candles.loc["2025-06-02 19:00+00:00", "volume"] = 0.0
        candles = candles.drop(pd.Timestamp("2025-06-03 19:00", tz="UTC"))
        assert new_york_close(candles).index.tolist() == [pd.Timestamp("2025-06-01")]

    def test_equals_the_series_made_from_the_same_candles(self, market_folder: Path) -> None:
        hourly = pd.read_csv(market_folder / "btc-usd-hourly.csv.gz", usecols=["date_utc", "close", "volume"])
        hourly.index = pd.DatetimeIndex(pd.to_datetime(hourly["date_utc"], utc=True))
        made = new_york_close(hourly)["close"]
        given = pd.read_csv(market_folder / "btc-usd-ny16.csv", index_col="date", parse_dates=True)["close"]
        early = pd.read_csv(market_folder / EARLY_CLOSES, index_col="date", parse_dates=True)["close"]
        given.loc[early.index] = early
        assert made.index.difference(given.index).empty
        assert (made == given.reindex(made.index)).all()
        assert len(given.index.difference(made.index)) <= 2


class Exchange:
    """A local exchange with an hour-by-hour price, in the dialect of a vendor."""

    def __init__(self, dialect: str) -> None:
        self.dialect, self.requests = dialect, 0

    def __call__(self, request: Request) -> Response:
        self.requests += 1
        given = request.args
        if self.dialect == "coinbase":
            first, last = (int(datetime.fromisoformat(given[key]).timestamp()) for key in ("start", "end"))
            rows: Any = [[t, 1, 2, 1.5, t / 1e6, 3.0] for t in range(last, first - 1, -3600)]
        elif self.dialect == "binance":
            first, last = int(given["startTime"]) // 1000, int(given["endTime"]) // 1000
            rows = [[t * 1000, "1", "2", "1", str(t / 1e6), "3.0", 0] for t in range(first, last + 1, 3600)]
        else:
            first, last = int(given["start"]), int(given["end"])
            one = [{"timestamp": str(t), "close": str(t / 1e6), "volume": "3.0"} for t in range(first, last + 1, 3600)]
            rows = {"data": {"pair": "BTC/USD", "ohlc": one}}
        return Response(json.dumps(rows), content_type="application/json")


MAKERS: dict[str, Callable[..., HourlyCandles]] = {"bitstamp": bitstamp, "coinbase": coinbase, "binance": binance}
NOW = datetime(2026, 2, 8, 21, 30, tzinfo=UTC)


class TestCandles:
    @pytest.mark.parametrize("dialect", list(MAKERS))
    def test_pages_are_joined_without_gap_or_overlap(self, httpserver: HTTPServer, web: Web, dialect: str) -> None:
        exchange = Exchange(dialect)
        httpserver.expect_request("").respond_with_handler(exchange)
        told: list[str] = []
        address, first = httpserver.url_for(""), date(2025, 11, 1)
        client = MAKERS[dialect](web, base=address, first=first, now=lambda: NOW, progress=told.append)
        vendor = Vendor(vendor=dialect, symbol="BTC-USD", stamp="ny16")
        frame = client.fetch(vendor, AS_OF).frame
        assert frame.index.tolist() == pd.date_range("2025-11-01", "2026-02-08").tolist()
        ends = pd.Timestamp("2026-01-15 20:00", tz="UTC").timestamp()
        assert frame.loc["2026-01-15", "close"] == ends / 1e6
        assert exchange.requests >= 3
        assert told == [f"{dialect} BTC-USD: hourly candles of {year}" for year in (2025, 2026)]

    def test_an_hour_that_is_not_over_is_left_out(self, httpserver: HTTPServer, web: Web) -> None:
        httpserver.expect_request("").respond_with_handler(Exchange("bitstamp"))
        vendor = Vendor(vendor="bitstamp", symbol="btcusd", stamp="ny16")
        at = [NOW.replace(hour=20, minute=59), NOW.replace(hour=21, minute=0)]
        last = [
            bitstamp(web, base=httpserver.url_for(""), first=date(2026, 2, 1), now=lambda now=now: now)  # type: ignore[misc]
            .fetch(vendor, AS_OF)
            .frame.index[-1]
            for now in at
        ]
        assert last == [pd.Timestamp("2026-02-07"), pd.Timestamp("2026-02-08")]

    def test_finished_pages_are_not_asked_for_again(self, httpserver: HTTPServer, web: Web, tmp_path: Path) -> None:
        exchange = Exchange("bitstamp")
        httpserver.expect_request("").respond_with_handler(exchange)
        vendor = Vendor(vendor="bitstamp", symbol="btcusd", stamp="ny16")

        def fetch(now: datetime) -> pd.DataFrame:
            client = bitstamp(web, base=httpserver.url_for(""), keep=tmp_path, first=date(2025, 10, 1), now=lambda: now)
            return client.fetch(vendor, AS_OF + timedelta(days=30)).frame

        first = fetch(NOW)
        asked = exchange.requests
        pd.testing.assert_frame_equal(fetch(NOW), first)
        assert exchange.requests == asked + 1
        assert len(fetch(NOW + timedelta(days=2))) == len(first) + 2
        assert not list(tmp_path.glob("*.part"))

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ('{"message": "slow down"}', "not the JSON"),
            ('{"data": {"ohlc": [{"timestamp": "x"}]}}', "not the JSON"),
            ('{"data": {"ohlc": []}}', "holds no candle"),
            (
                '{"data": {"ohlc": [{"timestamp": "1769904000", "close": "1", "volume": "1"},'
                ' {"timestamp": "1769904000", "close": "2", "volume": "1"}]}}',
                "gives an hour twice",
            ),
            (
                '{"data": {"ohlc": [{"timestamp": "1769904000", "close": "nan", "volume": "1"}]}}',
                "without close or volume",
            ),
        ],
    )
    def test_another_answer_is_named(self, httpserver: HTTPServer, web: Web, answer: str, words: str) -> None:
        httpserver.expect_request("").respond_with_data(answer)
        client = bitstamp(web, base=httpserver.url_for(""), first=date(2026, 2, 1), now=lambda: NOW)
        with pytest.raises((ChangedFormatError, EmptyAnswerError), match="bitstamp btcusd") as caught:
            client.fetch(Vendor(vendor="bitstamp", symbol="btcusd", stamp="ny16"), AS_OF)
        assert words in str(caught.value)

    def test_another_clock_is_refused(self, web: Web) -> None:
        with pytest.raises(ChangedFormatError, match="clock utc00"):
            bitstamp(web).fetch(Vendor(vendor="bitstamp", symbol="btcusd", stamp="utc00"), AS_OF)

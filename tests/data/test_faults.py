"""Every vendor with every fault: the right error or recovery, the old snapshot whole, the next run complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yfinance
from pytest_httpserver import HTTPServer
from wire import (
    AS_OF,
    CANDLES,
    DAYS,
    DIALECTS,
    MILLION,
    NOW,
    Wire,
    client_of,
    cut,
    page,
    slow,
    status,
    truncated,
    vendor_of,
    well,
)

from data.fetch import Fetched, UnfetchedError, fetch_snapshot
from data.snapshot import SnapshotFolder, snapshots
from data.sources.faults import TEMPORARY
from data.study import Instrument, Study

LATER, NEVER = TEMPORARY, 2


@dataclass
class Desk:
    """One instrument of one vendor, with yesterday's snapshot already there."""

    dialect: str
    wire: Wire
    folder: Path
    study: Study
    base: str
    waits: list[float]

    def fetch(self, timeout: float = 0.5, now: datetime = NOW) -> Fetched:
        vendor = vendor_of(self.dialect)
        clients = {vendor.vendor: client_of(self.dialect, self.base, self.waits, timeout, now)}
        return fetch_snapshot(self.study, AS_OF, clients=clients, folder=self.folder, now=now)

    def content(self) -> dict[str, bytes]:
        return {str(one.relative_to(self.folder)): one.read_bytes() for one in self.folder.rglob("*") if one.is_file()}

    def level(self, done: Fetched) -> pd.Series:
        return SnapshotFolder(done.folder).read(self.study.instruments[0]).level


@pytest.fixture(params=list(DIALECTS))
def desk(
    request: pytest.FixtureRequest,
    httpserver: HTTPServer,
    small_study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    dialect = request.param
    wire = Wire(dialect)
    httpserver.expect_request("").respond_with_handler(wire)
    base = httpserver.url_for("").rstrip("/")
    if dialect == "yahoo":
        monkeypatch.setattr("yfinance.base._BASE_URL_", base)
        monkeypatch.setattr("yfinance.scrapers.history._BASE_URL_", base)
        monkeypatch.setattr("yfinance.base._tz_info_fetch_ctr", 99)
        monkeypatch.setattr("yfinance.data.YfData._get_cookie_and_crumb", lambda *_, **__: (None, "basic"))
        yfinance.set_tz_cache_location(str(tmp_path / "zones"))
    vendor = vendor_of(dialect)
    instrument = Instrument(
        id="ONE",
        role="metal",
        name="One",
        trades="always" if dialect in CANDLES else "sessions",
        required=True,
        vendors=(vendor,),
    )
    study = small_study.model_copy(update={"instruments": (instrument,)})
    made = Desk(dialect, wire, tmp_path / "snapshots", study, base, [])
    made.fetch()
    wire.asked = 0
    return made


def refused(desk: Desk, code: int, *, timeout: float = 0.5) -> str:
    """The fault ends the run with `code`, nothing has changed, and once it is gone the next run completes."""
    before = desk.content()
    with pytest.raises(UnfetchedError) as caught:
        desk.fetch(timeout)
    assert caught.value.exit_code == code
    assert desk.content() == before
    told = str(caught.value)
    assert "\n" not in told
    assert vendor_of(desk.dialect).vendor in told or "127.0.0.1" in told or "localhost" in told
    desk.wire.rows, desk.wire.rename, desk.wire.zone = lambda rows: rows, False, "America/New_York"
    desk.wire.replies.clear()
    assert desk.fetch().folder == snapshots(desk.folder)[0]
    return told


def test_a_healthy_answer_is_frozen_as_it_came(desk: Desk) -> None:
    (only,) = snapshots(desk.folder)
    level = SnapshotFolder(only).read(desk.study.instruments[0]).level
    if desk.dialect in CANDLES:
        assert level.index[-1] == pd.Timestamp(AS_OF)
        closes = {day: pd.Timestamp(f"{day:%Y-%m-%d} 15:00", tz="America/New_York") for day in level.index}
        assert level.to_dict() == {day: desk.wire.price(at) for day, at in closes.items()}
    else:
        assert level.index.tolist() == DAYS.tolist()
    assert desk.fetch().folder == only


@pytest.mark.parametrize("faults", [1, 2])
def test_a_limit_that_passes_is_waited_out(desk: Desk, faults: int) -> None:
    desk.wire.replies = [status(429)] * faults + [well]
    assert desk.fetch().folder == snapshots(desk.folder)[0]
    if desk.dialect == "yahoo":  # yfinance tries a second time by itself, at once
        assert desk.wire.asked >= 2
    else:
        assert desk.waits == [1.0, 2.0][:faults]


def test_a_limit_with_retry_after_is_waited_for_as_asked(desk: Desk) -> None:
    desk.wire.replies = [status(429, Retry_After="7"), well]
    assert desk.fetch().folder == snapshots(desk.folder)[0]
    assert desk.dialect == "yahoo" or desk.waits == [7.0]


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (status(429), LATER, "limits the number of requests"),
        (status(500), LATER, "failed"),
        (cut, LATER, "broke the connection off"),
        (truncated, LATER, "cut off"),
        (page, NEVER, "web page"),
    ],
    ids=["429", "500", "cut", "truncated", "html"],
)
def test_an_answer_that_does_not_come_whole(desk: Desk, reply: Any, code: int, words: str) -> None:
    desk.wire.replies = [reply]
    told = refused(desk, code)
    if desk.dialect != "yahoo":
        assert words in told
    assert desk.wire.asked > (2 if code == LATER else 0)


def test_a_server_that_does_not_answer_in_time(desk: Desk) -> None:
    if desk.dialect == "yahoo":
        pytest.skip("yfinance waits 20 seconds; its time-out error is replayed in test_vendors.py")
    desk.wire.replies = [slow]
    assert "took too long" in refused(desk, LATER, timeout=0.15)


def test_a_column_with_another_name(desk: Desk) -> None:
    desk.wire.rename = True
    refused(desk, NEVER)


def test_no_rows_at_all(desk: Desk) -> None:
    desk.wire.rows = lambda _: []
    refused(desk, NEVER)


def shifted(dialect: str, row: Any) -> Any:
    """A row whose time is told in another zone or form."""
    if dialect in ("fred", "cboe"):
        day, rest = row.split(",", 1)
        return f"{day} 00:00+09:00,{rest}"
    if dialect == "fred with a key":
        return {**row, "date": f"{row['date']}T00:00:00+09:00"}
    if dialect == "bitstamp":
        return {**row, "timestamp": str(int(row["timestamp"]) + 1800)}
    return [row[0] + (1800 if dialect == "coinbase" else 1_800_000), *row[1:]]


def test_times_of_another_zone(desk: Desk) -> None:
    if desk.dialect == "yahoo":
        # The day is the exchange's own: what a bar of 09:30 in New York is called elsewhere does not move it.
        desk.wire.zone = "Asia/Tokyo"
        assert desk.fetch().folder == snapshots(desk.folder)[0]
    else:
        desk.wire.rows = lambda rows: [shifted(desk.dialect, row) for row in rows]
        refused(desk, NEVER)


def test_a_row_twice(desk: Desk) -> None:
    desk.wire.rows = lambda rows: [*rows[:3], rows[2], *rows[3:]]
    if desk.dialect == "yahoo":
        # yfinance itself keeps one of two equal bars.
        assert desk.fetch().folder == snapshots(desk.folder)[0]
    else:
        assert "twice" in (told := refused(desk, NEVER)) or "repeats" in told


def test_rows_out_of_order(desk: Desk) -> None:
    desk.wire.rows = lambda rows: [rows[3], *rows[:3], *rows[4:]]
    if desk.dialect in (*CANDLES, "yahoo"):
        # Candles are put in order by their second; yfinance sorts its bars.
        assert desk.fetch().folder == snapshots(desk.folder)[0]
    else:
        assert "in order" in refused(desk, NEVER)


def test_a_last_bar_that_still_trades_is_left_out(desk: Desk) -> None:
    done = desk.fetch(now=NOW.replace(hour=17))
    assert desk.level(done).index[-1] == pd.Timestamp(AS_OF) - pd.Timedelta(days=1) == DAYS[-2]
    assert done.folder != snapshots(desk.folder)[0]


def test_a_revised_history_is_told_and_the_old_snapshot_stays(desk: Desk) -> None:
    before = desk.content()
    desk.wire.scale = 1.01
    done = desk.fetch()
    assert done.diff is not None
    (one,) = done.diff.series
    # A factor on all but the last price of an adjusted series moves one ratio, on any other it moves every value.
    expected = 1 if desk.dialect == "yahoo" else len(desk.level(done)) - 1
    assert len(one.revised) == expected
    assert one.largest == pytest.approx(0.01, rel=0.02)
    assert {name: desk.content()[name] for name in before} == before
    assert done.folder.name.endswith("-2")


@pytest.mark.parametrize("dialect", ["fred", "cboe", "binance"])
def test_a_million_rows_are_answered_with_a_typed_error(
    dialect: str, httpserver: HTTPServer, small_study: Study, tmp_path: Path
) -> None:
    wire = Wire(dialect)
    httpserver.expect_request("").respond_with_handler(wire)
    instrument = Instrument(id="ONE", role="metal", name="One", required=True, vendors=(vendor_of(dialect),))
    study = small_study.model_copy(update={"instruments": (instrument,)})
    made = Desk(dialect, wire, tmp_path / "snapshots", study, httpserver.url_for("").rstrip("/"), [])
    made.fetch()
    wire.rows = lambda rows: (rows * (MILLION // len(rows) + 1))[:MILLION]
    refused(made, NEVER, timeout=30.0)

"""`make data`: which vendor serves, what is frozen, what a fault, a second run or a killed run leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import load_panel
from data.__main__ import main
from data.calendar import sessions
from data.errors import QualityError, SourceError
from data.fetch import Fetched, Packaged, UnfetchedError, fetch_snapshot, finished, vendor_clients
from data.origin import Origin
from data.snapshot import LockedError, SnapshotFolder, newest_snapshot, snapshots, writing
from data.snapshot_diff import compare
from data.sources.faults import TEMPORARY, EmptyAnswerError, NoNetworkError, RateLimitedError
from data.sources.protocol import Delivery, SeriesAbsentError
from data.sources.vendors import VendorClient, delivered
from data.study import CsvFile, Instrument, Study, Vendor, load_study

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 4, 12, tzinfo=UTC)
AS_OF = date(2026, 1, 4)
DAYS = sessions("XNYS", date(2024, 1, 2), date(2026, 1, 2))


class Shelf:
    """A vendor that serves made-up series, or the fault it is told to have."""

    def __init__(self, seed: int = 1, fault: Exception | None = None, days: pd.DatetimeIndex = DAYS) -> None:
        self.seed, self.fault, self.days, self.asked = seed, fault, days, list[str]()

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        self.asked.append(vendor.symbol)
        if self.fault is not None:
            raise self.fault
        rng = np.random.default_rng([self.seed, *vendor.symbol.encode()])
        prices = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(self.days))))
        frame = pd.DataFrame({"close": prices}, index=self.days.rename("date"))
        return delivered(frame, vendor, as_of, producer=vendor.vendor.title(), address=vendor.symbol, licence="test")


@pytest.fixture
def study(small_study: Study) -> Study:
    vendors = {
        "BTC": (
            Vendor(vendor="bitstamp", symbol="btcusd", stamp="ny16"),
            Vendor(vendor="coinbase", symbol="BTC-USD", stamp="ny16"),
            Vendor(vendor="yahoo", symbol="BTC-USD", stamp="utc00"),
        ),
        "GLD": (Vendor(vendor="yahoo", symbol="GLD"),),
        "HYO": (Vendor(vendor="fred", symbol="OAS"),),
        "NFCI": (Vendor(vendor="fred", symbol="NFCI"),),
    }
    return small_study.model_copy(
        update={
            "instruments": tuple(one.model_copy(update={"vendors": vendors[one.id]}) for one in small_study.instruments)
        }
    )


@pytest.fixture
def clients() -> dict[str, VendorClient]:
    refused = RateLimitedError("coinbase", "limits the number of requests", "Try again later.")
    return {"bitstamp": Shelf(), "coinbase": Shelf(fault=refused), "yahoo": Shelf(), "fred": Shelf()}


Fetch = Callable[..., Path]


@pytest.fixture
def fetch(study: Study, clients: dict[str, VendorClient], tmp_path: Path) -> Fetch:
    def run(as_of: date = AS_OF, now: datetime = NOW, **others: VendorClient) -> Path:
        served = {**clients, **others}
        return fetch_snapshot(study, as_of, clients=served, folder=tmp_path, now=now).folder

    return run


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refusing(error: type[Exception] = RateLimitedError) -> Shelf:
    return Shelf(fault=error("bitstamp", "limits the number of requests", "Try again later."))


def test_a_snapshot_becomes_a_panel(fetch: Fetch, study: Study, tmp_path: Path) -> None:
    folder = fetch()
    assert folder == tmp_path / "2026-01-04"
    panel = load_panel(study, folder)
    assert panel.source == "real data from snapshot 2026-01-04 (fetched 2026-01-04), to 2026-01-02"
    assert panel.kind == "real"
    origin = panel.origins["crypto"]
    assert (origin.producer, origin.stamp, origin.accessed) == ("Bitstamp", "ny16", AS_OF)
    assert "16:00 New York" in panel.calendar_rule
    shelf = Shelf().fetch(Vendor(vendor="yahoo", symbol="GLD"), AS_OF)
    assert panel.levels["metal"].tolist() == shelf.frame["close"].reindex(panel.levels.index).tolist()


def test_the_next_vendor_serves_and_the_panel_says_so(fetch: Fetch, study: Study) -> None:
    panel = load_panel(study, fetch(bitstamp=refusing()))
    assert panel.origins["crypto"].producer == "Yahoo"
    (second,) = (one for one in panel.quality.findings if one.check == "second choice")
    assert (second.role, second.light) == ("crypto", "amber")
    assert second.detail == (
        "from yahoo, as bitstamp limits the number of requests; coinbase limits the number of requests"
    )


def test_another_clock_is_fetched_beside_and_lends_its_volume(fetch: Fetch, study: Study) -> None:
    class WithVolume(Shelf):
        def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
            good = super().fetch(vendor, as_of)
            return replace(good, frame=good.frame.assign(volume=5.0))

    folder = fetch(yahoo=WithVolume())
    panel = load_panel(study, folder)
    assert panel.origins["crypto"].stamp == "ny16"
    assert [one.origin.stamp for one in panel.alternatives["crypto"]] == ["utc00"]
    assert set(panel.volumes["crypto"]) == {5.0}
    assert (folder / "btc-utc00.csv").is_file()
    (folder / "btc-utc00.csv").write_text("date,close\n2026-01-02,1\n")
    with pytest.raises(SourceError, match=r"btc-utc00\.csv: was changed after it was frozen"):
        load_panel(study, folder)


def test_another_clock_that_fails_is_a_remark(fetch: Fetch, study: Study) -> None:
    class NoCoin(Shelf):
        def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
            if vendor.symbol == "BTC-USD":
                raise RateLimitedError("yahoo BTC-USD", "limits the number of requests", "Try again later.")
            return super().fetch(vendor, as_of)

    panel = load_panel(study, fetch(yahoo=NoCoin()))
    (told,) = (one for one in panel.quality.findings if one.check == "as fetched")
    assert (told.role, told.light) == ("crypto", "green")
    assert told.detail == "not fetched beside it: yahoo BTC-USD limits the number of requests"


def test_a_vendor_of_a_clock_that_is_served_is_not_asked(
    study: Study, clients: dict[str, VendorClient], fetch: Fetch
) -> None:
    fetch(coinbase=Shelf(fault=AssertionError("asked in vain")))
    bitstamp = clients["bitstamp"]
    assert isinstance(bitstamp, Shelf)
    assert bitstamp.asked == ["btcusd"]
    assert study.instrument("crypto").vendors[1].vendor == "coinbase"


def test_a_vendor_whose_prices_cannot_be_used_is_passed_over(fetch: Fetch, study: Study) -> None:
    class Negative(Shelf):
        def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
            good = super().fetch(vendor, as_of)
            return replace(good, frame=-good.frame)

    panel = load_panel(study, fetch(bitstamp=Negative()))
    assert panel.origins["crypto"].producer == "Yahoo"


def test_an_optional_instrument_may_fail_and_its_reason_stays(fetch: Fetch, study: Study) -> None:
    panel = load_panel(study, fetch(fred=refusing(EmptyAnswerError)))
    assert dict(panel.quality.absent)["credit"].startswith("snapshot 2026-01-04 does not hold it (bitstamp limits")


@pytest.mark.parametrize(("fault", "code"), [(NoNetworkError, TEMPORARY), (EmptyAnswerError, 2)])
def test_a_required_instrument_that_fails_leaves_nothing(
    fetch: Fetch, tmp_path: Path, fault: type[Exception], code: int
) -> None:
    with pytest.raises(UnfetchedError, match=r"BTC: bitstamp limits.*; bitstamp limits") as caught:
        fetch(bitstamp=refusing(fault), yahoo=refusing(fault))
    assert caught.value.exit_code == code
    assert snapshots(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {".lock"}


def test_the_same_files_are_frozen_once(fetch: Fetch, tmp_path: Path) -> None:
    first = fetch()
    assert fetch() == first
    assert snapshots(tmp_path) == [first]


def test_a_second_download_of_a_date_leaves_the_first_alone(fetch: Fetch, tmp_path: Path) -> None:
    first = fetch()
    before = content(first)
    second, third = fetch(yahoo=Shelf(seed=2)), fetch(yahoo=Shelf(seed=3))
    assert [path.name for path in snapshots(tmp_path)] == ["2026-01-04", "2026-01-04-2", "2026-01-04-3"]
    assert (second.name, newest_snapshot(folder=tmp_path)) == ("2026-01-04-2", third)
    assert content(first) == before


def test_newest_is_by_date_then_by_download(fetch: Fetch, tmp_path: Path) -> None:
    for seed in range(1, 12):
        fetch(as_of=date(2025, 12, 31), yahoo=Shelf(seed=seed))
    assert newest_snapshot(folder=tmp_path) == tmp_path / "2025-12-31-11"
    assert newest_snapshot(folder=tmp_path) != fetch()
    assert newest_snapshot(folder=tmp_path) == tmp_path / "2026-01-04"


def test_a_snapshot_of_another_study_is_passed_over(
    fetch: Fetch, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = fetch(as_of=date(2025, 12, 31))
    indices = load_study(ROOT / "data" / "studies" / "us_indices.toml")
    fetch_snapshot(indices, AS_OF, clients={"packaged": Packaged()}, folder=tmp_path, now=NOW)
    monkeypatch.setattr("data.load.newest_snapshot", lambda needs: newest_snapshot(needs, tmp_path))
    assert load_panel(study).source.startswith(f"real data from snapshot {mine.name} ")
    assert newest_snapshot(["BTC", "NONE"], folder=tmp_path) is None


def test_an_earlier_date_is_not_compared_with_a_later_one(
    study: Study, clients: dict[str, VendorClient], fetch: Fetch, tmp_path: Path
) -> None:
    fetch()
    earlier = fetch_snapshot(study, date(2025, 12, 31), clients=clients, folder=tmp_path, now=NOW)
    later = fetch_snapshot(study, date(2026, 1, 3), clients=clients, folder=tmp_path, now=NOW)
    assert earlier.diff is None
    assert later.diff is not None
    assert {one.new_days for one in later.diff.series} == {1}
    assert all(one.is_quiet for one in later.diff.series)


FOR_READING_ONLY = {
    "metal_holdings",
    "metal_positioning",
    "margin_debt",
    "crypto_funding",
    "crypto_open_interest",
    "crypto_sentiment",
    "geopolitical_risk",
    "tariff_rate",
}
"""Series beside the statements that cannot be tested: from the user's own files, never judged."""


def test_every_vendor_of_the_study_file_has_a_client(main_study: Study, tmp_path: Path) -> None:
    asked = {vendor.vendor for one in main_study.instruments for vendor in one.vendors}
    assert asked <= set(vendor_clients(tmp_path))
    without = {one.role for one in main_study.instruments if not one.vendors}
    assert without == FOR_READING_ONLY


def test_the_whole_study_is_fetched_and_read(main_study: Study, tmp_path: Path) -> None:
    long = sessions("XNYS", date(2014, 1, 2), date(2026, 2, 6))
    shelf = Shelf(days=long)
    names = vendor_clients(tmp_path)
    now = datetime(2026, 2, 8, 12, tzinfo=UTC)
    done = fetch_snapshot(main_study, None, clients=dict.fromkeys(names, shelf), folder=tmp_path, now=now)
    panel = load_panel(main_study, done.folder)
    assert panel.roles == tuple(role for role in main_study.roles if role not in FOR_READING_ONLY)
    assert panel.last_session == date(2026, 2, 6)
    assert {role for role, _ in panel.quality.absent} == FOR_READING_ONLY
    assert set(done.failed.values()) == {"no vendor"}


def test_nothing_after_the_date_is_kept(fetch: Fetch, study: Study) -> None:
    folder = fetch(as_of=date(2025, 12, 31))
    frames = [SnapshotFolder(folder).read(one).frame for one in study.instruments]
    assert max(frame.index[-1] for frame in frames) == pd.Timestamp("2025-12-31")


def test_what_is_only_compared_is_fetched_frozen_and_read(
    study: Study, clients: dict[str, VendorClient], tmp_path: Path
) -> None:
    class Futures(Shelf):
        def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
            if vendor.symbol == "GONE":
                raise EmptyAnswerError("yahoo GONE", "holds nothing", "Check the symbol.")
            same = Vendor(vendor="yahoo", symbol="GLD") if vendor.symbol == "GC=F" else vendor
            return super().fetch(same, as_of)

    checks = tuple(
        CsvFile(name=f"{symbol}.csv", agreement=0.9, vendor=Vendor(vendor="yahoo", symbol=symbol))
        for symbol in ("GC=F", "OTHER", "GONE")
    )
    gold = next(one for one in study.instruments if one.id == "GLD")
    plan = study.model_copy(
        update={
            "instruments": tuple(
                one.model_copy(update={"cross_checks": (*checks, CsvFile(name="mine.csv"))}) if one is gold else one
                for one in study.instruments
            )
        }
    )
    done = fetch_snapshot(plan, AS_OF, clients={**clients, "yahoo": Futures()}, folder=tmp_path, now=NOW)
    found = [one for one in load_panel(plan, done.folder).quality.findings if one.role == "metal"]
    told = {(one.check, one.light): one.detail for one in found}
    assert "correlation of changes 1.000" in told["second reading", "green"]
    assert "0.9 expected" in told["second reading", "amber"]
    assert told["as fetched", "green"] == "not compared: yahoo GONE holds nothing"
    again = fetch_snapshot(plan, AS_OF, clients={**clients, "yahoo": Futures()}, folder=tmp_path, now=NOW)
    assert again.folder == done.folder
    (done.folder / "gld-check-other.csv").write_text("date,close\n2026-01-02,1\n")
    with pytest.raises(SourceError, match="was changed after it was frozen"):
        load_panel(plan, done.folder)


def test_what_is_not_point_in_time_says_so(fetch: Fetch) -> None:
    class Archive(Shelf):
        def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
            return replace(super().fetch(vendor, as_of), point_in_time=True)

    def told(folder: Path) -> dict[str, bool]:
        series = SnapshotFolder(folder).manifest.series
        return {key: any("not as it was known on" in one for one in entry.remarks) for key, entry in series.items()}

    assert told(fetch(as_of=date(2025, 12, 31), fred=Archive())) == {
        "BTC": True,
        "GLD": True,
        "HYO": False,
        "NFCI": False,
    }
    assert not any(told(fetch()).values())


def test_a_date_in_the_future_is_today(fetch: Fetch) -> None:
    assert fetch(as_of=date(2030, 1, 1)).name == "2026-01-04"


def test_the_manifest_speaks_of_no_machine(fetch: Fetch, study: Study) -> None:
    manifest = json.loads((fetch() / "manifest.json").read_text())
    assert manifest["study_sha256"] == study.sha256
    assert set(manifest["series"]) == {"BTC", "GLD", "HYO", "NFCI"}
    assert str(ROOT) not in json.dumps(manifest)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "gld.csv").write_text("date,close\n2026-01-02,1\n"), "was changed after"),
        (lambda folder: (folder / "gld.csv").unlink(), "gld.csv: cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 2}'), "manifest.json is damaged"),
    ],
)
def test_a_spoilt_snapshot_is_refused(fetch: Fetch, study: Study, spoil: Callable[[Path], object], words: str) -> None:
    folder = fetch()
    spoil(folder)
    with pytest.raises(SourceError) as caught:
        load_panel(study, folder)
    assert words in str(caught.value)


def test_an_instrument_the_snapshot_lacks_is_named(fetch: Fetch) -> None:
    source = SnapshotFolder(fetch())
    words = r"OIL: snapshot 2026-01-04 does not hold it.*make data AS_OF=2026-01-04"
    with pytest.raises(SeriesAbsentError, match=words):
        source.read(Instrument(id="OIL", role="oil", name="Oil"))


def test_two_runs_at_once_do_not_collide(fetch: Fetch, tmp_path: Path) -> None:
    with writing(tmp_path), pytest.raises(LockedError, match="another run is writing") as caught:
        fetch()
    assert caught.value.exit_code == TEMPORARY
    assert fetch().is_dir()


def delivery(frame: pd.DataFrame, stamp: str = "session") -> Delivery:
    return Delivery(frame, Origin("maker", "x", None, "close", "free", "", stamp=stamp))  # type: ignore[arg-type]


LAST_BAR = [
    ("utc00", "always", datetime(2026, 1, 2, 23, 59, tzinfo=UTC), True),
    ("utc00", "always", datetime(2026, 1, 3, 0, 1, tzinfo=UTC), False),
    ("session", "sessions", datetime(2026, 1, 2, 20, 30, tzinfo=UTC), True),
    ("session", "sessions", datetime(2026, 1, 2, 22, 0, tzinfo=UTC), False),
    ("ny16", "always", datetime(2026, 1, 2, 21, 30, tzinfo=UTC), False),
]


@pytest.mark.parametrize(("stamp", "trades", "now", "left_out"), LAST_BAR)
def test_a_bar_that_is_still_trading_is_left_out(stamp: str, trades: str, now: datetime, left_out: bool) -> None:
    frame = pd.DataFrame({"close": 1.0}, index=DAYS)
    instrument = Instrument(id="X", role="market", name="X", trades=trades)  # type: ignore[arg-type]
    kept = finished(delivery(frame, stamp), instrument, now)
    assert len(kept.frame) == len(frame) - left_out
    assert kept.remarks == (("the bar of 2026-01-02 was still trading and was left out",) if left_out else ())


def test_nothing_but_an_unfinished_bar_is_an_error() -> None:
    frame = pd.DataFrame({"close": 1.0}, index=DAYS[-1:])
    with pytest.raises(QualityError, match="nothing but a bar"):
        finished(delivery(frame), Instrument(id="X", role="market", name="X"), LAST_BAR[2][2])


class TestDiff:
    FUND = Instrument(id="GLD", role="metal", name="Gold")
    SPREAD = Instrument(id="HYO", role="credit", name="Spread", change="basis_points")

    def frame(self, scale: float = 1.0) -> pd.DataFrame:
        rng = np.random.default_rng(3)
        price = scale * 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(DAYS))))
        return pd.DataFrame({"close": price, "adj_close": price}, index=DAYS)

    def compare(
        self, old: pd.DataFrame, new: pd.DataFrame, instrument: Instrument | None = None
    ) -> Mapping[str, object]:
        one = instrument or self.FUND
        (series,) = compare({one.id: delivery(old)}, {one.id: delivery(new)}, {one.id: one}).series
        fields = ("new_days", "filled_days", "vanished_days", "revised", "is_quiet")
        return {name: getattr(series, name) for name in fields}

    def test_new_days_are_quiet(self) -> None:
        found = self.compare(self.frame().iloc[:-3], self.frame())
        assert found == {"new_days": 3, "filled_days": 0, "vanished_days": 0, "revised": (), "is_quiet": True}

    def test_a_dividend_that_rescales_the_past_is_no_revision(self) -> None:
        assert self.compare(self.frame(), self.frame(0.97))["is_quiet"]

    def test_a_raw_price_that_moves_is_one(self) -> None:
        old, new = self.frame()[["close"]], self.frame()[["close"]]
        new.iloc[7] *= 1.01
        assert self.compare(old, new)["revised"] == (f"{DAYS[7]:%Y-%m-%d}",)

    def test_an_adjusted_price_that_moves_alone_is_one(self) -> None:
        new = self.frame()
        new.iloc[7, 1] *= 1.01
        assert self.compare(self.frame(), new)["revised"] == (f"{DAYS[7]:%Y-%m-%d}", f"{DAYS[8]:%Y-%m-%d}")

    def test_a_spread_near_zero_is_compared_in_its_own_unit(self) -> None:
        old = pd.DataFrame({"value": np.zeros(len(DAYS))}, index=DAYS)
        new = old.copy()
        new.iloc[5] = 0.01
        assert self.compare(old, new, self.SPREAD)["revised"] == (f"{DAYS[5]:%Y-%m-%d}",)

    def test_rows_that_vanish_or_fill_gaps_are_counted(self) -> None:
        found = self.compare(self.frame().drop(DAYS[4]), self.frame().drop([DAYS[9], DAYS[10]]))
        assert (found["filled_days"], found["vanished_days"], found["is_quiet"]) == (1, 2, False)

    def test_series_that_come_or_go_are_named(self) -> None:
        one = {"GLD": delivery(self.frame())}
        both = {**one, "HYO": delivery(self.frame())}
        kinds = {"GLD": self.FUND, "HYO": self.SPREAD}
        assert compare(one, both, kinds).appeared == ("HYO",)
        assert compare(both, one, kinds).vanished == ("HYO",)


SCRIPT = """
import os, sys, time
from datetime import UTC, date, datetime
from pathlib import Path
from data.fetch import fetch_snapshot, Packaged
from data.study import load_study

class Slow(Packaged):
    def fetch(self, vendor, as_of):
        time.sleep(0.03)
        return super().fetch(vendor, as_of)

study = load_study(sys.argv[1])
Packaged().fetch(study.instruments[0].vendors[0], date(2018, 12, 31))
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        fetch_snapshot(study, date(2018, 12, 31), clients={"packaged": Slow()}, folder=Path(sys.argv[2]),
                       now=datetime(2019, 1, 10, tzinfo=UTC))
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Imports everything, then begins a run for each line that it reads; prints the run's process and how it ended."""


def test_a_killed_run_leaves_the_old_snapshot_whole_and_the_next_run_completes(tmp_path: Path) -> None:
    indices = ROOT / "data" / "studies" / "us_indices.toml"
    old = fetch_snapshot(load_study(indices), date(2018, 11, 30), clients={"packaged": Packaged()}, folder=tmp_path)
    before = content(old.folder)
    draw = random.Random(20260208)
    command = [sys.executable, "-c", SCRIPT, str(indices), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        killed = 0
        for pause in [*(draw.uniform(0.0, 0.25) for _ in range(10)), None]:
            print(file=runs.stdin, flush=True)
            process = int(runs.stdout.readline())
            if pause is not None:
                time.sleep(pause)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            ended = int(runs.stdout.readline())
            assert ended == 0 or (pause is not None and ended == -signal.SIGKILL)
            killed += ended != 0
            assert content(old.folder) == before
            for whole in snapshots(tmp_path)[1:]:
                assert SnapshotFolder(whole).manifest.as_of == date(2018, 12, 31)
    assert killed
    source = SnapshotFolder(tmp_path / "2018-12-31")
    assert set(source.manifest.series) == {"SPX", "IXIC", "WTI", "VIX"}
    assert [path.name for path in snapshots(tmp_path)] == ["2018-11-30", "2018-12-31"]
    assert not list(tmp_path.glob(".incoming-*"))


def test_an_old_snapshot_that_cannot_be_read_stands_in_nobodys_way(
    fetch: Fetch, study: Study, clients: dict[str, VendorClient], tmp_path: Path
) -> None:
    damaged = fetch(as_of=date(2025, 12, 31)) / "manifest.json"
    damaged.write_text("{")
    told: list[str] = []
    done = fetch_snapshot(study, AS_OF, clients=clients, folder=tmp_path, now=NOW, progress=told.append)
    assert done.diff is None
    assert any(line.startswith("not compared with 2025-12-31") for line in told)
    assert damaged.read_text() == "{"


def test_making_a_report_cannot_reach_the_network() -> None:
    check = "import sys, data.load; print(sorted({'httpx', 'yfinance', 'tenacity', 'requests'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


class TestCommandLine:
    INDICES = str(ROOT / "data" / "studies" / "us_indices.toml")

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["data", *arguments])
        return main()

    def test_check_prints_every_finding(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "check", "--study", self.INDICES) == 0
        told = capsys.readouterr().out
        assert "real data inside the Python package arch" in told
        assert "oil, amber: missing sessions" in told

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("check", "--study", "nowhere.toml"), "error: nowhere.toml: cannot be read"),
            (("check", "--study", INDICES, "--source", "no/such"), "error: no/such: there is no such folder"),
            (("check", "--study", INDICES, "--as-of", "soon"), "error: AS_OF=soon: is not a date"),
            (("fetch", "--study", INDICES, "--as-of", "soon"), "error: AS_OF=soon: is not a date"),
        ],
    )
    def test_an_error_is_one_line(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        arguments: tuple[str, ...],
        words: str,
    ) -> None:
        assert self.run(monkeypatch, *arguments) == 2
        told = capsys.readouterr().err
        assert told.startswith(words)
        assert told.count("\n") == 1

    def test_fetch_freezes_prints_stages_and_the_difference(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        real = fetch_snapshot

        def here(study: Study, cut: date, progress: Callable[[str], None]) -> Fetched:
            return real(study, cut, folder=tmp_path, progress=progress)

        monkeypatch.setattr("data.__main__.fetch_snapshot", here)
        assert self.run(monkeypatch, "fetch", "--study", self.INDICES, "--as-of", "2018-12-21") == 0
        assert self.run(monkeypatch, "fetch", "--study", self.INDICES, "--as-of", "2018-12-31") == 0
        told = capsys.readouterr()
        assert "Snapshot 2018-12-31 stands." in told.out
        assert [line.split()[:2] for line in told.out.splitlines() if line.startswith("SPX")] == [["SPX", "5"]]
        stages = told.err.splitlines()
        assert sum(" data SPX: packaged sp500, " in line for line in stages) == 2
        assert stages[-1].endswith("data frozen: 4 series in 2018-12-31")

"""A small study and a folder of made-up prices for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.calendar import sessions
from data.study import Clock, Correlation, CsvFile, Instrument, Regimes, Study, Window, load_study

ROOT = Path(__file__).resolve().parents[2]
START, BASE, LAST, AS_OF = date(2024, 6, 3), date(2025, 12, 15), date(2025, 12, 31), date(2026, 1, 4)


@pytest.fixture(scope="session")
def main_study() -> Study:
    return load_study(ROOT / "study.toml")


@pytest.fixture(scope="session")
def small_study(main_study: Study) -> Study:
    """Four instruments on four clocks, one and a half years."""
    instruments = (
        Instrument(
            id="BTC",
            role="crypto",
            name="Bitcoin",
            trades="always",
            required=True,
            files=(CsvFile(name="btc-ny16.csv", stamp="ny16"), CsvFile(name="btc.csv", stamp="utc00")),
        ),
        Instrument(id="GLD", role="metal", name="Gold", required=True, files=(CsvFile(name="gld.csv"),)),
        Instrument(id="HYO", role="credit", name="Spread", change="basis_points", files=(CsvFile(name="hyo.csv"),)),
        Instrument(
            id="NFCI",
            role="conditions",
            name="Conditions",
            change="difference",
            frequency="weekly",
            release_lag_days=5,
            files=(CsvFile(name="nfci.csv"),),
        ),
    )
    return main_study.model_copy(
        update={
            "about": main_study.about.model_copy(update={"as_of": AS_OF}),
            "clock": Clock(exchange="XNYS", start=START),
            "windows": {"short": Window(base=BASE, last=LAST), "full": Window(base=START)},
            "instruments": instruments,
            "correlation": Correlation(assets=("crypto", "metal"), pairs=(("crypto", "metal"),), betas=()),
            "regimes": Regimes(reference=("metal",), k_regimes=2, distribution="t", starts=3),
        }
    )


def walk(index: pd.DatetimeIndex, seed: int, scale: float = 0.01, level: float = 100.0) -> np.ndarray:
    """Exponential of a random walk."""
    return np.asarray(level * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, scale, len(index)))))


def write(path: Path, index: pd.DatetimeIndex, **columns: np.ndarray) -> None:
    """Write a CSV file in the folder format."""
    frame = pd.DataFrame(columns, index=index.rename("date"))
    frame.to_csv(path, date_format="%Y-%m-%d")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """CSV files for the small study."""
    place = tmp_path / "prices"
    place.mkdir()
    trading = sessions("XNYS", date(2024, 1, 2), date(2026, 1, 2))
    every_day = pd.date_range("2024-01-01", "2026-01-04", unit="ns")
    fridays = pd.date_range("2024-01-05", "2026-01-02", freq="W-FRI", unit="ns")
    gold = walk(trading, 1)
    volume = np.round(np.random.default_rng(9).uniform(8e5, 12e5, len(trading)))
    write(place / "gld.csv", trading, close=gold, adj_close=gold, volume=volume)
    write(place / "btc-ny16.csv", every_day, close=walk(every_day, 2, 0.03, 5e4))
    coin = np.round(np.random.default_rng(8).uniform(1e9, 2e9, len(every_day)))
    write(place / "btc.csv", every_day, close=walk(every_day, 3, 0.03, 5e4), volume=coin)
    write(place / "hyo.csv", trading, value=3.0 + np.round(np.random.default_rng(4).normal(0.0, 0.2, len(trading)), 4))
    write(place / "nfci.csv", fridays, value=np.random.default_rng(5).normal(-0.5, 0.05, len(fridays)))
    return place


@pytest.fixture
def rewrite(folder: Path) -> Callable[[str, Callable[[str], str]], None]:
    """Apply a change to the text of one file of the folder."""

    def apply(name: str, change: Callable[[str], str]) -> None:
        path = folder / name
        path.write_text(change(path.read_text()))

    return apply


@pytest.fixture(scope="session")
def market_folder() -> Path:
    """The real prices, where this machine has them."""
    place = os.environ.get("STUDY_MARKET_DATA")
    if not place:
        pytest.skip("STUDY_MARKET_DATA is not set: no real prices here")
    return Path(place)

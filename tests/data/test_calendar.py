"""Clocks: sessions, alignment before changes, releases."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import align, changes, half_days, released, rule, sessions
from data.errors import StudyFileError
from data.study import Instrument

CLOCK = sessions("XNYS", date(2024, 12, 23), date(2025, 1, 31))
ALWAYS = Instrument(id="BTC", role="crypto", name="Bitcoin", trades="always")
DAILY = Instrument(id="HYO", role="credit", name="Spread", change="basis_points")
WEEKLY = Instrument(
    id="NFCI", role="conditions", name="Conditions", change="difference", frequency="weekly", release_lag_days=5
)


def test_sessions_leave_out_holidays_and_a_day_of_mourning() -> None:
    closed = pd.DatetimeIndex(["2024-12-25", "2025-01-01", "2025-01-09", "2025-01-20", "2025-01-25"])
    assert not CLOCK.isin(closed).any()
    assert len(CLOCK) == 26
    assert str(CLOCK.dtype) == "datetime64[ns]"


def test_half_days_are_known() -> None:
    early = half_days("XNYS", date(2024, 11, 1), date(2025, 1, 31))
    assert [f"{day:%m-%d}" for day in early] == ["11-29", "12-24"]


def test_an_unknown_exchange_is_named() -> None:
    with pytest.raises(StudyFileError, match=r"clock.exchange.*'MOON'"):
        sessions("MOON", date(2024, 1, 1), date(2024, 2, 1))


def test_a_weekend_move_falls_into_monday() -> None:
    days = pd.date_range("2025-01-03", "2025-01-06", unit="ns")
    level = pd.Series([100.0, 150.0, 50.0, 80.0], index=days)
    moves = changes(align(level, CLOCK[7:10], ALWAYS).levels.dropna(), "log")
    assert moves.index.tolist() == [pd.Timestamp("2025-01-06")]
    assert moves.iloc[0] == pytest.approx(100.0 * np.log(0.8))


def test_values_off_sessions_are_counted_not_used() -> None:
    level = pd.Series(1.0, index=pd.date_range("2024-12-23", "2025-01-31", unit="ns"))
    aligned = align(level, CLOCK, DAILY)
    assert len(aligned.off_session) + len(CLOCK) == level.size
    assert pd.Timestamp("2025-01-09") in aligned.off_session
    assert len(align(level, CLOCK, ALWAYS).off_session) == 0


def test_a_weekly_value_stands_at_its_release_and_nowhere_else() -> None:
    fridays = pd.DatetimeIndex(["2024-12-20", "2024-12-27", "2025-01-03", "2025-01-10"])
    level = pd.Series([1.0, 2.0, 3.0, 4.0], index=fridays)
    levels = align(level, CLOCK, WEEKLY).levels.dropna()
    # 2024-12-25 and 2025-01-01 are holidays: the value stands at the next session.
    assert {f"{day:%m-%d}": value for day, value in levels.items()} == {
        "12-26": 1.0,
        "01-02": 2.0,
        "01-08": 3.0,
        "01-15": 4.0,
    }


def test_two_releases_between_two_sessions_leave_the_later_one() -> None:
    level = pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2024-12-27", "2024-12-28"]))
    assert align(level, CLOCK, WEEKLY).levels.dropna().to_dict() == {pd.Timestamp("2025-01-02"): 2.0}


def test_what_is_not_released_is_not_known() -> None:
    level = pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2026-01-30", "2026-02-06"]))
    assert released(level, 5, date(2026, 2, 8)).tolist() == [1.0]
    assert released(level, 5, date(2026, 2, 11)).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "expected"), [("log", 100 * np.log(1.1)), ("basis_points", 10.0), ("difference", 0.1)]
)
def test_units_of_a_change(change: str, expected: float) -> None:
    assert changes(pd.Series([1.0, 1.1]), change).tolist() == pytest.approx([expected])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["log", "basis_points", "difference"]), st.booleans())
def test_changes_sum_to_the_total_change(data: st.DataObject, change: str, around_the_clock: bool) -> None:
    days = pd.date_range("2024-12-23", "2025-01-31", unit="ns")
    values = st.floats(0.01, 1e6)
    level = pd.Series(data.draw(st.lists(values, min_size=len(days), max_size=len(days))), index=days)
    kept = data.draw(st.sets(st.sampled_from(range(len(days))), min_size=2))
    instrument = ALWAYS if around_the_clock else DAILY
    levels = align(level.iloc[sorted(kept)], CLOCK, instrument).levels
    moves = changes(levels, change)
    present = levels.dropna()
    assert moves.notna().sum() == max(0, present.size - 1)
    if present.size > 1:
        ends = np.log(present) if change == "log" else present
        scale = 1.0 if change == "difference" else 100.0
        assert moves.sum() == pytest.approx(scale * (ends.iloc[-1] - ends.iloc[0]), abs=1e-6, rel=1e-9)


def test_the_rule_names_each_clock() -> None:
    words = rule("XNYS", [("Bitcoin", "ny16")], [("Conditions", 5)])
    assert "sessions of the New York Stock Exchange" in words
    assert "sessions of XBOM" in rule("XBOM", [], [])
    assert "Bitcoin trades around the clock and is taken at 16:00 New York" in words
    assert "Conditions is used from 5 days after its reference date on" in words


def test_the_rule_gathers_series_of_one_clock_and_one_lag() -> None:
    words = rule("XNYS", [("A", "ny16"), ("B", "utc00"), ("C", "utc00")], [("D", 5), ("E", 1), ("F", 1)])
    assert "B and C trade around the clock and are taken at 24:00 UTC" in words
    assert "E and F are used from 1 day after their reference date on." in words
    assert words.count("around the clock") == 2

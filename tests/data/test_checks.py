"""Each check finds what was planted, names it, and finds nothing where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.calendar import align, changes, half_days, sessions
from data.checks import (
    adjustment,
    bars,
    blank_volumes,
    blanks,
    clocks,
    coverage,
    examine,
    jumps,
    second_readings,
    splits,
    stale_runs,
    unfinished_bar,
    worst,
)
from data.origin import Origin
from data.quality import Finding
from data.sources.protocol import Delivery
from data.study import Instrument
from data.subject import Subject, named_dates

CLOCK = sessions("XNYS", date(2024, 1, 2), date(2025, 6, 30))
EARLY = half_days("XNYS", date(2024, 1, 2), date(2025, 6, 30))
GOLD = Instrument(id="GLD", role="metal", name="Gold")
BITCOIN = Instrument(id="BTC", role="crypto", name="Bitcoin", trades="always")
SPREAD = Instrument(id="HYO", role="credit", name="Spread", change="basis_points")
ORIGIN = Origin("maker", "x.csv", None, "close as delivered", "free", "0" * 64)


def calm(index: pd.DatetimeIndex = CLOCK) -> pd.DataFrame:
    """A price that moves about one percent a day, with a steady volume."""
    rng = np.random.default_rng(7)
    price = 100.0 * np.exp(np.cumsum(rng.uniform(-0.015, 0.015, len(index))))
    return pd.DataFrame({"close": price, "adj_close": price, "volume": rng.uniform(9e5, 11e5, len(index))}, index=index)


def subject(frame: pd.DataFrame, instrument: Instrument = GOLD, origin: Origin = ORIGIN) -> Subject:
    delivery = Delivery(frame, origin)
    aligned = align(delivery.level, CLOCK, instrument)
    return Subject(instrument, delivery, aligned, changes(aligned.levels, instrument.change).dropna(), EARLY)


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_a_clean_series_gives_no_finding() -> None:
    assert examine(subject(calm())) == ()


def test_missing_sessions_are_named_and_recent_ones_are_amber() -> None:
    old = only(coverage(subject(calm().drop(CLOCK[10]))))
    assert (old.check, old.light) == ("missing sessions", "green")
    assert f"{CLOCK[10]:%Y-%m-%d}" in old.detail
    assert only(coverage(subject(calm().drop(CLOCK[-5])))).light == "amber"


def test_late_start_and_early_end() -> None:
    found = coverage(subject(calm().iloc[30:-30]))
    assert [(one.check, one.light) for one in found] == [("late start", "green"), ("early end", "amber")]


def test_values_off_sessions_are_counted() -> None:
    found = only(coverage(subject(calm(pd.date_range("2024-01-02", "2025-06-30", unit="ns")), SPREAD)))
    assert found.check == "values off sessions"
    assert "at weekends) left aside" in found.detail


def test_values_beyond_the_panel_are_named() -> None:
    found = only(coverage(subject(calm(sessions("XNYS", date(2024, 1, 2), date(2025, 7, 2))))))
    assert (found.check, found.detail[:14]) == ("beyond the panel", "2 later values")


def test_no_value_at_all_is_red() -> None:
    assert only(coverage(subject(calm().iloc[:0]))).light == "red"


def test_blanks_are_counted() -> None:
    frame = calm()
    frame.loc[CLOCK[3], "adj_close"] = np.nan
    assert only(blanks(subject(frame))).detail == f"1 row without adj_close: {CLOCK[3]:%Y-%m-%d}"


def test_a_price_without_volume_is_named() -> None:
    frame = calm()
    frame.iloc[4, 2] = np.nan
    found = only(blank_volumes(subject(frame)))
    assert (found.light, found.detail) == ("amber", f"1 row with a price and no volume: {CLOCK[4]:%Y-%m-%d}")


def test_a_second_reading_is_held_against_the_agreement_expected_of_it() -> None:
    first = subject(calm())
    noise = 1.0 + np.random.default_rng(2).normal(0.0, 0.004, len(CLOCK))
    other = Delivery(calm() * noise[:, None], replace(ORIGIN, address="second.csv"), agreement=0.7)
    levels = align(other.level, CLOCK, GOLD).levels
    found = only(second_readings(replace(first, second_readings=((other, levels),))))
    assert found.light == "green"
    assert found.detail.startswith("second.csv: correlation of changes 0.8")
    strict = replace(other, agreement=0.99)
    assert only(second_readings(replace(first, second_readings=((strict, levels),)))).light == "amber"
    assert second_readings(replace(first, second_readings=((other, levels.where(levels.index < CLOCK[30])),))) == []


def test_a_monthly_series_is_not_late_for_a_month() -> None:
    monthly = Instrument(id="M", role="conditions", name="M", frequency="monthly", release_lag_days=20)
    assert coverage(subject(calm()[["close"]].iloc[::21].iloc[:-1], monthly)) == []


def test_a_stale_run_is_measured() -> None:
    frame = calm()
    frame.iloc[50:57, :2] = frame.iloc[50, 0]
    found = only(stale_runs(subject(frame)))
    assert found.light == "amber"
    assert f"the longest of 7 from {CLOCK[50]:%Y-%m-%d}" in found.detail
    frame.iloc[53, :2] *= 1.001
    assert stale_runs(subject(frame)) == []


def test_a_real_jump_is_green_and_kept() -> None:
    frame = calm()
    frame.iloc[100:, :2] *= 0.85
    it = subject(frame)
    found = only(jumps(it))
    assert (found.check, found.light) == ("jump", "green")
    assert f"{CLOCK[100]:%Y-%m-%d} (-1" in found.detail
    assert it.changes.loc[CLOCK[100]] < -14.0
    assert splits(it) == []


def test_a_jump_that_is_undone_is_a_spike() -> None:
    frame = calm()
    frame.iloc[100, :2] *= 1.5
    assert [(one.check, one.light) for one in jumps(subject(frame))] == [("jump", "green"), ("spike", "amber")]
    assert splits(subject(frame)) == []


def test_a_swing_among_swings_is_no_spike() -> None:
    frame = calm()
    for at in range(90, 112, 2):
        frame.iloc[at:, :2] *= 0.8 if at == 100 else 0.94
        frame.iloc[at + 1 :, :2] *= 1.25 if at == 100 else 1.05
    assert [one.check for one in jumps(subject(frame))] == ["jump"]
    lonely = calm()
    lonely.iloc[100:, :2] *= 0.8
    lonely.iloc[101:, :2] *= 1.25
    assert [one.check for one in jumps(subject(lonely))] == ["jump", "spike"]


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.1, 4.0, 2.0 / 3.0])
def test_an_unadjusted_split_is_red(factor: float) -> None:
    frame = calm()
    frame.iloc[200:, :2] *= factor
    frame.iloc[200:, 2] /= factor
    found = only(splits(subject(frame)))
    assert found.light == "red"
    assert f"on {CLOCK[200]:%Y-%m-%d}" in found.detail
    told = float(found.detail.partition("volume times ")[2].rstrip(")"))
    assert told == pytest.approx(1.0 / factor, rel=0.15)


def test_a_crash_that_is_no_round_ratio_is_no_split() -> None:
    frame = calm()
    frame.iloc[200:, :2] *= np.exp(-0.336)
    assert splits(subject(frame)) == []


def test_a_last_bar_with_little_volume_is_unfinished_unless_the_day_was_short() -> None:
    frame = calm().loc[:"2025-06-27"]
    frame.iloc[-1, 2] = 1e5
    assert "is 10 % of the usual" in only(unfinished_bar(subject(frame))).detail
    short = calm().loc[: EARLY[-1]]
    short.iloc[-1, 2] = 1e5
    assert unfinished_bar(subject(short)) == []


def test_a_bar_read_on_its_own_day_is_unfinished() -> None:
    read = replace(ORIGIN, accessed=CLOCK[-1].date())
    frame = calm()[["close"]]
    assert only(unfinished_bar(subject(frame, BITCOIN, read))).light == "amber"
    next_day = replace(ORIGIN, accessed=date(2025, 7, 1))
    assert unfinished_bar(subject(frame, BITCOIN, next_day)) == []


def test_adjustment_rises_at_dividends_only() -> None:
    frame = calm()
    frame.iloc[:100, 1] *= 0.98
    assert only(adjustment(subject(frame))).detail == "consistent, 1 dividend in the panel"
    frame.iloc[50:100, 1] *= 0.9
    assert only(adjustment(subject(frame))).light == "amber"


def test_an_adjustment_above_one_is_amber() -> None:
    frame = calm()
    frame["adj_close"] *= 1.1
    assert "1.1000, above one" in only(adjustment(subject(frame))).detail


def test_bars_name_closes_outside_the_range_and_idle_days() -> None:
    frame = calm()
    frame["high"], frame["low"] = frame["close"] * 1.01, frame["close"] * 0.99
    frame.iloc[5, 4] = frame.iloc[5, 0] * 1.005
    frame.iloc[7, 2] = 0.0
    assert [(one.check, one.light) for one in bars(subject(frame))] == [
        ("outside the day's range", "amber"),
        ("no volume", "green"),
    ]


def test_values_that_are_not_positive_are_named_where_differences_are_taken() -> None:
    frame = calm()[["close"]]
    frame.iloc[20] = -36.98
    assert f"{CLOCK[20]:%Y-%m-%d}" in only(bars(subject(frame, SPREAD))).detail


def test_clocks_tell_half_days_lags_and_second_choices() -> None:
    lagged = Instrument(id="N", role="conditions", name="N", frequency="weekly", release_lag_days=5)
    weekly = calm()[["close"]].iloc[::5]
    revised = subject(weekly, lagged)
    assert "later revisions are in its history" in only(clocks(revised)).detail
    origin = replace(revised.delivery.origin, adjustment="value as published, first releases")
    unrevised = replace(revised, delivery=replace(revised.delivery, origin=origin))
    assert only(clocks(unrevised)).detail.endswith("each value as first published")
    late = subject(calm(), BITCOIN)
    late = replace(late, delivery=replace(late.delivery, origin=replace(late.delivery.origin, stamp="ny16")))
    assert only(clocks(late)).detail.startswith("taken after the exchange's early close")
    timely = replace(late, delivery=replace(late.delivery, early_closes=late.half_days))
    assert only(clocks(timely)).detail.startswith("taken at the exchange's early close")
    second = subject(calm())
    noted = replace(second, delivery=replace(second.delivery, note="read from b.csv, as a.csv is not in the folder"))
    assert only(clocks(noted)).light == "amber"


def test_findings_come_worst_first_and_give_the_light() -> None:
    frame = calm().drop(CLOCK[-5])
    frame.iloc[200:, :2] *= 0.5
    found = examine(subject(frame))
    assert [one.light for one in found] == sorted((one.light for one in found), key=["red", "amber", "green"].index)
    assert worst(found) == "red"
    assert worst(()) == "green"


def test_dates_in_words() -> None:
    assert named_dates(CLOCK[:2]) == "2024-01-02, 2024-01-03"
    assert named_dates(CLOCK[:9]).endswith("2024-01-08 and 4 more")

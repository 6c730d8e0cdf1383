"""What the real prices hold, found through STUDY_MARKET_DATA."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import Panel, load_panel
from data.study import Study


@pytest.fixture(scope="module")
def panel(main_study: Study, market_folder: Path) -> Panel:
    return load_panel(main_study, market_folder, "2026-05-01")


def change(panel: Panel, base: str, last: str) -> dict[str, float]:
    levels = panel.levels.loc[[base, last]]
    return {
        str(role): float(value) for role, value in (100.0 * (levels.iloc[1] / levels.iloc[0] - 1.0)).round(1).items()
    }


def test_the_short_window_holds_what_is_known_of_it(panel: Panel) -> None:
    short = change(panel, "2026-01-28", "2026-02-06")
    assert (short["metal"], short["miners"], short["growth"], short["market"]) == (-7.9, -13.2, -3.7, -0.7)
    # At 16:00 New York; the UTC close of the same date gives -20.9.
    assert short["crypto"] == pytest.approx(-21.5)
    (utc,) = (one for one in panel.alternatives["crypto"] if one.origin.stamp == "utc00")
    assert 100.0 * (utc.levels["2026-02-06"] / utc.levels["2026-01-28"] - 1.0) == pytest.approx(-20.9, abs=0.05)
    assert change(panel, "2026-01-29", "2026-01-30")["metal"] == -10.3


def test_the_core_is_complete_on_every_session(panel: Panel, main_study: Study) -> None:
    required = [one.role for one in main_study.instruments if one.required]
    assert panel.levels[required].notna().all(axis=None)
    assert (panel.levels.index[0].date(), panel.last_session) == (date(2014, 9, 17), date(2026, 5, 1))
    assert len(panel.levels) == 2923


def test_sums_of_returns_are_total_returns(panel: Panel, main_study: Study) -> None:
    for role in panel.roles:
        level = panel.levels[role].dropna()
        log = main_study.instrument(role).change == "log"
        total = np.log(level.iloc[-1] / level.iloc[0]) if log else level.iloc[-1] - level.iloc[0]
        scale = 1.0 if main_study.instrument(role).change == "difference" else 100.0
        assert panel.returns[role].sum() == pytest.approx(scale * total, abs=1e-8)


def test_oddities_that_are_known_are_found_and_nothing_is_red(panel: Panel, main_study: Study) -> None:
    found = {(one.role, one.check): one for one in panel.quality.findings}
    assert "2015-01-16" in found["credit", "missing sessions"].detail
    assert "at weekends" in found["credit", "values off sessions"].detail
    assert "3 values on no session" in found["dollar", "values off sessions"].detail
    assert "2016-10-10, 2016-11-11" in found["dollar", "missing sessions"].detail
    assert "22 of 2923 sessions" in found["real_yield", "missing sessions"].detail
    assert "2020-04-20" in found["oil", "not positive"].detail
    assert "2026-01-30 (-10.8 %)" in found["metal", "jump"].detail
    assert "2020-03-12" in found["crypto", "jump"].detail
    amber = {one.role for one in panel.quality.findings if one.light != "green"}
    assert amber.isdisjoint(one.role for one in main_study.instruments if one.required)
    assert not any(one.light == "red" for one in panel.quality.findings)
    readings = {
        one.detail.partition(":")[0]: one.light for one in panel.quality.findings if one.check == "second reading"
    }
    assert len(readings) == 8
    assert set(readings.values()) == {"green"}


def test_conditions_are_used_from_their_release_on(panel: Panel) -> None:
    reference = panel.history["conditions"]
    # The value of Friday 2026-01-30 was published on Wednesday 2026-02-04.
    assert panel.levels.loc["2026-02-04", "conditions"] == reference.loc["2026-01-30"]
    assert np.isnan(panel.levels.loc["2026-02-05", "conditions"])
    then = panel.until(date(2026, 2, 8))
    assert then.history["conditions"].index[-1] == pd.Timestamp("2026-01-30")
    assert panel.history["fear"].index[0] == pd.Timestamp("1990-01-02")


def test_cutting_equals_loading(panel: Panel, main_study: Study, market_folder: Path) -> None:
    then, cut = load_panel(main_study, market_folder, "2026-02-08"), panel.until(date(2026, 2, 8))
    pd.testing.assert_frame_equal(then.levels, cut.levels)
    pd.testing.assert_frame_equal(then.returns, cut.returns)
    assert then.source == cut.source == "real data from folder market (CSV files), to 2026-02-06"


def test_loading_is_fast(main_study: Study, market_folder: Path) -> None:
    begin = time.process_time()
    load_panel(main_study, market_folder, "2026-05-01")
    assert time.process_time() - begin < 1.5

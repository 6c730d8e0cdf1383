"""C26: the two-year yield over the short window and around the announcement."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, with_levels, without

from models.claims import Outcome
from models.estimate import Estimate, NotDecidable


def drifting(panel, jump: float, on: str = "2026-01-30") -> pd.Series:
    """A yield that alternates by 2 bp, and jumps once for good (percentage points)."""
    clock = panel.levels.index
    return pd.Series(3.5 + 0.01 * (-1.0) ** np.arange(len(clock)) + jump * (clock >= on), index=clock)


def test_change_and_percentile_by_pandas(panel, study):
    verdict = judged("C26", panel, study)
    yields = 100.0 * panel.levels["short_yield"]
    change = yields["2026-02-06"] - yields["2026-01-28"]
    earlier = [
        round(yields.iloc[end] - yields.iloc[end - 7], 6)
        for end in range(yields.index.get_loc("2026-01-28") - 251, yields.index.get_loc("2026-01-28") + 1)
    ]
    assert verdict.headline.value == pytest.approx(change, abs=1e-5)
    assert verdict.secondary["percentile of the change, short window"].value == pytest.approx(
        100.0 * np.mean(np.array(earlier) <= round(change, 6))
    )
    around = yields["2026-02-03"] - yields["2026-01-27"]
    assert verdict.parts[1].effect.value == pytest.approx(around, abs=1e-5)
    assert verdict.parts[1].effect.n == 5


def test_large_but_not_rare_on_the_sample_is_no_support(panel, study):
    """The sample's truth: +15 bp, at the 87th percentile of the year before: false."""
    verdict = judged("C26", panel, study)
    assert verdict.parts[0].outcome is Outcome.MIXED
    assert verdict.outcome is not Outcome.SUPPORTED


@pytest.mark.parametrize(
    ("jump", "outcome"), [(0.20, Outcome.SUPPORTED), (0.05, Outcome.MIXED), (-0.2, Outcome.NOT_SUPPORTED)]
)
def test_worlds_in_which_it_is_plain(panel, study, jump, outcome):
    assert judged("C26", with_levels(panel, short_yield=drifting(panel, jump)), study).outcome is outcome


def test_stretches_that_disagree_are_mixed(panel, study):
    late = with_levels(panel, short_yield=drifting(panel, 0.20, on="2026-02-05"))
    verdict = judged("C26", late, study)
    assert [part.outcome for part in verdict.parts] == [Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]
    assert verdict.outcome is Outcome.MIXED


def test_bond_holidays_do_not_matter(panel, study):
    holed = panel.levels["short_yield"].copy()
    holed.loc["2026-02-04"] = np.nan
    verdict = judged("C26", with_levels(panel, short_yield=holed), study)
    expected = 100.0 * (holed["2026-02-06"] - holed["2026-01-28"])
    assert verdict.headline.value == pytest.approx(expected, abs=1e-5)
    assert verdict.headline.n == 6


@pytest.mark.parametrize("end", ["2026-01-27", "2026-02-03", "2026-02-05"])
def test_a_yield_that_ends_early_is_not_testable(panel, study, end):
    cut = drifting(panel, 0.20).loc[:end]
    verdict = judged("C26", with_levels(panel, short_yield=cut), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert f"ends on {end}, before the window's last session 2026-02-06" in verdict.reason


def test_readings_of_series_that_end_early_are_refused(panel, study):
    cut = {role: panel.levels[role].loc[:"2026-02-03"] for role in ("real_yield", "dollar")}
    units = {**panel.units, "real_yield": "bp"}
    verdict = judged("C26", with_levels(replace(panel, units=units), **cut), study)
    for what in ("real yield", "dollar"):
        assert "ends on 2026-02-03" in verdict.secondary[f"change of the {what}, short window"].reason
    specifications = {one.label: one.estimate for one in verdict.specifications}
    assert isinstance(specifications["real yield, short window"], NotDecidable)
    assert isinstance(specifications["real yield, short window, end −3 sessions"], Estimate)


def test_gates(panel, study):
    assert judged("C26", without(panel, "short_yield"), study).outcome is Outcome.NOT_TESTABLE
    young = panel.levels["short_yield"].where(panel.levels.index > "2025-06-01")
    verdict = judged("C26", with_levels(panel, short_yield=young), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "252" in verdict.reason


def test_moved_windows_are_listed_and_missing_real_yield_is_named(panel, study):
    verdict = judged("C26", without(panel, "real_yield"), study)
    labels = [one.label for one in verdict.specifications]
    assert "short yield, short window, base −3 sessions" in labels
    assert sum("real yield" in str(one.estimate) or "real_yield" in str(one.estimate) for one in verdict.specifications)
    assert verdict.share is not None


def test_the_study_file_says_with_how_much_of_the_past_a_change_is_compared(panel, study):
    levels = panel.levels["short_yield"].dropna()
    for history in (60, 252):
        reason = judged("C26", panel, study, history=history).parts[0].reason
        change = levels.loc[:"2026-02-06"].iloc[-1] - levels.loc[:"2026-01-28"].iloc[-1]
        sessions = len(levels.loc["2026-01-29":"2026-02-06"])
        earlier = levels.diff(sessions).loc[:"2026-01-28"].iloc[-history:]
        place = 100.0 * float((earlier.round(8) <= round(change, 8)).mean())
        assert f"percentile {place:.0f} of the {history} changes over {sessions} sessions before" in reason

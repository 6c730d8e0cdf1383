"""What facts share: whether a series still speaks at the end of a window."""

from dataclasses import replace

import pandas as pd
import pytest
from claim_cases import case_of, with_levels

from models.claims.facts import ended
from models.estimate import NotDecidable

LAST = pd.Timestamp("2026-02-06")


@pytest.mark.parametrize("role", ["short_yield", "credit", "metal", "conditions"])
def test_what_reaches_the_last_session_has_not_ended(panel, study, role):
    assert ended(case_of("C25", panel, study), role, LAST) is None


def test_a_daily_series_needs_a_value_on_the_session(panel, study):
    cut = with_levels(panel, metal=panel.levels["metal"].loc[:"2026-02-05"])
    answer = ended(case_of("C25", cut, study), "metal", LAST)
    assert isinstance(answer, NotDecidable)
    assert answer.reason == "Gold ends on 2026-02-05, before the window's last session 2026-02-06"
    assert ended(case_of("C25", cut, study), "metal", pd.Timestamp("2026-02-05")) is None


def test_a_weekly_series_may_be_as_old_as_the_next_release(panel, study):
    released = panel.levels["conditions"].loc[:LAST].dropna().index
    cut = replace(panel, levels=panel.levels.assign(conditions=panel.levels["conditions"].loc[: released[-2]]))
    assert isinstance(ended(case_of("C25", cut, study), "conditions", LAST), NotDecidable)
    assert ended(case_of("C25", cut, study), "conditions", released[-2] + pd.Timedelta(days=6)) is None


def test_a_series_without_any_value(panel, study):
    none = with_levels(panel, metal=panel.levels["metal"].iloc[:0])
    assert "no value up to 2026-02-06" in ended(case_of("C25", none, study), "metal", LAST).reason

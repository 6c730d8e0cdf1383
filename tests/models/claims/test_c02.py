"""C02: what the event study needs of its series."""

import pytest
from claim_cases import judged, with_levels

from models.claims import Outcome


@pytest.mark.parametrize("role", ["metal", "miners", "crypto", "market", "dollar", "real_yield"])
def test_a_series_that_ends_inside_the_window_is_named(panel, study, role):
    cut = panel.levels[role].loc[:"2026-02-04"]
    verdict = judged("C02", with_levels(panel, **{role: cut}), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert f"{role} on 2026-02-04" in verdict.reason


def test_fans_run_from_zero_to_the_abnormal_returns(panel, study):
    verdict = judged("C02", panel, study)
    assert len(verdict.exhibits) == 6
    for exhibit in verdict.exhibits:
        assert exhibit.frame.iloc[0].tolist() == [0.0, 0.0, 0.0]
        total = verdict.secondary[exhibit.name]
        last = exhibit.frame.iloc[-1]
        assert last.tolist() == pytest.approx([total.value, total.lower, total.upper])
    short = verdict.exhibits[0].frame
    width = short["upper"] - short["lower"]
    assert width.is_monotonic_increasing

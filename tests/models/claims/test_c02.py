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

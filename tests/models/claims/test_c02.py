"""C02: what the event study needs of its series."""

import numpy as np
import pytest
from claim_cases import case_of, judged, with_levels
from made_up import noise, with_returns

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


@pytest.mark.parametrize(
    ("metal", "a_day", "others", "outcome", "words"),
    [
        (1.0, 0.8, -30.0, Outcome.SUPPORTED, "held"),
        (-0.9, 0.8, -30.0, Outcome.SUPPORTED, "held"),
        (-1.5, 0.8, -30.0, Outcome.MIXED, "fell a little"),
        (-1.5, 0.2, -0.5, Outcome.NOT_SUPPORTED, "contradict"),
        (-3.0, 0.8, -30.0, Outcome.NOT_SUPPORTED, "it did not diverge"),
        (1.0, 0.8, 2.0, Outcome.NOT_TESTABLE, "did not both fall"),
    ],
)
def test_what_gold_and_the_others_did_decides(panel, study, metal, a_day, others, outcome, words):
    """Series unrelated to the factors with the given moves (percent) over the short window; the others are wilder."""
    window = case_of("C02", panel, study).sessions("short")
    moved = {"metal": noise(panel, 1, a_day), "crypto": noise(panel, 2, 3.0), "miners": noise(panel, 3, 3.0)}
    for role, series in moved.items():
        wanted = 100.0 * np.log1p((metal if role == "metal" else others) / 100.0)
        series.loc[window] = wanted / len(window)
    part = judged("C02", with_returns(panel, **moved), study).parts[0]
    assert part.outcome is outcome
    assert words in (part.reason if outcome is not Outcome.NOT_TESTABLE else str(part.effect))

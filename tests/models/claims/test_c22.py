"""C22: what its percentile parts need of their series."""

from dataclasses import replace

import pandas as pd
import pytest
from claim_cases import judged

from models.claims import Outcome, c22_risk_off_state
from models.claims.verdict import Verdict
from models.estimate import Estimate, NotDecidable


def part_of(verdict: Verdict, words: str):
    return next(part for part in verdict.parts if words in part.label)


@pytest.mark.parametrize("end", ["2026-01-15", "2026-02-03"])
@pytest.mark.parametrize(("role", "words"), [("fear", "fear index"), ("credit", "credit spread")])
def test_a_series_that_ends_early_is_not_testable(panel, study, suite, role, words, end):
    ended = replace(panel, levels=panel.levels.assign(**{role: panel.levels[role].loc[:end]}))
    part = part_of(judged("C22", ended, study, suite), words)
    assert part.outcome is Outcome.NOT_TESTABLE
    assert f"ends on {end}" in part.reason
    assert part_of(judged("C22", panel, study, suite), words).outcome is not Outcome.NOT_TESTABLE


def test_a_state_that_is_not_known_in_the_window_is_not_testable(panel, study, suite):
    early = replace(suite.regimes, index=suite.regimes.index - pd.Timedelta(days=30))
    verdict = judged("C22", panel, study, replace(suite, regimes=early))
    assert isinstance(verdict.headline, NotDecidable)
    assert part_of(verdict, "turbulent").outcome is Outcome.NOT_TESTABLE
    assert "the reference series end on 2026-01-07" in part_of(verdict, "turbulent").reason


@pytest.mark.parametrize(
    ("value", "upper", "outcome"),
    [
        (0.10, 0.25, None),
        (0.10, 0.31, Outcome.INCONCLUSIVE),
        (0.50, 0.52, Outcome.INCONCLUSIVE),
        (0.69, 0.75, Outcome.INCONCLUSIVE),
        (0.70, 0.75, None),
    ],
)
def test_a_probability_near_one_half_leaves_the_state_open(value, upper, outcome):
    state = Estimate(value, 0.01, value - 0.02, upper, 0.95, 7, "probability", "")
    ruling = c22_risk_off_state._open_state(state, 0.2)
    assert (None if ruling is None else ruling.outcome) is outcome
    if ruling is not None:
        assert "between a probability of 0.3 and one of 0.7" in ruling.reason

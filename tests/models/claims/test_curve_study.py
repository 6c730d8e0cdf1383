"""The joint tests of the curves: their nulls reach what they say, and the long study fills its table."""

from __future__ import annotations

import numpy as np
import pytest
from claim_cases import case_of

from models.claims import curve_study
from models.claims.curve_study import NULLS, QUOTED, drawn_p_value, drawn_records, joint_tests, observed_record
from models.claims.power_studies import JudgedInputs
from models.estimate import Estimate
from models.long_study import LongResult


@pytest.mark.parametrize("claim_id", sorted(NULLS))
def test_every_alternative_that_can_be_measured_moves_under_the_null(claim_id, panel, study, suite) -> None:
    case, null = case_of(claim_id, panel, study, suite), NULLS[claim_id]
    observed = {one.label: one.estimate for one in null.observed(case)}
    (drawn,) = null.drawn(case, [3])
    pairs = [(observed[one.label], one.estimate) for one in drawn if one.label in observed]
    both = [
        (before.value, after.value)
        for before, after in pairs
        if isinstance(before, Estimate) and isinstance(after, Estimate)
    ]
    assert len(both) >= 2
    assert all(before != after for before, after in both)


def test_the_long_study_fills_its_table_and_is_kept(panel, study, suite, verdicts, monkeypatch) -> None:
    monkeypatch.setattr(curve_study, "SAMPLES", 3)
    monkeypatch.setattr(curve_study, "PIECE", 2)
    kept = study.model_copy(update={"claims": {name: study.claims[name] for name in ("C05", "C10")}})
    pieces = {}
    inputs = JudgedInputs(panel, kept, suite, 1, lambda _: None, pieces, (verdicts["C05"], verdicts["C10"]))
    found = joint_tests(inputs)
    assert [row[0] for row in found.rows] == ["C05"]
    assert all(0.25 <= p <= 1.0 for p in found.rows[0][6:9])
    assert found.rows[0][2] <= found.rows[0][3]
    assert set(pieces) == {"curve-C05-observed", "curve-C05-0", "curve-C05-2"}
    assert LongResult.from_record(found.record()) == found
    assert drawn_p_value(found, "C05") == found.rows[0][found.columns.index(QUOTED)]
    assert drawn_p_value(found, "C10") is None
    assert drawn_p_value(LongResult(("claim", "p"), (("C05", 0.1),), (), "by other code"), "C05") is None


def test_the_same_seed_draws_the_same_curve(panel, study, suite) -> None:
    case, null = case_of("C05", panel, study, suite), NULLS["C05"]
    first, again, other = (drawn_records(null, case, [seed])[0]["statistics"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first != other
    assert observed_record(null, case)["count"] >= 2

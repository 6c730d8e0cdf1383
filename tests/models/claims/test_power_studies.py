"""Planted effects: they have the planted size, none is found where none was planted, and large ones are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, claim

from models.claims import power_studies
from models.claims.planting import PLANTINGS
from models.claims.power_studies import JudgedInputs, Planted, magnitude, planted_samples, power
from models.claims.verdict import Outcome
from models.stress import fear_stress

SAMPLES = 12


@pytest.mark.parametrize("claim_id", sorted(PLANTINGS))
def test_the_mean_estimate_moves_with_what_is_planted(claim_id, panel, study, suite) -> None:
    case = case_of(claim_id, panel, study, suite)
    none, some = (planted_samples(claim(claim_id), case, size, 1, SAMPLES) for size in (0.0, 2.0))
    assert some.effect == 2.0 * case.thresholds[PLANTINGS[claim_id].size]
    spread = np.std(none.estimates) / np.sqrt(SAMPLES)
    assert abs(np.mean(none.estimates)) < 4.0 * spread
    assert np.mean(some.estimates) - np.mean(none.estimates) == pytest.approx(some.effect, rel=0.15)
    assert some.share >= none.share


def test_the_planted_correlation_is_exact_over_many_draws(panel, study, suite) -> None:
    case = case_of("C03", panel, study, suite)
    labels = fear_stress(case.panel, study.stress).loc[case.full_residuals().index].to_numpy(dtype=bool)
    upper = np.triu_indices(case.full_residuals().shape[1], 1)

    def rise(seed: int) -> float:
        rows = PLANTINGS["C03"].plant(case, 0.2, seed).full_residuals().to_numpy()
        stressed, calm = (np.corrcoef(rows[part], rowvar=False)[upper].mean() for part in (labels, ~labels))
        return stressed - calm

    assert np.mean([rise(seed) for seed in range(150)]) == pytest.approx(0.2, abs=0.02)


def test_the_planted_slope_is_exact_for_least_squares(panel, study, suite) -> None:
    case = case_of("C11", panel, study, suite)

    def slope(seed: int) -> float:
        returns = PLANTINGS["C11"].plant(case, 0.6, seed).panel.returns.loc[case.sessions("full")]
        both = returns[["miners", "market"]].dropna()
        return float(np.cov(both.T)[0, 1] / both["market"].var())

    assert np.mean([slope(seed) for seed in range(200)]) == pytest.approx(0.6, abs=0.03)


def test_what_is_not_planted_stays(panel, study, suite) -> None:
    case = case_of("C15", panel, study, suite)
    planted = PLANTINGS["C15"].plant(case, 0.1, 3)
    others = [role for role in panel.returns.columns if role != "miners"]
    pd.testing.assert_frame_equal(planted.panel.returns[others], panel.returns[others])
    assert not np.allclose(planted.panel.returns["miners"], panel.returns["miners"], equal_nan=True)


def test_findings_are_measured_against_what_was_planted() -> None:
    sample = Planted(0.5, (1.0, 0.2, -2.0), (True, False, True))
    assert sample.share == pytest.approx(2.0 / 3.0)
    assert sample.magnitude == pytest.approx(3.0)
    assert Planted(0.0, (1.0,), (True,)).magnitude is None
    assert Planted(0.5, (1.0,), (False,)).magnitude is None


def test_the_long_studies_fill_their_tables(panel, study, suite, verdicts, monkeypatch) -> None:
    monkeypatch.setattr(power_studies, "SAMPLES", 3)
    monkeypatch.setattr(power_studies, "RESAMPLES", 99)
    part = replace(verdicts["C03"].parts[0], outcome=Outcome.SUPPORTED)
    supported = replace(verdicts["C03"], outcome=Outcome.SUPPORTED, parts=(part,))
    kept = study.model_copy(update={"claims": {name: study.claims[name] for name in ("C03", "C10")}})
    inputs = JudgedInputs(panel, kept, suite, 1, lambda _: None, {}, (supported, verdicts["C10"]))
    found = power(inputs)
    assert [row[0] for row in found.rows] == ["C03"]
    assert all(0.0 <= share <= 100.0 for share in found.rows[0][2:7])
    assert found.sentences[0].startswith("C03: an effect of 0.1 is found in")
    worth = magnitude(inputs)
    assert worth.rows[0][0].startswith("C03: ")
    assert worth.rows[0][4] > 1.0
    assert "overstate it by up to" in worth.sentences[0]

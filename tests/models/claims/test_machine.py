"""The verdict machine on the bundled sample: independent recomputation, seeds, gates, roles and thresholds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from data import load_study
from data.errors import StudyFileError
from data.study import Study
from models.claims import Outcome, judge_all
from models.claims.machine import claim_seed_of
from models.claims.registry import CLAIMS
from models.estimate import Estimate
from models.inference.multiplicity import holm

ROOT = Path(__file__).resolve().parents[3]


def changed(study: Study, **claims) -> Study:
    """The study with some claims replaced."""
    return study.model_copy(update={"claims": {**study.claims, **claims}})


def with_thresholds(study: Study, claim_id: str, **thresholds) -> Study:
    claim = study.claims[claim_id]
    return changed(study, **{claim_id: claim.model_copy(update={"thresholds": {**claim.thresholds, **thresholds}})})


def test_every_claim_with_code_is_judged_in_order(panel, suite):
    whole = load_study(ROOT / "study.toml")
    verdicts = judge_all(panel, whole, suite=suite, quick=True)
    assert [verdict.id for verdict in verdicts] == [claim.id for claim in CLAIMS]
    assert all(verdict.data_kind == "simulated" for verdict in verdicts)
    assert all(verdict.reason.endswith(".") for verdict in verdicts)


def test_c10_beta_by_statsmodels(panel, verdicts):
    rows = panel.returns.loc["2015-01-02":, ["miners", "metal"]].dropna()
    reference = sm.OLS(rows["miners"], sm.add_constant(rows["metal"])).fit()
    assert verdicts["C10"].headline.value == pytest.approx(reference.params["metal"], rel=1e-10)


def test_c03_difference_by_pandas(panel, suite, verdicts):
    z = suite.std_residuals.loc["2015-01-02":]
    vix = panel.history["fear"]
    label = (vix > vix.expanding(min_periods=252).quantile(0.9)).reindex(panel.levels.index, method="ffill")
    stress = label.shift(1).reindex(z.index).astype(bool)
    upper = np.triu_indices(z.shape[1], 1)
    by_hand = z[stress].corr().to_numpy()[upper].mean() - z[~stress].corr().to_numpy()[upper].mean()
    assert verdicts["C03"].headline.value == pytest.approx(by_hand, rel=1e-10)


def test_c05_and_c06_by_pandas(suite, verdicts):
    z = suite.std_residuals
    inside = z.loc["2025-10-07":"2026-02-06"].corr()
    start = z.index.searchsorted(pd.Timestamp("2025-10-07"))
    before = z.iloc[start - 252 : start].corr()
    weakening = before.loc["crypto", "metal"] - inside.loc["crypto", "metal"]
    assert verdicts["C05"].parts[0].effect.value == pytest.approx(weakening, rel=1e-10)
    rise, gap = (part.effect.value for part in verdicts["C06"].parts)
    assert rise == pytest.approx(inside.loc["crypto", "growth"] - before.loc["crypto", "growth"], rel=1e-10)
    assert gap == pytest.approx(inside.loc["crypto", "growth"] - inside.loc["crypto", "metal"], rel=1e-10)


def test_c02_return_by_hand(panel, verdicts):
    gold = panel.levels["metal"]
    by_hand = 100 * (gold["2026-02-06"] / gold["2026-01-28"] - 1)
    assert verdicts["C02"].headline.value == pytest.approx(by_hand, rel=1e-10)


def test_c22_mean_probability_by_hand(suite, verdicts):
    filtered = suite.stress_probability["filtered"].loc["2026-01-29":"2026-02-06"]
    assert verdicts["C22"].headline.value == pytest.approx(filtered.mean(), rel=1e-10)


def test_holm_is_applied_within_the_family(verdicts, six):
    family = [verdict for verdict in verdicts.values() if six.claims[verdict.id].family == "dependence"]
    expected = holm([verdict.p_value for verdict in family])
    assert [verdict.p_holm for verdict in family] == pytest.approx(expected)
    assert verdicts["C02"].p_holm is None


def test_same_seed_same_verdicts_and_other_seed_same_estimates(panel, six, suite, verdicts):
    again = {verdict.id: verdict for verdict in judge_all(panel, six, suite=suite, quick=True)}
    other = {verdict.id: verdict for verdict in judge_all(panel, six, suite=suite, quick=True, seed=5)}
    for claim_id, verdict in verdicts.items():
        assert again[claim_id].headline == verdict.headline
        assert again[claim_id].p_value == verdict.p_value
        assert other[claim_id].headline.value == verdict.headline.value
        assert other[claim_id].seed != verdict.seed


def test_a_claims_seed_does_not_depend_on_the_others():
    assert claim_seed_of(1, "C03") == 4010755824
    assert len({claim_seed_of(1, claim.id) for claim in CLAIMS}) == len(CLAIMS)


def test_a_threshold_moves_the_verdict_it_belongs_to_and_no_other(panel, six, suite, verdicts):
    value = verdicts["C10"].headline.value
    moved = with_thresholds(six, "C10", low=value - 0.5, high=value + 0.5)
    after = {verdict.id: verdict for verdict in judge_all(panel, moved, suite=suite, quick=True)}
    assert verdicts["C10"].outcome is not Outcome.SUPPORTED
    assert after["C10"].outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    for claim_id in set(after) - {"C10"}:
        assert after[claim_id].outcome is verdicts[claim_id].outcome


def test_unknown_threshold_is_named(panel, six, suite):
    odd = with_thresholds(six, "C10", lowest=1.0)
    with pytest.raises(StudyFileError, match="lowest"):
        judge_all(panel, odd, suite=suite, quick=True)


def test_missing_role_makes_its_claims_not_testable(panel, six, suite):
    without = panel.__class__(**{**vars(panel), "returns": panel.returns.drop(columns="fear")})
    after = {verdict.id: verdict for verdict in judge_all(without, six, suite=suite, quick=True)}
    assert after["C03"].outcome is Outcome.NOT_TESTABLE
    assert "fear" in after["C03"].reason
    assert after["C10"].outcome is not Outcome.NOT_TESTABLE


def test_data_that_end_before_the_window_make_its_claims_not_testable(panel, six):
    early = panel.until(pd.Timestamp("2026-02-04").date())
    after = {verdict.id: verdict for verdict in judge_all(early, six, quick=True)}
    for claim_id in ("C02", "C05", "C06", "C22"):
        assert after[claim_id].outcome is Outcome.NOT_TESTABLE
        assert "2026-02-04" in after[claim_id].reason
    assert isinstance(after["C10"].headline, Estimate)


def test_disabled_claims_are_not_judged(panel, six, suite):
    off = six.claims["C10"].model_copy(update={"enabled": False})
    two = six.model_copy(update={"claims": {"C10": off, "C22": six.claims["C22"]}})
    assert [verdict.id for verdict in judge_all(panel, two, suite=suite, quick=True)] == ["C22"]


def test_two_workers_say_the_same_as_one(panel, six, suite, verdicts):
    after = {verdict.id: verdict for verdict in judge_all(panel, six, suite=suite, quick=True, workers=2)}
    assert {claim_id: verdict.headline for claim_id, verdict in after.items()} == {
        claim_id: verdict.headline for claim_id, verdict in verdicts.items()
    }


def test_conjunctive_parts_bear_the_correction_in_proportion(verdicts):
    c06 = verdicts["C06"]
    assert c06.p_value == max(part.p_value for part in c06.parts)

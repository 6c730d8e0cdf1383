"""C21: Bitcoin after improvements, and the miners in gold's rallies."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, judged, without
from made_up import noise, with_returns

from models.claims import Outcome
from models.claims.c21_recoveries import improved

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C21", panel, study)


def forward_difference(panel, sign: str, span: int) -> float:
    levels = panel.levels[sign].ffill()
    better = (levels < levels.shift(span)).loc["2015-01-02":]
    crypto = panel.returns["crypto"].loc["2015-01-02":]
    ahead = crypto[::-1].rolling(21).sum()[::-1].shift(-1).dropna()
    better = better.loc[ahead.index]
    return float(ahead[better].mean() - ahead[~better].mean())


def test_forward_differences_by_pandas(panel, verdict):
    for sign, span in (("conditions", 20), ("credit", 21), ("fear", 21)):
        label = f"Bitcoin in the next 21 sessions after {panel.names[sign]} improved, against others"
        assert verdict.secondary[label].value == pytest.approx(forward_difference(panel, sign, span), abs=1e-9)


def test_up_capture_by_pandas(panel, verdict):
    quarter = panel.returns[["miners", "metal"]].loc["2015-01-02":].rolling(63).sum().dropna()
    rally = quarter[quarter["metal"] >= 100.0 * np.log(1.05)].sum()
    assert verdict.parts[1].effect.value + 1.0 == pytest.approx(rally["miners"] / rally["metal"])


def test_agrees_with_the_samples_truth(verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C21"]["status"] == "false"
    assert verdict.outcome in (Outcome.NOT_SUPPORTED, Outcome.INCONCLUSIVE)
    population = truth["population"]
    assert verdict.parts[1].effect.contains(population["up_capture.miners"]["value"] - 1.0)
    for part in verdict.secondary:
        if "after VIX improved" in part:
            assert verdict.secondary[part].contains(population["recovery.crypto.fear"]["value"])


def recovering(panel, study, gain: float, volatility: float):
    """Bitcoin gains `gain` percent a session after credit has improved; the miners double gold."""
    better = improved(case_of("C21", panel, study), "credit").reindex(panel.returns.index).shift(1).fillna(0.0)
    crypto = gain * better + noise(panel, 6, volatility)
    miners = 2.0 * panel.returns["metal"] + noise(panel, 7, 0.3)
    return with_returns(panel, crypto=crypto, miners=miners)


def test_a_world_with_both(panel, study):
    verdict = judged("C21", recovering(panel, study, 1.0, 1.0), study)
    assert verdict.outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    assert panel.names["credit"] in verdict.parts[0].label
    assert verdict.parts[0].effect.lower > 0.0
    assert verdict.parts[1].outcome is Outcome.SUPPORTED


def test_a_world_with_neither(panel, study):
    crypto = noise(panel, 8, 0.8)
    miners = 0.8 * panel.returns["metal"] + noise(panel, 9, 0.2)
    verdict = judged("C21", with_returns(panel, crypto=crypto, miners=miners, junior_miners=miners), study)
    assert [part.outcome for part in verdict.parts] == [Outcome.NOT_SUPPORTED] * 2


def test_three_looks_widen_the_interval(verdict):
    effect = verdict.parts[0].effect
    plain = max(
        (one for label, one in verdict.secondary.items() if label.endswith("against others")),
        key=lambda one: -abs(one.value - effect.value),
    )
    assert effect.upper - effect.lower > 1.1 * (plain.upper - plain.lower)
    assert (verdict.parts[0].p_value < 0.05) == (effect.lower > 0.0 or effect.upper < 0.0)


def test_gates(panel, study):
    assert judged("C21", without(panel, "fear"), study).outcome is Outcome.NOT_TESTABLE
    alone = judged("C21", without(panel, "conditions", "credit"), study)
    assert panel.names["fear"] in alone.parts[0].label
    flat = with_returns(panel, metal=panel.returns["metal"] * 0.01)
    verdict = judged("C21", flat, study)
    assert verdict.outcome in (Outcome.NOT_TESTABLE, Outcome.NOT_SUPPORTED)
    assert verdict.parts[1].outcome is Outcome.NOT_TESTABLE


def test_improvement_is_unknown_before_its_history(panel, study):
    known = improved(case_of("C21", panel, study), "fear")
    assert known.iloc[:21].isna().all()
    assert set(pd.unique(known.dropna())) <= {0.0, 1.0}


def test_the_study_file_says_over_how_many_sessions_a_sign_must_have_fallen(panel, study):
    longer = replace(case_of("C21", panel, study), thresholds={**study.claims["C21"].thresholds, "fear_sessions": 63.0})
    fear = panel.levels["fear"].ffill()
    wanted = (fear.diff(63) < 0.0)[63:].astype(float)
    pd.testing.assert_series_equal(improved(longer, "fear").dropna(), wanted, check_names=False, check_freq=False)

"""C23: gold's losses on the market's worst sessions, raw and scaled, and its slope there."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, judged, without
from made_up import noise, with_returns

from models.claims.c23_gold_stabilises import against_the_better
from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling
from models.tails import marginal_expected_shortfall

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def verdict(panel, study, suite):
    return judged("C23", panel, study, suite)


@pytest.fixture(scope="module")
def rows(panel):
    return panel.returns.loc["2015-01-02":, ["metal", "crypto", "miners", "market"]].dropna()


def test_differences_by_pandas(rows, verdict):
    worst = rows[rows["market"] <= rows["market"].quantile(0.05)].mean()
    scaled = worst / rows.std()
    rivals = ["crypto", "miners"]
    assert verdict.parts[0].effect.value == pytest.approx(worst["metal"] - worst[rivals].max(), rel=1e-9)
    assert verdict.parts[1].effect.value == pytest.approx(scaled["metal"] - scaled[rivals].max(), rel=1e-9)


def test_limits_are_those_of_the_weaker_comparison(rows):
    tails = marginal_expected_shortfall(rows, "market", Resampling(0.95, 199, (5, 40), 3))
    both = [tails.difference("metal", rival) for rival in ("crypto", "miners")]
    effect, p_value = against_the_better(tails, scaled=False)
    assert effect.lower == min(one.lower for one, _ in both)
    assert effect.upper == min(one.upper for one, _ in both)
    assert p_value == max(p for _, p in both)


def test_the_sample_holds_what_it_was_drawn_from(verdict):
    population = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))["population"]
    shortfall = {role: population[f"shortfall.{role}"]["value"] for role in ("metal", "crypto", "miners")}
    daily = {role: population[f"annual_volatility.{role}"]["value"] / np.sqrt(252) for role in shortfall}
    raw, scaled, room = (part.effect for part in verdict.parts)
    assert raw.contains(shortfall["metal"] - shortfall["miners"])
    ratios = {role: shortfall[role] / daily[role] for role in shortfall}
    assert scaled.contains(ratios["metal"] - max(ratios["crypto"], ratios["miners"]))
    assert room.contains(0.10 - population["tail_beta.metal"]["value"])


def test_the_safe_haven_part_is_an_equivalence(verdict):
    slope = verdict.secondary["slope in the market's worst 5 %"]
    room = verdict.parts[2].effect
    assert (room.lower, room.upper) == pytest.approx((0.10 - slope.upper, 0.10 - slope.lower))
    assert (verdict.parts[2].outcome is Outcome.SUPPORTED) == (slope.upper < 0.10)


def test_a_stabiliser_is_supported_and_a_calm_share_is_not(panel, study, suite):
    plain = study.model_copy(update={"crises": ()})
    market = panel.returns["market"]
    rivals = {"crypto": 1.5 * market + noise(panel, 1, 2.5), "miners": 1.0 * market + noise(panel, 2, 1.0)}
    stabiliser = with_returns(panel, metal=-0.2 * market + noise(panel, 3, 0.6), **rivals)
    calm_share = with_returns(panel, metal=0.3 * market + noise(panel, 4, 0.1), **rivals)
    found = judged("C23", stabiliser, plain, suite)
    assert [part.outcome for part in found.parts] == [Outcome.SUPPORTED] * 3
    assert found.outcome is Outcome.SUPPORTED
    refused = judged("C23", calm_share, plain, suite)
    assert refused.parts[0].effect.lower > 0.0, "it loses least in percent"
    assert refused.parts[1].outcome is Outcome.NOT_SUPPORTED, "and most in units of its own volatility"
    assert refused.outcome is Outcome.NOT_SUPPORTED


def test_variance_saved_by_pandas(panel, suite, verdict):
    rows = panel.returns.loc["2015-01-02":, ["market", "treasuries", "metal"]].dropna()
    chosen = rows[suite.stress.reindex(rows.index).astype(bool)]
    before = 0.6 * chosen["market"] + 0.4 * chosen["treasuries"]
    after = 0.9 * before + 0.1 * chosen["metal"]
    reading = verdict.secondary["fall of variance by a tenth of gold, in stress"]
    assert reading.value == pytest.approx(100 * (1 - after.var() / before.var()), rel=1e-9)


def test_missing_series_leave_the_rest(panel, study, suite):
    assert "miners" in judged("C23", without(panel, "miners"), study, suite).reason
    bare = judged("C23", without(panel, "treasuries", "fear"), study, suite)
    assert isinstance(bare.secondary["fall of variance by a tenth of gold, in stress"], NotDecidable)
    assert isinstance(bare.headline, Estimate)
    assert "days of stress by the fear index" not in [one.label for one in bare.specifications]


def test_too_few_worst_sessions_are_not_testable(panel, study, suite):
    start = pd.Timestamp("2025-10-06").date()
    windows = {**study.windows, "full": study.windows["full"].model_copy(update={"base": start})}
    short = study.model_copy(update={"windows": windows})
    verdict = judged("C23", panel, short, suite)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert case_of("C23", panel, short, suite).sessions("full").size < 100

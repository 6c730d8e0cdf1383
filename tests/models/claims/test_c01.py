"""C01: the joint fall, its return period, and its excess over chance."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, with_levels, without

from models.claims import Outcome
from models.claims import c01_joint_fall as c01
from models.estimate import Estimate, NotDecidable

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(autouse=True)
def _few_paths(monkeypatch):
    monkeypatch.setattr(c01, "PATHS", 20_000)
    monkeypatch.setattr(c01, "DRAWS", 10)
    monkeypatch.setattr(c01, "BESIDE_PATHS", 200)
    monkeypatch.setattr(c01, "BESIDE_DRAWS", 2)


@pytest.fixture(scope="module")
def truth():
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


def pair(panel, correlation: float, shock: float, scale: float, late: float = 1.0) -> dict[str, pd.Series]:
    """Two prices with a given correlation, `late` times as volatile in the last weeks before the event.

    On the last seven sessions both lose `shock` percent (log) in total.
    """
    clock = panel.levels.index
    scale = np.where(clock > "2025-12-15", late * scale, scale)
    generator = np.random.default_rng(4)
    common = generator.standard_normal(len(clock))
    returns = {}
    for role in ("crypto", "miners"):
        own = generator.standard_normal(len(clock))
        returns[role] = scale * (np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own)
        returns[role][clock > "2026-01-28"] = -shock / 7.0
    return {role: pd.Series(100.0 * np.exp(np.cumsum(one) / 100.0), index=clock) for role, one in returns.items()}


def test_falls_and_episodes_by_pandas(panel, study):
    verdict = judged("C01", panel, study)
    ends = panel.levels.loc[["2026-01-28", "2026-02-06"], ["crypto", "miners"]]
    moves = 100.0 * (ends.iloc[1] / ends.iloc[0] - 1.0)
    assert verdict.headline.value == pytest.approx(-moves.max(), rel=1e-10)
    returns = np.log(panel.levels[["crypto", "miners"]]).diff().loc["2015-01-02":"2026-01-28"]
    sums = returns.rolling(7).sum()
    fallen = (np.expm1(sums) <= -0.10).all(axis=1).to_numpy()
    count, free_from = 0, 0
    for at in range(len(fallen)):
        if fallen[at] and at >= free_from:
            count, free_from = count + 1, at + 7
    assert verdict.n_events == count
    assert verdict.parts[1].effect.value == pytest.approx(len(returns) / 252.0 / count)


def test_history_holds_the_samples_truth(panel, study, truth):
    verdict = judged("C01", panel, study)
    assert truth["claims"]["C01"]["status"] != "false"
    assert verdict.outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    ratio = verdict.secondary["joint falls in history over the product of the single shares"]
    assert ratio.contains(truth["population"]["joint_fall.ratio"]["value"])


def test_plainly_true(panel, study):
    """Two closely tied assets, calm for years and lively of late: the fall is rare, and the tie makes it likelier."""
    verdict = judged("C01", with_levels(panel, **pair(panel, 0.6, 14.0, 1.0, late=4.5)), study)
    assert [part.outcome for part in verdict.parts] == [Outcome.SUPPORTED] * 3
    assert verdict.outcome is Outcome.SUPPORTED
    assert verdict.parts[2].effect.lower > np.log(1.5)


def test_two_unrelated_volatile_assets_are_mixed(panel, study):
    verdict = judged("C01", with_levels(panel, **pair(panel, 0.0, 14.0, 4.0)), study)
    assert verdict.parts[0].outcome is Outcome.SUPPORTED
    assert verdict.parts[1].outcome is Outcome.NOT_SUPPORTED
    assert verdict.parts[2].effect.value == pytest.approx(0.0, abs=0.25)
    assert verdict.outcome is Outcome.MIXED


def test_plainly_false(panel, study):
    verdict = judged("C01", with_levels(panel, **pair(panel, 0.5, 5.0, 2.0)), study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_threshold_moves_the_verdict(panel, study):
    assert judged("C01", panel, study, fall=18.0).outcome is Outcome.NOT_SUPPORTED


def test_gates(panel, study):
    assert judged("C01", without(panel, "miners"), study).outcome is Outcome.NOT_TESTABLE
    early = judged("C01", panel.until(pd.Timestamp("2026-02-03").date()), study)
    assert early.outcome is Outcome.NOT_TESTABLE


def test_window_moves_and_both_kinds_of_miners_are_listed(panel, study):
    verdict = judged("C01", panel, study)
    labels = [one.label for one in verdict.specifications]
    assert len(labels) == len(set(labels)) == 39
    basket = next(one for one in verdict.specifications if one.label == "both kinds of miners, short window")
    ends = panel.levels.loc[["2026-01-28", "2026-02-06"]]
    moves = 100.0 * (ends.iloc[1] / ends.iloc[0] - 1.0)
    both_kinds = moves[["miners", "junior_miners"]].mean()
    assert basket.estimate.value == pytest.approx(-max(moves["crypto"], both_kinds), rel=1e-9)
    alone = judged("C01", without(panel, "junior_miners"), study)
    assert sum(isinstance(one.estimate, NotDecidable) for one in alone.specifications) == 26
    assert isinstance(alone.headline, Estimate)

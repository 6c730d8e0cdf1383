"""C17: Bitcoin's volume on days of fear."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, without

from models.claims import Outcome
from models.estimate import NotDecidable
from models.inference.placebo import Placebos
from models.stress import fear_stress, tail_sessions

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C17", panel, study)


def with_volume(panel, *raised: tuple[float, pd.Series]):
    """Log volumes of plain noise with a trend, raised on labelled sessions."""
    clock = panel.levels.index
    logs = 0.4 * np.random.default_rng(8).standard_normal(len(clock)) + 5e-4 * np.arange(len(clock))
    for effect, labels in raised:
        logs += effect * labels.reindex(clock, fill_value=False).to_numpy(dtype=float)
    return replace(panel, volumes=panel.volumes.assign(crypto=1e9 * np.exp(logs)))


def by_pandas(panel) -> pd.DataFrame:
    logs = np.log(panel.volumes["crypto"])
    frame = (logs - logs.shift(1).rolling(63, min_periods=42).median()).dropna().to_frame("volume")
    weekdays = pd.get_dummies(frame.index.day_of_week, dtype=float).set_axis(frame.index)
    trend = pd.Series(np.linspace(-1.0, 1.0, len(frame)), index=frame.index)
    design = np.column_stack([weekdays, trend])
    frame["volume"] -= design @ np.linalg.lstsq(design, frame["volume"], rcond=None)[0]
    vix = panel.history["fear"]
    label = (vix > vix.expanding(min_periods=252).quantile(0.9)).reindex(panel.levels.index, method="ffill")
    frame["fear"] = label.shift(1).reindex(frame.index).astype(bool)
    return frame.loc["2015-01-02":]


def test_level_and_frequency_by_pandas(panel, verdict):
    frame = by_pandas(panel)
    means = frame.groupby("fear")["volume"].mean()
    assert verdict.parts[0].effect.value == pytest.approx(means[True] - means[False], rel=1e-9)
    frame["spike"] = frame["volume"] >= frame["volume"].quantile(0.95)
    shares = frame.groupby("fear")["spike"].mean()
    assert verdict.parts[1].effect.value == pytest.approx(shares[True] / shares[False] - 1.0, rel=1e-9)


def test_intervals_hold_the_samples_truth(verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    population = truth["population"]
    assert verdict.parts[0].effect.contains(population["fear_volume.crypto"]["value"])
    assert verdict.parts[1].effect.contains(population["fear_volume.risk_ratio"]["value"] - 1.0)
    assert truth["claims"]["C17"]["status"] == "between"


def test_plainly_true(panel, study):
    """Volume more than doubles on fear days, and rises on the worst days of Bitcoin and the market."""
    raised = [(1.2, fear_stress(panel, study.stress))]
    raised += [(0.8, tail_sessions(panel.returns[role], quantile=0.05, history=252)) for role in ("market", "crypto")]
    verdict = judged("C17", with_volume(panel, *raised), study)
    assert [part.outcome for part in verdict.parts] == [Outcome.SUPPORTED, Outcome.SUPPORTED]
    assert verdict.outcome is Outcome.SUPPORTED
    beyond = verdict.secondary["log volume in fear beyond what the size of the move makes"]
    assert beyond.lower > 0.0


def test_plainly_false(panel, study):
    verdict = judged("C17", with_volume(panel), study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    assert abs(verdict.parts[0].effect.value) < 0.15


def test_labelling_by_the_assets_own_fall_is_named_as_such(verdict):
    labels = [one.label for one in verdict.specifications]
    assert len(labels) == len(set(labels)) == 28
    assert sum("defined by the asset itself" in label for label in labels) == 7
    funds = [one for one in verdict.specifications if one.label.startswith("fund")]
    assert all(isinstance(one.estimate, NotDecidable) for one in funds)


def test_a_few_days_of_fear_are_not_enough(panel, study):
    quiet = panel.history["fear"].copy()
    quiet.loc["2015":] = 10.0 + 0.0 * quiet.loc["2015":]
    verdict = judged("C17", replace(panel, history={**panel.history, "fear": quiet}), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "in stress" in verdict.reason


def test_gates(panel, study):
    assert judged("C17", without(panel, "fear"), study).outcome is Outcome.NOT_TESTABLE
    silent = replace(panel, volumes=panel.volumes.assign(crypto=np.nan))
    assert judged("C17", silent, study).outcome is Outcome.NOT_TESTABLE


def test_figure_has_a_day_zero(verdict):
    frame = verdict.exhibits[0].frame
    assert list(frame.columns) == ["estimate", "lower", "upper"]
    assert "day +0" in frame.index


def test_a_study_without_the_later_samples_is_judged(panel, study, verdict):
    kept = {name: one for name, one in study.windows.items() if name not in ("post_2020", "bitcoin_fund_era")}
    fewer = judged("C17", panel, study.model_copy(update={"windows": kept}))
    assert fewer.headline == verdict.headline
    assert fewer.specifications
    assert all(one.label.endswith(", full") for one in fewer.specifications if "," in one.label)


def test_limits_hold_for_placebo_labels_as_well(panel, study, monkeypatch):
    panel = with_volume(panel, (0.6, fear_stress(panel, study.stress)))
    clear = judged("C17", panel, study)
    assert all(part.effect.lower > 0.0 and part.p_value < 0.05 for part in clear.parts)
    wide = np.random.default_rng(3).normal(0.0, 20.0, 199)
    monkeypatch.setattr(
        "models.claims.c17_volume_spikes._placebos",
        lambda *_: {name: Placebos(1.2, wide, 2800) for name in ("level", "frequency")},
    )
    for part, before in zip(judged("C17", panel, study).parts, clear.parts, strict=True):
        assert part.effect.value == before.effect.value
        assert part.effect.contains(0.0)
        assert part.p_value > 0.05
        assert part.outcome is Outcome.INCONCLUSIVE


def test_extreme_days_in_fear_alone_leave_no_ratio(panel, study):
    verdict = judged("C17", with_volume(panel, (3.0, fear_stress(panel, study.stress))), study)
    assert isinstance(verdict.parts[1].effect, NotDecidable)
    assert verdict.parts[1].p_value is None

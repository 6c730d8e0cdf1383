"""C18: illiquidity of the miners against gold, per own volatility."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from arch import arch_model
from claim_cases import judged, without

from models.claims import Outcome
from models.estimate import NotDecidable

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C18", panel, study)


def traded(panel, times: float):
    """The miners' dollar volume is `times` that of gold, session by session."""
    gold = panel.volumes["metal"] * panel.closes["metal"]
    return replace(panel, volumes=panel.volumes.assign(miners=times * gold / panel.closes["miners"]))


def monthly_impact(panel, role: str) -> pd.Series:
    returns = panel.returns[role].dropna()
    fit = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, rescale=False).fit(disp="off")
    millions = panel.volumes[role] * panel.closes[role] / 1e6
    return (returns.abs() / fit.conditional_volatility / millions).loc["2015-01-02":].resample("ME").mean()


def test_ratio_by_arch_and_pandas(panel, verdict):
    months = panel.returns.loc["2015-01-02":, "miners"].resample("ME").count()
    ratio = np.log(monthly_impact(panel, "miners") / monthly_impact(panel, "metal"))[months >= 10]
    assert verdict.parts[0].effect.value == pytest.approx(ratio.mean(), rel=2e-3)
    assert verdict.n == len(ratio)


def test_agrees_with_the_samples_truth(verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C18"]["status"] == "trivial"
    assert verdict.outcome is Outcome.SUPPORTED
    assert verdict.parts[0].effect.contains(truth["population"]["thinness.miners.metal"]["value"])


@pytest.mark.parametrize(("times", "outcome"), [(0.1, Outcome.SUPPORTED), (5.0, Outcome.NOT_SUPPORTED)])
def test_plain_worlds(panel, study, times, outcome):
    verdict = judged("C18", traded(panel, times), study)
    assert verdict.outcome is outcome
    assert verdict.parts[0].effect.value == pytest.approx(-np.log(times), abs=0.15)


def test_volatility_alone_does_not_count(panel, study):
    """With equal dollar volumes the plain measure still calls the miners illiquid; the primary one does not."""
    verdict = judged("C18", traded(panel, 1.0), study)
    assert verdict.secondary["plain log ratio of illiquidity"].lower > 0.5
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_p_value_inverts_the_interval(panel, study):
    """At the level at which the p-value stands the interval ends at zero."""
    near = judged("C18", traded(panel, 0.97), study)
    level = 1.0 - near.p_value
    inference = study.inference.model_copy(update={"level": level})
    again = judged("C18", traded(panel, 0.97), study.model_copy(update={"inference": inference}))
    effect = again.parts[0].effect
    assert min(abs(effect.lower), abs(effect.upper)) == pytest.approx(0.0, abs=1e-9)


def test_specifications_without_ranges_are_counted(verdict):
    failed = {one.label.split(",")[0] for one in verdict.specifications if isinstance(one.estimate, NotDecidable)}
    assert len(verdict.specifications) == 36
    assert failed == {"open to close", "spread from ranges"}


def test_gates(panel, study):
    assert judged("C18", without(panel, "metal"), study).outcome is Outcome.NOT_TESTABLE
    silent = replace(panel, volumes=panel.volumes.assign(miners=np.nan))
    verdict = judged("C18", silent, study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "volume" in verdict.reason


def test_a_study_without_the_later_samples_is_judged(panel, study, verdict):
    kept = {name: one for name, one in study.windows.items() if name not in ("post_2020", "bitcoin_fund_era")}
    fewer = judged("C18", panel, study.model_copy(update={"windows": kept}))
    assert fewer.headline == verdict.headline
    assert fewer.specifications
    assert all(one.label.endswith(", full") for one in fewer.specifications if "," in one.label)

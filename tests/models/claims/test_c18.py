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
from models.claims.c18_thin_liquidity import _against_the_curve
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable

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


def at(times: float, width: float = 1.2) -> Estimate:
    """A log ratio with an interval from `times` over `width` to `times` times `width`."""
    lower, value, upper = (float(np.log(one)) for one in (times / width, times, times * width))
    return Estimate(value, None, lower, upper, 0.95, 100, "log points", "")


def test_a_judged_ratio_against_most_alternatives_says_what_makes_the_difference():
    gold, juniors = ("miners", "metal"), ("junior_miners", "metal")
    listed = {
        ("per own volatility", gold, "full"): at(1.3),
        ("per own volatility", gold, "post_2020"): at(1.9),
        ("per own volatility", juniors, "full"): at(3.6),
        ("plain", gold, "full"): at(3.2),
        ("open to close", gold, "full"): at(4.2),
        ("plain", juniors, "full"): at(9.0),
        ("spread from ranges", gold, "full"): NotDecidable("no daily ranges"),
    }
    alternatives = {setting: SpecificationResult(str(setting), one) for setting, one in listed.items()}
    (words,) = _against_the_curve(at(1.3), np.log(2.0), alternatives)
    assert words == (
        "The judged interval ends at 1.6 times, below the 2 times asked for, and yet 4 of 6 alternatives exceed that. "
        "Of the plain log ratio of 1.16, 0.90 goes when each move is divided by its own volatility, as the judged "
        "measure does. One change at a time: another measure gives 3.2 to 4.2 times; another pair gives 3.6 times; "
        "a later sample gives 1.9 times."
    )
    assert _against_the_curve(at(1.3, 2.0), np.log(2.0), alternatives) == ()
    assert _against_the_curve(at(1.3), np.log(3.4), alternatives) == ()


def test_a_ratio_that_agrees_with_its_alternatives_needs_no_words(panel, study):
    assert judged("C18", traded(panel, 0.1), study).caveats == ()

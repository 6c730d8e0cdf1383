"""Red lights cap a verdict; every judged part has alternatives or a documented rule; power comes from the interval."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from models.claims.claim import Leg, Measurement
from models.claims.machine import _verdict
from models.claims.registry import CLAIMS
from models.claims.rule import Ruling, conjunction, detectable, joint_test
from models.claims.verdict import Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable
from models.inference.multiplicity import joint_p_value
from models.inference.power import smallest_detectable_effect
from models.inference.resampling import bias_corrected_estimate, bias_corrected_p_value
from models.suite import Check
from tests.models.claims.claim_cases import case_of, claim

#: Parts of an existential claim, for which one listed counterexample is enough: joining the list takes the curve's
#: place.
EXISTENTIAL = {"C12"}


def measured(outcome: Outcome) -> Measurement:
    effect = Estimate(0.2, 0.1, 0.0, 0.4, 0.95, 100, "", "made up")
    leg = Leg("made up", effect, 0.1, ruling=Ruling(outcome, "made up"))
    return Measurement((leg,), conjunction, "single", effect, "made up", 100, "made up")


def red(suite, model: str):
    return replace(suite, checks=(*suite.checks, Check(model, "persistence", 1.0, "< 0.9999", False, True)))


@pytest.mark.parametrize(
    ("outcome", "capped"),
    [
        (Outcome.SUPPORTED, Outcome.INCONCLUSIVE),
        (Outcome.MIXED, Outcome.INCONCLUSIVE),
        (Outcome.NOT_SUPPORTED, Outcome.INCONCLUSIVE),
        (Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        (Outcome.NOT_TESTABLE, Outcome.NOT_TESTABLE),
    ],
)
def test_a_red_light_holds_the_verdict_at_inconclusive(outcome, capped, panel, study, suite):
    case = case_of("C05", panel, study, suite)
    lit = replace(case, suite=red(suite, "margin of metal"))
    assert _verdict(claim("C05"), measured(outcome), case, None).outcome is outcome
    verdict = _verdict(claim("C05"), measured(outcome), lit, None)
    assert verdict.outcome is capped
    assert ("margin of metal" in verdict.reason) is (outcome not in (Outcome.INCONCLUSIVE, Outcome.NOT_TESTABLE))


def test_only_the_models_a_claim_rests_on_count(suite):
    lit = red(suite, "margin of miners")
    assert claim("C05").cap(lit) is None
    assert claim("C10").cap(lit) is None
    assert "miners" in claim("C03").cap(lit)
    assert claim("C22").cap(red(suite, "Markov switching, 2 regimes")) is not None
    passed = Check("margin of metal", "persistence", 0.98, "< 0.9999", True, True)
    advisory = Check("margin of metal", "Ljung–Box p of z, 10 lags", 0.001, "> 0.01", False)
    assert claim("C05").cap(replace(suite, checks=(passed, advisory))) is None


def test_every_part_by_the_general_rule_has_alternatives(panel, study, suite):
    seen = set()
    for one in CLAIMS:
        case = replace(case_of(one.id, panel, study, suite), replications=99)
        if one.gate(case) is not None:
            continue
        found = one.measure(case)
        if isinstance(found, NotDecidable) or one.id in EXISTENTIAL:
            continue
        for leg in found.legs:
            judged = leg.ruling is None and isinstance(leg.effect, Estimate)
            assert not judged or len(leg.specifications) >= 4, (one.id, leg.label)
            seen |= {one.id} if judged else set()
    assert seen >= {"C03", "C04", "C05", "C06", "C07", "C11", "C13", "C15", "C16", "C17", "C18", "C20", "C21", "C23"}


def test_power_is_that_of_the_interval():
    effect = Estimate(0.2, 99.0, -0.1, 0.5, 0.95, 100, "", "its standard error is not asked")
    width = 0.6 / 2 / stats.norm.ppf(0.975)
    assert detectable(effect, 0.1) == pytest.approx(smallest_detectable_effect(width, 0.1, level=0.95))
    assert detectable(replace(effect, lower=0.2, upper=0.2), 0.1) is None


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_the_bias_corrected_p_value_inverts_its_interval(side):
    generator = np.random.default_rng(3)
    draws = np.exp(generator.normal(0.1, 0.4, 20_000))
    jackknife = 1.0 + 0.02 * generator.gamma(2.0, size=60)
    estimate = bias_corrected_estimate(1.0, draws, jackknife, level=0.9, n=60, unit="", method="made up")
    at_limit = bias_corrected_p_value(1.0, draws, jackknife, getattr(estimate, side))
    assert at_limit == pytest.approx(0.1, abs=2e-3)
    assert bias_corrected_p_value(1.0, draws, jackknife, 1.0) == pytest.approx(1.0, abs=0.2)


def test_the_joint_p_value_is_about_twice_the_median_and_holds_under_any_dependence():
    assert joint_p_value([0.01, 0.02, 0.9]) == pytest.approx(1.5 * 0.02)
    assert joint_p_value([0.04, 0.01, 0.5, 0.9]) == pytest.approx(2 * 0.04)
    assert joint_p_value([0.9, 0.8]) == 1.0
    with pytest.raises(ValueError, match="no p-value"):
        joint_p_value([])
    generator = np.random.default_rng(7)
    rejected = []
    for dependence in (0.0, 0.7, 1.0):
        common = generator.standard_normal((4000, 1))
        own = generator.standard_normal((4000, 9))
        z = np.sqrt(dependence) * common + np.sqrt(1.0 - dependence) * own
        p_values = stats.norm.sf(z)
        rejected.append(np.mean([joint_p_value(list(row)) <= 0.05 for row in p_values]))
    assert max(rejected) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_a_curve_is_tested_in_the_direction_of_the_claim():
    def alternatives(values):
        made = [Estimate(value, None, value - 0.1, value + 0.1, 0.95, 50, "", "") for value in values]
        return [SpecificationResult(str(number), one) for number, one in enumerate(made)]

    found = joint_test(alternatives([0.3, 0.25, 0.2, 0.22]))
    assert found is not None
    assert found < 0.001
    assert joint_test(alternatives([-0.3, -0.25, -0.2])) == 1.0
    fixed = [SpecificationResult("observed", Estimate(1.0, None, 1.0, 1.0, 0.95, 1, "", ""))]
    assert joint_test([*fixed, SpecificationResult("failed", NotDecidable("no data"))]) is None

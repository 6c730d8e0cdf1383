"""The main figures: each is the estimator's own answer, on the right series, with its reason where there is none."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import statsmodels.api as sm

from data.errors import EstimationError
from models.correlation import CDCC
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.resampling import Resampling
from models.measurements import FAMILIES, Subject, measure
from models.measurements.measured import figure
from models.stress import fear_stress
from models.tails import marginal_expected_shortfall

QUICK = Resampling(level=0.95, replications=99, block_bounds=(5, 40), seed=3)
ASSETS = ("crypto", "metal", "miners", "market")


@pytest.fixture(scope="module")
def subject(sample_panel, sample_study):
    study = sample_study.model_copy(
        update={
            "correlation": sample_study.correlation.model_copy(
                update={"assets": ASSETS, "betas": (("miners", "metal"), ("crypto", "emerging"))}
            )
        }
    )
    suite = SimpleNamespace(
        stress=fear_stress(sample_panel, study.stress),
        conditional=CDCC().fit(sample_panel.returns[list(ASSETS)].dropna()),
    )
    return Subject(sample_panel, study, suite, QUICK)


@pytest.fixture(scope="module")
def families(subject):
    return {family.name: family for family in measure(subject, workers=1)}


def answer(family, label, *of):
    (found,) = (one.answer for one in family.figures if one.label == label and one.of == of)
    return found


def test_every_family_answers_with_intervals_or_reasons(families):
    assert list(families) == list(FAMILIES)
    for family in families.values():
        answers = [one.answer for one in family.figures]
        assert all(isinstance(one, Estimate | TestResult | NotDecidable) for one in answers)
        decided = [one for one in answers if not isinstance(one, NotDecidable)]
        assert len(decided) >= 0.5 * len(answers), family.name
        assert all(one.lower <= one.value <= one.upper for one in decided if isinstance(one, Estimate))


def test_no_figure_stands_twice(families):
    for family in families.values():
        keys = [(one.label, one.of, one.partner) for one in family.figures]
        assert len(set(keys)) == len(keys)


def test_the_least_squares_beta_is_that_of_statsmodels(families, subject):
    rows = subject.returns[["miners", "metal"]].dropna()
    slope = sm.OLS(rows["miners"], sm.add_constant(rows["metal"])).fit().params["metal"]
    assert answer(families["betas"], "least squares", "miners", "metal").value == pytest.approx(slope)


def test_a_pair_whose_series_is_absent_is_left_out(families, subject):
    assert "emerging" not in subject.returns.columns
    assert {one.of for one in families["betas"].figures} == {("miners", "metal")}


def test_the_shortfall_is_the_mean_on_the_worst_sessions(families, subject):
    rows = subject.returns[["crypto", "market"]].dropna()
    worst = rows["market"] <= rows["market"].quantile(0.05)
    found = answer(families["tails"], "mean return in the worst 5 % of {}", "crypto")
    assert found.value == pytest.approx(rows.loc[worst, "crypto"].mean())


def test_net_connectedness_sums_to_nothing(families):
    nets = [one.answer for one in families["spillovers"].figures if "returns, given less" in one.label]
    assert len(nets) == len(ASSETS)
    assert sum(one.value for one in nets) == pytest.approx(0.0, abs=1e-9)


def test_a_lead_names_who_would_be_led(families):
    leads = [(one.of, one.partner) for one in families["spillovers"].figures if "lead" in one.label]
    assert (("crypto",), "miners") in leads
    assert (("miners",), "crypto") in leads


def test_a_refusal_becomes_the_reason():
    def refuse():
        raise EstimationError("the beta", "has too few sessions", "Use more.")

    found = figure("a label", ("crypto",), refuse)
    assert found.answer == NotDecidable("the beta: has too few sessions")


def test_the_worst_sessions_are_the_studys(subject):
    study = subject.study
    asked = study.model_copy(update={"tails": study.tails.model_copy(update={"judged": 0.08, "shown": (0.2,)})})
    other = replace(subject, study=asked)
    pair = other.returns[["crypto", "market"]]
    worst = pair["market"] <= pair["market"].quantile(0.08)
    fallen = marginal_expected_shortfall(pair, "market", QUICK, quantile=0.08).estimate("crypto")
    found = {one.label: one.answer for one in FAMILIES["tails"](other).figures if one.of == ("crypto",)}
    assert found["mean return in the worst 8 % of {}"] == fallen
    assert fallen.value == pytest.approx(pair.loc[worst, "crypto"].mean())
    labels = {one.label for one in FAMILIES["hedges"](other).figures}
    assert {
        "slope on {}, its worst 20 %",
        "slope on {}, its worst 8 %",
        "slope of the own 8 % quantile on {}",
    } <= labels

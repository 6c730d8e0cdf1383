"""C04: the slope of Bitcoin in the market's worst sessions, and its tie to growth beyond the market."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from claim_cases import case_of, claim, judged, without
from made_up import noise, with_residuals, with_returns

from models.claims.c04_growth_asset import given_market
from models.claims.tail_betas import tail_specifications
from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable
from models.hedge import safe_haven

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def verdict(panel, study, suite):
    return judged("C04", panel, study, suite)


def test_the_slope_is_near_weighted_least_squares_on_hand_made_dummies(panel, verdict):
    """With the variances of the joint fit, the slopes solve the weighted normal equations."""
    rows = panel.returns.loc["2015-01-02":, ["crypto", "market"]].dropna()
    x = rows["market"]
    columns = [np.ones(len(x)), x, *(x * (x <= np.quantile(x, q)) for q in (0.10, 0.05, 0.01))]
    variances = safe_haven(rows["crypto"], x).regression.variances
    fit = sm.WLS(rows["crypto"].to_numpy(), np.column_stack(columns), weights=1.0 / variances.to_numpy()).fit()
    assert verdict.headline.value == pytest.approx(fit.params[1:4].sum(), abs=0.15 * verdict.headline.std_error)


def test_the_tie_to_growth_is_the_partial_correlation(suite, verdict):
    z = suite.std_residuals.loc["2015-01-02":, ["crypto", "growth", "market"]]
    inverse = np.linalg.inv(z.corr().to_numpy())
    by_hand = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    assert verdict.parts[1].effect.value == pytest.approx(by_hand, rel=1e-9)


def test_the_sample_holds_what_it_was_drawn_from(verdict):
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C04"]["status"] == "true"
    assert verdict.headline.contains(truth["population"]["tail_beta.crypto"]["value"])
    assert verdict.outcome is Outcome.SUPPORTED


def test_a_growth_asset_is_supported_and_a_stranger_is_not(panel, study, suite):
    plain = study.model_copy(update={"crises": ()})
    r = panel.returns
    growth_asset = with_returns(panel, crypto=0.6 * r["market"] + 0.9 * r["growth"] + noise(panel, 1, 1.5))
    stranger = with_returns(panel, crypto=noise(panel, 2, 2.0))
    outcomes = [
        judged("C04", world, plain, with_residuals(suite, world, "crypto")).outcome
        for world in (growth_asset, stranger)
    ]
    assert outcomes == [Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]


def test_the_market_alone_is_not_growth(panel, study, suite):
    world = with_returns(panel, crypto=1.2 * panel.returns["market"] + noise(panel, 3, 1.5))
    tie = given_market(case_of("C04", world, study, with_residuals(suite, world, "crypto"))).estimate
    assert tie.lower < 0.0 < tie.upper


def test_missing_roles_and_series_are_named(panel, study, suite, verdict):
    assert "growth" in judged("C04", without(panel, "growth"), study, suite).reason
    absent = [one for one in verdict.specifications if "World" in one.label or "world" in one.label]
    assert absent
    assert all(isinstance(one.estimate, NotDecidable) for one in absent)


def test_without_the_weightiest_crisis_is_the_smallest_of_the_leave_one_out_slopes(panel, study, suite):
    case = case_of("C04", panel, study, suite)
    (result,) = [one for one in tail_specifications(case, "crypto") if one.label.startswith("without ")]
    rows = panel.returns.loc["2015-01-02":, ["crypto", "market"]].dropna()
    slopes = {}
    for crisis in study.crises:
        kept = rows[(rows.index <= str(crisis.base)) | (rows.index > str(crisis.last))]
        slopes[crisis.name] = safe_haven(kept["crypto"], kept["market"]).slope(0.05).value
    name = min(slopes, key=slopes.get)
    assert name in result.label
    assert isinstance(result.estimate, Estimate)
    assert result.estimate.value == pytest.approx(slopes[name])
    without_crises = replace(case, study=study.model_copy(update={"crises": ()}))
    assert not [one for one in tail_specifications(without_crises, "crypto") if one.label.startswith("without ")]


def test_one_threshold_and_no_dated_event():
    assert claim("C04").thresholds == ("sesoi",)
    assert claim("C04").windows == ("full",)

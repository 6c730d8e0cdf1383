"""C11: miners in the market's worst sessions, and whether their beta is high, judged apart."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from claim_cases import judged, without
from made_up import noise, with_returns

from models.claims.c11_miners_risk_assets import fall_then_beta
from models.claims.verdict import Outcome
from models.hedge import safe_haven

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def verdict(panel, study, suite):
    return judged("C11", panel, study, suite)


def plain(study):
    return study.model_copy(update={"crises": ()})


def test_the_high_beta_part_by_statsmodels(panel, verdict):
    rows = panel.returns.loc["2015-01-02":, ["miners", "market"]].dropna()
    fit = sm.OLS(rows["miners"], sm.add_constant(rows["market"])).fit()
    assert verdict.parts[1].effect.value == pytest.approx(fit.params["market"] - 1.0, rel=1e-9)


def test_the_slope_given_gold_is_near_weighted_least_squares(panel, verdict):
    rows = panel.returns.loc["2015-01-02":, ["miners", "market", "metal"]].dropna()
    x = rows["market"]
    columns = [np.ones(len(x)), x, *(x * (x <= np.quantile(x, q)) for q in (0.10, 0.05, 0.01)), rows["metal"]]
    variances = safe_haven(rows["miners"], x, controls=rows[["metal"]]).regression.variances
    fit = sm.WLS(rows["miners"].to_numpy(), np.column_stack(columns), weights=1.0 / variances.to_numpy()).fit()
    reading = verdict.secondary["slope in the market's worst 5 %, gold held fixed"]
    assert reading.value == pytest.approx(fit.params[1:4].sum(), abs=0.15 * reading.std_error)


def test_the_sample_holds_what_it_was_drawn_from(verdict):
    population = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))["population"]
    assert verdict.headline.contains(population["tail_beta.miners"]["value"])
    assert verdict.secondary["beta over all sessions"].contains(population["beta.miners.market"]["value"])
    reading = verdict.secondary["slope in the market's worst 5 %, gold held fixed"]
    assert reading.contains(population["tail_beta.miners.given_metal"]["value"])


def test_the_parts_are_printed_and_the_row_is_mixed_where_only_the_fall_stands(verdict):
    assert [part.outcome for part in verdict.parts] == [Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]
    assert [part.label[:4] for part in verdict.parts] == ["C11a", "C11b"]
    assert verdict.outcome is Outcome.MIXED


def test_only_the_fall_enters_the_family(verdict):
    assert verdict.parts[1].p_value is None
    assert verdict.p_value == verdict.parts[0].p_value


@pytest.mark.parametrize(("fall", "beta"), list(product(Outcome, repeat=2)))
def test_truth_table(fall, beta):
    if fall is Outcome.SUPPORTED and beta is not Outcome.SUPPORTED:
        assert fall_then_beta([fall, beta]) is Outcome.MIXED
    else:
        assert fall_then_beta([fall, beta]) is fall


@pytest.mark.parametrize(("slope", "outcome"), [(1.5, Outcome.SUPPORTED), (-0.1, Outcome.NOT_SUPPORTED)])
def test_high_beta_miners_are_supported_and_havens_are_not(panel, study, suite, slope, outcome):
    world = with_returns(panel, miners=slope * panel.returns["market"] + panel.returns["metal"] + noise(panel, 4))
    assert judged("C11", without(world, "junior_miners", "crypto", "growth"), plain(study), suite).outcome is outcome


def test_a_missing_role_is_named(panel, study, suite):
    verdict = judged("C11", without(panel, "metal"), study, suite)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "metal" in verdict.reason

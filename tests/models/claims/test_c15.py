"""C15: slopes of the miners on oil and on the credit spread."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.univariate import LS
from arch.univariate.volatility import GARCH
from claim_cases import case_of, judged, without
from made_up import noise, with_returns

from models.claims import Outcome
from models.claims.c15_costs import cost_rows, oil_returns
from models.estimate import NotDecidable

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C15", panel, study)


@pytest.fixture(scope="module")
def rows(panel):
    oil = panel.levels["oil"]
    frame = panel.returns[["miners", "metal", "market", "credit"]].assign(oil=100.0 * np.log(oil).diff())
    frame = frame.loc["2015-01-02":]
    return frame.loc[(frame.index < "2020-04-15") | (frame.index > "2020-04-30")]


def test_slopes_by_arch(rows, verdict):
    model = LS(rows["miners"], rows[["metal", "market", "oil", "credit"]], rescale=False)
    model.volatility = GARCH(1, 0, 1)
    fit = model.fit(disp="off")
    oil, credit = (part.effect for part in verdict.parts)
    assert oil.value == pytest.approx(-fit.params["oil"], abs=2e-4)
    assert credit.value == pytest.approx(-10.0 * fit.params["credit"], abs=2e-3)
    assert oil.std_error == pytest.approx(fit.std_err["oil"], rel=0.1)


def test_least_squares_specification_by_statsmodels(rows, verdict):
    fit = sm.OLS(rows["miners"], sm.add_constant(rows[["metal", "market", "oil", "credit"]])).fit()
    found = {one.label: one.estimate for one in verdict.specifications}
    assert found["least squares"].value == pytest.approx(-fit.params["oil"])


def test_agrees_with_the_samples_truth(verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C15"]["status"] == "false"
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    assert verdict.headline.contains(truth["population"]["cost_slope.oil"]["value"])


@pytest.mark.parametrize(("oil", "outcome"), [(-0.10, Outcome.SUPPORTED), (0.10, Outcome.NOT_SUPPORTED)])
def test_plain_worlds(panel, study, oil, outcome):
    returns = panel.returns
    miners = (
        1.5 * returns["metal"]
        + 0.3 * returns["market"]
        + oil * oil_returns(panel.levels["oil"])
        - 0.05 * returns["credit"]
        + noise(panel, 4, 0.5)
    )
    verdict = judged("C15", with_returns(panel, miners=miners, junior_miners=miners + noise(panel, 5, 0.3)), study)
    assert verdict.outcome is outcome
    assert verdict.headline.value == pytest.approx(oil, abs=0.02)


def test_no_logs_across_a_negative_price(panel, study):
    levels = panel.levels.copy()
    levels.loc["2020-04-20", "oil"] = -37.0
    assert oil_returns(levels["oil"]).loc["2020-04-20":"2020-04-20"].isna().all()
    case = case_of("C15", replace(panel, levels=levels), study)
    rows = cost_rows(case)
    assert not len(rows.loc["2020-04-15":"2020-04-30"])
    assert np.isfinite(rows.to_numpy()).all()


def test_a_positive_price_after_a_gap_carries_the_whole_move():
    levels = pd.Series([10.0, 20.0, -1.0, 40.0], index=pd.bdate_range("2020-01-01", periods=4))
    assert oil_returns(levels).sum() == pytest.approx(100.0 * np.log(4.0))


def test_gates(panel, study):
    for role in ("oil", "credit"):
        assert judged("C15", without(panel, role), study).outcome is Outcome.NOT_TESTABLE
    verdict = judged("C15", without(panel, "junior_miners", "dollar"), study)
    failed = {one.label for one in verdict.specifications if isinstance(one.estimate, NotDecidable)}
    assert failed == {"junior miners", "oil after market and dollar"}

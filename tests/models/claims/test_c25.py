"""C25: five signs of tightening, counted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, with_levels, without

from models.claims import Outcome
from models.estimate import Estimate, NotDecidable

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
BASE, LAST = "2025-10-06", "2026-02-06"


def steps(panel, before: float, after: float) -> pd.Series:
    """A level that changes once, inside the long window."""
    clock = panel.levels.index
    return pd.Series(np.where(clock > "2025-12-01", after, before), index=clock)


@pytest.fixture(scope="module")
def calm(panel):
    """A panel on which none of the five signs points to tightening."""
    assets = with_levels(panel, central_bank_assets=steps(panel, 6.6e6, 6.6e6))
    money = with_levels(assets, treasury_account=steps(panel, 8e5, 8e5), reverse_repo=steps(panel, 10.0, 5.0))
    plain = {**money.units, "overnight_rate": "bp", "policy_rate": "bp", "conditions": "%", "credit": "bp"}
    money = money.__class__(**{**vars(money), "units": plain})
    rates = with_levels(money, overnight_rate=steps(panel, 4.2, 3.6), policy_rate=steps(panel, 4.25, 3.75))
    quiet = with_levels(rates, credit=steps(panel, 2.76, 2.87), dollar=steps(panel, 100.0, 99.0))
    return with_levels(quiet, conditions=steps(panel, 0.5, 0.4))


def test_signs_on_the_sample_by_pandas(panel, study):
    verdict = judged("C25", panel, study)
    ends = panel.levels.ffill().loc[[BASE, LAST]]
    rose = [
        ends["conditions"].diff().iloc[-1] > 0.0,
        100.0 * ends["dollar"].pct_change().iloc[-1] > 1.0,
        100.0 * ends["credit"].diff().iloc[-1] > 25.0,
    ]
    assert verdict.headline.value == sum(rose)
    moved = verdict.secondary["high-yield spread, tightening"].value
    assert moved == pytest.approx(100.0 * ends["credit"].diff().iloc[-1])


def test_agrees_with_the_samples_truth(panel, study):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["claims"]["C25"]["status"]
    expected = {"true": Outcome.SUPPORTED, "false": Outcome.NOT_SUPPORTED, "between": Outcome.MIXED}[truth]
    assert judged("C25", panel, study).outcome is expected


def test_nothing_tightens_in_a_calm_world(calm, study):
    verdict = judged("C25", calm, study)
    assert verdict.headline.value == 0
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_all_five_signs_are_read(calm, panel, study):
    tight = with_levels(
        calm,
        central_bank_assets=steps(panel, 6.6e6, 6.4e6),
        overnight_rate=steps(panel, 4.2, 4.3),
        policy_rate=steps(panel, 4.25, 4.25),
        credit=steps(panel, 2.76, 3.10),
        dollar=steps(panel, 100.0, 102.0),
        conditions=steps(panel, 0.5, 0.7),
    )
    verdict = judged("C25", tight, study)
    assert verdict.headline.value == 5
    assert verdict.outcome is Outcome.SUPPORTED


def test_three_signs_without_a_broad_one_are_mixed(calm, panel, study):
    narrow = with_levels(
        calm,
        treasury_account=steps(panel, 8e5, 9e5),
        overnight_rate=steps(panel, 4.2, 3.8),
        dollar=steps(panel, 100.0, 102.0),
    )
    verdict = judged("C25", narrow, study)
    assert verdict.headline.value == 3
    assert verdict.outcome is Outcome.MIXED


def test_net_liquidity_takes_reverse_repurchases_in_billions(calm, panel, study):
    drained = with_levels(calm, reverse_repo=steps(panel, 10.0, 110.0))
    label = "net liquidity, tightening"
    net = 6.6e6 - 8e5 - 10e3
    assert judged("C25", drained, study).secondary[label].value == pytest.approx(100.0 * 100e3 / net)


def test_a_missing_sign_that_could_decide_leaves_it_open(calm, panel, study):
    one = with_levels(calm, credit=steps(panel, 2.76, 3.10))
    assert judged("C25", one, study).outcome is Outcome.NOT_SUPPORTED
    open_case = judged("C25", without(one, "policy_rate"), study)
    assert open_case.outcome is Outcome.INCONCLUSIVE
    assert "without a series: funding spread" in open_case.reason
    assert isinstance(open_case.secondary["funding spread, tightening"], NotDecidable)
    assert judged("C25", without(calm, "policy_rate"), study).outcome is Outcome.NOT_SUPPORTED


@pytest.mark.parametrize("sign", ["conditions", "credit", "dollar"])
def test_a_sign_that_ends_early_is_not_read(panel, study, sign):
    """The sample has three readable signs: without one of them there is no verdict."""
    cut = panel.levels[sign].loc[:"2026-01-27"]
    ended = replace(panel, levels=panel.levels.assign(**{sign: cut}))
    verdict = judged("C25", ended, study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "without values over the whole window" in verdict.reason


def test_an_ended_sign_that_could_decide_leaves_it_open(calm, panel, study):
    one = with_levels(calm, credit=steps(panel, 2.76, 3.10), policy_rate=calm.levels["policy_rate"].loc[:"2026-02-05"])
    verdict = judged("C25", one, study)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "without values over the whole window: funding spread" in verdict.reason
    assert "ends on 2026-02-05" in verdict.secondary["funding spread, tightening"].reason


@pytest.mark.parametrize(("age", "read"), [(0, True), (4, True), (7, False)])
def test_a_weekly_series_is_current_until_its_next_release(calm, study, age, read):
    cut = calm.levels["conditions"].where(calm.levels.index <= pd.Timestamp(LAST) - pd.Timedelta(days=age))
    verdict = judged("C25", with_levels(calm, conditions=cut), study)
    answer = verdict.secondary["financial conditions, tightening"]
    assert isinstance(answer, Estimate) is read


def test_too_few_signs_to_read(panel, study):
    verdict = judged("C25", without(panel, "credit"), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "2 of 5 signs" in verdict.reason


def test_data_that_end_before_the_window(panel, study):
    verdict = judged("C25", panel.until(pd.Timestamp("2026-01-30").date()), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE


def test_a_threshold_decides(panel, study):
    assert judged("C25", panel, study, credit=1e6).headline.value == judged("C25", panel, study).headline.value - 1

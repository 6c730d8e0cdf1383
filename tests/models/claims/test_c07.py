"""C07: partial fit of Bitcoin's week on credit and conditions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from claim_cases import case_of, judged, with_levels, without
from made_up import noise

from models.claims import Outcome
from models.claims.c07_credit_and_liquidity import _fit, weekly
from models.estimate import Estimate, NotDecidable

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C07", panel, study)


def crypto_from(panel, returns: pd.Series) -> pd.Series:
    growth = pd.concat([pd.Series([0.0], index=panel.levels.index[:1]), returns]).cumsum()
    return 1000.0 * np.exp(growth / 100.0)


def test_partial_r_squared_by_statsmodels(panel, verdict):
    levels = panel.levels.ffill()
    frame = pd.DataFrame(
        {
            "crypto": 100.0 * np.log(levels["crypto"]),
            "credit": levels["credit"],
            "conditions": levels["conditions"],
            "real_yield": levels["real_yield"],
            "dollar": 100.0 * np.log(levels["dollar"]),
        }
    )
    weeks = frame.resample("W").last().diff().loc["2015-01-02":].iloc[1:]
    controls = sm.add_constant(weeks[["real_yield", "dollar"]])
    full = sm.OLS(weeks["crypto"], pd.concat([controls, weeks[["credit", "conditions"]]], axis=1)).fit()
    part = sm.OLS(weeks["crypto"], controls).fit()
    expected = 1.0 - (full.ssr / full.df_resid) / (part.ssr / part.df_resid)
    assert verdict.headline.value == pytest.approx(expected, abs=2e-3)
    assert abs(verdict.n - len(weeks)) <= 1


def test_agrees_with_the_samples_truth(verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C07"]["status"] == "between"
    assert verdict.outcome is Outcome.MIXED
    assert verdict.headline.contains(truth["population"]["weekly_partial_r2.crypto.liquidity"]["value"])


def test_a_week_ends_with_its_last_session_and_conditions_stand_from_their_release(panel, study):
    case = case_of("C07", panel, study)
    weeks = weekly(case, "full")
    assert (pd.DatetimeIndex(weeks.index).day_of_week >= 2).all()
    last = panel.levels["conditions"].dropna()
    assert weeks["conditions"].iloc[-1] == pytest.approx(last.iloc[-1] - last.iloc[-2])
    months = weekly(case, "full", 4)
    assert months["crypto"].iloc[-1] == pytest.approx(weeks["crypto"].iloc[-4:].sum())


def test_a_world_in_which_credit_drives_bitcoin(panel, study):
    moves = panel.returns["credit"].fillna(0.0)
    returns = -0.4 * moves + noise(panel, 1)
    conditions = panel.levels["credit"].ffill().where(panel.levels["conditions"].notna())
    changed = with_levels(panel, crypto=crypto_from(panel, returns))
    changed.levels["conditions"] = 0.5 * conditions + 0.01 * np.random.default_rng(1).normal(size=len(conditions))
    verdict = judged("C07", changed, study, closely=0.10)
    assert verdict.headline.value > 0.5
    assert verdict.headline.lower > 0.0


def test_a_world_in_which_bitcoin_rises_as_credit_tightens(panel, study):
    """As much is explained as in the mirror world, and nothing of it agrees."""
    moves = panel.returns["credit"].fillna(0.0)
    conditions = panel.levels["credit"].ffill().where(panel.levels["conditions"].notna())
    own = noise(panel, 1)
    wrong, right = (
        case_of("C07", with_levels(panel, crypto=crypto_from(panel, sign * (0.4 * moves + own))), study)
        for sign in (1.0, -1.0)
    )
    for case in (wrong, right):
        case.panel.levels["conditions"] = 0.5 * conditions
    against, agreeing = (_fit(weekly(case, "full"), 99, case) for case in (wrong, right))
    assert agreeing.partial_r_squared.lower > 0.5
    assert against.partial_r_squared.value == pytest.approx(-agreeing.partial_r_squared.value)
    assert against.partial_r_squared.upper == pytest.approx(-agreeing.partial_r_squared.lower)
    assert "wrong sign" in against.partial_r_squared.method
    judgement = judged("C07", wrong.panel, study)
    assert judgement.outcome is Outcome.NOT_SUPPORTED
    assert "contradict" in judgement.reason
    concurrent = [one for one in judgement.specifications if "week before" not in one.label]
    assert all(one.estimate.value < 0.0 for one in concurrent if isinstance(one.estimate, Estimate))


@pytest.mark.parametrize(("tested", "tighter"), [("credit", 1.0), ("credit return", -1.0)])
def test_the_sign_is_that_of_a_tightening(panel, study, tested, tighter):
    """High-yield bonds that gain on Treasuries are no tightening, a wider spread is."""
    case = case_of("C07", panel, study)
    weeks = weekly(case, "full")
    generator = np.random.default_rng(5)
    weeks[tested] = generator.normal(size=len(weeks))
    for sign in (-1.0, 1.0):
        weeks["crypto"] = sign * weeks[tested] + generator.normal(size=len(weeks))
        found = _fit(weeks, 99, case, (tested, "conditions")).partial_r_squared
        assert np.sign(found.value) == -sign * tighter
        assert abs(found.value) > 0.3


def test_closely_asks_for_more(panel, study):
    returns = -0.12 * panel.returns["credit"].fillna(0.0) + noise(panel, 3, 3.0)
    changed = with_levels(panel, crypto=crypto_from(panel, returns))
    verdict = judged("C07", changed, study, sesoi=0.01, closely=0.95)
    assert verdict.outcome is Outcome.MIXED
    assert "closely" in verdict.reason


def test_a_world_in_which_nothing_does(panel, study):
    changed = with_levels(panel, crypto=crypto_from(panel, noise(panel, 2, 3.0)))
    verdict = judged("C07", changed, study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_gates(panel, study, verdict):
    for role in ("credit", "conditions"):
        assert judged("C07", without(panel, role), study).outcome is Outcome.NOT_TESTABLE
    assert isinstance(verdict.secondary["controls left out"], NotDecidable)
    short = [one for one in verdict.specifications if isinstance(one.estimate, NotDecidable)]
    assert {one.label for one in short} == {
        "four-weekly, spread, bitcoin fund era",
        "four-weekly, high-yield less Treasury return, bitcoin fund era",
    }

"""C12: a counterexample for each asset among crises that were listed before."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, without
from made_up import noise, with_returns
from scipy import stats

from models.claims.verdict import Outcome
from models.crises import crisis_slopes
from models.fitting import margins_of

LONG = 20


@pytest.fixture(scope="module")
def crises(panel, study):
    """Listed crises with enough sessions, on the sample's clock."""
    index = panel.returns.index
    spans = {
        one.name: index[(index > pd.Timestamp(one.base)) & (index <= pd.Timestamp(one.last))] for one in study.crises
    }
    return {name: days for name, days in spans.items() if len(days) >= LONG}


@pytest.fixture(scope="module")
def falling(panel, crises):
    """The sample with a market that loses about a fifth in each listed crisis."""
    market = 0.5 * panel.returns["market"]
    for days in crises.values():
        market.loc[days] -= market.loc[days].mean() + 20.0 / len(days)
    return with_returns(panel, market=market)


@pytest.fixture(scope="module")
def followers(falling):
    market = falling.returns["market"]
    return with_returns(falling, crypto=1.5 * market + noise(falling, 1), miners=0.8 * market + noise(falling, 2))


@pytest.fixture(scope="module")
def verdict(followers, study, suite):
    return judged("C12", followers, study, suite)


def test_two_assets_that_fall_with_the_market_are_no_hedges(verdict, crises):
    assert verdict.outcome is Outcome.SUPPORTED
    assert verdict.n_events == len(crises)
    assert verdict.reason.startswith("Stands: Bitcoin failed in at least one crisis (")
    assert verdict.secondary["crises in which Bitcoin lost money"].value == pytest.approx(100.0)


def test_one_asset_that_always_pays_is_enough_against_it(followers, study, suite):
    payer = with_returns(followers, miners=-0.8 * followers.returns["market"] + noise(followers, 3, 0.3))
    verdict = judged("C12", payer, study, suite)
    assert [part.outcome for part in verdict.parts] == [Outcome.SUPPORTED, Outcome.NOT_SUPPORTED]
    assert "none of the" in verdict.parts[1].reason
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_a_loss_without_a_tie_to_the_market_is_no_failure(falling, study, suite, crises):
    own = noise(falling, 4)
    for days in crises.values():
        own.loc[days] -= 0.5
    loner = with_returns(falling, crypto=own, miners=own + 0.1 * noise(falling, 5))
    verdict = judged("C12", loner, study, suite)
    assert verdict.secondary["crises in which Bitcoin lost money"].value == pytest.approx(100.0)
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_the_clearest_failure_by_hand(verdict, followers, study, crises):
    rows = followers.returns.loc["2015-01-02":, ["crypto", "miners", "metal", "market"]].dropna()
    fit = crisis_slopes(margins_of(rows, followers, study), "crypto", "market", crises)
    slopes = {name: fit.slope(name, level=0.95) for name in crises}
    clearest = max(slopes, key=lambda name: slopes[name].lower)
    single = [stats.t.sf(one.value / one.std_error, len(crises[name]) - 2) for name, one in slopes.items()]
    part = verdict.parts[0]
    assert part.effect.value == pytest.approx(slopes[clearest].value)
    assert np.log(part.p_value) == pytest.approx(np.log(2.0 * stats.combine_pvalues(single).pvalue), rel=1e-3)
    assert fit.p_anywhere(list(crises), part.effect.lower) == pytest.approx(0.025)
    assert part.effect.upper == max(one.upper for one in slopes.values())
    assert 0.0 < part.effect.lower <= part.effect.value
    loss = 100.0 * (1.0 - np.exp(rows.loc[crises[clearest], "crypto"].sum() / 100.0))
    assert part.label.endswith(f"({clearest}: lost {loss:.0f} %)")


def test_where_the_market_did_not_fall_it_is_not_testable(panel, study, suite):
    verdict = judged("C12", panel, study, suite)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "none of the 10 listed crises" in verdict.reason


def test_a_missing_role_is_named(followers, study, suite):
    assert "metal" in judged("C12", without(followers, "metal"), study, suite).reason


def test_no_listed_crisis_overlaps_another_or_the_event(study):
    ends = sorted((one.base, one.last) for one in study.crises)
    assert all(last <= base for (_, last), (base, _) in pairwise(ends))
    assert ends[-1][1] < study.windows["long"].base

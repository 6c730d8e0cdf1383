"""C13: what growth shares explain of the falls beyond the market."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from claim_cases import judged, without
from made_up import noise, with_returns

from models.claims import Outcome
from models.estimate import Estimate, NotDecidable
from models.simulate.attribution import technology_share

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
FIRST, LAST = "2026-01-29", "2026-02-06"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C13", panel, study)


def with_growth(panel, beyond: float, **slopes: float):
    """A world in which growth shares lose `beyond` percent more than the market in the window, and assets follow."""
    own = noise(panel, 1, 0.6)
    own.loc[FIRST:LAST] = beyond / 7.0
    growth = panel.returns["market"] + own
    assets = {
        role: 0.5 * panel.returns["market"] + slope * own + noise(panel, seed, 0.5)
        for seed, (role, slope) in enumerate(slopes.items(), start=2)
    }
    for series in assets.values():
        series.loc[FIRST:LAST] -= 1.0
    return with_returns(panel, growth=growth, **assets)


def test_shares_by_statsmodels(panel, verdict):
    returns = panel.returns.loc["2015-01-02":]
    window = returns.loc[FIRST:LAST]
    before = returns.drop(index=window.index)
    on_market = sm.OLS(before["growth"], sm.add_constant(before["market"])).fit().params["market"]
    orthogonal = window["growth"].sum() - on_market * window["market"].sum()
    for part, role in zip(verdict.parts, ("crypto", "miners"), strict=True):
        fit = sm.OLS(before[role], sm.add_constant(before[["market", "growth"]])).fit()
        assert part.effect.value == pytest.approx(fit.params["growth"] * orthogonal / window[role].sum())


def test_agrees_with_the_samples_truth(panel, verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C13"]["status"] == "false"
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    population = {name: SimpleNamespace(value=one["value"]) for name, one in truth["population"].items()}
    moves = panel.returns.loc[FIRST:LAST].sum().to_dict()
    for part, role in zip(verdict.parts, ("crypto", "miners"), strict=True):
        assert part.effect.contains(technology_share(role, moves, population))


def test_a_world_in_which_technology_drags(panel, study):
    verdict = judged("C13", with_growth(panel, -20.0, crypto=1.0, miners=0.8), study)
    assert verdict.outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    assert all(part.effect.value > 0.25 and part.effect.lower > 0.0 for part in verdict.parts)


def test_a_world_in_which_only_the_market_does(panel, study):
    verdict = judged("C13", with_growth(panel, -3.0, crypto=0.0, miners=0.0), study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_one_of_two_is_not_enough(panel, study):
    verdict = judged("C13", with_growth(panel, -20.0, crypto=1.0, miners=0.0), study)
    assert verdict.parts[0].effect.lower > 0.0
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_readings_and_network(panel, verdict):
    names = panel.names
    net = verdict.secondary[f"net connectedness from {names['growth']} to {names['crypto']}"]
    assert isinstance(net, Estimate)
    network = next(one.frame for one in verdict.exhibits if one.name == "connectedness of returns")
    inside = network.drop(columns="from others")
    np.testing.assert_allclose(inside.sum(axis=1), 100.0)
    np.testing.assert_allclose(network["from others"], 100.0 - np.diag(inside))


def test_gates(panel, study, verdict):
    assert judged("C13", without(panel, "growth"), study).outcome is Outcome.NOT_TESTABLE
    rising = panel.returns["crypto"].copy()
    rising.loc[FIRST:LAST] = 1.0
    risen = judged("C13", with_returns(panel, crypto=rising), study)
    assert risen.outcome is Outcome.NOT_TESTABLE
    assert "did not fall" in risen.reason
    assert judged("C13", panel.until(pd.Timestamp("2026-02-02").date()), study).outcome is Outcome.NOT_TESTABLE
    failed = [one.label for one in verdict.specifications if isinstance(one.estimate, NotDecidable)]
    assert failed == ["technology shares"]


def test_a_moved_window_without_a_fall_is_no_alternative(panel, study):
    """A rise just before the window outweighs its fall where the base moves back."""
    world = with_growth(panel, -20.0, crypto=1.0, miners=0.8)
    risen = world.returns["crypto"].copy()
    risen.loc["2026-01-28"] = 60.0
    verdict = judged("C13", with_returns(world, crypto=risen), study)
    found = {one.label: one.estimate for one in verdict.specifications}
    for moved in ("base −1 session", "base −2 sessions", "base −3 sessions"):
        assert "no fall" in str(found[f"short window, {moved}"])
    assert isinstance(found["short window, base +1 session"], Estimate)
    assert isinstance(found["historical decomposition"], Estimate)

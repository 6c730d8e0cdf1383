"""C20: overextension of the miners at the base, and what follows overextension."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from claim_cases import case_of, judged, with_levels, without

from models.claims import Outcome
from models.claims.c20_overextended import _law_leg
from models.claims.rule import judge_effect
from models.drivers.predictive import PredictiveRegression
from models.estimate import Estimate, NotDecidable, TestResult
from models.overextension import overextension, relative_strength
from models.simulate.kernels import overextension as simulated_overextension

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
BASE = "2026-01-28"


def price(panel, rises: np.ndarray) -> pd.Series:
    """A price with a pattern of daily log rises that ends its first pass at the base, repeated backwards in time."""
    clock = panel.levels.index
    at = clock.get_loc(BASE)
    phase = (np.arange(len(clock)) - at - 1) % len(rises)
    noise = np.random.default_rng(3).normal(0.0, 0.004, len(clock))
    return pd.Series(50.0 * np.exp(np.cumsum(rises[phase] + noise)), index=clock)


@pytest.fixture(scope="module")
def reverting(panel):
    """Every 100 sessions the price climbs for ten sessions and gives all of it back: it stands on top at the base."""
    return with_levels(panel, miners=price(panel, np.r_[np.full(21, -0.012), np.zeros(69), np.full(10, 0.0252)]))


@pytest.fixture(scope="module")
def trending(panel):
    """Slow declines are broken by climbs that go on for long; at the base the price has long been declining."""
    return with_levels(panel, miners=price(panel, np.r_[np.full(60, 0.006), np.full(300, -0.0012)]))


def test_state_by_the_simulators_kernel(panel, study):
    levels = panel.history["miners"]
    returns = 100.0 * np.log(levels).diff().fillna(0.0)
    by_kernel = pd.Series(simulated_overextension(returns.to_numpy(), 200, 252), index=levels.index)
    assert judged("C20", panel, study).parts[1].effect.value == pytest.approx(by_kernel[BASE], rel=1e-9)


def test_law_by_statsmodels(panel, study):
    """Slope by least squares, Hodrick's 1B errors by a plain loop."""
    levels = panel.history["miners"]
    z = overextension(levels, average_over=200, spread_over=252)
    returns = 100.0 * np.log(levels).diff().loc["2015-01-02":]
    flag = (z >= 2.0).astype(float).reindex(returns.index)
    future = sum(returns.shift(-step) for step in range(1, 22)).dropna()
    fit = sm.OLS(future, sm.add_constant(flag.reindex(future.index))).fit()
    part = judged("C20", panel, study).parts[0]
    assert part.effect.value == pytest.approx(-fit.params.iloc[1], rel=1e-9)
    x = np.column_stack([np.ones(len(flag)), flag])
    moments = sum(
        np.outer(x[t - 20 : t + 1].sum(axis=0), x[t - 20 : t + 1].sum(axis=0))
        * (returns.iloc[t + 1] - returns.mean()) ** 2
        for t in range(20, len(flag) - 1)
    )
    used = x[: len(future)]
    inverse = np.linalg.inv(used.T @ used)
    assert part.effect.std_error == pytest.approx(np.sqrt((inverse @ moments @ inverse)[1, 1]), rel=1e-9)


def test_agrees_with_the_samples_truth(panel, study):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    verdict = judged("C20", panel, study)
    assert truth["claims"]["C20"]["status"] == "false"
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    assert verdict.parts[0].effect.contains(-truth["population"]["after_overextension.miners"]["value"])


def test_a_world_in_which_it_is_plainly_true(reverting, study):
    verdict = judged("C20", reverting, study)
    assert verdict.headline == verdict.parts[0].effect
    assert verdict.parts[1].effect.value > 2.0
    assert verdict.parts[0].effect.lower > 3.0
    assert verdict.parts[1].outcome is Outcome.SUPPORTED
    assert verdict.parts[0].outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    assert verdict.outcome is verdict.parts[0].outcome


def test_a_world_of_trends(trending, study):
    verdict = judged("C20", trending, study)
    law, state = verdict.parts
    assert state.outcome is Outcome.NOT_SUPPORTED
    assert law.outcome is Outcome.NOT_SUPPORTED
    assert law.effect.upper < 0.0


def test_every_specification_is_listed_once(panel, study):
    labels = [one.label for one in judged("C20", panel, study).specifications]
    assert len(labels) == len(set(labels)) == 48
    fewer = judged("C20", without(panel, "junior_miners"), study).specifications
    assert len(fewer) == 25
    assert "no series" in str(fewer[-1].estimate)


def test_last_years_gain_by_pandas(panel, study):
    closes = panel.history["miners"]
    gain = 100.0 * (closes["2025-12-31"] / closes["2024-12-31"] - 1.0)
    assert judged("C20", panel, study).secondary["gain of the miners in 2025"].value == pytest.approx(gain)


def test_gates(panel, study):
    assert judged("C20", without(panel, "miners"), study).outcome is Outcome.NOT_TESTABLE
    young = panel.levels["miners"].where(panel.levels.index > "2025-01-01")
    verdict = judged("C20", with_levels(panel, miners=young), study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "452" in verdict.reason


def test_never_overextended_means_no_law(panel, study):
    verdict = judged("C20", panel, study, overextended=50.0)
    assert verdict.parts[0].outcome is Outcome.NOT_TESTABLE
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_relative_strength_by_plain_recursion():
    levels = pd.Series(100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 60))))
    changes = levels.diff().to_numpy()[1:]
    up, down = max(changes[0], 0.0), max(-changes[0], 0.0)
    for change in changes[1:]:
        up += (max(change, 0.0) - up) / 14
        down += (max(-change, 0.0) - down) / 14
    index = relative_strength(levels, sessions=14)
    assert index.iloc[-1] == pytest.approx(100.0 * up / (up + down))
    assert index.iloc[:14].isna().all()


def test_overextension_needs_a_spread():
    assert overextension(pd.Series(np.ones(500)), average_over=200, spread_over=252).isna().all()


@pytest.mark.parametrize(
    ("alone", "sesoi", "outcome"),
    [
        (-2.0, 1.0, Outcome.SUPPORTED),
        (2.0, 1.0, Outcome.MIXED),
        (None, 1.0, Outcome.MIXED),
        (2.0, 6.0, Outcome.NOT_SUPPORTED),
    ],
)
def test_a_real_but_small_shortfall_is_not_supported_whatever_single_sessions_say(panel, study, alone, sesoi, outcome):
    def slope(value: float) -> Estimate:
        return Estimate(value, 1.0, value - 1.0, value + 1.0, 0.95, 500, "%", "")

    law = PredictiveRegression(
        slope(-4.0),
        TestResult(4.0, 0.001, "", "", 500, ""),
        NotDecidable("too few") if alone is None else slope(alone),
    )
    case = case_of("C20", panel, study)
    leg = _law_leg(replace(case, thresholds={**case.thresholds, "sesoi": sesoi}), law, ())
    ruling = leg.ruling or judge_effect(leg.effect, sesoi, p_adjusted=0.001, specifications=None)
    assert ruling.outcome is outcome
    if outcome is Outcome.NOT_SUPPORTED:
        assert "a smaller effect is real" in ruling.reason


def test_the_density_of_the_shortfall_lies_about_its_estimate(panel, study):
    verdict = judged("C20", panel, study)
    density, effect = verdict.exhibits[0].frame, verdict.parts[0].effect
    mean = np.trapezoid(density["value"] * density["density"], density["value"])
    assert mean == pytest.approx(effect.value, abs=effect.std_error)

"""C09: Bitcoin's volatility against the miners' and among liquid assets."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from arch import arch_model
from claim_cases import judged, with_levels, without

from models.claims import Outcome
from models.claims.c09_most_volatile import _percent
from models.estimate import Estimate, NotDecidable
from models.margins import fit_margins
from models.simulate.simulation import simulate

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C09", panel, study)


@pytest.fixture(scope="module")
def few(panel):
    """A panel with few assets, so that few volatilities are fitted."""
    return without(panel, "oil", "treasuries", "dollar", "credit_fund", "growth", "junior_miners")


def noise(panel, scale: float) -> pd.Series:
    clock = panel.levels.index
    generator = np.random.default_rng(11)
    size = scale * (1.0 + 0.5 * np.sin(np.arange(len(clock)) / 40.0))
    return pd.Series(100.0 * np.exp(np.cumsum(size * generator.standard_t(6, len(clock)) / 100.0)), index=clock)


def test_ratio_by_arch_where_closed_days_add_nothing(panel, study):
    margins = study.margins.model_copy(update={"gap_variance": "none"})
    verdict = judged("C09", panel, study.model_copy(update={"margins": margins}))
    sigmas = {}
    for role in ("crypto", "miners"):
        model = arch_model(
            panel.returns[role].dropna(), mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False
        )
        sigmas[role] = model.fit(disp="off").conditional_volatility
    by_hand = np.log(sigmas["crypto"] / sigmas["miners"]).loc["2015-01-02":].mean()
    assert verdict.parts[0].effect.value == pytest.approx(by_hand, rel=5e-3)
    assert verdict.headline.value == pytest.approx(np.exp(verdict.parts[0].effect.value))


def test_closed_days_give_the_ratio_of_a_worlds_own_volatilities(study):
    """Spread evenly over the sessions, the variance of weekends would lift the mean log by some .05."""
    world = simulate("C", seed=3)
    start = pd.Timestamp("2014-09-18")
    returns = pd.DataFrame(
        {
            role: 100.0 * np.log(world.levels[role]["close"].reindex(world.sessions)).diff()
            for role in ("crypto", "miners")
        }
    ).loc[start:]
    true = pd.DataFrame(world.volatilities, index=world.sessions, columns=list(world.roles)).loc[returns.index]
    days = np.diff(world.sessions[world.sessions.searchsorted(start) - 1 :]) / np.timedelta64(1, "D")
    gaps = {"crypto": days.astype(float)}
    fitted, spread = (
        fit_margins(returns, "gjr", study.margins.mean, "t", gap_days=days).variances.pow(0.5) for days in (gaps, {})
    )
    wanted, found, lifted = (np.log(one["crypto"] / one["miners"]).mean() for one in (true, fitted, spread))
    assert found == pytest.approx(wanted, abs=0.02)
    assert lifted > wanted + 0.02


def test_estimates_agree_with_the_population(verdict):
    population = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["population"]
    effect = verdict.parts[0].effect
    assert abs(effect.value - population["log_volatility_ratio.crypto.miners"]["value"]) < 2.5 * effect.std_error
    share = population["volatility_rank.crypto"]["value"]
    assert verdict.parts[1].effect.value == pytest.approx(share, abs=0.04)


def test_the_sample_is_no_opposite_of_its_truth(verdict):
    status = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["claims"]["C09"]["status"]
    assert status == "trivial"
    assert verdict.outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    assert verdict.parts[1].outcome is Outcome.SUPPORTED


@pytest.mark.parametrize(("scale", "outcome"), [(6.0, Outcome.SUPPORTED), (0.3, Outcome.NOT_SUPPORTED)])
def test_plain_worlds(few, study, scale, outcome):
    world = with_levels(few, crypto=noise(few, scale))
    verdict = judged("C09", world, study)
    assert [part.outcome for part in verdict.parts] == [outcome, outcome]
    assert verdict.outcome is outcome


def test_rank_share_by_hand(few, study):
    """Against three assets that are all calmer, every session has a full share: observed, not estimated."""
    share = judged("C09", with_levels(few, crypto=noise(few, 20.0)), study).parts[1].effect
    assert share.value == share.lower == share.upper == 1.0


def test_a_price_below_zero_has_no_percentage(panel):
    oil = panel.levels["oil"].copy()
    oil.loc["2020-04-20"] = -37.6
    case_panel = replace(panel, levels=panel.levels.assign(oil=oil))

    class Bare:
        panel = case_panel

    changes = _percent(Bare, "oil")
    around = pd.DatetimeIndex(["2020-04-20", "2020-04-21"])
    assert not changes.index.isin(around).any()
    ordinary = 100.0 * np.log(oil["2020-04-17"] / oil["2020-04-16"])
    assert changes["2020-04-17"] == pytest.approx(ordinary)


def test_specifications_without_ranges_are_counted(verdict):
    failed = [one for one in verdict.specifications if isinstance(one.estimate, NotDecidable)]
    assert len(verdict.specifications) == 36
    assert {one.label.split(",")[0] for one in failed} == {"Parkinson range", "Garman-Klass range"}


def test_an_hour_of_trading_shifts_the_log_ratio_by_the_clocks(verdict):
    def value(label: str) -> float:
        return next(one.estimate.value for one in verdict.specifications if one.label == label)

    shift = value("GJR-GARCH-t, gold miners, full") - value("per hour of trading, gold miners, full")
    assert shift == pytest.approx(0.5 * np.log(24.0 * 365 / 252 / 6.5))


def test_missing_assets_are_named_and_gates_hold(panel, study, verdict):
    assert "silver" in str(verdict.secondary["volatility of silver"])
    assert judged("C09", without(panel, "crypto"), study).outcome is Outcome.NOT_TESTABLE
    young = panel.levels["miners"].where(panel.levels.index > "2025-06-01")
    refused = judged("C09", with_levels(panel, miners=young), study)
    assert refused.outcome is Outcome.NOT_TESTABLE
    assert isinstance(verdict.secondary["mean log ratio, interval by cosine HAC"], Estimate)


def test_a_study_without_the_later_samples_is_judged(panel, study, verdict):
    kept = {name: one for name, one in study.windows.items() if name not in ("post_2020", "bitcoin_fund_era")}
    fewer = judged("C09", panel, study.model_copy(update={"windows": kept}))
    assert fewer.headline == verdict.headline
    assert fewer.specifications
    assert all(one.label.endswith(", full") for one in fewer.specifications if "," in one.label)

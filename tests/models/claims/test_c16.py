"""C16: the risk block's share of what is explained of both falls."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, claim, judged, without
from made_up import noise, with_returns

from models.claims import Outcome
from models.claims.c15_costs import oil_returns
from models.estimate import Estimate, NotDecidable
from models.simulate.attribution import risk_share

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
RISK = ["fear", "credit", "growth"]


@pytest.fixture(scope="module")
def verdict(panel, study):
    return judged("C16", panel, study)


def falling(returns: pd.Series, by: float) -> pd.Series:
    """The returns with as much added in the short window as makes their sum `by`."""
    inside = (returns.index > "2026-01-28") & (returns.index <= "2026-02-06")
    return returns + np.where(inside, (by - returns[inside].sum()) / inside.sum(), 0.0)


def share_by_hand(panel, dependent: str, fundamentals: list[str]) -> float:
    frame = panel.returns[[dependent, *RISK, "metal", "real_yield", "dollar"]].assign(
        oil=oil_returns(panel.levels["oil"])
    )
    frame = frame.loc["2015-01-02":]
    inside = (frame.index > "2026-01-28") & (frame.index <= "2026-02-06")
    april = (frame.index >= "2020-04-15") & (frame.index <= "2020-04-30")
    before, moves = frame[~inside & ~april], frame[inside].sum()

    def explained(columns: list[str]) -> float:
        design = np.column_stack([np.ones(len(before)), before[columns]])
        return float(np.linalg.lstsq(design, before[dependent], rcond=None)[0][1:] @ moves[columns])

    both = explained([*RISK, *fundamentals])
    return 0.5 * (explained(RISK) + both - explained(fundamentals)) / both


def test_shares_by_hand(panel, verdict):
    crypto, miners = (part.effect.value for part in verdict.parts)
    assert crypto + 0.5 == pytest.approx(share_by_hand(panel, "crypto", ["real_yield", "dollar", "metal"]))
    assert miners + 0.5 == pytest.approx(share_by_hand(panel, "miners", ["metal", "real_yield", "dollar", "oil"]))


def test_agrees_with_the_samples_truth(panel, verdict):
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert truth["claims"]["C16"]["status"] == "false"
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    population = {name: SimpleNamespace(value=one["value"]) for name, one in truth["population"].items()}
    moves = panel.returns.loc["2026-01-29":"2026-02-06"].sum().to_dict()
    for part, role in zip(verdict.parts, ("crypto", "miners"), strict=True):
        assert part.effect.contains(risk_share(role, moves, population) - 0.5)


def test_rows_of_the_waterfall_add_up_to_the_move(panel, verdict):
    (exhibit,) = verdict.exhibits
    for role in ("crypto", "miners"):
        rows = exhibit.frame[[str(name).startswith(f"{panel.names[role]}:") for name in exhibit.frame.index]]
        move = panel.returns.loc["2026-01-29":"2026-02-06", role].sum()
        assert rows["estimate"].sum() == pytest.approx(move, abs=1e-8)


def test_a_fall_that_risk_made(panel, study):
    growth = falling(panel.returns["growth"], -12.0)
    crypto = 1.5 * growth + noise(panel, 1, 0.3)
    miners = 1.2 * growth + 0.2 * panel.returns["metal"] + noise(panel, 2, 0.3)
    verdict = judged("C16", with_returns(panel, growth=growth, crypto=crypto, miners=miners), study)
    assert verdict.outcome in (Outcome.SUPPORTED, Outcome.MIXED)
    assert all(part.effect.lower > 0.1 for part in verdict.parts)


def test_a_fall_that_gold_made(panel, study):
    metal = falling(panel.returns["metal"], -12.0)
    crypto, miners = (metal + noise(panel, seed, 0.3) for seed in (1, 2))
    verdict = judged("C16", with_returns(panel, metal=metal, crypto=crypto, miners=miners), study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    assert all(part.effect.upper < 0.0 for part in verdict.parts)


def test_a_fall_that_nothing_explains_leaves_it_undecided(panel, study):
    crypto = falling(noise(panel, 3, 2.0), -25.0)
    verdict = judged("C16", with_returns(panel, crypto=crypto), study)
    assert verdict.parts[0].outcome is Outcome.INCONCLUSIVE
    assert "R-squared of 0.00" in verdict.parts[0].reason


def test_drivers_that_on_balance_explain_a_rise_leave_it_undecided(panel, study):
    """Fear takes a little away and gold gives more back; the fall itself is Bitcoin's own, on one day."""
    growth, metal = falling(panel.returns["growth"], -3.0), falling(panel.returns["metal"], 6.0)
    crypto = growth + metal + noise(panel, 1, 0.3)
    crypto.loc["2026-02-06"] -= 8.0
    verdict = judged("C16", with_returns(panel, growth=growth, metal=metal, crypto=crypto), study, minimum_r2=-100.0)
    part = verdict.parts[0]
    assert part.effect.lower > 0.0
    assert part.outcome is Outcome.INCONCLUSIVE
    assert "on balance the drivers explain no fall: +" in part.reason


def test_drivers_that_hardly_follow_leave_it_undecided(panel, study):
    verdict = judged("C16", panel, study, minimum_r2=0.99)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert all("R-squared" in part.reason for part in verdict.parts)


def test_gates(panel, study):
    assert judged("C16", without(panel, "real_yield"), study).outcome is Outcome.NOT_TESTABLE
    risen = judged("C16", with_returns(panel, miners=falling(panel.returns["miners"], 3.0)), study)
    assert risen.outcome is Outcome.NOT_TESTABLE
    assert "did not fall" in risen.reason
    early = panel.until(pd.Timestamp("2026-02-02").date())
    assert judged("C16", early, study).outcome is Outcome.NOT_TESTABLE
    verdict = judged("C16", without(panel, "credit_fund"), study)
    refused = {one.label: one.estimate for one in verdict.specifications if isinstance(one.estimate, NotDecidable)}
    assert "credit_fund" in str(refused.pop("bond fund for the spread"))
    assert all("R-squared" in str(why) for why in refused.values())


def test_the_waterfall_takes_its_slopes_from_the_sessions_of_the_statistic(panel, verdict):
    """Single drivers then add up to what the two blocks explain."""
    (exhibit,) = verdict.exhibits
    for role in ("crypto", "miners"):
        name = panel.names[role]
        rows = exhibit.frame[[str(row).startswith(f"{name}:") and "residual" not in row for row in exhibit.frame.index]]
        blocks = sum(verdict.secondary[f"{name}, due to {block}"].value for block in ("risk", "fundamentals"))
        assert rows["estimate"].sum() == pytest.approx(blocks, abs=1e-8)


def test_a_moved_window_without_a_fall_is_no_alternative(panel, study):
    """A rise just before the window outweighs its fall where the base moves back."""
    growth = falling(panel.returns["growth"], -12.0)
    crypto = 1.5 * growth + noise(panel, 1, 0.3)
    growth.loc["2026-01-28"], crypto.loc["2026-01-28"] = 20.0, 30.0
    verdict = judged("C16", with_returns(panel, growth=growth, crypto=crypto), study)
    found = {one.label: one.estimate for one in verdict.specifications}
    for moved in ("base −1 session", "base −2 sessions", "base −3 sessions"):
        assert "no fall" in str(found[f"short window, {moved}"])
    assert isinstance(found["short window, base +1 session"], Estimate)


def test_alternatives_that_hardly_follow_do_not_count(panel, study):
    case = case_of("C16", panel, study)
    leg = claim("C16").measure(replace(case, thresholds={**case.thresholds, "minimum_r2": 0.99})).legs[0]
    assert isinstance(leg.effect, Estimate)
    assert all("R-squared" in str(one.estimate) or "no fall in" in str(one.estimate) for one in leg.specifications)


def test_how_many_alternatives_say_nothing_is_told_with_the_reasons(panel, study):
    case = case_of("C16", panel, study)
    measured = claim("C16").measure(replace(case, thresholds={**case.thresholds, "minimum_r2": 0.99}))
    leg = measured.legs[0]
    risen = sum("no fall in this window" in str(one.estimate) for one in leg.specifications)
    unfollowed = sum("R-squared" in str(one.estimate) for one in leg.specifications)
    total = len(leg.specifications)
    words = next(one for one in measured.caveats if one.startswith("Bitcoin: "))
    assert f"{risen + unfollowed} of the {total} listed alternatives say nothing" in words
    assert f"in {unfollowed} the drivers follow it within the window with an R-squared below 0.99" in words
    assert (f"in {risen} it did not fall" in words) == (risen > 0)


def test_nothing_is_said_where_every_alternative_speaks(panel, study):
    growth = falling(panel.returns["growth"], -12.0)
    verdict = judged("C16", with_returns(panel, growth=growth, crypto=1.5 * growth + noise(panel, 1, 0.3)), study)
    silent = {leg.label.split(":")[0] for leg in verdict.parts if leg.failed}
    assert {words.split(":")[0] for words in verdict.caveats} == silent

"""What the estimators find on the real prices, found through STUDY_MARKET_DATA, against figures known beforehand."""

import os
import time
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from data import load_panel
from models.clock import EXCHANGE, MIDNIGHT, panel_clocks
from models.connectedness import connectedness, decompose_window, rolling_connectedness
from models.drivers import attribute_window, explained_shares, granger_causality
from models.episodes import drawdown_episodes, recoveries
from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.liquidity import corwin_schultz_spread, mean_spread, parkinson_variance
from models.stress import drawdown_stress

FOLDER = os.environ.get("STUDY_MARKET_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="STUDY_MARKET_DATA names no folder with real prices")

RESAMPLING = Resampling(level=0.95, replications=1999, block_bounds=(5, 40), seed=20260208)
BLOCKS = {
    "market": ("market",),
    "growth": ("growth",),
    "dollar & rates": ("dollar", "real_yield"),
    "credit": ("credit",),
}


@pytest.fixture(scope="module")
def panel(sample_study):
    return load_panel(sample_study, FOLDER, "2026-02-08")


@pytest.fixture(scope="module")
def short(panel):
    index = panel.returns.index
    return index[(index > "2026-01-28") & (index <= "2026-02-06")]


def test_the_fund_on_the_exchange_confirms_the_new_york_close(panel):
    """econometrics.md B.11: against IBIT the New York close has correlation .998, the UTC close .903."""
    if "crypto_fund" not in panel.levels:
        pytest.skip("the study lists no fund of the always-trading asset")
    row = panel_clocks(panel, "crypto", ("crypto_fund",), RESAMPLING)["crypto_fund"]
    assert row.correlations[EXCHANGE].value == pytest.approx(0.998, abs=0.002)
    assert row.correlations[MIDNIGHT].value == pytest.approx(0.903, abs=0.01)


def test_the_clock_moves_correlations_by_about_a_hundredth(panel):
    """B.11: the same-day correlation moves by about .01 in the full sample."""
    rows = panel_clocks(panel, "crypto", ("metal", "miners", "market", "growth"), RESAMPLING)
    for row in rows.values():
        assert abs(row.differences[MIDNIGHT].value) < 0.03


def test_the_fall_is_mostly_its_own(panel, short):
    drivers = panel.returns[[column for members in BLOCKS.values() for column in members]]
    for role, fall in (("crypto", -21.5), ("miners", -13.2), ("metal", -7.9)):
        result = attribute_window(panel.returns[role], drivers, BLOCKS, short, RESAMPLING)
        assert 100.0 * np.expm1(result.move / 100.0) == pytest.approx(fall, abs=0.1)
        assert sum(part.value for part in result.contributions.values()) == pytest.approx(result.move)
        assert result.contributions["own residual"].upper < 0.5 * result.move


def test_the_whole_room_is_fast(panel, short):
    """All of connectedness, attribution and causality with the default draws: under half a minute of one core."""
    started = time.process_time()
    core = panel.returns[["crypto", "metal", "miners", "market", "growth", "credit_fund"]]
    drivers = panel.returns[[column for members in BLOCKS.values() for column in members]]
    assert not isinstance(connectedness(core, RESAMPLING), NotDecidable)
    quick = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=1)
    assert not isinstance(rolling_connectedness(core, quick), NotDecidable)
    assert not isinstance(decompose_window(core, "crypto", short, RESAMPLING), NotDecidable)
    assert not isinstance(explained_shares(panel.returns["crypto"], drivers, BLOCKS), NotDecidable)
    for effect, cause in (("miners", "crypto"), ("crypto", "miners")):
        answer = granger_causality(
            panel.returns[effect], panel.returns[cause], lags=2, level=0.95, replications=1999, seed=1
        )
        assert not isinstance(answer, NotDecidable)
    assert time.process_time() - started < 30.0


def test_episodes_of_the_market_are_those_everybody_knows(panel, sample_study):
    stress = drawdown_stress(panel, sample_study.stress).reindex(panel.levels.index, fill_value=False)
    episodes = drawdown_episodes(stress, panel.levels["market"])
    troughs = {f"{one.trough:%Y-%m-%d}" for one in episodes}
    assert {"2018-12-24", "2020-03-23", "2022-10-12", "2025-04-08"} <= troughs
    assert all(before.last < after.first for before, after in pairwise(episodes))
    waits = recoveries(panel.levels[["metal", "miners", "crypto", "market"]], episodes, criterion="price")
    # Dividends included, the S&P 500 regained its high of February 2020 in August 2020, 97 sessions after the trough.
    assert waits.sessions.loc[pd.Timestamp("2020-03-23"), "market"] == pytest.approx(97, abs=3)


def test_gold_fund_is_narrower_and_calmer_than_the_miners(panel):
    bars = panel.bars
    spread = {
        role: mean_spread(corwin_schultz_spread(bars[role], overnight=True)["floored"], level=0.95)
        for role in ("metal", "miners")
    }
    assert spread["metal"].upper < spread["miners"].lower
    calm, loud = (parkinson_variance(bars[role]).mean() for role in ("metal", "miners"))
    assert calm < loud

"""Several assets and one window: the rows add up, a block that is added explains, refusals are named."""

import numpy as np
import pandas as pd
import pytest

from models.drivers import Attribution, attribute_window, explain_falls
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling

QUICK = Resampling(level=0.95, replications=99, block_bounds=(5, 40), seed=3)
BLOCKS = {"market": ("market",), "rates": ("dollar", "yield")}


def world(n: int = 600) -> pd.DataFrame:
    """Miners are twice gold and nothing else; gold loads on the dollar alone."""
    generator = np.random.default_rng(11)
    index = pd.bdate_range("2020-01-01", periods=n)
    frame = pd.DataFrame(generator.normal(size=(n, 3)), index, ["market", "dollar", "yield"])
    frame["gold"] = -0.5 * frame["dollar"] + 0.5 * generator.normal(size=n)
    frame.loc[index[-5:], "gold"] -= 2.0
    frame["miners"] = 2.0 * frame["gold"] + 0.05 * generator.normal(size=n)
    return frame


def explained(frame: pd.DataFrame):
    return explain_falls(frame, ("gold", "miners"), BLOCKS, {"miners": {"gold": ("gold",)}}, frame.index[-5:], QUICK)


def test_every_reading_sums_to_the_move():
    frame = world()
    found = explained(frame)
    assert [(one.role, one.added) for one in found] == [("gold", ()), ("miners", ()), ("miners", ("gold",))]
    for one in found:
        assert isinstance(one.attribution, Attribution)
        parts = one.attribution.contributions
        assert set(parts) == {"market", "rates", *one.added, "own residual"}
        move = frame[one.role].iloc[-5:].sum()
        assert one.attribution.move == pytest.approx(move)
        assert sum(part.value for part in parts.values() if isinstance(part, Estimate)) == pytest.approx(move)


def test_a_fall_of_its_own_stays_with_gold_and_leaves_the_miners_once_gold_is_given():
    gold, alone, given = (one.attribution for one in explained(world()))
    assert isinstance(gold, Attribution)
    assert isinstance(alone, Attribution)
    assert isinstance(given, Attribution)
    residuals = [one.contributions["own residual"] for one in (gold, alone, given)]
    assert all(isinstance(one, Estimate) for one in residuals)
    own, own_alone, own_given = (one.value for one in residuals if isinstance(one, Estimate))
    assert own_alone == pytest.approx(2.0 * own, rel=0.1)
    assert abs(own_given) < 0.3
    assert abs(own_alone) > 5.0
    assert given.r_squared > 0.98


def test_the_reading_is_that_of_the_single_attribution():
    frame = world()
    alone = attribute_window(frame["gold"], frame[["market", "dollar", "yield"]], BLOCKS, frame.index[-5:], QUICK)
    gold = explained(frame)[0].attribution
    assert isinstance(alone, Attribution)
    assert isinstance(gold, Attribution)
    assert gold.contributions == alone.contributions


def test_what_cannot_be_explained_says_why():
    frame = world()
    refused = explain_falls(frame, ("market", "silver"), BLOCKS, {}, frame.index[-5:], QUICK)
    reasons = [one.attribution.reason for one in refused if isinstance(one.attribution, NotDecidable)]
    assert reasons == ["a series cannot explain itself", "no series plays the role silver"]

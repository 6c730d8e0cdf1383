"""C19: who comes first after the market's falls, in calm and in price."""

import numpy as np
import pandas as pd
import pytest
from claim_cases import judged, with_levels, without

from models.claims.verdict import Outcome
from models.estimate import Estimate
from models.stress import drawdown_labels, drawdown_stress

#: Sessions between two falls, and of a fall.
APART, FALL = 330, 12


def path(panel, seed: int, depth: float, back: int) -> pd.Series:
    """A calm price that loses `depth` percent in each fall and regains it in `back` sessions, shaking until then."""
    index = panel.levels.index
    generator = np.random.default_rng(seed)
    steps = 0.3 * generator.normal(size=len(index))
    steps -= steps.mean()
    for start in range(APART, len(index) - APART, APART):
        steps[start : start + FALL] -= depth / FALL
        steps[start + FALL : start + FALL + back] = depth / back + 3.0 * np.tile([1.0, -1.0], back)[:back]
    return pd.Series(100.0 * np.exp(np.cumsum(steps) / 100.0), index=index)


def world(panel, gold: int, others: int):
    waits = {"crypto": others, "miners": others + 3, "market": others + 6}
    paths = {role: path(panel, seed, 15.0, back) for seed, (role, back) in enumerate(waits.items())}
    return with_levels(panel, metal=path(panel, 9, 12.0, gold), **paths)


@pytest.fixture(scope="module")
def gold_first(panel, study, suite):
    return judged("C19", world(panel, gold=8, others=60), study, suite)


def test_gold_that_always_comes_first_is_supported(gold_first):
    assert gold_first.n_events >= 6
    for part in gold_first.parts:
        assert part.outcome is Outcome.SUPPORTED
    assert gold_first.outcome is Outcome.SUPPORTED


def test_the_effect_and_its_p_value_by_hand(gold_first):
    """Four assets fall in every episode: the share is one, chance gives a quarter, all places by chance 4 to the -n."""
    assert gold_first.headline.value == pytest.approx(0.75)
    assert gold_first.parts[0].p_value == pytest.approx(2.0 * 0.25**gold_first.n_events)


def test_gold_that_always_comes_last_is_not_supported(panel, study, suite):
    verdict = judged("C19", world(panel, gold=90, others=30), study, suite)
    assert verdict.headline.value == pytest.approx(-0.25)
    assert verdict.outcome is Outcome.NOT_SUPPORTED


def test_too_few_falls_of_gold_are_not_testable(panel, study, suite):
    verdict = judged("C19", panel, study, suite)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "gold fell together with another asset in only" in verdict.reason


def test_falls_in_which_all_tie_are_not_testable(panel, study, suite):
    same = path(panel, 1, 15.0, 20)
    verdict = judged("C19", with_levels(panel, metal=same, crypto=same, miners=same, market=same), study, suite)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "only 0 episodes tell who of several was first" in verdict.reason


def test_where_gold_never_leaves_calm_only_the_price_tells(panel, study, suite):
    """Gold falls by more than a usual month in each episode, but no session of it is out of the ordinary."""
    steps = 0.6 * np.tile([1.0, -1.0], len(panel.levels))[: len(panel.levels)]
    for start in range(APART, len(steps) - APART, APART):
        steps[start : start + FALL] -= 0.4
        steps[start + FALL : start + 2 * FALL] += 0.4
    calm = pd.Series(100.0 * np.exp(np.cumsum(steps) / 100.0), index=panel.levels.index)
    verdict = judged("C19", with_levels(world(panel, gold=8, others=60), metal=calm), study, suite)
    assert [part.outcome for part in verdict.parts] == [Outcome.NOT_TESTABLE, Outcome.SUPPORTED]
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert verdict.headline_label == "gold's share of first places in regaining its price, beyond chance"
    assert verdict.headline == verdict.parts[1].effect


def test_a_missing_role_is_named(panel, study, suite):
    assert "miners" in judged("C19", without(panel, "miners"), study, suite).reason


def test_waits_are_shown_as_shares_that_fall(gold_first):
    for exhibit in gold_first.exhibits:
        shares = exhibit.frame.to_numpy()
        assert ((shares >= 0.0) & (shares <= 1.0)).all()
        assert (np.diff(shares, axis=1) <= 1e-12).all()
    calm = gold_first.exhibits[0].frame
    gold = next(label for label in calm.index if label.startswith("Gold ("))
    assert calm.loc[gold, "63 sessions"] == 0.0


def test_half_lives_stand_beside(gold_first):
    assert any(isinstance(one, Estimate) for one in gold_first.secondary.values())
    assert len(gold_first.secondary) == 4


def test_labels_from_a_level_are_those_of_the_panel(panel, study):
    labels = drawdown_labels(panel.history["market"], panel.returns.index, study.stress)
    pd.testing.assert_series_equal(labels, drawdown_stress(panel, study.stress))

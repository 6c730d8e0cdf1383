"""Assets that move as one: cases by hand, ends of the scale, planted states, coverage."""

import numpy as np
import pandas as pd
import pytest

from models.comovement import comovement_in_stress, measures
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=5)
CALM, STRESS, ASSETS = 0.2, 0.6, 3


def equicorrelated(seed: int, n: int = 1500) -> tuple[pd.DataFrame, pd.Series]:
    """Three assets of different volatility with one correlation in calm, a higher one in spells of stress."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2005-01-03", periods=n)
    stress = pd.Series(np.arange(n) // 25 % 4 == 0, index)
    share = np.where(stress, STRESS, CALM)[:, None]
    rows = np.sqrt(share) * generator.normal(size=(n, 1)) + np.sqrt(1.0 - share) * generator.normal(size=(n, ASSETS))
    return pd.DataFrame(rows * [1.0, 2.0, 5.0], index, ["one", "two", "three"]), stress


def diversification(correlation: float) -> float:
    return float(ASSETS / np.sqrt(ASSETS + ASSETS * (ASSETS - 1) * correlation))


def absorption(correlation: float) -> float:
    return (1.0 + (ASSETS - 1) * correlation) / ASSETS


def test_two_assets_by_hand():
    rows = np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, -2.0], [-1.0, -2.0]])
    r = np.corrcoef(rows, rowvar=False)[0, 1]
    assert measures(rows) == pytest.approx([2.0 / np.sqrt(2.0 + 2.0 * r), (1.0 + r) / 2.0, 50.0])


def test_the_ends_of_the_scale():
    one = np.random.default_rng(1).normal(size=(500, 1))
    assert measures(one * [1.0, 3.0, 7.0]) == pytest.approx([1.0, 1.0, 100.0 * (one < 0.0).mean()])


def test_scale_does_not_matter():
    rows = equicorrelated(2)[0].to_numpy()
    assert measures(rows * [0.1, 10.0, 3.0]) == pytest.approx(measures(rows))


def test_planted_states_are_covered():
    truth = [diversification(STRESS) - diversification(CALM), absorption(STRESS) - absorption(CALM)]
    hits = np.zeros(2)
    for seed in range(40):
        found = list(comovement_in_stress(*equicorrelated(seed), QUICK).values())
        hits += [one.contains(value) for one, value in zip(found[:2], truth, strict=True)]
        assert isinstance(found[2], Estimate)
        assert found[2].value > 0.0
    assert np.all(hits >= 34)


def test_a_state_that_is_too_short_is_refused():
    returns, stress = equicorrelated(3)
    found = comovement_in_stress(returns, stress & (np.arange(len(stress)) < 20), QUICK)
    assert all(isinstance(one, NotDecidable) and "30 sessions" in str(one) for one in found.values())

"""Joint falls counted without overlap."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data.errors import EstimationError
from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.tails.joint_episodes import joint_episodes

RESAMPLING = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=1)
FALLS = {"a": -10.0, "b": -10.0}


def frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["a", "b"], index=pd.bdate_range("2015-01-01", periods=len(rows)))


def quiet(sessions: int) -> np.ndarray:
    return np.random.default_rng(2).normal(0.0, 0.1, (sessions, 2))


def by_brute_force(returns: pd.DataFrame, horizon: int) -> list[pd.Timestamp]:
    """Walk through the sessions; after an episode start afresh."""
    dates, since = [], 0
    for at in range(len(returns)):
        stretch = returns.iloc[max(since, at - horizon + 1) : at + 1]
        if len(stretch) == horizon and (np.expm1(stretch.sum() / 100.0) <= -0.10).all():
            dates.append(returns.index[at])
            since = at + 1
    return dates


def test_planted_falls_are_counted_once():
    rows = quiet(1000)
    for start in (100, 104, 500):
        rows[start : start + 3] = -6.0
    found = joint_episodes(frame(rows), FALLS, 5, RESAMPLING)
    assert list(found.sums.index) == by_brute_force(frame(rows), 5)
    assert (found.sums <= -10.0).all(axis=None)


@pytest.mark.parametrize("horizon", [1, 5, 7, 21])
def test_against_brute_force(horizon):
    rows = np.random.default_rng(horizon).standard_t(3, (1500, 2)) * 2.5
    rows[:, 1] = 0.7 * rows[:, 0] + 0.7 * rows[:, 1]
    found = joint_episodes(frame(rows), FALLS, horizon, RESAMPLING)
    assert list(found.sums.index) == by_brute_force(frame(rows), horizon)


def test_poisson_limits_by_their_definition():
    rows = quiet(2520)
    for start in (100, 600, 1100, 1700):
        rows[start : start + 3] = -6.0
    rate = joint_episodes(frame(rows), FALLS, 5, RESAMPLING).rate
    assert rate.value == pytest.approx(0.4)
    assert stats.poisson.sf(3, 10.0 * rate.lower) == pytest.approx(0.025)
    assert stats.poisson.cdf(4, 10.0 * rate.upper) == pytest.approx(0.025)


def test_no_episode_leaves_the_length_of_the_sample():
    found = joint_episodes(frame(quiet(504)), FALLS, 7, RESAMPLING)
    assert found.rate.value == 0.0
    assert found.return_period.value == found.return_period.upper == 2.0
    assert found.return_period.lower == pytest.approx(2.0 / 3.689, rel=1e-3)
    assert isinstance(found.ratio, NotDecidable)


def test_independent_series_have_a_ratio_near_one():
    rows = np.random.default_rng(5).normal(0.0, 4.0, (20_000, 2))
    ratio = joint_episodes(frame(rows), FALLS, 5, RESAMPLING).ratio
    assert ratio.lower < 1.0 < ratio.upper
    assert ratio.value == pytest.approx(1.0, abs=0.25)


def test_too_short():
    with pytest.raises(EstimationError, match="fewer than 7"):
        joint_episodes(frame(quiet(5)), FALLS, 7, RESAMPLING)

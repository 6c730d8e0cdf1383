"""Event study: recovery of a planted abnormal return, coverage, spans over missing factors."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.events import abnormal_returns
from models.spans import common_spans


def world(seed: int, planted: float = 0.0):
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2022-01-03", periods=900)
    factor = generator.normal(size=900)
    shocks = generator.standard_t(8, size=(900, 2)) * np.sqrt(6 / 8)
    variance = np.ones((900, 2))
    for t in range(1, 900):
        variance[t] = 0.05 + 0.08 * shocks[t - 1] ** 2 * variance[t - 1] + 0.87 * variance[t - 1]
    returns = pd.DataFrame(
        np.column_stack([0.5 * factor, -0.2 * factor]) + np.sqrt(variance) * shocks,
        index=index,
        columns=["gold", "coin"],
    )
    event = index[860:868]
    returns.loc[event, "gold"] += planted / len(event)
    return returns, pd.DataFrame({"market": factor}, index=index), event


def study(seed: int, planted: float = 0.0):
    returns, factors, event = world(seed, planted)
    return abnormal_returns(
        returns, factors, event, first=273, last=22, level=0.95, replications=199, block_bounds=(5, 40), seed=seed
    )


def test_slopes_are_least_squares_of_the_estimation_window():
    returns, factors, event = world(1)
    result = study(1)
    start = returns.index.get_loc(event[0])
    rows = slice(start - 273, start - 21)
    slope, intercept = np.polyfit(factors["market"].iloc[rows], returns["gold"].iloc[rows], 1)
    assert result.slopes.loc["market", "gold"] == pytest.approx(slope)
    assert result.slopes.loc["const", "gold"] == pytest.approx(intercept)
    assert result.n == 252


def test_planted_return_is_found():
    assert study(2, planted=-25.0).estimate("gold").upper < 0.0
    gap, p_value = study(2, planted=-25.0).gap("coin", ("gold",))
    assert gap.lower > 0.0
    assert p_value < 0.05


def test_interval_covers_the_planted_return():
    hits = sum(study(seed, planted=3.0).estimate("gold").contains(3.0) for seed in range(60))
    assert hits >= 51


def test_a_missing_factor_joins_two_sessions_and_loses_nothing():
    returns, factors, event = world(3)
    factors.loc[event[2], "market"] = np.nan
    spans = common_spans(pd.concat([returns, factors], axis=1))
    assert event[2] not in spans.index
    both = returns.loc[[event[2], event[3]], "gold"].sum()
    assert spans.loc[event[3], "gold"] == pytest.approx(both)
    assert spans["gold"].sum() == pytest.approx(returns["gold"].sum())


def test_too_few_sessions_before_the_event_is_an_error():
    returns, factors, event = world(4)
    with pytest.raises(EstimationError, match="273 are needed"):
        abnormal_returns(
            returns.iloc[700:],
            factors.iloc[700:],
            event,
            first=273,
            last=22,
            level=0.95,
            replications=99,
            block_bounds=(5, 40),
            seed=1,
        )

"""Event study: recovery of a planted abnormal return, coverage, spans over missing factors."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.estimate import NotDecidable
from models.events import abnormal_returns, abnormal_returns_of_windows, moved_windows
from models.spans import common_spans

SETTINGS = {"first": 273, "last": 22, "level": 0.95, "replications": 99, "block_bounds": (5, 40), "seed": 1}


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
    hits = sum(study(seed, planted=3.0).estimate("gold").contains(3.0) for seed in range(30))
    assert hits >= 25


def test_a_missing_factor_joins_two_sessions_and_loses_nothing():
    returns, factors, event = world(3)
    factors.loc[event[2], "market"] = np.nan
    spans = common_spans(pd.concat([returns, factors], axis=1))
    assert event[2] not in spans.index
    both = returns.loc[[event[2], event[3]], "gold"].sum()
    assert spans.loc[event[3], "gold"] == pytest.approx(both)
    assert spans["gold"].sum() == pytest.approx(returns["gold"].sum())


@pytest.mark.parametrize(("culprit", "kept"), [("gold", 3), ("market", 7), ("coin", 0)])
def test_a_series_that_ends_inside_the_event_is_named(culprit, kept):
    returns, factors, event = world(3)
    frame = factors if culprit == "market" else returns
    frame.loc[event[kept] :, culprit] = np.nan
    last = frame[culprit].last_valid_index()
    with pytest.raises(EstimationError) as refused:
        abnormal_returns(returns, factors, event, **SETTINGS)
    assert refused.value.problem.endswith(f"its series earlier: {culprit} on {last:%Y-%m-%d}")


def test_what_moved_before_the_event_does_not_enter_it():
    returns, factors, event = world(3)
    base = returns.index[returns.index.get_loc(event[0]) - 1]
    factors.loc[base, "market"] = np.nan
    plain = abnormal_returns(returns, factors, event, **SETTINGS)
    returns.loc[base, "gold"] += 50.0
    moved = abnormal_returns(returns, factors, event, **SETTINGS)
    assert list(moved.cumulative.index) == list(event[1:])
    assert moved.total["gold"] == pytest.approx(plain.total["gold"])
    factors.loc[base, "market"], factors.loc[event[0], "market"] = 0.0, np.nan
    assert list(abnormal_returns(returns, factors, event, **SETTINGS).cumulative.index) == list(event[1:])


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


def test_fan_ends_at_the_estimate():
    result = study(4, planted=5.0)
    last = result.fan("gold").iloc[-1]
    total = result.estimate("gold")
    assert (last["estimate"], last["lower"], last["upper"]) == pytest.approx((total.value, total.lower, total.upper))
    assert (result.fan("gold")["upper"] - result.fan("gold")["lower"]).is_monotonic_increasing


def test_spread_is_that_of_event_shocks_and_coefficients():
    """Without volatility clusters: variance = h + m'(X'X)^-1 m with m the summed regressors of the event."""
    generator = np.random.default_rng(6)
    index = pd.bdate_range("2022-01-03", periods=900)
    factors = pd.DataFrame({"market": generator.normal(size=900)}, index=index)
    returns = pd.DataFrame({"gold": generator.normal(size=900), "coin": generator.normal(size=900)}, index=index)
    event = index[800:885]
    result = abnormal_returns(
        returns, factors, event, first=273, last=22, level=0.95, replications=1999, block_bounds=(1, 2), seed=1
    )
    regressors = np.column_stack([np.ones(252), factors.iloc[800 - 273 : 800 - 21]])
    moves = np.array([85.0, factors.loc[event, "market"].sum()])
    expected = np.sqrt(85.0 + moves @ np.linalg.inv(regressors.T @ regressors) @ moves)
    assert result.estimate("gold").std_error == pytest.approx(expected, rel=0.12)


def test_interval_of_a_long_event_covers():
    hits = 0
    for seed in range(25):
        returns, factors, _ = world(seed)
        result = abnormal_returns(
            returns,
            factors,
            returns.index[780:865],
            first=273,
            last=22,
            level=0.95,
            replications=199,
            block_bounds=(5, 40),
            seed=seed,
        )
        hits += result.estimate("gold").contains(0.0)
    assert hits >= 20


def test_windows_that_cannot_be_studied_say_why():
    returns, factors, event = world(5)
    windows = {
        "event": event,
        "early": returns.index[50:60],
        "outside": pd.DatetimeIndex(["2050-01-03"]),
        "endless": returns.index[400:800],
    }
    found = abnormal_returns_of_windows(returns, factors, windows, **SETTINGS)
    assert found["event"].total.equals(study(5).total)
    assert all(isinstance(found[name], NotDecidable) for name in ("early", "outside", "endless"))
    flat = abnormal_returns_of_windows(returns.assign(gold=0.0), factors, {"event": event}, **SETTINGS)
    assert "gold does not change" in flat["event"].reason


def test_windows_move_at_both_ends():
    sessions = pd.bdate_range("2026-01-01", periods=20)
    moved = moved_windows(sessions, sessions[5:8], by=3)
    assert len(moved) == 49 - sum(1 for early in range(-3, 4) for late in range(-3, 4) if early > late + 2)
    assert moved[0, 0].equals(sessions[5:8])
    assert moved[-3, 2].equals(sessions[2:10])
    assert (0, 3) not in moved_windows(sessions, sessions[17:19], by=3)

"""Readings of the next session: percentiles and changes by brute force, rivals against their own fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.correlation import CCC, CorrelationResult
from models.correlation.baselines import EWMA
from models.outlook.moments import RecentMoments
from models.outlook.nowcast import (
    MONTH,
    WEEK,
    Reading,
    beta_of,
    correlation_of,
    mean_correlation_of,
    nowcast,
    percentile,
    pooled_moments,
    rival_moments,
    volatility_of,
)
from models.regimes import RSDC


@pytest.fixture(scope="module")
def readings(result: CorrelationResult, recent: RecentMoments) -> tuple[Reading, ...]:
    wanted = (correlation_of("a", "b"), mean_correlation_of(("a", "b", "c")), beta_of("a", "b"), volatility_of("c"))
    return nowcast(
        result,
        wanted,
        recent,
        result.forecast(MONTH, "simulation", 2),
        rival_moments(result, None, 0),
        pooled_moments(result, 0),
        0.95,
    )


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(-6, 6))
def test_a_percentile_counts_lower_values_and_half_the_ties(history: list[int], value: int) -> None:
    brute = sum(1.0 if one < value else 0.5 if one == value else 0.0 for one in history) / len(history)
    assert percentile(np.array(history, dtype=float), float(value)) == pytest.approx(brute)


def test_the_percentile_leaves_out_what_is_missing() -> None:
    assert percentile(np.array([1.0, np.nan, 3.0]), 2.0) == 0.5


def test_now_and_change_are_of_the_session_after_the_sample(
    readings: tuple[Reading, ...], result: CorrelationResult
) -> None:
    first = readings[0]
    now, before = float(result.next_correlation.loc["a", "b"]), float(result.correlation("a", "b").iloc[-WEEK])
    assert first.now.value == pytest.approx(now, rel=1e-9)
    assert first.change.value == pytest.approx(now - before, rel=1e-6)
    assert first.percentile == pytest.approx(float((result.correlation("a", "b") < now).mean()))
    assert first.quantity.key == "correlation:a:b"


def test_the_inner_band_lies_inside_the_outer(readings: tuple[Reading, ...]) -> None:
    for one in readings:
        assert one.now.lower <= one.inner[0] <= one.now.value <= one.inner[1] <= one.now.upper
        assert one.now.upper - one.now.lower > one.inner[1] - one.inner[0] > 0.0


def test_a_week_moved_only_if_its_interval_leaves_out_zero(readings: tuple[Reading, ...]) -> None:
    for one in readings:
        assert one.moved == (one.change.lower > 0.0 or one.change.upper < 0.0)


def test_a_volatility_is_annual(readings: tuple[Reading, ...], result: CorrelationResult) -> None:
    assert readings[3].now.value == pytest.approx(np.sqrt(252.0 * result.margin("c").next_variance))
    assert readings[3].now.unit == "% a year"


def test_the_fan_begins_near_now_and_ends_at_the_forecast(readings: tuple[Reading, ...]) -> None:
    for one in readings:
        assert len(one.fan) == MONTH
        assert one.fan["estimate"].iloc[-1] == one.ahead.value
        inside = (one.fan["lower"] <= one.fan["inner_lower"]) & (one.fan["inner_upper"] <= one.fan["upper"])
        assert inside.all()
        widths = one.fan["upper"] - one.fan["lower"]
        assert widths.iloc[-1] > widths.iloc[0]


def test_rivals_are_what_their_own_fits_say(readings: tuple[Reading, ...], result: CorrelationResult) -> None:
    returns = result.margins.returns
    constant = CCC().fit(returns, margins=result.margins)
    covariance = EWMA().filter(returns).next_covariance
    assert readings[0].models["CCC"] == pytest.approx(float(constant.target.loc["a", "b"]))
    assert readings[0].models["EWMA"] == pytest.approx(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    assert readings[2].models["EWMA"] == pytest.approx(covariance[0, 1] / covariance[1, 1])
    low, high = readings[0].model_range
    assert low == min(readings[0].now.value, *readings[0].models.values())
    assert high == max(readings[0].now.value, *readings[0].models.values())


def test_a_model_with_one_correlation_speaks_of_the_mean_alone(readings: tuple[Reading, ...]) -> None:
    assert "DECO" in readings[1].models
    assert all("DECO" not in one.models for one in (readings[0], readings[2], readings[3]))


def test_switching_correlations_are_mixed_by_tomorrows_probabilities(result: CorrelationResult) -> None:
    switching = RSDC(2).fit(result.margins.returns, margins=result.margins, starts=4, seed=0)
    moments = rival_moments(result, switching, 0)["RSDC"]
    last = switching.filtered.to_numpy()[-1]
    chance = [sum(last[i] * switching.transition[i, k] for i in range(2)) for k in range(2)]
    brute = sum(chance[k] * switching.correlations[k][0, 1] for k in range(2))
    assert moments.correlation("a", "b")[0] == pytest.approx(brute)

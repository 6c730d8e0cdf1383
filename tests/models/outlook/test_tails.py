"""Loss figures against plain counts on the same paths, and against the normal distribution where there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from models.correlation import CorrelationResult
from models.correlation.simulation import after_the_sample, whitened_residuals
from models.estimate import Estimate, NotDecidable, TestResult
from models.outlook.moments import RecentMoments
from models.outlook.tails import (
    SimulatedReturns,
    asset_risk,
    lower_mean,
    shortfall_given,
    simple,
    simulate_returns,
)


@pytest.fixture(scope="module")
def simulated(result: CorrelationResult) -> SimulatedReturns:
    world = after_the_sample(result)
    worlds = [world, *(replace(world, first_variance=k * world.first_variance) for k in (0.9, 1.0, 1.1))]
    return simulate_returns(result.names, worlds, whitened_residuals(result), paths=4000, share=1000, seed=1)


def test_simple_returns_compound() -> None:
    logs = np.log(np.array([[[1.1], [0.5]]])) * 100.0
    assert simple(logs, 1, 0) == pytest.approx([10.0])
    assert simple(logs, 2, 0) == pytest.approx([-45.0])


def test_lower_mean_and_conditional_mean_by_hand() -> None:
    values = np.array([-4.0, -2.0, 0.0, 1.0, 5.0])
    assert lower_mean(values, 0.25) == -3.0
    assert shortfall_given(np.array([9.0, 1.0, 7.0, 3.0, 5.0]), values, 0.25) == 5.0


def test_standard_normal_tails_have_their_known_shortfall() -> None:
    z = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert lower_mean(z, 0.05) == pytest.approx(-stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05, rel=1e-3)


def test_draws_differ_from_the_estimate_by_what_they_do_to_the_same_shocks(simulated: SimulatedReturns) -> None:
    def quantile(paths: np.ndarray) -> float:
        return float(np.quantile(simple(paths, 1, 0), 0.05))

    measured = simulated.measure(quantile)
    assert measured[0] == quantile(simulated.central)
    assert measured[2] == pytest.approx(measured[0])
    assert measured[1] > measured[0] > measured[3]
    np.testing.assert_array_equal(simulated.drawn[0], simulated.central[:1000])


def test_an_asset_has_all_its_figures(
    result: CorrelationResult, recent: RecentMoments, simulated: SimulatedReturns
) -> None:
    found = asset_risk(
        "a",
        simulated,
        recent,
        result.margins.returns["a"],
        stressed="b",
        nu=(8.0, 0.1),
        volatility="garch",
        quantile=0.05,
        level=0.95,
        seed=0,
    )
    for h in (1, 10):
        assert found.expected_shortfall[h].value < found.value_at_risk[h].value < 0.0
    assert found.value_at_risk[10].value < found.value_at_risk[1].value
    deviation = np.sqrt(result.margin("a").next_variance)
    assert found.value_at_risk[1].value == pytest.approx(-1.645 * deviation, rel=0.12)
    assert isinstance(found.covar, Estimate)
    assert isinstance(found.marginal_shortfall, Estimate)
    assert found.covar.value < found.value_at_risk[1].value
    rho = result.next_correlation.loc["a", "b"]
    assert found.marginal_shortfall.value == pytest.approx(-2.06 * rho * deviation, rel=0.3)
    assert isinstance(found.coverage, TestResult)
    assert found.exceptions is not None
    assert 0 <= found.exceptions <= 40


def test_the_stressed_asset_is_not_set_against_itself(
    result: CorrelationResult, recent: RecentMoments, simulated: SimulatedReturns
) -> None:
    for stressed in ("a", None):
        found = asset_risk(
            "a",
            simulated,
            recent,
            result.margins.returns["a"],
            stressed=stressed,
            nu=(0.0, 0.0),
            volatility="garch",
            quantile=0.05,
            level=0.95,
            seed=0,
        )
        assert isinstance(found.covar, NotDecidable)
        assert isinstance(found.marginal_shortfall, NotDecidable)


def test_a_short_history_leaves_the_backtest_open(
    result: CorrelationResult, recent: RecentMoments, simulated: SimulatedReturns
) -> None:
    found = asset_risk(
        "a",
        simulated,
        recent,
        result.margins.returns["a"].iloc[-400:],
        stressed=None,
        nu=(0.0, 0.0),
        volatility="garch",
        quantile=0.05,
        level=0.95,
        seed=0,
    )
    assert found.exceptions is None
    assert isinstance(found.coverage, NotDecidable)

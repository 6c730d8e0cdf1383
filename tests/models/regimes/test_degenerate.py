"""An unbounded likelihood gets a typed answer: constant stretches, too many regimes, two units in one series."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import two_regimes

from models.checks import regime_checks
from models.regimes import (
    MSGARCH,
    RSDC,
    DegenerateRegime,
    MarkovAutoregression,
    MarkovRegression,
    MarkovSwitching,
    compare_regimes,
    diagnose,
)
from models.regimes.correlation_emission import ENTRY_BOUND
from models.regimes.degenerate import VARIANCE_FLOOR, degenerate_regimes, reaches_floor


def _with_a_constant_stretch():
    y = np.random.default_rng(4).normal(size=500)
    y[200:300] = 0.0
    return y


@pytest.mark.parametrize(
    "fit",
    [
        lambda y: MarkovSwitching(2).fit(y, starts=9),
        lambda y: MarkovSwitching(2, "t").fit(y, starts=9),
        lambda y: MarkovRegression(2).fit(y, np.random.default_rng(1).normal(size=500), starts=9),
        lambda y: MarkovAutoregression(2, 1, switching_variance=True).fit(y, starts=9),
        lambda y: MSGARCH(2).fit(y, starts=9),
    ],
)
def test_a_constant_stretch_is_a_degenerate_regime(fit):
    fitted = fit(_with_a_constant_stretch())
    (regime,) = fitted.degenerate
    assert isinstance(regime, DegenerateRegime)
    assert regime.regime == 0
    assert regime.at_floor
    assert 90 < regime.observations < 120
    assert "0.1% of the sample's" in regime.problem
    assert "constant stretches" in str(regime)
    assert np.isfinite(fitted.params).all()


def test_a_series_in_two_units_is_a_degenerate_regime():
    """Percent, then fractions of one: a calm regime of a ten thousandth of the variance."""
    y = two_regimes(1200, seed=3)[0]["market"].to_numpy().copy()
    y[600:] /= 100.0
    (regime,) = MarkovSwitching(2).fit(y, starts=9).degenerate
    assert regime.at_floor
    assert regime.observations == pytest.approx(600, abs=10)
    assert "change of unit" in regime.remedy


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_another_unit_for_the_whole_series_is_none(unit):
    fitted = MarkovSwitching(2).fit(two_regimes(800, seed=3)[0] * [unit, 1.0, 1.0], starts=6)
    assert fitted.degenerate == ()


def test_residuals_that_move_as_one_leave_no_variance():
    generator = np.random.default_rng(2)
    first = generator.normal(size=900)
    second = np.where(np.arange(900) // 150 % 2 == 0, first, generator.normal(size=900))
    fitted = RSDC(2).fit(pd.DataFrame({"a": first, "b": second}), starts=6)
    assert fitted.degenerate == ()
    emission, theta = fitted.likelihood.emission, fitted.likelihood.split(fitted.found.theta)[1].copy()
    theta[1] = ENTRY_BOUND
    np.testing.assert_array_equal(emission.at_floor(theta), [False, True])


def test_regimes_without_observations_are_degenerate():
    """Four regimes for a series with two outliers: a pair of days is no regime."""
    y = np.random.default_rng(8).normal(size=60)
    y[[20, 21]] = [9.0, 9.001]
    fitted = MarkovSwitching(4).fit(y, starts=9)
    assert fitted.degenerate
    assert all(regime.at_floor or regime.observations < regime.fewest for regime in fitted.degenerate)
    assert "fewer regimes" in fitted.degenerate[0].remedy
    table = compare_regimes(MarkovSwitching(2), y, starts=9)
    assert table.loc[4, "degenerate"] == len(fitted.degenerate)
    assert table.loc[1, "degenerate"] == 0


def test_a_degenerate_regime_is_a_red_light():
    fitted = MarkovSwitching(2).fit(_with_a_constant_stretch(), starts=9)
    found = diagnose(fitted, draws=19)
    assert found.light == "red"
    assert fitted.degenerate[0].problem in found.reasons
    (check,) = [one for one in regime_checks(fitted) if "unbounded" in one.name]
    assert check.value == 1.0
    assert not check.passed


def test_a_proper_maximum_has_none():
    fitted = MarkovSwitching(2, "t").fit(two_regimes(1000, seed=5, nu=8)[0], starts=9)
    assert fitted.degenerate == ()
    (check,) = [one for one in regime_checks(fitted) if "unbounded" in one.name]
    assert check.passed


def test_what_counts_as_degenerate_by_hand():
    smoothed = np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.7, 0.1, 0.2]])
    found = degenerate_regimes(smoothed, 0.3, np.array([True, False, False]))
    assert [(one.regime, one.at_floor) for one in found] == [(0, True)]
    found = degenerate_regimes(smoothed, 0.305, np.array([True, False, False]))
    assert [(one.regime, one.at_floor) for one in found] == [(0, True), (1, False), (2, False)]
    assert found[1].problem.startswith("regime 1 holds 0.3 observations")
    floor = np.sqrt(VARIANCE_FLOOR)
    np.testing.assert_array_equal(reaches_floor(np.array([floor, 1.001 * floor])), [True, False])

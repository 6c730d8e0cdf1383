"""The number of regimes: criteria, entropy, bootstrap."""

import itertools

import numpy as np
import pandas as pd
import pytest
from regime_oracles import two_regimes

from data.errors import EstimationError
from models.regimes import (
    MarkovRegression,
    MarkovSwitching,
    RegimeTest,
    bootstrap_regimes,
    compare_regimes,
    information_criteria,
)
from models.regimes.selection import path_entropy
from models.regimes.simulation import chain_path, garch_path


def test_entropy_is_that_of_the_enumerated_paths():
    y = np.random.default_rng(0).normal(size=200)
    fitted = MarkovSwitching(2).fit(y, starts=3)
    likelihood = fitted.likelihood
    short = 8
    chances = []
    chain_theta, emission_theta = likelihood.split(fitted.found.theta)
    densities = np.exp(likelihood.emission.log_densities(emission_theta)[:short])
    transition = likelihood.chain.transition(chain_theta)[0]
    for path in itertools.product(range(2), repeat=short):
        chance = fitted.ergodic[path[0]] * densities[0, path[0]]
        for t in range(1, short):
            chance *= transition[path[t - 1], path[t]] * densities[t, path[t]]
        chances.append(chance)
    weights = np.array(chances) / np.sum(chances)
    found = fitted.filter(y[:short])

    class Short:
        filtered, predicted, smoothed, transitions = found.filtered, found.predicted, found.smoothed, transition[None]

    assert path_entropy(Short) == pytest.approx(-np.sum(weights * np.log(weights)), abs=1e-9)


def test_criteria_find_the_number_of_regimes():
    returns = two_regimes(1500, seed=2)[0]
    table = compare_regimes(MarkovSwitching(2), returns, largest=3, starts=9)
    assert table["bic"].idxmin() == 2
    assert table["icl"].idxmin() == 2
    assert table["loglik"].is_monotonic_increasing
    fitted = MarkovSwitching(2).fit(returns, starts=9)
    size = len(fitted.params)
    assert table.loc[2, "aic"] == pytest.approx(-2.0 * fitted.loglik + 2.0 * size, abs=1e-6)
    assert table.loc[2, "hq"] == pytest.approx(-2.0 * fitted.loglik + 2.0 * size * np.log(np.log(1500)), abs=1e-6)


def test_sizes_the_data_cannot_carry_are_left_out():
    table = compare_regimes(MarkovSwitching(2), np.random.default_rng(0).normal(size=40), starts=3)
    assert list(table.index) == [1, 2, 3]
    with pytest.raises(EstimationError):
        compare_regimes(MarkovSwitching(2), np.ones(40))


def test_criteria_compare_other_models_too():
    X = np.random.default_rng(1).normal(size=300)
    y = X + np.random.default_rng(2).normal(size=300)
    table = information_criteria([MarkovRegression(k).fit(y, X, starts=3) for k in (1, 2)])
    assert table["bic"].idxmin() == 1


def test_regimes_without_fat_tails_are_told_apart():
    """Levels of the mean: no GARCH-t makes them."""
    generator = np.random.default_rng(3)
    level = np.repeat([0.0, 4.0, 0.0, 4.0, 0.0, 4.0], 100)
    test = bootstrap_regimes(MarkovSwitching(2), level + generator.normal(size=600), draws=29, starts=3)
    assert isinstance(test, RegimeTest)
    assert test.distinguishable
    assert "fit better" in str(test)
    assert test.test.p_value == pytest.approx(1 / 30)


def test_fat_tails_and_clustering_are_not_taken_for_regimes():
    generator = np.random.default_rng(4)
    shocks = generator.standard_t(5, 700) * np.sqrt(3 / 5)
    returns = pd.Series(garch_path(shocks, 0.02, 0.10, 0.88, 1.0), name="returns")
    model = MarkovSwitching(2)
    test = bootstrap_regimes(model, returns, draws=24, starts=2)
    assert isinstance(test, RegimeTest)
    assert not test.distinguishable
    assert str(test).startswith("two regimes cannot be told from fat tails here")
    naive = bootstrap_regimes(model, returns, draws=24, starts=2, null="model")
    assert isinstance(naive, RegimeTest)
    assert naive.distinguishable


def test_one_regime_has_nothing_to_be_tested_against():
    with pytest.raises(EstimationError, match="nothing to be tested"):
        bootstrap_regimes(MarkovSwitching(1), np.random.default_rng(0).normal(size=300))


def test_chain_paths_follow_their_matrix():
    transition = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
    path = chain_path(np.random.default_rng(0).random(200_000), transition, np.array([1.0, 0.0, 0.0]))
    counts = np.zeros((3, 3))
    np.add.at(counts, (path[:-1], path[1:]), 1)
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), transition, atol=0.01)
    assert path[0] == 0

"""The race of the starts: leaps along EM steps, regimes told apart, kernels of the starts."""

from types import SimpleNamespace

import numpy as np
import pytest
from regime_oracles import two_regimes

from models.regimes import MarkovSwitching
from models.regimes.kernels import nearest
from models.regimes.race import LONGEST_LEAP, _leap, race, same_regimes
from models.regimes.starts import StartPlan, signals_of


def _open(size):
    return SimpleNamespace(limits=(np.full(size, -np.inf), np.full(size, np.inf)))


def test_a_leap_lands_where_steps_that_shrink_by_a_constant_end():
    end, distance = np.array([2.0, -1.0, 0.5]), np.array([1.0, 3.0, -2.0])
    trail = [end + 0.6**step * distance for step in range(3)]
    np.testing.assert_allclose(_leap(_open(3), *trail), end, atol=1e-12)


def test_a_leap_is_neither_shorter_than_em_nor_too_long_nor_out_of_bounds():
    turning = [np.array([0.0]), np.array([1.0]), np.array([0.5])]
    np.testing.assert_allclose(_leap(_open(1), *turning), turning[2])
    straight = [np.array([0.0]), np.array([1.0]), np.array([2.0])]
    np.testing.assert_allclose(_leap(_open(1), *straight), [2.0 * LONGEST_LEAP])
    bounded = SimpleNamespace(limits=(np.array([-1.0]), np.array([3.0])))
    np.testing.assert_allclose(_leap(bounded, *straight), [3.0])


def test_a_race_never_ends_below_plain_em():
    returns = two_regimes(600, seed=11)[0]
    likelihood = MarkovSwitching(2).fit(returns, starts=1).likelihood
    weights = next(StartPlan(signals_of((returns / returns.std()).to_numpy()), 2, 1, 0).fresh())
    begin = likelihood.begin(weights)
    theta, plain = begin, -np.inf
    for _ in range(40):
        value, ahead, _ = likelihood.em_step(theta)
        if value - plain < 0.05:
            break
        plain, theta = value, ahead
    (basin,) = race(likelihood, [begin])
    assert basin.value >= plain - 0.05
    assert basin.value == pytest.approx(float(likelihood.logliks(basin.theta).sum()), abs=1e-9)
    assert (basin.starts, basin.fresh) == (1, 1)


def test_regimes_are_the_same_only_if_each_one_is():
    first = np.array([[0.9] * 98 + [0.1] * 2, [0.1] * 98 + [0.9] * 2])
    rare_elsewhere = np.array([[0.1] * 2 + [0.9] * 98, [0.9] * 2 + [0.1] * 98])
    assert same_regimes(first, first)
    assert same_regimes(first, np.clip(first + 0.001, 0.0, 1.0))
    assert not same_regimes(first, rare_elsewhere)


def test_nearest_centre_is_that_of_plain_numpy():
    generator = np.random.default_rng(0)
    points, centres = generator.normal(size=(200, 3)), generator.normal(size=(4, 3))
    distances = np.square(points[:, None, :] - centres).sum(axis=2)
    np.testing.assert_array_equal(nearest(points, centres), distances.argmin(axis=1))
    np.testing.assert_array_equal(nearest(np.zeros((2, 1)), np.array([[1.0], [-1.0]])), [0, 0])

"""Filter and smoother against the enumeration of every path."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regime_oracles import central_differences, enumerate_paths

from models.regimes.chain import ConstantChain, CovariateChain, LaggedStates
from models.regimes.kernels import hamilton_filter, kim_smoother, stationary_distribution


def _draw(seed, length, states, varying):
    generator = np.random.default_rng(seed)
    transition = generator.dirichlet(np.ones(states), size=(length if varying else 1, states))
    return generator.normal(0.0, 2.0, (length, states)), transition, generator.dirichlet(np.ones(states))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), length=st.integers(1, 7), states=st.integers(1, 3), varying=st.booleans())
def test_filter_and_smoother_equal_the_enumeration_of_paths(seed, length, states, varying):
    log_densities, transition, initial = _draw(seed, length, states, varying)
    loglik, smoothed, transitions, filtered = enumerate_paths(log_densities, transition, initial)
    logliks, predicted, found_filtered = hamilton_filter(log_densities, transition, initial)
    found_smoothed, found_transitions = kim_smoother(predicted, found_filtered, transition)
    assert logliks.sum() == pytest.approx(loglik, abs=1e-10)
    np.testing.assert_allclose(found_filtered, filtered, atol=1e-10)
    np.testing.assert_allclose(found_smoothed, smoothed, atol=1e-10)
    np.testing.assert_allclose(found_transitions.sum(axis=0), transitions, atol=1e-10)


def test_eight_periods_and_three_regimes_equal_the_enumeration():
    log_densities, transition, initial = _draw(1, 8, 3, False)
    loglik, smoothed, transitions, _ = enumerate_paths(log_densities[:8], transition, initial)
    logliks, predicted, filtered = hamilton_filter(log_densities, transition, initial)
    found_smoothed, found_transitions = kim_smoother(predicted, filtered, transition)
    assert logliks.sum() == pytest.approx(loglik, abs=1e-10)
    np.testing.assert_allclose(found_smoothed, smoothed, atol=1e-10)
    np.testing.assert_allclose(found_transitions[0], transitions, atol=1e-10)


@pytest.mark.parametrize("size", [-1e6, -1250.0, 700.0, 1e8])
def test_extreme_densities_leave_proper_probabilities(size):
    log_densities = np.zeros((6, 2))
    log_densities[3] = [size, -size]
    transition = np.array([[[0.999, 0.001], [1e-12, 1.0 - 1e-12]]])
    logliks, predicted, filtered = hamilton_filter(log_densities, transition, np.array([0.5, 0.5]))
    smoothed, _ = kim_smoother(predicted, filtered, transition)
    assert np.isfinite(logliks).all()
    for probabilities in (predicted, filtered, smoothed):
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)


def test_an_impossible_observation_has_minus_infinite_likelihood_and_no_nan():
    log_densities = np.zeros((4, 2))
    log_densities[2] = -np.inf
    logliks, predicted, filtered = hamilton_filter(log_densities, np.full((1, 2, 2), 0.5), np.array([0.5, 0.5]))
    assert logliks[2] == -np.inf
    assert np.isfinite(predicted).all()
    assert np.isfinite(filtered).all()


def test_filter_can_be_split_at_any_time():
    log_densities, transition, initial = _draw(3, 50, 3, False)
    logliks, _, filtered = hamilton_filter(log_densities, transition, initial)
    first, _, before = hamilton_filter(log_densities[:20], transition, initial)
    second, _, after = hamilton_filter(log_densities[20:], transition, before[-1] @ transition[0])
    np.testing.assert_allclose(np.concatenate([first, second]), logliks, atol=1e-12)
    np.testing.assert_allclose(np.vstack([before, after]), filtered, atol=1e-12)


def test_likelihood_is_the_same_backwards_with_the_reversed_chain():
    log_densities, transition, _ = _draw(4, 60, 3, False)
    stationary = stationary_distribution(transition[0])
    backwards = (stationary[None, :] * transition[0].T) / stationary[:, None]
    forward = hamilton_filter(log_densities, transition, stationary)[0].sum()
    reverse = hamilton_filter(np.ascontiguousarray(log_densities[::-1]), backwards[None], stationary)[0].sum()
    assert forward == pytest.approx(reverse, abs=1e-9)


def test_ergodic_probabilities_are_stationary():
    transition = _draw(5, 1, 4, False)[1][0]
    stationary = stationary_distribution(transition)
    np.testing.assert_allclose(stationary @ transition, stationary, atol=1e-14)
    assert stationary.sum() == pytest.approx(1.0, abs=1e-14)
    rare = np.array([[1.0 - 1e-13, 1e-13], [3e-13, 1.0 - 3e-13]])
    np.testing.assert_allclose(stationary_distribution(rare), [0.75, 0.25], rtol=1e-12)


def _chain_loglik(chain, states, log_densities):
    def loglik(theta):
        transition = chain.transition(theta)
        initial = states.initial(chain.initial(transition), transition)
        return hamilton_filter(log_densities, states.observed(transition), initial)[0].sum()

    return loglik


def _chain(regimes, rows, varying, generator):
    if not varying:
        return ConstantChain(regimes)
    covariates = np.column_stack([np.ones(rows), generator.normal(size=rows)])
    return CovariateChain(regimes, covariates, ("const", "leading"))


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("varying", [False, True])
def test_score_of_the_chain_is_its_slope(order, varying):
    generator = np.random.default_rng(order)
    length, regimes = 30, 2 if order else 3
    states = LaggedStates(regimes, order)
    chain = _chain(regimes, length + order, varying, generator)
    log_densities = generator.normal(0.0, 1.5, (length, states.states))
    theta = generator.normal(0.0, 0.8, chain.size)
    transition = chain.transition(theta)
    observed = states.observed(transition)
    initial = states.initial(chain.initial(transition), transition)
    _, predicted, filtered = hamilton_filter(log_densities, observed, initial)
    smoothed, pairs = kim_smoother(predicted, filtered, observed)
    score = chain.score(theta, *states.whole(pairs, smoothed[0], transition))
    slope = central_differences(_chain_loglik(chain, states, log_densities), theta, 1e-4)
    np.testing.assert_allclose(score, slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("regimes", "order", "length"), [(2, 1, 6), (2, 2, 5), (3, 1, 5)])
@pytest.mark.parametrize("varying", [False, True])
def test_lagged_states_equal_the_enumeration_of_the_paths_of_the_regimes(regimes, order, length, varying):
    generator = np.random.default_rng(regimes + order)
    states = LaggedStates(regimes, order)
    chain = _chain(regimes, length + order, varying, generator)
    transition = chain.transition(generator.normal(size=chain.size))
    log_densities = generator.normal(0.0, 1.5, (length, states.states))
    start = chain.initial(transition)
    total, smoothed = 0.0, np.zeros((length, regimes))
    for path in itertools.product(range(regimes), repeat=length + order):
        weight = start[path[0]]
        for row in range(1, length + order):
            weight *= transition[row if varying else 0][path[row - 1], path[row]]
        for t in range(length):
            lagged = path[t : t + order + 1][::-1]
            weight *= np.exp(log_densities[t, np.ravel_multi_index(lagged, (regimes,) * (order + 1))])
        total += weight
        for t in range(length):
            smoothed[t, path[t + order]] += weight
    observed = states.observed(transition)
    logliks, predicted, filtered = hamilton_filter(log_densities, observed, states.initial(start, transition))
    found, _ = kim_smoother(predicted, filtered, observed)
    assert logliks.sum() == pytest.approx(np.log(total), abs=1e-10)
    np.testing.assert_allclose(states.marginal(found), smoothed / total, atol=1e-10)


@pytest.mark.parametrize("varying", [False, True])
def test_relabelling_the_chain_permutes_its_matrix(varying):
    generator = np.random.default_rng(11)
    order = np.array([2, 0, 1])
    chain = ConstantChain(3)
    if varying:
        chain = CovariateChain(3, np.column_stack([np.ones(5), generator.normal(size=5)]), ("const", "x"))
    theta = generator.normal(size=chain.size)
    permuted = chain.transition(chain.permute(theta, order))
    np.testing.assert_allclose(permuted, chain.transition(theta)[:, order][:, :, order], atol=1e-12)
    np.testing.assert_allclose(chain.unconstrained(chain.natural(theta)), theta, atol=1e-10)


@pytest.mark.parametrize("regimes", [2, 3, 4])
def test_a_long_filter_equals_plain_python(regimes):
    """Long enough, and now and then so unlikely, that carried probabilities must be made to add up again."""
    log_densities, transition, initial = _draw(regimes, 400, regimes, False)
    log_densities[50:60] -= np.arange(regimes) * 1e3
    log_densities[200:] = log_densities[200:] * 20.0
    logliks, predicted, filtered = hamilton_filter(log_densities, transition, initial)
    smoothed, pairs = kim_smoother(predicted, filtered, transition)
    ahead = np.log(initial)
    for t in range(400):
        np.testing.assert_allclose(predicted[t], np.exp(ahead), atol=1e-12)
        joint = ahead + log_densities[t]
        assert logliks[t] == pytest.approx(np.logaddexp.reduce(joint), rel=1e-12, abs=1e-10)
        now = joint - np.logaddexp.reduce(joint)
        np.testing.assert_allclose(filtered[t], np.exp(now), atol=1e-12)
        ahead = np.logaddexp.reduce(now[:, None] + np.log(transition[0]), axis=0)
    np.testing.assert_allclose(smoothed.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(pairs[0].sum(axis=1), smoothed[:-1].sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(pairs[0].sum(axis=0), smoothed[1:].sum(axis=0), atol=1e-9)

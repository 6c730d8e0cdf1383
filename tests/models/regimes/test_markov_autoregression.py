"""Markov-switching autoregression: published figures D1 and D5, oracles."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from regime_oracles import central_differences, installed_array
from scipy import stats
from statsmodels.tsa.regime_switching.markov_autoregression import MarkovAutoregression as Peer

from data.errors import EstimationError
from models.regimes import MarkovAutoregression, MarkovRegression, MarkovSwitching
from models.regimes.autoregression_emission import AutoregressiveRegimes
from models.regimes.chain import LaggedStates
from models.regimes.radial import RADIAL

HAMILTON = [
    0.754673, 0.095915, -0.358811, 1.163516, np.exp(-0.262658) ** 2, 0.013486, -0.057521, -0.246983, -0.212923,
]  # fmt: skip
FILARDO = [
    4.35941747, 1.7702123, -1.6493936, 0.9945672, 0.517298, -0.865888, np.exp(-0.362469) ** 2,
    0.189474, 0.079344, 0.110944, 0.122251,
]  # fmt: skip


def _filardo():
    found = importlib.util.find_spec("statsmodels.tsa.regime_switching")
    path = Path(next(iter(found.submodule_search_locations))) / "tests" / "results" / "mar_filardo.csv"
    if not path.exists():
        pytest.skip("statsmodels is installed without its tests")
    frame = pd.read_csv(path)
    return frame["dlip"].to_numpy()[1:], frame["dmdlleading"].to_numpy()[:-1], frame


@pytest.mark.parametrize("seed", [0, 1])
def test_hamilton_gnp(seed):
    """D1: Hamilton 1989, EViews 8, Stata tsmswitch, quoted by statsmodels."""
    gnp = installed_array("test_markov_autoregression", "rgnp")
    model = MarkovAutoregression(2, 4)
    assert model.loglik(HAMILTON, gnp) == pytest.approx(-181.26339, abs=1e-5)
    fitted = model.fit(gnp, seed=seed)
    assert fitted.loglik == pytest.approx(-181.26339, abs=1e-4)
    assert fitted.loglik >= model.loglik(HAMILTON, gnp)
    np.testing.assert_allclose(fitted.params, HAMILTON, atol=2e-3)
    errors = fitted.std_errors.drop("sigma2")
    np.testing.assert_allclose(errors, [0.0965, 0.0377, 0.2645, 0.0745, 0.1200, 0.1377, 0.1069, 0.1105], atol=1e-3)


def test_filardo_production():
    """D5: Filardo 1994, EViews, quoted by statsmodels; the filter and the smoother of EViews, too."""
    production, leading, frame = _filardo()
    model = MarkovAutoregression(2, 4)
    found = model.filter(FILARDO, production, drivers=leading)
    assert found.loglik == pytest.approx(-586.5718, abs=1e-4)
    np.testing.assert_allclose(found.filtered[0], frame["filtered_0"].iloc[5:], atol=1e-5)
    np.testing.assert_allclose(found.smoothed[0], frame["smoothed_0"].iloc[5:], atol=1e-5)
    fitted = model.fit(production, drivers=leading, starts=9)
    assert fitted.loglik >= found.loglik - 1e-6
    np.testing.assert_allclose(fitted.means, [-0.865888, 0.517298], atol=1e-3)
    assert fitted.transitions.shape == (len(production), 2, 2)
    np.testing.assert_allclose(fitted.transitions.sum(axis=2), 1.0, atol=1e-12)


def _slow_loglik(y, transition, means, variances, phi):
    """Hamilton's filter over every history of p + 1 regimes, in dictionaries."""
    order = len(phi)
    stationary = np.linalg.matrix_power(transition, 5000)[0]
    chances = {}
    for state in itertools.product(range(len(means)), repeat=order + 1):
        chance = stationary[state[-1]]
        for lag in range(order, 0, -1):
            chance *= transition[state[lag], state[lag - 1]]
        chances[state] = chance
    total = 0.0
    for t in range(order, len(y)):
        if t > order:
            moved = dict.fromkeys(chances, 0.0)
            for state, chance in chances.items():
                for regime in range(len(means)):
                    moved[(regime, *state[:-1])] += chance * transition[state[0], regime]
            chances = moved
        joint = {}
        for state, chance in chances.items():
            lagged = sum(phi[lag] * (y[t - lag - 1] - means[state[lag + 1]]) for lag in range(order))
            joint[state] = chance * stats.norm(means[state[0]] + lagged, np.sqrt(variances[state[0]])).pdf(y[t])
        likelihood = sum(joint.values())
        total += np.log(likelihood)
        chances = {state: value / likelihood for state, value in joint.items()}
    return total


@pytest.mark.parametrize("phi", [[0.3], [0.3, 0.2], [0.3, 0.2, -0.1]])
@pytest.mark.parametrize("variances", [[1.0, 6.0], [2.0, 2.0]])
def test_loglik_equals_the_slow_filter_and_statsmodels_where_that_is_right(phi, variances):
    """statsmodels 0.15 ties a switching variance to s_{t-p+1}: with two lags or more that is another model."""
    y = np.random.default_rng(0).normal(size=40) * np.where(np.arange(40) % 20 < 10, 1.0, 3.0)
    transition, means = np.array([[0.86, 0.14], [0.25, 0.75]]), [0.1, 0.9]
    switching = variances[0] != variances[1]
    values = [0.86, 0.25, *means, *(variances if switching else variances[:1]), *phi]
    found = MarkovAutoregression(2, len(phi), True, switching).loglik(values, y)
    assert found == pytest.approx(_slow_loglik(y, transition, means, variances, phi), abs=1e-9)
    peer = Peer(y, 2, order=len(phi), switching_ar=False, switching_variance=switching).loglike(np.array(values))
    assert (found == pytest.approx(peer, abs=1e-9)) == (len(phi) == 1 or not switching)


@pytest.mark.parametrize("switching", [(True, False, False), (True, True, True), (False, True, False)])
@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_score_is_the_slope_and_naturals_invert(switching, distribution):
    generator = np.random.default_rng(3)
    y = generator.normal(2.0, 3.0, 40)
    states = LaggedStates(2, 2)
    emission = AutoregressiveRegimes(y, 2, 2, RADIAL[distribution], *switching, states.regimes, 2.0, 3.0)
    theta = generator.normal(0.0, 0.4, emission.size)
    weights = generator.dirichlet(np.ones(states.states), size=38)
    slope = central_differences(lambda point: float((weights * emission.log_densities(point)).sum()), theta)
    np.testing.assert_allclose(emission.score(theta, weights), slope, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(emission.unconstrained(emission.natural(theta)), theta, atol=1e-12)
    plain = AutoregressiveRegimes(y, 2, 2, RADIAL[distribution], *switching, states.regimes, 0.0, 1.0)
    at_natural = plain.unconstrained(emission.natural(theta))
    np.testing.assert_allclose(plain.log_densities(at_natural), emission.log_densities(theta), atol=1e-10)
    assert len(emission.names) == emission.size


def test_em_steps_never_lower_the_likelihood():
    gnp = installed_array("test_markov_autoregression", "rgnp")
    likelihood = MarkovAutoregression(2, 2).fit(gnp, starts=1).likelihood
    high = np.where(gnp[2:] > np.median(gnp), 0.9, 0.1)
    theta = likelihood.begin(np.column_stack([1.0 - high, high]))
    values = []
    for _ in range(30):
        value, theta, _ = likelihood.em_step(theta)
        values.append(value)
    assert np.diff(values).min() > -0.05
    assert values[-1] > values[0] + 1.0


def test_without_lags_it_is_the_switching_mean():
    y = np.concatenate([np.random.default_rng(0).normal(m, 1.0, 60) for m in (0.0, 3.0, 0.0, 3.0)])
    autoregression = MarkovAutoregression(2, 0, switching_variance=True).fit(y)
    assert autoregression.loglik == pytest.approx(MarkovSwitching(2).fit(y).loglik, abs=1e-8)


def test_one_regime_with_a_lag_is_least_squares_on_the_lag():
    y = np.cumsum(np.random.default_rng(1).normal(size=200)) * 0.1
    fitted = MarkovAutoregression(1, 1).fit(y)
    regression = MarkovRegression(1).fit(y[1:], y[:-1])
    assert fitted.loglik == pytest.approx(regression.loglik, abs=1e-8)


def test_drivers_of_the_transitions_are_recovered():
    generator = np.random.default_rng(7)
    length = 2000
    driver = pd.Series(generator.normal(size=length), name="spread")
    regimes = np.zeros(length, dtype=int)
    for t in range(1, length):
        stay = 1.0 / (1.0 + np.exp(-(2.5 - 1.5 * driver[t]))) if regimes[t - 1] == 0 else 0.1
        regimes[t] = int(generator.random() > stay) if regimes[t - 1] == 0 else int(generator.random() > 0.1)
    y = pd.Series(generator.normal(size=length) * np.where(regimes == 1, 3.0, 1.0), name="returns")
    constant = MarkovSwitching(2).fit(y, starts=9)
    fitted = MarkovSwitching(2).fit(y, drivers=driver, starts=9)
    assert fitted.loglik > constant.loglik + 9.0
    truth = pd.Series({"p[0->0].const": 2.5, "p[0->0].spread": -1.5, "p[1->0].spread": 0.0})
    assert (((fitted.params - truth) / fitted.std_errors)[truth.index].abs() < 3.0).all()
    regression = MarkovRegression(2).fit(y, drivers=driver, starts=9)
    assert regression.loglik == pytest.approx(fitted.loglik, abs=1e-6)


def test_unusable_specifications_and_drivers_get_a_typed_answer():
    y = np.random.default_rng(0).normal(size=100)
    with pytest.raises(EstimationError, match="not offered"):
        MarkovAutoregression(4, 4)
    with pytest.raises(EstimationError, match="nothing switches"):
        MarkovAutoregression(2, 1, switching_mean=False)
    with pytest.raises(EstimationError, match="rows for"):
        MarkovSwitching(2).fit(y, drivers=y[:50])
    with pytest.raises(EstimationError, match="linearly dependent"):
        MarkovSwitching(2).fit(y, drivers=np.column_stack([y, 2.0 * y]))
    with pytest.raises(EstimationError, match="not a distribution"):
        MarkovSwitching(2, initial=(0.7, 0.7)).fit(y)
    with pytest.raises(EstimationError, match="for 4 lags"):
        MarkovAutoregression(2, 4).fit(y[:4])

"""Markov-switching GARCH: oracles, limits, recovery, forecasts."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import central_differences, enumerate_paths, peer_returns
from scipy import stats

from data.errors import EstimationError
from models.regimes import MSGARCH
from models.regimes.garch_emission import GarchRegimes
from models.regimes.garch_kernels import expected_variances
from models.regimes.radial import RADIAL

TRANSITION = np.array([[0.95, 0.05], [0.10, 0.90]])
COEFFICIENTS = {"omega": [0.02, 0.30], "alpha": [0.03, 0.10], "gamma": [0.04, 0.20], "beta": [0.90, 0.70]}


def _params(volatility="garch", nu=None):
    values = {"p[0->0]": 0.95, "p[1->0]": 0.10, "mu": 0.05}
    for name, pair in COEFFICIENTS.items():
        if name != "gamma" or volatility == "gjr":
            values |= {f"{name}[{k}]": pair[k] for k in range(2)}
    return pd.Series(values if nu is None else values | {"nu": nu})


def _plain_variances(y, params, k):
    """The recursion in plain Python."""
    omega, alpha, beta = (params[f"{name}[{k}]"] for name in ("omega", "alpha", "beta"))
    gamma = params.get(f"gamma[{k}]", 0.0)
    variance, path = omega / (1.0 - alpha - 0.5 * gamma - beta), []
    for value in y:
        path.append(variance)
        residual = value - params["mu"]
        variance = omega + (alpha + gamma * (residual < 0.0)) * residual**2 + beta * variance
    return np.array(path)


def _simulate(length, seed, params, nu=None):
    generator = np.random.default_rng(seed)
    regimes, residual = np.zeros(length, dtype=int), np.zeros(length)
    table = np.array([[params[f"{name}[{k}]"] for name in ("omega", "alpha", "beta")] for k in range(2)])
    variance = table[:, 0] / (1.0 - table[:, 1] - table[:, 2])
    for t in range(length):
        if t:
            regimes[t] = int(generator.random() > TRANSITION[regimes[t - 1], 0])
            variance = table[:, 0] + table[:, 1] * residual[t - 1] ** 2 + table[:, 2] * variance
        shock = generator.standard_normal()
        if nu is not None:
            shock *= np.sqrt((nu - 2.0) / generator.chisquare(nu))
        residual[t] = np.sqrt(variance[regimes[t]]) * shock
    return params["mu"] + residual, regimes


@pytest.mark.parametrize("volatility", ["garch", "gjr"])
@pytest.mark.parametrize("nu", [None, 6.0])
def test_loglik_at_given_parameters_is_the_sum_over_paths(volatility, nu):
    y = np.random.default_rng(2).normal(size=7)
    params = _params(volatility, nu)
    densities = []
    for k in range(2):
        scale = np.sqrt(_plain_variances(y, params, k))
        law = stats.norm(0.05, scale) if nu is None else stats.t(nu, 0.05, scale * np.sqrt((nu - 2.0) / nu))
        densities.append(law.logpdf(y))
    expected = enumerate_paths(np.column_stack(densities), TRANSITION[None], np.array([2 / 3, 1 / 3]))[0]
    model = MSGARCH(2, volatility, "gaussian" if nu is None else "t")
    assert model.loglik(params, y) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("estimated_mean", [False, True])
@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_score_is_the_slope_and_naturals_invert(asymmetric, estimated_mean, distribution):
    generator = np.random.default_rng(4)
    y = generator.normal(0.1, 2.0, 60)
    emission = GarchRegimes(y, 2, RADIAL[distribution], asymmetric, estimated_mean, 0.1, 2.0)
    theta = generator.normal(0.0, 0.5, emission.size)
    weights = generator.dirichlet(np.ones(2), size=60)
    slope = central_differences(lambda point: float((weights * emission.log_densities(point)).sum()), theta)
    np.testing.assert_allclose(emission.score(theta, weights), slope, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(emission.unconstrained(emission.natural(theta)), theta, atol=1e-8)
    plain = GarchRegimes(y, 2, RADIAL[distribution], asymmetric, estimated_mean, 0.0, 1.0)
    at_natural = plain.log_densities(plain.unconstrained(emission.natural(theta)))
    np.testing.assert_allclose(at_natural, emission.log_densities(theta), atol=1e-9)


def test_one_regime_is_garch_by_maximum_likelihood():
    y = _simulate(1500, 1, _params())[0]
    fitted = MSGARCH(1).fit(y)

    def loglik(values):
        params = pd.Series(values, index=["mu", "omega[0]", "alpha[0]", "beta[0]"])
        return float(stats.norm(params["mu"], np.sqrt(_plain_variances(y, params, 0))).logpdf(y).sum())

    assert fitted.loglik == pytest.approx(loglik(fitted.params.to_numpy()), abs=1e-8)
    slope = central_differences(loglik, fitted.params.to_numpy(), 1e-6)
    assert np.max(np.abs(slope * fitted.std_errors)) < 1e-3


def test_equal_regimes_have_the_likelihood_of_one():
    y = _simulate(300, 2, _params())[0]
    one = pd.Series({"mu": 0.05, "omega[0]": 0.1, "alpha[0]": 0.1, "beta[0]": 0.8})
    two = pd.concat([pd.Series({"p[0->0]": 0.7, "p[1->0]": 0.4}), one, one[1:].rename(lambda name: name[:-2] + "1]")])
    assert MSGARCH(2).loglik(two, y) == pytest.approx(MSGARCH(1).loglik(one, y), abs=1e-9)


@pytest.mark.parametrize("nu", [None, 7.0])
def test_simulated_regimes_are_recovered(nu):
    truth = _params(nu=nu)
    y, regimes = _simulate(4000, 6, truth, nu)
    fitted = MSGARCH(2, distribution="gaussian" if nu is None else "t").fit(y, starts=12)
    ratio = 2.0 * (fitted.loglik - fitted.model.loglik(truth, y))
    assert 0.0 <= ratio < stats.chi2(len(truth)).ppf(0.999)
    well_determined = ["p[0->0]", "p[1->0]", "mu", "alpha[0]", "beta[0]"]
    scores = ((fitted.params - truth) / fitted.std_errors)[well_determined]
    assert scores.abs().max() < 3.5
    assert (fitted.smoothed.to_numpy().argmax(axis=1) == regimes).mean() > 0.7
    assert fitted.unconditional_variances[0] < fitted.unconditional_variances[1]
    assert fitted.variances.mean() == pytest.approx(np.var(y), rel=0.2)


def test_forecasts_are_the_mean_of_simulated_paths():
    params = _params()
    coefficients = np.array(
        [[params[f"omega[{k}]"], params[f"alpha[{k}]"], 0.0, params[f"beta[{k}]"], 1.0] for k in range(2)]
    )
    filtered, following = np.array([0.9, 0.1]), np.array([0.5, 3.0])
    expected = expected_variances(filtered, TRANSITION, coefficients, following, 6)
    generator = np.random.default_rng(0)
    paths = 200_000
    regimes = (generator.random(paths) > filtered[0]).astype(int)
    variance = np.tile(following, (paths, 1))
    found = []
    for _ in range(6):
        regimes = (generator.random(paths) > TRANSITION[regimes, 0]).astype(int)
        square = variance[np.arange(paths), regimes] * generator.standard_normal(paths) ** 2
        found.append(square.mean())
        variance = coefficients[:, 0] + coefficients[:, 1] * square[:, None] + coefficients[:, 3] * variance
    np.testing.assert_allclose(expected, found, rtol=0.02)


def test_forecast_of_a_fit_is_labelled_and_inside_its_interval():
    y = _simulate(1500, 3, _params())[0]
    fitted = MSGARCH(2).fit(y, starts=9)
    forecast = fitted.forecast(10, draws=40)
    assert forecast.covariance.shape == (10, 1, 1)
    inside = (forecast.covariance_lower <= forecast.covariance) & (forecast.covariance <= forecast.covariance_upper)
    assert inside.mean() > 0.5
    last = fitted.filtered.iloc[-1].to_numpy() @ fitted.transition
    np.testing.assert_allclose(forecast.probabilities.iloc[0], last)


def test_seed_and_unit_do_not_matter():
    returns = peer_returns()["sp500"].iloc[-2000:]
    base = MSGARCH(2).fit(returns, starts=15)
    other = MSGARCH(2).fit(returns * 1e-2, starts=15, seed=4)
    assert other.loglik + len(returns) * np.log(1e-2) == pytest.approx(base.loglik, abs=1e-5)
    np.testing.assert_allclose(other.smoothed, base.smoothed, atol=1e-4)


def test_specifications_that_do_not_exist_are_refused():
    with pytest.raises(EstimationError, match="not offered"):
        MSGARCH(2, "egarch")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="unknown"):
        MSGARCH(2, mean="ar1")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="columns where one"):
        MSGARCH(2).fit(np.random.default_rng(0).normal(size=(300, 2)))

"""Random-walk coefficients: dense generalised least squares, published figures, finite differences, limits."""

import numpy as np
import pytest
import statsmodels.api as sm

from models.betas.random_walk import diffuse_loglik, diffuse_score, filtered_states, smoothed_states


def problem(seed, periods=9, size=2):
    generator = np.random.default_rng(seed)
    X = np.column_stack([np.ones(periods), generator.normal(size=(periods, size - 1))])
    h, q = generator.uniform(0.5, 2.0, periods), generator.uniform(0.1, 0.8, size)
    return X @ np.ones(size) + generator.normal(size=periods), X, h, q


def dense(y, X, h, q):
    """Best linear unbiased prediction of every coefficient, with all covariances written out."""
    periods, size = X.shape
    shared = np.minimum.outer(np.arange(periods), np.arange(periods))
    walk = np.zeros((periods * size, periods * size))
    for k in range(size):
        walk[k::size, k::size] = q[k] * shared
    Z = np.zeros((periods, periods * size))
    for t in range(periods):
        Z[t, t * size : (t + 1) * size] = X[t]
    V = Z @ walk @ Z.T + np.diag(h)
    inverse = np.linalg.inv(V)
    S = X.T @ inverse @ X
    b = np.linalg.solve(S, X.T @ inverse @ y)
    start = np.tile(np.eye(size), (periods, 1))
    gain = walk @ Z.T @ inverse
    reach = start - gain @ X
    states = start @ b + gain @ (y - X @ b)
    covariance = walk - gain @ Z @ walk + reach @ np.linalg.solve(S, reach.T)
    scale = (y - X @ b) @ inverse @ (y - X @ b) / (periods - size)
    loglik = -0.5 * (periods - size) * (np.log(2 * np.pi * scale) + 1)
    loglik -= 0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(S)[1])
    return loglik, scale, states.reshape(periods, size), covariance


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_dense_least_squares_gives_the_same(seed, size):
    y, X, h, q = problem(seed, size=size)
    loglik, scale, states, covariance = dense(y, X, h, q)
    ours, sigma2 = diffuse_loglik(y, X, h, q)
    assert ours == pytest.approx(loglik)
    assert sigma2 == pytest.approx(scale)
    smoothed, variances, of_mean = smoothed_states(y, X, h, q, 1.7)
    np.testing.assert_allclose(smoothed, states, atol=1e-10)
    for t in range(len(y)):
        block = slice(t * size, (t + 1) * size)
        np.testing.assert_allclose(variances[t], 1.7 * covariance[block, block], atol=1e-10)
    mean = np.tile(np.eye(size), len(y)) / len(y)
    np.testing.assert_allclose(of_mean, 1.7 * mean @ covariance @ mean.T, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_score_is_the_derivative(seed):
    y, X, h, q = problem(seed, periods=60, size=3)
    loglik, score, _ = diffuse_score(y, X, h, q)
    assert loglik == pytest.approx(diffuse_loglik(y, X, h, q)[0])
    for k in range(3):
        step = 1e-5 * np.eye(3)[k]
        numeric = (diffuse_loglik(y, X, h, q + step)[0] - diffuse_loglik(y, X, h, q - step)[0]) / 2e-5
        assert score[k] == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def test_filtered_is_smoothed_on_the_sessions_so_far():
    y, X, h, q = problem(1, periods=40)
    states, variances = filtered_states(y, X, h, q, 1.0)
    assert np.isnan(states[0]).all()
    for n in (5, 17, 40):
        smoothed, covariances, _ = smoothed_states(y[:n], X[:n], h[:n], q, 1.0)
        np.testing.assert_allclose(states[n - 1], smoothed[-1], atol=1e-10)
        np.testing.assert_allclose(variances[n - 1], covariances[-1], atol=1e-10)


def test_without_innovations_it_is_weighted_least_squares():
    y, X, h, _ = problem(2, periods=300)
    fit = sm.WLS(y, X, weights=1.0 / h).fit()
    states, covariances, of_mean = smoothed_states(y, X, h, np.zeros(2), diffuse_loglik(y, X, h, np.zeros(2))[1])
    np.testing.assert_allclose(states, np.tile(fit.params, (300, 1)), atol=1e-10)
    np.testing.assert_allclose(covariances[7], fit.cov_params(), rtol=1e-8)
    np.testing.assert_allclose(of_mean, fit.cov_params(), rtol=1e-8)


def test_the_nile():
    """Durbin and Koopman (2012), sections 2.9 and 2.10: variances 15099 and 1469.1, diffuse log-likelihood -632.54."""
    flow = sm.datasets.nile.load_pandas().data["volume"].to_numpy(dtype=float)
    ones, level = np.ones((flow.size, 1)), np.ones(flow.size)
    ratios = np.linspace(0.08, 0.12, 401)
    logliks = [diffuse_loglik(flow, ones, level, np.array([ratio]))[0] for ratio in ratios]
    best = ratios[int(np.argmax(logliks))]
    loglik, sigma2 = diffuse_loglik(flow, ones, level, np.array([best]))
    assert loglik == pytest.approx(-632.54, abs=0.01)
    assert sigma2 == pytest.approx(15099, rel=2e-3)
    assert sigma2 * best == pytest.approx(1469.1, rel=5e-3)

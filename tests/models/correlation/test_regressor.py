"""A regressor in the intercept: definition, score, recovery, test and bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from plain_correlation import correlation_loglik, rescale

from data.errors import EstimationError
from models.correlation import DCC, DCCX, Correlation
from models.correlation.likelihood import evaluate, loglik
from models.correlation.simulation import at_the_start


def stressed(periods: int, kappa: float, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Three series of unit variance whose correlations rise the day after a stress day."""
    rng = np.random.default_rng(seed)
    a, b, size = 0.03, 0.9, 3
    x = (np.arange(periods) % 200 < 60).astype(float)
    target = np.full((size, size), 0.4)
    np.fill_diagonal(target, 1.0)
    off = 1.0 - np.eye(size)
    q, rows = target.copy(), np.empty((periods, size))
    for t in range(periods):
        rows[t] = np.linalg.cholesky(rescale(q)) @ rng.standard_normal(size)
        level = target + kappa * (x[t] - x.mean()) * off
        q = (1 - a - b) * level + a * np.outer(rows[t], rows[t]) + b * q
    dates = pd.bdate_range("2012-01-02", periods=periods)
    return pd.DataFrame(rows, index=dates, columns=list("xyz")), pd.Series(x, index=dates)


def test_likelihood_and_score_by_the_definition():
    frame, regressor = stressed(80, 0.2, 1)
    z = np.ascontiguousarray(frame.to_numpy())
    a, b, kappa = 0.05, 0.85, 0.15
    target, x = rescale(z.T @ z), regressor.to_numpy()
    q, path = target.copy(), []
    for t in range(80):
        path.append(q)
        level = target + kappa * (x[t] - x.mean()) * (1.0 - np.eye(3))
        q = (1 - a - b) * level + a * np.outer(z[t], z[t]) + b * q
    plain = correlation_loglik(z, np.array(path))
    assert DCCX().loglik([a, b, kappa], z, x) == pytest.approx(plain, rel=1e-11)
    assert DCCX().loglik([a, b, 0.0], z, x) == pytest.approx(DCC().loglik([a, b], z), rel=1e-11)
    dynamics = DCCX().dynamics_of(x)
    moments, psi = dynamics.moments(z), np.array([a, b, kappa])
    scores = evaluate(dynamics, z, moments, psi, 7.0).scores
    for index in range(3):
        values = []
        for k in (1, -1, 2, -2):
            moved = psi.copy()
            moved[index] += k * 1e-4
            values.append(loglik(dynamics, z, moments, moved, 7.0))
        differences = (8 * (values[0] - values[1]) - (values[2] - values[3])) / 12e-4
        np.testing.assert_allclose(scores[:, index], differences, rtol=1e-6, atol=1e-7)


def test_finds_the_effect_and_its_absence():
    frame, regressor = stressed(2500, 0.25, 3)
    result = DCCX().fit(frame, regressor)
    assert list(result.params.index[-3:]) == ["a", "b", "kappa"]
    assert abs(result.params["kappa"] - 0.25) < 3.0 * result.std_errors["kappa"]
    test = result.wald({"kappa": 0.0})
    assert test.p_value < 0.01
    assert test.statistic == pytest.approx((result.params["kappa"] / result.std_errors["kappa"]) ** 2)
    band = result.bands(Correlation("x", "y"), draws=50)
    assert (band.lower < band.upper).all()
    z = result.margins.std_residuals.to_numpy()
    white = np.linalg.solve(np.linalg.cholesky(result.correlations), z[:, :, None])[:, :, 0]
    np.testing.assert_allclose(at_the_start(result).simulate(white[None]).returns[0], frame, rtol=1e-8, atol=1e-9)
    nothing, regressor = stressed(2500, 0.0, 4)
    assert DCCX().fit(nothing, regressor).wald({"kappa": 0.0}).p_value > 0.01
    with pytest.raises(EstimationError, match="not a parameter"):
        result.wald({"delta": 0.0})


def test_refuses_a_regressor_that_cannot_tell():
    frame, regressor = stressed(300, 0.0, 1)
    with pytest.raises(EstimationError, match="constant"):
        DCCX().fit(frame, regressor * 0.0)
    with pytest.raises(EstimationError, match="other sessions"):
        DCCX().fit(frame, regressor.iloc[1:])

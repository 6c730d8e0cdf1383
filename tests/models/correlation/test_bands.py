"""Bands: what they cover, what they share, what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import simulate

from data.errors import EstimationError
from models.correlation import (
    ADCC,
    CCC,
    CDCC,
    Beta,
    Correlation,
    CorrelationResult,
    Difference,
    MeanCorrelation,
    PortfolioVolatility,
    Volatility,
)

PAIR = Correlation("x0", "x1")


@pytest.fixture(scope="module")
def result(simulated, simulated_margins) -> CorrelationResult:
    return CDCC().fit(simulated, margins=simulated_margins)


def test_estimates_are_the_filtered_paths(result, simulated):
    h = result.variances
    quantities = {
        PAIR: result.correlations[:, 0, 1],
        Correlation("x1", "x0"): result.correlations[:, 0, 1],
        Beta("x0", "x1"): result.correlations[:, 0, 1] * np.sqrt(h["x0"] / h["x1"]),
        Volatility("x2"): np.sqrt(h["x2"]),
        Difference(PAIR, Correlation("x0", "x2")): result.correlations[:, 0, 1] - result.correlations[:, 0, 2],
        MeanCorrelation(("x0", "x1", "x2")): result.correlations[:, [0, 0, 1], [1, 2, 2]].mean(axis=1),
    }
    for band, path in zip(result.bands(tuple(quantities), draws=5), quantities.values(), strict=True):
        np.testing.assert_allclose(band.estimate, path, rtol=1e-10)
        assert band.estimate.index.equals(simulated.index)


def test_partial_beta_and_portfolio(result):
    covariances = result.correlations * np.sqrt(
        result.variances.to_numpy()[:, :, None] * result.variances.to_numpy()[:, None]
    )
    partial = np.array([np.linalg.solve(h[1:, 1:], h[1:, 0])[0] for h in covariances])
    weights = np.array([0.5, 0.3, 0.2])
    beta, portfolio = result.bands(
        (Beta("x0", "x1", controls=("x2",)), PortfolioVolatility(("x0", "x1", "x2"), (0.5, 0.3, 0.2))), draws=5
    )
    np.testing.assert_allclose(beta.estimate, partial, rtol=1e-9)
    np.testing.assert_allclose(portfolio.estimate, [np.sqrt(weights @ h @ weights) for h in covariances], rtol=1e-10)


def test_a_difference_uses_the_same_draws(result):
    other = Correlation("x0", "x2")
    first, second, difference = result.draw((PAIR, other, Difference(PAIR, other)), draws=50, seed=3)
    np.testing.assert_allclose(difference.paths, first.paths - second.paths, atol=1e-14)
    narrower = difference.paths.std(axis=0).mean()
    assert narrower < np.hypot(first.paths.std(axis=0), second.paths.std(axis=0)).mean()


def test_reproducible_ordered_and_simultaneous_is_wider(result):
    pointwise = result.bands(PAIR, draws=300, seed=1)
    pd.testing.assert_series_equal(pointwise.lower, result.bands(PAIR, draws=300, seed=1).lower)
    assert not pointwise.lower.equals(result.bands(PAIR, draws=300, seed=2).lower)
    assert (pointwise.lower < pointwise.upper).all()
    whole = result.bands(PAIR, draws=300, seed=1, simultaneous=True)
    assert (whole.upper - whole.lower).mean() > (pointwise.upper - pointwise.lower).mean()
    assert whole.lower.min() > -1.0
    assert whole.upper.max() < 1.0
    paths = result.draw((PAIR,), draws=300, seed=1)[0]
    inside = ((paths.paths >= whole.lower.to_numpy()) & (paths.paths <= whole.upper.to_numpy())).all(axis=1)
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
    narrow = paths.band(level=0.5)
    assert (narrow.upper - narrow.lower).mean() < (pointwise.upper - pointwise.lower).mean()


def test_average_over_a_window(result):
    paths = result.draw((PAIR,), draws=200)[0]
    window = paths.average("2011-01-03", "2011-03-31")
    inside = result.correlation("x0", "x1").loc["2011-01-03":"2011-03-31"]
    assert window.value == pytest.approx(inside.mean(), rel=1e-10)
    assert window.n == len(inside)
    assert window.lower < window.value < window.upper
    with pytest.raises(EstimationError, match="no session"):
        paths.average("1990-01-01", "1990-02-01")


def test_constant_and_asymmetric_models_have_bands(simulated, simulated_margins):
    constant = CCC().fit(simulated, margins=simulated_margins).bands(PAIR, draws=2000)
    assert np.ptp(constant.estimate) == 0.0
    z = simulated_margins.std_residuals.to_numpy()
    rho = np.corrcoef(z, rowvar=False)[0, 1]
    textbook = 2 * 1.96 * (1 - rho**2) / np.sqrt(len(z))
    assert (constant.upper - constant.lower).mean() == pytest.approx(textbook, rel=0.2)
    band = ADCC().fit(simulated, margins=simulated_margins).bands(PAIR, draws=50)
    assert (band.lower <= band.upper).all()


def test_unknown_series_is_named(result):
    with pytest.raises(EstimationError, match="x9"):
        result.bands(Correlation("x0", "x9"))


@pytest.mark.slow
def test_bands_cover():
    """Mean pointwise coverage over 16 worlds; the wide limits allow for so few (`make validate` runs the fine ones)."""
    covered = []
    for seed in range(16):
        returns = simulate(1000, 0.5, 0.04, 0.92, 100 + seed, size=2, nu=8.0)
        band = CDCC().fit(returns).bands(PAIR, draws=200, seed=seed)
        covered.append(((band.lower <= true_path(seed)) & (true_path(seed) <= band.upper)).mean())
    assert 0.85 < np.mean(covered) < 0.99


def true_path(seed: int) -> np.ndarray:
    """The correlation that `simulate` used, replayed with the same random numbers."""
    rng = np.random.default_rng(100 + seed)
    target, q, path = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 0.5], [0.5, 1.0]]), []
    for _ in range(1200):
        scale = np.sqrt(np.diag(q))
        r = q / np.outer(scale, scale)
        path.append(r[0, 1])
        shock = np.linalg.cholesky(r) @ rng.standard_normal(2)
        shock = shock * np.sqrt(6.0 / rng.chisquare(8.0))
        star = shock * scale
        q = 0.04 * target + 0.04 * np.outer(star, star) + 0.92 * q
    return np.array(path[200:])

"""Daily cross-sections: statsmodels day by day, errors by stretch, size and power in small worlds."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from data.errors import EstimationError
from models.cross_section import mean_by_stretch_bootstrap, mean_over_stretches, stretch_numbers, volatility_slopes
from models.estimate import NotDecidable


def world(seed: int, slope: float = 0.0, days: int = 120, assets: int = 14):
    """Returns of assets with a market in common, their volatilities and betas, and stretches of about five days."""
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2020-01-01", periods=days)
    sigma = np.exp(np.linspace(-1.0, 1.2, assets))[None, :] * np.exp(0.1 * generator.normal(size=(days, assets)))
    betas = sigma * generator.uniform(0.0, 0.6, size=(days, assets))
    market = generator.standard_t(5, size=(days, 1)) - 0.3
    rank = sigma.argsort(axis=1).argsort(axis=1) / (assets - 1)
    returns = betas * market + sigma * (slope * rank + generator.normal(size=(days, assets)))
    stretches = pd.Series(np.arange(days) // 5, index=index)
    return *(pd.DataFrame(one, index=index) for one in (returns, sigma, betas)), stretches


def test_slopes_are_those_of_least_squares_day_by_day():
    returns, sigma, betas, _ = world(1, slope=-0.4)
    slopes = volatility_slopes(returns, sigma, betas)
    for day in returns.index[:10]:
        rank = (sigma.loc[day].rank() - 1.0) / (returns.shape[1] - 1.0)
        design = np.column_stack([np.ones(len(rank)), betas.loc[day] / sigma.loc[day], rank])
        fit = sm.OLS((returns.loc[day] / sigma.loc[day]).to_numpy(), design).fit()
        assert slopes[day] == pytest.approx(fit.params[2], rel=1e-9)


def test_the_error_is_the_cluster_robust_one_of_statsmodels():
    returns, sigma, betas, stretches = world(2)
    slopes = volatility_slopes(returns, sigma, betas)
    fit = sm.OLS(slopes.to_numpy(), np.ones(len(slopes))).fit(
        cov_type="cluster", cov_kwds={"groups": stretches.to_numpy()}
    )
    found = mean_over_stretches(slopes, stretches, level=0.95, unit="sd")
    assert found.value == pytest.approx(fit.params[0])
    assert found.std_error == pytest.approx(fit.bse[0])


def test_both_intervals_cover_a_slope_as_often_as_they_claim():
    analytic = bootstrap = 0
    for seed in range(80):
        returns, sigma, betas, stretches = world(seed, slope=-0.3)
        slopes = volatility_slopes(returns, sigma, betas)
        analytic += mean_over_stretches(slopes, stretches, level=0.95, unit="").contains(-0.3)
        estimate, _ = mean_by_stretch_bootstrap(slopes, stretches, level=0.95, replications=199, seed=seed, unit="")
        bootstrap += estimate.contains(-0.3)
    assert 69 <= analytic <= 80
    assert 69 <= bootstrap <= 80


def test_the_p_value_inverts_the_interval():
    returns, sigma, betas, stretches = world(3, slope=-0.1)
    slopes = volatility_slopes(returns, sigma, betas)

    def at(level):
        return mean_by_stretch_bootstrap(slopes, stretches, level=level, replications=1999, seed=1, unit="")

    _, p_value = at(0.95)
    assert 0.01 < p_value < 0.9
    estimate, _ = at(1.0 - p_value)
    assert min(abs(estimate.lower), abs(estimate.upper)) < 0.03 * estimate.std_error


def test_stretches_are_numbered_in_order():
    labels = pd.Series([False, True, True, False, True, False, False, True])
    assert stretch_numbers(labels).tolist() == [1, 1, 2, 3]


def test_too_little_is_said():
    returns, sigma, betas, stretches = world(4)
    with pytest.raises(EstimationError, match="5 assets"):
        volatility_slopes(returns.iloc[:, :5], sigma.iloc[:, :5], betas.iloc[:, :5])
    with pytest.raises(EstimationError, match="0 days"):
        volatility_slopes(returns.iloc[:0], sigma.iloc[:0], betas.iloc[:0])
    slopes = volatility_slopes(returns, sigma, betas)
    few = slopes.iloc[:10]
    assert isinstance(mean_over_stretches(few, stretches, level=0.95, unit=""), NotDecidable)
    flat = 0.0 * slopes
    assert isinstance(
        mean_by_stretch_bootstrap(flat, stretches, level=0.95, replications=99, seed=1, unit=""), NotDecidable
    )

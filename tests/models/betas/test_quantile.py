"""Quantile regression against linear programming, published figures and a known truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import linprog

from data.errors import EstimationError
from models.betas.quantile import quantile_regression, solve_quantile
from models.inference.resampling import Resampling

#: Koenker and Hallock (2001) and the `quantreg` manual: food expenditure on income, Engel's 235 households.
ENGEL = {
    0.05: (124.8800, 0.3433611),
    0.25: (95.4835, 0.4741032),
    0.5: (81.4822, 0.5601806),
    0.75: (62.3966, 0.6440141),
    0.95: (64.1040, 0.7090685),
}


@pytest.mark.parametrize("quantile", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_a_linear_programme_gives_the_same_coefficients(quantile, seed):
    generator = np.random.default_rng(seed)
    n = 60
    X = np.column_stack([np.ones(n), generator.normal(size=(n, 2))])
    y = X @ [0.5, 1.0, -2.0] + generator.standard_t(3, size=n)
    cost = np.concatenate([np.zeros(6), np.full(n, quantile), np.full(n, 1.0 - quantile)])
    equal = np.hstack([X, -X, np.eye(n), -np.eye(n)])
    solution = linprog(cost, A_eq=equal, b_eq=y, bounds=[(0, None)] * cost.size).x
    np.testing.assert_allclose(solve_quantile(y, X, quantile), solution[:3] - solution[3:6], atol=1e-5)


@pytest.mark.parametrize("quantile", ENGEL)
def test_published_figures(quantile):
    engel = sm.datasets.engel.load_pandas().data
    X = np.column_stack([np.ones(235), engel["income"] / 1000.0])
    intercept, slope = solve_quantile(engel["foodexp"].to_numpy() / 500.0, X, quantile) * [500.0, 0.5]
    assert intercept == pytest.approx(ENGEL[quantile][0], abs=2e-3)
    assert slope == pytest.approx(ENGEL[quantile][1], abs=2e-6)


def test_a_resample_is_a_regression_on_its_rows():
    generator = np.random.default_rng(1)
    n = 300
    X = np.column_stack([np.ones(n), generator.normal(size=n)])
    y = X @ [0.1, 1.0] + generator.normal(size=n)
    index = generator.integers(0, n, size=n)
    rows, counts = np.unique(index, return_counts=True)
    np.testing.assert_allclose(
        solve_quantile(y[index], X[index], 0.2),
        solve_quantile(y[rows] * counts, X[rows] * counts[:, None], 0.2),
        atol=1e-6,
    )


def test_slopes_of_a_location_scale_model_are_recovered_and_covered():
    hits = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        x = pd.Series(generator.uniform(0, 2, size=800), name="x")
        y = (1.0 + x + (1.0 + 0.5 * x) * generator.normal(size=800)).rename("y")
        hits += (
            quantile_regression(y, x, 0.1, Resampling(0.95, 199, (5, 40), seed))
            .estimate("x")
            .contains(1.0 - 0.5 * 1.2815516)
        )
    assert 33 <= hits <= 40


def test_combinations_use_joint_draws(resampling):
    generator = np.random.default_rng(3)
    X = pd.DataFrame(generator.normal(size=(600, 2)), columns=["a", "b"])
    y = (X["a"] - X["b"] + generator.normal(size=600)).rename("y")
    fit = quantile_regression(y, X, 0.5, resampling)
    total = fit.combination({"a": 1.0, "b": 1.0})
    assert total.value == pytest.approx(fit.estimate("a").value + fit.estimate("b").value)
    assert total.std_error == pytest.approx(float((fit.draws["a"] + fit.draws["b"]).std()))


def test_refusals(resampling):
    x = pd.Series(np.random.default_rng(4).normal(size=300), name="x")
    with pytest.raises(EstimationError, match="only 15 observations lie beyond"):
        quantile_regression((x + x**2).rename("y"), x, 0.05, resampling)
    with pytest.raises(EstimationError, match="a factor is constant"):
        quantile_regression(x, pd.Series(1.0, index=x.index, name="flat"), 0.5, resampling)

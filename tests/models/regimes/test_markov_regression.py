"""Markov-switching regression: published figures D2-D4, peers, oracles."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import central_differences, installed_array, peer_returns, peers

from data.errors import EstimationError
from models.regimes import MarkovRegression, MarkovSwitching
from models.regimes.radial import RADIAL
from models.regimes.regression_emission import Basis, RegressionRegimes

FED_FUNDS = installed_array("test_markov_regression", "fedfunds")
A_RETURNS = installed_array("test_markov_regression", "areturns")


@pytest.mark.parametrize("seed", [0, 1])
def test_fed_funds_constant(seed):
    """D2: Stata 14 tsmswitch, quoted by statsmodels."""
    fitted = MarkovRegression(2, switching_variance=False).fit(FED_FUNDS, seed=seed)
    expected = {"p[0->0]": 0.9820939, "p[1->0]": 0.0503587, "const[0]": 3.70877, "const[1]": 9.556793}
    assert fitted.loglik == pytest.approx(-508.63592, abs=1e-4)
    for name, value in expected.items():
        assert fitted.params[name] == pytest.approx(value, abs=1e-4)
    assert np.sqrt(fitted.params["sigma2"]) == pytest.approx(2.107562, abs=1e-4)
    nested = MarkovSwitching(2, switching_covariance=False).fit(FED_FUNDS)
    assert nested.loglik == pytest.approx(fitted.loglik, abs=1e-8)


def test_fed_funds_with_lag():
    """D3: Stata 14 tsmswitch, quoted by statsmodels."""
    model = MarkovRegression(2, switching_variance=False)
    fitted = model.fit(FED_FUNDS[1:], FED_FUNDS[:-1])
    names = ["p[0->0]", "p[1->0]", "const[0]", "const[1]", "x1[0]", "x1[1]"]
    assert fitted.loglik == pytest.approx(-264.71069, abs=1e-4)
    np.testing.assert_allclose(
        fitted.params[names], [0.6378175, 0.1306295, 0.724457, -0.0988764, 0.7631424, 1.061174], atol=1e-4
    )
    assert np.sqrt(fitted.params["sigma2"]) == pytest.approx(0.6915759, abs=1e-4)
    np.testing.assert_allclose(fitted.std_errors[names], [0.1203, 0.0496, 0.2886, 0.1184, 0.0337, 0.0185], atol=1e-3)


@pytest.mark.parametrize("seed", [0, 3])
def test_returns_with_switching_variance(seed):
    """D4: Stata 14 tsmswitch, quoted by statsmodels."""
    model = MarkovRegression(2)
    fitted = model.fit(A_RETURNS[1:], A_RETURNS[:-1], seed=seed)
    expected = [0.7530865, 0.6825357, 0.7641424, 1.972771, 0.0790744, 0.527953, 0.5895792**2, 1.605333**2]
    assert fitted.loglik == pytest.approx(-745.7977, abs=1e-3)
    assert fitted.loglik >= model.loglik(expected, A_RETURNS[1:], A_RETURNS[:-1])
    np.testing.assert_allclose(fitted.params, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "known", "variance"),
    [
        ("A_slope_nasdaq_on_sp500", "A_slope_nasdaq_on_sp500", True),
        ("slope_only_nasdaq", "A_slope_common_variance_nasdaq_on_sp500", False),
    ],
)
def test_optimum_equals_the_best_of_the_peers(name, known, variance):
    case, returns = peers(), peer_returns()
    model = MarkovRegression(2, switching_variance=variance)
    fitted = model.fit(returns["nasdaq"].to_numpy(), returns["sp500"].to_numpy())
    best = case["independent_optimum"]["results"][known]
    assert fitted.loglik >= best["loglik"] - 1e-6
    np.testing.assert_allclose(fitted.transition, best["transition_row_from"], atol=1e-4)
    np.testing.assert_allclose(fitted.coefficients, best["coef"], atol=1e-4)
    np.testing.assert_allclose(fitted.variances, best["sigma2"], rtol=1e-4)
    others = {**case["statsmodels"]["results"], **case["statsmodels"]["hard_cases"]}
    tried = 0
    for label, result in others.items():
        if label.startswith(name):
            tried += 1
            params = pd.Series(result["est"], index=result["names"])
            at_theirs = model.loglik(params, returns["nasdaq"].to_numpy(), returns["sp500"].to_numpy())
            assert at_theirs == pytest.approx(result["loglik"], abs=1e-6)
            assert fitted.loglik >= result["loglik"]
    assert tried >= 2


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
@pytest.mark.parametrize("variance", [True, False])
@pytest.mark.parametrize("columns", [(True, True, True), (True, False, True), (False, True, False)])
def test_score_is_the_slope_and_naturals_invert(distribution, variance, columns):
    generator = np.random.default_rng(1)
    X = np.column_stack([np.ones(50), generator.normal(3.0, 2.0, (50, 2))])
    y = X @ [1.0, 2.0, -1.0] + generator.normal(size=50)
    switching = np.array(columns)
    emission = RegressionRegimes(
        y, X, ("const", "a", "b"), 3, RADIAL[distribution], switching, variance, Basis.of(y, X, switching)
    )
    theta = generator.normal(0.0, 0.4, emission.size)
    weights = generator.dirichlet(np.ones(3), size=50)
    slope = central_differences(lambda point: float((weights * emission.log_densities(point)).sum()), theta)
    np.testing.assert_allclose(emission.score(theta, weights), slope, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(emission.unconstrained(emission.natural(theta)), theta, atol=1e-10)
    plain = RegressionRegimes(
        y, X, ("const", "a", "b"), 3, RADIAL[distribution], switching, variance, Basis.identity(3)
    )
    np.testing.assert_allclose(
        plain.log_densities(plain.unconstrained(emission.natural(theta))), emission.log_densities(theta), atol=1e-9
    )


def _simulated(seed=0, length=1500):
    generator = np.random.default_rng(seed)
    regimes = (np.cumsum(generator.random(length) < 0.03) % 2).astype(int)
    X = pd.DataFrame(generator.normal(0.0, [1.0, 0.8], (length, 2)), columns=["metal", "market"])
    slope = np.where(regimes == 1, 2.4, 1.5)
    noise = generator.standard_t(6, length) * np.where(regimes == 1, 1.2, 0.5)
    return pd.Series(slope * X["metal"] + 0.4 * X["market"] + noise, name="miners"), X, regimes


def test_a_subset_of_coefficients_switches_and_is_recovered():
    y, X, regimes = _simulated()
    fitted = MarkovRegression(2, ["metal"], True, "t").fit(y, X)
    assert list(fitted.params.index) == [
        "p[0->0]", "p[1->0]", "const", "metal[0]", "metal[1]", "market", "sigma2[0]", "sigma2[1]", "nu",
    ]  # fmt: skip
    truth = pd.Series({"const": 0.0, "metal[0]": 1.5, "metal[1]": 2.4, "market": 0.4, "nu": 6.0})
    assert (((fitted.params - truth) / fitted.std_errors)[truth.index].abs() < 3.5).all()
    assert (fitted.smoothed.to_numpy().argmax(axis=1) == regimes).mean() > 0.85
    full = MarkovRegression(2, True, True, "t").fit(y, X)
    assert full.loglik >= fitted.loglik
    assert fitted.filter(y, X).loglik == pytest.approx(fitted.loglik, abs=1e-7)


def test_units_and_column_order_do_not_matter():
    y, X, _ = _simulated(3, 800)
    base = MarkovRegression(2).fit(y, X)
    other = MarkovRegression(2).fit(y * 1e3, X[["market", "metal"]] * [1e-3, 1e3], seed=4)
    assert other.loglik + len(y) * np.log(1e3) == pytest.approx(base.loglik, abs=1e-6)
    np.testing.assert_allclose(other.smoothed, base.smoothed, atol=1e-6)
    np.testing.assert_allclose(other.coefficients["metal"], base.coefficients["metal"], rtol=1e-6)


def test_a_constant_among_the_regressors_is_not_doubled():
    y, X, _ = _simulated(1, 400)
    with_constant = X.assign(one=1.0)
    base, other = MarkovRegression(2).fit(y, X), MarkovRegression(2).fit(y, with_constant)
    assert len(base.params) == len(other.params)
    assert other.loglik == pytest.approx(base.loglik, abs=1e-8)


def test_one_regime_is_least_squares():
    y, X, _ = _simulated(2, 500)
    fitted = MarkovRegression(1).fit(y, X)
    design = np.column_stack([np.ones(500), X])
    coefficients, squares, *_ = np.linalg.lstsq(design, y.to_numpy(), rcond=None)
    np.testing.assert_allclose(fitted.coefficients.iloc[0], coefficients, atol=1e-9)
    assert fitted.params["sigma2[0]"] == pytest.approx(squares[0] / 500, rel=1e-9)


def test_unusable_regressors_get_a_typed_answer():
    y, X, _ = _simulated(2, 200)
    with pytest.raises(EstimationError, match="linearly dependent"):
        MarkovRegression(2).fit(y, X.assign(twice=2.0 * X["metal"]))
    with pytest.raises(EstimationError, match="rows for"):
        MarkovRegression(2).fit(y, X.iloc[:-1])
    with pytest.raises(EstimationError, match="another index"):
        MarkovRegression(2).fit(y, X.set_index(X.index + 1))
    with pytest.raises(EstimationError, match="not a regressor"):
        MarkovRegression(2, ["oil"]).fit(y, X)
    with pytest.raises(EstimationError, match="linear function"):
        MarkovRegression(2).fit(2.0 * X["metal"], X)
    with pytest.raises(EstimationError, match="nothing switches"):
        MarkovRegression(2, False, False)


def test_optimum_from_an_estimated_first_regime_is_not_below_the_peer():
    case, returns = peers(), peer_returns()
    model = MarkovRegression(2, initial=(0.0, 1.0))
    fitted = model.fit(returns["nasdaq"].to_numpy(), returns["sp500"].to_numpy())
    theirs = [one["loglik"] for name, one in case["MSwM"]["results"].items() if name.startswith("A_slope_nasdaq")]
    assert len(theirs) == 2
    assert fitted.loglik >= max(theirs) - 1e-6

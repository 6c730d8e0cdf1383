"""Multivariate Markov switching: oracles, foreign figures, invariances, hard data."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import (
    central_differences,
    enumerate_paths,
    market_returns,
    normal_log_density,
    peer_returns,
    peers,
    student_log_density,
    two_regimes,
)

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.regimes import MarkovSwitching
from models.regimes.emissions import EllipticalRegimes, Standard
from models.regimes.radial import RADIAL


@pytest.fixture(scope="module")
def returns():
    return two_regimes(1000)[0]


@pytest.fixture(scope="module")
def fitted(returns):
    return MarkovSwitching(2).fit(returns)


def _emission(y, regimes, distribution, switching_mean=True, switching_covariance=True):
    return EllipticalRegimes(
        y,
        tuple("abc"[: y.shape[1]]),
        regimes,
        RADIAL[distribution],
        switching_mean,
        switching_covariance,
        np.arange(y.shape[1]),
        Standard.of(y, "abc"),
    )


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
@pytest.mark.parametrize("switching", [(True, True), (False, True), (True, False)])
def test_emission_score_is_its_slope_and_naturals_invert(distribution, switching):
    generator = np.random.default_rng(2)
    y = generator.normal(size=(40, 3)) * [1.0, 8.0, 0.1] + [5.0, 0.0, 1.0]
    emission = _emission(y, 3, distribution, *switching)
    theta = generator.normal(0.0, 0.3, emission.size)
    weights = generator.dirichlet(np.ones(3), size=40)
    slope = central_differences(lambda point: float((weights * emission.log_densities(point)).sum()), theta)
    np.testing.assert_allclose(emission.score(theta, weights), slope, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(emission.unconstrained(emission.natural(theta)), theta, atol=1e-9)
    assert len(emission.names) == len(set(emission.names)) == emission.size


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_loglik_at_given_parameters_is_the_sum_over_paths(distribution):
    y = np.random.default_rng(3).normal(size=(6, 2))
    covariances = np.array([[[1.0, 0.3], [0.3, 0.8]], [[4.0, -1.0], [-1.0, 3.0]]])
    means = np.array([[0.1, -0.2], [0.5, 0.0]])
    transition = np.array([[0.9, 0.1], [0.3, 0.7]])
    names = ["p[0->0]", "p[1->0]", "mean[0,y0]", "mean[0,y1]", "mean[1,y0]", "mean[1,y1]"]
    values = [0.9, 0.3, *means.ravel()]
    for k in range(2):
        names += [f"cov[{k},y0,y0]", f"cov[{k},y1,y0]", f"cov[{k},y1,y1]"]
        values += [covariances[k, 0, 0], covariances[k, 1, 0], covariances[k, 1, 1]]
    if distribution == "t":
        names, values = [*names, "nu"], [*values, 5.0]
        densities = [student_log_density(y, means[k], covariances[k], 5.0) for k in range(2)]
    else:
        densities = [normal_log_density(y, means[k], covariances[k]) for k in range(2)]
    loglik, smoothed, _, filtered = enumerate_paths(np.column_stack(densities), transition[None], [0.75, 0.25])
    model = MarkovSwitching(2, distribution)
    found = model.filter(pd.Series(values, index=names), y)
    assert found.loglik == pytest.approx(loglik, abs=1e-10)
    assert model.loglik(values, y) == pytest.approx(loglik, abs=1e-10)
    np.testing.assert_allclose(found.smoothed, smoothed, atol=1e-10)
    np.testing.assert_allclose(found.filtered, filtered, atol=1e-10)


@pytest.mark.parametrize("regimes", [2, 3])
def test_optimum_equals_the_best_of_the_peers(regimes):
    case = peers()
    returns = peer_returns()["sp500"]
    known = case["independent_optimum"]["results"]["A_meanvar_sp500" if regimes == 2 else "A_meanvar3_sp500"]
    fitted = MarkovSwitching(regimes).fit(returns)
    assert fitted.loglik >= known["loglik"] - 1e-6
    assert fitted.loglik == pytest.approx(known["loglik"], abs=1e-3)
    np.testing.assert_allclose(fitted.transition, known["transition_row_from"], atol=1e-4)
    np.testing.assert_allclose(fitted.means.to_numpy(), known["coef"], atol=1e-4)
    np.testing.assert_allclose(fitted.covariances[:, 0, 0], known["sigma2"], rtol=1e-4)
    for name, result in case["statsmodels"]["results"].items():
        if regimes == 2 and name.startswith("A_meanvar_full"):
            values = pd.Series(result["est"], index=result["names"]).rename(lambda key: key.replace("const", "mean"))
            assert MarkovSwitching(2).loglik(values, returns) == pytest.approx(result["loglik"], abs=1e-6)
            assert fitted.loglik >= result["loglik"] - 1e-6
    for name, result in case["statsmodels"]["hard_cases"].items():
        if regimes == 3 and name.startswith("meanvar3"):
            values = pd.Series(result["est"], index=result["names"]).rename(lambda key: key.replace("const", "mean"))
            assert MarkovSwitching(3).loglik(values, returns) == pytest.approx(result["loglik"], abs=1e-6)
            assert fitted.loglik >= result["loglik"]


def test_one_regime_is_the_closed_form(returns):
    fitted = MarkovSwitching(1).fit(returns)
    covariance = np.cov(returns.to_numpy(), rowvar=False, bias=True)
    expected = normal_log_density(returns, returns.mean(), covariance).sum()
    assert fitted.loglik == pytest.approx(expected, abs=1e-8)
    np.testing.assert_allclose(fitted.covariances[0], covariance, rtol=1e-8)
    np.testing.assert_allclose(fitted.std_errors[:3], np.sqrt(np.diag(covariance) / len(returns)), rtol=1e-5)


def test_equal_regimes_have_the_likelihood_of_one(returns):
    one = MarkovSwitching(1).fit(returns).params
    twice = pd.Series({"p[0->0]": 0.9, "p[1->0]": 0.2})
    for name, value in one.items():
        twice[str(name)] = value
        twice[str(name).replace("[0,", "[1,", 1)] = value
    assert MarkovSwitching(2).loglik(twice, returns) == pytest.approx(MarkovSwitching(1).loglik(one, returns), abs=1e-8)


def test_many_degrees_of_freedom_are_the_normal(returns, fitted):
    params = pd.concat([fitted.params, pd.Series({"nu": 200.0})])
    student = MarkovSwitching(2, "t").loglik(params, returns)
    assert abs(student - fitted.loglik) / len(returns) < 0.02
    assert abs(student - fitted.loglik) > 0.0


def test_simulated_regimes_are_recovered():
    returns, regimes = two_regimes(2000, seed=5, nu=8)
    fitted = MarkovSwitching(2, "t", reference=("market",)).fit(returns)
    assert fitted.convergence.converged
    assert fitted.convergence.share_at_best > 0.5
    classified = fitted.smoothed.to_numpy().argmax(axis=1)
    assert (classified == regimes).mean() > 0.9
    truth = pd.Series(
        {"p[0->0]": 0.97, "p[1->0]": 0.10, "nu": 8.0, "mean[0,market]": 0.08, "cov[1,market,market]": 2.56}
    )
    z_scores = (fitted.params[truth.index] - truth) / fitted.std_errors[truth.index]
    assert z_scores.abs().max() < 3.5


def test_answers_do_not_depend_on_order_unit_or_seed(returns, fitted):
    shuffled = returns[["credit", "fear", "market"]] * [1e3, 1e-3, 1.0]
    other = MarkovSwitching(2).fit(shuffled, seed=9)
    assert other.loglik == pytest.approx(fitted.loglik, abs=1e-6)
    np.testing.assert_allclose(other.smoothed, fitted.smoothed, atol=1e-6)
    np.testing.assert_allclose(other.transition, fitted.transition, atol=1e-6)
    moved = MarkovSwitching(2).fit(returns + 100.0)
    np.testing.assert_allclose(moved.means - 100.0, fitted.means, atol=1e-6)
    np.testing.assert_allclose(moved.covariances, fitted.covariances, rtol=1e-6)


def test_regimes_are_numbered_from_calm_to_turbulent(fitted):
    volatilities = fitted.volatilities
    assert (volatilities.loc[0] < volatilities.loc[1]).all()
    np.testing.assert_allclose(np.diagonal(fitted.correlations, axis1=1, axis2=2), 1.0)


def test_result_is_labelled_and_consistent(returns, fitted):
    for frame in (fitted.predicted, fitted.filtered, fitted.smoothed):
        assert frame.shape == (len(returns), 2)
        assert frame.index.equals(returns.index)
        np.testing.assert_allclose(frame.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(fitted.transition.sum(axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(fitted.predicted.iloc[0], fitted.ergodic, atol=1e-12)
    np.testing.assert_array_equal(fitted.smoothed.iloc[-1], fitted.filtered.iloc[-1])
    np.testing.assert_allclose(fitted.expected_durations, 1.0 / (1.0 - np.diag(fitted.transition)))
    assert fitted.filter(returns).loglik == pytest.approx(fitted.loglik, abs=1e-7)
    assert fitted.regime_shares.sum() == pytest.approx(1.0)
    assert fitted.regime_spells.min() >= 3


def test_score_is_zero_at_the_optimum_and_standard_errors_are_those_of_the_curvature(returns, fitted):
    model = MarkovSwitching(2)
    params = fitted.params

    def loglik(values):
        return model.loglik(values, returns)

    slope = central_differences(loglik, params.to_numpy(), 1e-5)
    assert np.max(np.abs(slope * fitted.std_errors.to_numpy())) < 1e-3
    names = ["p[0->0]", "p[1->0]", "mean[0,market]", "cov[1,fear,fear]"]
    for name in names:
        step = 1e-2 * fitted.std_errors[name]
        high, low = params.copy(), params.copy()
        high[name] += step
        low[name] -= step
        curvature = (loglik(high) - 2.0 * fitted.loglik + loglik(low)) / step**2
        precision = np.linalg.inv(fitted.covariance.to_numpy())[params.index.get_loc(name), params.index.get_loc(name)]
        assert -curvature == pytest.approx(precision, rel=1e-2)
    assert (fitted.robust_std_errors / fitted.std_errors).between(0.5, 2.0).all()


def test_durations_carry_intervals(fitted):
    for duration, value in zip(fitted.durations(), fitted.expected_durations, strict=True):
        assert isinstance(duration, Estimate)
        assert duration.value == pytest.approx(value)
        assert 1.0 < duration.lower < duration.value < duration.upper
        narrower = duration.upper - duration.lower
        assert narrower > 0.0
    for share, value in zip(fitted.ergodic_estimates(), fitted.ergodic, strict=True):
        assert isinstance(share, Estimate)
        assert share.contains(value)


def test_a_transition_that_never_happens_has_no_standard_error():
    fitted = MarkovSwitching(3).fit(peer_returns()["sp500"])
    assert fitted.convergence.at_bounds == ("p[2->0]",)
    assert np.isnan(fitted.std_errors["p[2->0]"])
    assert fitted.std_errors.drop("p[2->0]").notna().all()


def test_an_absorbing_regime_has_no_decidable_duration():
    y = np.concatenate([np.random.default_rng(0).normal(0, 1, 300), np.random.default_rng(1).normal(0, 6, 300)])
    fitted = MarkovSwitching(2, initial=(1.0, 0.0)).fit(y)
    assert any(isinstance(duration, NotDecidable) for duration in fitted.durations())


@pytest.mark.parametrize("where", [100, 0, 599])
@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_an_outlier_of_fifty_sigmas_leaves_no_nan(where, distribution):
    y = two_regimes(600)[0]
    y.iloc[where] = 50.0 * y.std()
    fitted = MarkovSwitching(2, distribution).fit(y, starts=9)
    assert np.isfinite(fitted.loglik)
    assert np.isfinite(fitted.params).all()
    assert np.isfinite(fitted.smoothed.to_numpy()).all()


def test_a_constant_stretch_leaves_no_nan_and_is_named():
    y = np.random.default_rng(4).normal(size=500)
    y[200:300] = 0.0
    fitted = MarkovSwitching(2).fit(y)
    assert np.isfinite(fitted.params).all()
    assert "sigma2[0]" in fitted.convergence.at_bounds


@pytest.mark.parametrize(
    ("y", "regimes", "words"),
    [
        (np.ones(300), 2, "does not vary"),
        (np.r_[np.nan, np.arange(300.0)], 2, "missing"),
        (np.random.default_rng(0).normal(size=25), 4, "cannot carry"),
        (np.repeat(np.random.default_rng(0).normal(size=(300, 1)), 2, axis=1), 2, "linearly dependent"),
        (np.empty(0), 2, "no observations"),
        (np.array(["a"] * 50), 2, "not numbers"),
    ],
)
def test_unusable_data_get_a_typed_answer(y, regimes, words):
    with pytest.raises(EstimationError, match=words):
        MarkovSwitching(regimes).fit(y)


def test_specifications_that_do_not_exist_are_refused():
    with pytest.raises(EstimationError, match="not offered"):
        MarkovSwitching(5)
    with pytest.raises(EstimationError, match="unknown"):
        MarkovSwitching(2, "cauchy")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="nothing switches"):
        MarkovSwitching(2, switching_mean=False, switching_covariance=False)


@pytest.mark.parametrize("restriction", [{"switching_mean": False}, {"switching_covariance": False}])
def test_restricted_models_nest(returns, fitted, restriction):
    restricted = MarkovSwitching(2, **restriction).fit(returns)
    assert restricted.loglik < fitted.loglik
    assert restricted.convergence.converged


def test_stress_model_of_the_study_is_the_same_from_any_seed_order_and_unit():
    returns = market_returns("spy", "vix", "hyg").loc["2014-07":]
    fits = [
        MarkovSwitching(2, "t", reference=("spy",)).fit(data, seed=seed)
        for seed, data in enumerate([returns, returns[["hyg", "spy", "vix"]], returns * 1e-2])
    ]
    shift = 3 * len(returns) * np.log(1e-2)
    assert fits[1].loglik == pytest.approx(fits[0].loglik, abs=1e-6)
    assert fits[2].loglik + shift == pytest.approx(fits[0].loglik, abs=1e-6)
    for other in fits[1:]:
        np.testing.assert_allclose(other.smoothed, fits[0].smoothed, atol=1e-6)
    assert fits[0].convergence.share_at_best > 0.2


def test_stretch_of_the_sample_equals_the_peer():
    returns = peer_returns()["sp500"]
    stretch = returns[(returns.index >= "2007") & (returns.index < "2013")]
    fitted = MarkovSwitching(2).fit(stretch)
    tried = 0
    for name, result in peers()["statsmodels"]["results"].items():
        if name.startswith("A_meanvar_2007on"):
            tried += 1
            assert result["nobs"] == fitted.n
            values = pd.Series(result["est"], index=result["names"]).rename(lambda key: key.replace("const", "mean"))
            assert MarkovSwitching(2).loglik(values, stretch) == pytest.approx(result["loglik"], abs=1e-6)
            assert fitted.loglik >= result["loglik"] - 1e-6
    assert tried == 2


def test_peers_that_estimate_the_first_regime_give_the_same_likelihood_there():
    """hmmlearn and MSwM put the chain into its first regime by estimate: here by `initial`."""
    case, returns = peers(), peer_returns()["sp500"]
    theirs = case["hmmlearn"]["A_meanvar_sp500"]
    model = MarkovSwitching(2, initial=tuple(theirs["startprob"]))
    stay = [row[0] for row in theirs["transition_row_from"]]
    assert model.loglik([*stay, *theirs["means"], *theirs["sigma2"]], returns) == pytest.approx(
        theirs["loglik"], abs=1e-5
    )
    fitted = model.fit(returns)
    assert fitted.loglik >= theirs["loglik"] - 1e-6
    for name, result in case["MSwM"]["results"].items():
        if name.startswith("A_meanvar_full"):
            assert fitted.loglik >= result["loglik"] - 1e-6

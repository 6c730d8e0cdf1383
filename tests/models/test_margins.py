"""Margins: exact derivatives, foreign figures, recovery and refusals."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.margins import MarginModel, fit_margins
from models.margins.distributions import SHAPES
from models.margins.estimation import _on_a_kink, fit_margin, margin_at
from models.optimise import Convergence, Optimum
from tests.models.derivatives import differences

VOLATILITY = {"garch": [0.05, 0.06, 0.9], "gjr": [0.05, 0.03, 0.08, 0.88], "egarch": [0.02, 0.12, -0.08, 0.96]}
SHAPE = {"normal": [], "t": [7.0], "skewt": [7.0, -0.1]}


def simulate(periods: int = 2500, seed: int = 0, omega=0.05, alpha=0.08, gamma=0.0, beta=0.88, mu=0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    h, returns = omega / (1 - alpha - gamma / 2 - beta), np.empty(periods)
    for t in range(periods):
        e = np.sqrt(h) * rng.standard_normal()
        returns[t] = mu + e
        h = omega + (alpha + gamma * (e < 0)) * e * e + beta * h
    return returns


def plain_filter(model: MarginModel, params: np.ndarray, returns: np.ndarray, backcast: float):
    """Variances and standardised residuals by the definition, in Python, safe for complex parameters."""
    named = dict(zip(model.names, params, strict=True))
    gamma = named.get("gamma", 0.0)
    deviations = [value - named["mu"] for value in returns]
    errors = [deviations[0]] + [now - named.get("phi", 0.0) * before for before, now in pairwise(deviations)]
    if model.initial_variance == "mean_square":
        h = sum(e * e for e in errors) / len(errors)
    elif model.volatility == "egarch":
        h = np.exp(named["omega"] + named["beta"] * np.log(backcast))
    else:
        h = named["omega"] + (named["alpha"] + gamma / 2 + named["beta"]) * backcast
    variances, z = [], []
    for e in errors:
        variances.append(h)
        z.append(e / np.sqrt(h))
        if model.volatility == "egarch":
            size = z[-1] if z[-1].real > 0 else -z[-1]
            news = named["alpha"] * (size - np.sqrt(2 / np.pi)) + gamma * z[-1]
            h = np.exp(named["omega"] + news + named["beta"] * np.log(h))
        else:
            h = named["omega"] + (named["alpha"] + gamma * (e.real < 0)) * e * e + named["beta"] * h
    return np.array(variances), np.array(z)


CASES = list(product(VOLATILITY, ("constant", "ar1"), ("backcast", "mean_square")))


@pytest.mark.parametrize(("volatility", "mean", "initial"), CASES)
def test_filter_and_derivatives_equal_plain_python(volatility, mean, initial):
    returns = simulate(300)
    model = MarginModel(volatility, mean, "normal", initial)
    params = np.array([0.03] + ([0.1] if mean == "ar1" else []) + VOLATILITY[volatility])
    backcast = model.backcast(returns)
    variances, z, d_variances, d_z = model.filter_derivatives(params, returns, backcast)
    plain_variances, plain_z = plain_filter(model, params, returns, backcast)
    np.testing.assert_allclose(variances, plain_variances, rtol=1e-12)
    np.testing.assert_allclose(z, plain_z, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(model.filter(params, returns, backcast)[0], variances)
    for index in range(params.size):
        step = params.astype(complex)
        step[index] += 1e-30j
        moved_variances, moved_z = plain_filter(model, step, returns, backcast)
        np.testing.assert_allclose(d_variances[:, index], moved_variances.imag * 1e30, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(d_z[:, index], moved_z.imag * 1e30, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("volatility", "distribution"), list(product(VOLATILITY, SHAPE)))
def test_scores_equal_differences(volatility, distribution):
    returns = simulate(300, seed=2)
    model = MarginModel(volatility, "constant", distribution)
    params = np.array([0.03, *VOLATILITY[volatility], *SHAPE[distribution]])
    backcast = model.backcast(returns)
    scores = model.scores(params, returns, backcast)[1]
    for index in range(params.size):
        expected = differences(lambda moved: model.scores(moved, returns, backcast)[0], params, index)
        np.testing.assert_allclose(scores[:, index], expected, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize(("volatility", "mean", "initial"), CASES)
def test_one_pass_gradient_is_the_sum_of_the_scores(volatility, mean, initial):
    returns = simulate(301, seed=3)
    model = MarginModel(volatility, mean, "normal", initial)
    params = np.array([0.03] + ([0.1] if mean == "ar1" else []) + VOLATILITY[volatility])
    backcast = model.backcast(returns)
    value, gradient = model.loglik_and_gradient(params, returns, backcast)
    values, scores = model.scores(params, returns, backcast)
    assert value == pytest.approx(values.sum(), rel=1e-12)
    np.testing.assert_allclose(gradient, scores.sum(axis=0), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("distribution", SHAPE)
def test_densities_have_mass_one_mean_zero_variance_one(distribution):
    z = np.linspace(-400.0, 400.0, 800_001)
    shape = np.array(SHAPE[distribution])
    density = np.exp(SHAPES[distribution].density(z, shape)[0])
    step = z[1] - z[0]
    assert density.sum() * step == pytest.approx(1.0, abs=1e-6)
    assert (z * density).sum() * step == pytest.approx(0.0, abs=1e-6)
    assert (z**2 * density).sum() * step == pytest.approx(1.0, abs=1e-4)
    points = np.array([-2.0, -0.3, 0.0, 1.7])
    cumulative = (np.cumsum(density) - 0.5 * density) * step
    np.testing.assert_allclose(SHAPES[distribution].pit(points, shape), np.interp(points, z, cumulative), atol=1e-6)


@pytest.mark.parametrize(
    ("volatility", "expected", "loglik"),
    [
        ("garch", {"mu": 0.0564, "omega": 0.0175, "alpha": 0.1022, "beta": 0.8852}, -6936.718),
        ("gjr", {"mu": 0.0175, "omega": 0.0196, "alpha": 0.0, "gamma": 0.1831, "beta": 0.8922}, -6822.883),
    ],
)
def test_figures_of_the_arch_documentation(volatility, expected, loglik):
    """arch, "Introduction to ARCH models": S&P 500, 1999-2018, returns in percent."""
    import arch.data.sp500

    prices = arch.data.sp500.load()["Adj Close"]
    margins = fit_margins((100.0 * prices.pct_change().dropna()).to_frame("sp500"), volatility=volatility)
    assert margins.loglik["sp500"] == pytest.approx(loglik, abs=0.01)
    for name, value in expected.items():
        assert margins.params.loc["sp500", name] == pytest.approx(value, abs=2e-4)


def test_recovers_what_was_simulated_and_its_standard_error():
    estimates, errors = [], []
    for seed in range(12):
        margins = fit_margins(pd.DataFrame({"x": simulate(3000, seed)}))
        estimates.append(margins.params.loc["x"])
        errors.append(margins.std_errors.loc["x"])
    estimates, errors = pd.DataFrame(estimates), pd.DataFrame(errors)
    truth = pd.Series({"mu": 0.05, "omega": 0.05, "alpha": 0.08, "beta": 0.88})
    assert ((estimates.mean() - truth).abs() < 3.0 * errors.mean() / np.sqrt(12)).all()
    assert (estimates.std() / errors.mean()).between(0.5, 1.8).all()


def test_units_and_signs():
    returns = pd.DataFrame({"x": simulate(1500)})
    base = fit_margins(returns)
    scaled = fit_margins(returns * 4.0)
    assert scaled.params.loc["x", "omega"] == pytest.approx(16.0 * base.params.loc["x", "omega"], rel=1e-4)
    assert scaled.params.loc["x", "beta"] == pytest.approx(base.params.loc["x", "beta"], rel=1e-5)
    flipped = fit_margins(-returns)
    assert flipped.params.loc["x", "mu"] == pytest.approx(-base.params.loc["x", "mu"], rel=1e-4)
    np.testing.assert_allclose(flipped.std_residuals, -base.std_residuals, atol=1e-5)
    np.testing.assert_allclose(base.scores.mean(), 0.0, atol=1e-4)


def test_refuses_by_name():
    good = simulate(600)
    for bad, words in (
        (good[:200], "too few"),
        (np.zeros(600), "constant"),
        (np.where(np.arange(600) == 7, np.nan, good), "not finite"),
        (good / 100.0, "percent"),
    ):
        with pytest.raises(EstimationError, match=words) as caught:
            fit_margins(pd.DataFrame({"GLD": bad}))
        assert caught.value.culprit == "GLD"
    twice = pd.DataFrame(np.column_stack([good, good]), columns=["GLD", "GLD"])
    with pytest.raises(EstimationError, match="twice"):
        fit_margins(twice)


def test_auto_finds_the_asymmetry():
    returns = pd.DataFrame({"x": simulate(2500, seed=5, alpha=0.01, gamma=0.15, beta=0.88)})
    chosen = fit_margins(returns, volatility="auto").fitted[0]
    assert chosen.model.volatility in {"gjr", "egarch"}
    assert chosen.model.mean == "constant"
    assert chosen.model.distribution == "normal"


def test_choice_keeps_the_gaussian_fit_beside():
    rng = np.random.default_rng(8)
    h, rows = 1.0, []
    for shock in rng.standard_t(5, 700) * np.sqrt(0.6):
        rows.append(np.sqrt(h) * shock)
        h = 0.05 + 0.08 * rows[-1] ** 2 + 0.87 * h
    returns = pd.DataFrame({"x": rows})
    chosen, plain = fit_margins(returns, "auto"), fit_margins(returns)
    assert chosen.fitted[0].model.distribution != "normal"
    pd.testing.assert_frame_equal(chosen.quasi.params, plain.params)
    assert plain.quasi is plain
    change = chosen.quasi.std_residuals.corrwith(chosen.std_residuals)
    assert change.iloc[0] > 0.98


def test_a_likelihood_that_is_flat_at_its_optimum_is_refused_by_name():
    """Small and large moves in turn, in two humps: no news in the variance, and nothing for its asymmetry to act on."""
    rng = np.random.default_rng(4)
    sizes = 2.0 + (-1.0) ** np.arange(600) + 0.1 * rng.standard_normal(600)
    frame = pd.DataFrame({"humps": rng.choice([-1.0, 1.0], 600) * sizes})
    with pytest.raises(EstimationError, match="flat at its optimum") as refused:
        fit_margins(frame, "gjr")
    assert refused.value.culprit == "humps"
    assert "choose another model" in refused.value.remedy


def kinked(points):
    """Log-likelihood of two arguments with a kink in the first: -(3|x| + y^2)."""
    x, y = points
    return -3.0 * abs(x) - y * y, np.array([-3.0 * np.sign(x), -2.0 * y])


@pytest.mark.parametrize(("point", "converged"), [((1e-9, 0.0), True), ((0.5, 0.0), False), ((1e-9, 0.5), False)])
def test_a_search_that_ends_on_a_kink_has_converged_and_no_other(point, converged):
    record = Convergence(
        converged=False,
        message="stopped",
        starts=1,
        best=0.0,
        runner_up=None,
        share_at_best=1.0,
        gradient_norm=3.0,
        at_bounds=(),
        evaluations=1,
    )
    stopped = Optimum(np.array(point), 0.0, record)
    found = _on_a_kink(stopped, kinked, 1).convergence
    assert found.converged is converged
    assert ("kink" in found.message) is converged


def clustered(seed: int) -> np.ndarray:
    """Returns with a persistent log-variance."""
    generator = np.random.default_rng(seed)
    log_variance = np.zeros(800)
    for t, shock in enumerate(generator.normal(0.0, 0.25, 799), start=1):
        log_variance[t] = 0.95 * log_variance[t - 1] + shock
    return np.exp(0.5 * log_variance) * generator.normal(size=800)


def test_egarch_whose_best_mean_is_a_return_is_fitted():
    """|z| has a kink wherever the mean equals a return, and some searches end on one."""
    on_a_kink = 0
    for seed in range(30):
        returns = clustered(seed)
        margin = fit_margin("clustered", returns, MarginModel("egarch"))
        assert margin.convergence.converged
        if "kink" not in margin.convergence.message:
            continue
        on_a_kink += 1
        mean = margin.params[0]
        beside = [
            margin_at(margin.model, np.array([mean + by, *margin.params[1:]]), returns, margin.backcast).loglik
            for by in (-2e-3, 0.0, 2e-3)
        ]
        assert beside[1] > max(beside[0], beside[2])
    assert on_a_kink >= 1

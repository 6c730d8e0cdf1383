"""Regime-switching dynamic correlation: limits, oracles, recovery."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import (
    central_differences,
    enumerate_paths,
    normal_log_density,
    simulate_switching,
    student_log_density,
)

from data.errors import EstimationError
from models.margins import fit_margins
from models.regimes import RSDC
from models.regimes.correlation_emission import CorrelationRegimes, FreeCorrelations, ScaledCorrelations
from models.regimes.radial import RADIAL

TRANSITION = np.array([[0.98, 0.02], [0.04, 0.96]])
CALM = np.array([[1.0, 0.1, 0.3], [0.1, 1.0, 0.0], [0.3, 0.0, 1.0]])
TOGETHER = np.array([[1.0, 0.7, 0.8], [0.7, 1.0, 0.6], [0.8, 0.6, 1.0]])


@pytest.fixture(scope="module")
def simulated():
    values, regimes = simulate_switching(TRANSITION, np.zeros((2, 3)), np.stack([CALM, TOGETHER]), 2000, 3, nu=8)
    return pd.DataFrame(values * [1.0, 2.0, 0.5], columns=["gold", "miners", "crypto"]), regimes


@pytest.fixture(scope="module")
def margins(simulated):
    return fit_margins(simulated[0])


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
@pytest.mark.parametrize("structure", [FreeCorrelations(3, 3), ScaledCorrelations(3, 3)])
def test_score_is_the_slope_and_naturals_invert(distribution, structure):
    generator = np.random.default_rng(5)
    z = generator.normal(size=(40, 3))
    emission = CorrelationRegimes(z, ("a", "b", "c"), 3, RADIAL[distribution], structure)
    theta = generator.normal(0.0, 0.5, emission.size)
    weights = generator.dirichlet(np.ones(3), size=40)
    slope = central_differences(lambda point: float((weights * emission.log_densities(point)).sum()), theta)
    np.testing.assert_allclose(emission.score(theta, weights), slope, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(emission.unconstrained(emission.natural(theta)), theta, atol=1e-9)
    correlations = emission.correlations(theta)
    np.testing.assert_allclose(np.diagonal(correlations, axis1=1, axis2=2), 1.0, atol=1e-12)
    assert np.linalg.eigvalsh(correlations).min() > 0.0


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_loglik_at_given_parameters_is_the_sum_over_paths(distribution):
    z = np.random.default_rng(1).normal(size=(6, 3))
    values = [0.98, 0.04, 0.1, 0.3, 0.0, 0.7, 0.8, 0.6]
    if distribution == "t":
        values.append(6.0)
        densities = [student_log_density(z, np.zeros(3), matrix, 6.0) for matrix in (CALM, TOGETHER)]
    else:
        densities = [normal_log_density(z, np.zeros(3), matrix) for matrix in (CALM, TOGETHER)]
    expected = enumerate_paths(np.column_stack(densities), TRANSITION[None], np.array([2 / 3, 1 / 3]))[0]
    independent = normal_log_density(z, np.zeros(3), np.eye(3)).sum()
    assert RSDC(2, distribution).loglik(values, z) == pytest.approx(expected - independent, abs=1e-9)


def test_one_regime_is_the_constant_correlation(simulated, margins):
    fitted = RSDC(1).fit(simulated[0], margins=margins)
    matrix = fitted.correlations[0]
    z = margins.std_residuals.to_numpy()
    terms = np.log(np.linalg.det(matrix)) + np.einsum("ti,ij,tj->t", z, np.linalg.inv(matrix), z) - (z**2).sum(axis=1)
    assert fitted.correlation_loglik == pytest.approx(-0.5 * terms.sum(), abs=1e-8)
    assert fitted.loglik == pytest.approx(margins.loglik.sum() + fitted.correlation_loglik, abs=1e-6)
    restricted = RSDC(1, structure="restricted").fit(simulated[0], margins=margins)
    np.testing.assert_allclose(restricted.correlations, fitted.correlations, atol=1e-6)


@pytest.mark.parametrize("structure", ["free", "restricted"])
def test_simulated_regimes_are_recovered(simulated, margins, structure):
    returns, regimes = simulated
    fitted = RSDC(2, "t", structure).fit(returns, margins=margins, starts=12)
    assert (fitted.smoothed.to_numpy().argmax(axis=1) == regimes).mean() > 0.85
    assert fitted.convergence.converged
    np.testing.assert_allclose(np.diag(fitted.transition), [0.98, 0.96], atol=0.03)
    if structure == "free":
        truth = pd.Series(
            [*CALM[np.tril_indices(3, -1)], *TOGETHER[np.tril_indices(3, -1)], 8.0], index=fitted.params.index[2:]
        )
        assert (((fitted.params - truth) / fitted.std_errors)[truth.index].abs() < 3.5).all()
    path = fitted.conditional_correlations("filtered")
    assert path.shape == (2000, 3, 3)
    assert np.linalg.eigvalsh(path).min() > 0.0


def test_order_sign_and_seed_do_not_matter(simulated):
    returns = simulated[0]
    base = RSDC(2).fit(returns, starts=12)
    flipped = returns[["crypto", "gold", "miners"]] * [1.0, -1.0, 1.0]
    other = RSDC(2).fit(flipped, starts=12, seed=5)
    assert other.correlation_loglik == pytest.approx(base.correlation_loglik, abs=1e-4)
    np.testing.assert_allclose(other.smoothed, base.smoothed, atol=1e-4)
    np.testing.assert_allclose(other.correlations[:, 0, 1], -base.correlations[:, 2, 0], atol=1e-4)


def test_the_restricted_model_is_nested(simulated, margins):
    free = RSDC(2).fit(simulated[0], margins=margins, starts=9)
    restricted = RSDC(2, structure="restricted").fit(simulated[0], margins=margins, starts=9)
    one = RSDC(1).fit(simulated[0], margins=margins)
    assert one.loglik <= restricted.loglik <= free.loglik
    gamma = restricted.correlations[1]
    scale = restricted.params["lambda[0]"]
    np.testing.assert_allclose(restricted.correlations[0], scale * gamma + (1.0 - scale) * np.eye(3), atol=1e-10)


def test_two_step_errors_carry_the_margins(simulated, margins):
    fitted = RSDC(1).fit(simulated[0], margins=margins)
    z = margins.std_residuals.to_numpy()
    rho = fitted.correlations[0][0, 1]
    influence = z[:, 0] * z[:, 1] - 0.5 * rho * (z[:, 0] ** 2 + z[:, 1] ** 2)
    expected = influence.std() / np.sqrt(len(z))
    assert fitted.std_errors["corr[0,miners,gold]"] == pytest.approx(expected, rel=0.1)


def test_unusable_data_get_a_typed_answer(simulated, margins):
    returns = simulated[0]
    with pytest.raises(EstimationError, match="one series"):
        RSDC(2).fit(returns[["gold"]])
    with pytest.raises(EstimationError, match="residuals for"):
        RSDC(2).fit(returns.iloc[:-1], margins=margins)
    with pytest.raises(EstimationError, match="unknown"):
        RSDC(2, "t", "other")  # type: ignore[arg-type]


def test_a_stale_stretch_of_all_series_is_survived(simulated):
    stale = simulated[0].iloc[:1000].copy()
    stale.iloc[300:400] = 0.0
    for structure in ("free", "restricted"):
        fitted = RSDC(2, "t", structure).fit(stale, starts=4)
        assert np.isfinite(fitted.params).all()
        assert np.isfinite(fitted.smoothed.to_numpy()).all()

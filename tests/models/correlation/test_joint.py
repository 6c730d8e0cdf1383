"""One-step estimation: its gradient, its optimum against the two steps, its face."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import simulate
from scipy import optimize

from data.errors import EstimationError
from models.correlation import ADCC, CDCC, DCC, Correlation, CorrelationResult, Joint
from models.correlation.joint_likelihood import JointLikelihood
from models.margins import fit_margins


@pytest.fixture(scope="module")
def returns():
    return simulate(900, 0.5, 0.05, 0.9, seed=11, size=2)


@pytest.fixture(scope="module")
def joint(returns) -> CorrelationResult:
    return Joint(CDCC()).fit(returns)


@pytest.mark.parametrize("model", [DCC(), CDCC(), CDCC(distribution="t"), DCC(margins="gjr")])
def test_gradient_matches_differences(model, returns):
    problem = JointLikelihood(type(model)(model.distribution, model.margins, target="ml").fit(returns))
    point = problem.start + 0.02 * np.random.default_rng(0).standard_normal(problem.start.size)
    value, gradient = problem.value_and_gradient(point)
    assert problem.values(point).sum() == pytest.approx(value, rel=1e-12)
    numeric = optimize.approx_fprime(point, lambda at: problem.value_and_gradient(at)[0], 1e-5)
    np.testing.assert_allclose(gradient, numeric, rtol=2e-3, atol=2e-3)


def test_is_at_least_the_two_steps_and_a_derivative_free_search_finds_no_more(joint, returns):
    two_steps = CDCC(target="ml").fit(returns)
    assert joint.loglik > two_steps.loglik
    problem = JointLikelihood(two_steps)
    found = optimize.minimize(
        lambda point: -problem.value_and_gradient(point)[0],
        problem.start,
        method="Powell",
        options={"maxiter": 15, "ftol": 1e-9},
    )
    assert joint.loglik >= -found.fun - 1e-3


def test_has_the_face_of_the_two_step_result(joint, returns):
    two_steps = CDCC().fit(returns)
    assert list(joint.params.index) == list(two_steps.params.index)
    assert joint.loglik == pytest.approx(joint.margins.gaussian_loglik + joint.correlation_loglik)
    gap = (joint.params - two_steps.params) / two_steps.std_errors
    assert gap.abs().max() < 1.5
    ratio = joint.std_errors / two_steps.std_errors
    assert ratio.between(0.5, 1.6).all()
    assert joint.convergence.converged
    band = joint.bands(Correlation("x0", "x1"), draws=30)
    assert (band.lower < band.upper).all()
    assert np.isfinite(joint.forecast(5).correlations).all()


def test_says_what_it_cannot_do(returns):
    with pytest.raises(EstimationError, match="Gaussian margins"):
        Joint(CDCC()).fit(returns, margins=fit_margins(returns, distribution="t"))
    with pytest.raises(EstimationError, match="ADCC"):
        Joint(ADCC()).fit(returns)

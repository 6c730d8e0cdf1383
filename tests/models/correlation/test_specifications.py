"""Fits: published anchors, limiting cases, invariances and recovery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import EstimationError
from models.correlation import ADCC, CCC, CDCC, DCC, DECO
from models.correlation.dynamics import Dynamics, unpack
from models.correlation.likelihood import loglik
from models.correlation.recursions import state_pass
from models.correlation.sandwich import gradient
from models.margins import Margins, fit_margins


def test_anchors_on_three_series(reference_panel, reference_margins):
    """Two-step Gaussian estimates on the data bundled with arch: T = 5,011, 1999-2018, default backcast."""
    assert len(reference_panel) == 5011
    np.testing.assert_allclose(reference_margins.loglik, [-6923.085, -8230.358, -11019.867], atol=2e-3)
    constant = CCC().fit(reference_panel, margins=reference_margins)
    assert constant.correlation_loglik == pytest.approx(4743.7298, abs=0.05)
    dcc = DCC().fit(reference_panel, margins=reference_margins)
    assert dcc.correlation_loglik == pytest.approx(5210.754, abs=0.05)
    np.testing.assert_allclose(dcc.psi, [0.026687, 0.967945], atol=5e-4)
    np.testing.assert_allclose(dcc.target.to_numpy()[[1, 2, 2], [0, 0, 1]], [0.9193, 0.15982, 0.12803], atol=1e-4)
    cdcc = CDCC().fit(reference_panel, margins=reference_margins)
    assert cdcc.correlation_loglik == pytest.approx(5219.451, abs=0.05)
    np.testing.assert_allclose(cdcc.psi, [0.028995, 0.964333], atol=5e-4)
    np.testing.assert_allclose(cdcc.target.to_numpy()[[1, 2, 2], [0, 0, 1]], [0.91254, 0.16524, 0.12747], atol=1e-4)
    np.testing.assert_allclose(cdcc.correlations[-1][[1, 2, 2], [0, 0, 1]], [0.9586, 0.1351, 0.0732], atol=1e-4)
    assert cdcc.loglik == pytest.approx(reference_margins.loglik.sum() + cdcc.correlation_loglik, abs=1e-8)
    assert cdcc.convergence.converged
    assert cdcc.convergence.share_at_best == 1.0


@pytest.mark.parametrize("specification", [DCC(), CDCC(), ADCC()])
def test_no_news_is_the_constant_model(specification, simulated_margins):
    z = simulated_margins.std_residuals
    nothing = [0.0] * len(specification.dynamics_of(3).names)
    assert specification.loglik(nothing, z) == pytest.approx(CCC().loglik([], z), rel=1e-12)


def test_two_series_are_equicorrelated_and_single_blocks_change_nothing(simulated, simulated_margins):
    z = simulated_margins.std_residuals.to_numpy()
    two = np.ascontiguousarray(z[:, :2])
    assert DECO().loglik([0.03, 0.9], two) == pytest.approx(DCC().loglik([0.03, 0.9], two), rel=1e-11)
    single = DECO(blocks=(0, 1, 2), recursion="cdcc")
    assert single.loglik([0.03, 0.9], z) == pytest.approx(CDCC().loglik([0.03, 0.9], z), rel=1e-11)
    fitted = DECO().fit(simulated, margins=simulated_margins)
    off_diagonal = fitted.correlations[:, [1, 2, 2], [0, 0, 1]]
    np.testing.assert_allclose(off_diagonal, off_diagonal[:, :1] * np.ones(3), rtol=1e-12)
    assert (fitted.std_errors[["a", "b"]] > 0.0).all()
    with pytest.raises(EstimationError, match="blocks"):
        DECO(blocks=(0, 2, 2)).fit(simulated, margins=simulated_margins)


def test_adcc_without_asymmetry_is_dcc(simulated_margins):
    z = simulated_margins.std_residuals
    assert ADCC().loglik([0.03, 0.9, 0.0], z) == pytest.approx(DCC().loglik([0.03, 0.9], z), rel=1e-12)


def test_student_with_many_degrees_is_gaussian(simulated_margins):
    z = simulated_margins.std_residuals
    assert CDCC("t").loglik([0.03, 0.9, 1e7], z) == pytest.approx(CDCC().loglik([0.03, 0.9], z), abs=1e-3)


def test_public_loglik_is_the_formula(simulated, simulated_margins):
    result = CDCC().fit(simulated, margins=simulated_margins)
    z, r = simulated_margins.std_residuals.to_numpy(), result.correlations
    forms = np.einsum("ti,tij,tj->t", z, np.linalg.inv(r), z)
    direct = -0.5 * (np.linalg.slogdet(r)[1] + forms - (z**2).sum(axis=1)).sum()
    assert CDCC().loglik(result.psi, z) == pytest.approx(direct, rel=1e-10)
    assert result.correlation_loglik == pytest.approx(direct, rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(
    order=st.permutations(range(3)),
    signs=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
    a=st.floats(0.0, 0.2),
    share=st.floats(0.0, 0.99),
)
def test_order_and_sign_of_the_series_do_not_matter(simulated_margins, order, signs, a, share):
    z = simulated_margins.std_residuals.to_numpy()[:200]
    psi = [a, share * (0.999 - a)]
    moved = np.ascontiguousarray((z * np.array(signs))[:, order])
    for specification in (DCC(), CDCC(), DCC(initial="zero_residual", target="covariance")):
        assert specification.loglik(psi, moved) == pytest.approx(specification.loglik(psi, z), rel=1e-9, abs=1e-8)


def test_adcc_sees_the_sign(simulated_margins):
    z = simulated_margins.std_residuals.to_numpy()
    assert abs(ADCC().loglik([0.02, 0.9, 0.05], z) - ADCC().loglik([0.02, 0.9, 0.05], -z)) > 1e-3


def test_time_reversal_changes_dcc_but_not_ccc(simulated_margins):
    z = simulated_margins.std_residuals.to_numpy()
    assert CCC().loglik([], z[::-1]) == pytest.approx(CCC().loglik([], z), rel=1e-12)
    assert abs(DCC().loglik([0.03, 0.9], z[::-1]) - DCC().loglik([0.03, 0.9], z)) > 1e-3


def test_units_move_the_covariances_only(simulated):
    base = CDCC().fit(simulated)
    scaled = CDCC().fit(simulated * [2.0, 0.5, 3.0])
    np.testing.assert_allclose(scaled.psi, base.psi, rtol=2e-3)
    np.testing.assert_allclose(scaled.correlations, base.correlations, atol=1e-3)
    np.testing.assert_allclose(scaled.variances, base.variances * [4.0, 0.25, 9.0], rtol=1e-3)


SPECIFICATIONS = [
    DCC(),
    CDCC(),
    ADCC(),
    CDCC(target="covariance"),
    CDCC(initial="zero_residual"),
    DCC(initial="unit_residual", target="covariance"),
    ADCC(initial="zero_residual", target="covariance"),
    DECO(),
    DECO(blocks=(0, 0, 1), recursion="cdcc"),
]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_gradient_by_margins_equals_refiltering(specification, simulated, simulated_margins):
    """The whole chain: a margin parameter moves z, z moves the target and Q, and both move the likelihood."""
    dynamics = specification.dynamics_of(3)
    psi = np.array([0.04, 0.9, 0.02])[: len(dynamics.names)]
    z = simulated_margins.std_residuals.to_numpy()
    exact = gradient(dynamics, simulated_margins, z, dynamics.moments(z), psi, 7.0).by_margins
    at = 0
    for i, margin in enumerate(simulated_margins.fitted):
        for p in range(margin.params.size):
            values = []
            step = 1e-4 * abs(margin.params[p])
            for k in (1, -1, 2, -2):
                moved, other = margin.params.copy(), z.copy()
                moved[p] += k * step
                other[:, i] = margin.model.filter(moved, simulated.iloc[:, i].to_numpy().copy(), margin.backcast)[1]
                values.append(loglik(dynamics, other, dynamics.moments(other), psi, 7.0).mean())
            difference = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * step)
            assert exact[at] == pytest.approx(difference, rel=1e-5, abs=1e-7)
            at += 1


def test_moving_average_of_news_is_the_martingale_form():
    """Sum of x - S against its martingale equivalent, over samples of a cDCC world."""
    raw, scaled = [], []
    a, b = 0.04, 0.92
    for seed in range(60):
        z = simulate_residuals(700, 0.4, a, b, seed)
        dynamics = Dynamics("cdcc")
        truth = np.array([1.0, 0.4, 1.0])
        drive = dynamics.drive(z, dynamics.moments(z), np.array([a, b]), truth)
        q = state_pass(drive.x, drive.negative, drive.intercept, drive.first, np.zeros(700), a, b, 0.0)[:-1]
        product = drive.x[:, 0] * drive.x[:, 1]
        raw.append((product - 0.4).mean())
        scaled.append((1 - b) / (1 - a - b) * (product - q[:, 1]).mean())
    assert np.corrcoef(raw, scaled)[0, 1] > 0.97
    assert np.std(raw) / np.std(scaled) == pytest.approx(1.0, abs=0.15)


def simulate_residuals(periods, correlation, a, b, seed):
    rng = np.random.default_rng(seed)
    target = np.array([[1.0, correlation], [correlation, 1.0]])
    q, z = target.copy(), np.empty((periods, 2))
    for t in range(periods):
        scale = np.sqrt(np.diag(q))
        z[t] = np.linalg.cholesky(q / np.outer(scale, scale)) @ rng.standard_normal(2)
        star = z[t] * scale
        q = (1 - a - b) * target + a * np.outer(star, star) + b * q
    return z


@pytest.mark.slow
def test_recovers_what_was_simulated():
    """Estimates centre on the truth and spread as their standard errors say."""
    estimates, errors, targets, target_errors = [], [], [], []
    for seed in range(24):
        result = CDCC().fit(simulate(1500, 0.5, 0.04, 0.92, seed, size=2, nu=8.0))
        estimates.append(result.psi)
        errors.append(result.std_errors[["a", "b"]])
        targets.append(result.packed_target[1])
        target_errors.append(result.target_std_errors.iloc[1, 0])
    bias = np.mean(estimates, axis=0) - [0.04, 0.92]
    assert np.abs(bias / np.mean(errors, axis=0)).max() < 0.6
    ratio = np.std(estimates, axis=0) / np.mean(errors, axis=0)
    assert ((ratio > 0.6) & (ratio < 1.7)).all()
    assert abs(np.mean(targets) - 0.5) < 0.03
    assert np.std(targets) / np.mean(target_errors) == pytest.approx(1.0, abs=0.4)


def test_independent_series_have_no_dynamics():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.standard_normal((1500, 3)), columns=list("xyz"))
    found = CDCC().fit(frame)
    if found.degenerate:
        assert found.constant
        assert "a" not in found.params.index
    else:
        assert found.psi[0] < 0.03


def test_degenerate_estimate_is_flagged(simulated_margins, simulated):
    """Residuals whose products alternate in sign push a to zero: the constant model comes back, with the flag."""
    rng = np.random.default_rng(3)
    common = rng.standard_normal(1200)
    sign = np.where(np.arange(1200) % 2, 1.0, -1.0)
    z = np.column_stack([common, 0.6 * sign * common + 0.8 * rng.standard_normal(1200)])
    margins = replace_residuals(simulated, simulated_margins, z)
    result = DCC().fit(margins.returns, margins=margins)
    assert result.degenerate
    assert result.constant
    assert not {"a", "b"} & set(result.params.index)
    assert result.correlation_loglik == pytest.approx(CCC().loglik([], z), rel=1e-12)


def replace_residuals(returns: pd.DataFrame, margins: Margins, z: np.ndarray) -> Margins:
    fitted = tuple(
        replace(margin, std_residuals=column) for margin, column in zip(margins.fitted[:2], z.T, strict=True)
    )
    return Margins(returns=returns.iloc[:, :2], fitted=fitted)


def test_same_seed_same_fit_and_given_margins_are_checked(simulated, simulated_margins):
    first, second = (CDCC().fit(simulated, margins=simulated_margins, seed=3) for _ in range(2))
    pd.testing.assert_series_equal(first.params, second.params)
    pd.testing.assert_frame_equal(first.covariance, second.covariance)
    with pytest.raises(EstimationError, match="other sessions"):
        CDCC().fit(simulated.iloc[1:], margins=simulated_margins)


def test_duplicated_series_are_refused(simulated):
    with pytest.raises(EstimationError, match="linear combinations"):
        CDCC().fit(simulated.assign(copy=simulated["x0"]))


def test_intercept_by_maximum_likelihood_is_at_least_as_likely(simulated, simulated_margins):
    for kind in (DCC, CDCC):
        free = kind(target="ml").fit(simulated, margins=simulated_margins)
        targeted = kind().fit(simulated, margins=simulated_margins)
        assert free.correlation_loglik > targeted.correlation_loglik - 1e-6
        correlations = free.packed_target[[1, 3, 4]]
        params = [*free.psi, *correlations]
        assert kind(target="ml").loglik(params, simulated_margins.std_residuals) == pytest.approx(
            free.correlation_loglik, rel=1e-10
        )
        assert (free.std_errors > 0).all()


def test_result_speaks_for_itself(simulated, simulated_margins):
    result = CDCC("t").fit(simulated, margins=simulated_margins)
    assert list(result.params.index[-3:]) == ["a", "b", "nu"]
    assert result.covariance.shape == (15, 15)
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance)), result.std_errors)
    assert result.correlations.shape == (1200, 3, 3)
    np.testing.assert_allclose(np.diagonal(result.correlations, axis1=1, axis2=2), 1.0, rtol=1e-12)
    assert np.linalg.eigvalsh(result.correlations).min() > 0.0
    pd.testing.assert_series_equal(
        result.correlation("x0", "x2"),
        pd.Series(result.correlations[:, 0, 2], index=simulated.index, name="x0, x2"),
    )
    np.testing.assert_allclose(result.std_errors.iloc[:4], simulated_margins.std_errors.iloc[0], rtol=1e-12)
    assert result.target_std_errors.iloc[1, 0] > 0.0
    assert unpack(result.packed_target).shape == (3, 3)
    refit = fit_margins(simulated)
    np.testing.assert_array_equal(refit.params, simulated_margins.params)

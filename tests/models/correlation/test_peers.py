"""Other packages' estimates: the same likelihood at their parameters, and never a lower optimum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from models.correlation import CDCC, DCC
from models.correlation.dynamics import Dynamics
from models.correlation.estimation import estimate
from models.correlation.likelihood import coefficients, evaluate
from models.correlation.recursions import normalise_states, state_pass
from models.correlation.sandwich import gradient
from models.margins import MarginModel, fit_margins
from models.margins.kernels import garch_variances

CASES = {
    "arch_panel_n3": ("arch_panel_returns.csv", 3),
    "dji_first10": ("dji30ret_x100_first10.csv", 10),
    "dji_first3": ("dji30ret_x100_first10.csv", 3),
}


@pytest.fixture(scope="module")
def panels(reference_data) -> dict[str, pd.DataFrame]:
    return {
        case: pd.read_csv(reference_data / name, index_col=0, parse_dates=True).iloc[:, :size]
        for case, (name, size) in CASES.items()
    }


def filtered(returns: pd.DataFrame, params: np.ndarray, model: MarginModel):
    """Residuals and Gaussian log-likelihood of the margins at foreign parameters, shape (N, P)."""
    z, total = [], 0.0
    for column, row in zip(returns.columns, params, strict=True):
        values = returns[column].to_numpy().copy()
        variances, residuals = model.filter(row, values, model.backcast(values))
        z.append(residuals)
        total += -0.5 * (np.log(2 * np.pi) + np.log(variances) + residuals**2).sum()
    return np.column_stack(z), total


@pytest.mark.parametrize("case", CASES)
def test_rmgarch(case, peers, panels):
    theirs, returns = peers[case]["rmgarch_dcc_gaussian"], panels[case]
    size = returns.shape[1]
    estimates = np.array(theirs["estimates"])
    model = MarginModel(initial_variance="mean_square")
    z, margin_loglik = filtered(returns, estimates[: 4 * size].reshape(size, 4), model)
    a, b = estimates[-2:]
    np.testing.assert_allclose(np.cov(z, rowvar=False), theirs["Qbar"], rtol=1e-6, atol=1e-7)
    for initial, name in (("unit_residual", "loglik_with_z0_ones"), ("zero_residual", "loglik_with_z0_zero")):
        ours = DCC(initial=initial, target="covariance").loglik([a, b], z) + margin_loglik
        assert ours == pytest.approx(theirs["independent_check"][name], rel=1e-9)
    assert theirs["loglik_reported"] == pytest.approx(theirs["independent_check"]["loglik_with_z0_ones"], rel=1e-8)
    dynamics = Dynamics("dcc", "unit_residual", "covariance")
    drive = dynamics.drive(z, dynamics.moments(z), np.array([a, b]))
    states = state_pass(drive.x, drive.negative, drive.intercept, drive.first, np.zeros(len(z)), a, b, 0.0)
    lower = np.tril_indices(size)
    np.testing.assert_allclose(states[-2], np.array(theirs["Q_last_reported"])[lower], rtol=1e-6)
    correlations = normalise_states(states)
    np.testing.assert_allclose(correlations[0], np.array(theirs["R_first_reported"])[lower], rtol=1e-6)
    np.testing.assert_allclose(correlations[-2], np.array(theirs["R_last_reported"])[lower], rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_our_optimum_is_not_below_rmgarch(case, peers, panels):
    """Step by step: a two-step total may differ by more, because it is not stationary in the margins."""
    theirs, returns = peers[case]["rmgarch_dcc_gaussian"], panels[case]
    size = returns.shape[1]
    margins = fit_margins(returns, initial_variance="mean_square")
    assert (margins.loglik.to_numpy() > np.array(theirs["margin_loglik"]) - 1e-4).all()
    foreign = np.array(theirs["estimates"])[: 4 * size].reshape(size, 4)
    z, margin_loglik = filtered(returns, foreign, MarginModel(initial_variance="mean_square"))
    (a, b), best = theirs["independent_check"]["stage2_optimum_z0_zero"]
    step = estimate(Dynamics("dcc", "zero_residual", "covariance"), z, False, 0)
    assert step.loglik + margin_loglik > best - 1e-4
    ours = DCC(initial="zero_residual", target="covariance").fit(returns, margins=margins)
    assert (np.abs(ours.psi - [a, b]) < 0.02 * ours.std_errors[["a", "b"]].to_numpy()).all()
    assert (np.abs(step.psi - [a, b]) < 0.02 * ours.std_errors[["a", "b"]].to_numpy()).all()


def test_standard_errors_of_the_two_step_sandwich(peers, panels):
    """The file's recomputed sandwich, by differences, leaves the target's own sampling error out; so does this."""
    theirs, returns = peers["arch_panel_n3"]["rmgarch_dcc_gaussian"], panels["arch_panel_n3"]
    margins = fit_margins(returns, initial_variance="mean_square")
    z = margins.std_residuals.to_numpy()
    dynamics = Dynamics("dcc", "unit_residual", "covariance")
    moments = dynamics.moments(z)
    psi = np.array(theirs["independent_check"]["stage2_optimum_z0_ones"][0])
    rows = {"by_psi": [], "by_margins": []}
    for index in range(2):
        step = np.eye(2)[index] * 1e-4
        up, down = (gradient(dynamics, margins, z, moments, psi + sign * step, 0.0) for sign in (1, -1))
        for name, values in rows.items():
            values.append((getattr(up, name) - getattr(down, name)) / 2e-4)
    influence = np.hstack([margin.influence for margin in margins.fitted])
    u = evaluate(dynamics, z, moments, psi, 0.0).scores + influence @ np.array(rows["by_margins"]).T
    influence_psi = np.linalg.solve(-np.array(rows["by_psi"]), u.T).T
    errors = np.sqrt((np.hstack([influence, influence_psi]) ** 2).sum(axis=0)) / len(z)
    np.testing.assert_allclose(errors, theirs["correct_sandwich_se"]["all"], rtol=5e-3)


@pytest.mark.parametrize("case", ["arch_panel_n3", "dji_first10"])
def test_pymgarch(case, peers, panels):
    (theirs,) = peers[case]["pymgarch"]["results"].values()
    returns = panels[case]
    z, margin_loglik = filtered(returns, np.array(theirs["margins"]), MarginModel())
    psi = [theirs["params"]["alpha"], theirs["params"]["beta"]]
    assert DCC().loglik(psi, z) + margin_loglik == pytest.approx(theirs["loglik"], rel=1e-6)


@pytest.mark.parametrize("case", ["arch_panel_n3", "dji_first10"])
def test_our_optimum_is_not_below_pymgarch(case, peers, panels):
    (theirs,) = peers[case]["pymgarch"]["results"].values()
    returns, foreign = panels[case], np.array(theirs["margins"])
    margins = fit_margins(returns)
    for margin, params in zip(margins.fitted, foreign, strict=True):
        values = returns[margin.name].to_numpy().copy()
        if not margin.model.admissible(params):
            continue
        assert margin.loglik > margin.model.scores(params, values, margin.backcast)[0].sum() - 1e-4
    z, margin_loglik = filtered(returns, foreign, MarginModel())
    step = estimate(Dynamics("dcc"), z, False, 0)
    assert step.loglik + margin_loglik > theirs["loglik"] - 1e-4
    np.testing.assert_allclose(step.psi, [theirs["params"]["alpha"], theirs["params"]["beta"]], atol=2e-6)


@pytest.mark.parametrize("case", ["arch_panel_n3", "dji_first10"])
def test_tsmarch(case, peers, panels):
    """Their margins' initial variance is not on record; with the mean square the total agrees to 1e-6."""
    theirs, returns = peers[case]["tsmarch"], panels[case]
    rows = [
        [theirs["univ"][name]["coef"][key] for key in ("mu", "omega", "alpha1", "beta1")] for name in returns.columns
    ]
    z, margin_loglik = filtered(returns, np.array(rows), MarginModel(initial_variance="mean_square"))
    psi = [theirs["coef"]["alpha_1"], theirs["coef"]["beta_1"]]
    ours = DCC(initial="zero_residual", target="covariance").loglik(psi, z) + margin_loglik
    assert ours == pytest.approx(theirs["loglik"], rel=1e-6)


def test_mfe_toolbox(peers, panels):
    """Their first variances are not on record; three printed intercept correlations determine the three of them."""
    theirs, returns = peers["arch_panel_n3"]["mfe_toolbox_octave"], panels["arch_panel_n3"]
    params = np.array(theirs["params"])
    demeaned = (returns - returns.mean()).to_numpy()
    omega, alpha, beta = params[0:9:3], params[1:9:3], params[2:9:3]
    start = omega + (alpha + beta) * (0.9 ** np.arange(71) @ demeaned[:71] ** 2 / (0.9 ** np.arange(71)).sum())

    def margins_from(log_first):
        variances = np.column_stack(
            [
                garch_variances(demeaned[:, i].copy(), omega[i], alpha[i], 0.0, beta[i], float(np.exp(log_first[i])))
                for i in range(3)
            ]
        )
        z = demeaned / np.sqrt(variances)
        return z, -0.5 * (np.log(2 * np.pi) + np.log(variances) + z**2).sum()

    def gap(log_first):
        z, _ = margins_from(log_first)
        return 1e5 * (Dynamics("dcc").moments(z).qbar[[1, 3, 4]] - params[9:12])

    found = optimize.root(gap, np.log(start), tol=1e-12)
    assert found.success
    np.testing.assert_allclose(np.exp(found.x), start, rtol=0.04)
    z, total = margins_from(found.x)
    assert DCC(initial="backcast").loglik(params[-2:], z) + total == pytest.approx(theirs["loglik"], rel=1e-9)


def test_corrected_model_beats_them_on_their_own_data(peers, panels):
    """Same margins, same number of parameters, another recursion: what the correction is worth here."""
    theirs = peers["arch_panel_n3"]["pymgarch"]["results"]["dcc_n3"]
    ours = CDCC().fit(panels["arch_panel_n3"])
    assert ours.loglik - theirs["loglik"] == pytest.approx(8.70, abs=0.1)
    assert coefficients(ours.psi)[2] == 0.0

"""The bias of the dynamics: its size, its correction, and what draws make of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import simulate

from models.correlation import ADCC, CCC, CDCC, DCC, DECO, Correlation
from models.correlation.bands import parameter_draws
from models.correlation.bootstrap import bootstrap_world
from models.correlation.draws import Refilter, parameter_sample
from models.correlation.small_sample import KEPT_ROOM, small_sample, target_scale

PAIR = Correlation("x0", "x1")


@pytest.fixture(scope="module")
def result(simulated, simulated_margins):
    return CDCC().fit(simulated, margins=simulated_margins)


def test_the_target_costs_as_many_parameters_as_it_has_in_a_gaussian_world():
    costs = [small_sample(CDCC().fit(simulate(1500, 0.4, 0.04, 0.92, seed, size=4))).lost for seed in range(8)]
    assert np.mean(costs) == pytest.approx(6.0, rel=0.15)


def test_the_correction_takes_the_bias_out():
    """Persistence .96, eight series, 700 sessions: the estimates lie below it on average, the corrected ones do not."""
    raw, corrected = [], []
    for seed in range(12):
        result = CDCC().fit(simulate(700, 0.4, 0.04, 0.92, 50 + seed, size=8))
        raw.append(result.psi.sum())
        corrected.append(small_sample(result).free[:2].sum())
    error = np.std(raw, ddof=1) / np.sqrt(len(raw))
    assert 0.96 - np.mean(raw) > 4.0 * error
    assert abs(np.mean(corrected) - 0.96) < 0.35 * (0.96 - np.mean(raw))


@pytest.mark.parametrize(
    "model", [DCC(), CDCC(distribution="t"), ADCC(), DECO(), DCC(target="covariance"), CDCC(target="ml")]
)
def test_every_specification_is_moved_towards_persistence_and_stays_inside(model, simulated, simulated_margins):
    result = model.fit(simulated, margins=simulated_margins)
    corrected = small_sample(result)
    room, left = 1.0 - result.psi[:2].sum(), 1.0 - corrected.free[:2].sum()
    assert KEPT_ROOM * room <= left < room
    assert corrected.spread == pytest.approx(target_scale(corrected.free) / target_scale(result.psi))
    assert corrected.spread > 1.0
    assert result.admissible(corrected.free[: result.psi.size])
    assert 2.0 <= corrected.dynamics_degrees < 2.0 * len(simulated)


def test_the_step_matches_the_maximum_of_the_adjusted_likelihood(result, simulated_margins):
    """Cox and Reid's adjusted likelihood itself, maximised over a fine grid about the estimate."""
    corrected = small_sample(result)
    z, model = simulated_margins.std_residuals.to_numpy(), CDCC()
    direction = corrected.free - result.psi
    shares = np.linspace(-1.0, 3.0, 41)
    points = [result.psi + share * direction for share in shares]
    slope = corrected.lost * (np.log(target_scale(corrected.free)) - np.log(target_scale(result.psi)))
    values = [model.loglik(point, z) + share * slope for share, point in zip(shares, points, strict=True)]
    assert shares[int(np.argmax(values))] == pytest.approx(1.0, abs=0.35)


def test_a_constant_correlation_has_no_dynamics_to_correct(simulated, simulated_margins):
    corrected = small_sample(CCC().fit(simulated, margins=simulated_margins))
    assert (corrected.free.size, corrected.spread, corrected.lost) == (0, 1.0, 0.0)


def test_draws_centre_on_the_corrected_estimate(result):
    sample = parameter_sample(result, ("x0", "x1"), 1500, 0)
    drawn, wanted = np.median(sample.candidates[:, -2:], axis=0), small_sample(result).free
    np.testing.assert_allclose(drawn, wanted, atol=0.15 * result.std_errors[["a", "b"]].max())
    position = sum(result.margin(name).params.size for name in ("x0", "x1")) + 1
    spread = np.arctanh(sample.candidates[:, position]).std()
    textbook = result.target_std_errors.iloc[0, 1] / (1.0 - result.target.iloc[0, 1] ** 2)
    assert spread == pytest.approx(textbook * small_sample(result).spread, rel=0.12)


def test_the_days_run_first_only_move_the_beginning(result):
    names = ("x0", "x1")
    refilter = Refilter(result, names)
    candidate = np.concatenate([result.parameters_of(names), result.free_correlation_params])
    plain, after = refilter.moments(candidate), refilter.moments(candidate, 300)
    gap = np.abs(plain.correlation(*names) - after.correlation(*names))
    assert gap[0] > 1e-3
    assert gap[10 * refilter.run :].max() < 1e-6
    z = result.margins.std_residuals.to_numpy()[:, :2]
    rows = np.r_[300 : 300 + refilter.run, 0 : len(z)]
    target = result.target.to_numpy()[:2, :2]
    q, path = target.copy(), []
    for row in z[rows]:
        scale = np.sqrt(np.diag(q))
        path.append(q[0, 1] / scale.prod())
        star = row * scale
        q = (1.0 - result.psi.sum()) * target + result.psi[0] * np.outer(star, star) + result.psi[1] * q
    np.testing.assert_allclose(after.correlation(*names), path[refilter.run :], atol=1e-12)


def test_too_many_rejections_call_in_the_bootstrap(result):
    """A twentyfold covariance of the first margin leaves few admissible draws; the band says what came to their aid."""
    inflated = result.stacked_covariance.copy()
    inflated[2, :] *= 20.0
    inflated[:, 2] *= 20.0
    uncertain = replace(result, stacked_covariance=inflated)
    assert parameter_sample(uncertain, ("x0", "x1"), 30, 0).rejected > 0.3
    sample = parameter_sample(uncertain, ("x0", "x1"), 6, 0)
    band = uncertain.bands(PAIR, draws=6)
    assert (band.kind, band.draws, band.rejected) == ("parameter and bootstrap", 12, sample.rejected)
    (drawn,) = uncertain.draw((PAIR,), draws=6)
    (refitted,) = uncertain.draw((PAIR,), draws=6, kind="bootstrap")
    (filtered,) = parameter_draws(uncertain, (PAIR,), sample)
    np.testing.assert_array_equal(drawn.paths, np.vstack([filtered.paths, refitted.paths]))
    assert result.bands(PAIR, draws=6).kind == "parameter"


def test_the_bootstrap_simulates_the_corrected_world(result):
    np.testing.assert_array_equal(bootstrap_world(result).psi, small_sample(result).free)


def test_heavy_tails_leave_fewer_degrees_of_freedom():
    degrees = [
        np.median(small_sample(CDCC().fit(simulate(1500, 0.4, 0.04, 0.92, 3, nu=nu))).target_degrees[[1, 3, 4]])
        for nu in (0.0, 5.0)
    ]
    assert degrees[1] < 0.5 * degrees[0]

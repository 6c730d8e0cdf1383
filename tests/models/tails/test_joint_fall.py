"""Joint falls by simulation: enumeration, a plain recursion, known extremes, refusals."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.correlation import CDCC
from models.correlation.simulation import after_the_sample, whitened_residuals
from models.estimate import Estimate, NotDecidable
from models.tails.joint_fall import joint_fall

EDGE = 100.0 * np.log(0.97)


def garch(rho, seed=1, n=1500):
    generator = np.random.default_rng(seed)
    z = generator.multivariate_normal([0, 0], [[1.0, rho], [rho, 1.0]], size=n)
    z *= np.sqrt(6.0 / generator.chisquare(8, size=n))[:, None]
    rows, h = np.empty((n, 2)), np.ones(2)
    for t in range(n):
        rows[t] = np.sqrt(h) * z[t]
        h = 0.04 + 0.08 * rows[t] ** 2 + 0.88 * h
    return pd.DataFrame(rows, index=pd.bdate_range("2015-01-01", periods=n), columns=["coin", "miners"])


@pytest.fixture(scope="module")
def fitted():
    return CDCC().fit(garch(0.6))


def test_one_session_ahead_is_a_share_of_shocks(fitted):
    world, white = after_the_sample(fitted), whitened_residuals(fitted)
    factor = np.linalg.cholesky(fitted.next_correlation.to_numpy())
    moves = world.mean[:, 0] + np.sqrt(world.first_variance) * (white @ factor.T)
    alone = world.mean[:, 0] + np.sqrt(world.first_variance) * white
    edge = 100.0 * np.log(0.99)
    found = joint_fall(fitted, {"coin": -1.0, "miners": -1.0}, 1, paths=100_000, draws=10)
    assert found.probability.value == pytest.approx(np.mean((moves <= edge).all(axis=1)), rel=0.05)
    assert found.uncorrelated.value == pytest.approx(np.mean((alone <= edge).all(axis=1)), rel=0.08)


def test_a_plain_recursion_gives_the_same_probability(fitted):
    generator = np.random.default_rng(5)
    white, horizon, paths = whitened_residuals(fitted), 4, 40_000
    (a, b), target = fitted.psi, fitted.target.to_numpy()
    params = np.array([margin.params for margin in fitted.margins.fitted])
    h = np.tile([margin.next_variance for margin in fitted.margins.fitted], (paths, 1))
    packed = fitted.next_state
    q = np.tile([[packed[0], packed[1]], [packed[1], packed[2]]], (paths, 1, 1))
    totals = np.zeros((paths, 2))
    for _ in range(horizon):
        u = white[generator.integers(len(white), size=paths)]
        scale = np.sqrt(q[:, [0, 1], [0, 1]])
        rho = q[:, 0, 1] / scale.prod(axis=1)
        z = np.column_stack([u[:, 0], rho * u[:, 0] + np.sqrt(1.0 - rho**2) * u[:, 1]])
        e = np.sqrt(h) * z
        totals += params[:, 0] + e
        h = params[:, 1] + params[:, 2] * e**2 + params[:, 3] * h
        starred = z * scale
        q = (1.0 - a - b) * target + a * starred[:, :, None] * starred[:, None, :] + b * q
    plain = np.mean((totals <= EDGE).all(axis=1))
    found = joint_fall(fitted, {"coin": -3.0, "miners": -3.0}, horizon, paths=40_000, draws=10)
    assert found.probability.value == pytest.approx(plain, rel=0.12)


def test_the_ratio_is_of_the_two_and_excludes_one_only_if_correlated(fitted):
    found = joint_fall(fitted, {"coin": -3.0, "miners": -3.0}, 4, paths=20_000, draws=40)
    assert isinstance(found.ratio, Estimate)
    assert found.ratio.value == pytest.approx(found.probability.value / found.uncorrelated.value)
    assert found.ratio.lower > 1.0
    unrelated = joint_fall(CDCC().fit(garch(0.0, seed=2)), {"coin": -3.0, "miners": -3.0}, 4, paths=20_000, draws=40)
    assert unrelated.ratio.contains(1.0)


def test_deeper_falls_are_rarer_and_draws_are_seeded(fitted):
    shallow, deep = (
        joint_fall(fitted, {"coin": fall, "miners": fall}, 4, paths=5000, draws=10) for fall in (-1.0, -4.0)
    )
    assert shallow.probability.value > deep.probability.value
    assert joint_fall(fitted, {"coin": -1.0, "miners": -1.0}, 4, paths=5000, draws=10) == shallow


def test_one_series_alone_needs_no_correlation(fitted):
    alone = joint_fall(fitted, {"coin": -3.0}, 4, paths=20_000, draws=20)
    assert alone.ratio.value == pytest.approx(1.0, abs=1e-12)


def test_too_rare_is_not_decidable(fitted):
    rare = joint_fall(fitted, {"coin": -60.0, "miners": -60.0}, 2, paths=2000, draws=5)
    assert isinstance(rare.probability, NotDecidable)
    assert isinstance(rare.ratio, NotDecidable)
    assert "of 2000 simulated paths" in str(rare.probability)
    few = joint_fall(fitted, {"coin": -5.0, "miners": -5.0}, 4, paths=2000, draws=5)
    assert isinstance(few.ratio, NotDecidable)


def test_refusals(fitted):
    with pytest.raises(EstimationError, match="not in this model"):
        joint_fall(fitted, {"gold": -5.0}, 5)
    with pytest.raises(EstimationError, match="no size or no horizon"):
        joint_fall(fitted, {"coin": 5.0}, 5)

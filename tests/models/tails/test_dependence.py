"""Exceedance correlations and joint tails: plain recomputation, size, power, limits."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling
from models.tails.dependence import _reflections, _sides, exceedance_correlations, joint_tail


def pair(seed, n=2000, rho=0.5, nu=8.0):
    generator = np.random.default_rng(seed)
    z = generator.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n)
    z *= np.sqrt(nu / generator.chisquare(nu, size=n))[:, None]
    return pd.Series(z[:, 0], name="x"), pd.Series(z[:, 1], name="y")


def test_correlations_are_those_of_the_sessions_beyond(resampling):
    x, y = pair(1)
    u, v = ((series - series.mean()) / series.std(ddof=0) for series in (x, y))
    table = exceedance_correlations(x, y, resampling).table
    for threshold in table.index:
        below, above = (u < -threshold) & (v < -threshold), (u > threshold) & (v > threshold)
        assert table.loc[threshold, "events_below"] == below.sum()
        if below.sum() >= 20:
            assert table.loc[threshold, "below"] == pytest.approx(np.corrcoef(u[below], v[below])[0, 1])
        if above.sum() >= 20:
            assert table.loc[threshold, "above"] == pytest.approx(np.corrcoef(u[above], v[above])[0, 1])


def test_statistic_is_its_formula(resampling):
    x, y = pair(2, n=900)
    result = exceedance_correlations(x, y, resampling, thresholds=(0.0, 0.5))
    rows = np.column_stack([(s - s.mean()) / s.std(ddof=0) for s in (x, y)])
    _, _, below, above, influence = _sides(rows, np.array([0.0, 0.5]))
    lags, n = int(900 ** (1 / 3)), 900
    omega = sum(
        (1 - abs(lag) / (lags + 1))
        * sum(np.outer(influence[t], influence[t - lag]) for t in range(max(lag, 0), n + min(lag, 0)))
        / n
        for lag in range(-lags, lags + 1)
    )
    gap = above - below
    assert result.statistic == pytest.approx(n * gap @ np.linalg.solve(omega, gap))


def test_influence_is_the_change_when_a_session_is_dropped():
    x, y = pair(3, n=400)
    rows = np.column_stack([x, y])
    _, _, below, above, influence = _sides(rows, np.array([0.0]))
    for t in range(0, 400, 37):
        _, _, less_below, less_above, _ = _sides(np.delete(rows, t, axis=0), np.array([0.0]))
        jackknife = 399 * ((above - below) - (less_above - less_below))[0]
        assert jackknife == pytest.approx(influence[t, 0], abs=0.1 + 0.1 * abs(influence[t, 0]))


def test_size_under_symmetry():
    limiting = randomised = 0
    for seed in range(60):
        result = exceedance_correlations(
            *pair(seed, n=1500), Resampling(0.95, 99, (5, 40), seed), thresholds=(0.0, 0.5, 1.0)
        )
        limiting += result.symmetry_test().p_value < 0.05
        randomised += result.reflection_test().p_value < 0.05
    assert limiting <= 10
    assert randomised <= 9


def test_power_where_falls_are_shared(resampling):
    generator = np.random.default_rng(4)
    common = -generator.exponential(size=3000)
    x = pd.Series(common + 0.6 * generator.normal(size=3000), name="x")
    y = pd.Series(common + 0.6 * generator.normal(size=3000), name="y")
    result = exceedance_correlations(x, y, resampling, thresholds=(0.0, 0.5))
    assert (result.table["below"] > result.table["above"]).all()
    assert result.symmetry_test().p_value < 0.001
    assert result.reflection_test().p_value < 0.01


def test_reflections_are_common_to_a_block():
    signs = _reflections(5000, 10.0, 20, seed=1)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert np.mean(signs[:, 1:] != signs[:, :-1]) == pytest.approx(0.05, abs=0.01)


def test_joint_tail_is_a_share_of_sessions(resampling):
    x, y = pair(5)
    joint = ((x <= x.quantile(0.05)) & (y <= y.quantile(0.05))).sum()
    estimate = joint_tail(x, y, resampling)
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(joint / (x <= x.quantile(0.05)).sum())


def test_joint_tail_limits(resampling):
    x, _ = pair(6)
    same = joint_tail(x, (x**3).rename("y"), resampling)
    assert (same.value, same.lower, same.upper) == (1.0, 1.0, 1.0)
    assert isinstance(joint_tail(x, (-x).rename("y"), resampling), NotDecidable)


def test_joint_tail_covers():
    x, y = pair(7, n=2_000_000)
    truth = float(((x <= x.quantile(0.05)) & (y <= y.quantile(0.05))).mean() / 0.05)
    hits = sum(
        joint_tail(*pair(seed, n=1500), Resampling(0.95, 199, (5, 40), seed)).contains(truth) for seed in range(60)
    )
    assert hits >= 50


def test_refusals(resampling):
    x, y = pair(8, n=60)
    few = exceedance_correlations(x, y, resampling, thresholds=(2.5,))
    assert isinstance(few.symmetry_test(), NotDecidable)
    assert isinstance(few.reflection_test(), NotDecidable)
    with pytest.raises(EstimationError, match="does not vary"):
        joint_tail(x, pd.Series(1.0, index=x.index, name="flat"), resampling)

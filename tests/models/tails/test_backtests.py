"""Backtests: published regions, closed forms, size and power."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.estimate import NotDecidable
from models.margins.estimation import fit_margin
from models.margins.model import MarginModel
from models.tails.backtests import (
    _independence,
    _unconditional,
    conditional_coverage_test,
    coverage_test,
    independence_test,
)
from models.tails.conditional import RiskPath, _tail, conditional_risk, expanding_risk, next_risk

#: Kupiec (1995), table of non-rejection regions at 5 %, as reprinted by Jorion: rate, sessions, hits between.
REGIONS = [
    (0.01, 510, 1, 11),
    (0.01, 1000, 4, 17),
    (0.025, 255, 2, 12),
    (0.025, 510, 6, 21),
    (0.025, 1000, 15, 36),
    (0.05, 255, 6, 21),
    (0.05, 510, 16, 36),
    (0.05, 1000, 37, 65),
    (0.10, 255, 16, 36),
    (0.10, 510, 38, 65),
    (0.10, 1000, 81, 120),
]


@pytest.mark.parametrize(("rate", "sessions", "low", "high"), REGIONS)
def test_published_regions_of_non_rejection(rate, sessions, low, high):
    kept = np.flatnonzero(_unconditional(np.arange(sessions + 1), sessions, rate) < 3.841459)
    assert (kept.min() - 1, kept.max() + 1) == (low, high)


def test_published_example():
    """Jorion, Value at Risk: 20 exceptions in 252 days at 5 % give 3.91."""
    hits = np.arange(252) < 20
    assert coverage_test(hits, 0.05).statistic == pytest.approx(3.91, abs=0.005)


def test_exact_p_value_is_that_of_simulated_binomials():
    hits = np.arange(500) < 34
    test = coverage_test(hits, 0.05)
    counts = np.random.default_rng(1).binomial(500, 0.05, size=200_000)
    assert test.p_value == pytest.approx(
        np.mean(_unconditional(counts, 500, 0.05) >= test.statistic - 1e-10), abs=0.003
    )


def test_independence_statistic_by_hand():
    hits = np.array([0, 0, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    moves = {(0, 0): 3, (0, 1): 3, (1, 0): 2, (1, 1): 1}
    alone = 5 * np.log(5 / 9) + 4 * np.log(4 / 9)
    chain = sum(n * np.log(n / sum(m for (i, _), m in moves.items() if i == start)) for (start, _), n in moves.items())
    assert _independence(hits) == pytest.approx(2 * (chain - alone))


def test_size_and_power_of_the_joint_test():
    generator = np.random.default_rng(2)
    rejected = sum(
        conditional_coverage_test(generator.random(600) < 0.05, 0.05, replications=199, seed=k).p_value < 0.05
        for k in range(100)
    )
    assert rejected <= 12
    clustered = np.repeat(generator.random(150) < 0.05, 4)
    assert conditional_coverage_test(clustered, 0.05).p_value < 0.01
    assert independence_test(clustered).p_value < 0.01
    assert coverage_test(np.arange(600) < 60, 0.05).p_value < 0.001


def test_too_little_is_not_decidable():
    assert isinstance(coverage_test(np.zeros(20, dtype=bool), 0.05), NotDecidable)
    assert isinstance(coverage_test(np.zeros(60, dtype=bool), 0.01), NotDecidable)
    assert isinstance(independence_test(np.arange(100) == 50), NotDecidable)
    assert coverage_test(np.zeros(300, dtype=bool), 0.05).p_value < 0.001
    assert coverage_test(np.ones(300, dtype=bool), 0.05).p_value < 0.001


def normal_path(generator, n, quantile, scale=1.0):
    """The model is standard normal; returns are `scale` times as wild."""
    pool = generator.normal(size=200_000)
    low, below = _tail(pool, quantile)
    columns = {"return": scale * generator.normal(size=n), "mean": 0.0, "volatility": 1.0}
    frame = pd.DataFrame(columns | {"value_at_risk": low, "expected_shortfall": below})
    return RiskPath(frame, quantile, (pool,), np.zeros(n, dtype=np.int64), "")


def test_shortfall_test_has_its_published_critical_value():
    """Acerbi and Szekely (2014): about -0.70 at 5 % for 250 days and a 2.5 % tail, nearly whatever the tail index."""
    statistics = np.array(
        [normal_path(np.random.default_rng(k), 250, 0.025).shortfall_test(replications=1).statistic for k in range(300)]
    )
    assert np.quantile(statistics, 0.05) == pytest.approx(-0.70, abs=0.12)
    assert statistics.mean() == pytest.approx(0.0, abs=0.08)


def test_shortfall_test_finds_an_understated_risk():
    assert normal_path(np.random.default_rng(3), 1000, 0.025, scale=1.4).shortfall_test().p_value < 0.01
    assert normal_path(np.random.default_rng(4), 1000, 0.025).shortfall_test().p_value > 0.01


def garch(seed, n=2500):
    generator = np.random.default_rng(seed)
    z = generator.standard_t(6, size=n) * np.sqrt(4 / 6)
    returns, deviations, h = np.empty(n), np.empty(n), 1.0
    for t in range(n):
        deviations[t] = np.sqrt(h)
        returns[t] = deviations[t] * z[t]
        h = 0.03 + 0.07 * returns[t] ** 2 + 0.90 * h
    return pd.Series(returns, index=pd.bdate_range("2012-01-02", periods=n), name="asset"), deviations


def test_risk_follows_the_true_quantile():
    returns, deviations = garch(5)
    quantile = -1.5868  # 5 % quantile of a unit-variance t with 6 degrees of freedom
    path = expanding_risk(returns, quantile=0.05, volatility="garch", first=1000, refit=500)
    ratio = path.frame["value_at_risk"].to_numpy() / (quantile * deviations[1000:])
    assert np.median(np.abs(ratio - 1.0)) < 0.10
    assert coverage_test(path.hits.to_numpy(), 0.05).p_value > 0.01
    assert (path.frame["expected_shortfall"] < path.frame["value_at_risk"]).all()
    assert path.shortfall_test(replications=499).p_value > 0.01


def test_what_was_knowable_does_not_change_with_what_came_later():
    returns, _ = garch(6, n=1600)
    later = returns.copy()
    later.iloc[1400:] *= 3.0
    one, other = (expanding_risk(series, first=1000, refit=250).frame for series in (returns, later))
    pd.testing.assert_frame_equal(one.iloc[:400], other.iloc[:400])


def test_whole_sample_figures_hit_at_their_rate():
    path = conditional_risk(garch(7)[0], quantile=0.05)
    assert path.hits.mean() == pytest.approx(0.05, abs=0.001)


def test_risk_of_the_next_session():
    returns, _ = garch(8)
    margin = fit_margin("asset", returns.to_numpy(), MarginModel("garch"))
    value_at_risk, shortfall = next_risk(margin, returns, draws=199)
    deviation = np.sqrt(margin.model.next_variances(margin.params, margin.std_residuals[-1:], margin.variances[-1:])[0])
    assert value_at_risk.value == pytest.approx(margin.params[0] + deviation * np.quantile(margin.std_residuals, 0.05))
    assert shortfall.value < value_at_risk.value
    assert value_at_risk.lower < value_at_risk.value < value_at_risk.upper
    assert value_at_risk.contains(-1.5868 * deviation)


def test_intervals_of_the_next_session_cover():
    hits = np.zeros(2, dtype=int)
    for seed in range(25):
        returns, _ = garch(seed, n=1000)
        h = 1.0
        for value in returns:
            h = 0.03 + 0.07 * value**2 + 0.90 * h
        margin = fit_margin("asset", returns.to_numpy(), MarginModel("garch"))
        value_at_risk, shortfall = next_risk(margin, returns, draws=99, seed=seed)
        # quantile and mean below it of a unit-variance t with 6 degrees of freedom
        hits += [value_at_risk.contains(-1.5866 * np.sqrt(h)), shortfall.contains(-2.2133 * np.sqrt(h))]
    assert (hits >= 20).all(), hits


def test_refusals():
    returns, _ = garch(9, n=900)
    with pytest.raises(EstimationError, match="leave none to judge"):
        expanding_risk(returns, first=1000)
    with pytest.raises(EstimationError, match="the series is constant"):
        conditional_risk(pd.Series(0.0, index=returns.index, name="flat"))

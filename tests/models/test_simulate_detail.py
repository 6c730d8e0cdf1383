"""Sessions from the inside and further assets: consistent with the closes, and with the law they are drawn from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.calendar import sessions as exchange_sessions
from models.liquidity import parkinson_variance
from models.simulate import Simulation, simulate, world
from models.simulate.clocks import crypto_closes, gap_days
from models.simulate.detail import ASSETS, BARRED, OVERNIGHT, STEPS, daily_bars, detailed, session_paths
from models.simulate.measures import weekends
from models.simulate.paths import CONDITIONED, draw_paths
from models.simulate.truth import Batch

SESSIONS = exchange_sessions("XNYS", date(2016, 1, 4), date(2021, 12, 31))


@pytest.fixture(scope="module")
def plain() -> Simulation:
    return simulate("C", seed=4, sessions=SESSIONS)


@pytest.fixture(scope="module")
def full(plain: Simulation) -> Simulation:
    return detailed(plain)


def test_closes_stay_what_they_were_and_the_same_seed_gives_the_same_detail(plain, full) -> None:
    for role, frame in plain.levels.items():
        pd.testing.assert_frame_equal(full.levels[role][list(frame.columns)], frame, check_exact=True)
    again = detailed(plain)
    for role, frame in full.levels.items():
        pd.testing.assert_frame_equal(frame, again.levels[role], check_exact=True)
    other = detailed(simulate("C", seed=5, sessions=SESSIONS))
    assert not np.allclose(other.levels["silver"]["close"], full.levels["silver"]["close"])


def test_bars_hold_open_and_close(full: Simulation) -> None:
    for role in BARRED:
        bars = full.levels[role]
        assert (bars["low"] <= bars[["open", "close"]].min(axis=1) * (1.0 + 1e-12)).all()
        assert (bars["high"] >= bars[["open", "close"]].max(axis=1) * (1.0 - 1e-12)).all()
        assert (bars["high"] > bars["low"]).all()


def test_a_path_by_hand() -> None:
    """Two steps: half of the total, moved by half the difference of the two normals over the root of two."""
    (path,) = session_paths(np.array([3.0]), np.array([2.0]), np.array([[0.7, -0.4]]))
    assert path == pytest.approx([0.0, 1.5 + 2.0 * (0.7 + 0.4) / 2.0 / np.sqrt(2.0), 3.0])


def test_paths_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(1)
    total, deviation, normals = rng.normal(size=5), rng.uniform(0.5, 2.0, 5), rng.normal(size=(5, 7))
    for row, path in enumerate(session_paths(total, deviation, normals)):
        walk, last, slow = 0.0, normals[row].sum() / np.sqrt(7.0), [0.0]
        for step, one in enumerate(normals[row], 1):
            walk += one / np.sqrt(7.0)
            slow.append(step / 7.0 * total[row] + deviation[row] * (walk - step / 7.0 * last))
        assert path == pytest.approx(slow)
        assert path[-1] == pytest.approx(total[row])


def test_overnight_and_session_share_the_variance_and_are_unrelated() -> None:
    rng = np.random.default_rng(2)
    close = pd.Series(np.exp(np.cumsum(0.01 * rng.standard_normal(40_000))))
    bars = daily_bars(close, np.ones(len(close)), rng)
    gap = 100.0 * np.log(bars["open"] / close.shift(1)).dropna()
    session = 100.0 * np.log(close / bars["open"]).dropna()
    assert gap.var() == pytest.approx(OVERNIGHT, rel=0.03)
    assert session.var() == pytest.approx(1.0 - OVERNIGHT, rel=0.03)
    assert abs(np.corrcoef(gap, session[gap.index])[0, 1]) < 0.02


def test_ranges_give_the_sessions_variance_back_but_for_what_lies_between_the_steps() -> None:
    """Broadie, Glasserman and Kou (1997): a walk of S steps misses each end of the path by .5826 / root S."""
    rng = np.random.default_rng(3)
    close = pd.Series(np.exp(np.cumsum(0.01 * rng.standard_normal(40_000))))
    bars = daily_bars(close, np.ones(len(close)), rng)
    found = float(parkinson_variance(bars.assign(close=close)).mean()) / (1.0 - OVERNIGHT)
    mean_range = np.sqrt(8.0 / np.pi)
    assert found == pytest.approx((1.0 - 2.0 * 0.5826 / np.sqrt(STEPS) / mean_range) ** 2, rel=0.04)


def test_further_assets_follow_their_rules(full: Simulation) -> None:
    def returns(role: str) -> pd.Series:
        return (100.0 * np.log(full.levels[role].iloc[:, 0]).diff()).dropna()

    for role, rule in ASSETS.items():
        left = returns(role) - sum(loading * returns(other) for other, loading in rule.loadings.items())
        assert left.std() == pytest.approx(rule.noise, rel=0.25)
        assert abs(np.corrcoef(left, returns("metal")[left.index])[0, 1]) < 0.1
        assert (full.levels[role]["close"] > 0.0).all()


def test_the_weekends_population_value_is_that_of_drawn_bridges() -> None:
    """Same shocks, sixty draws of crypto's path and of the miners' sessions around them."""
    rules, gaps, rng = world("A"), gap_days(SESSIONS), np.random.default_rng(6)
    paths = draw_paths(rules, gaps, np.random.SeedSequence(11))
    batch = Batch(rules, paths, gaps, {}, np.zeros(len(gaps), dtype=bool), np.random.SeedSequence(0))
    ((measured, _, _),) = weekends(batch).values()
    close = pd.Series(np.exp(np.cumsum(paths.changes["miners"]) / 100.0), index=SESSIONS)
    deviation = paths.volatilities[:, CONDITIONED.index("miners")]
    days, after = (SESSIONS[-1] - SESSIONS[0]).days, SESSIONS[gaps >= 3.0]
    before = SESSIONS[np.flatnonzero(gaps >= 3.0) - 1]
    pairs = []
    for _ in range(60):
        closes = crypto_closes(
            SESSIONS,
            paths.changes["crypto"],
            paths.crypto_diffused,
            paths.crypto_noise,
            rules.weekend_variance,
            300.0,
            rng.standard_normal(2 * days),
        )["ny16"]
        opened = daily_bars(close, deviation, rng)["open"]
        weekend = np.log(closes[after - pd.Timedelta(days=1)].to_numpy() / closes[before].to_numpy())
        pairs.append(np.column_stack([weekend, np.log(close[after] / opened[after])]))
    drawn = np.corrcoef(np.concatenate(pairs), rowvar=False)[0, 1]
    assert measured == pytest.approx(drawn, abs=0.02)
    assert abs(drawn) > 0.04

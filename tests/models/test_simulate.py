"""Simulated histories: what is in them, that they repeat, and that their truth is the truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.calendar import sessions as exchange_sessions
from data.errors import QualityError, StudyFileError
from models.simulate import Simulation, simulate, world
from models.simulate.clocks import gap_days
from models.simulate.derived import VOLUME_TREND, dollar_volume
from models.simulate.paths import CONDITIONED, draw_paths
from models.simulate.simulation import CRYPTO_START, EVENT
from models.simulate.structure import SHOCKED

SHORT = exchange_sessions("XNYS", date(2024, 1, 2), date(2026, 2, 6))
EVENT_SESSIONS = slice(*(pd.Timestamp(day) for day in EVENT))


@pytest.fixture(scope="module", params=["A", "B", "C"])
def history(request: pytest.FixtureRequest) -> Simulation:
    return simulate(request.param, seed=11, sessions=SHORT)


@pytest.fixture(scope="module")
def mixed() -> Simulation:
    return simulate("C", seed=20260208)


def _session_returns(simulation: Simulation, role: str) -> pd.Series:
    level = simulation.levels[role].iloc[:, 0].reindex(simulation.sessions)
    return (100.0 * np.log(level).diff()).dropna()


def test_the_same_seed_gives_the_same_history_and_another_seed_another(history: Simulation) -> None:
    again = simulate(history.world, seed=11, sessions=SHORT)
    for role, frame in history.levels.items():
        pd.testing.assert_frame_equal(frame, again.levels[role], check_exact=True)
    other = simulate(history.world, seed=12, sessions=SHORT)
    assert not np.allclose(other.levels["metal"]["close"], history.levels["metal"]["close"])


def test_correlations_are_positive_definite_with_unit_diagonal(history: Simulation) -> None:
    assert np.linalg.eigvalsh(history.correlations).min() > 1e-3
    np.testing.assert_allclose(np.einsum("tii->ti", history.correlations), 1.0)
    np.testing.assert_allclose(history.correlations, history.correlations.transpose(0, 2, 1))


def test_levels_are_finite_and_of_the_right_sign(history: Simulation) -> None:
    for role, frame in history.levels.items():
        assert np.isfinite(frame.to_numpy()).all(), role
        if role not in ("real_yield", "conditions"):
            assert (frame.to_numpy() > 0.0).all(), role
        assert frame.index.is_monotonic_increasing
        assert frame.index.is_unique


def test_crypto_trades_every_day_and_the_rest_on_sessions(history: Simulation) -> None:
    days = pd.date_range(SHORT[0], SHORT[-1])
    pd.testing.assert_index_equal(history.levels["crypto"].index, days, check_names=False)
    pd.testing.assert_index_equal(history.levels["crypto_utc00"].index, days[:-1], check_names=False)
    pd.testing.assert_index_equal(history.levels["market"].index, SHORT)
    assert set(history.levels["conditions"].index.day_of_week) == {4}


def test_the_default_history_starts_crypto_later_and_ends_with_the_event(mixed: Simulation) -> None:
    assert mixed.sessions[0] == pd.Timestamp(2012, 1, 3)
    assert mixed.sessions[-1] == pd.Timestamp(2026, 2, 6)
    assert mixed.levels["crypto"].index[0] == pd.Timestamp(CRYPTO_START)


def test_the_event_is_pinned_where_the_history_holds_it() -> None:
    for name in ("A", "C"):
        pinned = simulate(name, seed=3, sessions=SHORT)
        assert (pinned.regimes[EVENT_SESSIONS] == 2).all()
        base = SHORT[SHORT.searchsorted(pd.Timestamp(EVENT[0])) - 1]
        for role, (low, high) in world(name).event_bounds.items():
            level = pinned.levels[role].iloc[:, 0]
            assert low <= 100.0 * (level[pd.Timestamp(EVENT[1])] / level[base] - 1.0) <= high
    before = (
        simulate("A", seed=3, sessions=SHORT).regimes[: pd.Timestamp(EVENT[0])].iloc[-1 - world("A").event_lead : -1]
    )
    assert (before == 2).all()


def test_nothing_is_pinned_where_the_event_is_cut() -> None:
    cut = SHORT[:-1]
    spells = [
        (simulate("C", seed=seed, sessions=cut).regimes[pd.Timestamp(EVENT[0]) :] == 2).all() for seed in range(8)
    ]
    assert not all(spells)


def test_world_b_has_one_regime_and_constant_correlations() -> None:
    null = simulate("B", seed=5, sessions=SHORT)
    assert (null.regimes == 0).all()
    shocked = [CONDITIONED.index(role) for role in SHOCKED]
    among = null.correlations[:, shocked][:, :, shocked]
    np.testing.assert_allclose(among, np.broadcast_to(world("B").regime_correlations[0], among.shape), atol=1e-12)
    for role in ("growth", "market", "credit", "fear", "metal", "miners"):
        np.testing.assert_allclose(null.correlation("crypto", role), 0.0, atol=1e-12)


def test_price_changes_are_what_the_truth_says(mixed: Simulation) -> None:
    for role in ("metal", "market", "crypto"):
        returns = _session_returns(mixed, role)
        means = pd.Series(world("C").means[mixed.regimes, SHOCKED.index(role)], index=mixed.sessions)
        shocks = mixed.volatilities[:, CONDITIONED.index(role)] * mixed.std_shocks[:, CONDITIONED.index(role)]
        expected = means + shocks
        np.testing.assert_allclose(returns, expected[returns.index], atol=1e-9)


def test_the_credit_fund_follows_its_rule(mixed: Simulation) -> None:
    rule = world("C").credit_fund
    spread, real_yield = (100.0 * mixed.levels[role]["value"].diff() for role in ("credit", "real_yield"))
    explained = rule.carry + rule.credit * spread + rule.real_yield * real_yield
    noise = (_session_returns(mixed, "credit_fund") - explained).dropna()
    multipliers = world("C").multipliers[mixed.regimes[noise.index], SHOCKED.index("credit")]
    assert np.std(noise / multipliers) == pytest.approx(rule.noise, rel=0.05)
    assert abs(np.corrcoef(noise, _session_returns(mixed, "market")[noise.index])[0, 1]) < 0.06


def test_standardised_shocks_have_unit_variance_and_the_stated_correlations() -> None:
    gaps = np.resize(gap_days(SHORT), 40_000)
    paths = draw_paths(world("A"), gaps, np.random.SeedSequence(21))
    products = paths.std_shocks[:, :, None] * paths.std_shocks[:, None, :]
    for states in (paths.states >= 0, paths.states == 2):
        surplus = (products - paths.correlations)[states]
        scores = surplus.mean(axis=0) / (surplus.std(axis=0) / np.sqrt(len(surplus)))
        assert np.abs(scores).max() < 4.5


def test_crypto_varies_more_over_weekends_as_its_rule_says() -> None:
    gaps = np.resize([1.0, 1.0, 1.0, 1.0, 3.0], 40_000)
    paths = draw_paths(world("B"), gaps, np.random.SeedSequence(2))
    crypto = paths.changes["crypto"]
    ratio = crypto[gaps == 3.0].var() / crypto[gaps == 1.0].var()
    assert ratio == pytest.approx(1.0 + 2.0 * world("B").weekend_variance, rel=0.08)


def test_both_clocks_share_one_path(mixed: Simulation) -> None:
    closes = pd.DataFrame({role: np.log(mixed.levels[role]["close"]) for role in ("crypto", "crypto_utc00")}).dropna()
    evening = 100.0 * (closes["crypto_utc00"] - closes["crypto"])
    whole_day = 100.0 * closes["crypto"].diff().dropna()
    share = evening.var() / whole_day.var()
    assert 0.07 < share < 0.17
    after_midnight = 100.0 * (closes["crypto"].shift(-1) - closes["crypto_utc00"]).dropna()
    assert abs(np.corrcoef(evening.iloc[:-1], after_midnight)[0, 1]) < 0.08


def test_volume_answers_to_the_regime_only_where_the_world_says_so() -> None:
    drawn = draw_paths(world("C"), np.ones(20_000), np.random.SeedSequence(9))
    weekday = np.arange(20_000) % 5
    response = {}
    for name in ("B", "C"):
        rng = np.random.Generator(np.random.PCG64(1))
        log_volume = np.log(dollar_volume(world(name), "market", drawn, weekday, rng))
        log_volume -= VOLUME_TREND * np.arange(20_000)
        response[name] = log_volume[drawn.states == 2].mean() - log_volume[drawn.states == 0].mean()
    assert response["C"] > 0.5
    assert abs(response["B"]) < 0.1


def test_conditional_beta_is_correlation_times_the_ratio_of_volatilities(mixed: Simulation) -> None:
    miners, metal = CONDITIONED.index("miners"), CONDITIONED.index("metal")
    ratio = mixed.volatilities[:, miners] / mixed.volatilities[:, metal]
    np.testing.assert_allclose(mixed.beta("miners", "metal"), mixed.correlation("miners", "metal") * ratio)


def test_an_unknown_world_and_unusable_sessions_are_explained() -> None:
    with pytest.raises(StudyFileError, match="Use one of A, B, C"):
        simulate("D", seed=1)  # type: ignore[arg-type]
    with pytest.raises(QualityError, match="two or more"):
        simulate("C", seed=1, sessions=SHORT[:1])
    with pytest.raises(QualityError, match="in order"):
        simulate("C", seed=1, sessions=SHORT[::-1])

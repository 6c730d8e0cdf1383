"""From a world to the returns of every role, session by session, with the truth behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.simulate.kernels import markov_path, regime_cdcc, reverting_path, reverting_returns
from models.simulate.structure import SHOCKED, World

Array = NDArray[np.float64]

BURN_IN = 750
"""Sessions simulated and dropped before the first one, so that every path starts from its stationary law."""

CONDITIONED = (*SHOCKED, "credit_fund")
"""Roles whose conditional correlations are known exactly, in the order of `Paths.correlations`."""

FEAR_MEAN, FEAR_SPEED = 17.0, 0.05
CREDIT_MEAN, CREDIT_SPEED, CREDIT_FLOOR = 400.0, 0.01, 250.0
REAL_YIELD_MEAN, REAL_YIELD_SPEED = 100.0, 0.005
SHORT_YIELD_MEAN, SHORT_YIELD_SPEED, SHORT_YIELD_FLOOR = 200.0, 0.003, 5.0
SHORT_YIELD_ON_REAL, SHORT_YIELD_NOISE = 0.6, 3.0
TREASURY_CARRY, TREASURY_DURATION, BREAKEVEN_NOISE = 0.012, 0.075, 2.5
OVEREXTENSION = (200, 252)
EVENT_DRAWS = 20_000


@dataclass(frozen=True)
class Event:
    """Sessions whose regime is set, and what must happen in them for the draw to be kept.

    Attributes
    ----------
    first, last : int
        Positions of the first and the last session.
    lead : int
        Sessions before the first one whose regime is set too.
    regime : int
    bounds : mapping of role to (low, high)
        Cumulative simple return in percent over the event; shocks are redrawn until every role lies within.
    """

    first: int
    last: int
    lead: int
    regime: int
    bounds: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Paths:
    """A world's history in arrays; T sessions.

    Attributes
    ----------
    states : (T,)
        Regime of each session.
    changes : mapping of role to (T,) array
        Log returns in percent; basis points for credit, real_yield and short_yield.
    levels : mapping of role to (T,) array
        Fear index, credit spread and yields (basis points).
    std_shocks : (T, M)
        Innovations of `CONDITIONED`, standardised by their true conditional standard deviation.
    volatilities : (T, M)
        True conditional standard deviations given the past and the session's regime.
    correlations : (T, M, M)
        True conditional correlations given the past and the session's regime.
    crypto_diffused, crypto_noise : (T,)
        Part of crypto's return that arrives around the clock, and the standard deviation of its Brownian path.
    """

    states: NDArray[np.int64]
    changes: Mapping[str, Array]
    levels: Mapping[str, Array]
    std_shocks: Array
    volatilities: Array
    correlations: Array
    crypto_diffused: Array
    crypto_noise: Array


def draw_paths(world: World, gap_days: Array, seeds: np.random.SeedSequence, event: Event | None = None) -> Paths:
    """Draw one history of a world.

    Parameters
    ----------
    world : World
    gap_days : ndarray, (T,)
        Calendar days between a session and the one before: crypto's variance grows with them,
        h (1 + weekend_variance (gap - 1)), normalised to leave its average as it is.
    seeds : SeedSequence
    event : Event, optional
        Sessions to pin.

    Returns
    -------
    Paths
    """
    regime_rng, shock_rng, other_rng, event_rng = (np.random.Generator(np.random.PCG64(one)) for one in seeds.spawn(4))
    T, N = BURN_IN + len(gap_days), len(SHOCKED)
    gaps = np.concatenate([np.resize(gap_days, BURN_IN), gap_days])
    first = int(regime_rng.choice(world.k_regimes, p=world.stationary / world.stationary.sum()))
    states = markov_path(world.transition, regime_rng.random(T), first)
    normals = shock_rng.standard_normal((T, N))
    scales = _student_scales(world, shock_rng, T)
    noises = other_rng.standard_normal((T, 3))
    in_session = other_rng.random(T) < world.common_in_session
    if event is None:
        shocks, _ = _shocks(world, states, normals, scales, None)
        return _paths(world, shocks, _moves(world, gaps, shocks, noises), noises, in_session)
    begins, ends = BURN_IN + event.first, BURN_IN + event.last + 1
    states[max(begins - event.lead, BURN_IN) : ends] = event.regime
    before, state = _shocks(world, states[:begins], normals[:begins], scales[:begins], None)
    for _ in range(EVENT_DRAWS):
        after, _ = _shocks(world, states[begins:], normals[begins:], scales[begins:], state)
        shocks = _Shocks(*(np.concatenate(pair) for pair in zip(before, after, strict=True)))
        moves = _moves(world, gaps, shocks, noises)
        if _happened(moves.changes, slice(begins, ends), event):
            return _paths(world, shocks, moves, noises, in_session)
        normals[begins:ends] = event_rng.standard_normal((ends - begins, N))
        scales[begins:ends] = _student_scales(world, event_rng, ends - begins)
    raise EstimationError(
        f"world {world.name}",
        f"the pinned event did not occur in {EVENT_DRAWS} draws",
        "Use another seed, or sessions that hold the whole event.",
    )


class _Shocks(NamedTuple):
    """What the recursion gives, session by session, beside its inputs."""

    states: NDArray[np.int64]
    scales: Array
    own_normals: Array
    u: Array
    h: Array
    correlations: Array
    own: Array


class _Moves(NamedTuple):
    """Returns and levels of every role with the volatility of the shocks behind them, and crypto's predictable part."""

    volatility: Array
    crypto_mean: Array
    changes: dict[str, Array]
    levels: dict[str, Array]


def _student_scales(world: World, rng: np.random.Generator, size: int) -> Array:
    nu = world.degrees_of_freedom
    return np.sqrt((nu - 2.0) / rng.chisquare(nu, size))


def _happened(changes: Mapping[str, Array], where: slice, event: Event) -> bool:
    for role, (low, high) in event.bounds.items():
        total = 100.0 * np.expm1(changes[role][where].sum() / 100.0)
        if not low <= total <= high:
            return False
    return True


def _shocks(
    world: World, states: NDArray[np.int64], normals: Array, scales: Array, state: tuple[Array, Array] | None
) -> tuple[_Shocks, tuple[Array, Array]]:
    variance, q_target = world.sigma**2, world.q_target
    h_first, q_first = state or (variance, q_target)
    u, h, correlations, own, h_next, q_next = regime_cdcc(
        states,
        normals,
        scales,
        world.regime_correlations,
        q_target,
        world.mixing,
        world.q_alpha,
        world.q_beta,
        variance * (1.0 - world.alpha - world.gamma / 2.0 - world.beta),
        world.alpha,
        world.gamma,
        world.beta,
        h_first,
        q_first,
    )
    return _Shocks(states, scales, normals[:, -1], u, h, correlations, own), (h_next, q_next)


def _paths(world: World, shocks: _Shocks, moves: _Moves, noises: Array, in_session: NDArray[np.bool_]) -> Paths:
    kept = slice(BURN_IN, None)
    volatility = moves.volatility
    mapping = _mixing_matrix(world)
    noise_sd = _fund_noise(world, shocks.states)
    innovations = (volatility * shocks.u) @ mapping.T
    innovations[:, -1] += noise_sd * noises[:, 0]
    scaled = mapping * volatility[kept, None, :]
    covariance = scaled @ shocks.correlations[kept] @ scaled.transpose(0, 2, 1)
    covariance[:, -1, -1] += noise_sd[kept] ** 2
    deviations = np.sqrt(np.einsum("tii->ti", covariance))
    own_share = shocks.own / (shocks.scales * shocks.own_normals)
    around_the_clock = np.where(in_session, shocks.own, shocks.u[:, -1])
    path_share = np.where(in_session, own_share, 1.0)
    return Paths(
        states=shocks.states[kept],
        changes={role: change[kept] for role, change in moves.changes.items()},
        levels={role: level[kept] for role, level in moves.levels.items()},
        std_shocks=innovations[kept] / deviations,
        volatilities=deviations,
        correlations=covariance / (deviations[:, :, None] * deviations[:, None, :]),
        crypto_diffused=(moves.crypto_mean + volatility[:, -1] * around_the_clock)[kept],
        crypto_noise=(volatility[:, -1] * shocks.scales * path_share)[kept],
    )


def _fund_noise(world: World, states: NDArray[np.int64]) -> Array:
    return world.credit_fund.noise * world.multipliers[states, SHOCKED.index("credit")]


def _mixing_matrix(world: World) -> Array:
    """Rows are `CONDITIONED`, columns the shocks they are made of within a session."""
    matrix = np.vstack([np.eye(len(SHOCKED)), np.zeros(len(SHOCKED))])
    column = {role: position for position, role in enumerate(SHOCKED)}
    for role in ("miners", "junior_miners"):
        matrix[column[role], column["oil"]] = world.oil_on_miners
        matrix[column[role], column["credit"]] = world.credit_on_miners
    matrix[-1, column["credit"]] = world.credit_fund.credit
    matrix[-1, column["real_yield"]] = world.credit_fund.real_yield
    return matrix


def _moves(world: World, gaps: Array, shocks: _Shocks, noises: Array) -> _Moves:
    states, u = shocks.states, shocks.u
    volatility = world.multipliers[states] * np.sqrt(shocks.h)
    calendar = 1.0 + world.weekend_variance * (gaps - 1.0)
    volatility[:, -1] *= np.sqrt(calendar / calendar.mean())
    moves = dict(zip(SHOCKED, (world.means[states] + volatility * u).T, strict=True))
    log_fear = reverting_path(moves["fear"] / 100.0, 0.0, FEAR_SPEED, -np.inf, 0.0)
    credit = reverting_path(moves["credit"], CREDIT_MEAN, CREDIT_SPEED, CREDIT_FLOOR, CREDIT_MEAN)
    real_yield = reverting_path(moves["real_yield"], REAL_YIELD_MEAN, REAL_YIELD_SPEED, -np.inf, REAL_YIELD_MEAN)
    short_yield = reverting_path(
        SHORT_YIELD_ON_REAL * moves["real_yield"] + SHORT_YIELD_NOISE * noises[:, 1],
        SHORT_YIELD_MEAN,
        SHORT_YIELD_SPEED,
        SHORT_YIELD_FLOOR,
        SHORT_YIELD_MEAN,
    )
    changes = dict(moves)
    changes["fear"] = 100.0 * np.diff(log_fear, prepend=0.0)
    changes["credit"] = np.diff(credit, prepend=CREDIT_MEAN)
    changes["real_yield"] = np.diff(real_yield, prepend=REAL_YIELD_MEAN)
    changes["short_yield"] = np.diff(short_yield, prepend=SHORT_YIELD_MEAN)
    fund = world.credit_fund
    changes["credit_fund"] = (
        fund.carry
        + fund.credit * changes["credit"]
        + fund.real_yield * changes["real_yield"]
        + _fund_noise(world, states) * noises[:, 0]
    )
    changes["treasuries"] = TREASURY_CARRY - TREASURY_DURATION * (
        changes["real_yield"] + BREAKEVEN_NOISE * noises[:, 2]
    )
    crypto_yesterday, credit_yesterday = (
        np.concatenate([[0.0], u[:-1, SHOCKED.index(role)]]) for role in ("crypto", "credit")
    )
    follows = world.credit_lead * volatility[:, -1] * credit_yesterday
    changes["crypto"] = moves["crypto"] + follows
    for role in ("miners", "junior_miners"):
        sd = volatility[:, SHOCKED.index(role)]
        pushed = (
            moves[role]
            + world.crypto_lead * sd * crypto_yesterday
            + world.oil_on_miners * moves["oil"]
            + world.credit_on_miners * changes["credit"]
        )
        changes[role] = reverting_returns(pushed, sd, world.reversion, *OVEREXTENSION)[0] if world.reversion else pushed
    levels = {
        "fear": FEAR_MEAN * np.exp(log_fear),
        "credit": credit,
        "real_yield": real_yield,
        "short_yield": short_yield,
    }
    return _Moves(volatility, world.means[states, -1] + follows, changes, levels)

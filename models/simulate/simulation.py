"""One simulated history with dates, prices and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.calendar import sessions as exchange_sessions
from data.errors import QualityError
from models.simulate.clocks import crypto_closes, gap_days
from models.simulate.derived import conditions_index, dollar_volume
from models.simulate.paths import CONDITIONED, Event, Paths, draw_paths
from models.simulate.structure import REGIMES, World, WorldName
from models.simulate.worlds import world

Array = NDArray[np.float64]

EXCHANGE = "XNYS"
FIRST_SESSION = date(2012, 1, 3)
LAST_SESSION = date(2026, 2, 6)
CRYPTO_START = date(2014, 9, 17)
EVENT = (date(2026, 1, 29), date(2026, 2, 6))
"""Sessions pinned to the last regime in worlds A and C, where a history holds them all."""

START_PRICES = {
    "crypto": 300.0,
    "metal": 115.0,
    "miners": 19.0,
    "junior_miners": 24.0,
    "market": 130.0,
    "growth": 60.0,
    "dollar": 95.0,
    "oil": 60.0,
    "credit_fund": 55.0,
    "treasuries": 90.0,
}


@dataclass(frozen=True)
class Simulation:
    """SIMULATED DATA: a history of one world on exchange sessions.

    Attributes
    ----------
    world : {"A", "B", "C"}
    seed : int
    sessions : DatetimeIndex, (T,)
    levels : mapping of role to DataFrame
        On the series' own dates: "close" and "volume" of what is traded, "value" of the fear index, of spreads and
        yields (percent), of the dollar index, of oil and of the weekly conditions. Crypto has every calendar day and
        stands twice: "crypto" (16:00 New York) and "crypto_utc00" (24:00 UTC).
    regimes : Series of int, (T,)
        0 calm, 1 risk-off, 2 deleveraging; always 0 in world B.
    roles : tuple of str
        Order of the columns of the next three.
    std_shocks, volatilities : ndarray, (T, M)
    correlations : ndarray, (T, M, M)
        Truth given the past and the session's regime.
    """

    world: WorldName
    seed: int
    sessions: pd.DatetimeIndex
    levels: Mapping[str, pd.DataFrame]
    regimes: pd.Series
    roles: tuple[str, ...]
    std_shocks: Array
    volatilities: Array
    correlations: Array

    def correlation(self, first: str, second: str) -> pd.Series:
        """True conditional correlation of two roles, (T,)."""
        values = self.correlations[:, self.roles.index(first), self.roles.index(second)]
        return pd.Series(values, index=self.sessions, name=f"{first}~{second}")

    def beta(self, dependent: str, on: str) -> pd.Series:
        """True conditional beta of `dependent` on `on`, (T,)."""
        volatility = self.volatilities
        ratio = volatility[:, self.roles.index(dependent)] / volatility[:, self.roles.index(on)]
        return (self.correlation(dependent, on) * ratio).rename(f"{dependent}|{on}")


def simulate(name: WorldName, *, seed: int, sessions: pd.DatetimeIndex | None = None) -> Simulation:
    """Simulate one history of a world.

    Parameters
    ----------
    name : {"A", "B", "C"}
        A: the article is right. B: it is wrong (one regime, constant correlations, no links). C: mixed, the default.
    seed : int
        Root of every draw.
    sessions : DatetimeIndex, optional
        Exchange sessions without time and zone; by default those of New York from 2012-01-03 to 2026-02-06. Crypto
        starts on 2014-09-17, or with the first session where that is later.

    Returns
    -------
    Simulation

    Raises
    ------
    StudyFileError
        If there is no world of that name.
    QualityError
        If there are fewer than two sessions, or they are not in order.
    """
    rules = world(name)
    if sessions is None:
        sessions = exchange_sessions(EXCHANGE, FIRST_SESSION, LAST_SESSION)
    if len(sessions) < 2 or not (sessions.is_monotonic_increasing and sessions.is_unique):
        raise QualityError("sessions", "must be two or more, each once and in order", "Sort them and drop repetitions.")
    path_seeds, label_seeds = np.random.SeedSequence(seed).spawn(2)
    paths = draw_paths(rules, gap_days(sessions), path_seeds, _event(rules, sessions))
    rng = np.random.Generator(np.random.PCG64(label_seeds))
    return Simulation(
        world=name,
        seed=seed,
        sessions=sessions,
        levels=_levels(rules, sessions, paths, rng),
        regimes=pd.Series(paths.states, index=sessions, name="regime"),
        roles=CONDITIONED,
        std_shocks=paths.std_shocks,
        volatilities=paths.volatilities,
        correlations=paths.correlations,
    )


def _event(rules: World, sessions: pd.DatetimeIndex) -> Event | None:
    first, last = (pd.Timestamp(day) for day in EVENT)
    if rules.k_regimes == 1 or first not in sessions or last not in sessions:
        return None
    return Event(
        first=int(sessions.searchsorted(first)),
        last=int(sessions.searchsorted(last)),
        lead=rules.event_lead,
        regime=len(REGIMES) - 1,
        bounds=rules.event_bounds,
    )


def _levels(
    rules: World, sessions: pd.DatetimeIndex, paths: Paths, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    levels: dict[str, pd.DataFrame] = {}
    weekday = np.asarray(sessions.day_of_week, dtype=np.int64)
    volumes = {role: dollar_volume(rules, role, paths, weekday, rng) for role in rules.volumes}
    for role in ("metal", "miners", "junior_miners", "market", "growth", "credit_fund", "treasuries"):
        close = _price(paths, role)
        levels[role] = pd.DataFrame({"close": close, "volume": volumes[role] / close}, index=sessions)
    levels["fear"] = pd.DataFrame({"value": paths.levels["fear"]}, index=sessions)
    for role in ("credit", "real_yield", "short_yield"):
        levels[role] = pd.DataFrame({"value": paths.levels[role] / 100.0}, index=sessions)
    for role in ("dollar", "oil"):
        levels[role] = pd.DataFrame({"value": _price(paths, role)}, index=sessions)
    levels["conditions"] = _conditions(sessions, paths, rng)
    levels |= _crypto(rules, sessions, paths, volumes["crypto"], rng)
    return levels


def _price(paths: Paths, role: str) -> Array:
    log_price = np.cumsum(paths.changes[role]) - paths.changes[role][0]
    return START_PRICES[role] * np.exp(log_price / 100.0)


def _conditions(sessions: pd.DatetimeIndex, paths: Paths, rng: np.random.Generator) -> pd.DataFrame:
    """Conditions dated on Fridays, from the last session up to each of them."""
    fridays = pd.date_range(sessions[0], sessions[-1], freq="W-FRI")
    last = np.searchsorted(sessions, fridays, side="right") - 1
    return pd.DataFrame(
        {"value": conditions_index(paths.levels["fear"][last], paths.levels["credit"][last], rng)}, index=fridays
    )


def _crypto(
    rules: World, sessions: pd.DatetimeIndex, paths: Paths, dollar_volume: Array, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    earlier = int((sessions < pd.Timestamp(CRYPTO_START)).sum())
    begins = earlier if earlier < len(sessions) else 0
    traded = sessions[begins:]
    days = (traded[-1] - traded[0]).days
    closes = crypto_closes(
        traded,
        paths.changes["crypto"][begins:],
        paths.crypto_diffused[begins:],
        paths.crypto_noise[begins:],
        rules.weekend_variance,
        START_PRICES["crypto"],
        rng.standard_normal(2 * days),
    )
    volume = pd.Series(dollar_volume[begins:], index=traded).reindex(closes.index).ffill()
    quiet = ~closes.index.isin(traded)
    volume[quiet] *= np.exp(-0.3 + 0.15 * rng.standard_normal(int(quiet.sum())))
    return {
        "crypto": pd.DataFrame({"close": closes["ny16"], "volume": volume}),
        "crypto_utc00": pd.DataFrame({"close": closes["utc00"], "volume": volume}).dropna(),
    }

"""What daily closes leave out: a session from the inside, and further liquid assets.

Some claims look at opens and daily ranges, or rank a dozen assets. A simulated history is given both from streams of
their own, so that its closes stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.simulate.simulation import Simulation

Array = NDArray[np.float64]

STEPS = 78
"""Five minutes each: from 9:30 to 16:00 in New York."""

OVERNIGHT = 0.25
"""Part of a day's variance that arrives while New York is shut."""

BARRED = ("metal", "miners", "junior_miners", "market", "growth")
FIRST_PRICE = 50.0


@dataclass(frozen=True)
class AssetRule:
    """A liquid asset that moves with others: return = sum of loading * return + noise * n, n standard normal, percent.

    The noise grows with the market's true conditional volatility over its mean.
    """

    loadings: Mapping[str, float]
    noise: float


ASSETS: Mapping[str, AssetRule] = {
    "silver": AssetRule({"metal": 1.5}, 1.0),
    "small_caps": AssetRule({"market": 1.15}, 0.6),
    "emerging": AssetRule({"market": 0.8, "dollar": -0.8}, 0.7),
    "long_treasuries": AssetRule({"treasuries": 2.2}, 0.3),
}


def detailed(simulation: Simulation) -> Simulation:
    """The same history with open, high and low of funds and with further assets.

    Parameters
    ----------
    simulation : Simulation

    Returns
    -------
    Simulation
        Levels of `BARRED` gain the columns "open", "high" and "low"; `ASSETS` are added with "close" and "volume" (of
        the first asset they move with). Everything else is the same object.
    """
    bar_seeds, asset_seeds = np.random.SeedSequence([simulation.seed, STEPS]).spawn(2)
    levels = dict(simulation.levels)
    rng = np.random.Generator(np.random.PCG64(bar_seeds))
    for role in BARRED:
        frame = levels[role]
        deviation = simulation.volatilities[:, simulation.roles.index(role)]
        levels[role] = frame.join(daily_bars(frame["close"], deviation, rng))
    rng = np.random.Generator(np.random.PCG64(asset_seeds))
    market = simulation.volatilities[:, simulation.roles.index("market")]
    for role, rule in ASSETS.items():
        noise = rule.noise * market / market.mean() * rng.standard_normal(len(market))
        levels[role] = _asset(simulation, rule, noise)
    return replace(simulation, levels=levels)


def daily_bars(close: pd.Series, deviation: Array, rng: np.random.Generator) -> pd.DataFrame:
    r"""Open, high and low of sessions whose closes are known.

    Parameters
    ----------
    close : Series, (T,)
    deviation : ndarray, (T,)
        True conditional standard deviation of the session's log return, percent.
    rng : Generator

    Returns
    -------
    DataFrame
        Columns "open", "high" and "low".

    Notes
    -----
    Given its return r the day is a Brownian bridge of standard deviation s: overnight it has moved by
    :math:`w r + s \sqrt{w (1 - w)}\, n` with w = `OVERNIGHT`, and from the open to the close it is a bridge of
    :math:`s \sqrt{1 - w}` in `STEPS` steps, of which open, close and each step's end are seen.
    """
    logs = 100.0 * np.log(close.to_numpy(dtype=np.float64))
    returns = np.diff(logs, prepend=logs[0])
    gap = OVERNIGHT * returns + deviation * np.sqrt(OVERNIGHT * (1.0 - OVERNIGHT)) * rng.standard_normal(len(logs))
    gap[0] = 0.0
    path = session_paths(returns - gap, deviation * np.sqrt(1.0 - OVERNIGHT), rng.standard_normal((len(logs), STEPS)))
    opened = logs - (returns - gap)
    bars = {"open": opened, "high": opened + path.max(axis=1), "low": opened + path.min(axis=1)}
    return pd.DataFrame({name: np.exp(values / 100.0) for name, values in bars.items()}, index=close.index)


def session_paths(total: Array, deviation: Array, normals: Array) -> Array:
    """Log price since the open at the open and at the end of each step, (T, S + 1): bridges that end at `total`."""
    steps = normals.shape[1]
    walk = np.cumsum(normals, axis=1) / np.sqrt(steps)
    share = np.arange(1, steps + 1) / steps
    inside = share * total[:, None] + deviation[:, None] * (walk - share * walk[:, -1:])
    return np.column_stack([np.zeros(len(total)), inside])


def _asset(simulation: Simulation, rule: AssetRule, noise: Array) -> pd.DataFrame:
    """Close and volume of an asset that moves with others."""
    log_price = noise.cumsum() - noise[0]
    for role, loading in rule.loadings.items():
        level = simulation.levels[role].iloc[:, 0].to_numpy(dtype=np.float64)
        log_price = log_price + loading * 100.0 * np.log(level / level[0])
    volume = simulation.levels[next(iter(rule.loadings))]["volume"]
    return pd.DataFrame({"close": FIRST_PRICE * np.exp(log_price / 100.0), "volume": volume})

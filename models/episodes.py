"""Drawdown episodes: when they were, which asset peaked first, how long each took to recover.

Episodes are dated by a reference series alone, so that no asset under study defines the episodes it is judged on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from models.estimate import Estimate, NotDecidable

Array = NDArray[np.float64]
Criterion = Literal["price", "volatility"]

CALM = 63
PEAK_WINDOW = 63
HORIZON = 252
VOLATILITY_WINDOW = 21
USUAL_WINDOW = 252
VOLATILITY_SLACK = 1.25


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of stress of the reference.

    Attributes
    ----------
    first, last : Timestamp
        First and last session in stress; a full spell of calm stands before and after.
    trough : Timestamp
        Session of the reference's lowest level from the session before `first` to `last`.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    trough: pd.Timestamp


@dataclass(frozen=True)
class Recoveries:
    """Sessions from the reference's trough until recovery.

    Attributes
    ----------
    sessions : DataFrame, (episodes, assets)
        Sessions until recovery; NaN where the asset did not fall enough to count. Dated by the trough.
    observed : DataFrame of bool, (episodes, assets)
        False where the wait was cut off by the horizon or by the end of the data.
    criterion : {"price", "volatility"}
    """

    sessions: pd.DataFrame
    observed: pd.DataFrame
    criterion: Criterion


def drawdown_episodes(stress: pd.Series, reference: pd.Series, *, calm: int = CALM) -> tuple[Episode, ...]:
    """Episodes of stress, each begun after at least `calm` sessions without.

    Parameters
    ----------
    stress : Series of bool, (T,)
        E.g. `models.stress.drawdown_stress`.
    reference : Series, (T,)
        Level of the series that dates the troughs, on the same sessions.
    calm : int
        Sessions without stress that end an episode; an episode still open at the end of the data is left out.

    Returns
    -------
    tuple of Episode
    """
    label = stress.to_numpy(dtype=bool)
    index = stress.index
    level = reference.reindex(index).to_numpy(dtype=float)
    stressed = np.flatnonzero(label)
    episodes = []
    position = 0
    while position < stressed.size:
        first = last = stressed[position]
        while position < stressed.size and stressed[position] - last <= calm:
            last = stressed[position]
            position += 1
        if first >= calm and last + calm < label.size:
            start = first - 1
            trough = start + int(np.nanargmin(level[start : last + 1]))
            episodes.append(Episode(index[first], index[last], index[trough]))
    return tuple(episodes)


def recoveries(
    levels: pd.DataFrame,
    episodes: tuple[Episode, ...],
    *,
    criterion: Criterion,
    horizon: int = HORIZON,
) -> Recoveries | NotDecidable:
    """How long each asset needed after each trough of the reference.

    Parameters
    ----------
    levels : DataFrame, (T, N)
        Prices on sessions.
    episodes : tuple of Episode
    criterion : {"price", "volatility"}
        "price": the level is back at its highest close of the 63 sessions before the episode. "volatility": the
        standard deviation of 21 daily log returns is back below 1.25 times its median over the 252 sessions before.
    horizon : int
        Sessions after which the wait is cut off.

    Returns
    -------
    Recoveries or NotDecidable
        An asset counts in an episode if it fell from its high before it to its low up to the reference's trough by
        more than one standard deviation of a 21-session return, as measured over the year before; a calm asset is
        not called fast because it hardly moved.
    """
    if not episodes:
        return NotDecidable("the reference had no complete drawdown episode")
    logs = pd.DataFrame(np.log(levels.to_numpy(dtype=float)), levels.index, levels.columns)
    deviation = logs.diff().rolling(VOLATILITY_WINDOW).std()
    sessions = pd.DataFrame(np.nan, pd.Index([one.trough for one in episodes]), levels.columns)
    observed = pd.DataFrame(False, sessions.index, levels.columns)
    for episode in episodes:
        first, trough = (int(levels.index.searchsorted(date)) for date in (episode.first, episode.trough))
        if first < USUAL_WINDOW + VOLATILITY_WINDOW:
            continue
        for name in levels.columns:
            path, spread = logs[name].to_numpy(), deviation[name].to_numpy()
            high = np.max(path[first - PEAK_WINDOW : first])
            month = np.std(np.diff(path[first - USUAL_WINDOW : first])) * np.sqrt(VOLATILITY_WINDOW)
            fall = high - np.min(path[first - 1 : trough + 1])
            if not fall > month:
                continue
            after = slice(trough + 1, trough + 1 + horizon)
            if criterion == "price":
                back = path[after] >= high
            else:
                back = spread[after] < VOLATILITY_SLACK * np.median(spread[first - USUAL_WINDOW : first])
            waited = int(np.argmax(back)) + 1 if back.any() else back.size
            if waited == 0:
                continue
            sessions.loc[episode.trough, name] = waited
            observed.loc[episode.trough, name] = bool(back.any())
    if sessions.isna().all(axis=None):
        return NotDecidable("no asset fell by more than a usual month in any episode")
    return Recoveries(sessions, observed, criterion)


def first_to_recover(waits: Recoveries, name: str, *, level: float) -> tuple[Estimate, float] | NotDecidable:
    r"""Is an asset the first to recover more often than chance makes it?

    Parameters
    ----------
    waits : Recoveries
    name : str
    level : float

    Returns
    -------
    estimate : Estimate
        Mean over episodes of the share in the first place minus 1/m, m the number of assets that fell; ties share.
    p_value : float
        Two-sided and exact; inverts the interval.

    Notes
    -----
    Under the null the assets that fell are exchangeable within each episode, so the share of `name` is a draw from
    the m shares given out: its sum over episodes has an exact distribution, found by convolution. The interval
    inverts the test in the exponential family :math:`P_\lambda(s) \propto e^{\lambda s}` through the null, within each
    episode (a common log odds of coming first), and is expressed as the mean excess at its end points.
    """
    places = []
    for row, seen in zip(waits.sessions.to_numpy(), waits.observed.to_numpy(), strict=True):
        fell = np.isfinite(row)
        if not fell[list(waits.sessions.columns).index(name)] or fell.sum() < 2 or not (seen & fell).any():
            continue
        wait = np.where(seen, row, np.inf)
        best = fell & (wait == wait[fell].min())
        own = best[list(waits.sessions.columns).index(name)] / best.sum()
        places.append((float(own), best[fell] / best.sum()))
    if len(places) < 2:
        return NotDecidable(f"{len(places)} episodes in which the asset fell with another, and one of them recovered")
    total = sum(own for own, _ in places)
    shares = [given for _, given in places]
    tail = (1.0 - level) / 2.0
    excess = total / len(places) - np.mean([1.0 / given.size for given in shares])
    lower, upper = (_invert(shares, total, tail, side) for side in ("upper", "lower"))
    p_value = min(1.0, 2.0 * min(_tail(shares, total, 0.0, "upper"), _tail(shares, total, 0.0, "lower")))
    estimate = Estimate(
        float(excess),
        None,
        min(lower, float(excess)),
        max(upper, float(excess)),
        level,
        len(places),
        "",
        f"share of first places beyond chance, by {waits.criterion}; exact permutation over {len(places)} episodes",
    )
    return estimate, p_value


def order_of_peaks(
    first: pd.Series,
    second: pd.Series,
    *,
    level: float,
    depth: float = 2.0,
    window: int = 63,
    within: int = 21,
) -> tuple[Estimate, float] | NotDecidable:
    """In joint drawdowns, how often does `first` peak before `second`?

    Parameters
    ----------
    first, second : Series, (T,)
        Levels on the same sessions.
    level : float
    depth : float
        A drawdown is at least this many of the asset's own deviations of a `within`-session return (daily standard
        deviation of `window` sessions, as it was `within` sessions before, times the root of `within`) below the
        highest close of `window` sessions. A fixed percentage would keep a volatile asset in drawdown most of the time.
    window, within : int
        Both are in drawdown within `within` sessions; episodes are at least `window` sessions apart and neither asset
        is in drawdown where the next begins to be looked for.

    Returns
    -------
    estimate : Estimate
        Share of episodes in which `first` peaked earlier, a tie counting one half; Clopper and Pearson (1934) on the
        untied ones.
    p_value : float
        Exact binomial test of one half.
    """
    joint = pd.concat({"first": first, "second": second}, axis=1).dropna()
    logs = np.log(joint.to_numpy(dtype=float))
    if len(joint) <= 2 * window:
        return NotDecidable(f"{len(joint)} common sessions are too few")
    frame = pd.DataFrame(logs)
    below = frame - frame.rolling(window).max()
    usual = frame.diff().rolling(window).std().shift(within) * np.sqrt(within)
    deep = (below <= -depth * usual).to_numpy()
    wins = losses = ties = 0
    at = window + within
    while at < len(logs):
        recent = deep[max(at - within, 0) : at + 1]
        if deep[at].any() and recent.any(axis=0).all():
            peaks = [int(np.argmax(logs[at - window : at + 1, asset])) for asset in (0, 1)]
            wins += peaks[0] < peaks[1]
            losses += peaks[0] > peaks[1]
            ties += peaks[0] == peaks[1]
            at += window
            while at < len(logs) and deep[at].any():
                at += 1
        else:
            at += 1
    return _share_of_wins(wins, losses, ties, level)


def _share_of_wins(wins: int, losses: int, ties: int, level: float) -> tuple[Estimate, float] | NotDecidable:
    untied, episodes = wins + losses, wins + losses + ties
    if untied == 0:
        return NotDecidable(f"{episodes} joint drawdowns, none of them with one peak before the other")
    test = stats.binomtest(wins, untied)
    interval = test.proportion_ci(level, method="exact")
    low, high = ((0.5 * ties + untied * limit) / episodes for limit in (interval.low, interval.high))
    estimate = Estimate(
        (wins + 0.5 * ties) / episodes,
        None,
        low,
        high,
        level,
        episodes,
        "",
        f"share of joint drawdowns in which it peaked first; exact binomial, {ties} ties at one half",
    )
    return estimate, float(test.pvalue)


def _distribution(shares: list[Array], tilt: float) -> tuple[Array, Array]:
    """Values of the summed share and their probabilities, each episode's share weighted by exp(tilt * share)."""
    sums = {0.0: 1.0}
    for given in shares:
        weights = np.exp(tilt * (given - given.max())) if tilt > 0 else np.exp(tilt * (given - given.min()))
        weights = weights / weights.sum()
        convolved: dict[float, float] = {}
        for value, probability in sums.items():
            for share, weight in zip(given, weights, strict=True):
                key = round(value + float(share), 9)
                convolved[key] = convolved.get(key, 0.0) + probability * float(weight)
        sums = convolved
    return np.array(list(sums)), np.array(list(sums.values()))


def _tail(shares: list[Array], total: float, tilt: float, side: str) -> float:
    values, probabilities = _distribution(shares, tilt)
    beyond = values >= total - 1e-6 if side == "upper" else values <= total + 1e-6
    return float(min(probabilities[beyond].sum(), 1.0))


def _invert(shares: list[Array], total: float, tail: float, side: str) -> float:
    """Mean excess at the tilt whose tail probability beyond `total` is `tail`, by bisection."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = _tail(shares, total, middle, side) > tail
        if above == (side == "upper"):
            high = middle
        else:
            low = middle
    values, probabilities = _distribution(shares, 0.5 * (low + high))
    chance = np.mean([1.0 / given.size for given in shares])
    return float(values @ probabilities / len(shares) - chance)

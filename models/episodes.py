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
        Sessions until recovery; NaN where the asset does not count. Dated by the trough.
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
    peak: int = PEAK_WINDOW,
    month: int = VOLATILITY_WINDOW,
    year: int = USUAL_WINDOW,
    slack: float = VOLATILITY_SLACK,
) -> Recoveries | NotDecidable:
    """How long each asset needed after each trough of the reference.

    Parameters
    ----------
    levels : DataFrame, (T, N)
        Prices on sessions.
    episodes : tuple of Episode
    criterion : {"price", "volatility"}
        "price": the level is back at its highest close of the `peak` sessions before the episode. "volatility": the
        standard deviation of `month` daily log returns is back below `slack` times its median over the `year` sessions
        before.
    horizon : int
        Sessions after which the wait is cut off.
    peak, month, year : int
        Sessions of the earlier high, of a volatility, and of what is usual.
    slack : float

    Returns
    -------
    Recoveries or NotDecidable
        An asset counts in an episode if it fell from its high before it to its low up to the reference's trough by
        more than one standard deviation of a `month`-session return, as measured over the year before, and, for
        "volatility", if its volatility left calm on a session from the episode's first to the trough: an asset is not
        called fast because it hardly moved, nor first to be calm again because it never ceased to be.
    """
    if not episodes:
        return NotDecidable("the reference had no complete drawdown episode")
    logs = pd.DataFrame(np.log(levels.to_numpy(dtype=float)), levels.index, levels.columns)
    deviation = logs.diff().rolling(month).std()
    sessions = pd.DataFrame(np.nan, pd.Index([one.trough for one in episodes]), levels.columns)
    observed = pd.DataFrame(False, sessions.index, levels.columns)
    for episode in episodes:
        first, trough = (int(levels.index.searchsorted(date)) for date in (episode.first, episode.trough))
        if first < year + month:
            continue
        for name in levels.columns:
            path, spread = logs[name].to_numpy(), deviation[name].to_numpy()
            high = np.max(path[first - peak : first])
            usual = np.std(np.diff(path[first - year : first])) * np.sqrt(month)
            fall = high - np.min(path[first - 1 : trough + 1])
            if not fall > usual:
                continue
            after = slice(trough + 1, trough + 1 + horizon)
            if criterion == "price":
                back = path[after] >= high
            else:
                limit = slack * np.median(spread[first - year : first])
                if not (spread[first : trough + 1] >= limit).any():
                    continue
                back = spread[after] < limit
            waited = int(np.argmax(back)) + 1 if back.any() else back.size
            if waited == 0:
                continue
            sessions.loc[episode.trough, name] = waited
            observed.loc[episode.trough, name] = bool(back.any())
    if sessions.isna().all(axis=None):
        left = " and left calm" if criterion == "volatility" else ""
        return NotDecidable(f"no asset fell by more than a usual month{left} in any episode")
    return Recoveries(sessions, observed, criterion)


def first_to_recover(
    waits: Recoveries, name: str, *, level: float, minimum: int = 2
) -> tuple[Estimate, float] | NotDecidable:
    r"""Is an asset the first to recover more often than chance makes it?

    Parameters
    ----------
    waits : Recoveries
    name : str
    level : float
    minimum : int
        Informative episodes below which there is no answer.

    Returns
    -------
    estimate : Estimate
        Mean over informative episodes of the share in the first place minus 1/m, m the number of assets that count;
        ties share. An episode informs if the asset counts with another, one of them recovered, and not all tie.
    p_value : float
        Two-sided and exact; inverts the interval.

    Notes
    -----
    With S the sum of the asset's shares over n episodes, the interval of its mean share is that of Clopper and Pearson
    (1934), whose limits are quantiles of Beta(S, n - S + 1) and Beta(S + 1, n - S); for a sum that shared places leave
    between two integers they lie between the limits of both. A share varies less than the place drawn from it, and
    episodes with different m vary less than as many with the mean of 1/m (Hoeffding 1956), so that the limits err on
    the wide side. The null of exchangeable assets is the mean of 1/m, known from the episodes and subtracted.
    """
    column = list(waits.sessions.columns).index(name)
    own, chance = [], []
    for row, seen in zip(waits.sessions.to_numpy(), waits.observed.to_numpy(), strict=True):
        counts = np.isfinite(row)
        if not counts[column] or not (seen & counts).any():
            continue
        wait = np.where(seen, row, np.inf)
        best = counts & (wait == wait[counts].min())
        if best.sum() == counts.sum():
            continue
        own.append(best[column] / best.sum())
        chance.append(1.0 / counts.sum())
    if len(own) < minimum:
        return NotDecidable(f"only {len(own)} episodes tell who of several was first to recover, {minimum} are needed")
    null = float(np.mean(chance))
    excess = float(np.mean(own)) - null
    lower, upper = _share_limits(sum(own), len(own), level)
    estimate = Estimate(
        excess,
        None,
        min(lower - null, excess),
        max(upper - null, excess),
        level,
        len(own),
        "",
        f"share of first places beyond chance, by {waits.criterion}; Clopper-Pearson over {len(own)} episodes",
    )
    at_least, at_most = _share_tails(sum(own), len(own), null)
    return estimate, min(1.0, 2.0 * min(at_least, at_most))


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


def _share_limits(total: float, n: int, level: float) -> tuple[float, float]:
    """Limits of Clopper and Pearson of a mean share, from a sum of n shares that need not be an integer."""
    tail = (1.0 - level) / 2.0
    lower = float(stats.beta.ppf(tail, total, n - total + 1.0)) if total > 0.0 else 0.0
    upper = float(stats.beta.isf(tail, total + 1.0, n - total)) if total < n else 1.0
    return lower, upper


def _share_tails(total: float, n: int, share: float) -> tuple[float, float]:
    """Probabilities of a sum at least, and at most, `total`, if the mean share is `share`: what the limits invert."""
    at_least = float(stats.beta.cdf(share, total, n - total + 1.0)) if total > 0.0 else 1.0
    at_most = float(stats.beta.sf(share, total + 1.0, n - total)) if total < n else 1.0
    return at_least, at_most

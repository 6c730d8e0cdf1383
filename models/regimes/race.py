"""EM from many starts at once, in laps: those that meet go on as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.regimes.likelihood import SwitchingLikelihood

Array = NDArray[np.float64]

#: EM steps after which starts that have met are joined, and laps of a start that does not settle.
LAP, LAPS = 5, 8
#: A basin promises its value and so many times the gain of its last EM step.
PROMISED_STEPS = 20.0
#: Laps before which no race is decided, and the share of the fresh starts that the leader then needs.
LAPS_UNDECIDED, DECISIVE = 4, 0.6
#: Gain of log-likelihood in one EM step below which a start has settled.
SETTLED_GAIN = 0.05
#: Two points are in the same basin when, for every regime, the probabilities that they place elsewhere are less than
#: this share of all they give it: a rare regime counts as much as a common one.
SAME_REGIMES = 0.1
#: Observations by which two points are compared.
COMPARED = 2_500


@dataclass(frozen=True)
class Basin:
    """A point of the search and the starts that have come to it.

    Attributes
    ----------
    theta : array, shape (P,)
    value : float
        Log-likelihood at theta.
    smoothed : array, shape (T, K)
        Smoothed probabilities at theta.
    ahead : array, shape (P,), or None
        The next EM step; None once settled.
    starts, fresh : int
        Starts that led here, and how many of them were independent of all others.
    gain : float
        Gain of log-likelihood in the last EM step.
    """

    theta: Array
    value: float
    smoothed: Array
    ahead: Array | None
    starts: int
    fresh: int
    gain: float

    @property
    def promise(self) -> float:
        """Log-likelihood it would reach if it went on gaining for a while."""
        return self.value + (0.0 if self.ahead is None else PROMISED_STEPS * self.gain)

    @property
    def smallest_regime(self) -> float:
        """Expected observations of the rarest regime."""
        return float(self.smoothed.sum(axis=0).min())


def regimes_of(likelihood: SwitchingLikelihood, theta: Array, smoothed: Array) -> Array:
    """Some rows of the smoothed probabilities, regimes in canonical order: what tells basins apart."""
    ranking = likelihood.emission.ranking(likelihood.split(theta)[1])
    rows = smoothed[:: max(1, len(smoothed) // COMPARED)]
    return rows[:, sorted(range(len(ranking)), key=lambda k: ranking[k])]


def same_regimes(first: Array, second: Array) -> bool:
    """Whether two points see the same regimes, both as `regimes_of` gives them."""
    rows = np.ones(len(first))
    moved, given = rows @ np.abs(first - second), rows @ (first + second)
    return bool((moved < SAME_REGIMES * given).all())


def race(
    likelihood: SwitchingLikelihood, begins: Sequence[Array], settled: Sequence[Basin] = (), *, fresh: bool = True
) -> list[Basin]:
    """Run EM from each beginning until it settles or meets another.

    Parameters
    ----------
    likelihood : SwitchingLikelihood
    begins : sequence of arrays, shape (P,)
    settled : sequence of Basin
        Where earlier starts ended; beginnings that come to one of these are joined to it.
    fresh : bool
        Whether the beginnings count as independent starts.

    Returns
    -------
    list of Basin
        Best first; empty where no beginning has a finite log-likelihood. After a decided race nobody goes on.
    """
    entered = (_run(likelihood, theta, LAP, (1, int(fresh))) for theta in begins)
    basins = _joined(likelihood, [*settled, *(basin for basin in entered if basin is not None)])
    for lap in range(1, LAPS):
        if len(basins) == 1 or all(basin.ahead is None for basin in basins):
            break
        if lap >= LAPS_UNDECIDED and decided(basins):
            return [replace(basin, ahead=None) for basin in basins]
        basins = _joined(likelihood, [_onward(likelihood, basin) for basin in basins])
    return basins


def decided(basins: Sequence[Basin]) -> bool:
    """Whether the best basin has settled, most fresh starts have come to it, and no other one promises as much."""
    leader, *others = basins
    most = leader.fresh >= DECISIVE * sum(basin.fresh for basin in basins)
    return most and leader.ahead is None and all(other.promise < leader.value for other in others)


def _onward(likelihood: SwitchingLikelihood, basin: Basin) -> Basin:
    if basin.ahead is None:
        return basin
    moved = _run(likelihood, basin.ahead, LAP, (basin.starts, basin.fresh), basin.value)
    return moved if moved is not None and moved.value > basin.value else replace(basin, ahead=None)


def _run(
    likelihood: SwitchingLikelihood, theta: Array, steps: int, starts: tuple[int, int], before: float = -np.inf
) -> Basin | None:
    best: Basin | None = None
    with np.errstate(all="ignore"):
        for _ in range(steps):
            try:
                value, ahead, smoothed = likelihood.em_step(theta)
            except np.linalg.LinAlgError:
                break
            if not (np.isfinite(value) and np.isfinite(ahead).all()):
                break
            slow = abs(value - before) < SETTLED_GAIN
            if best is None or value > best.value:
                best = Basin(theta, value, smoothed, None if slow else ahead, *starts, value - before)
            if slow:
                return replace(best, ahead=None)
            before, theta = value, ahead
        else:
            return best
    return None if best is None else replace(best, ahead=None)


def _joined(likelihood: SwitchingLikelihood, basins: Sequence[Basin]) -> list[Basin]:
    """One basin for those of the same regimes, best first."""
    leaders: list[Basin] = []
    known: list[Array] = []
    for basin in sorted(basins, key=lambda item: -item.value):
        regimes = regimes_of(likelihood, basin.theta, basin.smoothed)
        for number, other in enumerate(known):
            if same_regimes(regimes, other):
                leader = leaders[number]
                leaders[number] = replace(leader, starts=leader.starts + basin.starts, fresh=leader.fresh + basin.fresh)
                break
        else:
            leaders.append(basin)
            known.append(regimes)
    return leaders

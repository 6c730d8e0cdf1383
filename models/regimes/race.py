"""EM from many starts at once, in laps: those that meet go on as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.regimes.likelihood import SwitchingLikelihood

Array = NDArray[np.float64]

#: EM steps after which starts that have met are joined, and laps of a start that does not settle.
LAP, LAPS = 5, 8
#: A basin promises its value and so many times the gain of its last EM step.
PROMISED_STEPS = 20.0
#: Laps before which no race is decided, and the share of the fresh starts that the leader then needs.
LAPS_UNDECIDED, DECISIVE = 4, 0.6
#: Longest extrapolation of two EM steps; one is where they lead themselves.
LONGEST_LEAP = 4.0
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
    regimes : array
        What `regimes_of` makes of them.
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
    regimes: Array
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
    """Some of the smoothed probabilities, a row for each regime in canonical order: what tells basins apart."""
    ranking = likelihood.emission.ranking(likelihood.split(theta)[1])
    order = sorted(range(len(ranking)), key=lambda k: ranking[k])
    return np.ascontiguousarray(smoothed[:: max(1, len(smoothed) // COMPARED)].T[order])


@njit(cache=True)
def same_regimes(first: Array, second: Array) -> bool:
    """Whether two points see the same regimes, both as `regimes_of` gives them."""
    for k in range(len(first)):
        moved, given = 0.0, 0.0
        for t in range(first.shape[1]):
            moved += abs(first[k, t] - second[k, t])
            given += first[k, t] + second[k, t]
        if not moved < SAME_REGIMES * given:
            return False
    return True


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
    basins = _joined([*settled, *(basin for basin in entered if basin is not None)])
    for lap in range(1, LAPS):
        if len(basins) == 1 or all(basin.ahead is None for basin in basins):
            break
        if lap >= LAPS_UNDECIDED and decided(basins):
            return [replace(basin, ahead=None) for basin in basins]
        basins = _joined([_onward(likelihood, basin) for basin in basins])
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
    """EM steps with a leap after every two; where a leap leads down, EM goes on from where it was."""
    best: tuple[Array, float, Array, Array, float] | None = None
    trail: list[Array] = []
    unleapt: Array | None = None
    on = False
    for _ in range(steps):
        step = _em_step(likelihood, theta)
        if unleapt is not None and (step is None or step[0] < before):
            theta, unleapt = unleapt, None
            continue
        if step is None:
            break
        value, ahead, smoothed = step
        gain = value - before
        if best is None or value > best[1]:
            best = theta, value, smoothed, ahead, gain
        if unleapt is None and abs(gain) < SETTLED_GAIN:
            break
        before, unleapt = value, None
        trail.append(theta)
        theta = ahead
        if len(trail) == 2:
            theta, unleapt = _leap(likelihood, trail[0], trail[1], ahead), ahead
            trail = []
    else:
        on = True
    if best is None:
        return None
    theta, value, smoothed, ahead, gain = best
    regimes = regimes_of(likelihood, theta, smoothed)
    return Basin(theta, value, smoothed, regimes, ahead if on else None, *starts, gain)


def _em_step(likelihood: SwitchingLikelihood, theta: Array) -> tuple[float, Array, Array] | None:
    """`SwitchingLikelihood.em_step`; None where it has no finite answer."""
    with np.errstate(all="ignore"):
        try:
            value, ahead, smoothed = likelihood.em_step(theta)
        except np.linalg.LinAlgError:
            return None
    return (value, ahead, smoothed) if np.isfinite(value) and np.isfinite(ahead).all() else None


def _leap(likelihood: SwitchingLikelihood, first: Array, second: Array, third: Array) -> Array:
    """Extrapolate two EM steps in squares (Varadhan and Roland 2008, Scand. J. Statistics 35, scheme S3)."""
    step, bend = second - first, third - 2.0 * second + first
    length = float(np.linalg.norm(step)) / max(float(np.linalg.norm(bend)), 1e-300)
    length = min(max(length, 1.0), LONGEST_LEAP)
    return np.clip(first + 2.0 * length * step + length**2 * bend, *likelihood.limits)


def _joined(basins: Sequence[Basin]) -> list[Basin]:
    """One basin for those of the same regimes, best first."""
    leaders: list[Basin] = []
    for basin in sorted(basins, key=lambda item: -item.value):
        for number, leader in enumerate(leaders):
            if same_regimes(basin.regimes, leader.regimes):
                leaders[number] = replace(leader, starts=leader.starts + basin.starts, fresh=leader.fresh + basin.fresh)
                break
        else:
            leaders.append(basin)
    return leaders

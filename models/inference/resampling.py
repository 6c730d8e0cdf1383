"""Percentile and bias-corrected intervals from bootstrap draws of any statistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from data.study import Inference
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import block_length, stationary_indices

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

MINIMUM_SHARE = 0.5
"""An interval needs at least this share of the resamples to give a finite value."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How an interval is drawn.

    Attributes
    ----------
    level : float
        Coverage the interval claims.
    replications : int
        Bootstrap resamples.
    block_bounds : (int, int)
        Floor and cap of the mean block length, in rows.
    seed : int
    """

    level: float
    replications: int
    block_bounds: tuple[int, int]
    seed: int

    @classmethod
    def of(cls, settings: Inference, replications: int) -> Resampling:
        """As a study file sets it, with a number of resamples."""
        return cls(settings.level, replications, (settings.block_floor, settings.block_cap), settings.seed)

    def block(self, influence: Array) -> float:
        """Mean block length for the mean of `influence` (T,) within the bounds."""
        return block_length(influence, floor=self.block_bounds[0], cap=self.block_bounds[1])

    def indices(self, influence: Array) -> Indices:
        """Stationary bootstrap rows, (replications, T), with the block length that suits `influence` (T,)."""
        return stationary_indices((influence.size,), self.block(influence), self.replications, self.seed)


def percentile_estimate(
    value: float, draws: Array, *, level: float, n: int, unit: str, method: str
) -> Estimate | NotDecidable:
    """Interval between quantiles of the draws.

    Parameters
    ----------
    value : float
    draws : ndarray, (B,)
        Resamples on which the statistic has no value are not finite and are left out.
    level, n, unit, method
        For the record.

    Returns
    -------
    Estimate or NotDecidable
        Not decidable if fewer than half of the resamples give a value.
    """
    usable = draws[np.isfinite(draws)]
    refusal = _refusal(value, usable.size, draws.size)
    if refusal is not None:
        return refusal
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(usable, [tail, 1.0 - tail])
    return Estimate(
        float(value),
        float(usable.std()),
        float(low),
        float(high),
        level,
        n,
        unit,
        f"{method}; percentile stationary bootstrap, {usable.size} resamples",
    )


def bias_corrected_estimate(
    value: float, draws: Array, jackknife: Array, *, level: float, n: int, unit: str, method: str
) -> Estimate | NotDecidable:
    r"""Bias-corrected and accelerated interval.

    Parameters
    ----------
    value : float
    draws : ndarray, (B,)
    jackknife : ndarray, (G,)
        The statistic without each of G consecutive blocks of rows; gives the acceleration.
    level, n, unit, method
        For the record.

    Notes
    -----
    Efron (1987), "Better bootstrap confidence intervals", equations 2.3 and 6.6: quantiles of the draws at
    :math:`\Phi(z_0 + (z_0 + z)/(1 - a (z_0 + z)))`; the acceleration a is the skewness of the block jackknife over six.
    """
    usable = draws[np.isfinite(draws)]
    refusal = _refusal(value, usable.size, draws.size)
    if refusal is not None:
        return refusal
    bias, acceleration = _bias_and_acceleration(value, usable, jackknife)
    shifted = bias + stats.norm.ppf([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    low, high = np.quantile(usable, stats.norm.cdf(bias + shifted / (1.0 - acceleration * shifted)))
    return Estimate(
        float(value),
        float(usable.std()),
        float(low),
        float(high),
        level,
        n,
        unit,
        f"{method}; BCa stationary bootstrap, {usable.size} resamples",
    )


def bias_corrected_p_value(value: float, draws: Array, jackknife: Array, null: float) -> float:
    r"""Two-sided p-value that inverts the bias-corrected and accelerated interval at `null`.

    Parameters
    ----------
    value, draws, jackknife
        As in `bias_corrected_estimate`.
    null : float

    Notes
    -----
    With :math:`u = \Phi^{-1}(G(null)) - z_0`, G the distribution of the draws, the limit at `null` is that of
    :math:`z = u/(1 + a u) - z_0`; the p-value is twice the smaller tail of z, at least 1 / (B + 1). Where no draw
    lies beyond `null`, u continues the draws by a normal tail: their number would bound u, and the acceleration would
    turn that bound into a p-value many times 1 / (B + 1). One where there is no interval to invert.
    """
    usable = draws[np.isfinite(draws)]
    if _refusal(value, usable.size, draws.size) is not None:
        return 1.0
    bias, acceleration = _bias_and_acceleration(value, usable, jackknife)
    shifted = _normal_position(usable, null) - bias
    stretch = 1.0 + acceleration * shifted
    z = shifted / stretch - bias if stretch > 0.0 else np.inf
    return float(min(1.0, max(2.0 * stats.norm.sf(abs(z)), 1.0 / (usable.size + 1))))


def block_jackknife(statistic: Callable[[Indices], Array], rows: int, blocks: int) -> Array:
    """A statistic (P,) without each of `blocks` consecutive blocks of rows, (blocks, P)."""
    edges = np.linspace(0, rows, blocks + 1).astype(np.int64)
    everything = np.arange(rows, dtype=np.int64)
    return np.stack(
        [statistic(np.concatenate([everything[:start], everything[end:]])) for start, end in pairwise(edges)]
    )


def bootstrap_p_value(draws: Array, null: float = 0.0) -> float:
    """Two-sided p-value that inverts the percentile interval at `null`; at least 1 / (B + 1)."""
    usable = draws[np.isfinite(draws)]
    smaller = min(float(np.mean(usable <= null)), float(np.mean(usable >= null)))
    return min(1.0, max(2.0 * smaller, 1.0 / (usable.size + 1)))


def _bias_and_acceleration(value: float, usable: Array, jackknife: Array) -> tuple[float, float]:
    kept = jackknife[np.isfinite(jackknife)]
    centred = kept.mean() - kept if kept.size else kept
    spread = np.sum(centred**2)
    acceleration = np.sum(centred**3) / (6.0 * spread**1.5) if spread > 0.0 else 0.0
    return float(stats.norm.ppf(_inner_share(usable, value))), float(acceleration)


def _inner_share(usable: Array, value: float) -> float:
    """Share of the draws below a value, ties at half, never zero or one."""
    below = (np.sum(usable < value) + 0.5 * np.sum(usable == value)) / usable.size
    return float(np.clip(below, 1.0 / (usable.size + 1), 1.0 - 1.0 / (usable.size + 1)))


def _normal_position(usable: Array, value: float) -> float:
    """Normal quantile of the share of the draws below a value; beyond all draws at least its standardised distance."""
    position = float(stats.norm.ppf(_inner_share(usable, value)))
    if usable.min() <= value <= usable.max() or not usable.std() > 0.0:
        return position
    distance = float((value - usable.mean()) / usable.std())
    return float(np.copysign(max(abs(distance), abs(position)), distance))


def _refusal(value: float, usable: int, asked: int) -> NotDecidable | None:
    if not np.isfinite(value):
        return NotDecidable("the statistic has no finite value on these data")
    if usable < MINIMUM_SHARE * asked:
        return NotDecidable(f"only {usable} of {asked} resamples give a value")
    return None

"""Stationary block bootstrap with block lengths chosen from the data."""

from __future__ import annotations

import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from numpy.typing import NDArray

from models.estimate import Estimate

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def block_length(influence: Array, *, floor: int, cap: int) -> float:
    """Mean block length for the sample mean of `influence` (T,), kept within [floor, cap] and a third of T.

    Politis and White (2004) with the correction of Patton, Politis and White (2009).
    """
    chosen = float(optimal_block_length(influence)["stationary"].iloc[0])
    if not np.isfinite(chosen):
        chosen = float(floor)
    return min(max(chosen, float(floor)), float(cap), influence.size / 3.0)


def stationary_indices(strata: tuple[int, ...], block: float, replications: int, seed: int) -> Indices:
    """Row numbers of stationary bootstrap samples (Politis and Romano 1994), drawn within strata.

    Parameters
    ----------
    strata : tuple of int
        Lengths of consecutive stretches of rows that are resampled separately, e.g. a window and the year before.
    block : float
        Mean block length in rows.
    replications, seed : int

    Returns
    -------
    ndarray, (replications, sum(strata))
    """
    generator = np.random.default_rng(seed)
    columns = []
    first = 0
    for length in strata:
        sampler = StationaryBootstrap(min(block, length / 3.0), np.arange(length), seed=generator)
        columns.append(first + np.stack([positional[0] for positional, _ in sampler.bootstrap(replications)]))
        first += length
    return np.concatenate(columns, axis=1)


def studentised_interval(
    value: float,
    std_error: float,
    draws: Array,
    draw_std_errors: Array,
    *,
    level: float,
    n: int,
    unit: str,
    method: str,
) -> tuple[Estimate, float]:
    """Interval from the bootstrap distribution of the t-statistic, and the p-value that inverts it at zero.

    Parameters
    ----------
    value, std_error : float
        Estimate on the data and its standard error.
    draws, draw_std_errors : ndarray, (B,)
        The same on each resample; resamples without a finite positive standard error are left out.

    Returns
    -------
    estimate : Estimate
    p_value : float
        Two-sided; at least 1 / (B + 1).

    Notes
    -----
    Hall (1992), "The Bootstrap and Edgeworth Expansion", section 3.6.
    """
    usable = np.isfinite(draws) & np.isfinite(draw_std_errors) & (draw_std_errors > 0.0)
    ratios = np.sort((draws[usable] - value) / draw_std_errors[usable])
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(ratios, [tail, 1.0 - tail])
    observed = value / std_error
    smaller_tail = min(float(np.mean(ratios <= observed)), float(np.mean(ratios >= observed)))
    p_value = min(1.0, max(2.0 * smaller_tail, 1.0 / (ratios.size + 1)))
    estimate = Estimate(
        float(value),
        float(std_error),
        float(value - high * std_error),
        float(value - low * std_error),
        level,
        n,
        unit,
        method,
    )
    return estimate, p_value

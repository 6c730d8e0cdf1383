"""Breaks, the rival explanation of regimes: sup-F, Bai-Perron and CUSUM of squares for the mean of one series.

Meant for cross products z_i z_j of standardised residuals, whose mean is a correlation, and for squares.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from data.errors import EstimationError
from models.estimate import TestResult
from models.regimes.sample import as_sample, require_variation

Array = NDArray[np.float64]

#: Share of the sample at each end in which no break is sought, and the shortest segment.
TRIM = 0.1
#: Draws and steps of the simulated limiting distribution of sup-F.
LIMIT_DRAWS = 20_000
LIMIT_STEPS = 1_000
#: Half-width of a break date's interval in units of long-run variance / shift^2 (Bai 1997, REStat 79, p. 552).
DATE_WIDTHS = {0.90: 7.0, 0.95: 11.0}
SMALLEST_SEGMENT = 10


def long_run_variance(x: Array) -> float:
    """Newey and West (1994) variance of sqrt(T) times the mean, Bartlett weights, bandwidth 4 (T / 100)^(2/9)."""
    deviations = x - x.mean()
    length = len(deviations)
    bandwidth = int(4.0 * (length / 100.0) ** (2.0 / 9.0))
    total = float(deviations @ deviations) / length
    for lag in range(1, bandwidth + 1):
        weight = 1.0 - lag / (bandwidth + 1.0)
        total += 2.0 * weight * float(deviations[lag:] @ deviations[:-lag]) / length
    return max(total, 1e-300)


@lru_cache(maxsize=8)
def _limit(trim: float) -> tuple[float, ...]:
    """Sorted draws of sup over [trim, 1 - trim] of B(r)^2 / (r (1 - r)), B a Brownian bridge (Andrews 1993)."""
    generator = np.random.default_rng(1993)
    time = np.arange(1, LIMIT_STEPS + 1) / LIMIT_STEPS
    inside = (time >= trim) & (time <= 1.0 - trim)
    draws = []
    for _ in range(LIMIT_DRAWS // 500):
        walk = np.cumsum(generator.standard_normal((500, LIMIT_STEPS)), axis=1) / np.sqrt(LIMIT_STEPS)
        bridge = walk - time * walk[:, -1:]
        draws.append((bridge[:, inside] ** 2 / (time[inside] * (1.0 - time[inside]))).max(axis=1))
    return tuple(np.sort(np.concatenate(draws)).tolist())


def limit_probability(statistic: float, trim: float = TRIM) -> float:
    """P(sup-F of the limit <= statistic)."""
    return float(np.searchsorted(np.array(_limit(trim)), statistic)) / LIMIT_DRAWS


def _sup_statistic(x: Array, trim: float, variance: float) -> tuple[float, int]:
    """Largest Wald statistic of a shift of the mean, and the first position after it."""
    length = len(x)
    first, last = max(int(np.ceil(trim * length)), 1), min(int(length * (1.0 - trim)), length - 1)
    positions = np.arange(first, last + 1)
    totals = np.cumsum(x)
    before = totals[positions - 1] / positions
    after = (totals[-1] - totals[positions - 1]) / (length - positions)
    statistics = (after - before) ** 2 * positions * (length - positions) / (length * variance)
    best = int(np.argmax(statistics))
    return float(statistics[best]), int(positions[best])


def sup_f(x: pd.Series | ArrayLike, *, trim: float = TRIM) -> TestResult:
    """Test of a constant mean against one break at an unknown date (Andrews 1993, Econometrica 61).

    Parameters
    ----------
    x : Series or array, shape (T,)
    trim : float
        Share of the sample left out at each end.
    """
    values = _values(x)
    centred = _demeaned_by_best_break(values, trim)
    statistic, _ = _sup_statistic(values, trim, long_run_variance(centred))
    return TestResult(
        statistic=statistic,
        p_value=1.0 - limit_probability(statistic, trim),
        null="the mean is constant over the sample",
        reference=f"{LIMIT_DRAWS} draws of the limiting distribution, trimming {trim:.0%}",
        n=len(values),
        method="sup-F, HAC variance (Andrews 1993)",
    )


def cusum_of_squares(x: pd.Series | ArrayLike) -> TestResult:
    """Test of a constant mean of squares of x by its largest cumulated deviation, robust to dependence and fat tails.

    kappa_2 of Sanso, Arago and Carrion (2004): sup_k |sum_{t<=k} x_t^2 - (k/T) sum x^2| / sqrt(T omega), omega the
    long-run variance of x_t^2; its limit is the supremum of a Brownian bridge.

    Parameters
    ----------
    x : Series or array, shape (T,)
    """
    squares = _values(x) ** 2
    totals = np.cumsum(squares - squares.mean())
    statistic = float(np.max(np.abs(totals)) / np.sqrt(len(squares) * long_run_variance(squares)))
    return TestResult(
        statistic=statistic,
        p_value=float(stats.kstwobign.sf(statistic)),
        null="the mean square is constant over the sample",
        reference="supremum of a Brownian bridge (Kolmogorov)",
        n=len(squares),
        method="CUSUM of squares with HAC variance (Sanso, Arago and Carrion 2004)",
    )


@dataclass(frozen=True)
class Break:
    """A date from which the mean is another one.

    Attributes
    ----------
    date, lower, upper : label of the index
        First observation of the new segment and the limits of its 95% interval (Bai 1997).
    before, after : float
        Means of the segments.
    test : TestResult
        sup-F(l + 1 | l) that admitted this break.
    """

    date: Hashable
    lower: Hashable
    upper: Hashable
    before: float
    after: float
    test: TestResult


@dataclass(frozen=True)
class Breaks:
    """Segments of a constant mean.

    Attributes
    ----------
    breaks : tuple of Break
        In time order; empty where no break is found.
    rejected : TestResult or None
        The first sup-F(l + 1 | l) that was not significant; None where the largest number of breaks was reached.
    bic : tuple of float
        Schwarz's criterion for 0, 1, ... breaks (Yao 1988): lower is better.
    """

    breaks: tuple[Break, ...]
    rejected: TestResult | None
    bic: tuple[float, ...]

    @property
    def number_by_bic(self) -> int:
        """Breaks at the lowest criterion."""
        return int(np.argmin(self.bic))


@njit(cache=True)
def _partition(x: Array, segments: int, shortest: int) -> tuple[Array, NDArray[np.int64]]:
    """Least sums of squares for 1, ..., S segments by dynamic programming (Bai and Perron 2003, J. Appl. Econ. 18).

    Returns the sums of squares, shape (S,), and the first positions of the later segments, shape (S, S).
    """
    length = len(x)
    totals = np.zeros(length + 1)
    squares = np.zeros(length + 1)
    for t in range(length):
        totals[t + 1] = totals[t] + x[t]
        squares[t + 1] = squares[t] + x[t] * x[t]
    best = np.full((segments, length + 1), np.inf)
    origin = np.zeros((segments, length + 1), dtype=np.int64)
    for end in range(shortest, length + 1):
        best[0, end] = squares[end] - totals[end] ** 2 / end
    for segment in range(1, segments):
        for end in range((segment + 1) * shortest, length + 1):
            for begin in range(segment * shortest, end - shortest + 1):
                total = totals[end] - totals[begin]
                value = best[segment - 1, begin] + squares[end] - squares[begin] - total * total / (end - begin)
                if value < best[segment, end]:
                    best[segment, end] = value
                    origin[segment, end] = begin
    starts = np.zeros((segments, segments), dtype=np.int64)
    for segment in range(segments):
        end = length
        for step in range(segment, 0, -1):
            end = origin[step, end]
            starts[segment, step] = end
    return best[:, length].copy(), starts


def bai_perron(x: pd.Series | ArrayLike, *, most: int = 5, trim: float = TRIM, level: float = 0.95) -> Breaks:
    """Breaks of the mean, their number by the sequential test sup-F(l + 1 | l) (Bai and Perron 1998, Econometrica 66).

    Parameters
    ----------
    x : Series or array, shape (T,)
    most : int
        Largest number of breaks.
    trim : float
        Shortest segment as a share of the sample.
    level : float
        1 minus the size of each sequential test.
    """
    values = _values(x)
    index = x.index if isinstance(x, pd.Series) else pd.RangeIndex(len(values))
    shortest = max(int(np.ceil(trim * len(values))), SMALLEST_SEGMENT)
    most = min(most, len(values) // shortest - 1)
    if most < 1:
        raise EstimationError("breaks", f"{len(values)} observations leave no room for a break", "Use a longer sample.")
    sums, starts = _partition(values, most + 1, shortest)
    length = len(values)
    bic = tuple(float(np.log(sums[m] / length) + 2 * m * np.log(length) / length) for m in range(most + 1))
    found: list[TestResult] = []
    rejected: TestResult | None = None
    for count in range(most):
        test = _sequential(values, starts[count, 1 : count + 1], trim)
        if test.p_value > 1.0 - level:
            rejected = test
            break
        found.append(test)
    edges = [0, *starts[len(found), 1 : len(found) + 1].tolist(), length]
    breaks = tuple(_dated(values, index, edges, number, test) for number, test in enumerate(found, start=1))
    return Breaks(breaks, rejected, bic)


def _sequential(values: Array, starts: NDArray[np.int64], trim: float) -> TestResult:
    """Largest sup-F within the segments; its limit is the largest of as many independent ones."""
    edges = [0, *starts.tolist(), len(values)]
    statistics = []
    for begin, end in pairwise(edges):
        segment = values[begin:end]
        if len(segment) >= 2 * SMALLEST_SEGMENT:
            variance = long_run_variance(_demeaned_by_best_break(segment, trim))
            statistics.append(_sup_statistic(segment, trim, variance)[0])
    statistic = max(statistics)
    segments = len(edges) - 1
    return TestResult(
        statistic=statistic,
        p_value=1.0 - limit_probability(statistic, trim) ** segments,
        null=f"the mean breaks {segments - 1} times, not more",
        reference=f"largest of {segments} sup-F limits, {LIMIT_DRAWS} draws, trimming {trim:.0%}",
        n=len(values),
        method=f"sup-F({segments} | {segments - 1}), HAC variance (Bai and Perron 1998)",
    )


def _dated(values: Array, index: pd.Index, edges: list[int], number: int, test: TestResult) -> Break:
    begin, middle, end = edges[number - 1 : number + 2]
    before, after = float(values[begin:middle].mean()), float(values[middle:end].mean())
    residuals = np.concatenate([values[begin:middle] - before, values[middle:end] - after])
    width = DATE_WIDTHS[0.95] * long_run_variance(residuals) / (after - before) ** 2
    reach = int(np.ceil(width)) + 1
    low, high = max(middle - reach, 0), min(middle + reach, len(values) - 1)
    return Break(index[middle], index[low], index[high], before, after, test)


def _demeaned_by_best_break(values: Array, trim: float) -> Array:
    """Residuals of the best single break: a break must not inflate the variance it is measured by."""
    _, position = _sup_statistic(values, trim, 1.0)
    return np.concatenate([values[:position] - values[:position].mean(), values[position:] - values[position:].mean()])


def _values(x: pd.Series | ArrayLike) -> Array:
    sample = as_sample(x, "x")
    if len(sample.names) != 1:
        raise EstimationError("x", f"{len(sample.names)} columns where one is needed", "Test one series at a time.")
    require_variation(sample)
    if sample.length < 2 * SMALLEST_SEGMENT:
        raise EstimationError("x", f"{sample.length} observations leave no room for a break", "Use a longer sample.")
    return sample.observations[:, 0]

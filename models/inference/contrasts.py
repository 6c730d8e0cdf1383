"""Contrasts between correlations of groups of days, resampled jointly.

A contrast is theta = sum_k weight_k * rho(first_k, second_k | group_k): "stress minus calm, averaged over pairs" and
"this pair minus that pair in a window" are both of this form. Its terms share resamples, so dependent correlations
are compared by joint draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate
from models.inference.bootstrap import block_length, stationary_indices, studentised_interval
from models.inference.intervals import normal_estimate

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: Rows of a group below which it has no correlation, and share of the resamples that must give a contrast.
MINIMUM_ROWS, USABLE = 3, 0.5


@dataclass(frozen=True, slots=True)
class Term:
    """One weighted correlation: columns `first` and `second` over the rows of `group`."""

    weight: float
    first: int
    second: int
    group: int


@dataclass(frozen=True, slots=True)
class ContrastEffect:
    """A contrast with its interval and the p-value that inverts it."""

    estimate: Estimate
    p_value: float
    block: float
    replications: int


@njit(cache=True)
def _contrast(
    rows: Array, groups: Codes, index: Codes, weights: Array, first: Codes, second: Codes, group: Codes
) -> tuple[float, float]:
    """Contrast and its standard error on the rows `index`.

    The influence of a day on rho_ij is u_i u_j - rho_ij (u_i^2 + u_j^2) / 2 with u standardised within the group;
    days of different groups are summed as independent.
    """
    terms = weights.size
    n_groups = np.max(group) + 1
    columns = rows.shape[1]
    count = np.zeros(n_groups)
    mean = np.zeros((n_groups, columns))
    for t in range(index.size):
        g = groups[index[t]]
        if g < 0 or g >= n_groups:
            continue
        count[g] += 1.0
        for j in range(columns):
            mean[g, j] += rows[index[t], j]
    for g in range(n_groups):
        if count[g] < 3.0:
            return np.nan, np.nan
        for j in range(columns):
            mean[g, j] /= count[g]
    cross = np.zeros((n_groups, columns, columns))
    for t in range(index.size):
        g = groups[index[t]]
        if g < 0 or g >= n_groups:
            continue
        for i in range(columns):
            left = rows[index[t], i] - mean[g, i]
            for j in range(i + 1):
                cross[g, i, j] += left * (rows[index[t], j] - mean[g, j])
    deviation = np.zeros((n_groups, columns))
    for g in range(n_groups):
        for i in range(columns):
            deviation[g, i] = np.sqrt(cross[g, i, i] / count[g])
            if deviation[g, i] <= 0.0:
                return np.nan, np.nan
    rho = np.zeros(terms)
    value = 0.0
    for k in range(terms):
        i, j, g = max(first[k], second[k]), min(first[k], second[k]), group[k]
        rho[k] = cross[g, i, j] / count[g] / deviation[g, i] / deviation[g, j]
        value += weights[k] * rho[k]
    variance = 0.0
    for t in range(index.size):
        g = groups[index[t]]
        if g < 0 or g >= n_groups:
            continue
        influence = 0.0
        for k in range(terms):
            if group[k] == g:
                u = (rows[index[t], first[k]] - mean[g, first[k]]) / deviation[g, first[k]]
                v = (rows[index[t], second[k]] - mean[g, second[k]]) / deviation[g, second[k]]
                influence += weights[k] * (u * v - 0.5 * rho[k] * (u * u + v * v))
        variance += (influence / count[g]) ** 2
    return value, np.sqrt(variance)


@njit(cache=True)
def _contrast_draws(
    rows: Array, groups: Codes, indices: Codes, weights: Array, first: Codes, second: Codes, group: Codes
) -> tuple[Array, Array]:
    values = np.empty(indices.shape[0])
    std_errors = np.empty(indices.shape[0])
    for draw in range(indices.shape[0]):
        values[draw], std_errors[draw] = _contrast(rows, groups, indices[draw], weights, first, second, group)
    return values, std_errors


def correlation_contrast(
    rows: Array,
    groups: Codes,
    terms: tuple[Term, ...],
    *,
    strata: tuple[int, ...],
    level: float,
    replications: int,
    block_bounds: tuple[int, int],
    seed: int,
    method: str,
) -> ContrastEffect:
    """Estimate a contrast of correlations with a studentised stationary-bootstrap interval.

    Parameters
    ----------
    rows : ndarray, (T, N)
        Devolatilised returns (or raw ones), finite.
    groups : ndarray of int, (T,)
        Group of each row; rows with a negative code belong to none. Labels travel with their rows.
    terms : tuple of Term
    strata : tuple of int
        Consecutive stretches of rows resampled separately; one stretch (T,) resamples the whole.
    level, replications, block_bounds, seed
        Level of the interval, resamples, floor and cap of the mean block length, seed.
    method : str
        What is measured, for the record.

    Raises
    ------
    EstimationError
        A group has fewer than three rows, a value is not finite, a series does not vary, or most resamples give no
        contrast.
    """
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    codes, arrays = _coded(rows, groups, terms, method)
    value, std_error = _on_all_rows(rows, codes, arrays, method)
    if std_error <= 0.0:
        raise EstimationError(method, "the correlations leave no sampling error", "Use series that are not the same.")
    products = _summed_products(rows, terms)
    block = block_length(products, floor=block_bounds[0], cap=block_bounds[1])
    indices = stationary_indices(strata, block, replications, seed)
    draws, draw_std_errors = _contrast_draws(rows, codes, indices, *arrays)
    usable = float(np.mean(np.isfinite(draws) & (draw_std_errors > 0.0)))
    if usable < USABLE:
        raise EstimationError(method, f"only {usable:.0%} of the resamples give a contrast", "Use longer groups.")
    estimate, p_value = studentised_interval(
        value,
        std_error,
        draws,
        draw_std_errors,
        level=level,
        n=int(np.sum(codes >= 0)),
        unit="",
        method=f"{method}; studentised stationary bootstrap, {replications} resamples, mean block {block:.0f}",
    )
    return ContrastEffect(estimate, p_value, block, replications)


def analytic_contrast(rows: Array, groups: Codes, terms: tuple[Term, ...], *, level: float, method: str) -> Estimate:
    """The same contrast with its influence-function standard error and a normal interval (for specification curves).

    Raises
    ------
    EstimationError
        A group has fewer than three rows, a value is not finite, or a series does not vary.
    """
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    codes, arrays = _coded(rows, groups, terms, method)
    value, std_error = _on_all_rows(rows, codes, arrays, method)
    return normal_estimate(value, std_error, level=level, n=int(np.sum(codes >= 0)), method=method)


def _coded(
    rows: Array, groups: Codes, terms: tuple[Term, ...], method: str
) -> tuple[Codes, tuple[Array, Codes, Codes, Codes]]:
    """Codes that number the groups of the terms from zero, others negative, and the terms as arrays."""
    used, group = np.unique([term.group for term in terms], return_inverse=True)
    codes = np.full(len(rows), -1, dtype=np.int64)
    for code, own in enumerate(used):
        codes[groups == own] = code
        count = int(np.sum(codes == code))
        if count < MINIMUM_ROWS:
            raise EstimationError(
                method, f"{count} rows in a group, {MINIMUM_ROWS} are needed", "Use a longer window or sample."
            )
    if not np.isfinite(rows).all():
        raise EstimationError(method, "a value is not finite", "Leave out sessions without a value.")
    weights = np.array([term.weight for term in terms])
    first, second = (np.array([getattr(term, name) for term in terms], dtype=np.int64) for name in ("first", "second"))
    return codes, (weights, first, second, group.astype(np.int64))


def _on_all_rows(
    rows: Array, codes: Codes, arrays: tuple[Array, Codes, Codes, Codes], method: str
) -> tuple[float, float]:
    value, std_error = _contrast(rows, codes, np.arange(len(rows)), *arrays)
    if not np.isfinite([value, std_error]).all():
        raise EstimationError(method, "a series does not vary within a group", "Leave it out, or use a longer window.")
    return value, std_error


def _summed_products(rows: Array, terms: tuple[Term, ...]) -> Array:
    pairs = sorted({(term.first, term.second) for term in terms})
    centred = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return np.sum([centred[:, i] * centred[:, j] for i, j in pairs], axis=0)

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

from models.estimate import Estimate
from models.inference.bootstrap import block_length, stationary_indices, studentised_interval
from models.inference.intervals import normal_estimate

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


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
    """
    weights = np.array([term.weight for term in terms])
    first, second, group = (
        np.array([getattr(term, name) for term in terms], dtype=np.int64) for name in ("first", "second", "group")
    )
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    everything = np.arange(rows.shape[0])
    value, std_error = _contrast(rows, groups, everything, weights, first, second, group)
    products = _summed_products(rows, terms)
    block = block_length(products, floor=block_bounds[0], cap=block_bounds[1])
    indices = stationary_indices(strata, block, replications, seed)
    draws, draw_std_errors = _contrast_draws(rows, groups, indices, weights, first, second, group)
    estimate, p_value = studentised_interval(
        value,
        std_error,
        draws,
        draw_std_errors,
        level=level,
        n=int(np.sum(np.isin(groups, group))),
        unit="",
        method=f"{method}; studentised stationary bootstrap, {replications} resamples, mean block {block:.0f}",
    )
    return ContrastEffect(estimate, p_value, block, replications)


def analytic_contrast(rows: Array, groups: Codes, terms: tuple[Term, ...], *, level: float, method: str) -> Estimate:
    """The same contrast with its influence-function standard error and a normal interval (for specification curves)."""
    weights = np.array([term.weight for term in terms])
    first, second, group = (
        np.array([getattr(term, name) for term in terms], dtype=np.int64) for name in ("first", "second", "group")
    )
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    value, std_error = _contrast(rows, groups, np.arange(rows.shape[0]), weights, first, second, group)
    return normal_estimate(value, std_error, level=level, n=int(np.sum(np.isin(groups, group))), method=method)


def _summed_products(rows: Array, terms: tuple[Term, ...]) -> Array:
    pairs = sorted({(term.first, term.second) for term in terms})
    centred = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return np.sum([centred[:, i] * centred[:, j] for i, j in pairs], axis=0)

"""Regression kernels of the attribution: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

COLLINEAR = 1e-10
"""A regressor is collinear with the others if less than this share of its variance is its own."""


@njit(cache=True)
def centred_products(rows: Array, index: Codes) -> Array:
    """Products of the centred columns summed over the rows `index`: (K, K)."""
    columns = rows.shape[1]
    mean = np.zeros(columns)
    for t in range(index.size):
        for j in range(columns):
            mean[j] += rows[index[t], j]
    mean /= index.size
    products = np.zeros((columns, columns))
    for t in range(index.size):
        for i in range(columns):
            left = rows[index[t], i] - mean[i]
            for j in range(i + 1):
                products[i, j] += left * (rows[index[t], j] - mean[j])
    for i in range(columns):
        for j in range(i):
            products[j, i] = products[i, j]
    return products


@njit(cache=True)
def subset_slopes(products: Array, members: Codes) -> Array:
    """Slopes of column 0 on the columns `members` by Cholesky, in their order; NaN if they are collinear."""
    size = members.size
    root = np.zeros((size, size))
    slopes = np.zeros(size)
    for i in range(size):
        for j in range(i + 1):
            total = products[members[i], members[j]]
            for k in range(j):
                total -= root[i, k] * root[j, k]
            if i == j:
                if total <= COLLINEAR * products[members[i], members[i]]:
                    slopes[:] = np.nan
                    return slopes
                root[i, i] = np.sqrt(total)
            else:
                root[i, j] = total / root[j, j]
    for i in range(size):
        total = products[0, members[i]]
        for k in range(i):
            total -= root[i, k] * slopes[k]
        slopes[i] = total / root[i, i]
    for i in range(size - 1, -1, -1):
        total = slopes[i]
        for k in range(i + 1, size):
            total -= root[k, i] * slopes[k]
        slopes[i] = total / root[i, i]
    return slopes


@njit(cache=True)
def _members(coalition: int, block_of: Codes) -> Codes:
    count = 0
    for column in range(block_of.size):
        count += (coalition >> block_of[column]) & 1
    members = np.empty(count, dtype=np.int64)
    at = 0
    for column in range(block_of.size):
        if (coalition >> block_of[column]) & 1:
            members[at] = column + 1
            at += 1
    return members


@njit(cache=True)
def coalition_values(products: Array, block_of: Codes, blocks: int, moves: Array) -> Array:
    """Worth of each coalition of blocks.

    Parameters
    ----------
    products : ndarray, (K + 1, K + 1)
        Centred products; column 0 is the dependent.
    block_of : ndarray of int, (K,)
        Block of each regressor.
    blocks : int
    moves : ndarray, (K,)
        Cumulative change of each regressor over a window.

    Returns
    -------
    ndarray, (2, 2 ** blocks)
        Row 0: R-squared. Row 1: slopes times moves. Bit g of the column number says whether block g is in.
    """
    values = np.zeros((2, 1 << blocks))
    for coalition in range(1, 1 << blocks):
        members = _members(coalition, block_of)
        slopes = subset_slopes(products, members)
        for k in range(members.size):
            values[0, coalition] += slopes[k] * products[0, members[k]] / products[0, 0]
            values[1, coalition] += slopes[k] * moves[members[k] - 1]
    return values


@njit(cache=True)
def shapley_values(values: Array, blocks: int) -> Array:
    """Shapley value of each block from the worth of each coalition, (blocks,)."""
    weights = np.empty(blocks)
    for size in range(blocks):
        weight = 1.0 / blocks
        for k in range(1, size + 1):
            weight *= k / (blocks - k)
        weights[size] = weight
    shares = np.zeros(blocks)
    for coalition in range(1 << blocks):
        size = 0
        for block in range(blocks):
            size += (coalition >> block) & 1
        for block in range(blocks):
            if not (coalition >> block) & 1:
                shares[block] += weights[size] * (values[coalition | (1 << block)] - values[coalition])
    return shares


@njit(cache=True)
def shapley_draws(rows: Array, indices: Codes, block_of: Codes, blocks: int, moves: Array) -> Array:
    """Shapley shares of R-squared and of the window's move on each resample, (B, 2, blocks)."""
    draws = np.empty((indices.shape[0], 2, blocks))
    for draw in range(indices.shape[0]):
        values = coalition_values(centred_products(rows, indices[draw]), block_of, blocks, moves)
        for kind in range(2):
            draws[draw, kind] = shapley_values(values[kind], blocks)
    return draws


@njit(cache=True)
def partial_fit_draws(rows: Array, indices: Codes, tested: int) -> Array:
    """Log of the unexplained share that the first `tested` regressors leave of what the others leave, (B, 2).

    Column 0 is log(SSR of all / SSR of the controls) on each resample, column 1 its standard error from the influence
    e_full^2 / s_full^2 - e_controls^2 / s_controls^2 of a row.
    """
    columns = rows.shape[1]
    everything = np.arange(1, columns)
    controls = np.arange(1 + tested, columns)
    draws = np.empty((indices.shape[0], 2))
    for draw in range(indices.shape[0]):
        index = indices[draw]
        products = centred_products(rows, index)
        full, part = subset_slopes(products, everything), subset_slopes(products, controls)
        unexplained, left = products[0, 0], products[0, 0]
        for k in range(everything.size):
            unexplained -= full[k] * products[0, everything[k]]
        for k in range(controls.size):
            left -= part[k] * products[0, controls[k]]
        mean = np.zeros(columns)
        for t in index:
            mean += rows[t]
        mean /= index.size
        total = 0.0
        for t in index:
            error = restricted = rows[t, 0] - mean[0]
            for k in range(everything.size):
                error -= full[k] * (rows[t, everything[k]] - mean[everything[k]])
            for k in range(controls.size):
                restricted -= part[k] * (rows[t, controls[k]] - mean[controls[k]])
            total += (error**2 / unexplained - restricted**2 / left) ** 2
        draws[draw, 0] = np.log(unexplained / left) if unexplained > 0.0 else np.nan
        draws[draw, 1] = np.sqrt(total)
    return draws

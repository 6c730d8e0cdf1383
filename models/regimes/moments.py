"""Weighted moments of fixed observations in every regime, as one matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Powers:
    """1, x_i and x_i x_j of each observation, computed once: EM asks for their weighted sums over and over.

    Attributes
    ----------
    table : array, shape (T, 1 + N + N^2)
    dimension : int
        N.
    """

    table: Array
    dimension: int

    @classmethod
    def of(cls, x: Array) -> Powers:
        """Powers of observations, shape (T, N), whose location is near zero in units of their scale."""
        length, dimension = x.shape
        products = (x[:, :, None] * x[:, None, :]).reshape(length, dimension**2)
        return cls(np.column_stack([np.ones(length), x, products]), dimension)

    def sums(self, weights: Array) -> tuple[Array, Array, Array]:
        """Sums over t of w_tk, shape (K,), of w_tk x_t, (K, N), and of w_tk x_t x_t', (K, N, N).

        Parameters
        ----------
        weights : array, shape (T, K)
        """
        sums = weights.T @ self.table
        after = 1 + self.dimension
        return sums[:, 0], sums[:, 1:after], sums[:, after:].reshape(-1, self.dimension, self.dimension)


@njit(cache=True)
def recentred(mass: Array, first: Array, second: Array, means: Array) -> tuple[Array, Array]:
    """First and second moments about means, shapes (K, N) and (K, N, N), from the sums about zero."""
    regimes, size = first.shape
    first_about, second_about = np.empty((regimes, size)), np.empty((regimes, size, size))
    for k in range(regimes):
        for i in range(size):
            first_about[k, i] = first[k, i] - mass[k] * means[k, i]
            for j in range(i + 1):
                moved = second[k, i, j] - first[k, i] * means[k, j] - first_about[k, j] * means[k, i]
                second_about[k, i, j] = moved
                second_about[k, j, i] = moved
    return first_about, second_about

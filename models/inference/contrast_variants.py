"""The contrasts of `contrasts` with other measures of dependence: ranks, and weights that fade with age."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate
from models.inference.contrasts import MINIMUM_ROWS, Codes, Term
from models.inference.intervals import normal_estimate

Array = NDArray[np.float64]
#: The correlation of two series on the rows at some positions, with the influence of each of them on it.
Measure = Callable[[NDArray[np.intp], Array, Array], tuple[float, Array]]


def rank_contrast(rows: Array, groups: Codes, terms: tuple[Term, ...], *, level: float, method: str) -> Estimate:
    r"""A contrast of Kendall's rank correlations with a normal interval.

    Parameters
    ----------
    rows : ndarray, (T, N)
    groups : ndarray of int, (T,)
    terms : tuple of Term
    level, method
        As in `contrasts.analytic_contrast`.

    Raises
    ------
    EstimationError
        A group has fewer than three rows.

    Notes
    -----
    Each tau is told as the correlation :math:`\sin(\pi \tau / 2)` that it stands for in every elliptical distribution
    (Lindskog, McNeil and Schmock 2003), so that sizes compare with those of other measures. The influence of a row is
    that of a U-statistic, :math:`2 (\tau_i - \tau)` with :math:`\tau_i` its mean concordance with the others; rows are
    summed as independent.
    """
    return _contrast(rows, groups, terms, _kendall, level, method)


def weighted_contrast(
    rows: Array, groups: Codes, terms: tuple[Term, ...], weights: Array, *, level: float, method: str
) -> Estimate:
    """A contrast of weighted correlations with a normal interval.

    Parameters
    ----------
    rows, groups, terms, level, method
        As in `rank_contrast`.
    weights : ndarray, (T,)
        Positive; they are brought to a sum of one in each group.

    Raises
    ------
    EstimationError
        A group has fewer than three rows, or a series does not vary in one.
    """

    def correlation(positions: NDArray[np.intp], first: Array, second: Array) -> tuple[float, Array]:
        return _weighted(weights[positions] / weights[positions].sum(), first, second, method)

    return _contrast(rows, groups, terms, correlation, level, method)


def fading_weights(count: int) -> Array:
    """Weights that fall in a straight line to the oldest of `count` rows, which stands first, shape (count,).

    The Beta weights (1, 2) of mixed-data sampling: Colacito, Engle and Ghysels (2011), Journal of Econometrics 164.
    """
    return np.arange(1.0, count + 1.0) / (0.5 * count * (count + 1.0))


def _contrast(
    rows: Array, groups: Codes, terms: tuple[Term, ...], measure: Measure, level: float, method: str
) -> Estimate:
    value, influence = 0.0, np.zeros(len(rows))
    for term in terms:
        inside = np.flatnonzero(groups == term.group)
        if inside.size < MINIMUM_ROWS:
            raise EstimationError(
                method, f"{inside.size} rows in a group, {MINIMUM_ROWS} are needed", "Use a longer window or sample."
            )
        rho, own = measure(inside, rows[inside, term.first], rows[inside, term.second])
        value += term.weight * rho
        influence[inside] += term.weight * own
    used = int(np.isin(groups, [term.group for term in terms]).sum())
    return normal_estimate(value, float(np.sqrt(np.sum(influence**2))), level=level, n=used, method=method)


def _kendall(positions: NDArray[np.intp], first: Array, second: Array) -> tuple[float, Array]:
    count = positions.size
    concordance = np.sign(np.subtract.outer(first, first)) * np.sign(np.subtract.outer(second, second))
    own = concordance.sum(axis=1) / (count - 1.0)
    tau = float(own.mean())
    slope = 0.5 * np.pi * np.cos(0.5 * np.pi * tau)
    return float(np.sin(0.5 * np.pi * tau)), slope * 2.0 * (own - tau) / count


def _weighted(weights: Array, first: Array, second: Array, method: str) -> tuple[float, Array]:
    standardised = []
    for values in (first, second):
        centred = values - weights @ values
        deviation = np.sqrt(weights @ centred**2)
        if deviation <= 0.0:
            raise EstimationError(method, "a series does not vary within a group", "Leave it out, or use more rows.")
        standardised.append(centred / deviation)
    u, v = standardised
    rho = float(weights @ (u * v))
    return rho, weights * (u * v - 0.5 * rho * (u * u + v * v))

"""Marginal expected shortfall: what an asset loses on the market's worst sessions, with joint resamples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import studentised_interval
from models.inference.resampling import Resampling

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Fewer of the market's worst sessions than this give no mean.
MINIMUM_EVENTS = 10


@dataclass(frozen=True)
class Shortfalls:
    """Mean returns on the market's worst sessions, on the data (row 0) and on each resample (rows 1..B).

    Attributes
    ----------
    names : tuple of str
        The N assets.
    means : ndarray, (B + 1, N)
        Percent a day.
    covariances : ndarray, (B + 1, N, N)
        Of the returns on those sessions.
    deviations : ndarray, (B + 1, N)
        Standard deviation over all sessions, percent a day.
    events : ndarray, (B + 1,)
        Number of worst sessions.
    market : str
    quantile : float
        Share of sessions that count as worst.
    n : int
    resampling : Resampling
    """

    names: tuple[str, ...]
    means: Array
    covariances: Array
    deviations: Array
    events: Array
    market: str
    quantile: float
    n: int
    resampling: Resampling

    def estimate(self, name: str, *, scaled: bool = False) -> Estimate | NotDecidable:
        """Shortfall of one asset: percent a day, or in units of its own standard deviation."""
        return self.combination({name: 1.0}, scaled=scaled)[0]

    def difference(self, name: str, other: str, *, scaled: bool = False) -> tuple[Estimate | NotDecidable, float]:
        """Shortfall of `name` minus that of `other` from joint resamples, and the p-value that inverts the interval."""
        return self.combination({name: 1.0, other: -1.0}, scaled=scaled)

    def combination(
        self, weights: Mapping[str, float], *, scaled: bool = False
    ) -> tuple[Estimate | NotDecidable, float]:
        """A linear combination of shortfalls with its studentised interval, and the p-value at zero.

        Parameters
        ----------
        weights : mapping of name to float
        scaled : bool
            Each asset divided by its own standard deviation, so that a calm asset does not win by being calm.
        """
        if self.events[0] < MINIMUM_EVENTS:
            few = f"only {self.events[0]:.0f} sessions lie in the {self.quantile:.3g} tail of {self.market}"
            return NotDecidable(f"{few}, {MINIMUM_EVENTS} are needed"), 1.0
        vector = np.array([weights.get(name, 0.0) for name in self.names])
        scale = vector / self.deviations if scaled else np.broadcast_to(vector, self.means.shape)
        values = np.sum(scale * self.means, axis=1)
        errors = np.sqrt(np.einsum("bi,bij,bj->b", scale, self.covariances, scale) / self.events)
        if not errors[0] > 1e-12 * abs(values[0]):
            return NotDecidable("the returns on the worst sessions do not vary"), 1.0
        spread = float(np.std(values[1:], ddof=1))
        estimate, p_value = studentised_interval(
            values[0],
            errors[0],
            values[1:],
            errors[1:],
            level=self.resampling.level,
            n=self.n,
            unit="sd" if scaled else "% a day",
            method=f"mean on sessions in the {self.quantile:.3g} tail of {self.market}; studentised stationary "
            f"bootstrap, {self.resampling.replications} resamples",
        )
        return replace(estimate, std_error=spread), p_value


def marginal_expected_shortfall(
    returns: pd.DataFrame, market: str, resampling: Resampling, *, quantile: float = 0.05
) -> Shortfalls:
    """Mean return of each asset on sessions on which the market's return is at or below its `quantile`.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Percent returns, the market among them; sessions with a missing value are left out.
    market : str
        Column whose worst sessions are meant.
    resampling : Resampling
        Rows are resampled in blocks and the threshold is taken anew in each resample.
    quantile : float

    Raises
    ------
    EstimationError
        If the market is not a column or does not vary.

    Notes
    -----
    Acharya, Pedersen, Philippon and Richardson (2017), "Measuring systemic risk", Review of Financial Studies 30.
    """
    rows = returns.dropna().astype(float)
    if market not in rows.columns:
        raise EstimationError(market, "is not among the returns", f"Choose among {', '.join(map(str, rows.columns))}.")
    if len(rows) < 2 or rows[market].std() == 0.0:
        raise EstimationError(market, "does not vary, so it has no worst sessions", "Check its prices.")
    values = np.ascontiguousarray(rows.to_numpy())
    column = rows[market].to_numpy()
    order = np.argsort(column, kind="stable").astype(np.int64)
    worst = column <= np.quantile(column, quantile)
    influence = np.where(worst, values.mean(axis=1), 0.0)
    indices = np.vstack([np.arange(len(rows))[None], resampling.indices(influence)])
    means, covariances, deviations, events = _tail_moments(values, column, order, indices, quantile)
    return Shortfalls(
        tuple(map(str, rows.columns)),
        means,
        covariances,
        deviations,
        events,
        market,
        quantile,
        len(rows),
        resampling,
    )


@njit(cache=True)
def _tail_moments(
    values: Array, market: Array, order: Indices, indices: Indices, quantile: float
) -> tuple[Array, Array, Array, Array]:
    """Per resample: tail means, tail covariances, standard deviations over all rows, number of tail rows.

    `order` sorts `market`; the tail holds every row at or below the linearly interpolated sample quantile, which is the
    order statistic number floor(quantile (T - 1)) and all that tie with it.
    """
    draws, (periods, size) = indices.shape[0], values.shape
    means = np.zeros((draws, size))
    covariances = np.zeros((draws, size, size))
    deviations = np.zeros((draws, size))
    events = np.zeros(draws)
    needed = int(np.floor(quantile * (indices.shape[1] - 1))) + 1
    for draw in range(draws):
        counts = np.zeros(periods)
        for t in indices[draw]:
            counts[t] += 1.0
        total = np.zeros(size)
        for t in range(periods):
            for i in range(size):
                total[i] += counts[t] * values[t, i]
        for t in range(periods):
            for i in range(size):
                deviations[draw, i] += counts[t] * (values[t, i] - total[i] / indices.shape[1]) ** 2
        for i in range(size):
            deviations[draw, i] = np.sqrt(deviations[draw, i] / (indices.shape[1] - 1))
        last = 0
        reached = 0.0
        while reached < needed:
            reached += counts[order[last]]
            last += 1
        while last < periods and market[order[last]] == market[order[last - 1]]:
            reached += counts[order[last]]
            last += 1
        events[draw] = reached
        for position in range(last):
            t = order[position]
            for i in range(size):
                means[draw, i] += counts[t] * values[t, i] / reached
        for position in range(last):
            t = order[position]
            for i in range(size):
                for j in range(size):
                    product = (values[t, i] - means[draw, i]) * (values[t, j] - means[draw, j])
                    covariances[draw, i, j] += counts[t] * product / max(reached - 1.0, 1.0)
    return means, covariances, deviations, events

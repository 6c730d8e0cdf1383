"""Dependence in the tails: exceedance correlations, their symmetry, and how often two series fall together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from scipy import stats

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.resampling import Resampling, percentile_estimate

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Sessions beyond a threshold, on either side, below which a correlation is not computed.
MINIMUM_EVENTS = 20
#: Sessions on which both fall below their quantiles, below which a share has no useful interval.
MINIMUM_JOINT = 5


@dataclass(frozen=True)
class ExceedanceCorrelations:
    """Correlations of two series on sessions on which both lie beyond a threshold.

    Attributes
    ----------
    table : DataFrame
        A row for each threshold (in standard deviations): "below" and "above", the correlations when both lie under
        minus the threshold and when both lie over it, NaN where there are fewer than 20 sessions; "events_below",
        "events_above", the numbers of sessions.
    statistic : float or None
        J, None where no threshold has enough sessions on both sides.
    thresholds : tuple of float
        Those that enter J.
    reflected : ndarray, (B,)
        J after random reflections of the blocks, its distribution if the joint law is symmetric.
    n : int
    """

    table: pd.DataFrame
    statistic: float | None
    thresholds: tuple[float, ...]
    reflected: Array
    n: int

    def symmetry_test(self) -> TestResult | NotDecidable:
        """Hong, Tu and Zhou's test with its limiting distribution."""
        if self.statistic is None:
            return self._undecidable
        return TestResult(
            self.statistic,
            float(stats.chi2.sf(self.statistic, len(self.thresholds))),
            "the series are as correlated when both fall as when both rise",
            f"chi-squared with {len(self.thresholds)} degrees of freedom",
            self.n,
            "symmetry of exceedance correlations (Hong, Tu and Zhou 2007)",
        )

    def reflection_test(self) -> TestResult | NotDecidable:
        """The same statistic against random reflections of blocks: right in any sample if the law is symmetric."""
        if self.statistic is None:
            return self._undecidable
        usable = self.reflected[np.isfinite(self.reflected)]
        return TestResult(
            self.statistic,
            float((1 + np.sum(usable >= self.statistic)) / (usable.size + 1)),
            "the joint distribution is symmetric about its mean",
            f"{usable.size} random reflections of blocks",
            self.n,
            "symmetry of exceedance correlations (Hong, Tu and Zhou 2007), randomised",
        )

    @property
    def _undecidable(self) -> NotDecidable:
        return NotDecidable(f"fewer than {MINIMUM_EVENTS} sessions lie beyond every threshold on one of the sides")


def exceedance_correlations(
    x: pd.Series, y: pd.Series, resampling: Resampling, *, thresholds: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5)
) -> ExceedanceCorrelations:
    """Correlations when both series fall and when both rise, and whether they are the same.

    Parameters
    ----------
    x, y : Series, (T,)
        Returns or standardised residuals; each is standardised over the sample.
    resampling : Resampling
        Replications, block bounds and seed of the reflections.
    thresholds : tuple of float
        In standard deviations.

    Raises
    ------
    EstimationError
        If a series does not vary.

    Notes
    -----
    Longin and Solnik (2001), Ang and Chen (2002); Hong, Tu and Zhou (2007), "Asymmetries in stock returns", Review of
    Financial Studies 20: J = T d' Omega^-1 d with d the differences between the two sides and Omega their long-run
    covariance with the Bartlett kernel and T^(1/3) lags. The influence of a session on a correlation counts the means
    and variances on that side as estimated, u v - rho (u^2 + v^2) / 2.
    """
    rows = _standardised(x, y)
    levels = np.array(sorted(thresholds))
    events_below, events_above, below, above, _ = _sides(rows, levels)
    enough = np.minimum(events_below, events_above) >= MINIMUM_EVENTS
    table = pd.DataFrame(
        {
            "below": np.where(events_below >= MINIMUM_EVENTS, below, np.nan),
            "above": np.where(events_above >= MINIMUM_EVENTS, above, np.nan),
            "events_below": events_below.astype(int),
            "events_above": events_above.astype(int),
        },
        index=pd.Index(levels, name="threshold"),
    )
    used = levels[enough]
    if not used.size:
        return ExceedanceCorrelations(table, None, (), np.empty(0), len(rows))
    block = resampling.block(np.multiply(rows[:, 0], rows[:, 1]))
    signs = _reflections(len(rows), block, resampling.replications, resampling.seed)
    return ExceedanceCorrelations(
        table=table,
        statistic=_symmetry_statistic(rows, used),
        thresholds=tuple(float(level) for level in used),
        reflected=_reflected_statistics(rows, used, signs),
        n=len(rows),
    )


def joint_tail(
    x: pd.Series, y: pd.Series, resampling: Resampling, *, quantile: float = 0.05
) -> Estimate | NotDecidable:
    """Share of the sessions on which `x` is in its lower tail on which `y` is in its own as well.

    Parameters
    ----------
    x, y : Series, (T,)
    resampling : Resampling
        Quantiles are taken anew in each resample.
    quantile : float
        Tail of either series; independence gives `quantile` itself, the same ranks give one.

    Raises
    ------
    EstimationError
        If a series does not vary.
    """
    rows = _standardised(x, y)
    low = np.quantile(rows, quantile, axis=0)
    joint = np.all(rows <= low, axis=1)
    if joint.sum() < MINIMUM_JOINT:
        return NotDecidable(
            f"only {int(joint.sum())} sessions lie in both tails of {quantile:.3g}, {MINIMUM_JOINT} are needed"
        )
    indices = np.vstack([np.arange(len(rows))[None], resampling.indices(joint.astype(np.float64))])
    orders = np.argsort(rows, axis=0, kind="stable").T.astype(np.int64)
    draws = _joint_shares(orders, indices, quantile)
    return percentile_estimate(
        draws[0],
        draws[1:],
        level=resampling.level,
        n=len(rows),
        unit="probability",
        method=f"{y.name} in its lower {quantile:.3g} tail given {x.name} in its own",
    )


def _standardised(x: pd.Series, y: pd.Series) -> Array:
    rows = pd.concat([x, y], axis=1).dropna().astype(float)
    for position, name in enumerate(rows.columns):
        if len(rows) < 2 or rows.iloc[:, position].std() == 0.0:
            raise EstimationError(str(name), "the series does not vary", "Check its prices.")
    return np.ascontiguousarray(((rows - rows.mean()) / rows.std(ddof=0)).to_numpy())


def _reflections(periods: int, block: float, replications: int, seed: int) -> Array:
    """Signs that are common to a block of geometric length and random between blocks, (B, T)."""
    generator = np.random.default_rng(seed)
    begins = generator.random((replications, periods)) < 1.0 / block
    begins[:, 0] = True
    signs = generator.choice([-1.0, 1.0], size=(replications, periods))
    position = np.maximum.accumulate(np.where(begins, np.arange(periods), 0), axis=1)
    return np.asarray(np.take_along_axis(signs, position, axis=1))


@njit(cache=True)
def _sides(rows: Array, levels: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Numbers of sessions and correlations on either side, and each session's influence on their difference."""
    periods, count = rows.shape[0], levels.size
    events, rho = np.zeros((2, count)), np.full((2, count), np.nan)
    influence = np.zeros((periods, count))
    for k in range(count):
        for side in range(2):
            sign = 1.0 if side else -1.0
            inside = (sign * rows[:, 0] > levels[k]) & (sign * rows[:, 1] > levels[k])
            chosen = rows[inside]
            events[side, k] = chosen.shape[0]
            if chosen.shape[0] < 3:
                continue
            u, v = chosen[:, 0], chosen[:, 1]
            u, v = (u - np.mean(u)) / np.std(u), (v - np.mean(v)) / np.std(v)
            rho[side, k] = np.mean(u * v)
            moved = u * v - 0.5 * rho[side, k] * (u * u + v * v)
            at = 0
            for t in range(periods):
                if inside[t]:
                    influence[t, k] += sign * moved[at] * periods / chosen.shape[0]
                    at += 1
    return events[0], events[1], rho[0], rho[1], influence


@njit(cache=True)
def _symmetry_statistic(rows: Array, levels: Array) -> float:
    """J = T d' Omega^-1 d."""
    events_below, events_above, below, above, influence = _sides(rows, levels)
    if min(np.min(events_below), np.min(events_above)) < 5.0:
        return np.nan
    periods = rows.shape[0]
    lags = int(periods ** (1.0 / 3.0))
    omega = influence.T @ influence / periods
    for lag in range(1, lags + 1):
        shared = influence[lag:].T @ influence[:-lag] / periods
        omega += (1.0 - lag / (lags + 1.0)) * (shared + shared.T)
    difference = above - below
    return periods * np.dot(difference, np.linalg.solve(omega, difference))


@njit(cache=True)
def _reflected_statistics(rows: Array, levels: Array, signs: Array) -> Array:
    draws = np.empty(signs.shape[0])
    for draw in range(signs.shape[0]):
        draws[draw] = _symmetry_statistic(rows * signs[draw].reshape(-1, 1), levels)
    return draws


@njit(cache=True)
def _joint_shares(orders: Indices, indices: Indices, quantile: float) -> Array:
    """Share of the lower tail of the first series that lies in the second's, per resample; `orders` sorts each."""
    periods = orders.shape[1]
    needed = int(np.floor(quantile * (indices.shape[1] - 1))) + 1
    shares = np.empty(indices.shape[0])
    for draw in range(indices.shape[0]):
        counts = np.zeros(periods)
        for t in indices[draw]:
            counts[t] += 1.0
        tail = np.zeros((2, periods))
        for side in range(2):
            reached, position = 0.0, 0
            while reached < needed:
                t = orders[side, position]
                tail[side, t] = min(counts[t], needed - reached)
                reached += tail[side, t]
                position += 1
        shares[draw] = np.sum(np.minimum(tail[0], tail[1])) / needed
    return shares

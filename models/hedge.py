"""Hedge and safe haven: how an asset moves with a factor on average, and when the factor falls furthest.

The slope on a factor is allowed to change when the factor's return is at or below its quantiles; what counts is the sum
of the slopes that apply there, tested with their joint covariance, never a single increment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.betas.garch_regression import Distribution, GarchRegression, Volatility, garch_regression
from models.betas.sample import complete_rows
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.resampling import Resampling, percentile_estimate

Array = NDArray[np.float64]
Thresholds = Literal["sample", "expanding"]

#: Fewer sessions than this below a quantile say nothing about a slope there.
MINIMUM_EVENTS = 5
#: Sessions behind the first threshold that is known in advance.
HISTORY = 250


@dataclass(frozen=True)
class SafeHaven:
    """Slopes of an asset on a factor, on average and below the factor's quantiles.

    Attributes
    ----------
    dependent, factor : str
    regression : GarchRegression
        The joint estimate; the slope's increments are named "factor <= 5%" and, after `since`, "factor <= 5% since".
    quantiles : tuple of float
        Descending, e.g. (0.10, 0.05, 0.01).
    events : tuple of int
        Sessions at or below each quantile; where `since` is given, the smaller of the numbers before and after.
    since : Timestamp or None
        From when a second set of slopes holds.
    level : float
        Of every interval.
    """

    dependent: str
    factor: str
    regression: GarchRegression
    quantiles: tuple[float, ...]
    events: tuple[int, ...]
    since: pd.Timestamp | None
    level: float

    @property
    def decidable(self) -> tuple[float, ...]:
        """Quantiles with enough sessions below them."""
        pairs = zip(self.quantiles, self.events, strict=True)
        return tuple(quantile for quantile, events in pairs if events >= MINIMUM_EVENTS)

    def slope(self, quantile: float | None = None) -> Estimate | NotDecidable:
        """Slope when the factor is at or below `quantile`: the sum c0 + .. + ck. Without it, c0 (the hedge).

        Where `since` is given these are the slopes before it.
        """
        return self._sum(quantile, ("",), "slope")

    def slope_since(self, quantile: float | None = None) -> Estimate | NotDecidable:
        """The same from `since` on."""
        return self._sum(quantile, ("", " since"), "slope since the date") if self.since is not None else _UNDIVIDED

    def change(self, quantile: float | None = None) -> Estimate | NotDecidable:
        """Slope from `since` on minus the slope before."""
        return self._sum(quantile, (" since",), "change of the slope") if self.since is not None else _UNDIVIDED

    def resampled(self, resampling: Resampling, quantile: float | None = None) -> Estimate | NotDecidable:
        """The slope at or below `quantile` with a block-bootstrap interval instead of the sandwich: a check of it."""
        slope = self.slope(quantile)
        if isinstance(slope, NotDecidable):
            return slope
        draws = self.regression.resampled(resampling)[list(self._parts(quantile, ("",)))].sum(axis=1, skipna=False)
        return percentile_estimate(
            slope.value,
            draws.to_numpy(),
            level=resampling.level,
            n=self.regression.n,
            unit="",
            method=f"slope on {self.factor}, weighted by the inverse of the GARCH variances",
        )

    @property
    def covariance(self) -> pd.DataFrame:
        """Joint covariance of c0 and of the sums at each decidable quantile."""
        matrix = np.array([self.regression.weights(self._parts(q, ("",))) for q in (None, *self.decidable)])
        labels = [self.factor, *(_label(self.factor, q) for q in self.decidable)]
        values = matrix @ self.regression.covariance.to_numpy() @ matrix.T
        return pd.DataFrame(values, index=labels, columns=labels)

    def haven_test(self) -> TestResult | NotDecidable:
        """Joint Wald test that the sums at all quantiles are zero: neither safe haven nor a fall in company."""
        if not self.decidable:
            return self._too_few(self.quantiles[0])
        return self.regression.wald(
            [self._parts(q, ("",)) for q in self.decidable],
            null=f"{self.dependent} does not move with {self.factor} at any of its lower quantiles",
        )

    def asymmetry_test(self) -> TestResult | NotDecidable:
        """Joint Wald test that the slope below the quantiles is the one above them, c1 = c2 = .. = 0."""
        if not self.decidable:
            return self._too_few(self.quantiles[0])
        return self.regression.wald(
            [{_label(self.factor, q): 1.0} for q in self.decidable],
            null=f"{self.dependent} moves with a falling {self.factor} as it does on other sessions",
        )

    def _sum(self, quantile: float | None, periods: tuple[str, ...], what: str) -> Estimate | NotDecidable:
        if quantile is not None and quantile not in self.decidable:
            return self._too_few(quantile)
        where = "" if quantile is None else f" at or below its {quantile:.3g} quantile"
        return self.regression.combination(
            self._parts(quantile, periods),
            level=self.level,
            method=f"{what} on {self.factor}{where}; joint quasi maximum likelihood with GARCH errors, sandwich",
        )

    def _parts(self, quantile: float | None, periods: tuple[str, ...]) -> dict[str, float]:
        reached = [q for q in self.decidable if quantile is not None and q >= quantile]
        names = [self.factor, *(_label(self.factor, q) for q in reached)]
        return {name + period: 1.0 for period in periods for name in names}

    def _too_few(self, quantile: float) -> NotDecidable:
        if quantile not in self.quantiles:
            return NotDecidable(f"the regression has no threshold at the {quantile:.3g} quantile")
        events = self.events[self.quantiles.index(quantile)]
        where = f"at or below the {quantile:.3g} quantile of {self.factor}"
        return NotDecidable(f"only {events} sessions lie {where}, {MINIMUM_EVENTS} are needed")


_UNDIVIDED = NotDecidable("the regression was not divided at a date")


def safe_haven(
    y: pd.Series,
    factor: pd.Series,
    *,
    controls: pd.DataFrame | None = None,
    quantiles: Sequence[float] = (0.10, 0.05, 0.01),
    thresholds: Thresholds = "sample",
    since: pd.Timestamp | None = None,
    volatility: Volatility = "garch",
    distribution: Distribution = "normal",
    level: float = 0.95,
) -> SafeHaven:
    """Regress an asset on a factor with a slope of its own below each quantile of the factor.

    r_t = a + b_t x_t + controls + e_t with b_t = c0 + c1 1[x_t <= q1] + c2 1[x_t <= q2] + .., e_t GARCH(1,1).

    Parameters
    ----------
    y, factor : Series, (T,)
        Percent returns.
    controls : DataFrame, (T, K), optional
        Returns held fixed.
    quantiles : sequence of float
        Each dummy adds to the ones before; sums are what is reported.
    thresholds : {"sample", "expanding"}
        "sample": quantiles of all returns, as in the paper. "expanding": quantiles of the factor's returns before the
        session, so that the state was known; the first 250 sessions are left out.
    since : Timestamp, optional
        From here on every slope on the factor may differ.
    volatility : {"garch", "gjr"}
    distribution : {"normal", "t"}
        Of the errors; with "normal" quasi maximum likelihood.
    level : float
        Of the intervals.

    Returns
    -------
    SafeHaven
        A sum with fewer than five sessions behind it is `NotDecidable`, and its dummy is left out.

    Raises
    ------
    EstimationError
        If there are too few sessions, the factor is constant, `since` lies outside the sample, or the likelihood does
        not converge.

    Notes
    -----
    Baur and McDermott (2010), "Is gold a safe haven? International evidence", Journal of Banking & Finance 34,
    equations 1a to 1c. A hedge has c0 <= 0; a safe haven at a quantile has the cumulative sum there <= 0.
    """
    frame = factor.to_frame() if controls is None else pd.concat([factor, controls], axis=1)
    rows = complete_rows(y, frame, HISTORY)
    values = rows.iloc[:, 1]
    descending = tuple(sorted(quantiles, reverse=True))
    cuts = _thresholds(values, descending, thresholds)
    rows, values = rows.loc[cuts.index], values.loc[cuts.index]
    after = None if since is None else _after(rows.index, since)
    below = {quantile: values <= cuts[quantile] for quantile in descending}
    events = {quantile: _fewest(labels, after) for quantile, labels in below.items()}
    name = str(factor.name)
    slopes = {name: values}
    slopes |= {_label(name, q): values.where(labels, 0.0) for q, labels in below.items() if events[q] >= MINIMUM_EVENTS}
    columns = dict(slopes)
    if after is not None:
        columns |= {f"{label} since": column.where(after, 0.0) for label, column in slopes.items()}
        columns["since"] = after.astype(float)
    columns |= {str(label): column for label, column in rows.iloc[:, 2:].items()}
    return SafeHaven(
        dependent=str(y.name),
        factor=name,
        regression=garch_regression(
            rows.iloc[:, 0], pd.DataFrame(columns), volatility=volatility, distribution=distribution
        ),
        quantiles=descending,
        events=tuple(events.values()),
        since=since,
        level=level,
    )


def extreme_hedges(
    y: pd.Series,
    factors: pd.DataFrame,
    *,
    quantile: float = 0.05,
    distribution: Distribution = "normal",
    level: float = 0.95,
) -> dict[str, SafeHaven]:
    """One regression on several factors, each with one extra slope at or below its own `quantile`, and GJR errors.

    r_t = a + sum_j (b_j x_jt + d_j x_jt 1[x_jt <= q_j]) + e_t, h_t with asymmetry; run it for 5, 2.5 and 1 %.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    factors : DataFrame, (T, K)
        For instance stocks and bonds.
    quantile : float
    distribution : {"normal", "t"}
    level : float

    Returns
    -------
    dict of factor to SafeHaven
        All share one regression.

    Notes
    -----
    Baur and Lucey (2010), "Is gold a hedge or a safe haven? An analysis of stocks, bonds and gold", Financial Review
    45.
    """
    rows = complete_rows(y, factors, HISTORY)
    columns, events = {}, {}
    for label, values in rows.iloc[:, 1:].items():
        name, below = str(label), values <= values.quantile(quantile)
        events[name] = int(below.sum())
        columns[name] = values
        if events[name] >= MINIMUM_EVENTS:
            columns[_label(name, quantile)] = values.where(below, 0.0)
    regression = garch_regression(rows.iloc[:, 0], pd.DataFrame(columns), volatility="gjr", distribution=distribution)
    return {
        name: SafeHaven(str(y.name), name, regression, (quantile,), (count,), None, level)
        for name, count in events.items()
    }


def _label(factor: str, quantile: float) -> str:
    return f"{factor} <= {100.0 * quantile:.3g}%"


def _thresholds(values: pd.Series, quantiles: tuple[float, ...], kind: Thresholds) -> pd.DataFrame:
    """The factor's quantiles on each session, (T, Q), on the sessions that have them."""
    if kind == "sample":
        return pd.DataFrame({q: values.quantile(q) for q in quantiles}, index=values.index)
    known = {q: values.expanding(HISTORY).quantile(q).shift(1) for q in quantiles}
    return pd.DataFrame(known, index=values.index).dropna()


def _after(index: pd.Index, since: pd.Timestamp) -> pd.Series:
    after = pd.Series(np.asarray(index >= since), index=index)
    if after.all() or not after.any():
        raise EstimationError(
            str(since.date()), "lies outside the sample", "Choose a date with sessions on both sides."
        )
    return after


def _fewest(labels: pd.Series, after: pd.Series | None) -> int:
    if after is None:
        return int(labels.sum())
    return min(int((labels & after).sum()), int((labels & ~after).sum()))

"""Bands for conditional correlations, betas and volatilities: what parameter uncertainty does to a filtered path.

In an observation-driven model the path is a function of parameters and past data, so its in-sample uncertainty is
that of the parameters (Blasques, Koopman, Lasak and Lucas 2016) and of what came before the first day. Parameters are
drawn jointly (`draws`), and margins and correlations are filtered anew on the same returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.draws import ParameterSample, Refilter
from models.correlation.paths import PathQuantity
from models.correlation.types import Array
from models.estimate import Estimate

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult


@dataclass(frozen=True, slots=True)
class Band:
    """A path with its band.

    Attributes
    ----------
    what : PathQuantity
    estimate, lower, upper : Series, shape (T,)
    level : float
    simultaneous : bool
        False: at each date by itself the band covers with probability `level` (percentiles of the draws). True: the
        whole path lies inside with that probability (sup-t; correlations on the atanh scale).
    kind : {"parameter", "bootstrap", "parameter and bootstrap"}
    draws : int
    rejected : float
        Share of candidate draws that were not admissible.
    seed : int
    """

    what: PathQuantity
    estimate: pd.Series
    lower: pd.Series
    upper: pd.Series
    level: float
    simultaneous: bool
    kind: str
    draws: int
    rejected: float
    seed: int


@dataclass(frozen=True, slots=True)
class PathDraws:
    """Paths of one quantity at every parameter draw; quantities asked for together share their draws.

    Attributes
    ----------
    what : PathQuantity
    estimate : Series, shape (T,)
        Path at the estimate.
    paths : array, shape (draws, T)
    kind : {"parameter", "bootstrap", "parameter and bootstrap"}
    rejected : float
    seed : int
    """

    what: PathQuantity
    estimate: pd.Series
    paths: Array
    kind: str
    rejected: float
    seed: int

    def band(self, level: float = 0.95, simultaneous: bool = False) -> Band:
        """Pointwise or simultaneous band; see `Band`."""
        if simultaneous:
            lower, upper = self._sup_t(level)
        else:
            lower, upper = np.quantile(self.paths, [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
        index = self.estimate.index
        return Band(
            what=self.what,
            estimate=self.estimate,
            lower=pd.Series(lower, index=index, name="lower"),
            upper=pd.Series(upper, index=index, name="upper"),
            level=level,
            simultaneous=simultaneous,
            kind=self.kind,
            draws=self.paths.shape[0],
            rejected=self.rejected,
            seed=self.seed,
        )

    def averages(self, start: object = None, end: object = None) -> tuple[float, Array]:
        """Mean of the path over start..end (both included) at the estimate and at each draw, shape (draws,)."""
        inside = np.ones(len(self.estimate), dtype=bool)
        if start is not None:
            inside &= np.asarray(self.estimate.index >= start)
        if end is not None:
            inside &= np.asarray(self.estimate.index <= end)
        if not inside.any():
            raise EstimationError(
                self.what.label, f"no session between {start} and {end}", "Choose dates inside the sample."
            )
        return float(self.estimate.to_numpy()[inside].mean()), self.paths[:, inside].mean(axis=1)

    def average(self, start: object = None, end: object = None, level: float = 0.95) -> Estimate:
        """Mean of the path over a window with its percentile interval."""
        value, draws = self.averages(start, end)
        lower, upper = np.quantile(draws, [0.5 * (1.0 - level), 0.5 * (1.0 + level)])
        window = self.estimate.loc[start:end]
        return Estimate(
            value=value,
            std_error=float(draws.std(ddof=1)),
            lower=float(min(lower, value)),
            upper=float(max(upper, value)),
            level=level,
            n=len(window),
            unit="" if not self.what.label.startswith("volatility") else "percent a day",
            method=f"path average of the {self.what.label}; percentiles of {draws.size} {self.kind} draws",
        )

    def _sup_t(self, level: float) -> tuple[Array, Array]:
        forward, back = (np.arctanh, np.tanh) if self.what.bounded else (_same, _same)
        centre = forward(self.estimate.to_numpy())
        deviations = forward(self.paths) - centre
        spread = deviations.std(axis=0, ddof=1)
        spread = np.where(spread > 0.0, spread, 1.0)
        critical = np.quantile(np.abs(deviations / spread).max(axis=1), level)
        return back(centre - critical * spread), back(centre + critical * spread)


def joined_draws(drawn: Sequence[PathDraws], refitted: Sequence[PathDraws]) -> tuple[PathDraws, ...]:
    """Parameter draws and bootstrap draws of the same quantities as one set."""
    return tuple(
        replace(one, paths=np.vstack([one.paths, other.paths]), kind=f"{one.kind} and {other.kind}")
        for one, other in zip(drawn, refitted, strict=True)
    )


def _same(values: Array) -> Array:
    return values


def parameter_draws(
    result: CorrelationResult, what: Sequence[PathQuantity], sample: ParameterSample
) -> tuple[PathDraws, ...]:
    """Paths of several quantities at common draws of the parameters and of what came before the sample.

    Only the margins, target correlations and dynamics of the series involved are drawn: a draw is rejected for what
    it does to these.
    """
    refilter = Refilter(result, sample.names)
    paths = [np.empty((len(sample.candidates), len(result.margins.returns))) for _ in what]
    for row, (candidate, before) in enumerate(zip(sample.candidates, sample.before, strict=True)):
        moments = refilter.moments(candidate, int(before))
        for path, quantity in zip(paths, what, strict=True):
            path[row] = quantity.path(moments)
    estimate = np.concatenate([result.parameters_of(sample.names), result.free_correlation_params])
    at_estimate = refilter.moments(estimate)
    return tuple(
        PathDraws(
            what=quantity,
            estimate=pd.Series(quantity.path(at_estimate), index=result.margins.returns.index, name=quantity.label),
            paths=path,
            kind="parameter",
            rejected=sample.rejected,
            seed=sample.seed,
        )
        for path, quantity in zip(paths, what, strict=True)
    )

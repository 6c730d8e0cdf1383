"""Bands for conditional correlations, betas and volatilities: what parameter uncertainty does to a filtered path.

In an observation-driven model the path is a function of parameters and past data, so its in-sample uncertainty is
that of the parameters (Blasques, Koopman, Lasak and Lucas 2016). Parameters are drawn from their joint normal
distribution, draws outside the admissible set are rejected, and margins and correlations are filtered anew on the
same returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.correlation.dynamics import unpack
from models.correlation.paths import FilteredMoments, PathQuantity
from models.correlation.types import Array
from models.estimate import Estimate

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: Candidates tried for each draw wanted before the sampler gives up.
PATIENCE = 20


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
    kind : {"parameter", "bootstrap"}
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
    kind : {"parameter", "bootstrap"}
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


def _same(values: Array) -> Array:
    return values


def parameter_draws(
    result: CorrelationResult, what: Sequence[PathQuantity], draws: int, seed: int
) -> tuple[PathDraws, ...]:
    """Paths of several quantities at common draws from the normal approximation of the estimates.

    Only the margins, target correlations and dynamics of the series involved are drawn: a draw is rejected for what
    it does to these.
    """
    names = series_needed(result, what)
    centre = np.concatenate([result.parameters_of(names), result.free_correlation_params])
    covariance = result.covariance_of(names)
    paths = [np.empty((draws, len(result.margins.returns))) for _ in what]
    tried = 0
    refilter = Refilter(result, names)
    for accepted, (count, candidate) in enumerate(_admissible(refilter, centre, covariance, draws, seed)):
        tried = count
        moments = refilter.moments(candidate)
        for path, quantity in zip(paths, what, strict=True):
            path[accepted] = quantity.path(moments)
    at_estimate = refilter.moments(centre)
    return tuple(
        PathDraws(
            what=quantity,
            estimate=pd.Series(quantity.path(at_estimate), index=result.margins.returns.index, name=quantity.label),
            paths=path,
            kind="parameter",
            rejected=1.0 - draws / tried,
            seed=seed,
        )
        for path, quantity in zip(paths, what, strict=True)
    )


def admissible_draws(result: CorrelationResult, draws: int, seed: int) -> Iterator[Array]:
    """Draws of (margins, packed target, free correlation parameters) of all series."""
    refilter = Refilter(result, result.names)
    centre = np.concatenate([result.parameters_of(result.names), result.free_correlation_params])
    for _, candidate in _admissible(refilter, centre, result.covariance_of(result.names), draws, seed):
        yield candidate


def series_needed(result: CorrelationResult, what: Sequence[PathQuantity]) -> tuple[str, ...]:
    """Names needed by `what`, in the order of the result."""
    wanted = {name for quantity in what for name in quantity.series}
    unknown = sorted(wanted - set(result.names))
    if unknown:
        raise EstimationError(unknown[0], "is not a series of this model", f"Choose among {', '.join(result.names)}.")
    return result.names if result.pooled else tuple(name for name in result.names if name in wanted)


class Refilter:
    """The returns of some series, filtered anew at parameters (margins, packed target, free correlation ones)."""

    def __init__(self, result: CorrelationResult, names: tuple[str, ...]) -> None:
        self._result = result
        self.names = names
        self._margins = [result.margin(name) for name in names]
        self._returns = [result.margins.returns[name].to_numpy().copy() for name in names]
        self._packed = len(names) * (len(names) + 1) // 2

    def moments(self, candidate: Array) -> FilteredMoments:
        """Conditional moments at `candidate`."""
        size = (self._returns[0].size, len(self.names))
        z, variances, at = np.empty(size), np.empty(size), 0
        for i, (margin, returns) in enumerate(zip(self._margins, self._returns, strict=True)):
            count = margin.params.size
            variances[:, i], z[:, i] = margin.model.filter(candidate[at : at + count], returns, margin.backcast)
            at += count
        psi, _ = self._result.with_free(candidate[at + self._packed :])
        correlations = self._result.correlation_paths(z, candidate[at : at + self._packed], psi)
        return FilteredMoments(self.names, correlations, variances)

    def target_correlations(self, candidate: Array) -> NDArray[np.intp]:
        """Positions of the correlations in the target, drawn on the atanh scale; none if it is a covariance."""
        start = sum(margin.params.size for margin in self._margins)
        size = len(self.names)
        rows, columns = np.tril_indices(size)
        target = candidate[start : start + self._packed]
        if not np.allclose(target[rows == columns], 1.0):
            return np.empty(0, dtype=np.intp)
        return start + np.flatnonzero(rows != columns)

    def admissible(self, candidate: Array) -> bool:
        """Whether variances stay positive and Q positive definite.

        A margin at or beyond unit persistence filters given returns as well as any other, so that only its beta must
        stay below one.
        """
        at = 0
        for margin in self._margins:
            if not margin.model.filterable(candidate[at : at + margin.params.size]):
                return False
            at += margin.params.size
        psi, _ = self._result.with_free(candidate[at + self._packed :])
        if not self._result.admissible(psi):
            return False
        return bool(np.linalg.eigvalsh(unpack(candidate[at : at + self._packed]))[0] > 0.0)


def _admissible(
    refilter: Refilter, centre: Array, covariance: Array, draws: int, seed: int
) -> Iterator[tuple[int, Array]]:
    """Admissible draws, each with the number of candidates tried so far."""
    rng = np.random.default_rng(seed)
    bounded = refilter.target_correlations(centre)
    middle, slopes = centre.copy(), np.ones(centre.size)
    middle[bounded] = np.arctanh(centre[bounded])
    slopes[bounded] = 1.0 / (1.0 - centre[bounded] ** 2)
    values, vectors = np.linalg.eigh(covariance * np.outer(slopes, slopes))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    accepted = 0
    for tried in range(1, PATIENCE * draws + 1):
        candidate = middle + root @ rng.standard_normal(centre.size)
        candidate[bounded] = np.tanh(candidate[bounded])
        if not refilter.admissible(candidate):
            continue
        accepted += 1
        yield tried, candidate
        if accepted == draws:
            return
    raise EstimationError(
        "the band",
        f"only {accepted} of {PATIENCE * draws} parameter draws are admissible",
        'Ask for kind="bootstrap".',
    )

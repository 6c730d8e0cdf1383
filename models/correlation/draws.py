"""Draws of all parameters of an estimated model, and the returns filtered anew at each.

What is drawn is (margins, packed target, free correlation parameters) of the series asked for, from the sandwich
covariance in working coordinates: the logarithm of each GARCH intercept, the inverse hyperbolic tangent of each target
correlation, and log a with log(1 - a - b). The centre is corrected for the small-sample bias of the dynamics, the
spread of the target goes with them, and draws are Student-t with the degrees of freedom that the sandwich has; see
`small_sample`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import EstimationError
from models.correlation.dynamics import unpack
from models.correlation.paths import FilteredMoments, PathQuantity
from models.correlation.small_sample import small_sample
from models.correlation.types import Array

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

#: Candidates tried for each draw wanted before the sampler gives up.
PATIENCE = 20
#: Weight that the first Q may keep after the days run through before the sample, and the most days in shares of it.
FORGOTTEN, LONGEST_RUN = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class ParameterSample:
    """Admissible draws with what it took to find them.

    Attributes
    ----------
    names : tuple of str
        Series whose margins and target correlations were drawn.
    candidates : array, shape (draws, P)
    before : array of int, shape (draws,)
        Session from which days are run through before the first one, so that Q_1 is a draw as well; see `Refilter`.
    rejected : float
        Share of the candidates that were not admissible.
    seed : int
    """

    names: tuple[str, ...]
    candidates: Array
    before: NDArray[np.int64]
    rejected: float
    seed: int

    def first(self, draws: int) -> ParameterSample:
        """The first of the draws alone."""
        return replace(self, candidates=self.candidates[:draws], before=self.before[:draws])


def parameter_sample(result: CorrelationResult, names: tuple[str, ...], draws: int, seed: int) -> ParameterSample:
    """Draw the parameters of some series, rejecting what cannot be filtered.

    Raises
    ------
    EstimationError
        If hardly any candidate is admissible.
    """
    refilter = Refilter(result, names)
    approximation = _Approximation(result, names)
    rng = np.random.default_rng(seed)
    accepted: list[Array] = []
    for tried in range(1, PATIENCE * draws + 1):
        candidate = approximation.draw(rng)
        if refilter.admissible(candidate):
            accepted.append(candidate)
            if len(accepted) == draws:
                before = rng.integers(max(len(result.margins.returns) - refilter.run, 1), size=draws)
                return ParameterSample(names, np.array(accepted), before, 1.0 - draws / tried, seed)
    raise EstimationError(
        "the band",
        f"only {len(accepted)} of {PATIENCE * draws} parameter draws are admissible",
        'Ask for kind="bootstrap".',
    )


def admissible_draws(result: CorrelationResult, draws: int, seed: int) -> Iterator[Array]:
    """Draws of (margins, packed target, free correlation parameters) of all series."""
    yield from parameter_sample(result, result.names, draws, seed).candidates


def series_needed(result: CorrelationResult, what: Sequence[PathQuantity]) -> tuple[str, ...]:
    """Names needed by `what`, in the order of the result."""
    wanted = {name for quantity in what for name in quantity.series}
    unknown = sorted(wanted - set(result.names))
    if unknown:
        raise EstimationError(unknown[0], "is not a series of this model", f"Choose among {', '.join(result.names)}.")
    return result.names if result.pooled else tuple(name for name in result.names if name in wanted)


class Refilter:
    """The returns of some series, filtered anew at parameters (margins, packed target, free correlation ones).

    Q_1 is no parameter and is not known either. `run` days of the sample, from a day given, can be run through before
    the first: their end is a draw of Q_1 from where Q usually is.
    """

    def __init__(self, result: CorrelationResult, names: tuple[str, ...]) -> None:
        self._result = result
        self.names = names
        self._margins = [result.margin(name) for name in names]
        self._returns = [result.margins.returns[name].to_numpy().copy() for name in names]
        self._packed = len(names) * (len(names) + 1) // 2
        self.run = 0
        if result.psi[1] > 0.0:
            longest = int(LONGEST_RUN * len(result.margins.returns))
            self.run = min(int(np.ceil(np.log(FORGOTTEN) / np.log(result.psi[1]))), longest)

    def moments(self, candidate: Array, before: int | None = None) -> FilteredMoments:
        """Conditional moments at `candidate`; `before` is the session from which `run` days come first.

        Variances are those of sessions of mean length, so that no path jumps with the calendar.
        """
        size = (self._returns[0].size, len(self.names))
        z, variances, at = np.empty(size), np.empty(size), 0
        for i, (margin, returns) in enumerate(zip(self._margins, self._returns, strict=True)):
            count = margin.params.size
            own = candidate[at : at + count]
            filtered, z[:, i] = margin.model.filter(own, returns, margin.backcast)
            variances[:, i] = filtered / margin.model.multipliers(own, 0, returns.size)
            at += count
        psi, _ = self._result.with_free(candidate[at + self._packed :])
        first = slice(0, 0) if before is None else slice(before, before + self.run)
        correlations = self._result.correlation_paths(z, candidate[at : at + self._packed], psi, first)
        return FilteredMoments(self.names, correlations, variances)

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


class _Approximation:
    """Student-t in working coordinates, about the corrected estimate."""

    def __init__(self, result: CorrelationResult, names: tuple[str, ...]) -> None:
        corrected = small_sample(result)
        centre = np.concatenate([result.parameters_of(names), corrected.free])
        size, margins = len(names), [result.margin(name) for name in names]
        offsets = np.concatenate([[0], np.cumsum([margin.params.size for margin in margins])])
        rows, columns = np.tril_indices(size)
        target = offsets[-1] + np.arange(rows.size)
        self._logs = np.array(
            [
                offset + len(margin.model.mean_names)
                for offset, margin in zip(offsets, margins, strict=False)
                if margin.model.volatility != "egarch"
            ],
            dtype=np.intp,
        )
        bounded = bool(np.allclose(centre[target[rows == columns]], 1.0))
        self._bounded = target[rows != columns] if bounded else np.empty(0, dtype=np.intp)
        self._dynamic = None if result.constant else offsets[-1] + rows.size
        slopes = np.eye(centre.size)
        slopes[self._logs, self._logs] = 1.0 / centre[self._logs]
        slopes[self._bounded, self._bounded] = 1.0 / (1.0 - centre[self._bounded] ** 2)
        if self._dynamic is not None:
            a, b = centre[self._dynamic : self._dynamic + 2]
            slopes[self._dynamic, self._dynamic] = 1.0 / a
            slopes[self._dynamic + 1, self._dynamic : self._dynamic + 2] = -1.0 / (1.0 - a - b)
        slopes[:, target] *= corrected.spread
        values, vectors = np.linalg.eigh(slopes @ result.covariance_of(names) @ slopes.T)
        self._root = vectors * np.sqrt(np.maximum(values, 0.0))
        self._middle = self._working(centre)
        own = corrected.target_degrees[result.target_positions(names)]
        finite = own[np.isfinite(own)]
        self._degrees = min(float(np.median(finite)), corrected.dynamics_degrees) if finite.size else np.inf

    def draw(self, rng: np.random.Generator) -> Array:
        """One candidate in natural parameters, admissible or not."""
        stretch = np.sqrt(self._degrees / rng.chisquare(self._degrees)) if np.isfinite(self._degrees) else 1.0
        candidate: Array = self._middle + stretch * (self._root @ rng.standard_normal(self._middle.size))
        candidate[self._logs] = np.exp(candidate[self._logs])
        candidate[self._bounded] = np.tanh(candidate[self._bounded])
        if self._dynamic is not None:
            log_a, log_room = candidate[self._dynamic : self._dynamic + 2]
            a, room = np.exp(np.minimum([log_a, log_room], 1.0))
            candidate[self._dynamic : self._dynamic + 2] = a, 1.0 - a - room
        return candidate

    def _working(self, centre: Array) -> Array:
        working = centre.copy()
        working[self._logs] = np.log(centre[self._logs])
        working[self._bounded] = np.arctanh(centre[self._bounded])
        if self._dynamic is not None:
            a, b = centre[self._dynamic : self._dynamic + 2]
            working[self._dynamic : self._dynamic + 2] = np.log(a), np.log(1.0 - a - b)
        return working

"""Where the search begins: seeded regime weights of several kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from models.regimes.kernels import nearest

Array = NDArray[np.float64]

#: Windows of the rolling signals, in observations.
WINDOWS = (5, 21, 63)
#: Weight of the regime a start names; the rest is spread over the others.
CONFIDENCE = 0.9
KMEANS_ITERATIONS = 8
#: Quantiles at which a perturbation splits a regime.
SPLITS = (0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
#: Smallest share of an uneven quantile split.
SMALLEST_SHARE = 0.01


def rolling_mean(values: Array, window: int) -> Array:
    """Mean of the last `window` values, of fewer at the beginning, shape of `values`."""
    total = np.cumsum(values, axis=0)
    shifted = np.concatenate([np.zeros_like(total[:1]).repeat(window, axis=0), total])[: len(total)]
    count = np.minimum(np.arange(1, len(values) + 1), window)
    return np.asarray((total - shifted) / count.reshape(-1, *([1] * (values.ndim - 1))))


def signals_of(residuals: Array) -> Array:
    """Series whose size tells regimes apart: |residual|, rolling volatilities and rolling means, shape (T, F).

    Parameters
    ----------
    residuals : array, shape (T, N)
        Standardised observations; the signals do not depend on the order of the columns.
    """
    size = np.abs(residuals).mean(axis=1)
    square = np.square(residuals).mean(axis=1)
    usable = [window for window in WINDOWS if window < len(residuals) // 4]
    volatilities = [np.sqrt(rolling_mean(square, window)) for window in usable]
    level = residuals.mean(axis=1)
    means = [level, *(rolling_mean(level, window) for window in usable)]
    return np.column_stack([size, *volatilities, *means])


def _weights(labels: NDArray[np.intp], k_regimes: int) -> Array:
    rest = (1.0 - CONFIDENCE) / max(k_regimes - 1, 1)
    weights = np.full((len(labels), k_regimes), rest if k_regimes > 1 else 1.0)
    if k_regimes > 1:
        weights[np.arange(len(labels)), labels] = CONFIDENCE
    return weights


def _kmeans(points: Array, k_regimes: int, generator: np.random.Generator) -> NDArray[np.intp]:
    centres = points[generator.choice(len(points), k_regimes, replace=False)]
    labels = nearest(points, centres)
    for _ in range(KMEANS_ITERATIONS):
        labels = nearest(points, centres)
        centres = np.array(
            [points[labels == k].mean(axis=0) if np.any(labels == k) else centres[k] for k in range(k_regimes)]
        )
    return labels


def _split(signal: Array, shares: Array) -> NDArray[np.intp]:
    cuts = np.quantile(signal, np.cumsum(shares)[:-1])
    return np.searchsorted(cuts, signal, side="right").astype(np.intp)


def _random_path(length: int, k_regimes: int, generator: np.random.Generator) -> NDArray[np.intp]:
    persistence = 1.0 - 10.0 ** generator.uniform(-2.0, 0.0)
    change = generator.random(length) > persistence
    spells = np.cumsum(change)
    return generator.integers(0, k_regimes, size=int(spells[-1]) + 1)[spells]


def as_they_are(weights: Array) -> Array:
    """Regime weights in the order in which they were drawn."""
    return weights


@dataclass(frozen=True)
class StartPlan:
    """Two thirds of the starts are fresh; the rest perturb the best point found so far.

    Parameters
    ----------
    signals : array, shape (T, F)
        Series by which the sample is split into regimes, see `signals_of`.
    k_regimes : int
    starts : int
        One is enough for one regime.
    seed : int
    arrange : callable
        Puts the regimes of the weights into the order that the model needs.
    """

    signals: Array
    k_regimes: int
    starts: int
    seed: int
    arrange: Callable[[Array], Array] = as_they_are

    @property
    def perturbations(self) -> int:
        """How many starts perturb the best point."""
        return self.starts // 3 if self.k_regimes > 1 else 0

    def fresh(self) -> Iterator[Array]:
        """Regime weights, shape (T, K), from quantile splits, k-means and random spells in turn."""
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, self.k_regimes]))
        scale = self.signals.std(axis=0)
        standardised = (self.signals - self.signals.mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)
        length, columns = standardised.shape
        equal = np.full(self.k_regimes, 1.0 / self.k_regimes)
        for start in range(self.starts - self.perturbations if self.k_regimes > 1 else 1):
            kind, turn = start % 3, start // 3
            if kind == 0:
                uneven = np.maximum(generator.dirichlet(np.full(self.k_regimes, 0.7)), SMALLEST_SHARE)
                column = generator.integers(columns)
                if turn % 2 == 0:
                    labels = _split(standardised[:, (turn // 2) % columns], equal)
                else:
                    labels = _split(standardised[:, column], uneven / uneven.sum())
            elif kind == 1:
                chosen = generator.choice(columns, size=min(2, columns), replace=False)
                labels = _kmeans(standardised[:, chosen], self.k_regimes, generator)
            else:
                labels = _random_path(length, self.k_regimes, generator)
            yield self.arrange(_weights(labels, self.k_regimes))

    def joined(self, smoothed: Array) -> Iterator[Array]:
        """Weights after each pair of regimes is joined, shape (T, K); the second is empty, free to be found elsewhere.

        Parameters
        ----------
        smoothed : array, shape (T, K)
            Smoothed probabilities at the best point so far.
        """
        for kept, freed in combinations(range(self.k_regimes), 2):
            weights = smoothed.copy()
            weights[:, kept] += weights[:, freed]
            weights[:, freed] = 0.0
            yield weights

    def perturb(self, smoothed: Array, number: int) -> Array:
        """Weights after two regimes are joined and one is split by a signal, shape (T, K).

        Parameters
        ----------
        smoothed : array, shape (T, K)
            Smoothed probabilities at the best point so far.
        number : int
            Which perturbation.
        """
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, self.k_regimes, 1 + number]))
        labels = smoothed.argmax(axis=1)
        kept, freed = generator.choice(self.k_regimes, 2, replace=False)
        labels[labels == freed] = kept
        inside = labels == generator.choice(np.unique(labels))
        signal = self.signals[:, generator.integers(self.signals.shape[1])]
        above = signal > np.quantile(signal[inside], generator.choice(SPLITS))
        labels[inside & above] = freed
        return self.arrange(_weights(labels, self.k_regimes))

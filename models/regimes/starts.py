"""Where the search begins: seeded regime weights of several kinds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Windows of the rolling signals, in observations.
WINDOWS = (5, 21, 63)
#: Weight of the regime a start names; the rest is spread over the others.
CONFIDENCE = 0.9
KMEANS_ITERATIONS = 8


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
    labels = np.zeros(len(points), dtype=np.intp)
    for _ in range(KMEANS_ITERATIONS):
        distances = np.stack([np.square(points - centre).sum(axis=1) for centre in centres], axis=1)
        labels = np.argmin(distances, axis=1)
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


def start_weights(signals: Array, k_regimes: int, starts: int, seed: int) -> Iterator[Array]:
    """Regime weights to begin from: quantile splits, k-means and random spells in turn.

    Parameters
    ----------
    signals : array, shape (T, F)
    k_regimes : int
    starts : int
    seed : int

    Yields
    ------
    weights : array, shape (T, K), rows summing to one
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed, k_regimes]))
    scale = signals.std(axis=0)
    standardised = (signals - signals.mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)
    length, columns = standardised.shape
    for start in range(starts):
        kind, turn = start % 3, start // 3
        if kind == 0:
            shares = (
                np.full(k_regimes, 1.0 / k_regimes) if turn < columns else generator.dirichlet(np.full(k_regimes, 3.0))
            )
            labels = _split(standardised[:, turn % columns], shares)
        elif kind == 1:
            chosen = generator.choice(columns, size=min(2, columns), replace=False)
            labels = _kmeans(standardised[:, chosen], k_regimes, generator)
        else:
            labels = _random_path(length, k_regimes, generator)
        yield _weights(labels, k_regimes)

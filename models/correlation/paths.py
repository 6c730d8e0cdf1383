"""What a band can be asked for: functions of conditional correlations and variances, as small frozen values.

    Correlation("BTC", "QQQ")                   rho_t
    Beta("GDX", "GLD")                          Cov_t / Var_t; with controls=("SPY",) the partial beta H_xx^-1 h_xy
    MeanCorrelation(("BTC", "GLD", "SPY"))      mean of the pairs
    Volatility("BTC")                           sqrt(h_t), percent a day
    PortfolioVolatility(("BTC", "GLD"), (.5, .5))
    Difference(Correlation("BTC", "QQQ"), Correlation("BTC", "GLD"))

Each names the series it needs and computes its path from the filtered moments of those series.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from models.correlation.types import Array


@dataclass(frozen=True, slots=True)
class FilteredMoments:
    """Conditional correlations and variances of K named series.

    Attributes
    ----------
    names : tuple of str
    correlations : array, shape (T, K (K + 1) / 2)
        Lower triangle by rows.
    variances : array, shape (T, K)
    """

    names: tuple[str, ...]
    correlations: Array
    variances: Array

    def correlation(self, first: str, second: str) -> Array:
        """rho_t of a pair, shape (T,)."""
        path: Array = self.correlations[:, _position(self.names.index(first), self.names.index(second))]
        return path

    def volatility(self, name: str) -> Array:
        """sqrt(h_t), shape (T,)."""
        return np.asarray(np.sqrt(self.variances[:, self.names.index(name)]))

    def covariances(self, names: tuple[str, ...]) -> Array:
        """H_t of some of the series, shape (T, len(names), len(names))."""
        chosen = [self.names.index(name) for name in names]
        scale = np.sqrt(self.variances[:, chosen])
        positions = [[_position(i, j) for j in chosen] for i in chosen]
        matrices: Array = self.correlations[:, positions] * scale[:, :, None] * scale[:, None, :]
        return matrices


def _position(i: int, j: int) -> int:
    low, high = min(i, j), max(i, j)
    return high * (high + 1) // 2 + low


class PathQuantity(Protocol):
    """A path that depends on the conditional moments of some series."""

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series it needs."""

    @property
    def bounded(self) -> bool:
        """Whether it lies in (-1, 1), so that its simultaneous band is built on atanh."""

    @property
    def label(self) -> str:
        """Short name for tables and charts."""

    def path(self, moments: FilteredMoments) -> Array:
        """Its values, shape (T,)."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Conditional correlation of two series."""

    first: str
    second: str

    @property
    def series(self) -> tuple[str, ...]:
        return (self.first, self.second)

    @property
    def bounded(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"correlation {self.first}, {self.second}"

    def path(self, moments: FilteredMoments) -> Array:
        return moments.correlation(self.first, self.second)


@dataclass(frozen=True, slots=True)
class Beta:
    """Dynamic conditional beta of `response` on `factor`, holding `controls` fixed (Engle 2016)."""

    response: str
    factor: str
    controls: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        return (self.response, self.factor, *self.controls)

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        given = f" given {', '.join(self.controls)}" if self.controls else ""
        return f"beta of {self.response} on {self.factor}{given}"

    def path(self, moments: FilteredMoments) -> Array:
        if not self.controls:
            ratio = moments.volatility(self.response) / moments.volatility(self.factor)
            simple: Array = moments.correlation(self.response, self.factor) * ratio
            return simple
        covariances = moments.covariances(self.series)
        return np.asarray(np.linalg.solve(covariances[:, 1:, 1:], covariances[:, 1:, :1])[:, 0, 0])


@dataclass(frozen=True, slots=True)
class MeanCorrelation:
    """Mean of the conditional correlations of all pairs among `members`."""

    members: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        return self.members

    @property
    def bounded(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"mean correlation of {', '.join(self.members)}"

    def path(self, moments: FilteredMoments) -> Array:
        return np.asarray(np.mean([moments.correlation(*pair) for pair in combinations(self.members, 2)], axis=0))


@dataclass(frozen=True, slots=True)
class Volatility:
    """Conditional standard deviation, percent a day."""

    name: str

    @property
    def series(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return f"volatility of {self.name}"

    def path(self, moments: FilteredMoments) -> Array:
        return moments.volatility(self.name)


@dataclass(frozen=True, slots=True)
class PortfolioVolatility:
    """Conditional standard deviation of fixed weights, percent a day."""

    members: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def series(self) -> tuple[str, ...]:
        return self.members

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return f"volatility of a portfolio of {', '.join(self.members)}"

    def path(self, moments: FilteredMoments) -> Array:
        weights = np.array(self.weights)
        variance = np.einsum("i,tij,j->t", weights, moments.covariances(self.members), weights)
        return np.asarray(np.sqrt(variance))


@dataclass(frozen=True, slots=True)
class Difference:
    """`first` minus `second`, from the same draws."""

    first: PathQuantity
    second: PathQuantity

    @property
    def series(self) -> tuple[str, ...]:
        return (*self.first.series, *self.second.series)

    @property
    def bounded(self) -> bool:
        return False

    @property
    def label(self) -> str:
        return f"{self.first.label} minus {self.second.label}"

    def path(self, moments: FilteredMoments) -> Array:
        difference: Array = self.first.path(moments) - self.second.path(moments)
        return difference

"""Placebo labels: what a statistic looks like when the labels say nothing, their runs kept as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.estimate import Estimate, TestResult

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Placebos:
    """A statistic and its values under rotated labels.

    Attributes
    ----------
    observed : float
        Under the labels as they are.
    values : ndarray, (R,)
        Under the rotations that give a finite value.
    n : int
        Labels.
    """

    observed: float
    values: Array
    n: int

    def test(self, null: str) -> TestResult:
        """Two-sided test of `null`, a sentence; the p-value is at least 1 / (R + 1).

        `statistic` is the distance from the mean of the placebos in their standard deviations.
        """
        centre = self.values.mean()
        beyond = int(np.sum(self._distances >= abs(self.observed - centre)))
        return TestResult(
            statistic=float((self.observed - centre) / self.values.std()),
            p_value=(1.0 + beyond) / (1.0 + self.values.size),
            null=null,
            reference=f"{self.values.size} rotations of the labels",
            n=self.n,
            method="placebo labels that keep their runs",
        )

    def interval(self, level: float) -> tuple[float, float]:
        """Effects that the test does not reject at `level` when they are added to what the placebos show."""
        kept = max(int((1.0 - level) * (self.values.size + 1) + 1e-9), 1)
        reach = float(np.sort(self._distances)[-kept])
        centre = self.observed - float(self.values.mean())
        return centre - reach, centre + reach

    def widened(self, effect: Estimate, p_value: float, null: str) -> tuple[Estimate, float]:
        """An effect with the limits, and the p-value, that hold for its own interval and for the placebos.

        What either test keeps is kept: the limits are the outer ones of both, the p-value is the larger, and so it
        inverts the interval.
        """
        low, high = self.interval(effect.level)
        both = replace(
            effect,
            lower=min(effect.lower, low),
            upper=max(effect.upper, high),
            method=f"{effect.method}; limits not inside those of {self.values.size} rotations of the labels",
        )
        return both, max(p_value, self.test(null).p_value)

    @property
    def _distances(self) -> Array:
        return np.abs(self.values - self.values.mean())


def rotated(statistic: Callable[[Labels], float], labels: Labels, *, rotations: int, seed: int) -> Placebos:
    """A statistic under labels rotated against the data.

    Rotating the label series against the data breaks every tie between them and keeps the number and the lengths of its
    runs, so that the clustering of stress and the clustering of the data both stay.

    Parameters
    ----------
    statistic : callable
        Labels (T,) to the statistic.
    labels : ndarray of bool, (T,)
    rotations : int
        Different rotations drawn, at most T - 1.
    seed : int
    """
    shifts = np.random.default_rng(seed).permutation(labels.size - 1)[:rotations] + 1
    placebos = np.array([statistic(np.roll(labels, shift)) for shift in shifts])
    return Placebos(float(statistic(labels)), placebos[np.isfinite(placebos)], labels.size)


def rotation_test(
    statistic: Callable[[Labels], float], labels: Labels, *, rotations: int, seed: int, null: str
) -> TestResult:
    """Compare a statistic with its values under rotated labels; parameters as in `rotated` and `Placebos.test`."""
    return rotated(statistic, labels, rotations=rotations, seed=seed).test(null)

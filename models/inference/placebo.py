"""Placebo labels: what a statistic looks like when the labels say nothing, their runs kept as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.estimate import TestResult

Labels = NDArray[np.bool_]


def rotation_test(
    statistic: Callable[[Labels], float], labels: Labels, *, rotations: int, seed: int, null: str
) -> TestResult:
    """Compare a statistic with its values under rotated labels.

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
    null : str
        What the test supposes, as a sentence.

    Returns
    -------
    TestResult
        `statistic` is the distance from the mean of the placebos in their standard deviations; two-sided p-value, at
        least 1 / (rotations + 1).
    """
    shifts = np.random.default_rng(seed).permutation(labels.size - 1)[:rotations] + 1
    placebos = np.array([statistic(np.roll(labels, shift)) for shift in shifts])
    placebos = placebos[np.isfinite(placebos)]
    centre, observed = placebos.mean(), statistic(labels)
    beyond = int(np.sum(np.abs(placebos - centre) >= abs(observed - centre)))
    return TestResult(
        statistic=float((observed - centre) / placebos.std()),
        p_value=(1.0 + beyond) / (1.0 + placebos.size),
        null=null,
        reference=f"{placebos.size} rotations of the labels",
        n=labels.size,
        method="placebo labels that keep their runs",
    )

"""What the designs of the smaller estimators share: settings, shocks, and whether an interval was right."""

from __future__ import annotations

import numpy as np

from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling

LEVEL = 0.95
SESSIONS = 1500
SIZE = 0.05


def resampling(number: int) -> Resampling:
    """The settings of every bootstrap interval, with the sample's number as seed."""
    return Resampling(level=LEVEL, replications=399, block_bounds=(5, 40), seed=number)


def student(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Unit-variance Student shocks with six degrees of freedom."""
    return generator.standard_t(6, size=shape) * np.sqrt(4.0 / 6.0)


def clustered(generator: np.random.Generator, sessions: int, series: int) -> np.ndarray:
    """GARCH(1,1) returns with Student shocks and unit variance, independent over series."""
    shocks = student(generator, sessions, series)
    variance = np.ones((sessions, series))
    for t in range(1, sessions):
        variance[t] = 0.05 + variance[t - 1] * (0.08 * shocks[t - 1] ** 2 + 0.87)
    return np.sqrt(variance) * shocks


def covers(answer: Estimate | NotDecidable, truth: float) -> bool:
    """Whether there is an interval and it holds the truth."""
    return isinstance(answer, Estimate) and answer.contains(truth)


def summary(records: list[dict[str, float]]) -> dict[str, float]:
    """Percent of samples, or of their sessions, in which the interval held the truth or the true null was kept."""
    return {
        "samples": float(len(records)),
        "failed": float(sum(record["failed"] for record in records)),
        "right": 100.0 * float(np.mean([record["right"] for record in records])),
    }

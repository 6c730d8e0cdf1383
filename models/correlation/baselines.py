"""Baselines without estimation: exponentially weighted and rolling covariances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.dynamics import normalised
from models.correlation.types import Array


class Baseline(Protocol):
    """A recursion with nothing to estimate."""

    @property
    def label(self) -> str:
        """Short name for tables."""

    def filter(self, returns: pd.DataFrame) -> BaselinePaths:
        """Covariances predicted for each day from the days before."""


@dataclass(frozen=True, slots=True)
class BaselinePaths:
    """Covariances of a baseline.

    Attributes
    ----------
    returns : DataFrame, shape (T, N)
        Percent.
    covariances : array, shape (T, N, N)
        Predicted at t-1; NaN on the first days, for which the baseline has nothing to go by.
    next_covariance : array, shape (N, N)
        For T + 1, known at T.
    label : str
    """

    returns: pd.DataFrame
    covariances: Array
    next_covariance: Array
    label: str

    @property
    def correlations(self) -> Array:
        """Shape (T, N, N)."""
        return normalised(self.covariances)

    def correlation(self, first: str, second: str) -> pd.Series:
        """Path of one pair, labelled."""
        columns = [str(name) for name in self.returns.columns]
        path = self.correlations[:, columns.index(first), columns.index(second)]
        return pd.Series(path, index=self.returns.index, name=f"{first}, {second}")


@dataclass(frozen=True, slots=True)
class EWMA:
    """RiskMetrics: H_{t+1} = (1 - decay) r_t r_t' + decay H_t, begun at the mean product of the first `start` days.

    Parameters
    ----------
    decay : float
        0.94 for daily data (J. P. Morgan 1996).
    start : int
        Days behind the first covariance.
    """

    decay: float = 0.94
    start: int = 21

    @property
    def label(self) -> str:
        return f"EWMA {self.decay:g}"

    def filter(self, returns: pd.DataFrame) -> BaselinePaths:
        """Predicted covariances; the first `start` days have none."""
        values = _checked(returns, self.start)
        path = np.full((len(values) + 1, values.shape[1], values.shape[1]), np.nan)
        current = values[: self.start].T @ values[: self.start] / self.start
        for t in range(self.start, len(values)):
            path[t] = current
            current = (1.0 - self.decay) * np.outer(values[t], values[t]) + self.decay * current
        path[-1] = current
        return BaselinePaths(returns, path[:-1], path[-1], self.label)


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """Mean product of the last `window` days, mean not removed."""

    window: int = 63

    @property
    def label(self) -> str:
        return f"rolling {self.window}"

    def filter(self, returns: pd.DataFrame) -> BaselinePaths:
        """Predicted covariances; the first `window` days have none."""
        values = _checked(returns, self.window)
        products = np.cumsum(values[:, :, None] * values[:, None, :], axis=0)
        path = np.full((len(values) + 1, values.shape[1], values.shape[1]), np.nan)
        path[self.window :] = products[self.window - 1 :]
        path[self.window + 1 :] -= products[: -self.window]
        path /= self.window
        return BaselinePaths(returns, path[:-1], path[-1], self.label)


def _checked(returns: pd.DataFrame, needed: int) -> Array:
    values = returns.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise EstimationError("the returns", "hold missing values", "Drop those sessions first.")
    if len(values) <= max(needed, values.shape[1]):
        raise EstimationError(
            "the returns", f"{len(values)} sessions are too few for a start of {needed}", "Use a longer sample."
        )
    return values

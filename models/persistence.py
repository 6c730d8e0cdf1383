"""How long a variance shock lasts."""

from __future__ import annotations

import math

import numpy as np

from models.estimate import Estimate, NotDecidable
from models.inference.intervals import normal_estimate
from models.margins.estimation import FittedMargin
from models.margins.model import INTEGRATED


def variance_half_life(margin: FittedMargin, *, level: float) -> Estimate | NotDecidable:
    """Sessions until half of a variance shock has faded: log(1/2) / log(persistence).

    Parameters
    ----------
    margin : FittedMargin
        A GARCH or GJR margin with its influence functions.
    level : float

    Returns
    -------
    Estimate or NotDecidable
        The interval is a delta-method one on the log of the half-life; not decidable where the persistence reaches
        its bound, since the half-life is then unbounded.
    """
    persistence = margin.persistence
    if persistence >= INTEGRATED:
        return NotDecidable("the persistence of the variance is estimated at its bound, the half-life is unbounded")
    observations = margin.influence.shape[0]
    covariance = margin.influence.T @ margin.influence / observations**2
    slopes = _slopes(margin)
    deviation = math.sqrt(float(slopes @ covariance @ slopes))
    half_life = math.log(0.5) / math.log(persistence)
    log_error = deviation / (persistence * abs(math.log(persistence)))
    on_log = normal_estimate(math.log(half_life), log_error, level=level, n=observations, method="")
    return Estimate(
        half_life,
        half_life * log_error,
        math.exp(on_log.lower),
        math.exp(on_log.upper),
        level,
        observations,
        "sessions",
        "half-life of a variance shock; sandwich, delta method on its log",
    )


def half_life_ratio(first: FittedMargin, second: FittedMargin, *, level: float) -> Estimate | NotDecidable:
    """Log ratio of the half-lives of two variances, negative where the first fades sooner.

    Parameters
    ----------
    first, second : FittedMargin
        Fitted to the same sessions: their influence functions are added day by day, so common shocks count.
    level : float

    Returns
    -------
    Estimate or NotDecidable
        In log points; not decidable where a persistence reaches its bound.
    """
    parts = []
    for margin in (first, second):
        if margin.persistence >= INTEGRATED:
            return NotDecidable(f"the persistence of {margin.name}'s variance is estimated at its bound")
        steepness = -1.0 / (margin.persistence * math.log(margin.persistence))
        parts.append(steepness * margin.influence @ _slopes(margin))
    if parts[0].size != parts[1].size:
        return NotDecidable("the two variances are fitted to different sessions")
    ratio = math.log(math.log(second.persistence) / math.log(first.persistence))
    error = math.sqrt(float(np.sum((parts[0] - parts[1]) ** 2))) / parts[0].size
    return normal_estimate(
        ratio,
        error,
        level=level,
        n=parts[0].size,
        unit="log points",
        method="log ratio of the half-lives of variance shocks; joint sandwich",
    )


def _slopes(margin: FittedMargin) -> np.ndarray:
    """Derivative of the persistence in each parameter, by central differences (the persistence is linear in them)."""
    params = margin.params
    slopes = np.empty(params.size)
    for index in range(params.size):
        step = np.zeros(params.size)
        step[index] = 1e-6
        slopes[index] = (margin.model.persistence(params + step) - margin.model.persistence(params - step)) / 2e-6
    return slopes

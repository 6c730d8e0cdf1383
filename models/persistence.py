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


def _slopes(margin: FittedMargin) -> np.ndarray:
    """Derivative of the persistence in each parameter, by central differences (the persistence is linear in them)."""
    params = margin.params
    slopes = np.empty(params.size)
    for index in range(params.size):
        step = np.zeros(params.size)
        step[index] = 1e-6
        slopes[index] = (margin.model.persistence(params + step) - margin.model.persistence(params - step)) / 2e-6
    return slopes

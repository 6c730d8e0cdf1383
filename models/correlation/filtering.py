"""Correlations from residuals at given parameters: the recursion of the states, rescaled and pooled."""

from __future__ import annotations

import numpy as np

from models.correlation.dynamics import Dynamics
from models.correlation.likelihood import coefficients
from models.correlation.pooled import pool_states
from models.correlation.recursions import normalise_states, state_pass
from models.correlation.types import Array


def filtered_states(dynamics: Dynamics, z: Array, target: Array, psi: Array, push: Array) -> Array:
    """Q_t at every date and at T + 1, packed, shape (T + 1, M); `push`, shape (T,), as of `Dynamics.push`."""
    drive = dynamics.drive(z, dynamics.moments(z), psi, target, slopes=False)
    return state_pass(drive.x, drive.negative, drive.intercept, drive.first, push, *coefficients(psi))


def filtered_correlations(dynamics: Dynamics, z: Array, target: Array, psi: Array, push: Array) -> Array:
    """R_t at every date and at T + 1, packed, shape (T + 1, M)."""
    correlations = normalise_states(filtered_states(dynamics, z, target, psi, push))
    if dynamics.blocks:
        pool_states(correlations, np.array(dynamics.blocks, dtype=np.int64))
    return correlations

"""Series that follow from the paths: traded volume and the weekly index of financial conditions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.simulate.kernels import reverting_path
from models.simulate.paths import CONDITIONED, Paths
from models.simulate.structure import World

Array = NDArray[np.float64]

VOLUME_TREND, VOLUME_PERSISTENCE, VOLUME_NOISE = 1e-4, 0.75, 0.25
VOLUME_BY_REGIME = np.array([0.0, 0.15, 1.0])
USUAL_SHOCK = 0.75
DAY_OF_WEEK = np.array([-0.06, 0.0, 0.01, 0.01, 0.04])

CONDITIONS_PERSISTENCE, CONDITIONS_NOISE = 0.9, 0.02
FEAR_CENTRE, FEAR_SPREAD = 18.0, 5.2
CREDIT_CENTRE, CREDIT_SPREAD = 429.0, 66.0
"""Centres and spreads that standardise fear index and credit spread inside the index of conditions."""


def dollar_volume(world: World, role: str, paths: Paths, weekday: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Dollar volume of a role, (T,).

    ln V_t = level + 1e-4 t + day of the week + x_t, x_t = .75 x_{t-1} + .22 (|u_t| - .75) + response of the regime
    + .25 n_t. The response is `regime` in deleveraging, .15 of it in risk-off and none in calm.
    """
    rule = world.volumes[role]
    T = len(paths.states)
    size = np.abs(paths.std_shocks[:, CONDITIONED.index(role)]) if role in CONDITIONED else np.full(T, USUAL_SHOCK)
    impulses = (
        world.shock_volume * (size - USUAL_SHOCK)
        + rule.regime * VOLUME_BY_REGIME[paths.states]
        + VOLUME_NOISE * rng.standard_normal(T)
    )
    state = reverting_path(impulses, 0.0, 1.0 - VOLUME_PERSISTENCE, -np.inf, 0.0)
    return np.asarray(np.exp(rule.level + VOLUME_TREND * np.arange(T) + DAY_OF_WEEK[weekday] + state), dtype=np.float64)


def conditions_index(fear: Array, credit: Array, rng: np.random.Generator) -> Array:
    """Weekly conditions: -.5 + .35 z(credit spread) + .25 z(fear index) + an AR(1) of .9 and .02, (weeks,)."""
    noise = reverting_path(
        CONDITIONS_NOISE * rng.standard_normal(len(fear)), 0.0, 1.0 - CONDITIONS_PERSISTENCE, -np.inf, 0.0
    )
    standard_credit = (credit - CREDIT_CENTRE) / CREDIT_SPREAD
    standard_fear = (fear - FEAR_CENTRE) / FEAR_SPREAD
    return -0.5 + 0.35 * standard_credit + 0.25 * standard_fear + noise

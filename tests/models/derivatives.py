"""Differences of fourth order, against which scores are held."""

from collections.abc import Callable

import numpy as np


def differences(function: Callable[[np.ndarray], np.ndarray], params: np.ndarray, index: int) -> np.ndarray:
    """Derivative of `function` (P,) -> (T,) by one parameter."""
    step = 1e-4 * max(abs(params[index]), 0.05)

    def at(k: int) -> np.ndarray:
        moved = params.copy()
        moved[index] += k * step
        return function(moved)

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)

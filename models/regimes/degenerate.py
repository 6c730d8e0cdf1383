"""Regimes that are accidents of an unbounded likelihood: a variance at its floor, or hardly an observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Smallest conditional variance of a regime, as a share of the sample's (econometrics: the covariance floor).
VARIANCE_FLOOR = 1e-3
#: Distance from the floor of a standard deviation, relative to it, within which it counts as reached.
REACHED = 1e-6


@dataclass(frozen=True, slots=True)
class DegenerateRegime:
    """A regime that is no estimate: the likelihood rises without limit as it shrinks onto its observations.

    Attributes
    ----------
    regime : int
    observations : float
        Expected observations it holds.
    fewest : float
        Observations that its own parameters need.
    at_floor : bool
        Whether its variance, or the smallest variance of a combination of the series, stands at the floor.
    """

    regime: int
    observations: float
    fewest: float
    at_floor: bool

    @property
    def problem(self) -> str:
        """What is wrong, in words."""
        floor = f"has shrunk to the smallest variance allowed, {VARIANCE_FLOOR:.1%} of the sample's"
        few = f"holds {self.observations:.1f} observations where its parameters need {self.fewest:.0f}"
        said = [words for words, true in ((floor, self.at_floor), (few, self.observations < self.fewest)) if true]
        return f"regime {self.regime} {' and '.join(said)}: there the likelihood has no maximum"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        if self.at_floor:
            return "Check the series for constant stretches and for a change of unit, or use fewer regimes."
        return "Use fewer regimes or a longer sample."

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}"


def reaches_floor(deviations: Array) -> NDArray[np.bool_]:
    """Whether standard deviations, as shares of the sample's, stand at the floor.

    Parameters
    ----------
    deviations : array, shape (K,)
    """
    return np.asarray(deviations <= np.sqrt(VARIANCE_FLOOR) * (1.0 + REACHED))


def degenerate_regimes(smoothed: Array, fewest: float, at_floor: NDArray[np.bool_]) -> tuple[DegenerateRegime, ...]:
    """The regimes that are no estimates; none where the likelihood has a proper maximum.

    Parameters
    ----------
    smoothed : array, shape (T, K)
    fewest : float
        Observations that the parameters of one regime need.
    at_floor : array of bool, shape (K,)
    """
    held = smoothed.sum(axis=0)
    return tuple(
        DegenerateRegime(regime, float(count), fewest, bool(floor))
        for regime, (count, floor) in enumerate(zip(held, at_floor, strict=True))
        if floor or count < fewest
    )

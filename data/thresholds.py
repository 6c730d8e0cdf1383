"""What decides a verdict: the claims with their thresholds, what a threshold may be, and what all verdicts ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data.instruments import Frozen, Probability

INFINITE = math.inf
#: Lowest and highest value of a threshold by its name, both allowed; every other one must lie above zero.
RANGES: dict[str, tuple[float, float]] = {
    "tolerance": (0.0, INFINITE),
    "clear_fall": (0.0, 100.0),
    "safe_haven": (0.0, INFINITE),
    "signs_not": (0.0, INFINITE),
    "announcement": (0.0, INFINITE),
    "around": (0.0, INFINITE),
    "estimation_last": (1.0, INFINITE),
    "prior_sessions": (30.0, INFINITE),
    "usual_sessions": (30.0, INFINITE),
    "beta_sessions": (30.0, INFINITE),
    "history": (30.0, INFINITE),
    "conditions_sessions": (1.0, 252.0),
    "credit_sessions": (1.0, 252.0),
    "fear_sessions": (1.0, 252.0),
    "minimum_spells": (2.0, INFINITE),
    "minimum_episodes": (2.0, INFINITE),
    "minimum_assets": (4.0, INFINITE),
    "minimum_weekends": (30.0, INFINITE),
    "horizon": (1.0, 252.0),
}
#: Thresholds that are shares or probabilities, strictly between zero and one.
SHARES = {"closely", "rank_share", "typical_share", "minimum_r2", "state_margin", "spike"}
#: Percentiles and levels of an index between 0 and 100, strictly inside.
PERCENTILES = {"fear_percentile", "credit_percentile", "percentile", "strength", "fall", "market_fall"}
#: Ratios that say "more than": strictly above one.
RATIOS = {"ratio", "risk_ratio", "slack"}
#: The first must lie below the second where a claim has both.
ORDERED = (
    ("low", "high"),
    ("tolerance", "clear_fall"),
    ("signs_not", "signs"),
    ("estimation_last", "estimation_first"),
    ("sesoi", "closely"),
)


def faults(thresholds: Mapping[str, float]) -> list[str]:
    """What is impossible about a claim's thresholds, as clauses that begin with the name."""
    found = [problem for name, value in thresholds.items() if (problem := _fault(name, value))]
    return found + [
        f"{low} ({thresholds[low]:g}) must lie below {high} ({thresholds[high]:g})"
        for low, high in ORDERED
        if low in thresholds and high in thresholds and not thresholds[low] < thresholds[high]
    ]


def _fault(name: str, value: float) -> str:
    if not math.isfinite(value):
        return f"{name} is not finite"
    if name in RANGES:
        low, high = RANGES[name]
        upper = f" and at most {high:g}" if math.isfinite(high) else ""
        return "" if low <= value <= high else f"{name} must be at least {low:g}{upper}, not {value:g}"
    if name in SHARES:
        return "" if 0.0 < value < 1.0 else f"{name} must lie between 0 and 1, not at {value:g}"
    if name in PERCENTILES:
        return "" if 0.0 < value < 100.0 else f"{name} must lie between 0 and 100, not at {value:g}"
    if name in RATIOS:
        return "" if value > 1.0 else f"{name} must exceed 1, not be {value:g}"
    return "" if value > 0.0 else f"{name} must be positive, not {value:g}"


class VerdictRule(Frozen):
    """What the verdicts ask beside an effect's own thresholds.

    `share_needed` of the listed alternatives must show at least half the size of interest; dated windows are moved by
    up to `moved_sessions` sessions.
    """

    share_needed: Probability
    moved_sessions: Annotated[int, Field(ge=1, le=10)]


class Tails(Frozen):
    """Which sessions of a factor are its worst: the share that claims are judged on, and others shown beside."""

    judged: Annotated[float, Field(gt=0.0, lt=0.5)]
    shown: tuple[Annotated[float, Field(gt=0.0, lt=0.5)], ...] = ()

    @property
    def quantiles(self) -> tuple[float, ...]:
        """All of them, from the mildest to the most extreme."""
        return tuple(sorted({self.judged, *self.shown}, reverse=True))


class Claim(Frozen):
    """A statement to be judged, its family for the correction of multiplicity and its thresholds."""

    statement: str
    section: str
    family: Literal["fact", "dependence", "beta_hedge", "drivers", "liquidity", "outlook"]
    thresholds: dict[str, float] = Field(default_factory=dict)
    enabled: bool = True

    @model_validator(mode="after")
    def _possible(self) -> Self:
        found = faults(self.thresholds)
        if found:
            raise ValueError(f"thresholds: {'; '.join(found)}")
        return self

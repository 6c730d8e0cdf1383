"""Parts as a reader would quote them: the quantity itself with what is asked of it, not its margin over a bound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from data.study import Study
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable
from reports.reasons import DECIDING, part_label
from reports.text import in_sentence


@dataclass(frozen=True, slots=True)
class Margin:
    """How a part's effect is made: the quantity less its bound, or the bound less the quantity.

    Attributes
    ----------
    quantity : str
        What a reader would quote.
    bound : str or float
        A threshold of the claim, or a number.
    asked : {"above", "below"}
        The side of the bound on which the statement puts the quantity.
    """

    quantity: str
    bound: str | float
    asked: Literal["above", "below"] = "above"


#: Parts whose effect is a margin, by claim and position.
MARGINS: Mapping[tuple[str, int], Margin] = {
    ("C05", 1): Margin("correlation in the window", 0.0, "below"),
    ("C11", 1): Margin("beta on the market", "high_beta"),
    ("C15", 0): Margin("slope on oil", 0.0, "below"),
    ("C15", 1): Margin("slope on the credit spread", 0.0, "below"),
    ("C16", 0): Margin("share of the risk block", 0.5),
    ("C16", 1): Margin("share of the risk block", 0.5),
    ("C17", 1): Margin("risk ratio", 1.0),
    ("C22", 0): Margin("probability of the turbulent state", 0.5),
    ("C22", 3): Margin("half-life of a variance shock", "half_life_days"),
    ("C23", 2): Margin("slope in the market’s worst sessions", "safe_haven", "below"),
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A part with its quantity.

    Attributes
    ----------
    part : Part
    quantity : str
        What `effect` measures; empty where the part's own label says it.
    effect : Estimate or NotDecidable
    needed : float
        What the statement asks of it, at least or at most.
    found : float or None
        The value that would be found four times in five.
    below : bool
        Whether the quantity should be at most `needed`.
    """

    part: Part
    quantity: str
    effect: Estimate | NotDecidable
    needed: float
    found: float | None
    below: bool


def quoted(verdict: Verdict, study: Study) -> tuple[Quoted, ...]:
    """The parts of a verdict, margins turned back into quantities."""
    return tuple(_quoted(verdict.id, i, part, study) for i, part in enumerate(verdict.parts))


def as_measured(part: Part) -> Quoted:
    """A part whose effect is the quantity itself."""
    return Quoted(part, "", part.effect, part.sesoi, part.mde80, below=False)


def _quoted(claim: str, position: int, part: Part, study: Study) -> Quoted:
    margin = MARGINS.get((claim, position))
    if margin is None or claim not in study.claims:
        return as_measured(part)
    bound = study.claims[claim].thresholds[margin.bound] if isinstance(margin.bound, str) else margin.bound
    sign = -1.0 if margin.asked == "below" else 1.0

    def back(value: float) -> float:
        return bound + sign * value

    effect = part.effect
    if isinstance(effect, Estimate):
        low, high = sorted((back(effect.lower), back(effect.upper)))
        effect = replace(effect, value=back(effect.value), lower=low, upper=high)
    return Quoted(
        part,
        margin.quantity,
        effect,
        back(part.sesoi),
        None if part.mde80 is None else back(part.mde80),
        below=margin.asked == "below",
    )


def _measure(one: Quoted) -> str:
    """What a part's quantity is, with the asset that the part is about."""
    label = part_label(one.part)
    asset, colon, _ = label.partition(": ")
    if not one.quantity:
        return label
    return f"{one.quantity}, {in_sentence(asset)}" if colon and "(" not in asset else one.quantity


def _same(headline: Estimate | NotDecidable, effect: Estimate | NotDecidable) -> bool:
    """Whether a quantity that was turned back from its margin is the headline."""
    if not (isinstance(headline, Estimate) and isinstance(effect, Estimate)) or headline.unit != effect.unit:
        return False
    pairs = ((headline.value, effect.value), (headline.lower, effect.lower), (headline.upper, effect.upper))
    return all(math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) for one, other in pairs)


def decisive(verdict: Verdict, study: Study) -> tuple[Estimate | NotDecidable, str]:
    """The number that page one prints, with what it measures.

    It is the claim's headline, unless that belongs to a part which did not decide: then the first part that did.
    Where a part that cannot be tested decided, there is no number.
    """
    headline, label = verdict.headline, verdict.headline_label
    if verdict.outcome is Outcome.NOT_TESTABLE:
        obstacles = (part.effect for part in verdict.parts if isinstance(part.effect, NotDecidable))
        return next(obstacles, headline), label
    deciding = DECIDING[verdict.outcome]
    parts = quoted(verdict, study)
    own = [one.part for one in parts if headline == one.part.effect or _same(headline, one.effect)]
    if verdict.outcome is Outcome.MIXED or not own or own[0].outcome in deciding:
        return headline, label
    for one in parts:
        if one.part.outcome in deciding and isinstance(one.effect, Estimate):
            return one.effect, _measure(one)
    return headline, label

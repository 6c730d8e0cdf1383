"""What would have to change for a verdict to change: the distance of its effects from the rule's thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scipy import stats

from models.claims.rule import Curve, conjunction, judge_effect, union
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate
from models.inference.intervals import normal_p_value

#: How the parts of each kind of claim combine; of other kinds nothing is said.
COMBINATIONS = {
    "single": conjunction,
    "conjunctive": conjunction,
    "existential": conjunction,
    "fact": conjunction,
    "union": union,
}
#: How far beyond a threshold an effect is moved to see what follows, in units of its interval's width.
BEYOND = 1e-6


@dataclass(frozen=True, slots=True)
class Flip:
    """The smallest move of one effect, its interval moving along, that changes a verdict.

    Attributes
    ----------
    claim, statement, part : str
    before, after : Outcome
        Of the claim.
    effect : Estimate
        As it is.
    needed : float
        Value from which on the verdict is another one.
    distance : float
        The move in standard errors.
    """

    claim: str
    statement: str
    part: str
    before: Outcome
    after: Outcome
    effect: Estimate
    needed: float
    distance: float


def nearest_flips(verdicts: Iterable[Verdict], most: int, *, share_needed: float) -> tuple[Flip, ...]:
    """The claims that are nearest to another verdict, nearest first.

    Only what the general rule decides can be turned over here: parts judged by a rule of their own, facts read off
    without uncertainty, and verdicts held back by a model's red light are left out. `share_needed` is the study's, of a
    part's specifications, which stay as they are; its p-value moves with the limit that is nearer to zero.
    """
    found = [flip for verdict in verdicts if (flip := nearest_flip(verdict, share_needed=share_needed)) is not None]
    return tuple(sorted(found, key=lambda one: (one.distance, one.claim))[:most])


def nearest_flip(verdict: Verdict, *, share_needed: float) -> Flip | None:
    """The smallest move of a single effect that changes the verdict; None where the general rule does not decide it."""
    combine = COMBINATIONS.get(verdict.kind)
    if combine is None or not verdict.parts or combine([one.outcome for one in verdict.parts]) is not verdict.outcome:
        return None
    flips = [flip for i in range(len(verdict.parts)) for flip in _flips_of(verdict, i, combine, share_needed)]
    return min(flips, key=lambda one: one.distance, default=None)


def _flips_of(
    verdict: Verdict, i: int, combine: Callable[[Sequence[Outcome]], Outcome], share_needed: float
) -> Iterator[Flip]:
    part = verdict.parts[i]
    effect = part.effect
    if not part.general or not isinstance(effect, Estimate) or not effect.lower < effect.upper:
        return
    if _outcome(part, effect, share_needed) is not part.outcome:
        return
    beyond = BEYOND * (effect.upper - effect.lower)
    error = effect.std_error or (effect.upper - effect.lower) / 2.0 / _quantile(effect)
    thresholds = [-effect.lower, -effect.upper, part.sesoi - effect.upper, part.sesoi - effect.value]
    if part.correction is not None and effect.lower < effect.value:
        corrected = float(stats.norm.isf((1.0 - effect.level) / 2.0 / part.correction))
        thresholds.append(corrected * _lower_error(effect) - effect.value)
    for shift in thresholds:
        for moved in (shift - beyond, shift + beyond):
            there = effect.shifted(moved)
            outcomes = [one.outcome for one in verdict.parts]
            outcomes[i] = _outcome(part, there, share_needed)
            after = combine(outcomes)
            if after is not verdict.outcome:
                yield Flip(
                    verdict.id,
                    verdict.statement,
                    part.label,
                    verdict.outcome,
                    after,
                    effect,
                    effect.value + shift,
                    abs(shift) / error,
                )


def _outcome(part: Part, effect: Estimate, share_needed: float) -> Outcome:
    found = None
    if part.share is not None and part.median is not None:
        found = Curve(part.share, part.median, len(part.specifications), len(part.failed), share_needed)
    p_adjusted = None
    if part.correction is not None and effect.lower < effect.value:
        p_adjusted = min(1.0, part.correction * normal_p_value(effect.value, _lower_error(effect)))
    return judge_effect(effect, part.sesoi, p_adjusted=p_adjusted, specifications=found).outcome


def _lower_error(effect: Estimate) -> float:
    """The standard error that the lower half of the interval stands for."""
    return (effect.value - effect.lower) / _quantile(effect)


def _quantile(effect: Estimate) -> float:
    return float(stats.norm.ppf((1.0 + effect.level) / 2.0))

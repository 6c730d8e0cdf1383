"""What would have to change for a verdict to change: the distance of its effects from the rule's thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from models.claims.rule import conjunction, judge_effect, union
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate

#: Kinds of claims for which one part is enough.
ONE_IS_ENOUGH = ("union", "existential")
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


def nearest_flips(verdicts: Iterable[Verdict], most: int) -> tuple[Flip, ...]:
    """The claims that are nearest to another verdict, nearest first.

    Only what the general rule decides can be turned over here: parts judged by a rule of their own, and facts read off
    without uncertainty, are left out.
    """
    found = [flip for verdict in verdicts if (flip := nearest_flip(verdict)) is not None]
    return tuple(sorted(found, key=lambda one: (one.distance, one.claim))[:most])


def nearest_flip(verdict: Verdict) -> Flip | None:
    """The smallest move of a single effect that changes the verdict; None where the general rule does not decide it."""
    if _combined(verdict.kind, [part.outcome for part in verdict.parts]) is not verdict.outcome:
        return None
    flips = [flip for i in range(len(verdict.parts)) for flip in _flips_of(verdict, i)]
    return min(flips, key=lambda one: one.distance, default=None)


def _flips_of(verdict: Verdict, i: int) -> Iterator[Flip]:
    part = verdict.parts[i]
    effect = part.effect
    if not isinstance(effect, Estimate) or not effect.lower < effect.upper or verdict.kind == "range":
        return
    if _outcome(part, effect) is not part.outcome:
        return
    beyond = BEYOND * (effect.upper - effect.lower)
    error = (effect.upper - effect.lower) / 3.92 if effect.std_error is None else effect.std_error
    thresholds = (-effect.lower, -effect.upper, part.sesoi - effect.upper, part.sesoi - effect.value)
    for shift in thresholds:
        for moved in (shift - beyond, shift + beyond):
            there = replace(effect, value=effect.value + moved, lower=effect.lower + moved, upper=effect.upper + moved)
            outcomes = [one.outcome for one in verdict.parts]
            outcomes[i] = _outcome(part, there)
            after = _combined(verdict.kind, outcomes)
            if after is not verdict.outcome:
                yield Flip(
                    verdict.id,
                    verdict.statement,
                    part.label,
                    verdict.outcome,
                    after,
                    effect,
                    effect.value + shift,
                    abs(moved) / error,
                )


def _outcome(part: Part, effect: Estimate) -> Outcome:
    return judge_effect(effect, part.sesoi, p_adjusted=None, specifications=None).outcome


def _combined(kind: str, outcomes: Sequence[Outcome]) -> Outcome:
    if not outcomes:
        return Outcome.NOT_TESTABLE
    return union(outcomes) if kind in ONE_IS_ENOUGH else conjunction(outcomes)

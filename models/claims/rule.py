"""The rules that turn effects into verdicts. Code applies them, in this order; nobody's judgement enters.

gate             series missing, no event, too few days          -> not testable
U < 0            contradicted                                    -> not supported
U < sesoi        an effect of the claimed size is excluded       -> not supported
L > 0, effect >= sesoi, adjusted p < alpha, specifications agree -> supported
L > 0            something of this fails                         -> mixed, naming what
otherwise                                                        -> inconclusive
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import stats

from models.claims.verdict import Outcome, SpecificationResult
from models.estimate import Estimate
from models.inference.multiplicity import joint_p_value
from models.inference.power import smallest_detectable_effect


@dataclass(frozen=True, slots=True)
class Curve:
    """What the specification curve says of an effect: share that agrees with the claim, median, and counts.

    `needed` is the share that the study asks for.
    """

    share: float
    median: float
    count: int
    failed: int
    needed: float

    @property
    def agrees(self) -> bool:
        """Whether enough of the specifications do."""
        return self.share >= self.needed


@dataclass(frozen=True, slots=True)
class Ruling:
    """An outcome with the condition that decided it."""

    outcome: Outcome
    reason: str


def curve(specifications: Sequence[SpecificationResult], sesoi: float, needed: float) -> Curve | None:
    """Specification curve of an effect: share with at least half of `sesoi`. None where none is listed."""
    return _curve(specifications, lambda value: value >= sesoi / 2.0, needed)


def range_curve(specifications: Sequence[SpecificationResult], low: float, high: float, needed: float) -> Curve | None:
    """Specification curve of a range claim: share with an estimate in [low, high]."""
    return _curve(specifications, lambda value: low <= value <= high, needed)


def _curve(
    specifications: Sequence[SpecificationResult], agrees: Callable[[float], bool], needed: float
) -> Curve | None:
    """Failed specifications are counted, not averaged; where all failed none agrees."""
    values = sorted(spec.estimate.value for spec in specifications if isinstance(spec.estimate, Estimate))
    if not specifications:
        return None
    if not values:
        return Curve(share=0.0, median=0.0, count=0, failed=len(specifications), needed=needed)
    middle = len(values) // 2
    median = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2.0
    return Curve(
        share=sum(agrees(value) for value in values) / len(values),
        median=median,
        count=len(values),
        failed=len(specifications) - len(values),
        needed=needed,
    )


def joint_test(specifications: Sequence[SpecificationResult]) -> float | None:
    """Joint p-value of a specification curve: no alternative has an effect in the direction of the claim.

    Each alternative's one-sided p-value is that of its interval; see `joint_p_value` for how they are joined. None
    where fewer than two have an interval of some width.
    """
    one_sided = []
    for one in specifications:
        if isinstance(one.estimate, Estimate) and one.estimate.upper > one.estimate.lower:
            std_error = _width(one.estimate)
            one_sided.append(float(stats.norm.sf(one.estimate.value / std_error)))
    return joint_p_value(one_sided) if len(one_sided) > 1 else None


def judge_effect(effect: Estimate, sesoi: float, *, p_adjusted: float | None, specifications: Curve | None) -> Ruling:
    """Apply the rule to an effect oriented so that a positive value supports the claim.

    Parameters
    ----------
    effect : Estimate
    sesoi : float
        Smallest effect size of interest, positive, in the effect's unit.
    p_adjusted : float or None
        p-value after the family's correction; None for facts, which are not corrected.
    specifications : Curve or None
        None where the claim lists no specification: then nothing is asked of them.
    """
    alpha = round(1.0 - effect.level, 12)
    if effect.upper < 0.0:
        return Ruling(Outcome.NOT_SUPPORTED, "the interval lies on the other side of zero: the data contradict it")
    if effect.upper < sesoi:
        real = ", though a smaller effect is real" if effect.lower > 0.0 else ""
        return Ruling(Outcome.NOT_SUPPORTED, f"an effect of the size that would matter is excluded{real}")
    if effect.lower > 0.0:
        failed = []
        if effect.value < sesoi:
            failed.append("the estimate is below the size that would matter")
        if p_adjusted is not None and p_adjusted >= alpha:
            failed.append("it does not survive the correction for several claims")
        if specifications is not None and not specifications.agrees:
            failed.append("too few specifications agree")
        if specifications is not None and specifications.median < sesoi / 2.0:
            failed.append("the median specification is too small")
        if failed:
            return Ruling(Outcome.MIXED, "the effect is there, but " + " and ".join(failed))
        alternatives = ", also in the listed alternatives" if specifications is not None else ""
        enough = "there and large enough" if sesoi > 0.0 else "above zero (no size was asked)"
        return Ruling(Outcome.SUPPORTED, f"the effect is {enough}{alternatives}")
    return Ruling(Outcome.INCONCLUSIVE, "no effect and the claimed effect are both compatible with the data")


def held_at_mixed(
    effect: Estimate, sesoi: float, specifications: Curve | None, reasons: Sequence[str]
) -> Ruling | None:
    """What a claim's own conditions make of an effect that the general rule would otherwise support.

    None where no condition fails, or where the general rule does not support the effect anyway.
    """
    plain = judge_effect(effect, sesoi, p_adjusted=None, specifications=specifications)
    if not reasons or plain.outcome is not Outcome.SUPPORTED:
        return None
    return Ruling(Outcome.MIXED, "the effect is there, but " + " and ".join(reasons))


def detectable(effect: Estimate, sesoi: float, comparisons: int = 1) -> float | None:
    """The effect this design finds with a power of 80 %, None where the interval has no width.

    What the interval itself says of the effect's uncertainty decides: half its width over the normal quantile.
    """
    std_error = _width(effect)
    if std_error <= 0.0:
        return None
    return smallest_detectable_effect(std_error, sesoi, level=effect.level, comparisons=comparisons)


def _width(effect: Estimate) -> float:
    """Half the interval's width over the normal quantile: the standard error it stands for."""
    return (effect.upper - effect.lower) / 2.0 / float(stats.norm.ppf((1.0 + effect.level) / 2.0))


def judge_range(effect: Estimate, low: float, high: float, tolerance: float, specifications: Curve | None) -> Ruling:
    """A claim that an effect lies in [low, high], with a tolerance on both ends; `Curve.share` counts those inside."""
    wide_low, wide_high = low - tolerance, high + tolerance
    if effect.upper < wide_low or effect.lower > wide_high:
        return Ruling(Outcome.NOT_SUPPORTED, "the interval lies outside the claimed range")
    if effect.lower >= wide_low and effect.upper <= wide_high:
        strictly = low <= effect.lower and effect.upper <= high
        inside = f"the whole interval lies inside the claimed range{'' if strictly else ' and its tolerance'}"
        if specifications is not None and not specifications.agrees:
            return Ruling(Outcome.MIXED, f"{inside}, but too few specifications agree")
        return Ruling(Outcome.SUPPORTED, inside)
    if wide_low <= effect.value <= wide_high:
        strictly = low <= effect.value <= high
        where = "inside the claimed range" if strictly else "outside the claimed range, though within its tolerance"
        return Ruling(Outcome.MIXED, f"the estimate lies {where}, and its interval reaches beyond")
    return Ruling(Outcome.INCONCLUSIVE, "the interval straddles an end of the claimed range")


def conjunction(outcomes: Sequence[Outcome]) -> Outcome:
    """Every part must hold."""
    if Outcome.NOT_SUPPORTED in outcomes:
        return Outcome.NOT_SUPPORTED
    if Outcome.NOT_TESTABLE in outcomes:
        return Outcome.NOT_TESTABLE
    if Outcome.INCONCLUSIVE in outcomes:
        return Outcome.INCONCLUSIVE
    return Outcome.MIXED if Outcome.MIXED in outcomes else Outcome.SUPPORTED


def union(outcomes: Sequence[Outcome]) -> Outcome:
    """One part is enough; the claim fails only if every part does."""
    for outcome in (Outcome.SUPPORTED, Outcome.MIXED, Outcome.INCONCLUSIVE, Outcome.NOT_SUPPORTED):
        if outcome in outcomes:
            return outcome
    return Outcome.NOT_TESTABLE

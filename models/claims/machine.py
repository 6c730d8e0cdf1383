"""The verdict machine: measure every claim, correct within families, apply the rule, write the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from joblib import delayed

from data.errors import StudyFileError
from data.panel import Panel
from data.study import Study
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.moving import moved_windows
from models.claims.registry import CLAIMS
from models.claims.rule import Curve, Ruling, conjunction, curve, detectable, joint_test, judge_effect
from models.claims.verdict import MovedWindow, Outcome, Part, Verdict
from models.estimate import NotDecidable, measured_or_reason
from models.inference.multiplicity import benjamini_hochberg, holm, holm_factors
from models.suite import Suite
from models.workers import in_parallel

Progress = Callable[[str], None]


def judge_claims(
    panel: Panel, study: Study, suite: Suite, *, workers: int, quick: bool, seed: int, progress: Progress
) -> tuple[Verdict, ...]:
    """Judge every enabled claim that has code.

    Parameters
    ----------
    panel : Panel
        Cut at the date to which verdicts may look.
    study : Study
    suite : Suite
        Models fitted to that panel.
    workers : int
        Processes that share the claims.
    quick : bool
        Fewer bootstrap resamples.
    seed : int
        Root of the claims' seeds.
    progress : callable
        Told the id of each claim when it has been measured.
    """
    replications = study.inference.quick_replications if quick else study.inference.replications
    check_thresholds(study)
    claims = claims_to_judge(study)
    cases = [
        Case(panel, study, suite, study.claims[claim.id].thresholds, replications, claim_seed_of(seed, claim.id))
        for claim in claims
    ]
    results = in_parallel(
        workers, (delayed(_measure_one)(claim, case) for claim, case in zip(claims, cases, strict=True))
    )
    measured, moved = [], []
    for claim, (result, windows) in zip(claims, results, strict=True):
        progress(claim.id)
        measured.append((claim, result))
        moved.append(windows)
    adjusted = _adjusted_p_values(measured, study)
    return tuple(
        replace(_verdict(claim, result, case, adjusted.get(claim.id)), moved=windows)
        for (claim, result), case, windows in zip(measured, cases, moved, strict=True)
    )


def claims_to_judge(study: Study) -> tuple[Claim, ...]:
    """Claims that have code and that the study asks for."""
    return tuple(claim for claim in CLAIMS if claim.id in study.claims and study.claims[claim.id].enabled)


def check_thresholds(study: Study) -> None:
    """See that the study file gives each claim the thresholds it reads, before anything is fitted.

    Raises
    ------
    StudyFileError
        Naming the claim and what is unknown or missing.
    """
    for claim in claims_to_judge(study):
        given, wanted = set(study.claims[claim.id].thresholds), set(claim.thresholds)
        odd = [f"unknown {name}" for name in sorted(given - wanted)] + [f"no {name}" for name in sorted(wanted - given)]
        if odd:
            raise StudyFileError(
                f"study file: claims.{claim.id}.thresholds",
                ", ".join(odd),
                f"Give exactly {', '.join(claim.thresholds)}.",
            )


def _measure_one(claim: Claim, case: Case) -> tuple[Measurement | NotDecidable, tuple[MovedWindow, ...]]:
    """What a claim measures, and what it would with its window moved."""
    gate = claim.gate(case)
    if gate is not None:
        return gate, ()
    return measured_or_reason(claim.measure, case), moved_windows(claim, case)


def claim_seed_of(seed: int, claim_id: str) -> int:
    """A claim's own seed, which does not depend on the other claims of a run."""
    return int(np.random.SeedSequence([seed, int(claim_id[1:])]).generate_state(1)[0])


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The family's correction of a claim: Holm's uncapped factor, the corrected p-values, the size of the family."""

    factor: float
    p_holm: float
    p_bh: float
    comparisons: int


def _adjusted_p_values(measured: list[tuple[Claim, Measurement | NotDecidable]], study: Study) -> dict[str, Adjusted]:
    """Corrections by claim, within families; facts are left out."""
    families: dict[str, list[tuple[str, float]]] = {}
    for claim, result in measured:
        family = study.claims[claim.id].family
        p_value = primary_p_value(result) if isinstance(result, Measurement) else None
        if family != "fact" and p_value is not None:
            families.setdefault(family, []).append((claim.id, p_value))
    adjusted = {}
    for members in families.values():
        ids, p_values = zip(*members, strict=True)
        corrected = zip(ids, holm_factors(p_values), holm(p_values), benjamini_hochberg(p_values), strict=True)
        for claim_id, factor, by_holm, by_bh in corrected:
            adjusted[claim_id] = Adjusted(factor, by_holm, by_bh, len(ids))
    return adjusted


def primary_p_value(result: Measurement) -> float | None:
    """The p-value a claim brings to its family.

    The largest where every part must hold (no further correction is due), Holm's smallest where one part is enough.
    """
    p_values = [leg.p_value for leg in result.legs if leg.p_value is not None]
    if not p_values:
        return None
    return max(p_values) if result.combine is conjunction else min(holm(p_values))


def _verdict(
    claim: Claim,
    result: Measurement | NotDecidable,
    case: Case,
    adjusted: Adjusted | None,
) -> Verdict:
    study, settings = case.study, case.study.claims[claim.id]
    if isinstance(result, NotDecidable):
        return Verdict(
            id=claim.id,
            statement=settings.statement,
            section=settings.section,
            family=settings.family,
            kind="gate",
            outcome=Outcome.NOT_TESTABLE,
            reason=f"Not testable with these data: {result.reason}.",
            headline=result,
            headline_label="effect",
            parts=(),
            p_value=None,
            p_holm=None,
            p_bh=None,
            n=0,
            n_events=None,
            window="",
            data_kind=case.panel.kind,
            seed=case.seed,
        )
    parts = tuple(_part(leg, result, adjusted, study.verdict.share_needed) for leg in result.legs)
    outcome = result.combine([part.outcome for part in parts])
    reason = _reason(parts)
    cap = claim.cap(case.suite)
    if cap is not None and outcome in (Outcome.SUPPORTED, Outcome.MIXED, Outcome.NOT_SUPPORTED):
        outcome, reason = Outcome.INCONCLUSIVE, f"Held at inconclusive because {cap}."
    return Verdict(
        id=claim.id,
        statement=settings.statement,
        section=settings.section,
        family=settings.family,
        kind=result.kind,
        outcome=outcome,
        reason=reason,
        headline=result.headline,
        headline_label=result.headline_label,
        parts=parts,
        p_value=primary_p_value(result),
        p_holm=adjusted.p_holm if adjusted is not None else None,
        p_bh=adjusted.p_bh if adjusted is not None else None,
        n=result.n,
        n_events=result.n_events,
        window=result.window,
        data_kind=case.panel.kind,
        seed=case.seed,
        specifications=parts[0].specifications,
        share=parts[0].share,
        median=parts[0].median,
        secondary=result.secondary,
        exhibits=result.exhibits,
        caveats=result.caveats,
    )


def _part(leg: Leg, result: Measurement, adjusted: Adjusted | None, needed: float) -> Part:
    found = leg.curve or curve(leg.specifications, leg.sesoi, needed)
    if isinstance(leg.effect, NotDecidable):
        ruling = Ruling(Outcome.NOT_TESTABLE, str(leg.effect))
        return _judged(leg, None, None, ruling, found)
    correction, p_adjusted = None, None
    if adjusted is not None and leg.p_value is not None:
        correction = _correction(leg, result, adjusted.factor)
        p_adjusted = min(1.0, correction * leg.p_value)
    ruling = leg.ruling or judge_effect(leg.effect, leg.sesoi, p_adjusted=p_adjusted, specifications=found)
    comparisons = adjusted.comparisons if adjusted is not None else 1
    mde80 = detectable(leg.effect, leg.sesoi, comparisons) if leg.p_value is not None else None
    return _judged(leg, leg.p_value, mde80, ruling, found, correction)


def _judged(
    leg: Leg,
    p_value: float | None,
    mde80: float | None,
    ruling: Ruling,
    found: Curve | None,
    correction: float | None = None,
) -> Part:
    return Part(
        label=leg.label,
        effect=leg.effect,
        sesoi=leg.sesoi,
        p_value=p_value,
        mde80=mde80,
        outcome=ruling.outcome,
        reason=ruling.reason,
        specifications=leg.specifications,
        share=found.share if found else None,
        median=found.median if found else None,
        joint_p_value=None if leg.curve else joint_test(leg.specifications),
        correction=correction,
        general=leg.ruling is None,
    )


def _correction(leg: Leg, result: Measurement, factor: float) -> float:
    """By how much a leg's p-value is raised: by the factor by which the family's correction raises the claim, times
    Holm's inside the claim where one leg is enough.
    """
    if result.combine is conjunction:
        return factor
    inside = [one for one in result.legs if one.p_value is not None]
    own = [one.p_value for one in inside if one.p_value is not None]
    return holm_factors(own)[inside.index(leg)] * factor


#: How the parts of an outcome are introduced, in this order.
_INTRODUCTIONS = {
    Outcome.NOT_SUPPORTED: "Fails",
    Outcome.NOT_TESTABLE: "Not testable",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.MIXED: "In part",
    Outcome.SUPPORTED: "Stands",
}


def _reason(parts: tuple[Part, ...]) -> str:
    """Why, in a line: the condition that decided a single part, or which parts stand and which do not."""
    alike = len({(part.outcome, part.reason) for part in parts}) == 1
    if alike and (len(parts) == 1 or parts[0].outcome is not Outcome.SUPPORTED):
        return _sentence(parts[0].reason)
    return " ".join(
        _sentence(f"{introduction}: {'; '.join(part.label for part in parts if part.outcome is outcome)}")
        for outcome, introduction in _INTRODUCTIONS.items()
        if any(part.outcome is outcome for part in parts)
    )


def _sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:] + ("" if clause.endswith(".") else ".")

"""The verdict machine: measure every claim, correct within families, apply the rule, write the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from joblib import Parallel, delayed

from data.errors import EstimationError, StudyFileError
from data.panel import Panel
from data.study import Claim as StudyClaim
from data.study import Study
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.registry import CLAIMS
from models.claims.rule import Ruling, conjunction, curve, detectable, judge_effect
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import NotDecidable
from models.inference.multiplicity import benjamini_hochberg, holm
from models.suite import Suite

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
    claims = claims_to_judge(study)
    cases = [
        Case(panel, study, suite, _thresholds(claim, study), replications, claim_seed_of(seed, claim.id))
        for claim in claims
    ]
    results = Parallel(n_jobs=workers, return_as="generator")(
        delayed(_measure_one)(claim, case) for claim, case in zip(claims, cases, strict=True)
    )
    measured = []
    for claim, result in zip(claims, results, strict=True):
        progress(claim.id)
        measured.append((claim, result))
    adjusted = _adjusted_p_values(measured, study)
    return tuple(
        _verdict(claim, result, study.claims[claim.id], panel, case.seed, adjusted.get(claim.id, (None, None, 1)))
        for (claim, result), case in zip(measured, cases, strict=True)
    )


def claims_to_judge(study: Study) -> tuple[Claim, ...]:
    """Claims that have code and that the study asks for."""
    return tuple(claim for claim in CLAIMS if claim.id in study.claims and study.claims[claim.id].enabled)


def _thresholds(claim: Claim, study: Study) -> Mapping[str, float]:
    given = study.claims[claim.id].thresholds
    odd = ", ".join(sorted(set(given) ^ set(claim.thresholds)))
    if odd:
        raise StudyFileError(
            f"study file: claims.{claim.id}.thresholds",
            f"unknown or missing: {odd}",
            f"Give exactly {', '.join(claim.thresholds)}.",
        )
    return given


def _measure_one(claim: Claim, case: Case) -> Measurement | NotDecidable:
    absent = [role for role in claim.needs if role not in case.panel.returns.columns]
    if absent:
        return NotDecidable(f"no series plays the role {', '.join(absent)}")
    for window in claim.windows:
        gate = case.window_gate(window)
        if gate is not None:
            return gate
    try:
        return claim.measure(case)
    except EstimationError as error:
        return NotDecidable(f"{error.culprit}: {error.problem}")


def claim_seed_of(seed: int, claim_id: str) -> int:
    """A claim's own seed, which does not depend on the other claims of a run."""
    return int(np.random.SeedSequence([seed, int(claim_id[1:])]).generate_state(1)[0])


def _adjusted_p_values(
    measured: list[tuple[Claim, Measurement | NotDecidable]], study: Study
) -> dict[str, tuple[float, float, int]]:
    """Holm and Benjamini-Hochberg p-values and the family's size, by claim; facts are left out."""
    families: dict[str, list[tuple[str, float]]] = {}
    for claim, result in measured:
        family = study.claims[claim.id].family
        p_value = primary_p_value(result) if isinstance(result, Measurement) else None
        if family != "fact" and p_value is not None:
            families.setdefault(family, []).append((claim.id, p_value))
    adjusted = {}
    for members in families.values():
        ids, p_values = zip(*members, strict=True)
        for claim_id, by_holm, by_bh in zip(ids, holm(p_values), benjamini_hochberg(p_values), strict=True):
            adjusted[claim_id] = (by_holm, by_bh, len(ids))
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
    settings: StudyClaim,
    panel: Panel,
    seed: int,
    adjusted: tuple[float | None, float | None, int],
) -> Verdict:
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
            data_kind=panel.kind,
            seed=seed,
        )
    p_holm, p_bh, comparisons = adjusted
    parts = tuple(_part(leg, result, p_holm, comparisons) for leg in result.legs)
    outcome = result.combine([part.outcome for part in parts])
    reason = _reason(parts)
    if result.cap is not None and outcome in (Outcome.SUPPORTED, Outcome.MIXED, Outcome.NOT_SUPPORTED):
        outcome, reason = Outcome.INCONCLUSIVE, f"Held at inconclusive because {result.cap}."
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
        p_holm=p_holm,
        p_bh=p_bh,
        n=result.n,
        n_events=result.n_events,
        window=result.window,
        data_kind=panel.kind,
        seed=seed,
        specifications=result.legs[0].specifications,
        share=result.curve.share if result.curve else None,
        median=result.curve.median if result.curve else None,
        secondary=result.secondary,
        exhibits=result.exhibits,
    )


def _part(leg: Leg, result: Measurement, p_holm: float | None, comparisons: int) -> Part:
    if isinstance(leg.effect, NotDecidable):
        ruling = Ruling(Outcome.NOT_TESTABLE, str(leg.effect))
        return Part(leg.label, leg.effect, leg.sesoi, None, None, ruling.outcome, ruling.reason)
    ruling = leg.ruling or judge_effect(
        leg.effect,
        leg.sesoi,
        p_adjusted=None if p_holm is None or leg.p_value is None else _leg_p(leg, result, p_holm),
        specifications=curve(leg.specifications, leg.sesoi),
    )
    mde80 = detectable(leg.effect, leg.sesoi, comparisons) if leg.p_value is not None else None
    return Part(leg.label, leg.effect, leg.sesoi, leg.p_value, mde80, ruling.outcome, ruling.reason)


def _leg_p(leg: Leg, result: Measurement, p_holm: float) -> float:
    """Adjusted p of a leg.

    Where every leg must hold, the family's correction of the claim's p-value carries over in proportion, so that the
    weakest leg bears exactly the claim's own; where one leg is enough, Holm inside the claim comes first.
    """
    claim_p = primary_p_value(result)
    if result.combine is conjunction and leg.p_value is not None and claim_p:
        return min(1.0, leg.p_value * p_holm / claim_p)
    inside = [one for one in result.legs if one.p_value is not None]
    p_values = holm([one.p_value for one in inside if one.p_value is not None])
    return max(p_values[inside.index(leg)], p_holm)


#: How the parts of an outcome are introduced, in this order.
_INTRODUCTIONS = {
    Outcome.NOT_SUPPORTED: "Fails",
    Outcome.NOT_TESTABLE: "Not testable",
    Outcome.INCONCLUSIVE: "Undecided",
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

"""What the claims' designs could have found, and what a finding of theirs is worth: two long studies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import delayed
from scipy import stats

from data.errors import EstimationError
from models.claims.claim import Case, Claim
from models.claims.machine import claim_seed_of, claims_to_judge
from models.claims.planting import PLANTINGS
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable
from models.inference.power import effect_found, exaggeration
from models.long_study import Inputs, LongResult, LongStudy, in_pieces


@dataclass(frozen=True)
class JudgedInputs(Inputs):
    """Inputs with the verdicts that were given on them."""

    verdicts: tuple[Verdict, ...]


#: Effects that are planted, in sizes of interest, samples of each, and resamples inside a sample.
MULTIPLES = (0.0, 1.0, 1.5, 2.0, 3.0)
SAMPLES, RESAMPLES = 200, 399
WANTED = 0.8


@dataclass(frozen=True, slots=True)
class Planted:
    """Samples with one planted effect: what was estimated, and where it counts as found.

    Attributes
    ----------
    effect : float
    estimates : tuple of float
        Samples on which the claim could be measured.
    found : tuple of bool
        The interval at the level of Holm's first step lies above zero and the estimate reaches the size of interest.
    """

    effect: float
    estimates: tuple[float, ...]
    found: tuple[bool, ...]

    @property
    def share(self) -> float:
        """Share of the samples in which the effect was found."""
        return float(np.mean(self.found))

    @property
    def magnitude(self) -> float | None:
        """Mean size of what was found over the planted effect; None where nothing was planted or found."""
        sizes = [abs(value) for value, found in zip(self.estimates, self.found, strict=True) if found]
        return float(np.mean(sizes)) / self.effect if sizes and self.effect > 0.0 else None


def planted_samples(claim: Claim, case: Case, multiple: float, comparisons: int, samples: int) -> Planted | None:
    """Plant an effect of `multiple` sizes of interest and measure the claim's primary on each sample.

    None where the claim cannot be measured on the data themselves.
    """
    planting = PLANTINGS[claim.id]
    effect = multiple * case.thresholds[planting.size]
    cautious = _at_level(case, 1.0 - (1.0 - case.level) / comparisons)
    estimates, found = [], []
    for number in range(samples):
        planted = planting.plant(cautious, effect, claim_seed_of(case.seed + number, claim.id))
        try:
            primary = claim.primary(planted)
        except EstimationError:
            continue
        if isinstance(primary, NotDecidable):
            return None
        headline = primary.headline
        estimates.append(planting.direction * headline.value)
        found.append(min(planting.direction * end for end in (headline.lower, headline.upper)) > 0.0 and primary.holds)
    return Planted(effect, tuple(estimates), tuple(found)) if estimates else None


def _planted(inputs: Inputs, jobs: Iterable[tuple[Claim, float, int]]) -> list[Planted | None]:
    """`planted_samples` of claims at multiples and numbers of comparisons, a piece each."""
    calls = {
        f"planted-{claim.id}-{multiple:g}-{comparisons}": delayed(_planted_record)(
            claim, case_of_claim(claim, inputs), multiple, comparisons, SAMPLES
        )
        for claim, multiple, comparisons in jobs
    }
    records = in_pieces(inputs.workers, inputs.pieces, calls)
    return [
        None if record is None else Planted(record["effect"], tuple(record["estimates"]), tuple(record["found"]))
        for record in records
    ]


def _planted_record(claim: Claim, case: Case, multiple: float, comparisons: int, samples: int) -> dict[str, Any] | None:
    """`planted_samples` as plain values."""
    planted = planted_samples(claim, case, multiple, comparisons, samples)
    if planted is None:
        return None
    return {
        "effect": float(planted.effect),
        "estimates": [float(one) for one in planted.estimates],
        "found": [bool(one) for one in planted.found],
    }


def power(inputs: JudgedInputs) -> LongResult:
    """Share of samples with a planted effect in which it is found, by claim and size of the effect."""
    verdicts = {one.id: one for one in inputs.verdicts}
    claims = [one for one in claims_to_judge(inputs.study) if one.id in PLANTINGS and _measured(verdicts.get(one.id))]
    jobs = [(claim, multiple) for claim in claims for multiple in MULTIPLES]
    inputs.progress(f"Planting {len(jobs) * SAMPLES:,} effects")
    made = _planted(inputs, ((claim, multiple, _comparisons(verdicts[claim.id], inputs)) for claim, multiple in jobs))
    rows = []
    for claim in claims:
        of_claim = [one for (owner, _), one in zip(jobs, made, strict=True) if owner is claim and one is not None]
        if len(of_claim) == len(MULTIPLES):
            size = of_claim[MULTIPLES.index(1.0)].effect
            smallest = effect_found([(one.effect, one.share) for one in of_claim], WANTED)
            closed = verdicts[claim.id].parts[0].mde80
            rows.append((claim.id, size, *(100.0 * one.share for one in of_claim), smallest, closed))
    heads = [f"found at {multiple:g} sizes, %" if multiple else "found at none, %" for multiple in MULTIPLES]
    return LongResult(
        columns=("claim", "size of interest", *heads, "found with 80 %, simulated", "found with 80 %, formula"),
        rows=tuple(rows),
        sentences=tuple(_reading(row) for row in rows),
        method=(
            f"{SAMPLES} samples of each effect at the actual length, labels and regressors; noise drawn from the data "
            f"in blocks; the primary measure alone, interval at the level of Holm's first step, {RESAMPLES} resamples"
        ),
    )


def _reading(row: tuple[str | float | None, ...]) -> str:
    claim, size, smallest = row[0], row[1], row[-2]
    at_one, at_two = (row[2 + MULTIPLES.index(multiple)] for multiple in (1.0, 2.0))
    ends = (
        f"80% needs {smallest:.2f}" if smallest is not None else f"even {MULTIPLES[-1]:g} times that falls short of 80%"
    )
    return (
        f"{claim}: an effect of {size:g} is found in {at_one:.0f}% of the samples, twice that in {at_two:.0f}%; {ends}"
    )


def magnitude(inputs: JudgedInputs) -> LongResult:
    """Errors of sign and magnitude of the supported effects, if the truth were only the size of interest."""
    claims = {one.id: one for one in claims_to_judge(inputs.study)}
    rows = []
    for verdict in inputs.verdicts:
        if verdict.outcome is not Outcome.SUPPORTED:
            continue
        comparisons = _comparisons(verdict, inputs)
        for position, part in enumerate(verdict.parts):
            formula = _formula(part, comparisons)
            if formula is None:
                continue
            simulated = None
            if position == 0 and verdict.id in PLANTINGS:
                inputs.progress(f"Planting the size of interest of {verdict.id}")
                claim = claims[verdict.id]
                (sample,) = _planted(inputs, [(claim, 1.0, comparisons)])
                simulated = sample.magnitude if sample is not None else None
            rows.append((f"{verdict.id}: {part.label}", part.sesoi, *formula, simulated))
    largest = max((row[4] for row in rows), default=None)
    said = (
        "No supported statement has an effect with a standard error and a size of interest."
        if largest is None
        else f"If the truth were just the size of interest, a supported estimate would overstate it by up to "
        f"{largest:.1f} times."
    )
    return LongResult(
        columns=(
            "supported part",
            "size of interest",
            "found, %",
            "wrong sign, %",
            "overstated, times",
            "overstated, simulated",
        ),
        rows=tuple(rows),
        sentences=(said,),
        method=(
            "Gelman and Carlin (2014) in closed form from the standard error at an effect of the size of interest; "
            f"by simulation where it can be planted, {SAMPLES} samples"
        ),
    )


def _formula(part: Part, comparisons: int) -> tuple[float, float, float] | None:
    effect = part.effect
    if not isinstance(effect, Estimate) or not effect.std_error or part.p_value is None or part.sesoi <= 0.0:
        return None
    critical = float(stats.norm.ppf(1.0 - (1.0 - effect.level) / 2.0 / comparisons))
    errors = exaggeration(part.sesoi, effect.std_error, max(critical * effect.std_error, part.sesoi))
    return 100.0 * errors.power, 100.0 * errors.type_s, errors.type_m


def _measured(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome is not Outcome.NOT_TESTABLE


def _comparisons(verdict: Verdict, inputs: JudgedInputs) -> int:
    """Claims of the family that brought a p-value: what Holm's first step divides by."""
    if verdict.family == "fact":
        return 1
    return max(1, sum(one.family == verdict.family and one.p_value is not None for one in inputs.verdicts))


def case_of_claim(claim: Claim, inputs: Inputs) -> Case:
    """The data with a claim's thresholds and seed, and few resamples."""
    study = inputs.study
    seed = claim_seed_of(study.inference.seed, claim.id)
    return Case(inputs.panel, study, inputs.suite, study.claims[claim.id].thresholds, RESAMPLES, seed)


def _at_level(case: Case, level: float) -> Case:
    inference = case.study.inference.model_copy(update={"level": level})
    return replace(case, study=case.study.model_copy(update={"inference": inference}))


POWER = LongStudy("power", "What could the designs have found?", power)
MAGNITUDE = LongStudy("magnitude", "How far may a supported effect be overstated?", magnitude)

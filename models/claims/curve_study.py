"""Joint tests of specification curves by resampling with the null true: a long study.

Slopes        Without a slope of the dependent on the regressor, blocks of what it leaves over changing sign. Without
              that slope the signs leave no tie to other factors either, so that alternatives on these see the null.
Stress        Labels of every definition rotated by the same number of sessions: they keep their runs and each other.
Windows       A window of the same length begins at a session drawn from those before the judged one. The null is that
              the judged window is one like any other, not that correlations are constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed

from models.claims import c15_costs
from models.claims.c05_weaker_with_gold import weakening_curves
from models.claims.c06_closer_to_nasdaq import rise_curves
from models.claims.claim import Case
from models.claims.machine import claims_to_judge
from models.claims.planting import PLANTINGS
from models.claims.power_studies import JudgedInputs, case_of_claim
from models.claims.rises_in_stress import labelled_specifications, stress_labels
from models.claims.rule import joint_test
from models.claims.tail_betas import tail_specifications
from models.claims.verdict import SpecificationResult
from models.claims.window_correlations import PRIORS
from models.estimate import Estimate
from models.inference.curves import CurveStatistics, curve_statistics, resampled_p_values
from models.long_study import LongResult, LongStudy, in_pieces

Curve = tuple[SpecificationResult, ...]

#: Curves drawn with the null true, and how many of them make a piece.
SAMPLES, PIECE = 199, 20
#: The statistic that the text quotes, and the heads of the table.
QUOTED = "average z, p"
COLUMNS = (
    "claim",
    "null",
    "alternatives reached",
    "of",
    "draws",
    "further failures a draw",
    "median, p",
    "share above zero, p",
    QUOTED,
    "Rüger’s bound, p",
)


@dataclass(frozen=True, slots=True)
class CurveNull:
    """The alternatives that a null reaches.

    Attributes
    ----------
    null : str
        How it is made true, in a few words.
    observed : callable
        The case's curve.
    drawn : callable
        A case and seeds to a curve for each seed, the null true.
    """

    null: str
    observed: Callable[[Case], Curve]
    drawn: Callable[[Case, Sequence[int]], Iterator[Curve]]


def _without_slope(claim: str, curve: Callable[[Case], Curve]) -> CurveNull:
    def drawn(case: Case, seeds: Sequence[int]) -> Iterator[Curve]:
        return (curve(PLANTINGS[claim].plant(case, 0.0, seed)) for seed in seeds)

    return CurveNull("no slope, signs of blocks drawn", curve, drawn)


def _oil(case: Case) -> Curve:
    """Without the junior miners, whose returns keep their slope."""
    listed = c15_costs.oil_specifications(case, c15_costs.cost_rows(case))
    return tuple(one for one in listed if "junior" not in one.label)


def _labelled(case: Case) -> Curve:
    return labelled_specifications(case, stress_labels(case, case.full_residuals().index))


def _relabelled(case: Case, seeds: Sequence[int]) -> Iterator[Curve]:
    labels = stress_labels(case, case.full_residuals().index)
    shortest = min(map(len, labels.values()))
    for seed in seeds:
        shift = int(np.random.default_rng(seed).integers(1, shortest))
        rolled = {by: pd.Series(np.roll(label, shift), index=label.index) for by, label in labels.items()}
        yield labelled_specifications(case, rolled)


Curves = Callable[[Case, Sequence[pd.DatetimeIndex]], Iterator[Curve]]


def _moved(curves: Curves) -> CurveNull:
    def observed(case: Case) -> Curve:
        return next(curves(case, (case.sessions("long"),)))

    def drawn(case: Case, seeds: Sequence[int]) -> Iterator[Curve]:
        return curves(case, [_earlier_window(case, seed) for seed in seeds])

    return CurveNull("window moved to another date", observed, drawn)


def _earlier_window(case: Case, seed: int) -> pd.DatetimeIndex:
    """A window as long as the long one that ends before it, with sessions enough before."""
    window, clock = case.sessions("long"), case.full_residuals().index
    last = int(clock.searchsorted(window[0])) - len(window)
    start = int(np.random.default_rng(seed).integers(max(PRIORS), last + 1))
    return pd.DatetimeIndex(clock[start : start + len(window)])


#: By claim, for the first part of each.
NULLS: Mapping[str, CurveNull] = {
    "C03": CurveNull("labels rotated", _labelled, _relabelled),
    "C04": _without_slope("C04", lambda case: tail_specifications(case, "crypto")),
    "C05": _moved(weakening_curves),
    "C06": _moved(rise_curves),
    "C11": _without_slope("C11", lambda case: tail_specifications(case, "miners")),
    "C15": _without_slope("C15", _oil),
}


def observed_record(null: CurveNull, case: Case) -> dict[str, Any]:
    """Statistics of the observed curve, how many of its alternatives have an estimate and how many have none, and
    their joint p-value by Rüger's bound.
    """
    listed = null.observed(case)
    count = len(_estimates(listed))
    return {
        "statistics": _plain(listed),
        "count": count,
        "absent": len(listed) - count,
        "bound": joint_test(listed),
    }


def drawn_records(null: CurveNull, case: Case, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Statistics of curves drawn with the null true, and how many alternatives failed in each."""
    return [
        {"statistics": _plain(curve), "failed": len(curve) - len(_estimates(curve))}
        for curve in null.drawn(case, seeds)
    ]


def joint_tests(inputs: JudgedInputs) -> LongResult:
    """Each claim's curve against curves with the null true, beside Rüger's bound over the same alternatives."""
    claims = [one for one in claims_to_judge(inputs.study) if one.id in NULLS and _tested(one.id, inputs)]
    calls: dict[str, Any] = {}
    for claim in claims:
        case, null = case_of_claim(claim, inputs), NULLS[claim.id]
        calls[f"curve-{claim.id}-observed"] = delayed(observed_record)(null, case)
        for begin in range(0, SAMPLES, PIECE):
            seeds = range(case.seed + begin, case.seed + min(begin + PIECE, SAMPLES))
            calls[f"curve-{claim.id}-{begin}"] = delayed(drawn_records)(null, case, seeds)
    inputs.progress(f"Drawing {len(claims) * SAMPLES:,} specification curves")
    made = dict(zip(calls, in_pieces(inputs.workers, inputs.pieces, calls), strict=True))
    rows = []
    for claim in claims:
        drawn = [one for begin in range(0, SAMPLES, PIECE) for one in made[f"curve-{claim.id}-{begin}"]]
        row = _row(claim.id, made[f"curve-{claim.id}-observed"], drawn, inputs)
        if row is not None:
            rows.append(row)
    return LongResult(
        columns=COLUMNS,
        rows=tuple(rows),
        sentences=_sentences(rows, inputs),
        method=(
            "Simonsohn, Simmons and Nelson (2020): the curve of the first part measured on data with the null true, "
            "one-sided in the direction of the claim; Rüger’s bound over the same alternatives"
        ),
    )


def _row(
    claim: str, observed: dict[str, Any], drawn: list[dict[str, Any]], inputs: JudgedInputs
) -> tuple[str | float | None, ...] | None:
    """None where the observed curve, or every drawn one, has too few alternatives."""
    under_null = [CurveStatistics(*one["statistics"]) for one in drawn if one["statistics"] is not None]
    if observed["statistics"] is None or not under_null:
        return None
    p = resampled_p_values(CurveStatistics(*observed["statistics"]), under_null)
    failed = float(np.mean([one["failed"] for one in drawn])) - observed["absent"]
    listed = next(one for one in inputs.verdicts if one.id == claim).parts[0].specifications
    total = len(_estimates(listed))
    return (
        claim,
        NULLS[claim].null,
        float(observed["count"]),
        float(total),
        float(len(under_null)),
        failed,
        p.median,
        p.share,
        p.average_z,
        observed["bound"],
    )


def _sentences(rows: Sequence[tuple[str | float | None, ...]], inputs: JudgedInputs) -> tuple[str, ...]:
    tested = {row[0] for row in rows}
    said = [
        f"{row[0]}: {_p(row[COLUMNS.index(QUOTED)])} for the average z of {row[2]:.0f} of {row[3]:.0f} alternatives, "
        f"{'no bound' if row[9] is None else f'{_p(row[9])} by Rüger’s bound'}"
        for row in rows
    ]
    others = [
        one.id
        for one in inputs.verdicts
        if one.id not in tested and any(part.joint_p_value is not None for part in one.parts)
    ]
    if others:
        said.append(f"Rüger’s bound alone stands for {', '.join(others)}")
    return tuple(said)


def drawn_p_value(result: LongResult, claim: str) -> float | None:
    """The p-value of the average z that a kept result holds for a claim; None where it holds none, as of older code."""
    if QUOTED not in result.columns:
        return None
    column = result.columns.index(QUOTED)
    value = next((row[column] for row in result.rows if row[0] == claim), None)
    return value if isinstance(value, float) else None


def _p(value: str | float | None) -> str:
    return f"p = {value:.3f}" if isinstance(value, float) and value >= 0.0005 else "p < 0.001"


def _tested(claim: str, inputs: JudgedInputs) -> bool:
    return any(one.id == claim and one.parts and one.parts[0].joint_p_value is not None for one in inputs.verdicts)


def _estimates(listed: Sequence[SpecificationResult]) -> list[Estimate]:
    return [one.estimate for one in listed if isinstance(one.estimate, Estimate)]


def _plain(listed: Sequence[SpecificationResult]) -> list[float] | None:
    statistics = curve_statistics(_estimates(listed))
    return None if statistics is None else [float(one) for one in astuple(statistics)]


CURVES = LongStudy("curves", "Joint test of the specification curves", joint_tests)

"""Five resampling seeds on the real data: does a verdict hang on the seed?

Everything that is drawn (resamples, parameter draws, placebo labels, simulated paths, starts) is drawn anew; data,
study and code stay. A verdict may differ between seeds only where one of the quantities that decide it lies within what
the draws move it by.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from data.load import load_panel
from data.study import load_study
from models.claims import Verdict, judge_all
from models.claims.verdict import Part
from models.estimate import Estimate
from tests.validation.store import ROOT

SEEDS = 5
MARKET = "STUDY_MARKET_DATA"
#: Standard deviations between seeds within which a threshold explains that verdicts differ.
EXPLAINED = 2.0

Record = Mapping[str, Mapping[str, Any]]


def designs() -> tuple[str, ...]:
    """The one design, where the folder of market data is named; none elsewhere."""
    return ("real data",) if os.environ.get(MARKET) else ()


def replicate(number: int) -> dict[str, dict[str, Any]]:
    """All verdicts on the real data with the study's seed plus `number`."""
    study = load_study(ROOT / "study.toml")
    panel = load_panel(study, os.environ[MARKET], study.about.as_of)
    verdicts = judge_all(panel, study, seed=study.inference.seed + number)
    return {one.id: _entry(one, study.verdict.share_needed) for one in verdicts}


def _entry(verdict: Verdict, share_needed: float) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "ends": {
            part.label: [part.effect.lower, part.effect.upper]
            for part in verdict.parts
            if isinstance(part.effect, Estimate)
        },
        "distances": dict(_distances(verdict, share_needed)),
    }


def _distances(verdict: Verdict, share_needed: float) -> Iterator[tuple[str, float]]:
    """How far each quantity that may decide lies from its threshold, in its own unit."""
    for position, part in enumerate(verdict.parts, 1):
        if isinstance(part.effect, Estimate):
            yield from ((f"{name}, part {position}", distance) for name, distance in _of_part(part, part.effect))
    if verdict.p_holm is not None and isinstance(verdict.headline, Estimate):
        yield "Holm p from its level", verdict.p_holm - (1.0 - verdict.headline.level)
    if verdict.share is not None:
        yield "share of alternatives from what is needed", verdict.share - share_needed


def _of_part(part: Part, effect: Estimate) -> Iterator[tuple[str, float]]:
    yield "lower end from zero", effect.lower
    yield "upper end from zero", effect.upper
    if part.sesoi != 0.0:
        yield "upper end from the size of interest", effect.upper - part.sesoi
        yield "estimate from the size of interest", effect.value - part.sesoi


@dataclass(frozen=True, slots=True)
class Stability:
    """A claim over the seeds.

    Attributes
    ----------
    claim : str
    outcomes : Counter of str
    error : float
        Largest standard deviation between seeds of an interval's end, over the mean length of that interval.
    nearest : str
        The quantity that lies nearest to its threshold in standard deviations between seeds.
    margin : float
        That distance; infinite where nothing that decides moves.
    """

    claim: str
    outcomes: Counter[str]
    error: float
    nearest: str
    margin: float

    @property
    def flips(self) -> bool:
        """Whether seeds disagree."""
        return len(self.outcomes) > 1

    @property
    def explained(self) -> bool:
        """Whether disagreement lies within what the draws move the deciding quantity by."""
        return not self.flips or self.margin <= EXPLAINED


def stability(claim: str, records: Sequence[Record]) -> Stability:
    """What the seeds make of one claim."""
    entries = [record[claim] for record in records]
    shared = set.intersection(*(set(entry["distances"]) for entry in entries))
    margins = {name: _margin([entry["distances"][name] for entry in entries]) for name in sorted(shared)}
    nearest = min(margins, key=lambda name: margins[name], default="")
    margin = margins.get(nearest, math.inf)
    labels = set.intersection(*(set(entry["ends"]) for entry in entries))
    errors = [_error([entry["ends"][label] for entry in entries]) for label in sorted(labels)]
    return Stability(
        claim,
        Counter(entry["outcome"] for entry in entries),
        max(errors, default=0.0),
        nearest if math.isfinite(margin) else "",
        margin,
    )


def _margin(distances: Sequence[float]) -> float:
    spread = stdev(distances)
    return abs(fmean(distances)) / spread if spread > 0.0 else math.inf


def _error(ends: Sequence[Sequence[float]]) -> float:
    length = fmean(upper - lower for lower, upper in ends)
    return max(stdev(side) for side in zip(*ends, strict=True)) / length if length > 0.0 else 0.0


def section(records: Mapping[str, Sequence[Record]]) -> str:
    """The section of docs/validation.md."""
    head = "## Seeds: five draws of everything that is drawn\n\n"
    found = [record for of_design in records.values() for record in of_design]
    if len(found) < 2:
        return f"{head}Not run: {MARKET} names no folder of market data.\n"
    rows = [stability(claim, found) for claim in found[0]]
    lines = [
        f"The verdicts of {len(found)} seeds on the market data to the article's date, full number of resamples. "
        "`error` is the largest standard deviation between seeds of an end of an interval, in percent of the "
        "interval's length; `margin` the distance of the nearest deciding quantity from its threshold, in standard "
        f"deviations between seeds. Verdicts that differ are explained where that is at most {EXPLAINED:g}.",
        "",
        "| claim | verdicts | error | margin | nearest | |",
        "|---|---|---:|---:|---|---|",
    ]
    for row in rows:
        verdicts = ", ".join(f"{count} {outcome}" for outcome, count in row.outcomes.most_common())
        margin = f"{row.margin:.1f}" if math.isfinite(row.margin) else "–"
        remark = "" if not row.flips else "explained" if row.explained else "**not explained**"
        lines.append(f"| {row.claim} | {verdicts} | {100.0 * row.error:.1f} | {margin} | {row.nearest} | {remark} |")
    flips = [row for row in rows if row.flips]
    unexplained = [row.claim for row in flips if not row.explained]
    verdict = "all explained by it" if not unexplained else f"not explained: {', '.join(unexplained)}"
    told = f"Verdicts differ between seeds for {len(flips)} of {len(rows)} claims" + (f", {verdict}." if flips else ".")
    return head + "\n".join([*lines, "", told]) + "\n"

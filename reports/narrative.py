"""Sentences made from evidence. Their strength follows from the outcome; "inconclusive" never sounds like "no"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from data.panel import Panel
from models.claims.curve_study import CURVES, drawn_p_value
from models.claims.recovery import Recovered
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable
from models.suite import PathBand
from reports.document import Chip, Tone
from reports.evidence import Evidence, QuotedStudy
from reports.quoted import Quoted
from reports.reasons import part_label
from reports.statements import FINDINGS, HEADLINE_FIRST
from reports.text import (
    capitalised,
    count,
    day_in_words,
    in_sentence,
    level,
    listing,
    named_the,
    number,
    p_clause,
    plural,
    possessive,
    quantity,
    sentence,
    span,
)

TONES: Mapping[Outcome, Tone] = {
    Outcome.SUPPORTED: "supported",
    Outcome.MIXED: "mixed",
    Outcome.NOT_SUPPORTED: "not-supported",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.NOT_TESTABLE: "not-testable",
}
SIGNS: Mapping[Outcome, str] = {
    Outcome.SUPPORTED: "✓",
    Outcome.MIXED: "±",
    Outcome.NOT_SUPPORTED: "×",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_TESTABLE: "–",
}
MEANINGS: Mapping[Outcome, str] = {
    Outcome.SUPPORTED: "The effect has the claimed sign and size, its interval excludes zero after the correction for "
    "multiplicity, and the alternative specifications agree.",
    Outcome.MIXED: "The effect has the claimed sign, but its size, the correction for multiplicity or the alternative "
    "specifications hold back a clear yes; or parts of the statement disagree.",
    Outcome.NOT_SUPPORTED: "The interval lies below the smallest effect that would matter: an effect of the claimed "
    "size "
    "is excluded.",
    Outcome.INCONCLUSIVE: "Both no effect and the claimed effect are compatible with the data. This is a limit of "
    "the data "
    "and says nothing against the statement.",
    Outcome.NOT_TESTABLE: "A series is missing, the event did not happen or there are too few days: no test was run.",
}

HEADLINE_LENGTH = 105
#: The claim whose first part is the premise of the whole article.
PREMISE = "C22"


def chip(outcome: Outcome) -> Chip:
    """The chip of an outcome: sign, word and tone."""
    return Chip(TONES[outcome], SIGNS[outcome], capitalised(outcome.value))


def finding(verdict: Verdict, panel: Panel) -> str | None:
    """What was found, as a clause; None where nothing was decided or the claim has no words of its own."""
    template = FINDINGS.get(verdict.id, {}).get(verdict.outcome)
    if template is None:
        return None
    words = {role: named_the(name) for role, name in panel.names.items()}
    words |= {f"{role}_s": possessive(name) for role, name in words.items()}
    words |= {"low": "two", "high": "three"}
    try:
        return template.format(**words)
    except KeyError:
        return None


def finding_title(verdict: Verdict, panel: Panel) -> str:
    """The title of a claim's page: the finding, or the statement with what became of it."""
    found = finding(verdict, panel)
    if found is not None:
        return capitalised(found)
    failed = [part_label(part) for part in verdict.parts if part.outcome is Outcome.NOT_SUPPORTED]
    if len(verdict.parts) > 1 and len(failed) == 1 and verdict.outcome is Outcome.NOT_SUPPORTED:
        return f"Not borne out: {failed[0]}"
    prefix = {
        Outcome.SUPPORTED: "",
        Outcome.MIXED: "Only in part: ",
        Outcome.NOT_SUPPORTED: "Not borne out: ",
        Outcome.INCONCLUSIVE: "Inconclusive: ",
        Outcome.NOT_TESTABLE: "Not testable here: ",
    }[verdict.outcome]
    undecided = [part_label(part) for part in verdict.parts if part.outcome is Outcome.INCONCLUSIVE]
    if failed and undecided and verdict.outcome is Outcome.INCONCLUSIVE:
        return f"{prefix}{listing(undecided)}; not so: {listing(failed)}"
    return f"{prefix}{verdict.statement.rstrip('.')}"


def headline(evidence: Evidence) -> str:
    """The answer of page one: the decided findings, clear ones first, as far as a headline can hold them."""
    order = (Outcome.SUPPORTED, Outcome.NOT_SUPPORTED, Outcome.MIXED)
    ranked = sorted(
        (one for one in evidence.verdicts if one.outcome in order),
        key=lambda one: (
            one.outcome is Outcome.MIXED,
            HEADLINE_FIRST.index(one.id) if one.id in HEADLINE_FIRST else len(HEADLINE_FIRST),
        ),
    )
    candidates = [found for verdict in ranked if (found := finding(verdict, evidence.panel)) is not None]
    chosen: list[str] = []
    for found in candidates:
        if len(chosen) < 3 and len("; ".join([*chosen, found])) <= HEADLINE_LENGTH:
            chosen.append(found)
    if chosen:
        return capitalised("; ".join(chosen))
    decided = [one for one in evidence.verdicts if one.outcome in order]
    if decided:
        return finding_title(decided[0], evidence.panel)
    return "These data do not decide the statements"


def deck(evidence: Evidence) -> str:
    """How many statements came out how, in one or two sentences."""
    total = len(evidence.verdicts)
    if not total:
        return "No statement was judged."
    words = {
        Outcome.SUPPORTED: ("is supported", "are supported"),
        Outcome.MIXED: ("is mixed", "are mixed"),
        Outcome.NOT_SUPPORTED: ("is not supported", "are not supported"),
        Outcome.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
        Outcome.NOT_TESTABLE: ("cannot be tested here", "cannot be tested here"),
    }
    clauses = []
    for outcome, (one, several) in words.items():
        n = sum(verdict.outcome is outcome for verdict in evidence.verdicts)
        if n:
            clauses.append(f"{count(n)} {one if n == 1 else several}")
    first = f"Of {plural(total, 'statement')} judged, {listing(clauses)}."
    premise = _premise(evidence)
    if premise:
        first = f"{first} {premise}"
    rest = len(evidence.study.untestable)
    if not rest:
        return first
    return (
        f"{first} {capitalised(count(rest))} further {'statement' if rest == 1 else 'statements'} cannot be "
        "decided by daily prices."
    )


def _premise(evidence: Evidence) -> str:
    """Says so where the market state that the article takes for granted does not show; else empty."""
    state = next((one for one in evidence.verdicts if one.id == PREMISE), None)
    if state is None or not state.parts or state.parts[0].outcome is not Outcome.NOT_SUPPORTED:
        return ""
    return "The risk-off market that the article takes for granted does not show in the reference series."


def exact(estimate: Estimate) -> bool:
    """Whether a number is a reading without uncertainty: a fact, not an estimate."""
    return estimate.lower == estimate.upper


def estimate_clause(estimate: Estimate | NotDecidable, *, signed: bool = False) -> str:
    """ "0.34 (95 % interval 0.19 to 0.49)", or why there is no number."""
    if isinstance(estimate, NotDecidable):
        return str(estimate)
    value = quantity(estimate.value, estimate.unit, signed=signed)
    if exact(estimate):
        return value
    return f"{value} ({level(estimate.level)} interval {span(estimate.lower, estimate.upper, estimate.unit)})"


def reading(one: Quoted) -> str:
    """What a part's interval says of no effect and of what the statement asks for, in one or two sentences."""
    part, effect, label = one.part, one.effect, capitalised(part_label(one.part))
    if isinstance(effect, NotDecidable):
        return sentence(f"{label}: {effect}")
    size = quantity(one.needed, effect.unit)
    if exact(effect):
        side = "below" if effect.value < one.needed else "at or above"
        value = quantity(effect.value, effect.unit)
        return f"{label}: the reading is {value}, {side} the threshold of {size}. {sentence(part.reason)}"
    if one.quantity:
        asked = f"{'at most' if one.below else 'at least'} {size}"
        return f"{label}: {one.quantity} {estimate_clause(effect)}, asked for {asked}. {_margin_reading(one, effect)}"
    opening = f"{label}: the estimate is {estimate_clause(effect)}."
    match part.outcome:
        case Outcome.SUPPORTED if effect.lower > 0.0 and effect.value >= part.sesoi > 0.0:
            return f"{opening} It reaches the size of interest, {size}, and the interval excludes zero."
        case Outcome.INCONCLUSIVE if effect.lower <= 0.0 and effect.upper >= part.sesoi > 0.0:
            return (
                f"{opening} Both no effect and the claimed effect ({size}) are compatible with "
                f"it.{_power(part, effect)}"
            )
        case Outcome.INCONCLUSIVE:
            return f"{opening} {sentence(part.reason)}{_power(part, effect)}"
        case Outcome.NOT_SUPPORTED if effect.upper < 0.0:
            return f"{opening} The whole interval has the opposite sign."
        case Outcome.NOT_SUPPORTED if effect.upper < part.sesoi:
            small = " The effect is real but small." if effect.lower > 0.0 else ""
            return f"{opening} An effect of the size of interest, {size}, is excluded.{small}"
        case _:
            return f"{opening} {sentence(part.reason)}"


def _margin_reading(one: Quoted, effect: Estimate) -> str:
    """What the rule found, said of the quantity itself and not of its distance from a bound."""
    reached = effect.value <= one.needed if one.below else effect.value >= one.needed
    misses = effect.lower > one.needed if one.below else effect.upper < one.needed
    meets = effect.upper <= one.needed if one.below else effect.lower >= one.needed
    match one.part.outcome:
        case Outcome.NOT_SUPPORTED if misses:
            return f"The whole interval lies {'above' if one.below else 'below'} that: the data contradict it."
        case Outcome.SUPPORTED if meets:
            return f"The whole interval lies {'below' if one.below else 'above'} that."
        case Outcome.SUPPORTED if reached:
            return "The estimate reaches that."
        case _:
            return sentence(one.part.reason)


def _power(part: Part, effect: Estimate) -> str:
    if part.mde80 is None or not math.isfinite(part.mde80):
        return ""
    return (
        f" With data like these an effect would have to be {quantity(part.mde80, effect.unit)} to be found "
        "four times in five."
    )


def robustness(verdict: Verdict, quoted_studies: Sequence[QuotedStudy]) -> str:
    """The specification curve in words: share, median, joint test, failures; empty where none was run.

    The joint test is the bound that every edition has and, where a long study of the claim's curve was kept, the one
    against curves drawn with the null true.
    """
    if not verdict.specifications:
        return ""
    done = [one.estimate for one in verdict.specifications if isinstance(one.estimate, Estimate)]
    failed = len(verdict.specifications) - len(done)
    if not done:
        return f"All {count(len(verdict.specifications))} alternative specifications failed."
    words = []
    if verdict.share is not None:
        bar = "lie in or close to the claimed range" if verdict.kind == "range" else "reach half the size of interest"
        if verdict.parts and verdict.parts[0].sesoi == 0.0:
            bar = "have the claimed sign"
        words.append(f"{quantity(100 * verdict.share, '%', decimals=0)} of the specifications {bar}")
    if verdict.median is not None:
        words.append(f"their median is {quantity(verdict.median, done[0].unit)}")
    if not words:
        words.append(f"{plural(len(done), 'specification was', 'specifications were')} run")
    text = f"{capitalised(listing(words))}.{_joint_test(verdict, quoted_studies)}"
    return f"{text} {capitalised(plural(failed, 'specification'))} could not be estimated." if failed else text


def _joint_test(verdict: Verdict, quoted_studies: Sequence[QuotedStudy]) -> str:
    bound = verdict.parts[0].joint_p_value if verdict.parts else None
    if bound is None:
        return ""
    text = f" Joint test of the curve: {p_clause(bound)} by Rüger’s bound"
    for one in quoted_studies:
        drawn = drawn_p_value(one.result, verdict.id) if one.name == CURVES.name and one.result is not None else None
        if drawn is not None:
            code = "" if one.same_code else " (computed by older code)"
            text += f", {p_clause(drawn)} against curves drawn without an effect{code}"
    return f"{text}."


def window_title(returns: pd.DataFrame, panel: Panel) -> str:
    """The finding of a window: what the hardest hit lost, and the best of all."""
    last = returns.dropna(axis=1, how="all").ffill().iloc[-1].sort_values() if len(returns) else pd.Series(dtype=float)
    if last.empty:
        return "Returns in the window"
    names = [in_sentence(panel.names.get(str(role), str(role))) for role in last.index]
    period = f"from {day_in_words(_day(returns.index[0]))} to {day_in_words(_day(returns.index[-1]))}"
    moves = [
        f"{name} {'lost' if value < 0 else 'gained'} {quantity(abs(float(value)), '%')}"
        for name, value in zip(names[:2], last.iloc[:2], strict=True)
    ]
    if len(last) > 2:
        moves.append(
            f"{names[-1]} {'lost' if last.iloc[-1] < 0 else 'gained'} {quantity(abs(float(last.iloc[-1])), '%')}"
        )
    return capitalised(f"{listing(moves)} {period}")


def path_title(path: PathBand, panel: Panel) -> str:
    """Where a path stood at its last session, with its band."""
    one, other = (named_the(panel.names.get(role, role)) for role in path.pair)
    subject = (
        f"{possessive(one)} correlation with {other}"
        if path.quantity == "correlation"
        else f"the beta of {one} on {other}"
    )
    kept = path.frame.dropna(subset=["estimate"])
    if kept.empty:
        return capitalised(f"{subject} could not be estimated")
    row, when = kept.iloc[-1], day_in_words(_day(kept.index[-1]))
    text = f"{subject} stood at {number(row['estimate'])} on {when}"
    if not (math.isfinite(row["lower"]) and math.isfinite(row["upper"])):
        return capitalised(text)
    return capitalised(f"{text}, band {span(row['lower'], row['upper'])}")


def paths_title(paths: Sequence[PathBand], panel: Panel) -> str:
    """Where two or more paths with the same first series stood at the end."""
    one = named_the(panel.names.get(paths[0].pair[0], paths[0].pair[0]))
    readings, when = [], None
    for path in paths:
        kept = path.frame["estimate"].dropna()
        if len(kept):
            other = named_the(panel.names.get(path.pair[1], path.pair[1]))
            readings.append(f"{number(float(kept.iloc[-1]))} with {other}")
            when = kept.index[-1]
    if when is None:
        return capitalised(f"{possessive(one)} correlations could not be estimated")
    return capitalised(f"{possessive(one)} correlation stood at {listing(readings)} on {day_in_words(_day(when))}")


def regime_title(probability: pd.DataFrame) -> str:
    """The probability of the turbulent regime at the last close."""
    known = probability["filtered"].dropna() if "filtered" in probability else pd.Series(dtype=float)
    if known.empty:
        return "The regime model gives no probability"
    value = float(known.iloc[-1])
    return (
        f"The turbulent regime had a probability of {number(value)} at the close of "
        f"{day_in_words(_day(known.index[-1]))}"
    )


def recovery(recovered: Iterable[Recovered]) -> str:
    """On simulated data: how many known values the intervals cover."""
    rows = list(recovered)
    inside = sum(one.inside for one in rows)
    return (
        f"The data were simulated from a known world. The intervals cover {count(inside)} of "
        f"{plural(len(rows), 'known value')}; "
        f"at a level of {level(rows[0].estimate.level) if rows else level(0.95)} about one in twenty should be missed."
    )


def _day(when: object) -> date:
    return pd.Timestamp(when).date()  # type: ignore[arg-type]

"""C26: markets priced a more hawkish monetary policy.

Question   Did the two-year yield, which carries the expected path of the policy rate, rise in the event by more than it
           usually moves?
Trap       Yields move every day; a rise of some basis points somewhere near the event proves nothing. The size and the
           rarity that count are fixed, and so are both stretches: the short window, and the sessions around the day on
           which a new head of the central bank was named. A yield also moves with the demand for safety, so a fall in a
           sell-off need not mean a softer policy: the verdict speaks of the yield.
Criteria   Each stretch: supported if the change is at least `repricing` basis points and lies at or above `percentile`
           among the earlier changes over as many sessions; mixed if it rose and one of the two holds; else
           not supported. Stretches that disagree give "mixed". A yield without a value on the window's last session:
           not testable.
Thresholds repricing (basis points), percentile (percent), announcement (which session of the short window), around
           (sessions on either side of it), history (sessions before a stretch with whose changes it is compared).
Statistic  Change of the two-year yield, observed.
Secondary  The yield against its mean of a month; changes of the real yield and the dollar.
"""

from __future__ import annotations

import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import (
    Span,
    agreement,
    ended,
    known,
    moved_spans,
    observed,
    percentile_among,
    window_span,
)
from models.claims.primary import Primary
from models.claims.rule import Ruling
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult

YIELD = "short_yield"
#: Basis points of one percentage point.
BASIS = 100.0
#: Yields come in hundredths of a percent; rounding keeps equal changes equal.
DIGITS = 6
MONTH = 21


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the short window and the sessions around the announcement."""
    levels = case.panel.levels[YIELD].dropna()
    if len(levels.loc[: window_span(case, "short").base]) < _history(case):
        return NotDecidable(f"fewer than {_history(case)} yields before the window")
    spans = (window_span(case, "short"), _announcement(case))
    gone = ended(case, YIELD, max(span.last for span in spans))
    if gone is not None:
        return gone
    legs = tuple(_leg(case, levels, span) for span in spans)
    specifications = _specifications(case)
    headline = _observed_change(case, levels, spans[0])
    return Measurement(
        legs=(_with(legs[0], specifications), *legs[1:]),
        combine=agreement,
        kind="fact",
        headline=headline,
        headline_label=f"change of the {case.panel.names[YIELD]} over the short window",
        n=headline.n,
        window=case.describe("short"),
        secondary=_readings(case, levels, spans),
        exhibits=(_path(case, spans[0]),),
    )


def _history(case: Case) -> int:
    return int(case.thresholds["history"])


def _announcement(case: Case) -> Span:
    clock, span = case.panel.levels.index, window_span(case, "short")
    around = int(case.thresholds["around"])
    at = int(clock.searchsorted(span.base)) + int(case.thresholds["announcement"])
    label = f"{2 * around + 1} sessions around the announcement of {clock[at].date()}"
    return Span(label, clock[at - around - 1], clock[min(at + around, len(clock) - 1)])


def _observed_change(case: Case, levels: pd.Series, span: Span) -> Estimate:
    sessions = len(levels.loc[span.base : span.last].iloc[1:])
    return observed(round(BASIS * span.change(levels), DIGITS), "bp", sessions, case.level, "change of the yield")


def _earlier_changes(case: Case, levels: pd.Series, span: Span, sessions: int) -> pd.Series:
    """Changes over `sessions` values that ended in the sessions up to the span's base, basis points."""
    return (BASIS * levels.diff(sessions).loc[: span.base].iloc[-_history(case) :]).round(DIGITS)


def _leg(case: Case, levels: pd.Series, span: Span) -> Leg:
    change = _observed_change(case, levels, span)
    rarity = percentile_among(change.value, _earlier_changes(case, levels, span, change.n))
    large, rare = change.value >= case.thresholds["repricing"], rarity >= case.thresholds["percentile"]
    place = f"percentile {rarity:.0f} of the {_history(case)} changes over {change.n} sessions before"
    if large and rare:
        ruling = Ruling(Outcome.SUPPORTED, f"the yield rose by {change.value:.0f} bp, {place}")
    elif change.value > 0.0 and (large or rare):
        short_of = "no rare move" if large else "less than the size that would matter"
        ruling = Ruling(Outcome.MIXED, f"the yield rose by {change.value:.0f} bp, {place}: {short_of}")
    elif change.value > 0.0:
        ruling = Ruling(Outcome.NOT_SUPPORTED, f"the yield rose by only {change.value:.1f} bp, {place}")
    else:
        word = f"fell by {-change.value:.0f} bp" if change.value < 0.0 else "did not change"
        ruling = Ruling(Outcome.NOT_SUPPORTED, f"the yield {word}, {place}")
    return Leg(f"the yield rose clearly, {span.label}", change, case.thresholds["repricing"], ruling=ruling)


def _with(leg: Leg, specifications: tuple[SpecificationResult, ...]) -> Leg:
    return Leg(leg.label, leg.effect, leg.sesoi, leg.p_value, specifications, leg.ruling)


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Yield x moved ends of the short window."""
    results = []
    for role in (YIELD, "real_yield"):
        for span in (window_span(case, "short"), *moved_spans(case, "short")):
            if role not in case.panel.levels.columns:
                estimate: Estimate | NotDecidable = NotDecidable(f"no series plays the role {role}")
            else:
                gone = ended(case, role, span.last)
                estimate = gone or _observed_change(case, case.panel.levels[role].dropna(), span)
            results.append(SpecificationResult(f"{role.replace('_', ' ')}, {span.label}", estimate))
    return tuple(results)


def _readings(
    case: Case, levels: pd.Series, spans: tuple[Span, ...]
) -> dict[str, Estimate | TestResult | NotDecidable]:
    month = levels.rolling(MONTH).mean()
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    for span in spans:
        change = _observed_change(case, levels, span)
        rarity = percentile_among(change.value, _earlier_changes(case, levels, span, change.n))
        readings[f"percentile of the change, {span.label}"] = observed(rarity, "percentile", _history(case), case.level)
        gap = BASIS * (known(levels, span.last) - known(month, span.last))
        readings[f"yield above its mean of {MONTH} sessions, end of the {span.label}"] = observed(
            gap, "bp", MONTH, case.level
        )
        if "real_yield" in case.panel.levels.columns:
            real = BASIS * span.change(case.panel.levels["real_yield"])
            gone = ended(case, "real_yield", span.last)
            readings[f"change of the real yield, {span.label}"] = gone or observed(real, "bp", change.n, case.level)
        if "dollar" in case.panel.levels.columns:
            dollar = span.growth(case.panel.levels["dollar"])
            gone = ended(case, "dollar", span.last)
            readings[f"change of the dollar, {span.label}"] = gone or observed(dollar, "%", change.n, case.level)
    return readings


def _path(case: Case, span: Span) -> Exhibit:
    roles = [role for role in (YIELD, "real_yield") if role in case.panel.levels.columns]
    clock = case.panel.levels.index
    first = clock[max(0, int(clock.searchsorted(span.base)) - 3 * MONTH)]
    paths = {
        case.panel.names[role]: BASIS * (case.panel.levels[role] - known(case.panel.levels[role], span.base))
        for role in roles
    }
    frame = pd.DataFrame(paths).loc[first : span.last]
    return Exhibit(
        "yields against their level at the window's base", frame, "bp", f"The window begins after {span.base.date()}."
    )


def primary(case: Case) -> Primary | NotDecidable:
    """Change of the yield over the short window."""
    levels, span = case.panel.levels[YIELD].dropna(), window_span(case, "short")
    gone = ended(case, YIELD, span.last)
    if gone is not None:
        return gone
    change = _observed_change(case, levels, span)
    ruling = _leg(case, levels, span).ruling
    held = ruling is not None and ruling.outcome is Outcome.SUPPORTED
    return Primary(change, change.value > 0.0, held)


CLAIM = Claim(
    id="C26",
    needs=(YIELD,),
    windows=("short",),
    thresholds=("repricing", "percentile", "announcement", "around", "history"),
    measure=measure,
    primary=primary,
)

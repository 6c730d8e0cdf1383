"""C02: gold itself went its own way while Bitcoin and the miners fell.

Question   Did gold hold, or rise, in the window in which Bitcoin and the miners fell, and did it do better than
           they did after allowing for the market, the dollar and real yields?
Trap       Gold is calmer, so it falls less in any sell-off: "fell less" is not "diverged". The short window starts at
           gold's own peak, the long one does not; the verdict must not hang on that choice, so both are judged.
Criteria   Short and long window, each: supported if gold's return is at least minus `tolerance` percent and its
           abnormal return, in units of event volatility, beats the mean of miners and Bitcoin by `divergence`
           with an interval above zero; not supported if gold fell by more than `clear_fall` percent; else as the
           general rule says, and no better than mixed where gold fell by more than `tolerance`. A window in which
           miners and Bitcoin did not both fall has nothing to explain and is not testable. Windows that disagree give
           "mixed", with both sentences.
Thresholds tolerance (percent), clear_fall (percent), divergence (event standard deviations),
           estimation_first and estimation_last (sessions before the event).
Statistic  Cumulative return of gold; difference of scaled cumulative abnormal returns.
Literature Brown and Warner (1985); Boehmer, Musumeci and Poulsen (1991).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import agreement, window_span
from models.claims.primary import Primary
from models.claims.rule import Ruling, judge_effect
from models.claims.verdict import Exhibit, Outcome
from models.estimate import Estimate, NotDecidable, TestResult
from models.events import AbnormalReturns, abnormal_returns

FALLING = ("miners", "crypto")
FACTORS = ("market", "dollar", "real_yield")
NO_FALL = NotDecidable("the miners and Bitcoin did not both fall in this window")


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the short and the long window."""
    short, long = _study_event(case, "short"), _study_event(case, "long")
    headline = _cumulative_return(case, "short")
    secondary: dict[str, Estimate | TestResult | NotDecidable] = {}
    for name, event in (("short", short), ("long", long)):
        for role in ("metal", *FALLING):
            label = f"abnormal return of {case.panel.names[role]}, {name} window"
            secondary[label] = event.estimate(role)
    return Measurement(
        legs=(_leg(case, "short", short), _leg(case, "long", long)),
        combine=_over_windows,
        kind="fact",
        headline=headline,
        headline_label=f"return of {case.panel.names['metal']} over the short window",
        n=case.sessions("short").size,
        n_events=2,
        window=case.describe("short"),
        secondary=secondary,
        exhibits=(*_fans(case, "short", short), *_fans(case, "long", long)),
    )


def _study_event(case: Case, window: str) -> AbnormalReturns:
    return abnormal_returns(
        case.panel.returns[["metal", *FALLING]],
        case.panel.returns[list(FACTORS)],
        case.sessions(window),
        first=int(case.thresholds["estimation_first"]),
        last=int(case.thresholds["estimation_last"]),
        level=case.level,
        replications=case.replications,
        block_bounds=case.block_bounds,
        seed=case.seed,
    )


def _fans(case: Case, window: str, event: AbnormalReturns) -> tuple[Exhibit, ...]:
    """Cumulative abnormal return of each asset by session of the window, from zero at its base."""
    base = window_span(case, window).base.date()
    factors = ", ".join(case.panel.names[role] for role in FACTORS)
    note = f"Market model on {factors}, {event.n} sessions before the window; day 0 is {base}"
    exhibits = []
    for role in ("metal", *FALLING):
        rows = np.vstack([np.zeros(3), event.fan(role).to_numpy()])
        days = [f"day {number}" for number in range(len(rows))]
        frame = pd.DataFrame(rows, index=days, columns=["estimate", "lower", "upper"])
        exhibits.append(Exhibit(f"abnormal return of {case.panel.names[role]}, {window} window", frame, "%", note))
    return tuple(exhibits)


def _cumulative_return(case: Case, window: str) -> Estimate:
    """Simple return of gold over the window: a fact, without sampling error."""
    sessions = case.sessions(window)
    value = 100.0 * float(np.expm1(case.panel.returns.loc[sessions, "metal"].sum() / 100.0))
    return Estimate(value, None, value, value, case.level, sessions.size, "%", "observed, without sampling error")


def _leg(case: Case, window: str, event: AbnormalReturns) -> Leg:
    held = _cumulative_return(case, window)
    gap, p_value = event.gap("metal", FALLING)
    sesoi = case.thresholds["divergence"]
    gold = case.panel.names["metal"].lower()
    moved = "rose" if held.value >= 0.0 else "fell"
    label = f"{gold} went its own way in the {window} window (it {moved} {abs(held.value):.1f} %)"
    if _nothing_fell(case, window):
        return Leg(label, NO_FALL, sesoi)
    relative = judge_effect(gap, sesoi, p_adjusted=None, specifications=None)
    if held.value < -case.thresholds["clear_fall"]:
        less = "fell less than" if gap.value > 0.0 else "fell no less than"
        ruling = Ruling(
            Outcome.NOT_SUPPORTED,
            f"{gold} {less} the others, given its volatility, but it fell: it did not diverge",
        )
    elif held.value < -case.thresholds["tolerance"]:
        outcome = Outcome.MIXED if relative.outcome is Outcome.SUPPORTED else relative.outcome
        little = f"{gold} fell a little, between the tolerance and a clear fall"
        ruling = Ruling(outcome, f"{little}; against miners and Bitcoin {relative.reason}")
    else:
        ruling = Ruling(relative.outcome, f"{gold} held; against miners and Bitcoin {relative.reason}")
    return Leg(label, gap, sesoi, p_value, ruling=ruling)


def _nothing_fell(case: Case, window: str) -> bool:
    return any(case.panel.returns.loc[case.sessions(window), role].sum() >= 0.0 for role in FALLING)


def _over_windows(outcomes: Sequence[Outcome]) -> Outcome:
    """Agreement of the windows in which miners and Bitcoin fell; not testable where there is none."""
    judged = [outcome for outcome in outcomes if outcome is not Outcome.NOT_TESTABLE]
    return agreement(judged) if judged else Outcome.NOT_TESTABLE


def primary(case: Case) -> Primary | NotDecidable:
    """Return of gold, and whether it held and beat the others."""
    if _nothing_fell(case, "short"):
        return NO_FALL
    held, (gap, _) = _cumulative_return(case, "short"), _study_event(case, "short").gap("metal", FALLING)
    kept = held.value >= -case.thresholds["tolerance"]
    return Primary(held, held.value >= 0.0, kept and gap.value >= case.thresholds["divergence"])


CLAIM = Claim(
    id="C02",
    needs=("metal", *FALLING, *FACTORS),
    windows=("short", "long"),
    thresholds=("tolerance", "clear_fall", "divergence", "estimation_first", "estimation_last"),
    measure=measure,
    primary=primary,
)

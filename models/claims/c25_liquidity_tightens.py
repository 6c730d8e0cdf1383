"""C25: global liquidity was tightening.

Question   From Bitcoin's high in October to the end of the event, did financial conditions tighten by most of the
           measures one would look at?
Trap       With enough indicators one of them always tightens. The five signs and the size that each must reach are
           listed beforehand, and a broad one (conditions or credit) must be among those that point to tightening.
           Weekly figures count from their release on. All five are of the United States: "global" is not covered.
Criteria   Supported if at least `signs` of the five point to tightening and conditions or the credit spread are among
           them; not supported if no more than `signs_not` do; else mixed. A sign without a series, or with one that
           ends before the window, is counted both ways: where that would change the verdict it is inconclusive. Fewer
           than `signs` readable: not testable.
Thresholds signs, signs_not (number); net_liquidity (percent, fall), dollar (percent, rise), credit (basis points,
           rise). Conditions and the funding spread need only rise.
Statistic  Number of signs, observed, over the long window.
Signs      Financial-conditions index; the central bank's assets less the treasury's account and reverse repurchases;
           overnight funding rate above the upper limit of the policy target; broad dollar (the dollar index where there
           is none); high-yield spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from data.panel import Panel
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import Span, ended, known, moved_spans, observed, percentile_among, window_span
from models.claims.primary import Primary
from models.claims.rule import Ruling, conjunction
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult

#: Millions in a billion: reverse repurchases are published in billions, the other two in millions of dollars.
MILLIONS = 1000.0
BASIS = 100.0


@dataclass(frozen=True, slots=True)
class Sign:
    """One measure of tightening.

    Attributes
    ----------
    name : str
    roles : tuple of str
        Series it needs.
    levels : callable
        Panel to the measure on the panel's sessions.
    relative : bool
        Its change is a growth in percent, else a difference.
    unit : str
    threshold : str or None
        Name of the change it must exceed; None where any rise counts.
    broad : bool
        Whether it can be the one that must be among the signs.
    orientation : float
        1 where a rise tightens, -1 where a fall does.
    """

    name: str
    roles: tuple[str, ...]
    levels: Callable[[Panel], pd.Series]
    relative: bool
    unit: str
    threshold: str | None = None
    broad: bool = False
    orientation: float = 1.0

    def change(self, levels: pd.Series, span: Span) -> float:
        """Change over a span, positive where it tightens."""
        return self.orientation * (span.growth(levels) if self.relative else span.change(levels))

    def changes(self, levels: pd.Series, sessions: int) -> pd.Series:
        """The same over every stretch of as many sessions."""
        return self.since(levels, levels.shift(sessions))

    def since(self, levels: pd.Series, base: pd.Series | float) -> pd.Series:
        """Change of each level from its base, positive where it tightens."""
        return self.orientation * (100.0 * (levels / base - 1.0) if self.relative else levels - base)


def _net_liquidity(panel: Panel) -> pd.Series:
    assets, account, repurchases = (
        panel.levels[role].ffill() for role in ("central_bank_assets", "treasury_account", "reverse_repo")
    )
    return assets - account - MILLIONS * repurchases


def _strain(panel: Panel) -> pd.Series:
    return BASIS * (panel.levels["overnight_rate"].ffill() - panel.levels["policy_rate"].ffill())


def _signs(panel: Panel) -> tuple[Sign, ...]:
    dollar = "broad_dollar" if "broad_dollar" in panel.levels.columns else "dollar"
    return (
        Sign(
            "financial conditions", ("conditions",), lambda one: one.levels["conditions"].ffill(), False, "", broad=True
        ),
        Sign(
            "net liquidity",
            ("central_bank_assets", "treasury_account", "reverse_repo"),
            _net_liquidity,
            True,
            "%",
            "net_liquidity",
            orientation=-1.0,
        ),
        Sign("funding spread", ("overnight_rate", "policy_rate"), _strain, False, "bp"),
        Sign("dollar", (dollar,), lambda one: one.levels[dollar].ffill(), True, "%", "dollar"),
        Sign(
            "high-yield spread",
            ("credit",),
            lambda one: BASIS * one.levels["credit"].ffill(),
            False,
            "bp",
            "credit",
            True,
        ),
    )


@dataclass(frozen=True)
class Reading:
    """The signs over one span: those that point to tightening, those that do not, and those that cannot be read."""

    tightening: tuple[Sign, ...]
    others: tuple[Sign, ...]
    unread: tuple[Sign, ...]

    def outcome(self, thresholds: dict[str, float]) -> Outcome:
        """The verdict, "inconclusive" where the unread signs could change it."""
        least = _outcome(self.tightening, thresholds)
        most = _outcome((*self.tightening, *self.unread), thresholds)
        return least if least is most else Outcome.INCONCLUSIVE


def _outcome(tightening: tuple[Sign, ...], thresholds: dict[str, float]) -> Outcome:
    if len(tightening) >= thresholds["signs"] and any(sign.broad for sign in tightening):
        return Outcome.SUPPORTED
    return Outcome.NOT_SUPPORTED if len(tightening) <= thresholds["signs_not"] else Outcome.MIXED


def _read(case: Case, span: Span) -> Reading:
    tightening, others, unread = [], [], []
    for sign in _signs(case.panel):
        if _unreadable(case, sign, span) is not None:
            unread.append(sign)
        elif sign.change(sign.levels(case.panel), span) > _needed(case, sign):
            tightening.append(sign)
        else:
            others.append(sign)
    return Reading(tuple(tightening), tuple(others), tuple(unread))


def _unreadable(case: Case, sign: Sign, span: Span) -> NotDecidable | None:
    """Why a sign does not speak of the span, None where it does."""
    absent = _absent(case.panel, sign)
    if absent:
        return NotDecidable(f"no series plays the role {', '.join(absent)}")
    if pd.isna(known(sign.levels(case.panel), span.base)):
        return NotDecidable("its series begin after the window does")
    return next((gone for role in sign.roles if (gone := ended(case, role, span.last)) is not None), None)


def _absent(panel: Panel, sign: Sign) -> tuple[str, ...]:
    return tuple(role for role in sign.roles if role not in panel.levels.columns)


def _needed(case: Case, sign: Sign) -> float:
    return case.thresholds[sign.threshold] if sign.threshold else 0.0


def measure(case: Case) -> Measurement | NotDecidable:
    """Count the signs over the long window."""
    span = window_span(case, "long")
    reading = _read(case, span)
    readable = (*reading.tightening, *reading.others)
    wanted = case.thresholds["signs"]
    if len(readable) < wanted:
        return NotDecidable(_too_few(case, reading))
    count = observed(len(reading.tightening), "signs", len(readable), case.level, "signs that point to tightening")
    specifications = _specifications(case)
    ruling = Ruling(reading.outcome(dict(case.thresholds)), _reason(case.panel, reading))
    return Measurement(
        legs=(Leg("liquidity tightened over the long window", count, wanted, None, specifications, ruling),),
        combine=conjunction,
        kind="fact",
        headline=count,
        headline_label=f"signs of tightening among {len(readable)} that can be read",
        n=case.sessions("long").size,
        n_events=len(readable),
        window=case.describe("long"),
        secondary=_readings(case, span),
        exhibits=(_paths(case, span, readable),),
    )


def _listed(signs: Iterable[Sign]) -> str:
    return ", ".join(sign.name for sign in signs)


def _unread(panel: Panel, reading: Reading) -> str:
    """The signs that cannot be read: those nobody delivered, and those that do not cover the window."""
    missing = [sign for sign in reading.unread if _absent(panel, sign)]
    short = [sign for sign in reading.unread if not _absent(panel, sign)]
    kinds = (("without a series", missing), ("without values over the whole window", short))
    return "; ".join(f"{what}: {_listed(signs)}" for what, signs in kinds if signs)


def _too_few(case: Case, reading: Reading) -> str:
    signs = len(_signs(case.panel))
    read = signs - len(reading.unread)
    return f"only {read} of {signs} signs of tightening can be read ({_unread(case.panel, reading)})"


def _reason(panel: Panel, reading: Reading) -> str:
    read = len(reading.tightening) + len(reading.others)
    parts = [f"{len(reading.tightening)} of {read} signs point to tightening"]
    if reading.tightening:
        parts[0] += f" ({_listed(reading.tightening)})"
    if reading.unread:
        parts.append(_unread(panel, reading))
    return "; ".join(parts)


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """The long window with its ends moved, and the short window."""
    spans = (*moved_spans(case, "long"), *((window_span(case, "short"),) if "short" in case.study.windows else ()))
    results = []
    for span in spans:
        reading = _read(case, span)
        read = len(reading.tightening) + len(reading.others)
        estimate: Estimate | NotDecidable = observed(len(reading.tightening), "signs", read, case.level)
        if read < case.thresholds["signs"]:
            estimate = NotDecidable(_too_few(case, reading))
        results.append(SpecificationResult(span.label, estimate))
    return tuple(results)


def _readings(case: Case, span: Span) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Each sign's size, and its place among all stretches of that length."""
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    sessions = case.sessions("long").size
    for sign in _signs(case.panel):
        unreadable = _unreadable(case, sign, span)
        if unreadable is not None:
            readings[f"{sign.name}, tightening"] = unreadable
            continue
        levels = sign.levels(case.panel)
        change = sign.change(levels, span)
        everything = sign.changes(levels, sessions).loc[: span.last]
        readings[f"{sign.name}, tightening"] = observed(change, sign.unit, sessions, case.level)
        readings[f"{sign.name}, percentile among stretches of {sessions} sessions"] = observed(
            percentile_among(change, everything), "percentile", int(everything.count()), case.level
        )
    return readings


def _paths(case: Case, span: Span, readable: tuple[Sign, ...]) -> Exhibit:
    """Change since the base in units of the usual change over a stretch of that length."""
    sessions = case.sessions("long").size
    paths = {}
    for sign in readable:
        levels = sign.levels(case.panel)
        change = sign.since(levels.loc[span.base : span.last], known(levels, span.base))
        paths[sign.name] = change / float(sign.changes(levels, sessions).loc[: span.last].std())
    return Exhibit(
        "tightening since the base of the long window",
        pd.DataFrame(paths),
        "usual changes",
        f"Upwards is tighter; one unit is the standard deviation of the changes over {sessions} sessions",
    )


def primary(case: Case) -> Primary | NotDecidable:
    """Signs of tightening over the long window."""
    reading = _read(case, window_span(case, "long"))
    readable = len(reading.tightening) + len(reading.others)
    if readable < case.thresholds["signs"]:
        return NotDecidable(_too_few(case, reading))
    count = observed(len(reading.tightening), "signs", readable, case.level, "signs that point to tightening")
    outcome = _outcome(reading.tightening, dict(case.thresholds))
    return Primary(count, 2 * len(reading.tightening) > readable, outcome is Outcome.SUPPORTED)


CLAIM = Claim(
    id="C25",
    needs=(),
    windows=("long",),
    thresholds=("signs", "signs_not", "net_liquidity", "dollar", "credit"),
    measure=measure,
    primary=primary,
)

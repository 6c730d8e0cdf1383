"""What the hour of an around-the-clock close does to its correlations."""

from __future__ import annotations

from collections.abc import Mapping

from models.clock import EXCHANGE, FUND, MIDNIGHT, SYNCHRONISED, ClockRow
from models.estimate import Estimate, NotDecidable
from reports.document import Paragraph, Ref, Section
from reports.evidence import Evidence
from reports.setting import Setting
from reports.tables.clock import clock_table
from reports.text import interval, listing, named_the, number


def clock_section(setting: Setting) -> Section | None:
    """The asynchrony panel, None where no asset of the study trades around the clock or its clocks are unknown."""
    rows = decided(setting.evidence)
    if not rows:
        return None
    asset = always_trading(setting.evidence)
    table = clock_table(
        setting.panel.names,
        rows,
        setting.name(asset),
        setting.source((asset, *rows)),
        f"{setting.level_text} intervals below each figure: joint stationary bootstrap over the clocks. Synchronised: "
        "after Burns, Engle and Mezrich (1998). Weeks: five weekdays averaged. Lead: the close of one session with the "
        "partner’s return of the next. The same in figures, with one correction more, stands in results.json.",
    )
    words = " ".join(clock_sentences(setting.evidence))
    return Section(
        "clock",
        f"{setting.name(asset)} by another clock",
        (Paragraph((f"{words} ", Ref("clocks"), " has every partner.")), table),
    )


def decided(evidence: Evidence) -> Mapping[str, ClockRow]:
    """The partners whose correlations could be measured, by role."""
    if isinstance(evidence.clocks, NotDecidable):
        return {}
    return {role: row for role, row in evidence.clocks.items() if isinstance(row, ClockRow)}


def always_trading(evidence: Evidence) -> str:
    """Role of the asset that trades around the clock."""
    assets = evidence.study.correlation.assets
    return next(one.role for one in evidence.study.instruments if one.trades == "always" and one.role in assets)


def clock_sentences(evidence: Evidence) -> tuple[str, ...]:
    """Which clock the study uses, what the other one would change, and what the fund says of both."""
    rows, names = decided(evidence), evidence.panel.names
    if not rows:
        return ()
    asset = names[always_trading(evidence)]
    gaps = {
        role: gap
        for role, row in rows.items()
        if role != FUND and isinstance(gap := row.differences[MIDNIGHT], Estimate)
    }
    if not gaps:
        corrected = [
            f"{number(one.value)} {interval(one.lower, one.upper)} with {named_the(names[role])}"
            for role, row in rows.items()
            if isinstance(one := row.correlations[SYNCHRONISED], Estimate)
        ]
        return (
            f"These data hold {asset} at 24:00 UTC only, three to four hours after the New York close: its "
            f"correlations are read with that delay. Made synchronous they are {listing(corrected)}.",
        )
    role, widest = max(gaps.items(), key=lambda item: abs(item[1].value))
    moved = f"{number(widest.value, signed=True)} {interval(widest.lower, widest.upper)}"
    clear = [names[one] for one, gap in gaps.items() if not gap.contains(0.0)]
    said = f"the interval excludes zero for {listing(map(named_the, clear))}" if clear else "no interval excludes zero"
    sentences = [
        f"{asset} is taken at 16:00 New York, when its partners close. At 24:00 UTC the correlation that changes most "
        f"is the one with {named_the(names[role])}, by {moved}; {said}."
    ]
    fund = rows.get(FUND)
    if fund is not None:
        early, late = fund.correlations[EXCHANGE], fund.correlations[MIDNIGHT]
        if isinstance(early, Estimate) and isinstance(late, Estimate):
            sentences.append(
                f"A fund that holds {asset} and closes in New York tells the clocks apart: since "
                f"{fund.first:%Y-%m-%d} it correlates at {number(early.value, 3)} with the price of 16:00 and at "
                f"{number(late.value, 3)} with that of 24:00 UTC."
            )
    return tuple(sentences)

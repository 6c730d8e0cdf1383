"""One page on each statement: the finding, the numbers, the reason, the chart, how robust it is, what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.claims.verdict import Outcome, Verdict
from models.estimate import Estimate
from reports.charts.effects import Specification, specification_chart
from reports.document import Block, Facts, Figure, Note, Paragraph, Ref, Section, Strong
from reports.exhibits import displays
from reports.fit import PAGE, height, section_height
from reports.narrative import TONES, chip, estimate_clause, finding_title, reading, robustness
from reports.quoted import quoted
from reports.reasons import reason
from reports.setting import Setting
from reports.tables import parts_table, secondary_table
from reports.text import capitalised, count, number, p_value, plural, quantity, span, unit_words

FAMILIES = {
    "fact": "fact: judged by its threshold, outside the correction for multiplicity",
    "dependence": "dependence",
    "beta_hedge": "beta and hedge",
    "drivers": "drivers",
    "liquidity": "volume and liquidity",
    "outlook": "dynamics and outlook",
}
KINDS = {
    "fact": "statement of fact",
    "range": "range: the effect must lie inside it",
    "conjunctive": "all parts must hold",
    "union": "one part must hold",
    "existential": "one case must be found",
    "single": "a single effect",
}


#: Key of the section that takes what a statement's page cannot hold.
MORE = "more"


def claims_section(setting: Setting, *, further: bool = True) -> tuple[Section, Section | None]:
    """One page on each statement, and a section with the exhibits for which the pages had no room.

    Parameters
    ----------
    setting : Setting
    further : bool
        Whether the document has the second section; if not, the pages say where it stands.
    """
    pages: list[Section] = []
    rest: list[Section] = []
    for verdict in setting.evidence.verdicts:
        page, left = claim_section(verdict, setting, further=further, first=not pages)
        pages.append(page)
        if left:
            rest.append(Section(f"{verdict.id.lower()}-more", f"{verdict.id}: {verdict.statement}", tuple(left)))
    more = Section(MORE, "Further exhibits", (), tuple(rest)) if rest else None
    return Section("claims", "The statements, one by one", (), tuple(pages)), more


def claim_section(
    verdict: Verdict, setting: Setting, *, further: bool = True, first: bool = False
) -> tuple[Section, list[Block]]:
    """The page of one statement, and the exhibits that do not fit on it."""
    study = setting.evidence.study
    text: list[Block] = [
        Paragraph((Strong(f"“{verdict.statement}”"), f" {reason(verdict)}"), lead=True),
        Facts(_facts(verdict)),
        parts_table(verdict, study, setting.source()),
        *(
            Paragraph((reading(one),))
            for one in quoted(verdict, study)
            if isinstance(one.effect, Estimate) and verdict.kind != "range"
        ),
    ]
    if verdict.kind == "range":
        text.append(Paragraph((f"{capitalised(verdict.headline_label)}: {estimate_clause(verdict.headline)}.",)))
    text.append(_caveat(verdict))
    shown = displays(verdict, setting)
    curve = specification_figure(verdict, setting)
    secondary = secondary_table(verdict, setting.source()) if verdict.secondary else None
    wanted: list[Block] = [*shown[:1], *([curve] if curve else []), *([secondary] if secondary else []), *shown[1:]]
    section = Section(
        key=verdict.id.lower(),
        title=finding_title(verdict, setting.panel),
        blocks=tuple(text),
        eyebrow=f"{verdict.id} · {verdict.section}",
        chip=chip(verdict.outcome),
        own_page=True,
    )
    room = PAGE - section_height(section) - _POINTER - (_SECTION_HEADING if first else 0.0)
    kept, left = _fitting(wanted, room)
    if left:
        kept.append(Paragraph(("More on this statement: ", Ref(MORE), ".") if further else (_ELSEWHERE,)))
    return replace(section, blocks=(*text, *kept)), left


#: Room kept for the line that leads to the further exhibits, and for the heading above the first statement.
_POINTER, _SECTION_HEADING = 26.0, 44.0
_ELSEWHERE = "More on this statement: section “Further exhibits” of report.html, and results.json."


def _fitting(wanted: Sequence[Block], room: float) -> tuple[list[Block], list[Block]]:
    """Blocks that fit, in order of importance, and those that do not."""
    kept: list[Block] = []
    left: list[Block] = []
    for block in wanted:
        needed = height(block)
        if needed <= room:
            kept.append(block)
            room -= needed
        else:
            left.append(block)
    return kept, left


def _facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Judged on", verdict.window),
        ("Observations", number(verdict.n, 0)),
    ]
    if verdict.n_events is not None:
        facts.append(("Events", number(verdict.n_events, 0)))
    facts.append(("Rule", KINDS.get(verdict.kind, verdict.kind)))
    if verdict.p_value is not None:
        facts.append(("p", p_value(verdict.p_value)))
        if verdict.p_holm is not None:
            facts.append(("p, Holm in family", p_value(verdict.p_holm)))
        if verdict.p_bh is not None:
            facts.append(("p, Benjamini–Hochberg", p_value(verdict.p_bh)))
    facts.append(("Family", FAMILIES.get(verdict.family, verdict.family)))
    return tuple(facts)


def specification_figure(verdict: Verdict, setting: Setting) -> Figure | None:
    """The specification curve with the primary effect marked."""
    done = [(one.label, one.estimate) for one in verdict.specifications if isinstance(one.estimate, Estimate)]
    primary = next((part for part in verdict.parts if isinstance(part.effect, Estimate)), None)
    if len(done) < 2 or primary is None or not isinstance(primary.effect, Estimate):
        return None
    effect = primary.effect
    points = [Specification(label, one.value, one.lower, one.upper) for label, one in done]
    points.append(Specification("primary", effect.value, effect.lower, effect.upper, primary=True))
    low = min(done, key=lambda one: one[1].value)
    high = max(done, key=lambda one: one[1].value)
    above = sum(one.value > 0 for _, one in done)
    subject = "All" if above == len(done) else f"{capitalised(count(above))} of"
    title = (
        f"{subject} {plural(len(done), 'other specification')} lie above zero, "
        f"the estimates run from {span(low[1].value, high[1].value, effect.unit)}"
    )
    return Figure(
        key=f"{verdict.id.lower()}-specifications",
        title=title,
        subtitle=(
            f"Estimates in order of size with {setting.level_text} intervals; {unit_words(effect.unit)}; blue: the "
            "interval excludes zero"
        ),
        chart=specification_chart(points, sesoi=primary.sesoi, unit=effect.unit, simulated=setting.simulated),
        alt=f"{title}; the primary estimate is {quantity(effect.value, effect.unit)}.",
        source=setting.source(),
        note=f"{robustness(verdict)} Lowest: {low[0]}. Highest: {high[0]}. The list was fixed in advance.",
    )


def _caveat(verdict: Verdict) -> Note:
    words = {
        Outcome.SUPPORTED: (
            "Supported means that this rule on these data found the claimed effect; it does not say why it came about."
        ),
        Outcome.MIXED: (
            "Mixed is not a weak yes: it says which condition failed, and that condition is part of the result."
        ),
        Outcome.NOT_SUPPORTED: (
            "Not supported holds for the window, the measure and the size of interest named here, and for no other."
        ),
        Outcome.INCONCLUSIVE: (
            "Undecided is a property of the length of the data. It is no evidence against the statement."
        ),
        Outcome.NOT_TESTABLE: "No test was run, so nothing follows for or against the statement.",
    }
    return Note("What this verdict does not say", (words[verdict.outcome],), TONES[verdict.outcome])

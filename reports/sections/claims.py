"""One page on each statement: the finding, the numbers, the reason, the chart, how robust it is, what it leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate
from reports.charts.effects import Specification, specification_chart
from reports.document import Block, Document, Facts, Figure, Note, Paragraph, Ref, Section, Strong, Table
from reports.exhibits import HEIGHT_ON_CLAIM, displays
from reports.fit import PAGE, height, section_height
from reports.narrative import TONES, chip, estimate_clause, exact, finding_title, reading, robustness
from reports.quoted import quoted
from reports.reasons import reason
from reports.setting import Setting
from reports.tables import parts_table, secondary_table
from reports.text import capitalised, count, decimals_for, number, p_value, plural, quantity, span, unit_words

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
    "gate": "what it needs, before anything is measured",
}


#: Sections that take what a statement's page cannot hold, by key, in the order in which print keeps them.
FURTHER = {
    "more-curves": "Further specification curves",
    "more-charts": "Further charts",
    "more-tables": "Further tables",
}


def claims_section(setting: Setting) -> tuple[Section, tuple[Section, ...]]:
    """One page on each statement, and sections with the exhibits for which the pages had no room."""
    pages: list[Section] = []
    left_over: list[tuple[Verdict, list[Block]]] = []
    for verdict in setting.evidence.verdicts:
        page, left = claim_section(verdict, setting, first=not pages)
        pages.append(page)
        left_over.append((verdict, left))
    further = (_further(key, left_over) for key in FURTHER)
    claims = Section("claims", "The statements, one by one", (), tuple(pages))
    return claims, tuple(section for section in further if section.sections)


def _further(key: str, left_over: Sequence[tuple[Verdict, Sequence[Block]]]) -> Section:
    """What is left of one kind, a subsection for each statement."""
    sections = []
    for verdict, left in left_over:
        blocks = tuple(block for block in left if _goes_to(block) == key)
        if blocks:
            sections.append(Section(f"{verdict.id.lower()}-{key}", f"{verdict.id}: {verdict.statement}", blocks))
    return Section(key, FURTHER[key], (), tuple(sections))


def _goes_to(block: Block) -> str:
    return "more-curves" if _is_curve(block) else "more-charts" if isinstance(block, Figure) else "more-tables"


def shortened_reports(document: Document) -> Iterator[Document]:
    """The document without the last of the further sections, without the last two, and so on.

    The statements' pages say what stands on screen alone.
    """
    for kept in range(len(FURTHER) - 1, -1, -1):
        yield _keeping(document, set(list(FURTHER)[kept:]))


def _keeping(document: Document, on_screen: Set[str]) -> Document:
    def keeping(section: Section) -> Section:
        blocks = tuple(_pointer(keys, on_screen) if (keys := _pointed_at(block)) else block for block in section.blocks)
        return replace(section, blocks=blocks, sections=tuple(keeping(one) for one in section.sections))

    return replace(document, sections=tuple(keeping(one) for one in document.sections if one.key not in on_screen))


def _pointed_at(block: Block) -> Set[str]:
    """Further sections to which a paragraph leads."""
    if not isinstance(block, Paragraph):
        return set()
    return {item.key for item in block.content if isinstance(item, Ref)} & FURTHER.keys()


def _pointer(keys: Set[str], on_screen: Set[str]) -> Paragraph:
    """Where the exhibits stand for which a page has no room."""
    places: list[Ref | str] = [Ref(key) for key in FURTHER if key in keys - on_screen]
    if keys & on_screen:
        places.append("report.html and results.json")
    separated = [item for place in places for item in (", ", place)][1:]
    return Paragraph(("More on this statement: ", *separated, "."))


def claim_section(verdict: Verdict, setting: Setting, *, first: bool = False) -> tuple[Section, list[Block]]:
    """The page of one statement, and the exhibits that do not fit on it."""
    study = setting.evidence.study
    text: list[Block] = [
        Paragraph((Strong(f"“{verdict.statement}”"), f" {reason(verdict)}"), lead=True),
        Facts(_facts(verdict)),
        *([parts_table(verdict, study, setting.source())] if verdict.parts else []),
        *(
            Paragraph((reading(one),))
            for one in quoted(verdict, study)
            if verdict.kind != "range" and (isinstance(one.effect, Estimate) or len(verdict.parts) > 1)
        ),
    ]
    if verdict.kind == "range":
        limits = study.claims[verdict.id].thresholds
        asked = f"asked for {number(limits['low'])} to {number(limits['high'])}"
        measured = f"{capitalised(verdict.headline_label)}: {estimate_clause(verdict.headline)}, {asked}."
        text.append(Paragraph((measured,)))
    text += [Paragraph((one,)) for one in verdict.caveats]
    text.append(_caveat(verdict))
    section = Section(
        key=verdict.id.lower(),
        title=finding_title(verdict, setting.panel),
        blocks=tuple(text),
        eyebrow=f"{verdict.id} · {verdict.section}",
        chip=chip(verdict.outcome),
        own_page=True,
    )
    room = PAGE - section_height(section) - (_SECTION_HEADING if first else 0.0)
    kept, left = _filled(verdict, setting, room)
    if left:
        kept.append(_pointer({_goes_to(block) for block in left}, set()))
    return replace(section, blocks=(*text, *kept)), left


def _filled(verdict: Verdict, setting: Setting, room: float) -> tuple[list[Block], list[Block]]:
    """What the page has room for, its plots as high as the room allows, and what is left for elsewhere.

    Where plots of the usual height leave no room for the specification curve, they are lower.
    """
    plot = HEIGHT_ON_CLAIM
    kept, left = _placed(_exhibits(verdict, setting), room)
    for lower in _LOWER:
        if not any(_is_curve(block) for block in left):
            break
        fewer, rest = _placed(_exhibits(verdict, setting, lower), room)
        if any(_is_curve(block) for block in fewer) and _key(fewer[0]) in {_key(block) for block in kept[:1] or fewer}:
            plot, kept, left = lower, fewer, rest
    spare = room - sum(height(block) for block in kept) - (_POINTER if left else 0.0)
    figures = [block for block in kept if isinstance(block, Figure)]
    if not figures or spare < _WORTH_STRETCHING:
        return kept, left
    taller = min(_TALLEST, plot + int(spare / len(figures)))
    stretched = {_key(block): block for block in _exhibits(verdict, setting, taller)}
    fuller = [stretched.get(_key(block), block) for block in kept]
    return (fuller if sum(height(block) for block in fuller) <= sum(height(b) for b in kept) + spare else kept), left


def _placed(wanted: Sequence[Figure | Table], room: float) -> tuple[list[Block], list[Block]]:
    """What fits, with room for the line that leads to the rest where there is one."""
    kept, left = _fitting(wanted, room)
    return _fitting(wanted, room - _POINTER) if left else (kept, left)


def _is_curve(block: Block) -> bool:
    return isinstance(block, Figure) and block.key.endswith(_CURVE)


def _exhibits(verdict: Verdict, setting: Setting, plot: int = HEIGHT_ON_CLAIM) -> list[Figure | Table]:
    """Exhibits in order of importance: the first figure, the specification curve, readings beside it, the rest."""
    shown = displays(verdict, setting, plot)
    curve = specification_figure(verdict, setting, height=plot)
    secondary = [secondary_table(verdict, setting.source())] if verdict.secondary else []
    return [*shown[:1], *([curve] if curve else []), *secondary, *shown[1:]]


def _key(block: Block) -> str:
    return block.key if isinstance(block, (Figure, Table)) else ""


#: Room kept for the line that leads to the further exhibits, and for the heading above the first statement.
_POINTER, _SECTION_HEADING = 26.4, 62.0
#: A table is not cut to fewer rows than this.
_FEWEST_ROWS = 3
#: Spare room below which plots keep their height, and the height at which they stop growing.
_WORTH_STRETCHING, _TALLEST = 24.0, 210
#: Heights of plots that are tried where the usual one leaves no room for the specification curve, and how its key ends.
_LOWER, _CURVE = (76, 60, 46), "-specifications"


def _fitting(wanted: Sequence[Figure | Table], room: float) -> tuple[list[Block], list[Block]]:
    """Blocks that fit, in order of importance, and those that do not; a long table gives its first rows."""
    kept: list[Block] = []
    left: list[Block] = []
    for block in wanted:
        fitted = shortened(block, room) if isinstance(block, Table) else block if height(block) <= room else None
        if fitted is not None:
            kept.append(fitted)
            room -= height(fitted)
        if fitted is not block:
            left.append(block)
    return kept, left


def shortened(table: Table, room: float) -> Table | None:
    """The table with as many of its rows as the room holds; None where fewer than three fit."""
    for rows in range(len(table.rows), _FEWEST_ROWS - 1, -1):
        one = table if rows == len(table.rows) else _first_rows(table, rows)
        if height(one) <= room:
            return one
    return None


def _first_rows(table: Table, rows: int) -> Table:
    """The first rows under a key of their own: the whole table stands elsewhere."""
    more = plural(len(table.rows) - rows, "further row stands", "further rows stand")
    note = f"{table.note} {capitalised(more)} in results.json.".strip()
    return replace(table, key=f"{table.key}-first", rows=table.rows[:rows], note=note)


def _facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    facts = [("Judged on", verdict.window), ("Observations", number(verdict.n, 0))] if verdict.parts else []
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


def specification_figure(verdict: Verdict, setting: Setting, *, height: int = 86) -> Figure | None:
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
    title = specifications_title([one for _, one in done], claimed_range(verdict, setting))
    return Figure(
        key=f"{verdict.id.lower()}{_CURVE}",
        title=title,
        subtitle=(
            f"Estimates in order of size with {setting.level_text} intervals; {unit_words(effect.unit)}; blue: the "
            "interval excludes zero"
        ),
        chart=specification_chart(
            points,
            marks=_marks(primary, claimed_range(verdict, setting)),
            height=height,
            simulated=setting.simulated,
        ),
        alt=f"{title}; the primary estimate is {quantity(effect.value, effect.unit)}.",
        source=setting.source(),
        note=(
            f"{robustness(verdict, setting.evidence.robustness)} Lowest: {low[0]}. Highest: {high[0]}. The list was "
            "fixed in advance."
        ),
    )


def claimed_range(verdict: Verdict, setting: Setting) -> tuple[float, float] | None:
    """The range that a statement names, None where it names none."""
    claim = setting.evidence.study.claims.get(verdict.id)
    if verdict.kind != "range" or claim is None or not {"low", "high"} <= set(claim.thresholds):
        return None
    return claim.thresholds["low"], claim.thresholds["high"]


def specifications_title(estimates: Sequence[Estimate], claimed: tuple[float, float] | None) -> str:
    """How many of the other specifications lie where the statement puts them, and how far they reach."""
    values, unit = [one.value for one in estimates], estimates[0].unit
    low, high = (0.0, math.inf) if claimed is None else claimed
    inside = sum(low < one <= high if claimed is None else low <= one <= high for one in values)
    subject = "All" if inside == len(values) else f"{capitalised(count(inside)) if inside else 'None'} of"
    several = plural(len(values), "other specification")
    where = "lie above zero" if claimed is None else f"lie in the claimed range of {low:g} to {high:g}"
    if number(min(values), decimals_for(unit)) == number(max(values), decimals_for(unit)):
        return f"All {several} give {quantity(values[0], unit)}"
    return f"{subject} {several} {where}, the estimates run from {span(min(values), max(values), unit)}"


def _marks(primary: Part, claimed: tuple[float, float] | None) -> list[tuple[float, str]]:
    if claimed is not None:
        return [(one, f"claimed: {one:g}") for one in claimed]
    return [(0.0, "zero"), *([(primary.sesoi, "size of interest")] if primary.sesoi else [])]


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
            "Inconclusive is a property of the length of the data. It is no evidence against the statement."
        ),
        Outcome.NOT_TESTABLE: "The statement as a whole was not tested, so nothing follows for or against it.",
    }
    said = _UNREAD if verdict.outcome is Outcome.INCONCLUSIVE and _readings_only(verdict) else words[verdict.outcome]
    return Note("What this verdict does not say", (said,), TONES[verdict.outcome])


_UNREAD = (
    "Inconclusive here means that the signs which can be read disagree or are too few; "
    "more sessions would not settle it. "
    "It is no evidence against the statement."
)


def _readings_only(verdict: Verdict) -> bool:
    """Whether the inconclusive parts are readings without sampling error."""
    open_parts = [part.effect for part in verdict.parts if part.outcome is Outcome.INCONCLUSIVE]
    return bool(open_parts) and all(isinstance(one, Estimate) and exact(one) for one in open_parts)

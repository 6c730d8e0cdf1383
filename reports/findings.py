"""What the study found, claim by claim, as a Markdown page made from the evidence."""

from __future__ import annotations

from models.claims.verdict import Verdict
from models.estimate import Estimate, NotDecidable
from models.measurements import Measured
from reports.evidence import Evidence
from reports.narrative import deck, estimate_clause, finding_title, headline, reading, robustness
from reports.quoted import quoted
from reports.reasons import reason
from reports.sections.clock import clock_sentences
from reports.tables.closest import closest_clause
from reports.tables.measurements import matrix
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    day,
    humanised,
    interval,
    level,
    listing,
    number,
    p_clause,
    sentence,
)

HEAD = """# What the study found

{headline}. {deck}

{kind}, data to {data_to}, judged as of {as_of}. Study file `{study}`, data `{data}`. This page is written by
`make findings`; every figure on it is computed.
"""


def findings_page(evidence: Evidence) -> str:
    """The page for an evidence object.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    str
        Markdown: a head with headline and provenance, a section a claim, and the rows that cannot be tested.
    """
    head = HEAD.format(
        headline=headline(evidence),
        deck=deck(evidence),
        kind="Market data" if evidence.panel.kind == "real" else "SIMULATED DATA, NOT MARKET EVIDENCE",
        data_to=evidence.panel.last_session.isoformat(),
        as_of=min(evidence.panel.as_of, evidence.study.about.as_of).isoformat(),
        study=evidence.provenance.study_sha256[:12],
        data=evidence.provenance.data_sha256[:12],
    )
    claims = "\n".join(_claim(verdict, evidence) for verdict in evidence.verdicts)
    return f"{head}\n{claims}\n{_clock(evidence)}{_measurements(evidence)}{_untestable(evidence)}"


def _claim(verdict: Verdict, evidence: Evidence) -> str:
    lines = [
        f"## {verdict.id}: {finding_title(verdict, evidence.panel)}",
        "",
        f"**{verdict.outcome.value.capitalize()}.** The statement: {sentence(verdict.statement)} {reason(verdict)}",
    ]
    if verdict.parts:
        label = humanised(verdict.headline_label)
        lines += ["", sentence(f"{label}: {estimate_clause(verdict.headline)}"), ""]
        lines += [f"- {reading(one)}" for one in quoted(verdict, evidence.study)]
    if verdict.specifications:
        lines += ["", robustness(verdict, evidence.robustness)]
    return "\n".join(lines) + "\n"


def _measurements(evidence: Evidence) -> str:
    """The main figures by every estimator, a table a family."""
    if not evidence.measurements:
        return ""
    lines = [
        "## Main figures, by every estimator",
        "",
        f"On the sessions to {day(evidence.panel.last_session)}, "
        f"with {level(evidence.study.inference.level)} intervals; a row with a question mark gives the p-value of that "
        "statement. Nothing here is a verdict.",
        "",
    ]
    for family in evidence.measurements:
        heads, grid = matrix(family, evidence.panel.names)
        lines += [f"### {family.title}", "", f"| | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
        lines += [
            f"| {capitalised(label)} | {' | '.join(_answer(row.get(head)) for head in heads)} |"
            for label, row in grid.items()
        ]
        lines += ["", family.note, ""]
    return "\n".join(lines) + "\n"


def _answer(one: Measured | None) -> str:
    if one is None or isinstance(one.answer, NotDecidable):
        return NOT_APPLICABLE
    if isinstance(one.answer, Estimate):
        return f"{number(one.answer.value)} {interval(one.answer.lower, one.answer.upper)}"
    return p_clause(one.answer.p_value)


def _untestable(evidence: Evidence) -> str:
    """The rows that cannot be tested, the closest figures to each and why they do not decide."""
    rows = [
        f"| {key} | {row.statement} | {row.reason} | {row.proxy} |" for key, row in evidence.study.untestable.items()
    ]
    if not rows:
        return ""
    head = ["## What daily prices cannot decide", "", "| | statement | why not | closest proxy |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *_closest(evidence)]) + "\n"


def _closest(evidence: Evidence) -> list[str]:
    lines = ["The closest figures that there are, none of them a test:", ""]
    for one in evidence.closest:
        said = [closest_clause(reading) for reading in one.readings]
        if one.weakest is not None:
            told = listing(f"{claim} {outcome.value}" for claim, outcome in one.verdicts.items())
            said.append(f"{told}; the weakest of them: {one.weakest.value}" if len(one.verdicts) > 1 else told)
        lines.append(f"- **{one.id}.** {' '.join(sentence(clause) for clause in said)} {one.row.limit}".rstrip())
    return lines


def _clock(evidence: Evidence) -> str:
    words = clock_sentences(evidence)
    return f"## What the clock does\n\n{' '.join(words)}\n\n" if words else ""

"""The full report: every statement, every model, every check, in one document for print and screen."""

from __future__ import annotations

from reports.changes import Changes, changes_section, what_moved
from reports.document import Block, Document, Section
from reports.evidence import Evidence
from reports.narrative import deck, headline
from reports.sections.appendix import (
    data_section,
    glossary_section,
    limits_section,
    methods_section,
    provenance_section,
    untestable_section,
)
from reports.sections.claims import claims_section
from reports.sections.event import event_section
from reports.sections.front import front, reading_section, simulated_note
from reports.sections.models import models_section, recovery_section
from reports.sections.moved import moved_section
from reports.sections.robustness import robustness_section
from reports.sections.stakes import portfolio_section, why_section
from reports.setting import Setting
from reports.text import day


def technical_report(evidence: Evidence, changed: Changes | None = None) -> Document:
    """The document of `report.pdf` and `report.html`.

    Parameters
    ----------
    evidence : Evidence
    changed : Changes, optional
        Differences from the edition before.

    Returns
    -------
    Document
    """
    setting = Setting(evidence)
    about = evidence.study.about
    claims, further = claims_section(setting)
    sections: list[Section | None] = [
        why_section(setting),
        portfolio_section(setting),
        moved_section(setting),
        event_section(setting),
        changes_section(changed) if changed else None,
        reading_section(setting),
        recovery_section(setting),
        claims if evidence.verdicts else None,
        models_section(setting),
        robustness_section(setting),
        limits_section(setting),
        untestable_section(setting),
        data_section(setting),
        methods_section(setting),
        glossary_section(),
        provenance_section(setting),
        *further,
    ]
    first: tuple[Block, ...] = (simulated_note(),) if setting.simulated else ()
    return Document(
        title=about.title,
        subtitle="Technical report",
        headline=headline(evidence),
        deck=" ".join([deck(evidence), *([what_moved(changed)] if changed else [])]),
        language="en",
        dates=(("Data to", day(evidence.panel.last_session)), ("as of", day(evidence.panel.as_of))),
        marks=setting.marks,
        front=first + front(setting),
        sections=tuple(section for section in sections if section is not None),
        contact=about.contact,
        licence=about.licence,
        description=about.question,
    )

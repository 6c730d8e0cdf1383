"""The brief: two pages for a reader with two minutes. The answer, the charts that carry it, the limits."""

from __future__ import annotations

from models.claims.verdict import Outcome
from models.estimate import Estimate
from models.portfolio import PortfolioRisk
from reports.changes import Changes, summary, what_moved
from reports.document import Block, Bullets, Document, Figure, Inline, Strong
from reports.evidence import Evidence
from reports.explanations import attributed
from reports.narrative import deck, estimate_clause, headline
from reports.sections.event import window_figure, windows
from reports.sections.front import key_paths, simulated_note
from reports.sections.moved import moved_text
from reports.sections.stakes import portfolio_figure, why_figure
from reports.setting import Setting
from reports.tables import verdict_table
from reports.text import capitalised, count, day, listing, plural, sentence

#: The brief never has more pages; charts give way before words do.
MOST_PAGES = 2
MOST_CHARTS = 4
_HEIGHT = 118


def brief(evidence: Evidence, charts: int = MOST_CHARTS, changed: Changes | None = None) -> Document:
    """The document of `brief.pdf` with as many charts as asked for.

    Parameters
    ----------
    evidence : Evidence
    charts : int
        Charts to show; the most telling ones come first.
    changed : Changes, optional
        Differences from the edition before.
    """
    setting = Setting(evidence)
    about = evidence.study.about
    blocks: list[Block] = [simulated_note()] if setting.simulated else []
    blocks.append(verdict_table(evidence.verdicts, setting.evidence.study, f"{setting.source()} Details: report.pdf."))
    blocks += _figures(setting)[:charts]
    blocks.append(_limits(setting, changed))
    return Document(
        title=about.title,
        subtitle="Executive brief",
        headline=headline(evidence),
        deck=" ".join([deck(evidence), *([what_moved(changed)] if changed else [])]),
        language="en",
        dates=(("Data to", day(evidence.panel.last_session)), ("as of", day(evidence.panel.as_of))),
        marks=setting.marks,
        front=tuple(blocks),
        sections=(),
        contact=about.contact,
        licence=about.licence,
        description=about.question,
    )


def _figures(setting: Setting) -> list[Figure]:
    shown = windows(setting)
    shortest = min(shown, key=lambda name: len(shown[name])) if shown else None
    risk = setting.evidence.portfolio
    candidates = [
        why_figure(setting) if attributed(setting.evidence.falls) else None,
        window_figure(setting, shortest, height=_HEIGHT) if shortest else None,
        portfolio_figure(setting, risk) if isinstance(risk, PortfolioRisk) else None,
        key_paths(setting, height=_HEIGHT),
    ]
    return [one for one in candidates if one is not None]


def _limits(setting: Setting, changed: Changes | None) -> Bullets:
    verdicts = setting.evidence.verdicts
    undecided = [one for one in verdicts if one.outcome is Outcome.INCONCLUSIVE]
    entries: list[tuple[Inline, ...]] = []
    if changed:
        entries.append((Strong("What changed."), f" {summary(changed)}"))
    dated = [one for one in verdicts if one.moved]
    if dated:
        entries.append((Strong("If the window moves."), f" {moved_text(dated)}"))
    if undecided:
        words = (
            f" {capitalised(plural(len(undecided), 'statement'))} ({listing(one.id for one in undecided)}) can be "
            "decided in "
            "neither direction with the days there are; that says nothing against them."
        )
        first = undecided[0]
        if isinstance(first.headline, Estimate):
            words += f" {first.id}, {first.headline_label}: {estimate_clause(first.headline)}."
        entries.append((Strong("Inconclusive."), words))
    if setting.evidence.study.untestable:
        n = len(setting.evidence.study.untestable)
        entries.append(
            (
                Strong("Not testable."),
                f" {capitalised(count(n))} further {'statement needs' if n == 1 else 'statements need'} data that "
                "daily "
                "prices do not hold; the report names them.",
            )
        )
    entries.append(
        (
            Strong("No causes."),
            " Prices show what moved together, not that selling was forced. Intervals hold if the models hold.",
        )
    )
    entries.append((Strong("About."), f" {sentence(setting.panel.source)} Not investment advice."))
    return Bullets(tuple(entries))

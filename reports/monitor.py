"""The monitor: two to four pages for the weekly reader. Where it stands, what changed, what may come, what to watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.changes import Changes
from reports.document import Block, Bullets, Document, Facts, Figure, Section, Strong, Table
from reports.evidence import Evidence
from reports.outlook_words import changed_sentences, monitor_deck, monitor_headline
from reports.sections.monitor_now import charts_section, nowcast_table, state_table
from reports.sections.monitor_risk import scenarios_section, tails_section
from reports.sections.monitor_watch import health_section, watch_section
from reports.setting import Setting
from reports.text import day

#: The monitor never has more pages.
MOST_PAGES = 4
#: What gives way, in this order, where the pages would be more.
OPTIONAL = ("net", "flips", "stances", "regimes-ahead", "recent-paths", "replays", "shocks")


def monitor(evidence: Evidence, changed: Changes | None = None, left_out: int = 0) -> Document:
    """The document of `monitor.pdf`.

    Parameters
    ----------
    evidence : Evidence
    changed : Changes, optional
        Differences from the edition before.
    left_out : int
        How many of the optional figures and tables are left out; the first of `OPTIONAL` go first.
    """
    setting = Setting(evidence)
    about = evidence.study.about
    front: tuple[Block, ...] = (
        Facts(_made_from(setting)),
        Bullets(tuple((Strong(label), f" {words}") for label, words in changed_sentences(setting, changed))),
        state_table(setting),
        nowcast_table(setting),
    )
    sections = (
        charts_section(setting),
        tails_section(setting),
        scenarios_section(setting),
        watch_section(setting, changed),
        health_section(setting, changed),
    )
    return Document(
        title=about.title,
        subtitle="Risk monitor",
        headline=monitor_headline(evidence),
        deck=monitor_deck(evidence),
        language="en",
        dates=(("Data to", day(evidence.panel.last_session)), ("as of", day(evidence.panel.as_of))),
        marks=setting.marks,
        front=front,
        sections=tuple(
            kept for section in sections if section is not None and (kept := _without(section, OPTIONAL[:left_out]))
        ),
        contact=about.contact,
        licence=about.licence,
        description=about.question,
    )


def _made_from(setting: Setting) -> tuple[tuple[str, str], ...]:
    """Data with their digest, and the models behind the pages."""
    evidence = setting.evidence
    kind = "simulated" if setting.simulated else "real"
    assets, regimes = len(evidence.study.correlation.assets), evidence.study.regimes.k_regimes
    return (
        ("Data", f"{kind}, digest {evidence.provenance.data_sha256[:12]}"),
        ("Code", evidence.provenance.commit[:12]),
        ("Models", f"cDCC on {assets} assets; Markov switching, {regimes} regimes; Student-t scenarios"),
    )


def _without(section: Section, keys: Sequence[str]) -> Section | None:
    """The section without some of its blocks; None where nothing is left."""
    kept = tuple(one for one in section.blocks if not (isinstance(one, Figure | Table) and one.key in keys))
    return replace(section, blocks=kept) if kept else None

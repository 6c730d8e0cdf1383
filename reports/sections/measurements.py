"""The main figures beyond the claims: every estimator of the study, for the reader who wants the numbers."""

from __future__ import annotations

from reports.document import Block, Paragraph, Section
from reports.setting import Setting
from reports.tables.measurements import measurement_table
from reports.text import day


def measurements_section(setting: Setting) -> Section | None:
    """One table a family, None where nothing was measured."""
    families = setting.evidence.measurements
    if not families:
        return None
    until = day(setting.panel.last_session)
    blocks: list[Block] = [
        Paragraph(
            (
                f"Every estimator of the study on the same sessions, to {until}, whether a claim rests on it or not. "
                "Nothing here is a verdict.",
            )
        )
    ]
    for family in families:
        roles = tuple(dict.fromkeys(role for one in family.figures for role in (*one.of, one.partner) if role))
        blocks.append(measurement_table(family, setting.panel.names, setting.source(roles), setting.level_text))
    return Section("measurements", "Main figures, by every estimator", tuple(blocks))

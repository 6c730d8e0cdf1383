"""What the regime model said when it was news, and how far hindsight moved it."""

from __future__ import annotations

import pandas as pd

from models.estimate import NotDecidable
from reports.charts.paths import revision_chart
from reports.document import Block, Figure, Paragraph
from reports.setting import Setting
from reports.text import day_in_words, listing, number, plural, sentence, share


def revision_block(setting: Setting) -> Block:
    """The revision panel; where the sample holds no vintage, the reason."""
    vintages = setting.evidence.suite.vintages
    if isinstance(vintages, NotDecidable):
        return Paragraph((sentence(f"What the regime model said at the time is not known: {vintages.reason}"),))
    revision = vintages.revision_panel.iloc[:, -1]
    moved = [
        f"{number(one.change)} by the estimates of {day_in_words(pd.Timestamp(str(one.date)).date())}"
        for one in vintages.notable
    ]
    again = (
        f"A new estimation moved the last known probability by more than 0.05 {plural(len(moved), 'time')}: "
        f"{listing(moved)}."
        if moved
        else "No new estimation moved the last known probability by more than 0.05."
    )
    title = f"Hindsight moved the probability by {number(vintages.mean_revision)} on average"
    first, last = (day.date().isoformat() for day in (revision.index[0], revision.index[-1]))
    return Figure(
        key="regime-revision",
        title=title,
        subtitle=f"Smoothed minus first filtered probability, size of the difference, {first} to {last}",
        chart=revision_chart(revision, setting.time_frame(revision.index)),
        alt=f"{title}. Size of the revision over time.",
        source=setting.source(setting.evidence.study.regimes.reference),
        note="First filtered: data to each close, parameters estimated on the years before it. On "
        f"{share(vintages.overturned)} of the sessions hindsight names the other regime. {again} {setting.shading}",
    )

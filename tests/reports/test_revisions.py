"""The revision panel: what was known at the time against hindsight, and why there may be none."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from evidence_factory import evidence

from models.regimes import SwitchingResult, Vintages
from models.regimes.vintages import Revision
from reports.document import Figure, Paragraph
from reports.sections.revisions import revision_block
from reports.setting import Setting


def _vintages(*changes: float) -> Vintages:
    index = pd.bdate_range("2025-06-02", periods=4)
    first, last = np.array([0.2, 0.9, 0.6, 0.1]), np.array([0.1, 0.9, 0.2, 0.1])

    def both(turbulent: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({0: 1.0 - turbulent, 1: turbulent}, index=index)

    return Vintages(
        filtered=both(first),
        predicted=both(first),
        smoothed=both(last),
        ends=tuple(index[1:3]),
        params=pd.DataFrame(),
        revisions=tuple(Revision(index[2], change, 1.0, "because" if change > 0.05 else "") for change in changes),
        last=cast(SwitchingResult, None),
    )


def test_figures_of_the_panel_follow_from_its_paths() -> None:
    vintages = _vintages()
    assert vintages.mean_revision == pytest.approx((0.1 + 0.4) / 4)
    assert vintages.overturned == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("changes", "words"), [((0.01,), "No new estimation moved"), ((0.01, 0.24), "0.24 by the estimates of 4")]
)
def test_the_panel_names_estimations_that_moved_the_last_known_day(changes: tuple[float, ...], words: str) -> None:
    made = evidence()
    block = revision_block(Setting(replace(made, suite=replace(made.suite, vintages=_vintages(*changes)))))
    assert isinstance(block, Figure)
    assert block.title == "Hindsight moved the probability by 0.12 on average"
    assert "25%" in str(block.note).replace("\N{NARROW NO-BREAK SPACE}", "").replace("\N{NO-BREAK SPACE}", "")
    assert words in str(block.note).replace("\N{NO-BREAK SPACE}", " ")
    drawn = block.chart.data["table"]
    assert [round(row["revision"], 6) for row in drawn] == [0.1, 0.0, 0.4, 0.0]


def test_without_vintages_the_reason_stands_there() -> None:
    block = revision_block(Setting(evidence()))
    assert isinstance(block, Paragraph)
    assert "the regime model is not estimated here" in str(block.parts if hasattr(block, "parts") else block)

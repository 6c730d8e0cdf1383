"""What stands on the page of a statement, and what gives way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from evidence_factory import evidence

from models.claims.verdict import Exhibit, Outcome
from models.estimate import NotDecidable
from reports.document import Block, Facts, Figure, Table
from reports.exhibits import HEIGHT_ON_CLAIM
from reports.fit import PAGE, section_height
from reports.sections.claims import claim_section
from reports.sections.models import recovery_section
from reports.setting import Setting

STUDY = evidence()
SETTING = Setting(STUDY)


def forest(rows: int) -> Exhibit:
    value = np.linspace(-1.0, 1.0, rows)
    names = [f"row {i}" for i in range(rows)]
    return Exhibit("forest", pd.DataFrame({"estimate": value, "lower": value - 1, "upper": value + 1}, names), "%", "n")


def figures(blocks: tuple[Block, ...]) -> list[Figure]:
    return [one for one in blocks if isinstance(one, Figure)]


def test_plots_are_lower_where_the_specification_curve_would_else_find_no_room() -> None:
    verdict = next(one for one in STUDY.verdicts if one.specifications)
    curves = []
    for rows in (3, 27):
        page, _ = claim_section(replace(verdict, exhibits=(forest(rows),), secondary={}), SETTING)
        assert section_height(page) <= PAGE
        shown = figures(page.blocks)
        assert [one.key.split("-")[1] for one in shown] == ["exhibit", "specifications"]
        curves.append(shown[1].chart.spec["height"])
    assert curves[0] > HEIGHT_ON_CLAIM > curves[1]


def test_the_first_exhibit_is_not_given_up_for_the_curve() -> None:
    verdict = next(one for one in STUDY.verdicts if one.specifications)
    page, left = claim_section(replace(verdict, exhibits=(forest(32),), secondary={}), SETTING)
    assert [one.key.split("-")[1] for one in figures(page.blocks)] == ["exhibit"]
    assert [one.key.split("-")[1] for one in figures(tuple(left))] == ["specifications"]


def test_a_statement_that_was_not_measured_has_no_empty_table_and_no_empty_facts() -> None:
    refused = replace(
        STUDY.verdicts[0],
        outcome=Outcome.NOT_TESTABLE,
        kind="gate",
        parts=(),
        headline=NotDecidable("too few"),
        exhibits=(),
        specifications=(),
        secondary={},
        window="",
        n=0,
        n_events=None,
        p_value=None,
    )
    page, left = claim_section(refused, SETTING)
    assert not left
    assert not any(isinstance(one, Table) for one in page.blocks)
    facts = next(one for one in page.blocks if isinstance(one, Facts))
    assert all(label and words for label, words in facts.pairs)
    assert dict(facts.pairs)["Rule"] == "what it needs, before anything is measured"


def test_recovered_values_name_assets_and_not_their_roles() -> None:
    study = evidence("simulated")
    one = replace(study.recovered[0], label="Slope of crypto on credit_fund, given the growth of markets")
    section = recovery_section(Setting(replace(study, recovered=(one,))))
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.rows[0][0].text == "Slope of Bitcoin on high-yield bonds, given the Nasdaq 100 of markets"

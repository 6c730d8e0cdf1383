"""Sentences and charts on causes, consequences and moved windows say what their numbers say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evidence_factory import estimate, evidence

from models.drivers import Attribution
from models.estimate import Estimate
from models.portfolio import PortfolioRisk
from reports import explanations
from reports.document import Figure, Small
from reports.sections.moved import moved_figure, moved_section, moved_text, moved_title, steady
from reports.sections.stakes import attribution_table, portfolio_section, why_section
from reports.setting import Setting
from reports.tables import verdict_table

STUDY = evidence("simulated")
SETTING = Setting(STUDY)


def figure(section: object) -> Figure:
    return next(one for one in section.blocks if isinstance(one, Figure))  # type: ignore[attr-defined]


def test_the_title_of_the_falls_gives_each_share_and_the_added_driver() -> None:
    title = explanations.falls_title(STUDY.falls, STUDY.panel)
    assert title.startswith("The shared drivers explain 12\N{NO-BREAK SPACE}% of Bitcoin’s fall")
    assert title.endswith("gold itself explains all of gold miners’ fall")


@pytest.mark.parametrize(("value", "word"), [(-0.1, "none"), (0.0, "none"), (1.0, "all"), (1.3, "all")])
def test_none_and_all_are_words(value: float, word: str) -> None:
    assert explanations.portion(value) == word


def test_what_cannot_be_attributed_says_why() -> None:
    assert "Gold: not decidable, because the drivers are collinear." in explanations.falls_text(
        STUDY.falls, STUDY.panel
    )


def test_bars_add_up_to_the_whole_move() -> None:
    chart = figure(why_section(SETTING)).chart
    for fall, found in explanations.attributed(STUDY.falls):
        assert isinstance(found, Attribution)
        parts = [one.value for one in found.contributions.values() if isinstance(one, Estimate)]
        assert sum(parts) == pytest.approx(found.move)
        own = [bar for bar in chart.data["bars"] if bar["asset"] == SETTING.name(fall.role)]
        assert {"whole move", "own residual"} <= {bar["step"] for bar in own}
    rows = {row[0].text: row for row in attribution_table(SETTING).rows}
    assert rows["Whole move"][1].text == "−24.2"
    assert rows["Gold"][1].text == "–"


def test_bars_and_whiskers_stay_inside_the_picture() -> None:
    chart = figure(why_section(SETTING)).chart
    for row in (*chart.data["bars"], *chart.data["whiskers"]):
        assert 0.0 <= row["x"] <= row["x2"] <= chart.width


def test_an_edition_without_falls_or_mix_has_neither_section() -> None:
    bare = Setting(replace(STUDY, falls=(), portfolio=None))
    assert why_section(bare) is None
    assert portfolio_section(bare) is None


@pytest.mark.parametrize(
    ("change", "word"), [((-0.3, 0.1), "falls from"), ((0.3, 0.1), "rises from"), ((0.05, 0.1), "is inconclusive")]
)
def test_the_mix_is_said_to_diversify_less_only_where_the_interval_says_so(
    change: tuple[float, float], word: str
) -> None:
    risk = STUDY.portfolio
    assert isinstance(risk, PortfolioRisk)
    assert word in explanations.portfolio_title(replace(risk, diversification_change=estimate(*change)))


def test_shares_that_do_not_move_are_not_named() -> None:
    risk = STUDY.portfolio
    assert isinstance(risk, PortfolioRisk)
    still = replace(risk, share_changes={role: estimate(0.0, 0.1) for role in risk.share_changes})
    assert "share of the risk" in explanations.portfolio_text(risk, STUDY.panel.names)
    assert "share of the risk" not in explanations.portfolio_text(still, STUDY.panel.names)


def test_moved_windows_are_counted_and_drawn_one_cell_each() -> None:
    dated = [one for one in STUDY.verdicts if one.moved]
    assert [one.id for one in dated] == ["C02"]
    chart = figure(moved_section(SETTING)).chart
    assert len(chart.data["cells"]) == len(dated[0].moved) + 1
    assert "Some windows give no reading for C02." in moved_text(dated)
    assert steady(dated[0]) is None


def test_a_statement_that_turns_is_named_with_its_count() -> None:
    dated = next(one for one in STUDY.verdicts if one.moved)
    turning = replace(dated, moved=tuple(replace(one, holds=i > 6) for i, one in enumerate(dated.moved)))
    assert steady(turning) is False
    assert "C02 in two of nine" in moved_text([turning])
    firm = replace(dated, moved=tuple(replace(one, holds=True) for one in dated.moved))
    assert moved_title([firm]).startswith("All one statement")
    assert moved_figure(SETTING, [firm]).note


def test_what_came_since_has_a_column_only_where_there_is_any() -> None:
    table = verdict_table(STUDY.verdicts, STUDY.study, "source")
    column = [one.head for one in table.columns].index("Since then")
    assert table.rows[0][column].text.startswith("3.1\N{NO-BREAK SPACE}% ↑")
    assert table.rows[1][column].text == "–"
    assert "57 sessions after 2026-02-08" in table.note
    none = verdict_table([replace(one, confirmation=None) for one in STUDY.verdicts], STUDY.study, "source")
    assert "Since then" not in [one.head for one in none.columns]
    assert none.note == ""
    assert table.title == "Statements and verdicts, judged on data to 2026-02-08"
    assert none.title == "Statements and verdicts"


def test_an_effect_carries_its_interval_below_and_what_it_measures_beside() -> None:
    table = verdict_table(STUDY.verdicts, STUDY.study, "source")
    column = next(i for i, one in enumerate(table.columns) if one.head == "Effect, 95\N{NO-BREAK SPACE}% interval")
    verdict = next(one for one in STUDY.verdicts if one.id == "C06")
    row = next(one for one in table.rows if one[0].text == "C06")
    assert any(isinstance(item, Small) and item.text.startswith("[") for item in row[column].content)
    assert verdict.headline_label in row[1].text

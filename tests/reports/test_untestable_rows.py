"""Figures beside what cannot be tested, and the panel of clocks: words and tables from made-up evidence."""

from dataclasses import replace

import pytest
from evidence_factory import clocks, estimate, evidence

from models.clock import FUND
from models.estimate import NotDecidable
from reports.findings import findings_page
from reports.results import results
from reports.sections.appendix import untestable_section
from reports.sections.clock import clock_section, clock_sentences
from reports.setting import Setting


@pytest.fixture(scope="module")
def made():
    return evidence()


def test_every_row_shows_its_figures_its_verdicts_and_why_they_do_not_decide(made):
    section = untestable_section(Setting(made))
    statements, figures = section.blocks[1:]
    assert [row[0].text for row in statements.rows] == list(made.study.untestable)
    assert all(made.study.untestable[row[0].text].limit in row[3].text for row in statements.rows)
    by_id = [row[0].text for row in figures.rows]
    assert by_id.count("N2") == 3
    assert by_id.count("N8") == 1
    (leverage,) = [row for row in figures.rows if row[0].text == "N2" and "Open interest" in row[1].text]
    assert [cell.text for cell in leverage[2:]] == ["−19.4%", "–", "2026-01-28 to 2026-02-06", "2.6of 340 spans"]
    (drawn,) = [row for row in figures.rows if row[0].text == "N8"]
    assert drawn[2].text == "inconclusive"
    assert "C04 inconclusive" in drawn[1].text
    absent = [row for row in figures.rows if "hold no margin debt" in row[1].text]
    assert absent
    assert all(cell.text == "–" for cell in absent[0][2:])


def test_a_study_without_figures_has_the_table_of_statements_alone(made):
    section = untestable_section(Setting(replace(made, closest=())))
    assert len(section.blocks) == 2


def test_the_findings_carry_figures_and_the_clock(made):
    page = findings_page(made)
    assert "Open interest, change: −19.4\u00a0% (2026-01-28 to 2026-02-06), percentile 3 of 340 earlier spans." in page
    assert "the weakest of them: inconclusive" in page
    assert "not decidable, because the data hold no margin debt" in page
    assert "## What the clock does" in page


def test_the_results_carry_figures_and_clocks(made):
    told = results(made)
    row = next(one for one in told["not_testable"] if one["id"] == "N2")
    assert row["figures"][0]["estimate"]["value"] == -19.4
    assert row["figures"][0]["percentile"] == 2.6
    assert row["figures"][1]["estimate"] == {"not_decidable": "the data hold no margin debt"}
    assert told["clocks"]["metal"]["correlations"]["utc00 lag added"]["value"] == pytest.approx(0.23)
    nowhere = results(replace(made, clocks=NotDecidable("no asset trades around the clock")))
    assert nowhere["clocks"] == {"not_decidable": "no asset trades around the clock"}


def test_the_clock_says_what_changes_most_and_what_the_fund_says(made):
    changed = dict(made.clocks)
    changed["growth"] = replace(
        changed["growth"], differences={**changed["growth"].differences, "utc00": estimate(-0.05, 0.01)}
    )
    one, two = clock_sentences(replace(made, clocks=changed))
    assert "the one with the Nasdaq 100, by −0.05 [−0.06,\u00a0−0.04]" in one
    assert "the interval excludes zero for the Nasdaq 100" in one
    assert "since 2014-09-25 it correlates at 0.200" in two
    assert "no interval excludes zero" in clock_sentences(made)[0]
    without = {role: row for role, row in made.clocks.items() if role != FUND}
    assert len(clock_sentences(replace(made, clocks=without))) == 1


def test_a_close_at_midnight_alone_prints_the_corrected_correlation(made):
    late = replace(made, clocks=clocks(made.study, hourly=False))
    (words,) = clock_sentences(late)
    assert "at 24:00 UTC only" in words
    assert "0.22 [0.17,\u00a00.27] with gold" in words
    table = clock_section(Setting(late)).blocks[1]
    assert {row[1].text for row in table.rows} == {"–"}
    assert all("0.22" in row[3].text for row in table.rows)


def test_no_clocks_no_section(made):
    assert clock_section(Setting(replace(made, clocks=NotDecidable("no asset trades around the clock")))) is None
    assert clock_sentences(replace(made, clocks={"metal": NotDecidable("too short")})) == ()

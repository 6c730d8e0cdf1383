from __future__ import annotations

from dataclasses import replace

import pytest
from evidence_factory import evidence

from data.errors import PageError
from reports.document import Column, Document, Paragraph, Ref, Section, Table, cell
from reports.render import check_references
from reports.sections.front import _row_label
from reports.technical import technical_report


@pytest.fixture(scope="module")
def document() -> Document:
    return technical_report(evidence("simulated", dirty=True, quick=True))


def test_figures_and_tables_are_numbered_in_reading_order(document: Document) -> None:
    assert [document.labels[one.key] for one in document.figures] == [
        f"Figure {i}" for i in range(1, len(document.figures) + 1)
    ]
    assert document.labels[document.tables[0].key] == "Table 1"


def test_every_reference_leads_somewhere(document: Document) -> None:
    assert document.references
    check_references(document)


def test_a_dangling_reference_is_refused(document: Document) -> None:
    lost = Section("lost", "Lost", (Paragraph((Ref("nowhere"),)),))
    with pytest.raises(PageError, match="nowhere"):
        check_references(replace(document, sections=(*document.sections, lost)))


def test_two_elements_may_not_share_a_key(document: Document) -> None:
    with pytest.raises(PageError, match="shares its key"):
        _ = replace(document, front=(*document.front, *document.front)).labels


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(PageError, match="2 cells for 1 columns"):
        Table("odd", "Odd", (Column("One"),), ((cell("a"), cell("b")),), source="none")


def test_figures_carry_a_source_a_note_and_an_alternative(document: Document) -> None:
    for figure in document.figures:
        assert figure.source
        assert figure.note
        assert figure.alt
    assert all(table.source for table in document.tables)


def test_no_table_of_the_body_is_longer_than_forty_rows(document: Document) -> None:
    assert max(len(table.rows) for table in document.tables) <= 40


def test_marks_say_simulated_draft_and_quick(document: Document) -> None:
    assert document.marks == ("SIMULATED DATA, NOT MARKET EVIDENCE", "DRAFT", "QUICK RUN, FEWER DRAWS")
    assert technical_report(evidence()).marks == ()


def test_each_verdict_has_a_section_of_its_own(document: Document) -> None:
    claims = next(section for section in document.sections if section.key == "claims")
    assert [section.key for section in claims.sections] == ["c02", "c03", "c05", "c06", "c10", "c22"]
    assert all(section.chip is not None for section in claims.sections)


def test_statements_that_cannot_be_tested_stay_on_the_list(document: Document) -> None:
    table = next(one for one in document.tables if one.key == "untestable")
    assert [row[0].text for row in table.rows] == [f"N{i}" for i in range(1, 9)]


def test_a_row_too_long_for_its_margin_loses_its_brackets_and_nothing_else() -> None:
    long = "C99  Bitcoin recovers after conditions, credit or fear have improved (most clearly: conditions (of a city))"
    assert _row_label(long) == "C99  Bitcoin recovers after conditions, credit or fear have improved"
    assert _row_label("C98  Short (as it is)") == "C98  Short (as it is)"

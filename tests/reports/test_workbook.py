"""The workbook: numbers are numbers with the digits of the page, text is text, and the bytes repeat."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from evidence_factory import evidence
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from models.estimate import Estimate
from reports.charts.style import SIMULATED_MARK
from reports.document import Column, Document, Table, cell
from reports.exports import exports
from reports.technical import technical_report
from reports.text import NO_BREAK, number, quantity
from reports.workbook import ESTIMATE_HEADS, Number, read_number, workbook

DATED = date(2026, 2, 8)


@pytest.fixture(scope="module")
def document() -> Document:
    return technical_report(evidence("simulated"))


@pytest.fixture(scope="module")
def content(document: Document) -> bytes:
    return workbook(document, evidence("simulated").verdicts, DATED)


@pytest.fixture(scope="module")
def book(content: bytes) -> Iterator[Any]:
    """As another program reads it."""
    opened = openpyxl.load_workbook(BytesIO(content))
    yield opened
    opened.close()


def of_table(*texts: str) -> Any:
    table = Table("t", "T", (Column("Head"),), tuple((cell(text),) for text in texts), source="none.")
    small = replace(technical_report(evidence()), front=(table,), sections=())
    return openpyxl.load_workbook(BytesIO(workbook(small, (), DATED)))


def rows(sheet: Any) -> list[list[Any]]:
    """Cells below the head, which stands above the frozen line."""
    first = int(sheet.freeze_panes[1:])
    return [[one.value for one in row] for row in sheet.iter_rows(min_row=first)]


def test_every_table_has_a_sheet_under_its_own_number_with_unit_note_and_source(document: Document, book: Any) -> None:
    for table in document.tables:
        sheet = book[document.labels[table.key]]
        notes = [row[0].value for row in sheet.iter_rows(max_row=int(sheet.freeze_panes[1:]) - 2) if row[0].value]
        assert notes[0] == SIMULATED_MARK
        assert any(table.title in note for note in notes)
        assert f"Source: {table.source}" in notes
        assert not table.subtitle or table.subtitle in notes
        assert not table.note or f"Note: {table.note}" in notes
        assert len(rows(sheet)) == len(table.rows)


def test_every_sheet_is_marked_dated_and_says_simulated(book: Any) -> None:
    for sheet in book:
        assert sheet["A1"].value == SIMULATED_MARK
        assert "2026-02-08" in sheet.oddFooter.left.text
        assert SIMULATED_MARK in sheet.oddFooter.left.text


def test_the_contents_name_every_sheet_and_the_file_of_every_chart(document: Document, book: Any) -> None:
    listed = rows(book["Contents"])
    assert {row[0] for row in listed} >= set(book.sheetnames) - {"Contents"}
    named = {row[2].removeprefix("data/") for row in listed if row[2]}
    assert named == {name for name in exports(document) if name.startswith("figure-")}


def test_every_estimate_of_every_verdict_stands_with_its_unit_and_level(book: Any) -> None:
    sheet = book["Estimates"]
    found = {(row[0], row[1], row[2]): row for row in rows(sheet)}
    verdicts = evidence("simulated").verdicts
    assert any(isinstance(part.effect, Estimate) for verdict in verdicts for part in verdict.parts)
    for verdict in verdicts:
        for part in verdict.parts:
            if isinstance(part.effect, Estimate):
                row = dict(zip(ESTIMATE_HEADS, found[verdict.id, "effect", part.label], strict=True))
                assert row["Value"] == pytest.approx(part.effect.value, rel=1e-9)
                assert row["Lower limit"] == pytest.approx(part.effect.lower, rel=1e-9)
                assert row["Level"] == part.effect.level
                assert row["Unit"]
                assert row["Method"] == part.effect.method


@given(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from(["", "%", "bp", "sessions"]),
)
def test_a_printed_number_is_read_back_with_its_digits(value: float, decimals: int, signed: bool, unit: str) -> None:
    text = number(value, decimals, signed=signed) + (f"{NO_BREAK}{unit}" if unit else "")
    read = read_number(text)
    assert isinstance(read, Number)
    assert read.value == pytest.approx(round(value, decimals), abs=1e-9)
    positive = read.shown.partition(";")[0]
    assert len(positive.partition(".")[2].partition('"')[0]) == decimals
    assert not unit or f'"{NO_BREAK}{unit}"' in read.shown


@pytest.mark.parametrize(
    "text",
    ["", "–", "…", "C01", "2026-02-08", "[0.10, 0.20]", "< .001", "12 of 14", "1,2", "0.1.2", "+", "9" * 40, "1e5"],
)
def test_what_is_no_number_stays_text(text: str) -> None:
    assert read_number(text) is None


def test_numbers_are_typed_and_shown_as_printed() -> None:
    sheet = of_table(quantity(-1234.5, "bp"), number(0.07, signed=True), ".042", "2,812")["Table 1"]
    cells = [row[0] for row in sheet.iter_rows(min_row=int(sheet.freeze_panes[1:]))]
    assert [one.value for one in cells] == [-1234.5, 0.07, 0.042, 2812]
    assert [one.number_format.partition(";")[0] for one in cells] == [
        f'#,##0.0"{NO_BREAK}bp"',
        "+0.00",
        ".000",
        "#,##0",
    ]


EVIL = [
    '=HYPERLINK("http://evil.example","x")',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "{=1}",
    "http://evil.example",
    "internal:Contents!A1",
    "external:c:\\evil.xlsx",
]


def test_no_text_becomes_a_formula_or_a_link() -> None:
    book = of_table(*EVIL)
    sheet = book["Table 1"]
    cells = [row[0] for row in sheet.iter_rows(min_row=int(sheet.freeze_panes[1:]))]
    assert [one.value for one in cells] == EVIL
    for one in cells:
        assert one.data_type == "s"
        assert one.hyperlink is None
        assert one.quotePrefix == one.value.startswith(("=", "+", "-", "@", "\t"))


def test_the_file_holds_no_formula_no_link_and_no_macro(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as parts:
        assert parts.testzip() is None
        assert not [name for name in parts.namelist() if "vba" in name.lower() or "externalLink" in name]
        for name in parts.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in parts.read(name)
                assert b"<hyperlink" not in parts.read(name)


def test_the_same_document_is_the_same_bytes_whatever_the_clock(
    document: Document, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    again = workbook(document, evidence("simulated").verdicts, DATED)
    assert again == content
    with zipfile.ZipFile(BytesIO(content)) as parts:
        assert b"2026-02-08T00:00:00Z" in parts.read("docProps/core.xml")
        assert {info.date_time[0] for info in parts.infolist()} == {1980}


def test_every_number_has_room_for_its_unit_and_every_text_for_its_lines() -> None:
    long = "a sentence that says a little more than a column holds and therefore goes on to the next line " * 2
    sheet = of_table(quantity(0.59, "log points"), long)["Table 1"]
    short, tall = (next(row[0] for row in sheet.iter_rows() if row[0].value == value) for value in (0.59, long))
    width = sheet.column_dimensions["A"].width
    assert width >= len(quantity(0.59, "log points"))
    assert sheet.row_dimensions[tall.row].height >= 3.0 * sheet.row_dimensions[short.row].height
    assert sheet.row_dimensions[tall.row].height / sheet.row_dimensions[short.row].height * width >= len(long)


def test_a_column_is_as_wide_as_its_numbers_read() -> None:
    sheet = of_table(quantity(0.5, "standard deviations of the miners"))["Table 1"]
    assert sheet.column_dimensions["A"].width >= len("0.50 standard deviations of the miners")


def test_every_note_has_room_within_the_width_that_is_printed(book: Any) -> None:
    for sheet in book:
        heads = int(sheet.freeze_panes[1:]) - 1
        width = sum(sheet.column_dimensions[get_column_letter(i)].width for i in range(1, sheet.max_column + 1))
        assert sheet.max_column == len([one for one in sheet[heads] if one.value is not None])
        for row in range(1, heads - 1):
            note, lines = sheet.cell(row, 1).value, round(sheet.row_dimensions[row].height / 13.5)
            assert lines * width >= len(note), (sheet.title, note)
        merged = {str(one) for one in sheet.merged_cells.ranges}
        last = get_column_letter(sheet.max_column)
        assert merged == ({f"A{row}:{last}{row}" for row in range(1, heads - 1)} if sheet.max_column > 1 else set())

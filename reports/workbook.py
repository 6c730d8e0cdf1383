"""`tables.xlsx`: every table of the report and every estimate behind it, with units and notes, as a workbook.

A number is a number, shown with the digits of the page; everything else is text, whatever it begins with. No cell holds
a formula or a link to another place, and the file is the same bytes for the same document: its date is the edition's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from textwrap import wrap
from typing import Any

import xlsxwriter

from models.claims.verdict import Verdict
from models.estimate import Estimate
from reports.document import Document, Figure, Table
from reports.exports import cell_words, figure_files
from reports.text import MINUS, NO_BREAK, unit_words

#: A printed number: sign, digits, decimals, and a unit behind a blank that does not break.
_PRINTED = re.compile(
    rf"([+{MINUS}-]?)((?:\d{{1,3}}(?:,\d{{3}})+|\d{{0,12}})(?:\.(\d+))?)(?:{NO_BREAK}([^\d\"]{{1,30}}))?"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST, _NARROWEST = 60, 6
#: Height of a line in points, and the share of a column's characters that a line surely holds in any font.
_LINE, _FILLED = 13.5, 0.9
_EVERY_DIGIT = "General"
#: The number of the paper in the file format.
_A4 = 9


@dataclass(frozen=True, slots=True)
class Number:
    """A cell's number, the format in which it is shown, and how it then reads."""

    value: float
    shown: str
    printed: str


Content = str | Number


@dataclass(frozen=True)
class Sheet:
    """A sheet before it is written: notes on top, then heads and rows."""

    name: str
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[Content, ...], ...]


def workbook(document: Document, verdicts: Sequence[Verdict], dated: date) -> bytes:
    """The workbook of a document.

    Parameters
    ----------
    document : Document
        Its tables become one sheet each, under their own numbers.
    verdicts : sequence of Verdict
        Their estimates stand in full precision on one sheet.
    dated : date
        The date of the file, whatever the clock says.

    Returns
    -------
    bytes
    """
    tables = [_table(table, document) for table in document.tables]
    estimates = _estimates(verdicts, document)
    sheets = [_contents(document, [estimates, *tables]), estimates, *tables]
    created = datetime(dated.year, dated.month, dated.day, tzinfo=UTC)
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties(
            {"title": document.title, "subject": document.subtitle, "comments": document.footer, "created": created}
        )
        writer = _Writer(book, document)
        for sheet in sheets:
            writer.write(sheet)
    return buffer.getvalue()


def read_number(text: str) -> Number | None:
    """The number that a printed cell shows, with the format that shows it again; None where it is no number."""
    found = _PRINTED.fullmatch(text)
    if found is None or not any(sign.isdigit() for sign in found.group(2)):
        return None
    sign, digits, decimals, unit = found.groups()
    value = float(digits.replace(",", ""))
    whole = "#,##0" if "," in digits else "" if digits.startswith(".") else "0"
    shown = whole + (f".{'0' * len(decimals)}" if decimals else "") + (f'"{NO_BREAK}{unit}"' if unit else "")
    both = f'{"+" if sign == "+" else ""}{shown};"{MINUS}"{shown}'
    return Number(-value if sign in {MINUS, "-"} else value, both, text)


def _content(text: str) -> Content:
    number = read_number(text)
    return text if number is None else number


def _notes(item: Table, document: Document) -> tuple[str, ...]:
    return (
        *document.marks,
        f"{document.labels[item.key]}. {item.title}",
        *([item.subtitle] if item.subtitle else []),
        *([f"Note: {item.note}"] if item.note else []),
        f"Source: {item.source}",
        document.footer,
    )


def _table(table: Table, document: Document) -> Sheet:
    return Sheet(
        document.labels[table.key],
        _notes(table, document),
        tuple(column.head for column in table.columns),
        tuple(tuple(_content(cell_words(one)) for one in row) for row in table.rows),
    )


ESTIMATE_HEADS = (
    "Statement",
    "Part of the page",
    "Quantity",
    "Value",
    "Standard error",
    "Lower limit",
    "Upper limit",
    "Level",
    "Unit",
    "Observations",
    "Method",
)


def _estimates(verdicts: Iterable[Verdict], document: Document) -> Sheet:
    rows = tuple(
        _estimate(verdict.id, where, label, estimate)
        for verdict in verdicts
        for where, label, estimate in _measured(verdict)
    )
    return Sheet(
        "Estimates",
        (
            *document.marks,
            "Every estimate behind the verdicts, in full precision",
            "Note: an effect is oriented so that a positive value supports its statement. Limits are those of the "
            "interval at the level beside them; the unit holds for value, standard error and limits.",
            document.footer,
        ),
        ESTIMATE_HEADS,
        rows,
    )


def _measured(verdict: Verdict) -> Iterable[tuple[str, str, Estimate]]:
    """Each estimate of a verdict with the place where the page shows it and its label."""
    if isinstance(verdict.headline, Estimate):
        yield "headline", verdict.headline_label, verdict.headline
    for part in verdict.parts:
        if isinstance(part.effect, Estimate):
            yield "effect", part.label, part.effect
    for specification in verdict.specifications:
        if isinstance(specification.estimate, Estimate):
            yield "specification", specification.label, specification.estimate
    for label, measured in verdict.secondary.items():
        if isinstance(measured, Estimate):
            yield "secondary", label, measured


def _estimate(claim: str, where: str, label: str, estimate: Estimate) -> tuple[Content, ...]:
    numbers = (estimate.value, estimate.std_error, estimate.lower, estimate.upper, estimate.level)
    return (
        claim,
        where,
        label,
        *(_precise(number) for number in numbers),
        unit_words(estimate.unit),
        _precise(estimate.n),
        estimate.method,
    )


def _precise(value: float | None) -> Content:
    """A number to ten digits, which is what `results.json` holds; nothing where there is none."""
    if value is None or not abs(value) < float("inf"):
        return ""
    printed = f"{value:.10g}"
    return Number(float(printed), _EVERY_DIGIT, printed)


def _contents(document: Document, sheets: Sequence[Sheet]) -> Sheet:
    files = figure_files(document)
    tables = {document.labels[table.key]: table for table in document.tables}
    rows = [(sheet.name, tables[sheet.name].title if sheet.name in tables else "", "") for sheet in sheets]
    rows += [(document.labels[one.key], one.title, f"data/{name}") for one, name in _drawn(document.figures, files)]
    return Sheet(
        "Contents",
        (
            *document.marks,
            f"{document.title}: {document.subtitle.lower()}",
            document.headline,
            document.deck,
            document.footer,
            f"{document.licence}. {document.disclaimer}",
        ),
        ("Sheet or figure", "Title", "File with the data of the figure"),
        tuple(rows),
    )


def _drawn(figures: Iterable[Figure], files: dict[str, tuple[str, ...]]) -> Iterable[tuple[Figure, str]]:
    for figure in figures:
        for name in files[figure.key]:
            yield figure, name


class _Writer:
    """Writes sheets in one style; formats are shared between them."""

    def __init__(self, book: Any, document: Document) -> None:
        self._book = book
        self._document = document
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def write(self, sheet: Sheet) -> None:
        """Add a sheet: notes, a frozen head, rows."""
        page = self._book.add_worksheet(sheet.name)
        widths = _widths(sheet)
        for row, note in enumerate(sheet.notes):
            self._note(page, row, note, widths)
        top = len(sheet.notes) + 1
        for column, head in enumerate(sheet.heads):
            numeric = any(isinstance(row[column], Number) for row in sheet.rows)
            side = {"align": "right"} if numeric else _aside(column)
            style = self._format(bold=True, bottom=1, text_wrap=True, valign="bottom", **side)
            page.write_string(top, column, head, style)
        for row, contents in enumerate(sheet.rows, top + 1):
            page.set_row(row, _LINE * _lines(contents, widths))
            for column, content in enumerate(contents):
                self._write(page, row, column, content)
        for column, width in enumerate(widths):
            page.set_column(column, column, width + 2)
        page.freeze_panes(top + 1, 1)
        page.repeat_rows(top)
        page.set_landscape()
        page.set_paper(_A4)
        page.fit_to_pages(1, 0)
        page.set_footer(f"&L{_footer(self._document)}&RPage &P of &N")

    def _note(self, page: Any, row: int, note: str, widths: Sequence[int]) -> None:
        """A note over the whole width of the sheet, which is all that is printed of it."""
        armed = note.startswith(_FORMULA)
        style = self._format(bold=row == 0, quote_prefix=armed, text_wrap=True, valign="top")
        if len(widths) > 1:
            page.merge_range(row, 0, row, len(widths) - 1, "", style)
        page.write_string(row, 0, note, style)
        page.set_row(row, _LINE * _lines([note], [sum(widths)]))

    def _write(self, page: Any, row: int, column: int, content: Content) -> None:
        if isinstance(content, Number):
            page.write_number(row, column, content.value, self._format(num_format=content.shown, valign="top"))
        else:
            armed = content.startswith(_FORMULA)
            style = self._format(text_wrap=True, valign="top", quote_prefix=armed, **_aside(column))
            page.write_string(row, column, content, style)

    def _format(self, **style: object) -> Any:
        key = tuple(sorted(style.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": "Calibri", "font_size": 10, **style})
        return self._formats[key]


def _aside(column: int) -> dict[str, object]:
    """Text keeps away from the numbers of the column before it."""
    return {"align": "left", "indent": 1} if column else {}


def _widths(sheet: Sheet) -> list[int]:
    """Characters of each column: of its longest content, within limits."""
    longest = [max((len(_shown(row[i])) for row in sheet.rows), default=0) for i in range(len(sheet.heads))]
    return [
        min(max(content, len(head), _NARROWEST), _WIDEST) for content, head in zip(longest, sheet.heads, strict=True)
    ]


def _lines(contents: Sequence[Content], widths: Sequence[int]) -> int:
    """Lines of a row whose texts wrap in columns of these widths: not every program finds the height by itself."""
    texts = [(one, width) for one, width in zip(contents, widths, strict=True) if isinstance(one, str)]
    return max([1, *(len(wrap(text, int(_FILLED * width))) for text, width in texts if len(text) > width)])


def _shown(content: Content) -> str:
    return content.printed if isinstance(content, Number) else content


def _footer(document: Document) -> str:
    """Marks and dates; the sign that steers a footer is doubled."""
    return " · ".join((*document.marks, document.footer)).replace("&", "&&")

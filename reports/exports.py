"""The data of each figure and the cells of each table as CSV, so that nobody has to read numbers off a picture.

Each file opens with `#` lines: what it shows, in which unit, from where, and the mark of simulated data. Text that a
spreadsheet would take for a formula is disarmed by an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from reports.charts.style import Record
from reports.document import Cell, Document, Figure, Small, Table, plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+−-]?[\d,]*\.?\d+(?:e[−-]?\d+)?")
#: Data sets that draw the frame of a chart and hold no results.
_FURNITURE = ("one", "labels", "grid")


def exports(document: Document) -> dict[str, bytes]:
    """CSV files of a document by name, in its own numbering: "figure-03-key-paths.csv", "table-01-verdicts.csv"."""
    files: dict[str, bytes] = {}
    for i, figure in enumerate(document.figures, 1):
        for file, rows in _figure_files(i, figure):
            files[file] = _file(_head(figure, document), _records(rows))
    for i, table in enumerate(document.tables, 1):
        files[f"table-{i:02d}-{table.key}.csv"] = _file(_head(table, document), _cells(table))
    return files


def figure_files(document: Document) -> dict[str, tuple[str, ...]]:
    """Names of the CSV files that hold the data of each figure, by the figure's key."""
    return {
        figure.key: tuple(name for name, _ in _figure_files(i, figure)) for i, figure in enumerate(document.figures, 1)
    }


def _figure_files(number: int, figure: Figure) -> Iterator[tuple[str, Sequence[Record]]]:
    for name, rows in figure.chart.data.items():
        if name not in _FURNITURE and rows:
            part = "" if name in {"table", "rows", "cells"} else f"-{name}"
            yield f"figure-{number:02d}-{figure.key}{part}.csv", rows


def _head(item: Figure | Table, document: Document) -> list[str]:
    label = document.labels[item.key]
    return [
        *document.marks,
        f"{document.title}: {label}. {item.title}",
        *([item.subtitle] if item.subtitle else []),
        f"Source: {item.source}",
        *([f"Note: {item.note}"] if item.note else []),
        document.footer,
    ]


def _records(rows: Sequence[Record]) -> list[list[str]]:
    columns = list(rows[0])
    return [columns, *([_text(row.get(column)) for column in columns] for row in rows)]


def _cells(table: Table) -> list[list[str]]:
    return [[column.head for column in table.columns], *([cell_words(cell) for cell in row] for row in table.rows)]


def cell_words(cell: Cell) -> str:
    """The words of a cell on one line; its quieter second line follows a semicolon."""
    words = ""
    for item in cell.content:
        words += f"; {plain(item)}" if isinstance(item, Small) and words else plain(item)
    return words


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _disarmed(text: str) -> str:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _file(head: Iterable[str], rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    for line in head:
        buffer.write(f"# {' '.join(line.split())}\n")
    csv.writer(buffer, lineterminator="\n").writerows([[_disarmed(text) for text in row] for row in rows])
    return buffer.getvalue().encode()

"""How much of a printed page a block takes: an estimate in CSS pixels, good enough to keep a statement to one page."""

from __future__ import annotations

import math

from reports.document import (
    Block,
    Bullets,
    Document,
    Facts,
    Figure,
    Note,
    Pair,
    Paragraph,
    Section,
    Table,
    inlines,
    plain,
)

#: Height between the margins of a page, a little more because estimates err on the high side, by 7 to 20 %.
PAGE = 986.0 * 1.05
#: Characters of the whole width at the size of running text, leads, tables, compact tables, sources and titles.
_TEXT, _LEAD, _TABLE, _COMPACT, _SOURCE, _TITLE = 118.0, 108.0, 132.0, 140.0, 162.0, 98.0
_HEADING = 62.0


def _lines(text: str, characters: float) -> int:
    return max(1, math.ceil(len(text) / characters))


def _words(block: Block) -> str:
    return "".join(plain(item) for item in inlines(block))


def _legend(block: Figure | Table) -> float:
    return 4.0 + 13.1 * _lines(f"Source: {block.source} Note: {block.note}", _SOURCE)


def _table(table: Table) -> float:
    characters, line, pad = (_COMPACT, 13.7, 6.0) if table.style == "compact" else (_TABLE, 14.6, 9.0)
    given = sum(column.width or 0.0 for column in table.columns)
    free = [column for column in table.columns if column.width is None]
    widths = [column.width or max(100.0 - given, 5.0) / max(len(free), 1) for column in table.columns]

    def lines(text: str, width: float) -> int:
        return _lines(text, max(characters * width / 100.0 - 2.0, 4.0))

    head = max(lines(column.head, width) for column, width in zip(table.columns, widths, strict=True)) * 13.5 + 8.0
    rows = sum(
        line * max(lines(cell.text, width) for cell, width in zip(row, widths, strict=True)) + pad for row in table.rows
    )
    subtitle = 15.0 if table.subtitle else 0.0
    return 36.0 + subtitle + head + rows + _legend(table)


def height(block: Block) -> float:
    """Estimated height of a block in print, in CSS pixels."""
    match block:
        case Paragraph():
            return (18.8 * _lines(_words(block), _LEAD) if block.lead else 17.3 * _lines(_words(block), _TEXT)) + 8.4
        case Bullets():
            return (
                sum(17.3 * _lines("".join(plain(one) for one in entry), _TEXT) + 3.8 for entry in block.entries) + 8.4
            )
        case Note():
            return 30.0 + 16.2 * _lines(f"{block.title}. {_words(block)}", 124.0)
        case Facts():
            return 16.0 + 18.5 * _lines("      ".join(f"{a} {b}" for a, b in block.pairs), 128.0)
        case Table():
            return _table(block)
        case Figure():
            return 40.0 + 16.4 * _lines(block.title, _TITLE) + block.chart.height + _legend(block)
        case Pair():
            return max(height(block.left), height(block.right))


def section_height(section: Section) -> float:
    """Estimated height of a section without its children."""
    return _HEADING + 24.0 * (_lines(section.title, 66.0) - 1) + sum(height(block) for block in section.blocks)


def pages(document: Document) -> float:
    """Estimated pages of a document: one for each section with a page of its own, the rest by height."""
    sections = [one for top in document.sections for _, one in top.walk()]
    flowing = sum(section_height(one) for one in sections if not one.own_page)
    front = sum(height(block) for block in document.front)
    return sum(one.own_page for one in sections) + (front + flowing) / PAGE

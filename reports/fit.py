"""How much of a printed page a block takes: its text is wrapped by the widths of its letters, in CSS pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from reports.document import (
    Block,
    Bullets,
    Cell,
    Document,
    Facts,
    Figure,
    Note,
    Pair,
    Paragraph,
    Section,
    Small,
    Table,
    inlines,
    plain,
)
from reports.fonts import face_file

#: Height and width between the margins of a page; what is below its last block is left as a margin of safety.
PAGE, WIDTH = 984.0, 673.0
#: Space between blocks, and what is round the text of a note, of the facts and of a cell.
_GAP, _NOTE, _FACTS, _CELL = 9.1, 12.1, 7.6, 6.1
#: Space between two facts, inside a note, and before text that follows a number.
_BETWEEN_FACTS, _INSIDE_NOTE, _AFTER_NUMBER = 17.0, 22.0, 12.5
#: Eyebrow and space below a heading.
_HEADING = 25.0
#: Room for the words of a reference, which are known when everything is numbered.
_REFERENCE = "Section 12 (page 34)"


@dataclass(frozen=True, slots=True)
class _Type:
    """A face at a size, with the height of a line."""

    face: str
    size: float
    line: float


_TEXT, _LEAD = _Type("Regular", 12.53, 17.3), _Type("Semibold", 13.6, 18.8)
_TITLE, _SUBTITLE, _SOURCE = _Type("Semibold", 13.07, 16.4), _Type("Regular", 11.2, 14.6), _Type("Regular", 9.87, 13.05)
_ENTRY, _COMPACT, _HEAD = _Type("Regular", 11.33, 14.55), _Type("Regular", 10.67, 13.7), _Type("Semibold", 10.53, 13.5)
_ASIDE, _FACT, _SECTION = _Type("Regular", 11.73, 16.2), _Type("Semibold", 11.07, 18.4), _Type("Bold", 20.0, 24.0)


@cache
def _advances(face: str) -> tuple[Mapping[int, int], float]:
    """Width of each letter of a face, and the size in which they are given."""
    from fontTools.ttLib import TTFont

    with TTFont(face_file(face), lazy=True) as font:
        widths = font["hmtx"]
        return {code: widths[name][0] for code, name in font.getBestCmap().items()}, float(font["head"].unitsPerEm)


@lru_cache(maxsize=50_000)
def _width(word: str, face: str) -> float:
    """Width of a word, in the size of its letters."""
    advances, unit = _advances(face)
    return sum(advances.get(ord(letter), unit / 2.0) for letter in word) / unit


def _rows(widths: Iterable[float], space: float, room: float) -> int:
    """Rows in which pieces of these widths stand, as many in each as it holds."""
    rows, used = 1, 0.0
    for width in widths:
        if used and used + width > room:
            rows, used = rows + 1, 0.0
        used += width + space
    return rows


def _lines(text: str, kind: _Type, room: float = WIDTH) -> int:
    widths = (kind.size * _width(word, kind.face) for word in text.split(" "))
    return _rows(widths, kind.size * _width(" ", kind.face), room)


def _height(text: str, kind: _Type, room: float = WIDTH) -> float:
    return kind.line * _lines(text, kind, room)


def _words(block: Block) -> str:
    return "".join(plain(item) or _REFERENCE for item in inlines(block))


def _legend(block: Figure | Table) -> float:
    return 3.1 + _height(f"Source: {block.source} Note: {block.note}", _SOURCE)


def _cell(cell: Cell, kind: _Type, room: float) -> float:
    """Height of a cell; quieter words stand on lines of their own."""
    text = "".join(plain(item) for item in cell.content if not isinstance(item, Small))
    small = [item.text for item in cell.content if isinstance(item, Small)]
    return sum(_height(one, kind, room) for one in (text, *small))


def _table(table: Table) -> float:
    kind, pad = (_COMPACT, 6.0) if table.style == "compact" else (_ENTRY, 8.7)
    given = sum(column.width or 0.0 for column in table.columns)
    free = [column for column in table.columns if column.width is None]
    rooms = []
    for before, column in zip((None, *table.columns), table.columns, strict=False):
        share = column.width or max(100.0 - given, 5.0) / max(len(free), 1)
        after_number = before is not None and before.align == "number" and column.align != "number"
        rooms.append(WIDTH * share / 100.0 - _CELL - (_AFTER_NUMBER if after_number else 0.0))
    head = max(_height(column.head, _HEAD, room) for column, room in zip(table.columns, rooms, strict=True)) + 4.3
    rows = sum(max(_cell(cell, kind, room) for cell, room in zip(row, rooms, strict=True)) + pad for row in table.rows)
    caption = _height(f"Table 00. {table.title}", _TITLE) + (_SUBTITLE.line if table.subtitle else 0.0) + 4.6
    return _GAP + caption + head + rows + _legend(table)


def height(block: Block) -> float:
    """Estimated height of a block in print, in CSS pixels."""
    match block:
        case Paragraph():
            return _height(_words(block), _LEAD if block.lead else _TEXT) + _GAP
        case Bullets():
            entries = ("".join(plain(one) for one in entry) for entry in block.entries)
            return sum(_height(entry, _TEXT, WIDTH - 16.0) + 3.8 for entry in entries) + _GAP
        case Note():
            return _GAP + _NOTE + _height(f"{block.title}. {_words(block)}", _ASIDE, WIDTH - _INSIDE_NOTE)
        case Facts():
            widths = (
                _FACT.size * _width(f"{label} {value}", _FACT.face) + _BETWEEN_FACTS for label, value in block.pairs
            )
            return _GAP + _FACTS + _FACT.line * _rows(widths, 0.0, WIDTH)
        case Table():
            return _table(block)
        case Figure():
            words = _height(f"Figure 00. {block.title}", _TITLE) + _height(block.subtitle, _SUBTITLE)
            return _GAP + words + 3.8 + block.chart.height + _legend(block)
        case Pair():
            return max(height(block.left), height(block.right))


def section_height(section: Section) -> float:
    """Estimated height of a section without its children."""
    return _HEADING + _height(section.title, _SECTION) + sum(height(block) for block in section.blocks)


def pages(document: Document) -> float:
    """Estimated pages of a document: one for each section with a page of its own, the rest by height."""
    sections = [one for top in document.sections for _, one in top.walk()]
    flowing = sum(section_height(one) for one in sections if not one.own_page)
    front = sum(height(block) for block in document.front)
    return sum(one.own_page for one in sections) + (front + flowing) / PAGE

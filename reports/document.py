"""The document before it meets a renderer: sections, figures, tables and notes, numbered and cross-referenced.

Records are frozen and know neither HTML nor PDF. Every block says its own `kind`, by which templates choose a macro.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

from data.errors import PageError
from reports.charts.style import Chart

Tone = Literal["supported", "mixed", "not-supported", "inconclusive", "not-testable", "good", "warn", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a figure, a table or a section by its key; printed with number and page."""

    kind: ClassVar[str] = "ref"
    key: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Stressed text."""

    kind: ClassVar[str] = "strong"
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text in figures of equal width: a hash, a command, an equation."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True, slots=True)
class Small:
    """A second, quieter line inside a cell."""

    kind: ClassVar[str] = "small"
    text: str


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note at the foot of the page, called from the place where it stands."""

    kind: ClassVar[str] = "footnote"
    text: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A verdict or a light: a sign and a word, and a colour that repeats them."""

    kind: ClassVar[str] = "chip"
    tone: Tone
    sign: str
    word: str


Inline = str | Ref | Strong | Small | Code | Footnote | Chip


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `lead` sets it larger."""

    kind: ClassVar[str] = "paragraph"
    content: tuple[Inline, ...]
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    kind: ClassVar[str] = "bullets"
    entries: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph set apart: a caveat or a key message."""

    kind: ClassVar[str] = "note"
    title: str
    content: tuple[Inline, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """A few labelled values in a row: the data line of a claim."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a table's column.

    `align` is "text" (left), "number" (right, tabular figures) or "center"; `width` is a share of the table in percent.
    """

    head: str
    align: Literal["text", "number", "center"] = "text"
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Content of a table cell with the value by which a reader may sort."""

    content: tuple[Inline, ...]
    sort: str | float | None = None

    @property
    def text(self) -> str:
        """The plain text of the cell."""
        return "".join(plain(item) for item in self.content)


#: Tables of no more rows and characters are not broken over pages.
MOST_KEPT_ROWS, MOST_KEPT_CHARACTERS = 9, 1500


@dataclass(frozen=True, slots=True)
class Table:
    """A numbered table. The first column of each row is its head."""

    kind: ClassVar[str] = "table"
    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str
    note: str = ""
    subtitle: str = ""
    style: Literal["plain", "verdicts", "verdicts-dense", "compact", "compact-tight"] = "plain"

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise PageError(
                    f"table {self.key}",
                    f"a row has {len(row)} cells for {len(self.columns)} columns",
                    "Report this as a fault.",
                )

    @property
    def short(self) -> bool:
        """Whether the table is kept on one page."""
        characters = sum(len(one.text) for row in self.rows for one in row)
        return len(self.rows) <= MOST_KEPT_ROWS and characters <= MOST_KEPT_CHARACTERS


@dataclass(frozen=True, slots=True)
class Figure:
    """A numbered chart: `title` states the finding, `subtitle` unit and sample, `alt` the finding in words."""

    kind: ClassVar[str] = "figure"
    key: str
    title: str
    subtitle: str
    chart: Chart
    alt: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures side by side where there is room."""

    kind: ClassVar[str] = "pair"
    left: Figure
    right: Figure


Block = Paragraph | Bullets | Note | Facts | Table | Figure | Pair


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document; `chip` and `eyebrow` dress a claim's heading, `opening` sections precede the contents."""

    key: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    eyebrow: str = ""
    chip: Chip | None = None
    own_page: bool = False
    opening: bool = False

    def walk(self, depth: int = 1) -> Iterator[tuple[int, Section]]:
        """This section and all below it with their depth."""
        yield depth, self
        for section in self.sections:
            yield from section.walk(depth + 1)


@dataclass(frozen=True)
class Document:
    """An edition before rendering.

    Attributes
    ----------
    title, subtitle : str
        Name of the study and of the edition.
    headline, deck : str
        The answer on page one and the sentence under it.
    language : str
    dates : tuple of (label, ISO date)
        "data to" and "as of", for the cover and every footer.
    marks : tuple of str
        DRAFT, QUICK, SIMULATED: printed on every page.
    front : tuple of Block
        Page one.
    sections : tuple of Section
    contact, licence, description : str
    """

    title: str
    subtitle: str
    headline: str
    deck: str
    language: str
    dates: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    front: tuple[Block, ...]
    sections: tuple[Section, ...]
    contact: str
    licence: str
    description: str
    disclaimer: str = field(default="Not investment advice.")

    @property
    def opening(self) -> tuple[Section, ...]:
        """Sections that stand before the contents; they come first in `sections`."""
        return tuple(one for one in self.sections if one.opening)

    @property
    def body(self) -> tuple[Section, ...]:
        """Sections behind the contents."""
        return tuple(one for one in self.sections if not one.opening)

    def blocks(self) -> Iterator[Block]:
        """Every block in reading order; pairs are opened."""
        tops = [self.front, *(one.blocks for section in self.sections for _, one in section.walk())]
        for blocks in tops:
            for block in blocks:
                if isinstance(block, Pair):
                    yield from (block.left, block.right)
                else:
                    yield block

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """All figures in reading order."""
        return tuple(block for block in self.blocks() if isinstance(block, Figure))

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """All tables in reading order."""
        return tuple(block for block in self.blocks() if isinstance(block, Table))

    @cached_property
    def labels(self) -> dict[str, str]:
        """What a reference prints: key to "Figure 3", "Table 2" or "Section 4".

        Raises
        ------
        PageError
            If two elements share a key.
        """
        labels: dict[str, str] = {}

        def add(key: str, label: str) -> None:
            if key in labels:
                raise PageError(f"{label} ({key})", f"shares its key with {labels[key]}", "Give it a key of its own.")
            labels[key] = label

        for i, figure in enumerate(self.figures, 1):
            add(figure.key, f"Figure {i}")
        for i, table in enumerate(self.tables, 1):
            add(table.key, f"Table {i}")
        for i, section in enumerate(self.sections, 1):
            add(section.key, f"Section {i}")
            for j, child in enumerate(section.sections, 1):
                add(child.key, f"Section {i}.{j}")
                for k, grandchild in enumerate(child.sections, 1):
                    add(grandchild.key, f"Section {i}.{j}.{k}")
        return labels

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Keys that text refers to, in reading order."""
        return tuple(item.key for block in self.blocks() for item in inlines(block) if isinstance(item, Ref))

    @property
    def footer(self) -> str:
        """The dates of the edition in one line."""
        return " · ".join(f"{label} {when}" for label, when in self.dates)


def inlines(block: Block) -> Iterator[Inline]:
    """Every inline item of a block."""
    match block:
        case Paragraph() | Note():
            yield from block.content
        case Bullets():
            for item in block.entries:
                yield from item
        case Table():
            for row in block.rows:
                for cell in row:
                    yield from cell.content
        case _:
            return


def plain(item: Inline) -> str:
    """The words of an inline item."""
    match item:
        case str():
            return item
        case Chip():
            return item.word
        case Ref():
            return ""
        case _:
            return item.text


def cell(content: str | Inline | tuple[Inline, ...], sort: str | float | None = None) -> Cell:
    """A cell from text or inline items."""
    return Cell(content if isinstance(content, tuple) else (content,), sort)

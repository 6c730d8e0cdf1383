"""What an edition must be before anybody sees it. Each refusal names the page and the element.

The print pages are judged by their layout (where a box lies on which page) and the finished PDF by its objects, the
screen page by its markup. Nothing here mends anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from data.errors import PageError
from reports.charts.style import DARK, PAPER, SERIES, SIMULATED_MARK, TEXT_OF, contrast
from reports.document import Document
from reports.pdf import PrintedPages

LARGEST_PDF = 5_000_000
LARGEST_HTML = 10_000_000
MOST_PAGES = 50
LINE_CONTRAST = 3.0
TEXT_CONTRAST = 4.5
#: A box may pass the paper's content edge by this many CSS pixels: rounding, not overflow.
TOLERANCE = 1.5
#: Words that a number became when it was not one.
_NOT_NUMBERS = re.compile(r"(?<![\w-])(?:nan|NaN|NaT|inf|-inf)(?![\w-])")
#: "None" that is no English word: nothing in lower case follows.
_NO_VALUE = re.compile(r"(?<![\w-])None(?!\w|\s+[a-z])")
#: Scripts are the project's own and large; what they might ask for is forbidden by the page's own policy.
_SCRIPTS = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)
_STYLE_ADDRESS = re.compile(r"url\(\s*['\"]?(?!data:|#)([^'\")]{1,80})", re.IGNORECASE)
_FETCHING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href", "cite", "ping"}
_REPORT = "Report this as a fault of the edition; the earlier one stands."


def refuse(where: str, what: str, remedy: str = _REPORT) -> None:
    """Refuse the edition."""
    raise PageError(where, what, remedy)


def check_palette() -> None:
    """Lines and text must stand out from the paper, light and dark."""
    for name, paper, replaced in (("light", PAPER, {}), ("dark", DARK[PAPER], DARK)):
        for color in SERIES:
            ratio = contrast(replaced.get(color, color), paper)
            if ratio < LINE_CONTRAST:
                refuse(
                    f"palette, {name}", f"the line colour {color} has a contrast of {ratio:.1f}, below {LINE_CONTRAST}"
                )
        for color in TEXT_OF.values():
            ratio = contrast(replaced.get(color, color), paper)
            if ratio < TEXT_CONTRAST:
                refuse(
                    f"palette, {name}", f"the text colour {color} has a contrast of {ratio:.1f}, below {TEXT_CONTRAST}"
                )


def check_document(document: Document) -> None:
    """Words that every medium shares: sources, alternatives, dates, marks, numbers that are numbers."""
    for figure in document.figures:
        label = document.labels[figure.key]
        for what, text in (
            ("a Source line", figure.source),
            ("a text alternative", figure.alt),
            ("a title", figure.title),
        ):
            if not text.strip():
                refuse(f"{label} ({figure.key})", f"has no {what.removeprefix('a ')}")
    for table in document.tables:
        if not table.source.strip():
            refuse(f"{document.labels[table.key]} ({table.key})", "has no Source line")
    if not document.language or not document.title.strip():
        refuse("cover", "title or language is missing")
    for label, when in document.dates:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", when):
            refuse("footer", f"the date {label!r} is missing")
    check_palette()


# --- Print -----------------------------------------------------------------------------------------------------------


def check_pages(
    pages: PrintedPages, document: Document, name: str = "report.pdf", *, most_pages: int = MOST_PAGES
) -> None:
    """Judge the layout of the file `name` page by page.

    Raises
    ------
    PageError
        Naming the page and the element.
    """
    check_document(document)
    laid_out = pages.layout.pages
    if len(laid_out) > most_pages:
        refuse(name, f"has {len(laid_out)} pages, more than {most_pages}")
    for number, page in enumerate(laid_out, 1):
        _check_page(f"{name}, page {number}", page._page_box, document)


def _check_page(where: str, box: Any, document: Document) -> None:
    margins: list[Any] = []
    body: list[Any] = []
    for child in box.children:
        (margins if type(child).__name__ == "MarginBox" else body).append(child)
    margin_text = " ".join(_text(child) for child in margins)
    for label, when in document.dates:
        if when not in margin_text:
            refuse(where, f"the footer lacks the date {label!r} {when}")
    for mark in document.marks:
        if mark not in margin_text:
            refuse(where, f"lacks the mark {mark!r}")
    right = box.content_box_x() + box.width + TOLERANCE
    bottom = box.content_box_y() + box.height + TOLERANCE
    for child in body:
        for one in _boxes(child):
            _check_box(where, one, right, bottom)


def _check_box(where: str, box: Any, right: float, bottom: float) -> None:
    text = getattr(box, "text", None)
    if text is not None:
        bad = _NOT_NUMBERS.search(text)
        if bad:
            refuse(where, f"prints {bad.group(0)!r} in {text.strip()[:60]!r}")
        if box.position_x + box.width > right:
            refuse(where, f"text runs over the right edge: {text.strip()[:60]!r}")
    elif type(box).__name__ in {"InlineReplacedBox", "BlockReplacedBox"} and box.position_x + box.width > right:
        refuse(where, f"a chart runs over the right edge: {_alternative(box)}")
    if (
        type(box).__name__ in {"TextBox", "InlineReplacedBox", "BlockReplacedBox"}
        and box.position_y + box.height > bottom
    ):
        refuse(where, f"content is cut by the lower edge: {(text or _alternative(box)).strip()[:60]!r}")


def _alternative(box: Any) -> str:
    element = getattr(box, "element", None)
    return str(element.get("alt", "picture"))[:60] if element is not None else "picture"


def _boxes(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)


def _text(box: Any) -> str:
    return "".join(getattr(one, "text", "") or "" for one in _boxes(box))


def check_pdf(path: Path, document: Document) -> None:
    """Judge the finished PDF against its document: tags, language, title, alternatives, fonts, size.

    Raises
    ------
    PageError
    """
    language, pictures = check_finished_pdf(path)
    if language != document.language:
        refuse(path.name, "does not name its language")
    if pictures < len(document.figures):
        refuse(path.name, f"only {pictures} of {len(document.figures)} figures are tagged")


def check_finished_pdf(path: Path) -> tuple[str, int]:
    """Judge a PDF by itself; its language and the number of its tagged pictures.

    Raises
    ------
    PageError
    """
    import pikepdf

    if path.stat().st_size > LARGEST_PDF:
        refuse(path.name, f"is larger than {LARGEST_PDF:,} bytes", "Thin the paths further.")
    try:
        with pikepdf.open(path) as pdf:
            return _check_objects(path.name, pdf)
    except pikepdf.PdfError as error:
        raise PageError(path.name, f"is not a whole PDF ({type(error).__name__})", _REPORT) from error


def _check_objects(name: str, pdf: Any) -> tuple[str, int]:
    root = pdf.Root
    if not bool(root.get("/MarkInfo", {}).get("/Marked", False)) or "/StructTreeRoot" not in root:
        refuse(name, "is not tagged")
    language = str(root.get("/Lang", ""))
    if not language:
        refuse(name, "does not name its language")
    if not str(pdf.docinfo.get("/Title", "")).strip():
        refuse(name, "has no title")
    if "/Outlines" not in root:
        refuse(name, "has no outline")
    pictures = 0
    for element in _structure(root.StructTreeRoot):
        if element.get("/S") == "/Figure":
            pictures += 1
            if not str(element.get("/Alt", "")).strip():
                refuse(name, f"picture {pictures} has no text alternative")
    for number, page in enumerate(pdf.pages, 1):
        for key, font in (page.get("/Resources", {}).get("/Font", {}) or {}).items():
            family = font.get("/BaseFont", key)
            if not _embedded(font):
                refuse(f"{name}, page {number}", f"the font {family} is not embedded")
            if "SourceSans" not in str(family).replace("-", "").replace("#20", ""):
                refuse(
                    f"{name}, page {number}",
                    f"the font {family} comes from the machine and not from the font package",
                )
    return language, pictures


def _structure(node: Any) -> Iterator[Any]:
    """Elements of the structure tree below `node`."""
    kids = node.get("/K")
    if kids is None:
        return
    children = list(kids) if hasattr(kids, "_type_name") and kids._type_name == "array" else [kids]
    for child in children:
        if hasattr(child, "get") and child._type_name == "dictionary" and "/S" in child:
            yield child
            yield from _structure(child)


def _embedded(font: Any) -> bool:
    described = [font, *font.get("/DescendantFonts", [])]
    return any(
        key in one.get("/FontDescriptor", {}) for one in described for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


# --- Screen ----------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """What the preflight needs to know of a page: ids, addresses, pictures, heads of tables, text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.problems: list[str] = []
        self.title = ""
        self.text: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang", "")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.anchors.append(values.get("href", ""))
        if tag == "img" and not values.get("alt", "").strip():
            self.problems.append("a picture has no text alternative")
        if tag == "th" and not values.get("scope"):
            self.problems.append("a header cell has no scope")
        for name, value in values.items():
            fetching = name in _FETCHING or (name == "href" and tag in {"link", "base", "image", "use"})
            if fetching and value and not value.startswith(("data:", "#")):
                self.problems.append(f"<{tag} {name}> asks for {value[:60]!r}")
            if name == "style" and (found := _STYLE_ADDRESS.search(value)):
                self.problems.append(f"<{tag} style> asks for {found.group(1)!r}")
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.problems.append("the page reloads itself")
        if tag in {"style", "script", "title"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "style":
            if found := _STYLE_ADDRESS.search(data) or re.search(r"@import\s+(\S{1,60})", data):
                self.problems.append(f"a style sheet asks for {found.group(1)!r}")
        elif inside == "title":
            self.title += data
        elif inside != "script":
            self.text.append(data)


def check_screen(html: str, document: Document) -> None:
    """Judge the screen page by its markup.

    Raises
    ------
    PageError
    """
    check_document(document)
    name = "report.html"
    if len(html.encode()) > LARGEST_HTML:
        refuse(name, f"is larger than {LARGEST_HTML:,} bytes", "Thin the paths further.")
    page = _Page()
    page.feed(_SCRIPTS.sub("<script></script>", html))
    page.close()
    if page.language != document.language or not page.title.strip():
        refuse(name, "names no language or has no title")
    if page.problems:
        refuse(name, page.problems[0])
    repeated = {one for one in page.ids if page.ids.count(one) > 1}
    if repeated:
        refuse(name, f"the id {sorted(repeated)[0]!r} is given twice")
    for anchor in page.anchors:
        if anchor.startswith("#") and anchor[1:] not in page.ids:
            refuse(name, f"a link leads to {anchor!r}, which is not there")
    text = " ".join(page.text)
    for part in page.text:
        if found := _NO_VALUE.search(part):
            refuse(name, f"prints 'None' in {part[max(0, found.start() - 40) :].strip()[:60]!r}")
    bad = _NOT_NUMBERS.search(text)
    if bad:
        refuse(name, f"prints {bad.group(0)!r} near {text[max(0, bad.start() - 40) : bad.end() + 20].strip()!r}")
    for label, when in document.dates:
        if when not in text:
            refuse(name, f"lacks the date {label!r} {when}")
    for mark in document.marks:
        if mark not in text:
            refuse(name, f"lacks the mark {mark!r}")
    if SIMULATED_MARK in document.marks:
        for figure in document.figures:
            if SIMULATED_MARK not in json.dumps(figure.chart.for_print):
                refuse(f"{document.labels[figure.key]} ({figure.key})", "lacks the mark of simulated data")


def check_numbers(numbers: bytes, document: Document) -> None:
    """Judge `results.json` by its schema and its mark.

    Raises
    ------
    PageError
    """
    import jsonschema

    from reports.results import SCHEMA

    content = json.loads(numbers)
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    problem = next(validator.iter_errors(content), None)
    if problem is not None:
        refuse(f"results.json, {problem.json_path}", problem.message[:160])
    if SIMULATED_MARK in document.marks and content["mark"] != SIMULATED_MARK:
        refuse("results.json", "lacks the mark of simulated data")


def check_files(folder: Path, printed: Mapping[str, Document]) -> None:
    """Judge the finished folder: every file there, every PDF marked. `printed` holds the document of each PDF.

    Raises
    ------
    PageError
    """
    for name in (*printed, "report.html", "tables.xlsx", "results.json", "manifest.json"):
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            refuse(name, "is missing or empty")
    for name, document in printed.items():
        check_pdf(folder / name, document)

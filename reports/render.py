"""A document made pages: charts to vector, templates to HTML, HTML to a tagged PDF.

Charts are drawn by vl-convert and laid out by WeasyPrint with the same font files, which come from a package. Nothing
is fetched: WeasyPrint may read those font files and `data:` addresses, the HTML carries its scripts and fonts inside.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from data.errors import PageError
from reports.charts.style import DARK, FONT, Chart
from reports.document import Document, Figure

TEMPLATES = Path(__file__).parents[1] / "templates"
CACHE = Path(__file__).parents[1] / ".cache" / "reports"
#: Faces that pages and charts use: (file, weight, style).
FACES = (("Regular", 400, "normal"), ("Semibold", 600, "normal"), ("Bold", 700, "normal"), ("It", 400, "italic"))
SCREEN_FACES = ("Regular", "Semibold", "Bold")
#: Characters kept in the fonts inside the HTML: Latin, Greek, punctuation, arrows, signs.
SCREEN_CHARACTERS = (*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2000, 0x2300), 0x25B2, 0x25BC, 0x25C6, 0x2713)
_COORDINATE = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_SCRIPTS = re.compile(r"([_^])(?:\{([^}]*)\}|(\w+|\*))")
_CLIP = re.compile(r"\bclip(\d+)\b")
_log = logging.getLogger(__name__)


def font_folder() -> Path:
    """Folder of the font files.

    Raises
    ------
    PageError
        If the font package is not installed.
    """
    found = importlib.util.find_spec("font_source_sans_pro")
    if found is None or not found.submodule_search_locations:
        raise PageError("font-source-sans-pro", "the font package is not installed", "Run `make setup`.")
    folder = Path(next(iter(found.submodule_search_locations))) / "files"
    missing = [name for name, _, _ in FACES if not (folder / f"SourceSansPro-{name}.ttf").is_file()]
    if missing:
        raise PageError(
            "font-source-sans-pro", f"lacks the faces {', '.join(missing)}", "Install it again: `make setup`."
        )
    return folder


@dataclass(frozen=True)
class View:
    """What templates know of the medium."""

    medium: str
    labels: Mapping[str, str]
    picture: Callable[[Figure], Markup]


@dataclass(frozen=True)
class PrintedPages:
    """A PDF with the layout it came from.

    Attributes
    ----------
    pdf : bytes
    layout : weasyprint.Document
        Pages with their boxes: where the preflight looks for overflow and empty margins.
    html : str
        The source of the pages.
    """

    pdf: bytes
    layout: Any
    html: str


# --- Charts ----------------------------------------------------------------------------------------------------------


def draw(document: Document) -> dict[str, str]:
    """Every figure of the document as SVG, by key. Unchanged charts come from the cache.

    Raises
    ------
    PageError
        If a chart cannot be drawn; its figure is named.
    """
    return {figure.key: _drawn(figure) for figure in document.figures}


def _drawn(figure: Figure) -> str:
    digest = hashlib.sha256(f"{_drawing_versions()}{figure.chart.canonical}".encode()).hexdigest()
    stored = CACHE / "charts" / f"{digest}.svg"
    if stored.is_file():
        return stored.read_text(encoding="utf-8")
    try:
        svg = tidied(_engine().vegalite_to_svg(figure.chart.for_print))
    except (ValueError, OSError) as error:
        raise PageError(
            f"figure {figure.key}", f"its chart cannot be drawn ({error})", "Report this as a fault."
        ) from error
    _store(stored, svg.encode())
    return svg


@cache
def _engine() -> Any:
    import vl_convert

    vl_convert.register_font_directory(str(font_folder()))
    return vl_convert


@cache
def _drawing_versions() -> str:
    return f"{importlib.metadata.version('vl-convert-python')} {importlib.metadata.version('font-source-sans-pro')} 1 "


def tidied(svg: str) -> str:
    """An SVG with coordinates to a hundredth of a pixel and clip names counted from one, so that it repeats."""
    names: dict[str, str] = {}
    svg = _CLIP.sub(lambda found: names.setdefault(found.group(0), f"clip{len(names) + 1}"), svg)
    return _COORDINATE.sub(lambda found: f"{float(found.group(0)):.2f}".rstrip("0").rstrip("."), svg)


def _store(path: Path, content: bytes) -> None:
    """Keep a file in the cache; a cache that cannot be written is no failure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        _log.info("cache not written: %s", error)


# --- Templates -------------------------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["equation"] = equation
    return environment


def equation(text: str) -> Markup:
    """An equation with its indices set low and its powers set high: "Q_{t-1}", "e_t^2"."""
    text = text.replace("->", "→").replace("-", "\N{MINUS SIGN}")
    parts: list[Markup] = []
    end = 0
    for found in _SCRIPTS.finditer(text):
        parts.append(escape(text[end : found.start()]))
        tag = "sub" if found.group(1) == "_" else "sup"
        parts.append(Markup(f"<{tag}>{{}}</{tag}>").format(found.group(2) or found.group(3)))
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _style(*names: str) -> str:
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def check_references(document: Document) -> None:
    """Refuse a reference to nothing.

    Raises
    ------
    PageError
    """
    for key in document.references:
        if key not in document.labels:
            raise PageError(
                f"reference to {key}", "there is no such figure, table or section", "Report this as a fault."
            )


def print_html(document: Document, charts: Mapping[str, str]) -> str:
    """The HTML from which the PDF is made."""
    check_references(document)
    folder = font_folder()
    faces = "\n".join(
        f'@font-face {{ font-family: "{FONT}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{(folder / f"SourceSansPro-{name}.ttf").as_uri()}"); }}'
        for name, weight, style in FACES
    )

    def picture(figure: Figure) -> Markup:
        return Markup('<img alt="{}" src="{}" style="width: {}px">').format(
            figure.alt, _address("image/svg+xml", charts[figure.key].encode()), figure.chart.width
        )

    return (
        _environment()
        .get_template("print.html.j2")
        .render(
            document=document,
            view=View("print", document.labels, picture),
            style=Markup(faces + _style("tokens.css", "print.css")),
        )
    )


def screen_html(document: Document, charts: Mapping[str, str]) -> str:
    """The one-file HTML: charts stand as pictures and become interactive when the script runs."""
    check_references(document)
    faces = "\n".join(
        f'@font-face {{ font-family: "{FONT}"; font-weight: {weight}; font-display: swap; '
        f'src: url("{_address("font/woff2", _subset(name))}") format("woff2"); }}'
        for name, weight, _ in FACES
        if name in SCREEN_FACES
    )

    def picture(figure: Figure) -> Markup:
        image = Markup('<img alt="{}" src="{}" width="{}" height="{}">').format(
            figure.alt,
            _address("image/svg+xml", charts[figure.key].encode()),
            figure.chart.width,
            figure.chart.height,
        )
        return Markup(
            '<div class="chart{}" tabindex="0" data-chart="{}" data-stretch="{}"{} aria-label="{}">{}</div>'
        ).format(
            "" if _stretches(figure.chart) else " wide",
            figure.key,
            "yes" if _stretches(figure.chart) else "no",
            Markup(' data-domain="{}"').format(json.dumps(_period(figure.chart))) if _period(figure.chart) else "",
            figure.alt,
            image,
        )

    specifications = [(figure.key, _embedded(figure.chart.for_screen)) for figure in document.figures]
    return (
        _environment()
        .get_template("screen.html.j2")
        .render(
            document=document,
            view=View("screen", document.labels, picture),
            style=Markup(faces + _style("tokens.css", "screen.css")),
            specifications=specifications,
            colors=_embedded(DARK),
            bundle=Markup(_bundle()),
            script=Markup((TEMPLATES / "screen.js").read_text(encoding="utf-8")),
        )
    )


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _embedded(value: object) -> Markup:
    """JSON that cannot leave its script element."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _stretches(chart: Chart) -> bool:
    return bool(chart.screen_layers) or _period(chart) is not None


def _period(chart: Chart) -> list[str] | None:
    """Limits of the time axis, where the chart has one that can be zoomed."""
    if not chart.screen_layers:
        return None
    for layer in chart.spec["layer"]:
        domain = layer.get("encoding", {}).get("x", {}).get("scale") or {}
        if isinstance(domain, dict) and domain.get("type") == "utc" and "domain" in domain:
            return list(domain["domain"])
    return None


def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, kept in the cache because making it takes a second."""
    stored = CACHE / f"bundle-{importlib.metadata.version('vl-convert-python')}.js"
    if stored.is_file():
        return stored.read_text(encoding="utf-8")
    bundle: str = _engine().javascript_bundle()
    bundle = bundle.replace("</script", "<\\/script")
    _store(stored, bundle.encode())
    return bundle


def _subset(face: str) -> bytes:
    """A face with the characters of the HTML only, as WOFF2."""
    stored = CACHE / f"{face}-{importlib.metadata.version('font-source-sans-pro')}.woff2"
    if stored.is_file():
        return stored.read_bytes()
    from fontTools import subset

    options = subset.Options(flavor="woff2", recalc_timestamp=False, layout_features=["*"], notdef_outline=True)
    buffer = BytesIO()
    with closing(subset.load_font(str(font_folder() / f"SourceSansPro-{face}.ttf"), options)) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=SCREEN_CHARACTERS)
        cutter.subset(font)
        subset.save_font(font, buffer, options)
    _store(stored, buffer.getvalue())
    return buffer.getvalue()


# --- PDF -------------------------------------------------------------------------------------------------------------


def _fetcher() -> Any:
    """A fetcher that answers for the font files and `data:` addresses and refuses everything else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    allowed = {(font_folder() / f"SourceSansPro-{name}.ttf").as_uri() for name, _, _ in FACES}

    class OwnFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in allowed or url.startswith("data:"):
                return super().fetch(url, headers)
            raise FatalURLFetchingError(url[:80])

    return OwnFiles(allowed_protocols=("file", "data"))


def print_pdf(html: str, as_of: date, attached: Mapping[str, bytes] = MappingProxyType({})) -> PrintedPages:
    """Lay out the pages and write a PDF/UA-1 that is the same in every run.

    Parameters
    ----------
    html : str
    as_of : date
        Becomes the document's date and that of its attachments, whatever the clock says.
    attached : mapping of name to bytes
        Files that the PDF carries inside.

    Raises
    ------
    PageError
        If Pango is missing or the pages cannot be laid out.
    """
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError
    except OSError as error:
        raise PageError(
            "Pango",
            f"the library that sets text is missing ({error})",
            "Install it, e.g. `apt-get install libpango-1.0-0 libpangoft2-1.0-0`.",
        ) from error
    dated = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(dated.timestamp()))
    try:
        identifier = hashlib.sha256(b"".join((html.encode(), *attached.values()))).hexdigest()[:32].encode()
        layout = weasyprint.HTML(string=html, url_fetcher=_fetcher()).render(
            font_config=FontConfiguration(), pdf_variant="pdf/ua-1", pdf_identifier=identifier
        )
        pdf = layout.write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_identifier=identifier,
            attachments=[
                weasyprint.Attachment(
                    file_obj=BytesIO(content),
                    name=name,
                    description=f"Data behind the pages: {name}",
                    created=dated,
                    modified=dated,
                    relationship="Data",
                )
                for name, content in attached.items()
            ],
        )
    except FatalURLFetchingError as error:
        raise PageError(
            str(error), "pages may fetch the project's own files only", "Report this as a fault."
        ) from error
    finally:
        if before is None:
            os.environ.pop("SOURCE_DATE_EPOCH", None)
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
    return PrintedPages(pdf, layout, html)

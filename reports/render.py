"""A document made HTML by templates: the source of the printed pages, and the one-file page for the screen.

Nothing is fetched: print reads font files of a package, the screen page carries its scripts, fonts and charts inside.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from data.errors import PageError
from reports.charts.style import DARK, FONT, Chart
from reports.document import Document, Figure
from reports.drawing import engine
from reports.fonts import FACES, SCREEN_FACES, face_file, screen_face
from reports.kept import CACHE, keep

TEMPLATES = Path(__file__).parents[1] / "templates"
_SCRIPTS = re.compile(r"([_^])(?:\{([^}]*)\}|(\w+|\*))")


@dataclass(frozen=True)
class View:
    """What templates know of the medium."""

    medium: str
    labels: Mapping[str, str]
    picture: Callable[[Figure], Markup]


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
    faces = "\n".join(
        f'@font-face {{ font-family: "{FONT}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{face_file(name).as_uri()}"); }}'
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
        f'src: url("{_address("font/woff2", screen_face(name))}") format("woff2"); }}'
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
    bundle: str = engine().javascript_bundle()
    bundle = bundle.replace("</script", "<\\/script")
    keep(stored, bundle.encode())
    return bundle

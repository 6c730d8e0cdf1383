"""Charts made vector by vl-convert, with the font files of the pages; each is drawn once."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from functools import cache
from typing import Any

from data.errors import PageError
from reports.document import Document, Figure
from reports.fonts import font_folder
from reports.kept import CACHE, keep

_COORDINATE = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_CLIP = re.compile(r"\bclip(\d+)\b")


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
        svg = tidied(engine().vegalite_to_svg(figure.chart.for_print))
    except (ValueError, OSError) as error:
        raise PageError(
            f"figure {figure.key}", f"its chart cannot be drawn ({error})", "Report this as a fault."
        ) from error
    keep(stored, svg.encode())
    return svg


@cache
def engine() -> Any:
    """vl-convert, knowing the font files."""
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

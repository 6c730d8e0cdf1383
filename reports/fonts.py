"""The one family of fonts: its files for print and charts, cut down for the screen. They come from a package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from contextlib import closing
from io import BytesIO
from pathlib import Path

from data.errors import PageError
from reports.kept import CACHE, keep

#: Faces that pages and charts use: (file, weight, style).
FACES = (("Regular", 400, "normal"), ("Semibold", 600, "normal"), ("Bold", 700, "normal"), ("It", 400, "italic"))
SCREEN_FACES = ("Regular", "Semibold", "Bold")
#: Characters kept in the fonts inside the HTML: Latin, Greek, punctuation, arrows, signs.
SCREEN_CHARACTERS = (*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2000, 0x2300), 0x25B2, 0x25BC, 0x25C6, 0x2713)


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


def face_file(face: str) -> Path:
    """The file of a face."""
    return font_folder() / f"SourceSansPro-{face}.ttf"


def screen_face(face: str) -> bytes:
    """A face with the characters of the HTML only, as WOFF2."""
    stored = CACHE / f"{face}-{importlib.metadata.version('font-source-sans-pro')}.woff2"
    if stored.is_file():
        return stored.read_bytes()
    from fontTools import subset

    options = subset.Options(flavor="woff2", recalc_timestamp=False, layout_features=["*"], notdef_outline=True)
    buffer = BytesIO()
    with closing(subset.load_font(str(face_file(face)), options)) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=SCREEN_CHARACTERS)
        cutter.subset(font)
        subset.save_font(font, buffer, options)
    keep(stored, buffer.getvalue())
    return buffer.getvalue()

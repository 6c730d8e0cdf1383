"""HTML laid out by WeasyPrint and written as a tagged PDF. Nothing is fetched but font files and `data:` addresses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from io import BytesIO
from types import MappingProxyType
from typing import Any

from data.errors import PageError
from reports.fonts import FACES, face_file

_VARIANT = "pdf/ua-1"


@dataclass(frozen=True)
class PrintedPages:
    """Pages laid out, and the PDF that is written of them when it is asked for.

    Attributes
    ----------
    layout : weasyprint.Document
        Pages with their boxes: where the preflight looks for overflow and empty margins.
    html : str
        The source of the pages.
    as_of : date
        Becomes the document's date and that of its attachments, whatever the clock says.
    attached : mapping of name to bytes
        Files that the PDF carries inside.
    """

    layout: Any
    html: str
    as_of: date
    attached: Mapping[str, bytes]

    @cached_property
    def pdf(self) -> bytes:
        """A PDF/UA-1 that is the same in every run.

        Raises
        ------
        PageError
            If the pages want to attach what is not theirs.
        """
        import weasyprint

        dated = datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC)
        parts = (self.html.encode(), *self.attached.values())
        with _own_files_only(), _clock_at(dated):
            written: bytes = self.layout.write_pdf(
                pdf_variant=_VARIANT,
                pdf_identifier=hashlib.sha256(b"".join(parts)).hexdigest()[:32].encode(),
                attachments=[
                    weasyprint.Attachment(
                        file_obj=BytesIO(content),
                        name=name,
                        description=f"Data behind the pages: {name}",
                        created=dated,
                        modified=dated,
                        relationship="Data",
                    )
                    for name, content in self.attached.items()
                ],
            )
        return written


def print_pdf(html: str, as_of: date, attached: Mapping[str, bytes] = MappingProxyType({})) -> PrintedPages:
    """Lay out the pages.

    Parameters
    ----------
    html : str
    as_of : date
    attached : mapping of name to bytes

    Raises
    ------
    PageError
        If Pango is missing or the pages cannot be laid out.
    """
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except OSError as error:
        raise PageError(
            "Pango",
            f"the library that sets text is missing ({error})",
            "Install it, e.g. `apt-get install libpango-1.0-0 libpangoft2-1.0-0`.",
        ) from error
    with _own_files_only():
        layout = weasyprint.HTML(string=html, url_fetcher=_fetcher()).render(
            font_config=FontConfiguration(), pdf_variant=_VARIANT
        )
    return PrintedPages(layout, html, as_of, attached)


@contextmanager
def _own_files_only() -> Iterator[None]:
    """What the fetcher refuses becomes an error for the user."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as error:
        raise PageError(
            str(error), "pages may fetch the project's own files only", "Report this as a fault."
        ) from error


@contextmanager
def _clock_at(when: datetime) -> Iterator[None]:
    """What libraries write as the time of making."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(when.timestamp()))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("SOURCE_DATE_EPOCH", None)
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _fetcher() -> Any:
    """A fetcher that answers for the font files and `data:` addresses and refuses everything else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    allowed = {face_file(name).as_uri() for name, _, _ in FACES}

    class OwnFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in allowed or url.startswith("data:"):
                return super().fetch(url, headers)
            raise FatalURLFetchingError(url[:80])

    return OwnFiles(allowed_protocols=("file", "data"))

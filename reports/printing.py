"""The three printed editions: each laid out until it fits its pages, checked, and written.

The functions depend on nothing but their arguments and can run in processes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from reports.brief import MOST_CHARTS, brief
from reports.brief import MOST_PAGES as LONGEST_BRIEF
from reports.changes import Changes
from reports.document import Document
from reports.drawing import draw
from reports.evidence import Evidence
from reports.fit import pages as estimated_pages
from reports.haste import in_haste
from reports.monitor import MOST_PAGES as LONGEST_MONITOR
from reports.monitor import OPTIONAL, monitor
from reports.pdf import print_pdf
from reports.preflight import MOST_PAGES as LONGEST_REPORT
from reports.preflight import check_pages
from reports.render import print_html
from reports.sections.claims import shortened_reports

#: A report whose estimated length passes the limit by this factor is not laid out whole just to be refused.
SURELY_TOO_LONG = 1.1


@dataclass(frozen=True)
class Printed:
    """A printed edition: what it says, its file and how many pages that has."""

    name: str
    document: Document
    pdf: bytes
    pages: int


def printed_report(
    document: Document, charts: Mapping[str, str], as_of: date, attached: Mapping[str, bytes]
) -> Printed:
    """The report; further tables, then charts, then curves stay on screen where the pages would be too many."""

    def candidates() -> Iterator[Document]:
        if estimated_pages(document) < SURELY_TOO_LONG * LONGEST_REPORT:
            yield document
        yield from shortened_reports(document)

    return _first_that_fits("report.pdf", candidates(), LONGEST_REPORT, as_of, attached, charts)


def printed_brief(evidence: Evidence, changed: Changes | None) -> Printed:
    """The brief with as many charts as its two pages hold."""
    candidates = (brief(evidence, charts, changed) for charts in range(MOST_CHARTS, -1, -1))
    return _first_that_fits("brief.pdf", candidates, LONGEST_BRIEF, evidence.panel.as_of)


def printed_monitor(evidence: Evidence, changed: Changes | None) -> Printed:
    """The monitor with as much of what is optional as its pages hold."""
    candidates = (monitor(evidence, changed, left_out) for left_out in range(len(OPTIONAL) + 1))
    return _first_that_fits("monitor.pdf", candidates, LONGEST_MONITOR, evidence.panel.as_of)


def _first_that_fits(
    name: str,
    candidates: Iterator[Document],
    most_pages: int,
    as_of: date,
    attached: Mapping[str, bytes] | None = None,
    charts: Mapping[str, str] | None = None,
) -> Printed:
    """The first document that has no more pages than it may; the last is refused if it has."""
    with in_haste():
        for document in candidates:
            html = print_html(document, draw(document) if charts is None else charts)
            pages = print_pdf(html, as_of, attached or {})
            if len(pages.layout.pages) <= most_pages:
                break
        check_pages(pages, document, name, most_pages=most_pages)
        return Printed(name, document, pages.pdf, len(pages.layout.pages))

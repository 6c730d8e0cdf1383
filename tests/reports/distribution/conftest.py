from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from distribution_world import ADDRESSES, AS_OF, publish_small, readers
from evidence_factory import evidence
from post_office import PostOffice, open_office

from reports.distribution import Edition, Stakeholders, read_edition
from reports.document import Document, Paragraph
from reports.pdf import print_pdf
from reports.render import print_html
from reports.results import Json, results


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own authority, named as a user names one: by SSL_CERT_FILE."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def office(authority: trustme.CA, trusted: Path) -> Iterator[PostOffice]:  # noqa: ARG001
    with open_office(authority) as office:
        yield office


@pytest.fixture(scope="session")
def printed() -> dict[str, bytes]:
    """Two small PDFs that pass the preflight."""

    def one(subtitle: str) -> bytes:
        document = Document(
            title="Liquidity or ideology?",
            subtitle=subtitle,
            headline="An answer",
            deck="A deck.",
            language="en",
            dates=(("Data to", "2026-02-06"), ("as of", AS_OF)),
            marks=(),
            front=(Paragraph(("Words.",)),),
            sections=(),
            contact="us",
            licence="free",
            description="Why?",
        )
        return print_pdf(print_html(document, {}), evidence().panel.as_of).pdf

    return {"brief.pdf": one("Executive brief"), "report.pdf": one("Technical report")}


@pytest.fixture(scope="session")
def judged() -> Json:
    return results(evidence())


@pytest.fixture
def out(tmp_path: Path, printed: dict[str, bytes], judged: Json) -> Path:
    """A folder with one published edition of real data from a clean tree."""
    return publish_small(tmp_path / "build", printed, judged)


@pytest.fixture
def edition(out: Path) -> Edition:
    return read_edition(out)


@pytest.fixture
def three() -> Stakeholders:
    return readers(*((address, ("brief.pdf",)) for address in ADDRESSES))

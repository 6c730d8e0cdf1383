from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest
from evidence_factory import evidence

from data.errors import PageError
from reports import printing
from reports import publish as module
from reports.charts.style import SIMULATED_MARK
from reports.evidence import Evidence
from reports.publish import Published, publish
from reports.technical import technical_report

FILES = ["brief.pdf", "manifest.json", "monitor.pdf", "report.html", "report.pdf", "results.json", "tables.xlsx"]
EDITION = "2026-02-08"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering replaced by a file that says which run wrote it."""

    def render(study: Evidence, folder: Path, *_: object) -> None:
        module._write(folder / "report.pdf", b"quick" if study.quick else b"whole")

    monkeypatch.setattr(module, "_render", render)


def remains(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name.startswith("."))


def content(out: Path) -> bytes:
    return (out / "latest" / "report.pdf").read_bytes()


def test_an_edition_holds_its_files_and_latest_leads_to_it(twice: tuple[Published, Published]) -> None:
    published = twice[0]
    assert [path.name for path in published.files] == FILES
    assert published.folder.name == EDITION
    latest = published.folder.parent / "latest"
    assert latest.is_symlink()
    assert os.readlink(latest) == EDITION
    assert remains(published.folder.parent) == []


def test_the_same_evidence_gives_the_same_bytes(twice: tuple[Published, Published]) -> None:
    first, second = (sorted(path for path in one.folder.rglob("*") if path.is_file()) for one in twice)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_the_manifest_holds_the_digest_of_every_file_and_no_clock(twice: tuple[Published, Published]) -> None:
    folder = twice[0].folder
    manifest = json.loads((folder / "manifest.json").read_text())
    whole = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == whole - {"manifest.json"}
    assert {name for name in whole if "/" not in name} == set(FILES)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert not re.search(r"\d\d:\d\d", json.dumps(manifest))


def test_the_pdf_is_accessible_and_dated_by_its_edition(twice: tuple[Published, Published]) -> None:
    with pikepdf.open(twice[0].folder / "report.pdf") as pdf:
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "en"
        assert "pdfuaid" in pdf.Root.Metadata.read_bytes().decode()
        assert "Liquidity" in str(pdf.docinfo["/Title"])
        assert "/CreationDate" not in pdf.docinfo or "20260208" in str(pdf.docinfo["/CreationDate"])
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
        assert fonts
        assert all("Source-Sans-Pro" in font or "SourceSans" in font for font in fonts)
        assert len(pdf.pages) <= 50


def test_the_report_carries_the_results_and_nothing_else(twice: tuple[Published, Published]) -> None:
    folder = twice[0].folder
    with pikepdf.open(folder / "report.pdf") as pdf:
        assert list(pdf.attachments) == ["results.json"]
        attached = pdf.attachments["results.json"].get_file()
        assert attached.read_bytes() == (folder / "results.json").read_bytes()
        assert attached.mime_type == "application/json"
        assert attached.creation_date == attached.mod_date
        assert attached.mod_date is not None
        assert attached.mod_date.date().isoformat() == EDITION
    with pikepdf.open(folder / "brief.pdf") as pdf:
        assert not pdf.attachments


def test_the_screen_page_is_one_file_that_asks_for_nothing(twice: tuple[Published, Published]) -> None:
    html = (twice[0].folder / "report.html").read_text()
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["']?https?:""", markup)
    assert "default-src 'none'" in markup
    assert SIMULATED_MARK in markup
    assert "DRAFT" in markup


@pytest.mark.usefixtures("cheap")
def test_a_second_edition_replaces_the_first_whole(tmp_path: Path) -> None:
    publish(evidence(), tmp_path)
    (tmp_path / EDITION / "stray.txt").write_text("from the first run")
    publish(evidence(quick=True), tmp_path)
    assert content(tmp_path) == b"quick"
    assert not (tmp_path / EDITION / "stray.txt").exists()
    assert remains(tmp_path) == []


@pytest.mark.usefixtures("cheap")
def test_it_also_replaces_where_folders_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_swap", lambda *_: False)
    publish(evidence(), tmp_path)
    publish(evidence(quick=True), tmp_path)
    assert content(tmp_path) == b"quick"
    assert remains(tmp_path) == []


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.usefixtures("cheap")
def test_a_full_or_closed_disk_leaves_the_old_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    publish(evidence(), tmp_path)

    def refuse(path: Path, data: bytes) -> None:
        path.write_bytes(data[:2])
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr(module, "_write", refuse)
    with pytest.raises(PageError, match=os.strerror(problem)) as caught:
        publish(evidence(quick=True), tmp_path)
    assert caught.value.remedy
    assert str(tmp_path) not in str(caught.value)
    assert content(tmp_path) == b"whole"
    assert remains(tmp_path) == []


@pytest.mark.parametrize("step", ["_put", "_point", "_render"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError])
@pytest.mark.usefixtures("cheap")
def test_an_interruption_at_any_step_leaves_the_old_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: type[BaseException]
) -> None:
    publish(evidence(), tmp_path)

    def interrupted(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(module, step, interrupted)
    with pytest.raises(failure):
        publish(evidence(quick=True), tmp_path)
    assert content(tmp_path) == b"whole"
    assert remains(tmp_path) == []


@pytest.mark.usefixtures("cheap")
def test_a_failed_first_edition_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_point", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(evidence(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("cheap")
def test_what_a_killed_run_left_is_cleared_and_an_edition_put_aside_comes_back(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / f".unfinished-{EDITION}-{dead.stdout.decode().strip()}").mkdir()
    alive = tmp_path / f".unfinished-{EDITION}-1"
    alive.mkdir()
    aside = tmp_path / ".before-2026-01-01"
    aside.mkdir()
    (aside / "report.pdf").write_bytes(b"older")
    publish(evidence(), tmp_path)
    assert (tmp_path / "2026-01-01" / "report.pdf").read_bytes() == b"older"
    assert remains(tmp_path) == [alive.name]


KILLED = """
import sys, time
from pathlib import Path
from evidence_factory import evidence
from reports import publish as module
def render(study, folder, *rest):
    module._write(folder / "report.pdf", b"half")
    print("rendering", flush=True)
    time.sleep(60)
module._render = render
module.publish(evidence(quick=True), Path(sys.argv[1]))
"""


@pytest.mark.usefixtures("cheap")
def test_a_run_killed_while_it_renders_leaves_the_old_edition_and_the_next_run_clears_up(tmp_path: Path) -> None:
    publish(evidence(), tmp_path)
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "reports")))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "rendering\n"
    assert content(tmp_path) == b"whole"
    run.kill()
    run.communicate(timeout=20)
    assert content(tmp_path) == b"whole"
    assert remains(tmp_path)
    publish(evidence(quick=True), tmp_path)
    assert content(tmp_path) == b"quick"
    assert remains(tmp_path) == []


@pytest.mark.usefixtures("cheap")
def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    out = tmp_path / "build"
    out.write_text("not a folder")
    with pytest.raises(PageError, match="build"):
        publish(evidence(), out)
    assert out.read_text() == "not a folder"


@pytest.mark.usefixtures("cheap")
def test_a_folder_called_latest_is_not_destroyed(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine.txt").write_text("keep")
    with pytest.raises(PageError, match="latest"):
        publish(evidence(), tmp_path)
    assert (tmp_path / "latest" / "mine.txt").read_text() == "keep"
    assert not (tmp_path / EDITION).exists()


def test_a_missing_font_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from reports import fonts

    monkeypatch.setattr(fonts.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PageError, match="font-source-sans-pro") as caught:
        fonts.font_folder()
    assert "make setup" in caught.value.remedy


def test_each_statement_has_exactly_one_page(twice: tuple[Published, Published]) -> None:
    with pikepdf.open(twice[0].folder / "report.pdf") as pdf, pdf.open_outline() as outline:
        order = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        chapters = outline.root[0].children
        start = next(i for i, chapter in enumerate(chapters) if chapter.title == "The statements, one by one")
        starts = [*chapters[start].children, chapters[start + 1]]
        pages = [order[entry.destination[0].objgen] for entry in starts]
    assert [later - earlier for earlier, later in pairwise(pages)] == [1] * 6


@pytest.mark.parametrize(
    ("too_long", "left_out"),
    [
        ("more-tables", {"more-tables"}),
        ("more-charts", {"more-tables", "more-charts"}),
        ("more-curves", {"more-tables", "more-charts", "more-curves"}),
    ],
)
def test_a_report_that_would_be_too_long_leaves_tables_then_charts_then_curves_to_the_screen(
    monkeypatch: pytest.MonkeyPatch, too_long: str, left_out: set[str]
) -> None:
    def pretended(html: str, *_: object) -> SimpleNamespace:
        count = printing.LONGEST_REPORT + 1 if f'id="{too_long}"' in html else 40
        return SimpleNamespace(layout=SimpleNamespace(pages=[None] * count), html=html, pdf=html.encode())

    monkeypatch.setattr(printing, "print_pdf", pretended)
    monkeypatch.setattr(printing, "check_pages", lambda *_, **__: None)
    monkeypatch.setattr("reports.sections.claims.PAGE", 400.0)
    study = evidence()
    whole = technical_report(study)
    charts = {figure.key: "<svg/>" for figure in whole.figures}
    printed = printing.printed_report(whole, charts, study.panel.as_of, {})
    document = printed.document
    sections = {"more-curves", "more-charts", "more-tables"}
    assert sections <= set(whole.labels)
    assert sections & set(document.labels) == sections - left_out
    assert b"report.html" in printed.pdf
    kept = [figure.key for figure in document.figures]
    assert [figure.key for figure in whole.figures][: len(kept)] == kept

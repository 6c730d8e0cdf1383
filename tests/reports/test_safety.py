"""What a study file cannot do to the machine that renders it: read files, fetch, run code, write markup or formulas."""

from __future__ import annotations

import ast
import csv
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from evidence_factory import evidence
from jinja2 import UndefinedError
from weasyprint.urls import URLFetcher

from data import load_study
from data.errors import PageError, StudyFileError
from reports.evidence import Evidence
from reports.exports import exports
from reports.pdf import print_pdf
from reports.render import _environment, print_html, screen_html
from reports.technical import technical_report
from reports.workbook import workbook

ROOT = Path(__file__).resolve().parents[2]
INDICES = ROOT / "data" / "studies" / "us_indices.toml"
AS_OF = date(2026, 2, 8)
EVIL = "<script>alert(1)</script>{{ 7 * 7 }}{% include 'print.css' %}\"><img src=x onerror=alert(2)>"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.csv", "a/../../secret.csv", "..", r"..\\secret.csv", r"a\u0000b.csv"]
)
@pytest.mark.parametrize("key", ["name", "half_days"])
def test_a_study_cannot_name_a_file_outside_the_folder_that_is_read(tmp_path: Path, name: str, key: str) -> None:
    value = {"name": "prices.csv", "stamp": "ny16", key: name}
    listed = ", ".join(f'{one} = "{other}"' for one, other in value.items())
    path = tmp_path / "study.toml"
    path.write_text(INDICES.read_text().replace('role = "oil"', f'role = "oil"\nfiles = [{{ {listed} }}]', 1))
    with pytest.raises(StudyFileError, match="inside the folder that is read"):
        load_study(path)


@pytest.mark.parametrize("key", ["../../secret", "/etc/passwd", "a b", r"a\\b"])
def test_an_id_that_becomes_a_file_name_is_no_path(tmp_path: Path, key: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(INDICES.read_text().replace('id = "WTI"', f'id = "{key}"', 1))
    with pytest.raises(StudyFileError, match=r"instruments\.2\.id"):
        load_study(path)


def test_a_file_below_the_folder_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(INDICES.read_text().replace('role = "oil"', 'role = "oil"\nfiles = [{ name = "alt/oil.csv" }]', 1))
    assert load_study(path).instrument("oil").files[0].name == "alt/oil.csv"


@pytest.fixture
def hostile() -> Evidence:
    """Evidence whose study says everything in markup, template code and formulas."""
    sound = evidence()
    about = sound.study.about.model_copy(
        update=dict.fromkeys(("title", "question", "background", "contact", "licence"), f"={EVIL}")
    )
    verdicts = tuple(replace(one, statement=f"={EVIL}", reason=EVIL) for one in sound.verdicts)
    return replace(sound, study=sound.study.model_copy(update={"about": about}), verdicts=verdicts)


def test_text_of_a_study_stays_text_in_every_edition(hostile: Evidence) -> None:
    document = technical_report(hostile)
    charts = {figure.key: "<svg/>" for figure in document.figures}
    for page in (screen_html(document, charts), print_html(document, charts)):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7 * 7 }}" in page


def test_text_of_a_study_stays_text_in_every_export(hostile: Evidence) -> None:
    document = technical_report(hostile)
    for name, content in exports(document).items():
        for row in csv.reader(io.StringIO(content.decode())):
            for cell in row:
                assert not cell.startswith(("=", "@", "+", "-", "\t")) or NUMBER.fullmatch(cell), (name, cell)
    assert b"<f>" not in workbook(document, hostile.verdicts, AS_OF)


def test_a_template_that_names_nothing_stops_instead_of_printing_nothing() -> None:
    environment = _environment()
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nobody }}").render()
    assert environment.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"


NUMBER = re.compile(r"[+-][\d.,]+(e-?\d+)?")
SECRET = "the secret of this machine"


@pytest.mark.parametrize(
    "markup",
    [
        '<img alt="a" src="{address}">',
        '<link rel="attachment" href="{address}">',
        '<a rel="attachment" href="{address}">a</a>',
        '<link rel="stylesheet" href="{address}">',
        "<style>@import url('{address}');</style>",
        '<p style="background: url({address})">a</p>',
        '<style>@font-face {{ font-family: x; src: url("{address}") }} p {{ font-family: x }}</style><p>a</p>',
        '<object data="{address}">a</object>',
        '<embed src="{address}">',
    ],
)
def test_a_page_reads_no_file_of_the_machine_and_no_address(tmp_path: Path, markup: str) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text(SECRET)
    for address in (secret.as_uri(), "http://127.0.0.1:9/x"):
        page = f'<html lang="en"><title>t</title><body>{markup.format(address=address)}</body></html>'
        with pytest.raises(PageError, match="own files only"):
            _ = print_pdf(page, AS_OF).pdf


PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{}' width='9' height='9'/></svg>"


@pytest.mark.parametrize("place", ["in the page", "in a picture"])
def test_a_drawing_reads_no_file_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    asked: list[str] = []
    fetch = URLFetcher.fetch

    def recorded(self: URLFetcher, url: str, headers: object = None) -> object:
        asked.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(URLFetcher, "fetch", recorded)
    drawing = PICTURE.format((tmp_path / "secret.png").as_uri())
    inside = drawing if place == "in the page" else f'<img alt="a" src="data:image/svg+xml,{quote(drawing)}">'
    _ = print_pdf(f'<html lang="en"><title>t</title><body>{inside}</body></html>', AS_OF).pdf
    assert not [url for url in asked if not url.startswith("data:")]


def test_nothing_that_reads_input_can_run_it() -> None:
    """No eval, no exec, no pickle of a user's file, no shell: in any room."""
    forbidden_calls = {"eval", "exec", "compile", "__import__"}
    forbidden_modules = {"pickle", "marshal", "shelve", "yaml", "dill"}
    for path in sorted(one for room in ("data", "models", "reports") for one in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}, line {getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                assert getattr(node.func, "id", "") not in forbidden_calls, where
                assert getattr(node.func, "attr", "") not in {"system", "popen", "read_pickle"}, where
                assert not any(word.arg == "shell" for word in node.keywords), where
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & forbidden_modules, where
            if isinstance(node, ast.ImportFrom):
                assert node.module not in forbidden_modules, where

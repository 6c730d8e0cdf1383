from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from evidence_factory import evidence

from data.errors import PageError
from reports.charts.style import SIMULATED_MARK
from reports.document import Column, Document, Paragraph, Section, Table, cell
from reports.drawing import draw, tidied
from reports.pdf import PrintedPages, print_pdf
from reports.preflight import check_document, check_numbers, check_pages, check_pdf, check_screen
from reports.render import equation, print_html, screen_html
from reports.results import dump, results
from reports.technical import technical_report

AS_OF = date(2026, 2, 8)


@cache
def _whole() -> Document:
    return technical_report(evidence())


def small(text: str = "Words.", *, marks: tuple[str, ...] = ()) -> Document:
    """A document of one page without figures, quick to lay out."""
    whole = _whole()
    table = Table("t", "A table", (Column("Head"),), ((cell(text),),), source="none.")
    return replace(whole, front=(table,), sections=(Section("s", "Section", (Paragraph((text,)),)),), marks=marks)


def pages(document: Document) -> PrintedPages:
    return print_pdf(print_html(document, {}), AS_OF)


def screen(document: Document) -> str:
    return screen_html(document, {})


@pytest.fixture(scope="module")
def document() -> Document:
    return _whole()


def test_a_sound_small_document_passes() -> None:
    document = small()
    check_pages(pages(document), document)
    check_screen(screen(document), document)


@pytest.mark.parametrize("word", ["nan", "inf", "NaT"])
def test_a_number_that_is_none_is_refused_with_its_page(word: str) -> None:
    document = small(f"The beta is {word} here")
    with pytest.raises(PageError, match=r"page \d+.*prints"):
        check_pages(pages(document), document)
    with pytest.raises(PageError, match=r"report\.html.*prints"):
        check_screen(screen(document), document)


def test_english_words_are_not_mistaken_for_missing_values() -> None:
    document = small("None at daily frequency; information; the inf-sup; finance.")
    check_pages(pages(replace(document, front=())), document)
    with pytest.raises(PageError, match="None"):
        check_screen(screen(small("p = None")), document)
    check_screen(screen(small("None at daily frequency.")), document)


def test_text_that_runs_off_the_paper_is_refused() -> None:
    document = small("m" * 400)
    with pytest.raises(PageError, match="right edge"):
        check_pages(pages(document), document)


def test_a_footer_without_dates_is_refused() -> None:
    document = small()
    printed = pages(replace(document, dates=(("Data to", "2026-02-06"),)))
    with pytest.raises(PageError, match="footer lacks the date 'as of'"):
        check_pages(printed, document)
    with pytest.raises(PageError, match="date 'as of' is missing"):
        check_document(replace(document, dates=(("as of", ""),)))


def test_a_page_without_its_mark_is_refused() -> None:
    document = small(marks=(SIMULATED_MARK,))
    with pytest.raises(PageError, match="lacks the mark"):
        check_pages(pages(small()), document)
    with pytest.raises(PageError, match="lacks the mark"):
        check_screen(screen(small()), document)


def test_a_chart_without_the_mark_of_simulated_data_is_refused(document: Document) -> None:
    marked = replace(document, marks=(SIMULATED_MARK,))
    charts = {figure.key: "<svg xmlns='http://www.w3.org/2000/svg'/>" for figure in document.figures}
    with pytest.raises(PageError, match=r"Figure 1.*lacks the mark of simulated data"):
        check_screen(screen_html(marked, charts), marked)


@pytest.mark.parametrize("lacking", ["source", "alt", "title"])
def test_a_figure_without_source_alternative_or_title_is_refused(document: Document, lacking: str) -> None:
    figure = replace(document.figures[0], **{lacking: " "})
    with pytest.raises(PageError, match=rf"Figure 1 \({figure.key}\)"):
        check_document(replace(document, front=(figure,), sections=()))


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ('<img alt="x" src="https://example.org/a.png">', "asks for"),
        ('<link rel="stylesheet" href="//cdn.example.org/a.css">', "asks for"),
        ("<style>body { background: url(https://example.org/a.png) }</style>", "style sheet asks"),
        ("<style>@import 'https://example.org/a.css';</style>", "style sheet asks"),
        ('<p style="background: url(http://example.org/a.png)">x</p>', "asks for"),
        ('<img src="data:image/png;base64,AA==">', "no text alternative"),
        ('<a href="#nowhere">x</a>', "which is not there"),
        ('<p id="s">x</p>', "given twice"),
        ('<meta http-equiv="refresh" content="1">', "reloads"),
    ],
)
def test_a_screen_page_that_asks_for_more_or_lacks_something_is_refused(markup: str, complaint: str) -> None:
    document = small()
    with pytest.raises(PageError, match=complaint):
        check_screen(screen(document).replace("</main>", f"{markup}</main>"), document)


def test_text_from_a_study_file_cannot_become_markup() -> None:
    document = small("<script>alert(1)</script><img src=https://example.org>")
    html = screen(replace(document, title="</title><script>alert(2)</script>", contact='"><script>alert(3)</script>'))
    assert "<script>alert" not in html
    assert "<img src=https" not in html


def test_a_page_may_not_fetch_anything(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    for address in (secret.as_uri(), "http://127.0.0.1:9/a.png", "ftp://127.0.0.1/a"):
        with pytest.raises(PageError, match="own files only"):
            print_pdf(f'<html lang="en"><title>t</title><img alt="a" src="{address}"></html>', AS_OF)


def test_a_finished_pdf_without_tags_language_title_or_fonts_is_refused(tmp_path: Path) -> None:
    document = small()
    path = tmp_path / "report.pdf"
    path.write_bytes(pages(document).pdf)
    check_pdf(path, document)

    def damaged(change: object) -> Path:
        out = tmp_path / "damaged.pdf"
        with pikepdf.open(path) as pdf:
            change(pdf)  # type: ignore[operator]
            pdf.save(out)
        return out

    def untag(pdf: pikepdf.Pdf) -> None:
        del pdf.Root["/StructTreeRoot"]

    def silence(pdf: pikepdf.Pdf) -> None:
        del pdf.Root["/Lang"]

    def unembed(pdf: pikepdf.Pdf) -> None:
        for font in pdf.pages[0].Resources.Font.values():
            for one in font.get("/DescendantFonts", []):
                for key in ("/FontFile", "/FontFile2", "/FontFile3"):
                    if key in one.FontDescriptor:
                        del one.FontDescriptor[key]

    for change, complaint in ((untag, "not tagged"), (silence, "language"), (unembed, "page 1.*not embedded")):
        with pytest.raises(PageError, match=complaint):
            check_pdf(damaged(change), document)


def test_pages_are_the_same_bytes_whatever_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    document = small()
    first = pages(document).pdf
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert pages(document).pdf == first


def test_a_drawing_repeats_whatever_was_drawn_before(document: Document) -> None:
    one = draw(replace(document, front=document.front, sections=()))
    two = draw(replace(document, front=document.front, sections=()))
    assert one == two
    assert tidied('<clipPath id="clip17"/><g clip-path="url(#clip17)" d="M1.23456,2.0001"/>') == (
        '<clipPath id="clip1"/><g clip-path="url(#clip1)" d="M1.23,2"/>'
    )


def test_equations_set_indices_low_and_escape_the_rest() -> None:
    assert str(equation("e_{t-1}^2 < b_t")) == "e<sub>t−1</sub><sup>2</sup> &lt; b<sub>t</sub>"


def test_numbers_that_leave_their_schema_or_lack_the_mark_are_refused() -> None:
    study = evidence("simulated")
    document = technical_report(study)
    numbers = results(study)
    check_numbers(dump(numbers), document)
    with pytest.raises(PageError, match=r"results\.json, .*verdicts"):
        check_numbers(dump({**numbers, "verdicts": [{"id": 3}]}), document)
    with pytest.raises(PageError, match="lacks the mark"):
        check_numbers(dump({**numbers, "mark": None}), document)

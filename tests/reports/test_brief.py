from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evidence_factory import evidence

from data.study import load_study
from reports.brief import MOST_PAGES, brief
from reports.changes import Changes
from reports.drawing import draw
from reports.pdf import print_pdf
from reports.preflight import check_pages
from reports.printing import printed_brief
from reports.render import print_html
from reports.technical import technical_report


def test_the_brief_answers_with_the_table_and_its_charts_and_ends_with_limits() -> None:
    document = brief(evidence())
    assert [one.kind for one in document.front] == ["table", *["figure"] * 4, "bullets"]
    assert document.sections == ()
    assert document.references == ()


@pytest.mark.slow
def test_the_brief_of_every_statement_keeps_to_two_pages() -> None:
    study = evidence("simulated", dirty=True)
    claims = list(load_study(Path("study.toml")).claims)
    many = tuple(replace(study.verdicts[i % 6], id=name) for i, name in enumerate(claims))
    printed = printed_brief(replace(study, verdicts=many), None)
    assert printed.pages <= MOST_PAGES
    assert len(printed.document.tables[0].rows) == len(claims)


def test_an_edition_without_verdicts_or_paths_still_has_a_brief() -> None:
    study = evidence()
    bare = replace(study.suite, correlations={}, betas={}, window_returns={}, static_betas={})
    document = brief(replace(study, suite=bare, verdicts=(), falls=(), portfolio=None))
    pages = print_pdf(print_html(document, draw(document)), study.panel.as_of)
    check_pages(pages, document, "brief.pdf", most_pages=1)


def test_page_one_holds_a_verdict_for_every_statement_of_the_study() -> None:
    study = evidence()
    templates = study.verdicts
    every = tuple(
        replace(templates[i % len(templates)], id=name, statement=claim.statement)
        for i, (name, claim) in enumerate(study.study.claims.items())
    )
    assert len(every) == 26
    document = brief(replace(study, verdicts=every), 0)
    first = print_pdf(print_html(document, {}), study.panel.as_of).layout.pages[0]
    rows = [box for box in first._page_box.descendants() if box.element_tag == "tr"]
    assert len(rows) == 1 + len(every)


def test_page_one_says_what_moved_where_an_earlier_edition_is_known() -> None:
    study = evidence()
    quiet = Changes("2026-02-01", (), (), (), (), ("the data were revised",))
    for document in (brief(study, 0, quiet), technical_report(study, quiet)):
        assert document.deck.endswith("Since the edition of 2026-02-01 no verdict has moved.")
    assert "Since the edition" not in brief(study, 0).deck

"""The room that blocks take in print, against pages that are laid out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from evidence_factory import evidence

from reports.document import Paragraph, Section
from reports.drawing import draw
from reports.fit import PAGE, WIDTH, height, section_height
from reports.pdf import print_pdf
from reports.render import print_html
from reports.technical import technical_report

#: A claim's page differs by no more than this from its estimate, in CSS pixels: the space below its last block.
NEAR = 40.0


def lowest(box: Any) -> float:
    """Lower edge of the text and pictures in a box."""
    edges = [lowest(child) for child in getattr(box, "children", ()) if type(child).__name__ != "MarginBox"]
    if type(box).__name__ in {"TextBox", "InlineReplacedBox", "BlockReplacedBox"}:
        edges.append(box.position_y + box.height)
    return max(edges, default=0.0)


def test_pages_of_statements_are_as_full_as_estimated() -> None:
    study = evidence()
    document = technical_report(study)
    claims = next(one for one in document.sections if one.key == "claims")
    layout = print_pdf(print_html(document, draw(document)), study.panel.as_of).layout
    compared = 0
    for section in claims.sections[1:]:
        box = next(page._page_box for page in layout.pages if section.key in page.anchors)
        filled = lowest(box) - box.content_box_y()
        estimated = section_height(section)
        assert filled <= estimated <= filled + NEAR, section.key
        assert estimated <= PAGE
        compared += 1
    assert compared > 3


def test_text_wraps_by_the_width_of_its_letters() -> None:
    narrow, wide = (height(Paragraph((letter * 100 + " " + letter * 100,))) for letter in "iW")
    assert narrow < wide
    heights = [height(Paragraph(("word " * words,))) for words in (5, 50, 100, 200)]
    assert all(shorter < longer for shorter, longer in pairwise(heights))


@pytest.mark.parametrize("words", [1, 40])
def test_a_section_is_as_high_as_its_blocks_and_its_title(words: int) -> None:
    blocks = (Paragraph(("word " * words,)), Paragraph(("word",), lead=True))
    empty, full = Section("one", "Title"), Section("one", "Title", blocks)
    assert section_height(full) - section_height(empty) == pytest.approx(sum(map(height, blocks)))
    assert WIDTH < PAGE

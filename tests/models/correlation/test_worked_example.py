"""The worked example of the documentation runs as it is printed."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_using_the_engine():
    page = Path(__file__).parents[3] / "docs" / "using-the-engine.md"
    outcome = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted > 20
    assert outcome.failed == 0

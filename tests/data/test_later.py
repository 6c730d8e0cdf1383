"""What a source holds after the article's date."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data import load_later, load_panel, load_study

ARTICLE = date(2025, 10, 31)


@pytest.fixture(scope="module")
def early():
    study = load_study(Path(__file__).resolve().parents[2] / "study.toml")
    return study.model_copy(update={"about": study.about.model_copy(update={"as_of": ARTICLE}), "windows": {}})


def test_later_data_reach_the_sources_end(early):
    known = load_panel(early, "sample", ARTICLE)
    later = load_later(early, "sample", known)
    assert later is not None
    assert later.last_session > ARTICLE
    pd.testing.assert_frame_equal(later.until(ARTICLE).levels[list(known.roles)], known.levels)


def test_a_panel_that_reaches_there_is_taken_as_it_is(early):
    known = load_panel(early, "sample", date(2026, 2, 8))
    assert load_later(early, "sample", known) is known


def test_nothing_later_is_none(early):
    late = early.model_copy(update={"about": early.about.model_copy(update={"as_of": date(2026, 2, 8)})})
    assert load_later(late, "sample", load_panel(late, "sample")) is None

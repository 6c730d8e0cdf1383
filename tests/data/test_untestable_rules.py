"""Figures beside untestable statements as the study file declares them: each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import StudyFileError
from data.study import Study, load_study

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "study.toml").read_text(encoding="utf-8")
SLOPE = 'measure = "slope", on = "breakeven", window = "full"'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('claims = ["C15"]', 'claims = ["C26", "C27"]', "untestable.N4.claims: C27 is no claim of this study"),
        (SLOPE, 'measure = "slope", on = "breakeven", window = "ful"', "proxies: ful is no window of this study"),
        (SLOPE, 'measure = "slope", window = "full"', "`on` belongs to measure"),
        (SLOPE, 'measure = "mean", on = "breakeven"', "`on` belongs to measure"),
        (SLOPE, 'measure = "guess"', "untestable.N5.proxies.0.measure"),
        ("scale = 1e4", "scale = 0", "untestable.N2.proxies.1.scale"),
        ('role = "margin_debt", measure', 'role = "debt", measure', "untestable.N2.proxies.0.role"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TEXT
    path = tmp_path / "study.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StudyFileError, match=r"study\.toml: ") as caught:
        load_study(path)
    assert words in str(caught.value)


def test_every_row_says_why_its_figures_do_not_decide(main_study: Study) -> None:
    for row in main_study.untestable.values():
        assert row.limit.endswith(".")
        assert row.proxies or row.claims
    played = set(main_study.roles)
    assert {rule.role for row in main_study.untestable.values() for rule in row.proxies} <= played

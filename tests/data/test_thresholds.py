"""Thresholds of the study file: impossible ones are named, and every change shows in the digest."""

import tomllib
from pathlib import Path

import pytest

from data.errors import StudyFileError
from data.study import load_study
from data.thresholds import faults

STUDY = Path(__file__).resolve().parents[2] / "study.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = STUDY.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "study.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("low = 2.0, high = 3.0", "low = 3.0, high = 2.0", "low"),
        ("sesoi = 0.10, minimum_days", "sesoi = 0.0, minimum_days", "sesoi must be positive"),
        ("closely = 0.15", "closely = 0.04", "must lie below closely"),
        ("signs_not = 1", "signs_not = 4", "signs_not"),
        ("spike = 0.95", "spike = 1.5", "between 0 and 1"),
        ("fear_percentile = 80.0", "fear_percentile = 180.0", "between 0 and 100"),
        ("risk_ratio = 2.0", "risk_ratio = 1.0", "exceed 1"),
        ("fall = 10.0", "fall = nan", "not finite"),
        ("share_needed = 0.6666", "share_needed = 1.6", "share_needed"),
        ("beta_sessions = 252", "beta_sessions = 10", "beta_sessions must be at least 30"),
        ("credit_sessions = 21", "credit_sessions = 0", "credit_sessions must be at least 1"),
        ("moved_sessions = 3", "moved_sessions = 0", "moved_sessions"),
        ("judged = 0.05", "judged = 0.7", "judged"),
    ],
)
def test_an_impossible_threshold_is_named(tmp_path, old, new, words):
    with pytest.raises(StudyFileError, match=words):
        load_study(changed(tmp_path, old, new))


def test_every_threshold_of_the_study_is_possible_and_moves_the_digest(tmp_path):
    plain = load_study(STUDY)
    assert all(not faults(claim.thresholds) for claim in plain.claims.values())
    moved = load_study(changed(tmp_path, "rally = 5.0", "rally = 6.0"))
    assert moved.sha256 != plain.sha256
    assert moved.claims["C21"].thresholds["rally"] == 6.0
    rest = {key: claim for key, claim in moved.claims.items() if key != "C21"}
    assert rest == {key: claim for key, claim in plain.claims.items() if key != "C21"}


def test_worst_sessions_are_ordered_from_the_mildest():
    assert load_study(STUDY).tails.quantiles == (0.10, 0.05, 0.01)


def test_the_study_names_what_the_verdicts_ask():
    table = tomllib.loads(STUDY.read_text(encoding="utf-8"))
    assert set(table["verdict"]) == {"share_needed", "moved_sessions"}

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from evidence_factory import estimate, evidence

from models.claims.verdict import Outcome
from reports.changes import changes, changes_section, edition_before, summary
from reports.evidence import Evidence
from reports.results import dump, results


@pytest.fixture(scope="module")
def now() -> Evidence:
    return evidence()


@pytest.fixture
def before(now: Evidence) -> dict[str, Any]:
    return dict(json.loads(dump(results(now))))


def test_the_same_evidence_has_not_changed(now: Evidence, before: dict[str, Any]) -> None:
    found = changes(before, now)
    assert found is not None
    assert (found.verdicts, found.effects, found.added, found.dropped, found.reasons) == ((), (), (), (), ())
    assert "no verdict has moved" in summary(found)


def test_moved_verdicts_come_first_and_effects_beyond_their_interval_after(
    now: Evidence, before: dict[str, Any]
) -> None:
    moved = tuple(
        replace(one, outcome=Outcome.SUPPORTED)
        if one.id == "C05"
        else replace(one, headline=estimate(0.9, 0.1))
        if one.id == "C06"
        else one
        for one in now.verdicts
    )
    found = changes(before, replace(now, verdicts=moved))
    assert found is not None
    assert [(one.claim, one.before, one.after) for one in found.verdicts] == [
        ("C05", Outcome.INCONCLUSIVE, Outcome.SUPPORTED)
    ]
    assert [one.claim for one in found.effects] == ["C06"]
    table = changes_section(found).blocks[1]
    assert [row[0].text for row in table.rows] == ["C05", "C06"]  # type: ignore[union-attr]


def test_new_and_dropped_statements_are_named(now: Evidence, before: dict[str, Any]) -> None:
    found = changes(before, replace(now, verdicts=now.verdicts[1:]))
    assert found is not None
    assert found.dropped == ("C02",)
    before["verdicts"] = before["verdicts"][1:]
    found = changes(before, now)
    assert found is not None
    assert found.added == ("C02",)
    assert "first time" in summary(found)


def test_reasons_are_new_days_study_and_code(now: Evidence, before: dict[str, Any]) -> None:
    before["edition"] |= {"data_to": "2026-01-30", "commit": "0" * 40}
    before["study"]["sha256"] = "f" * 64
    found = changes(before, now)
    assert found is not None
    assert len(found.reasons) == 3
    assert "2026-01-30" in found.reasons[0]


def test_simulated_and_real_editions_are_not_compared(before: dict[str, Any]) -> None:
    assert changes(before, evidence("simulated")) is None


def test_the_edition_before_is_the_newest_older_one_that_can_be_read(tmp_path: Path, before: dict[str, Any]) -> None:
    assert edition_before(tmp_path / "missing", "2026-02-08") is None
    for name in ("2026-01-02", "2026-01-09", "2026-02-08", "2026-03-01"):
        (tmp_path / name).mkdir()
        content = {**before, "edition": {**before["edition"], "as_of": name}}
        (tmp_path / name / "results.json").write_text(json.dumps(content))
    (tmp_path / "2026-01-09" / "results.json").write_text("{ torn")
    found = edition_before(tmp_path, date(2026, 2, 8).isoformat())
    assert found is not None
    assert found["edition"]["as_of"] == "2026-01-02"
    assert edition_before(tmp_path, "2026-01-02") is None

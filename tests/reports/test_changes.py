from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from evidence_factory import estimate, evidence

from data.errors import PageError
from models.claims.verdict import Outcome
from reports.changes import changes, changes_section, summary
from reports.evidence import Evidence
from reports.record import edition_before, edition_record, keep_record, record_name


@pytest.fixture(scope="module")
def now() -> Evidence:
    return evidence()


@pytest.fixture
def before(now: Evidence) -> dict[str, Any]:
    return dict(json.loads(json.dumps(edition_record(now))))


def test_the_same_evidence_has_not_changed(now: Evidence, before: dict[str, Any]) -> None:
    found = changes(before, now)
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
    assert [(one.claim, one.before, one.after) for one in found.verdicts] == [
        ("C05", Outcome.INCONCLUSIVE, Outcome.SUPPORTED)
    ]
    assert [one.claim for one in found.effects] == ["C06"]
    table = changes_section(found).blocks[1]
    assert [row[0].text for row in table.rows] == ["C05", "C06"]  # type: ignore[union-attr]


def test_new_and_dropped_statements_are_named(now: Evidence, before: dict[str, Any]) -> None:
    found = changes(before, replace(now, verdicts=now.verdicts[1:]))
    assert found.dropped == ("C02",)
    before["verdicts"] = before["verdicts"][1:]
    found = changes(before, now)
    assert found.added == ("C02",)
    assert "first time" in summary(found)


def test_reasons_are_new_days_study_and_code(now: Evidence, before: dict[str, Any]) -> None:
    before["edition"] |= {"data_to": "2026-01-30", "commit": "0" * 40}
    before["study"]["sha256"] = "f" * 64
    found = changes(before, now)
    assert len(found.reasons) == 3
    assert "2026-01-30" in found.reasons[0]


def test_readings_are_reported_only_beyond_their_earlier_inner_band(now: Evidence, before: dict[str, Any]) -> None:
    assert changes(before, now).readings == ()
    first, second, third = before["readings"][:3]
    width = first["inner"][1] - first["inner"][0]
    for one, factor in ((first, 2.0), (second, 0.1), (third, -5.0)):
        one["value"] += factor * width
        one["inner"] = [limit + factor * width for limit in one["inner"]]
    moved = changes(before, now).readings
    assert [one.key for one in moved] == [third["key"], first["key"]]
    assert moved[1].after == pytest.approx(now.outlook.readings[0].now.value)
    assert not moved[1].lower <= moved[1].after <= moved[1].upper


def test_parameters_drift_in_their_earlier_standard_errors(now: Evidence, before: dict[str, Any]) -> None:
    quiet = changes(before, now)
    assert quiet.drifts
    assert quiet.drifted == ()
    then = before["parameters"][0]
    then["estimate"] -= 2.5 * then["std_error"]
    before["parameters"][1]["std_error"] = None
    found = changes(before, now)
    assert [(one.model, one.name) for one in found.drifted] == [(then["model"], then["name"])]
    assert found.drifts[0].z == pytest.approx(2.5)
    assert len(found.drifts) == len(quiet.drifts) - 1


def test_the_edition_before_is_the_newest_older_one_that_can_be_read(tmp_path: Path, now: Evidence) -> None:
    assert edition_before(tmp_path / "missing", now) is None
    for day in ("2026-01-02", "2026-01-09", "2026-03-01"):
        keep_record(replace(now, panel=replace(now.panel, as_of=date.fromisoformat(day))), tmp_path)
    keep_record(now, tmp_path)
    torn = replace(now, panel=replace(now.panel, as_of=date(2026, 1, 9)))
    (tmp_path / record_name(torn)).write_text("{ torn")
    (tmp_path / "2026-01-20-real-zz.json").write_text("{}")
    found = edition_before(tmp_path, now)
    assert found is not None
    assert found["edition"]["as_of"] == "2026-01-02"
    assert edition_before(tmp_path, replace(now, panel=replace(now.panel, as_of=date(2026, 1, 2)))) is None


def test_simulated_and_real_editions_and_other_studies_are_not_compared(tmp_path: Path, now: Evidence) -> None:
    earlier = replace(now, panel=replace(now.panel, as_of=date(2026, 1, 2)))
    keep_record(earlier, tmp_path)
    other = now.study.model_copy(update={"about": now.study.about.model_copy(update={"title": "Another question"})})
    assert edition_before(tmp_path, now) is not None
    assert edition_before(tmp_path, evidence("simulated")) is None
    assert edition_before(tmp_path, replace(now, study=other)) is None


def test_a_record_is_small_and_the_same_in_every_run(tmp_path: Path, now: Evidence) -> None:
    one, other = keep_record(now, tmp_path / "one"), keep_record(now, tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size < 50_000
    assert [path.name for path in one.parent.iterdir()] == [record_name(now)]


def test_a_folder_that_cannot_be_written_is_named_with_a_remedy(tmp_path: Path, now: Evidence) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PageError, match="EDITIONS=folder"):
        keep_record(now, tmp_path / "file")

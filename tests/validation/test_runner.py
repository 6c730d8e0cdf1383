"""The runner: pieces are kept, an interruption costs one, sections are replaced and not repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.validation import __main__ as runner
from tests.validation import engines
from tests.validation.engines import Engine


class Counted:
    """A design that counts its samples and stops once, at a number of its own."""

    def __init__(self, stops_at: int = -1) -> None:
        self.asked: list[int] = []
        self.stops_at = stops_at

    def __call__(self, number: int) -> dict[str, Any]:
        self.asked.append(number)
        if number == self.stops_at:
            self.stops_at = -1
            raise KeyboardInterrupt
        return {"number": number}


def section(records: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    return f"## Counted engine\n\n{[record['number'] for record in records['a design']]}\n"


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    design = Counted()
    engine = Engine("counted", ("study.toml",), 5, 2, {"a design": design}, section)
    monkeypatch.setattr(runner, "ENGINES", (engine,))
    monkeypatch.setattr(engines, "STORE", tmp_path / "kept")
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    return design


def test_pieces_are_run_once_and_an_interruption_costs_one(counted: Counted, tmp_path: Path) -> None:
    counted.stops_at = 3
    with pytest.raises(KeyboardInterrupt):
        runner.main(workers=1)
    assert counted.asked == [0, 1, 2, 3]
    runner.main(workers=1)
    assert counted.asked == [0, 1, 2, 3, 2, 3, 4, 5]
    runner.main(workers=1)
    assert len(counted.asked) == 8
    assert "[0, 1, 2, 3, 4, 5]" in (tmp_path / "docs" / "validation.md").read_text()


def test_a_section_replaces_its_own_and_leaves_the_others(counted: Counted, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "validation.md"
    page.write_text("# Validation\n\n## Counted engine\n\nold\n\n## Worlds: all\n\n### World A\n\nkept\n")
    runner.main(replications=2, workers=1)
    assert page.read_text() == f"{runner.HEAD}\n## Counted engine\n\n[0, 1]\n\n## Worlds: all\n\n### World A\n\nkept\n"
    assert counted.asked == [0, 1]


def test_half_written_pieces_do_not_count(counted: Counted, tmp_path: Path) -> None:
    runner.main(replications=2, workers=1)
    (kept,) = (tmp_path / "kept").rglob("*.json")
    assert json.loads(kept.read_text()) == [{"number": 0}, {"number": 1}]
    assert not list((tmp_path / "kept").rglob("*.part"))
    assert counted.asked == [0, 1]


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(typer.BadParameter, match="choose among correlation, "):
        runner.main(only="nothing")

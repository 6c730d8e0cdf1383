"""Long studies: computed once, kept by content, quoted by the edition."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_factory import evidence
from joblib import delayed

from models.long_study import Inputs, LongResult, LongStudy, in_pieces
from reports.evidence import QuotedStudy
from reports.pieces import KeptPieces
from reports.robustness import quoted_studies, run_long_studies
from reports.sections.robustness import _cell, robustness_section
from reports.setting import Setting

FOUND = LongResult(("test", "p"), (("first", 0.25), ("second", None)), ("One of two is decided.",), "by hand")


class Counted:
    """A long study that counts how often it is computed."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, inputs: Inputs) -> LongResult:
        assert inputs.panel.as_of <= inputs.study.about.as_of
        self.runs += 1
        return FOUND


def test_a_result_is_computed_once_and_quoted(tmp_path: Path) -> None:
    made, compute = evidence(), Counted()
    studies = (LongStudy("counted", "How often?", compute),)
    before = quoted_studies(made.study, made.panel, studies=studies, store=tmp_path)
    assert before == (QuotedStudy("counted", "How often?", None, same_code=False),)
    first = run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    assert run_long_studies(made, workers=1, studies=studies, store=tmp_path) == first
    assert compute.runs == 1
    (quoted,) = quoted_studies(made.study, made.panel, studies=studies, store=tmp_path)
    assert quoted.result == FOUND
    assert quoted.same_code


def test_an_interrupted_run_loses_only_the_piece_in_flight(tmp_path: Path) -> None:
    """The first run breaks in its third piece; the second computes that and the last, then tidies up."""
    made = evidence()
    computed: list[int] = []
    broken = [2]

    def piece(value: int) -> int:
        if value in broken:
            raise KeyboardInterrupt
        computed.append(value)
        return 2 * value

    def compute(inputs: Inputs) -> LongResult:
        calls = {f"piece-{value}": delayed(piece)(value) for value in range(4)}
        total = sum(in_pieces(1, inputs.pieces, calls))
        return replace(FOUND, rows=(("sum", float(total)),))

    studies = (LongStudy("counted", "How often?", compute),)
    with pytest.raises(KeyboardInterrupt):
        run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    assert computed == [0, 1]
    broken.clear()
    (place,) = run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    assert computed == [0, 1, 2, 3]
    assert json.loads(place.read_text())["result"]["rows"] == [["sum", 12.0]]
    assert list(tmp_path.iterdir()) == [place]


def test_pieces_are_kept_by_name(tmp_path: Path) -> None:
    pieces = KeptPieces(tmp_path / "pieces")
    assert dict(pieces) == {}
    pieces["b"], pieces["a"] = [1.5, None], {"found": True}
    assert dict(KeptPieces(tmp_path / "pieces")) == {"a": {"found": True}, "b": [1.5, None]}
    (tmp_path / "pieces" / "a.json").write_text("{half")
    assert "a" not in pieces
    with pytest.raises(ValueError, match="JSON"):
        pieces["c"] = float("nan")
    assert "c" not in pieces
    del pieces["b"]
    with pytest.raises(KeyError):
        del pieces["b"]
    pieces.clear()
    assert len(pieces) == 0


def test_results_of_other_code_are_quoted_as_such_newest_first(tmp_path: Path) -> None:
    made = evidence()
    studies = (LongStudy("counted", "How often?", Counted()),)
    (place,) = run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    record = json.loads(place.read_text())
    place.unlink()
    for age, method in ((100, "older"), (50, "newer")):
        other = tmp_path / f"counted-{method}.json"
        other.write_text(json.dumps(record | {"code": method, "result": record["result"] | {"method": method}}))
        os.utime(other, (1e9 - age, 1e9 - age))
    (quoted,) = quoted_studies(made.study, made.panel, studies=studies, store=tmp_path)
    assert quoted.result is not None
    assert quoted.result.method == "newer"
    assert not quoted.same_code


@pytest.mark.parametrize("field", ["study", "data", "as_of"])
def test_results_of_another_study_or_other_data_are_not_quoted(tmp_path: Path, field: str) -> None:
    made = evidence()
    studies = (LongStudy("counted", "How often?", Counted()),)
    (place,) = run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    place.write_text(json.dumps(json.loads(place.read_text()) | {field: "other"}))
    (quoted,) = quoted_studies(made.study, made.panel, studies=studies, store=tmp_path)
    assert quoted.result is None


def test_half_a_record_is_no_result(tmp_path: Path) -> None:
    made = evidence()
    studies = (LongStudy("counted", "How often?", Counted()),)
    (place,) = run_long_studies(made, workers=1, studies=studies, store=tmp_path)
    place.write_text(place.read_text()[:40])
    (quoted,) = quoted_studies(made.study, made.panel, studies=studies, store=tmp_path)
    assert quoted.result is None


def test_the_section_quotes_what_is_there_and_says_what_is_not() -> None:
    section = robustness_section(Setting(evidence()))
    assert section is not None
    (found,) = section.sections
    assert [block.kind for block in found.blocks] == ["paragraph", "table", "note"]
    assert "None yet for this study and these data" in str(section.blocks)


def test_without_long_studies_there_is_no_section() -> None:
    assert robustness_section(Setting(replace(evidence(), robustness=()))) is None


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(ValueError, match="2 entries"):
        LongResult(("a", "b"), (("x",),), (), "")


def test_numbers_too_small_for_their_decimals_are_bounds() -> None:
    assert [_cell(one).text for one in (4e-7, 0.0, 0.008, 2.0)] == ["< 0.001", "0", "0.008", "2"]

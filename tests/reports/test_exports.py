from __future__ import annotations

import csv
import io
from dataclasses import replace

import pandas as pd
import pytest
from evidence_factory import evidence

from reports.charts.style import SIMULATED_MARK
from reports.document import Column, Document, Small, Table, cell
from reports.exports import cell_words, exports
from reports.technical import technical_report


@pytest.fixture(scope="module")
def document() -> Document:
    return technical_report(evidence("simulated"))


def rows(content: bytes) -> list[list[str]]:
    lines = [line for line in content.decode().splitlines() if not line.startswith("#")]
    return list(csv.reader(io.StringIO("\n".join(lines))))


def test_every_figure_and_table_has_a_file_in_its_own_numbering(document: Document) -> None:
    names = exports(document)
    for i, figure in enumerate(document.figures, 1):
        assert any(name.startswith(f"figure-{i:02d}-{figure.key}") for name in names), figure.key
    for i, table in enumerate(document.tables, 1):
        assert f"table-{i:02d}-{table.key}.csv" in names


def test_every_file_says_what_it_is_where_from_and_that_it_is_simulated(document: Document) -> None:
    for name, content in exports(document).items():
        head = [line for line in content.decode().splitlines() if line.startswith("#")]
        assert head[0] == f"# {SIMULATED_MARK}", name
        assert any(line.startswith("# Source:") for line in head), name
        assert "as of 2026-02-08" in head[-1], name


def test_a_path_is_exported_session_by_session(document: Document) -> None:
    files = exports(document)
    name = next(one for one in files if "key-paths-path0" in one)
    table = pd.read_csv(io.BytesIO(files[name]), comment="#")
    expected = next(iter(evidence("simulated").suite.correlations.values())).frame
    assert len(table) == len(expected)
    assert table["estimate"].to_numpy() == pytest.approx(expected["estimate"].to_numpy(), rel=1e-4)


def test_the_second_line_of_a_cell_is_set_off() -> None:
    assert cell_words(cell(("Gold fell", Small("cumulative return")))) == "Gold fell; cumulative return"
    assert cell_words(cell(Small("alone"))) == "alone"


def test_no_cell_is_taken_for_a_formula() -> None:
    evil = ["=HYPERLINK(1)", "+cmd", "-2+3", "@SUM(A1)", "-0.5", "−0.5", "+0.07"]
    table = Table("t", "T", (Column("Head"),), tuple((cell(text),) for text in evil), source="none.")
    document = replace(technical_report(evidence()), front=(table,), sections=())
    cells = [row[0] for row in rows(exports(document)["table-01-t.csv"])[1:]]
    assert cells[:4] == [f"'{text}" for text in evil[:4]]
    assert cells[4] == "-0.5"
    assert not any(one.startswith(("=", "@")) for one in cells)

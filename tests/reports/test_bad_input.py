"""What a user does wrong: one short message with culprit and remedy, a non-zero exit, the earlier edition intact."""

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from data import load_panel, load_study
from reports.__main__ import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def clean_files() -> dict[str, str]:
    """The bundled sample in the format of a user's own folder."""
    study = load_study(ROOT / "study.toml")
    panel = load_panel(study, "sample")
    files = {}
    for instrument in (study.instrument(role) for role in panel.roles):
        history = panel.history[instrument.role]
        frame = pd.DataFrame({"date": history.index.date, "close": history.to_numpy()})
        files[instrument.files[0].name] = frame.to_csv(index=False)
    return files


@pytest.fixture
def folder(tmp_path, clean_files) -> Path:
    source = tmp_path / "prices"
    source.mkdir()
    for name, content in clean_files.items():
        (source / name).write_text(content)
    return source


@pytest.fixture
def earlier(tmp_path) -> Path:
    """An edition that stands already."""
    out = tmp_path / "build"
    (out / "2026-02-08").mkdir(parents=True)
    (out / "2026-02-08" / "report.pdf").write_text("an earlier edition")
    return out


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


def missing_folder(source: Path) -> None:
    source.rename(source.with_name("elsewhere"))


def missing_file(source: Path) -> None:
    (source / "gld.csv").unlink()


def empty_file(source: Path) -> None:
    (source / "gld.csv").write_text("")


def html(source: Path) -> None:
    (source / "gld.csv").write_text("<!doctype html><html><body>Too many requests</body></html>")


def wrong_column(source: Path) -> None:
    (source / "gld.csv").write_text((source / "gld.csv").read_text().replace("close", "price", 1))


def duplicated_dates(source: Path) -> None:
    rows = lines_of(source / "gld.csv")
    (source / "gld.csv").write_text("".join([*rows[:500], rows[499], *rows[500:]]))


def negative_price(source: Path) -> None:
    rows = lines_of(source / "gld.csv")
    rows[1500] = re.sub(r",.*", ",-3.0", rows[1500])
    (source / "gld.csv").write_text("".join(rows))


def ends_early(source: Path) -> None:
    (source / "gld.csv").write_text("".join(lines_of(source / "gld.csv")[:-40]))


def constant(source: Path) -> None:
    rows = lines_of(source / "gld.csv")
    (source / "gld.csv").write_text("".join([rows[0], *(re.sub(r",.*", ",100.0", row) for row in rows[1:])]))


def three_rows(source: Path) -> None:
    (source / "gld.csv").write_text("".join(lines_of(source / "gld.csv")[:4]))


def unreadable(source: Path) -> None:
    (source / "gld.csv").unlink()
    (source / "gld.csv").mkdir()


FAULTS = [
    missing_folder,
    missing_file,
    empty_file,
    html,
    wrong_column,
    duplicated_dates,
    negative_price,
    ends_early,
    constant,
    three_rows,
    unreadable,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_bad_data_is_named_with_a_remedy(fault, folder, earlier):
    fault(folder)
    result = CliRunner().invoke(
        app, ["report", "--source", str(folder), "--out", str(earlier), "--study", str(ROOT / "study.toml")]
    )
    said = " ".join(result.output.split())
    assert result.exit_code not in (0, 1), said
    assert "Error:" in said
    assert "Traceback" not in said
    culprit = "prices" if fault is missing_folder else "gld"
    assert culprit in said.lower()
    assert len(said) < 400
    assert said.rstrip().endswith(".")
    assert (earlier / "2026-02-08" / "report.pdf").read_text() == "an earlier edition"
    assert [path.name for path in earlier.iterdir()] == ["2026-02-08"]


def test_every_missing_file_is_named_at_once_and_a_packed_one_is_recognised(folder, earlier):
    (folder / "gld.csv").rename(folder / "gld.csv.gz")
    (folder / "gdx.csv").unlink()
    (folder / "spy.csv").unlink()
    result = CliRunner().invoke(
        app, ["report", "--source", str(folder), "--out", str(earlier), "--study", str(ROOT / "study.toml")]
    )
    said = " ".join(result.output.split())
    assert result.exit_code == 2, said
    assert "Error: GLD, GDX, SPY" in said
    assert "Add gdx.csv, spy.csv" in said
    assert "Unpack gld.csv.gz" in said


@pytest.mark.parametrize("place", ["file", "edition", "latest"])
def test_a_place_that_cannot_take_the_edition_is_named_before_anything_is_computed(place, tmp_path, monkeypatch):
    out = tmp_path / "build"
    if place != "file":
        out.mkdir()
    occupied = {"file": out, "edition": out / "2026-02-08", "latest": out / "latest"}[place]
    occupied.write_text("mine")
    monkeypatch.setattr("reports.__main__.gather", lambda *_, **__: pytest.fail("computed first"))
    arguments = ["report", "--source", "sample", "--out", str(out), "--study", str(ROOT / "study.toml")]
    result = CliRunner().invoke(app, arguments)
    said = " ".join(result.output.split())
    assert result.exit_code == 2, said
    assert {"file": "OUT=build: is a file", "edition": "2026-02-08: ", "latest": "latest: "}[place] in said
    assert occupied.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--study", "nowhere.toml"], "nowhere.toml"),
        (["--as-of", "2026-02-30"], "2026-02-30"),
        (["--as-of", "yesterday"], "yesterday"),
        (["--source", "snapshots-of-nothing"], "snapshots-of-nothing"),
    ],
)
def test_bad_arguments_are_named(arguments, words, earlier):
    defaults = ["--study", str(ROOT / "study.toml"), "--source", "sample", "--out", str(earlier)]
    result = CliRunner().invoke(app, ["report", *defaults, *arguments])
    said = " ".join(result.output.split())
    assert result.exit_code not in (0, 1), said
    assert words in said
    assert "Traceback" not in said
    assert (earlier / "2026-02-08" / "report.pdf").read_text() == "an earlier edition"

"""The bundled sample: marked, small, repeatable, and read back as a panel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from data import load_panel, load_study
from models.simulate import __main__ as command
from models.simulate import simulate
from models.simulate.sample import MARK, PATHS_FILE, true_paths, write_sample

SAMPLE = Path("data/sample")
STUDY = load_study("study.toml")


@pytest.fixture(scope="module")
def truth() -> dict[str, object]:
    loaded: dict[str, object] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return loaded


def test_every_file_says_that_it_is_simulated(truth: dict[str, object]) -> None:
    files = sorted(SAMPLE.glob("*.csv"))
    drawn = [one for one in STUDY.instruments if one.role in simulate("C", seed=1).levels]
    assert {path.name for path in files} >= {f"{one.id.lower()}-SIMULATED.csv" for one in drawn}
    assert {one.role for one in drawn} >= {one.role for one in STUDY.instruments if one.required}
    for path in files:
        assert path.name.endswith("-SIMULATED.csv")
        assert path.read_text(encoding="utf-8").startswith(f"# {MARK}")
    assert truth["mark"] == MARK


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 2_000_000


def test_the_bundled_files_are_what_the_command_draws(tmp_path: Path, truth: dict[str, object]) -> None:
    simulation = simulate("C", seed=int(str(truth["seed"])))
    for path in write_sample(simulation, STUDY, tmp_path):
        drawn, bundled = (pd.read_csv(one, comment="#", index_col="date") for one in (path, SAMPLE / path.name))
        pd.testing.assert_frame_equal(drawn, bundled, rtol=1e-4, atol=2e-3)


def test_two_runs_of_the_command_write_the_same_bytes(tmp_path: Path) -> None:
    runner = CliRunner()
    for folder in ("first", "second"):
        result = runner.invoke(command.application, ["--out", str(tmp_path / folder), "--batches", "2", "--seed", "5"])
        assert result.exit_code == 0, result.output
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_the_command_explains_what_it_cannot_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.application, ["--world", "X", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "Use one of A, B, C" in result.output
    assert "Traceback" not in result.output


def test_the_sample_becomes_a_panel_marked_as_simulated() -> None:
    panel = load_panel(STUDY, source="sample")
    assert panel.kind == "simulated"
    assert set(panel.roles) == set(simulate("C", seed=20260208).levels) - {"crypto_utc00"}
    assert str(panel.last_session) == "2026-02-06"
    simulation = simulate("C", seed=20260208)
    for role in ("metal", "crypto", "market", "credit_fund"):
        level = simulation.levels[role]["close"].reindex(panel.returns.index)
        expected = 100.0 * np.log(level).diff()
        assert (panel.returns[role] - expected).abs().max() < 0.01, role


def test_true_paths_agree_with_the_simulation() -> None:
    simulation = simulate("C", seed=20260208)
    paths = true_paths(simulation, STUDY)
    bundled = pd.read_csv(SAMPLE / PATHS_FILE, comment="#", index_col="date", parse_dates=True)
    assert list(bundled.columns) == list(paths.columns)
    assert bundled.index[0] == pd.Timestamp(STUDY.clock.start)
    np.testing.assert_allclose(
        bundled["crypto~metal"], simulation.correlation("crypto", "metal")[bundled.index], atol=2e-3
    )
    assert (bundled["regime"].iloc[-7:] == 2).all()


def test_population_values_are_complete(truth: dict[str, object]) -> None:
    population = truth["population"]
    assert isinstance(population, dict)
    for name, entry in population.items():
        assert set(entry) == {"value", "unit", "monte_carlo_se", "definition"}, name
        assert entry["definition"]
    claims = truth["claims"]
    assert isinstance(claims, dict)
    assert set(claims) == set(STUDY.claims)

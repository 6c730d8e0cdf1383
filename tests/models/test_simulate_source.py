"""A simulation as a source: the same panel as through the bundled files, without the files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data.load import panel_from
from data.sources.protocol import SeriesAbsentError
from data.sources.simulated import SimulatedSample
from data.study import load_study
from models.simulate import simulate
from models.simulate.sample import write_sample
from models.simulate.source import SimulatedSource

STUDY = load_study("study.toml")


def test_the_panel_is_the_one_read_from_files(tmp_path: Path) -> None:
    simulation = simulate("C", seed=3)
    write_sample(simulation, STUDY, tmp_path)
    direct = panel_from(SimulatedSource(simulation), STUDY, STUDY.about.as_of)
    through_files = panel_from(SimulatedSample(tmp_path), STUDY, STUDY.about.as_of)
    assert direct.roles == through_files.roles
    assert direct.kind == "simulated"
    pd.testing.assert_frame_equal(direct.levels, through_files.levels, rtol=1e-4, atol=2e-3)
    other, same = (panel.alternatives["crypto"][0] for panel in (direct, through_files))
    assert other.origin.stamp == same.origin.stamp == "utc00"
    pd.testing.assert_series_equal(other.levels, same.levels, rtol=1e-4, check_names=False)


def test_what_is_not_simulated_is_absent_by_name() -> None:
    source = SimulatedSource(simulate("C", seed=3))
    with pytest.raises(SeriesAbsentError, match="does not simulate it"):
        source.read(STUDY.instrument("silver"))


def test_every_series_says_world_and_seed() -> None:
    origin = SimulatedSource(simulate("B", seed=4)).read(STUDY.instrument("metal")).origin
    assert origin.simulated
    assert "world B, seed 4" in origin.address

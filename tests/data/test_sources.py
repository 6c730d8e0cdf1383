"""The sources other than a plain folder: packaged series, the bundled sample, the order in which they are taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from data import load_panel, load_study
from data.errors import QualityError, SourceError
from data.load import open_source
from data.sources.csvfiles import CsvFolder
from data.sources.packaged import PackagedSeries
from data.sources.protocol import SeriesAbsentError
from data.sources.simulated import SimulatedSample
from data.study import Instrument, Study, Vendor

ROOT = Path(__file__).resolve().parents[2]
INDICES = ROOT / "data" / "studies" / "us_indices.toml"


def test_a_second_study_runs_without_network_or_files() -> None:
    panel = load_panel(load_study(INDICES))
    assert panel.roles == ("market", "growth", "oil", "fear")
    assert panel.levels.index[0].date() == date(2014, 1, 3)
    assert panel.source.startswith("real data inside the Python package arch ")
    assert panel.kind == "real"
    assert panel.origins["oil"].source_line() == (
        "US Energy Information Administration through FRED (arch.data.wti), value as published"
    )
    fall = panel.returns.loc["2018-09-21":"2018-12-24", "market"].sum()  # type: ignore[misc]
    assert fall == pytest.approx(-22.0, abs=0.5)
    assert all(one.light != "red" for one in panel.quality.findings)


def test_the_second_study_moves_with_as_of() -> None:
    study = load_study(INDICES)
    assert load_panel(study, as_of="2018-12-21").last_session == date(2018, 12, 21)
    # Oil has no price on Christmas Eve 2018: a window that ended there would be cut short for every series.
    with pytest.raises(QualityError, match="WTI ends on 2018-12-21, before window short does"):
        load_panel(study, as_of="2018-12-24")


def test_a_series_the_package_lacks_is_named() -> None:
    wanted = Instrument(id="XYZ", role="oil", name="X", vendors=(Vendor(vendor="packaged", symbol="frenchdata"),))
    with pytest.raises(SeriesAbsentError, match="XYZ: is not among the packaged series"):
        PackagedSeries().read(wanted)


def test_the_sample_is_marked_wherever_it_goes(main_study: Study, tmp_path: Path) -> None:
    panel = load_panel(main_study, "sample")
    assert panel.kind == "simulated"
    assert panel.source.startswith("SIMULATED sample bundled with the study (not market evidence), to ")
    assert [one.origin.stamp for one in panel.alternatives["crypto"]] == ["utc00"]
    assert all(origin.simulated for origin in panel.origins.values())
    assert all("Simulated" in origin.source_line() for origin in panel.origins.values())
    assert all(one.light != "red" for one in panel.quality.findings)
    by_path = load_panel(main_study, ROOT / "data" / "sample")
    assert by_path.source.startswith("SIMULATED data (not market evidence) from folder sample")
    assert not any(one.check == "second choice" for one in by_path.quality.findings)
    for path in (ROOT / "data" / "sample").glob("*-SIMULATED.csv"):
        (tmp_path / path.name.replace("-SIMULATED", "")).write_bytes(path.read_bytes())
    for file in main_study.instrument("crypto").files[:1]:
        (tmp_path / "btc.csv").rename(tmp_path / file.name)
    assert load_panel(main_study, tmp_path).kind == "simulated"


def test_a_sample_without_files_names_its_maker(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"python -m models\.simulate"):
        SimulatedSample(tmp_path)


def test_order_of_sources(main_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.load.newest_snapshot", lambda _: None)
    assert isinstance(open_source(main_study, None), SimulatedSample)
    assert isinstance(open_source(main_study, ""), SimulatedSample)
    assert isinstance(open_source(main_study, tmp_path), CsvFolder)
    assert isinstance(open_source(load_study(INDICES), None), PackagedSeries)
    assert isinstance(open_source(load_study(INDICES), "sample"), SimulatedSample)
    with pytest.raises(SourceError, match=r"there is no snapshot of this study yet. Run `make data`"):
        open_source(main_study, "snapshot")

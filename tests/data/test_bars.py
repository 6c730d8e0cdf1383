"""Daily ranges travel with the panel, and are cut with it."""

import dataclasses
from datetime import date

import pandas as pd
import pytest

from data import load_panel, load_study


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    study = load_study("study.toml")
    folder = tmp_path_factory.mktemp("ranges")
    plain = load_panel(study, "sample")
    for instrument in study.instruments:
        if instrument.role in plain.roles:
            frame = pd.DataFrame(
                {"date": plain.levels.index, "close": plain.levels[instrument.role].to_numpy()}
            ).dropna()
            if instrument.role == "metal":
                frame = frame.assign(open=frame["close"], high=1.02 * frame["close"], low=0.99 * frame["close"])
            frame.to_csv(folder / instrument.files[0].name, index=False)
    return load_panel(study, folder)


def test_only_instruments_with_a_range_have_bars(panel):
    assert set(panel.bars) == {"metal"}
    assert list(panel.bars["metal"].columns) == ["open", "high", "low", "close"]
    assert panel.bars["metal"].index.equals(panel.levels.index)
    assert (panel.bars["metal"]["high"] / panel.bars["metal"]["low"]).dropna().round(9).eq(round(1.02 / 0.99, 9)).all()


def test_bars_are_cut_with_the_panel(panel):
    cut = panel.until(date(2020, 6, 30))
    assert cut.bars["metal"].index.equals(cut.levels.index)


def test_a_panel_without_ranges_has_no_bars(panel):
    assert dataclasses.replace(panel, bars={}).until(date(2020, 6, 30)).bars == {}

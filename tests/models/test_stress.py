"""Stress labels are known before the session and contain no tested series."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import load_panel, load_study
from models.stress import drawdown_stress, fear_stress, regime_stress, spells, tail_sessions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study():
    return load_study(ROOT / "study.toml")


@pytest.fixture(scope="module")
def panel(study):
    return load_panel(study, "sample")


@pytest.mark.parametrize(("label_of", "role"), [(fear_stress, "fear"), (drawdown_stress, "market")])
def test_the_session_itself_and_the_future_do_not_matter(panel, study, label_of, role):
    before = label_of(panel, study.stress)
    cut = panel.returns.index[2000]
    history = panel.history[role].copy()
    history.loc[history.index >= cut] *= np.random.default_rng(1).uniform(0.1, 10.0, int((history.index >= cut).sum()))
    after = label_of(replace(panel, history={**panel.history, role: history}), study.stress)
    pd.testing.assert_series_equal(before.loc[:cut], after.loc[:cut])
    assert not before.equals(after)


def test_fear_label_by_brute_force(panel, study):
    labels = fear_stress(panel, study.stress)
    history = panel.history["fear"]
    for session in labels.index[::400]:
        known = history[history.index < session]
        expected = known.iloc[-1] > np.quantile(known, study.stress.fear_quantile)
        assert labels[session] == expected


def test_spells_count_separate_stretches():
    assert spells(pd.Series([True, True, False, True, False, False, True])) == 3
    assert spells(pd.Series([False, False])) == 0


def test_tail_sessions_by_brute_force(panel):
    returns = panel.returns["market"]
    labels = tail_sessions(returns, quantile=0.05, history=252)
    for at in range(260, len(returns), 131):
        assert labels.iloc[at] == (returns.iloc[at] <= np.quantile(returns.iloc[:at], 0.05))
    assert not labels.iloc[:252].any()


def test_regime_labels_say_nothing_before_the_first_vintage_and_look_back_one_day():
    days = pd.bdate_range("2024-01-01", periods=6)
    labels = regime_stress(pd.Series([np.nan, 0.9, 0.4, 0.5, 0.6, 0.1], index=days), days)
    assert list(labels.index) == list(days[2:])
    assert labels.tolist() == [True, False, False, True]
    assert regime_stress(pd.Series(np.nan, index=days), days).empty

"""The study's margins: which variances grow over closed days, and how many days each return covers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.fitting import first_step, margins_of
from models.margins import GapVariance, fit_margins

#: Of the world the sample was drawn from: h (1 + .64 (gap - 1)) for Bitcoin.
TRUE_GAP = 0.64


@pytest.fixture(scope="module")
def margins(sample_panel, sample_study):
    return first_step(sample_panel, sample_study)


def test_only_what_always_trades_is_on_the_calendar(margins, sample_study):
    estimated = {margin.name for margin in margins.fitted if isinstance(margin.model, GapVariance)}
    assert estimated == {"crypto"}
    assert sample_study.instrument("crypto").trades == "always"
    assert list(margins.params["gap"].dropna().index) == ["crypto"]


def test_the_slope_of_the_sample_is_that_of_its_world(margins):
    off = margins.params.loc["crypto", "gap"] - TRUE_GAP
    assert abs(off) < 2.5 * margins.std_errors.loc["crypto", "gap"]


def test_days_are_those_of_the_panel_and_then_those_of_the_exchange(margins, sample_panel):
    days = margins.fitted[margins.names.index("crypto")].model.days
    index = margins.returns.index
    np.testing.assert_array_equal(days[: len(index)], sample_panel.gap_days.loc[index])
    ahead = index[-1] + pd.to_timedelta(np.cumsum(days[len(index) :]), unit="D")
    assert (ahead.day_of_week < 5).all()
    assert 75 <= len(ahead) <= 90


def test_a_missing_close_lengthens_the_next_return(sample_panel, sample_study):
    at = sample_panel.levels.index.get_loc(pd.Timestamp("2020-06-03"))
    levels, returns = sample_panel.levels.copy(), sample_panel.returns.copy()
    column = levels.columns.get_loc("crypto")
    levels.iloc[at, column] = np.nan
    returns.loc["2020-06-04", "crypto"] += returns.loc["2020-06-03", "crypto"]
    returns.loc["2020-06-03", "crypto"] = np.nan
    model = (
        first_step(replace(sample_panel, levels=levels, returns=returns), sample_study)
        .fitted[sample_study.correlation.assets.index("crypto")]
        .model
    )
    after = sample_panel.complete_returns(sample_study.correlation.assets).index.get_loc(pd.Timestamp("2020-06-03"))
    assert model.days[after] == 2.0


def test_switched_off_the_margins_are_the_plain_ones(sample_panel, sample_study):
    off = sample_study.model_copy(update={"margins": sample_study.margins.model_copy(update={"gap_variance": "none"})})
    margins = first_step(sample_panel, off)
    plain = fit_margins(sample_panel.complete_returns(sample_study.correlation.assets))
    pd.testing.assert_frame_equal(margins.params, plain.params, check_exact=True)


def test_margins_of_other_returns_count_closed_days_too(margins, sample_panel, sample_study):
    pair = sample_panel.complete_returns(("crypto", "junior_miners"))
    other = margins_of(pair, sample_panel, sample_study, volatility="gjr")
    assert set(other.gap_days) == {"crypto"}
    assert {margin.model.volatility for margin in other.fitted} == {"gjr"}
    same = margins_of(margins.returns[["crypto"]], sample_panel, sample_study)
    np.testing.assert_array_equal(same.variances["crypto"], margins.variances["crypto"])
    np.testing.assert_array_equal(same.gap_days["crypto"], margins.gap_days["crypto"])

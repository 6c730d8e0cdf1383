"""C24: the extra fall of volatile assets on days of stress."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from claim_cases import case_of, judged, without
from made_up import with_returns

from models.betas import rolling_beta
from models.claims.c24_volatile_sold_first import ASSETS, _cross_sections
from models.claims.verdict import Outcome
from models.fitting import margins_of
from models.margins import fit_margins

ROOT = Path(__file__).resolve().parents[3]
#: Liquid assets of the bundled sample.
AVAILABLE = 9


@pytest.fixture(scope="module")
def verdict(panel, study, suite):
    return judged("C24", panel, study, suite, minimum_assets=AVAILABLE)


@pytest.fixture(scope="module")
def rows(panel):
    return panel.returns[[role for role in ASSETS if role in panel.returns.columns]].dropna()


def test_the_mean_slope_by_statsmodels(panel, study, rows, suite, verdict):
    sigma = np.sqrt(margins_of(rows, panel, study).variances)
    betas = {
        role: rolling_beta(rows[role], rows["market"].rename("factor"), window=252).frame["estimate"].shift(1)
        for role in rows.columns
    }
    stress = suite.stress.reindex(rows.index, fill_value=False)
    start = next(iter(betas.values())).index[1]
    days = rows.index[stress & (rows.index >= start)]
    slopes = []
    for day in days:
        beta = np.array([betas[role].loc[day] for role in rows.columns])
        scale = sigma.loc[day].to_numpy()
        rank = (sigma.loc[day].rank().to_numpy() - 1.0) / (len(scale) - 1.0)
        fit = sm.OLS(rows.loc[day].to_numpy() / scale, np.column_stack([np.ones(len(scale)), beta / scale, rank])).fit()
        slopes.append(-fit.params[2])
    assert verdict.headline.value == pytest.approx(np.mean(slopes), rel=1e-8)
    assert verdict.headline.n == len(days)


def test_the_sample_holds_what_it_was_drawn_from(verdict):
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    assert verdict.headline.contains(truth["population"]["selling_order"]["value"])
    assert truth["claims"]["C24"]["status"] == "false"
    assert verdict.outcome is not Outcome.SUPPORTED


def test_a_world_in_which_volatile_assets_are_dumped_is_supported_and_its_mirror_is_not(panel, study, suite, rows):
    sigma = np.sqrt(margins_of(rows, panel, study).variances)
    rank = (sigma.rank(axis=1) - 1.0) / (rows.shape[1] - 1.0)
    stress = suite.stress.reindex(rows.index, fill_value=False).astype(float)
    extra = (sigma * rank).mul(stress, axis=0)
    outcomes = {
        sign: judged(
            "C24",
            with_returns(panel, **{role: rows[role] - sign * 0.7 * extra[role] for role in rows.columns}),
            study,
            suite,
            minimum_assets=AVAILABLE,
        ).parts[0]
        for sign in (1.0, -1.0)
    }
    assert outcomes[1.0].effect.lower > 0.25
    assert outcomes[-1.0].outcome is Outcome.NOT_SUPPORTED


def test_gates(panel, study, suite):
    few = judged("C24", panel, study, suite)
    assert few.outcome is Outcome.NOT_TESTABLE
    assert f"only {AVAILABLE} liquid assets, 12 are needed" in few.reason
    spells = judged("C24", panel, study, suite, minimum_assets=AVAILABLE, minimum_spells=1000)
    assert "spells" in spells.reason
    assert "fear" in judged("C24", without(panel, "fear"), study, suite).reason


def test_volatilities_by_state_are_drawn_from_the_most_volatile_asset_down(verdict, panel):
    calm, stress = (one.frame for one in verdict.exhibits[1:])
    assert list(calm.columns) == list(stress.columns)
    assert set(calm.columns) - {"value"} == {panel.names[role] for role in ASSETS if role in panel.returns.columns}
    peaks = [stress["value"][stress[name].idxmax()] for name in (calm.columns[1], calm.columns[-1])]
    assert peaks[0] > peaks[1]
    market = panel.names["market"]
    assert stress["value"][stress[market].idxmax()] > calm["value"][calm[market].idxmax()]


def test_volatilities_by_earlier_parameters_do_not_know_what_came_later(panel, study, rows, verdict):
    last = panel.levels.index[panel.levels.index <= "2019-12-31"][-1]
    sections = _cross_sections(case_of("C24", panel, study), list(rows.columns))
    known = sections.with_parameters_until(last)
    earlier = fit_margins(rows.loc[:last, ["metal"]])
    overlap = known.index.intersection(earlier.variances.index)
    assert known.loc[overlap, "metal"].to_numpy() == pytest.approx(
        np.sqrt(earlier.variances.loc[overlap, "metal"].to_numpy()), rel=1e-3
    )
    assert known.index.equals(sections.returns.index)
    named = [one for one in verdict.specifications if "GARCH of the sessions before" in one.label]
    assert len(named) == 4
    assert all(one.label.endswith("post 2020") for one in named)

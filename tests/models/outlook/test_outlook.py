"""The whole outlook on the bundled sample, and what it reads off regimes, series to watch and rival models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.panel import Panel
from data.study import Study
from models.correlation import CorrelationResult
from models.estimate import Estimate, NotDecidable
from models.fitting import fit_suite
from models.outlook import QUICK, Outlook, look_ahead
from models.outlook.comparison import compare
from models.outlook.outlook import quantities
from models.outlook.states import regime_state, revision
from models.outlook.watch import watched
from models.regimes import MarkovSwitching
from models.regimes.vintages import Vintages
from models.suite import Suite


@pytest.fixture(scope="module")
def suite(sample_panel: Panel, sample_study: Study) -> Suite:
    return fit_suite(sample_panel, sample_study, seed=1)


@pytest.fixture(scope="module")
def outlook(sample_panel: Panel, sample_study: Study, suite: Suite) -> Outlook:
    effort = replace(QUICK, parameters=40, worlds=8, paths=4000, share=500, joint_paths=4000, resamples=49)
    return look_ahead(sample_panel, sample_study, suite, effort=effort, seed=1)


def test_the_outlook_reads_every_pair_beta_and_volatility(outlook: Outlook, sample_study: Study, suite: Suite) -> None:
    keys = [one.quantity.key for one in outlook.readings]
    assert keys == [one.key for one in quantities(sample_study)]
    assert outlook.last == suite.conditional.margins.returns.index[-1]
    first = outlook.reading(keys[0])
    assert first is not None
    pair = sample_study.correlation.pairs[0]
    assert first.now.value == pytest.approx(float(suite.conditional.next_correlation.loc[pair]))
    assert {"CCC", "DCC", "RSDC", "EWMA"} <= set(first.models)
    assert outlook.reading("correlation:nobody:nowhere") is None


def test_scenarios_are_those_of_the_study(outlook: Outlook, sample_study: Study) -> None:
    assert [one.name for one in outlook.shocks] == [one.name for one in sample_study.monitor.shocks]
    assert {one.name for one in outlook.replays} <= set(sample_study.monitor.replays)
    assert not isinstance(outlook.stances, NotDecidable)
    assert [one.weight for one in outlook.stances] == [0.0, *sample_study.monitor.mixes]
    assert outlook.shocks[0].nu > 2.0


def test_the_joint_fall_of_the_study_has_a_probability(outlook: Outlook, sample_study: Study) -> None:
    assert not isinstance(outlook.joint, NotDecidable)
    assert sample_study.monitor.joint is not None
    assert outlook.joint.horizon == sample_study.monitor.joint.sessions
    assert dict(outlook.joint.falls) == dict(sample_study.monitor.joint.falls)


def test_risks_are_of_every_asset_and_suppose_the_stressed_one(outlook: Outlook, sample_study: Study) -> None:
    assert [one.name for one in outlook.risks] == list(sample_study.correlation.assets)
    for one in outlook.risks:
        assert isinstance(one.covar, NotDecidable if one.name == sample_study.monitor.stressed else Estimate)


def test_a_regime_state_agrees_with_its_model(suite: Suite, outlook: Outlook) -> None:
    state = outlook.reference
    filtered = suite.regimes.filtered.to_numpy()
    assert state.known[0] == pytest.approx(filtered[-1, -1])
    assert state.known[20] == pytest.approx(filtered[-21, -1])
    tomorrow, month = state.ahead[1], state.ahead[21]
    assert isinstance(tomorrow, Estimate)
    assert isinstance(month, Estimate)
    assert tomorrow.value == pytest.approx(float((filtered[-1] @ suite.regimes.transition)[-1]))
    brute = filtered[-1] @ np.linalg.matrix_power(suite.regimes.transition, 21)
    assert month.value == pytest.approx(float(brute[-1]))
    likelier = int(filtered[-1].argmax())
    assert isinstance(state.remaining, Estimate)
    assert state.remaining.value == pytest.approx(suite.regimes.expected_durations[likelier])
    assert state.turbulent == (filtered[-1, -1] > 0.5)
    assert isinstance(state.fan, pd.DataFrame)
    powers = [filtered[-1] @ np.linalg.matrix_power(suite.regimes.transition, h) for h in range(22)]
    assert state.fan["estimate"].tolist() == pytest.approx([one[-1] for one in powers])
    assert (state.fan["lower"] <= state.fan["estimate"]).all()
    assert (state.fan["estimate"] <= state.fan["upper"]).all()
    assert state.fan.loc[21].tolist() == pytest.approx([month.value, month.lower, month.upper])


def test_a_model_without_intervals_still_has_its_probabilities() -> None:
    rng = np.random.default_rng(0)
    y = pd.DataFrame(
        rng.standard_normal((600, 1)) * np.where(np.arange(600) % 200 < 60, 3.0, 1.0)[:, None], columns=["a"]
    )
    model = MarkovSwitching(2).fit(y, starts=4, seed=0)
    broken = replace(model, found=replace(model.found, hessian=np.zeros_like(model.found.hessian)))
    state = regime_state(broken, level=0.95, draws=20, seed=0)
    assert isinstance(state.now, NotDecidable)
    assert isinstance(state.ahead[5], NotDecidable)
    assert isinstance(state.fan, NotDecidable)
    assert state.known[0] == pytest.approx(float(model.filtered.iloc[-1, -1]))


def test_the_revision_is_of_the_last_year(suite: Suite) -> None:
    found = revision(suite.vintages)
    assert isinstance(suite.vintages, Vintages)
    assert not isinstance(found, NotDecidable)
    moved = (suite.vintages.smoothed - suite.vintages.filtered).abs().iloc[-252:, -1]
    assert found.mean == pytest.approx(float(moved.mean()))
    assert found.largest == pytest.approx(float(moved.max()))
    reason = NotDecidable("too short")
    assert revision(reason) is reason


def test_watched_series_by_hand_and_by_their_second_choice(sample_panel: Panel) -> None:
    first, second = watched(sample_panel, [["crypto_fund", "dollar"], ["fear"], ["nobody"]])
    assert (first.role, second.role) == ("dollar", "fear")
    history = sample_panel.history["fear"].dropna().loc[sample_panel.levels.index[0] :]
    last = float(history.iloc[-1])
    brute = float(np.mean([one < last for one in history]) + 0.5 * np.mean([one == last for one in history]))
    assert second.value == last
    assert second.percentile == pytest.approx(brute)
    level = sample_panel.levels["fear"]
    assert second.week == pytest.approx(100.0 * np.log(level.iloc[-1] / level.iloc[-6]))


def test_models_are_judged_on_the_last_sessions(result: CorrelationResult) -> None:
    found = compare(result.margins.returns.iloc[-700:], draws=99, seed=0)
    assert found.sessions == 700 // 3
    assert found.best == min(found.losses, key=found.losses.__getitem__)
    assert found.best in found.equals
    assert found.rival != found.default
    assert found.in_set[found.best] == 1.0

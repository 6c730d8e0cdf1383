"""C03: the alternatives by hand, and what they make of stress that is too rare."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.claims import c03_correlations_rise
from models.claims.c03_correlations_rise import primary
from models.claims.rises_in_stress import (
    return_to_calm,
    rise_specifications,
    stress_in_the_intercept,
    stress_labels,
    stressed_dcc,
)
from models.correlation import CCC, DECO
from models.estimate import Estimate, NotDecidable
from models.inference.placebo import Placebos
from models.stress import fear_stress
from tests.models.claims.claim_cases import case_of


@pytest.fixture(scope="module")
def case(panel, study, suite):
    return case_of("C03", panel, study, suite)


@pytest.fixture(scope="module")
def stressed(case):
    return stressed_dcc(case)


@pytest.fixture(scope="module")
def alternatives(case, stressed):
    return {one.label: one.estimate for one in rise_specifications(case, stressed)}


def mean_correlation(rows: pd.DataFrame) -> float:
    return float(rows.corr().to_numpy()[np.triu_indices(rows.shape[1], 1)].mean())


def test_there_are_at_least_48_alternatives(alternatives):
    assert len(alternatives) >= 48
    decided = [one for one in alternatives.values() if isinstance(one, Estimate)]
    assert len(decided) >= 40


def test_every_label_is_known_at_the_close_before(case, panel):
    sessions = case.full_residuals().index
    labels = stress_labels(case, sessions)
    assert len(labels) == 4
    cut = sessions[-200]
    early = replace(case, panel=panel.until(cut.date()))
    for name, label in stress_labels(early, sessions[sessions <= cut]).items():
        if name != "turbulent regime":
            assert label.equals(labels[name].loc[:cut])


def test_devolatilised_weekly_and_raw_by_pandas(case, panel, alternatives):
    z = case.full_residuals()
    label = fear_stress(panel, case.study.stress).loc[z.index]
    by_hand = mean_correlation(z[label]) - mean_correlation(z[~label])
    assert alternatives["fear index, devolatilised, all assets, full"].value == pytest.approx(by_hand, rel=1e-9)
    raw = panel.returns.loc[z.index, z.columns]
    by_hand = mean_correlation(raw[label]) - mean_correlation(raw[~label])
    assert alternatives["fear index, raw, all assets, full"].value == pytest.approx(by_hand, rel=1e-9)
    whole = len(z) // 5 * 5
    weeks = z.iloc[:whole].groupby(np.arange(whole) // 5).sum()
    begun = pd.Series(label.to_numpy()[:whole:5], index=weeks.index)
    by_hand = mean_correlation(weeks[begun]) - mean_correlation(weeks[~begun])
    assert alternatives["fear index, weekly, all assets"].value == pytest.approx(by_hand, rel=1e-9)
    assert alternatives["spells resampled whole"].value == pytest.approx(
        alternatives["fear index, devolatilised, all assets, full"].value, rel=1e-9
    )


def test_equicorrelation_on_the_label(case, panel, alternatives):
    margins = case.suite.conditional.margins
    path = DECO().fit(margins.returns, margins=margins, seed=case.seed).correlations[:, 0, 1]
    label = fear_stress(panel, case.study.stress).reindex(margins.returns.index)
    full = label.index.isin(case.full_residuals().index)
    inside, stressed_days = path[full], label[full].to_numpy(dtype=bool)
    by_hand = inside[stressed_days].mean() - inside[~stressed_days].mean()
    assert alternatives["mean conditional correlation, DECO"].value == pytest.approx(by_hand, rel=1e-8)


def test_what_has_no_stress_has_no_effect_of_it(case):
    refused = NotDecidable("no stress")
    assert stress_in_the_intercept(refused, case.level) == {"effect of stress in the intercept of DCC": refused}


def test_the_primary_has_the_limits_of_the_verdict(case):
    """Power by simulation asks for the same: placebo labels widen the limits of resampled days."""
    residuals = case.full_residuals()
    label = fear_stress(case.panel, case.study.stress).loc[residuals.index]
    days = c03_correlations_rise._rise(case, residuals, label).estimate
    effect = primary(case).headline
    assert effect.value == days.value
    assert effect.lower <= days.lower
    assert effect.upper >= days.upper
    assert effect.upper - effect.lower > 1.05 * (days.upper - days.lower)


def test_half_life_is_that_of_the_model(case):
    half_life = return_to_calm(case)["half-life of a deviation of correlations, sessions"]
    a, b = case.suite.conditional.params[["a", "b"]]
    assert isinstance(half_life, Estimate)
    assert half_life.value == pytest.approx(np.log(0.5) / np.log(a + b))
    assert half_life.lower < half_life.value < half_life.upper


def test_a_persistence_whose_interval_reaches_one_has_no_half_life(case):
    conditional = case.suite.conditional
    unit = replace(conditional, psi=np.array([0.0001, 0.99989999, *conditional.psi[2:]]))
    readings = return_to_calm(replace(case, suite=replace(case.suite, conditional=unit)))
    half_life = readings["half-life of a deviation of correlations, sessions"]
    assert isinstance(half_life, NotDecidable)
    assert "never halves" in half_life.reason


def test_too_little_stress_leaves_no_alternative(case):
    strict = replace(case, thresholds={**case.thresholds, "minimum_days": 10_000})
    refused = stressed_dcc(strict)
    assert isinstance(refused, NotDecidable)
    for one in rise_specifications(strict, refused):
        by_label = one.label.startswith("spells") or one.label.startswith("mean conditional")
        assert by_label or isinstance(one.estimate, NotDecidable)


def test_limits_hold_for_placebo_labels_as_well(case, monkeypatch):
    wide = np.random.default_rng(3).normal(0.0, 5.0, 199)
    monkeypatch.setattr(c03_correlations_rise, "_placebos", lambda *_: Placebos(0.3, wide, 2800))
    monkeypatch.setattr(c03_correlations_rise, "stressed_dcc", lambda _: NotDecidable("left out"))
    monkeypatch.setattr(c03_correlations_rise, "rise_specifications", lambda *_: ())
    (leg,) = c03_correlations_rise.measure(case).legs
    assert leg.p_value > 0.05
    assert leg.effect.contains(0.0)


def test_correlations_that_do_not_move_leave_stress_no_effect_on_them(case):
    """Of independent returns the dynamics come out as none, and with them the regressor."""
    constant = CCC().fit(case.suite.conditional.margins.returns, margins=case.suite.conditional.margins)
    (found,) = stress_in_the_intercept(constant, case.level).values()
    assert isinstance(found, NotDecidable)
    assert "do not move" in found.reason

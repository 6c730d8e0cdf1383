"""Rows and specifications of C05 and C06, and what they make of a study with other assets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, claim, judged, with_levels
from scipy.stats import kendalltau

from data.panel import Alternative
from models.claims import Outcome
from models.claims.window_correlations import PRIOR, WINDOW, WindowRows, window_rows
from models.estimate import Estimate, NotDecidable


@pytest.fixture(scope="module")
def frame():
    index = pd.bdate_range("2024-01-01", periods=300)
    return pd.DataFrame(np.random.default_rng(1).normal(size=(300, 2)), index=index, columns=["a", "b"])


def parts(rows: WindowRows) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    return rows.frame.index[rows.groups == PRIOR], rows.frame.index[rows.groups == WINDOW]


def test_rows_end_with_the_window_where_the_frame_lacks_sessions(frame):
    window = frame.index[200:250]
    rows = window_rows(frame.drop(index=window[[3, 10, 20]]), window, 100)
    before, inside = parts(rows)
    assert inside.equals(window.delete([3, 10, 20]))
    assert before.equals(frame.index[100:200])
    assert rows.strata == (100, 47)


def test_the_last_sessions_are_set_against_those_before_the_whole_window(frame):
    window = frame.index[200:250]
    before, inside = parts(window_rows(frame, window, 100, 21))
    assert inside.equals(window[-21:])
    assert before.equals(frame.index[100:200])


def test_windows_without_rows_are_refused(frame):
    window = frame.index[200:250]
    assert isinstance(window_rows(frame, window, 201), NotDecidable)
    assert isinstance(window_rows(frame, window[:0], 10), NotDecidable)
    assert isinstance(window_rows(frame.drop(index=window), window, 10), NotDecidable)


def test_a_specification_by_pandas(panel, study, suite):
    label = "devolatilised, 126 sessions before, last 21 of the window"
    verdict = judged("C05", panel, study, suite)
    found = next(one.estimate for one in verdict.specifications if one.label == label)
    z = suite.std_residuals
    start = z.index.searchsorted(pd.Timestamp("2025-10-07"))
    before, inside = z.iloc[start - 126 : start].corr(), z.loc["2025-10-07":"2026-02-06"].iloc[-21:].corr()
    assert found.value == pytest.approx(before.loc["crypto", "metal"] - inside.loc["crypto", "metal"], rel=1e-9)
    crossed = [one for one in verdict.specifications if "before, last" in one.label]
    assert len(crossed) == 2 * 3 * 3


def test_the_gap_has_one_specification_for_each_returns_and_length(panel, study, suite):
    rise, gap = claim("C06").measure(case_of("C06", panel, study, suite)).legs
    labels = [one.label for one in gap.specifications if "of the window" in one.label]
    assert len(labels) == len(set(labels)) == 2 * 3
    assert sum("of the window" in one.label for one in rise.specifications) == 2 * 3 * 3
    inside = suite.std_residuals.loc["2025-10-07":"2026-02-06"].iloc[-63:].corr().loc["crypto"]
    assert gap.specifications[1].estimate.value == pytest.approx(inside["growth"] - inside["metal"], rel=1e-9)


def test_lengths_beyond_the_window_are_not_repeated(panel, study, suite):
    short = study.model_copy(update={"windows": {**study.windows, "long": study.windows["short"]}})
    rise, gap = claim("C06").measure(case_of("C06", panel, short, suite)).legs
    assert [one.label for one in gap.specifications if "of the window" in one.label] == [
        "devolatilised, last 7 of the window",
        "raw, last 7 of the window",
    ]
    crossed = [one for one in rise.specifications if "of the window" in one.label]
    assert len(crossed) == 2 * 3
    assert all(isinstance(one.estimate, Estimate) for one in crossed)


def test_a_window_of_two_sessions_is_not_testable(panel, study, suite):
    two = study.windows["short"].model_copy(update={"base": panel.levels.index[-3].date(), "last": None})
    short = study.model_copy(update={"windows": {**study.windows, "long": two}})
    for claim_id in ("C05", "C06"):
        verdict = judged(claim_id, panel, short, suite)
        assert verdict.outcome is Outcome.NOT_TESTABLE
        assert "2 rows" in verdict.reason


@pytest.mark.parametrize("claim_id", ["C05", "C06"])
def test_a_pair_without_a_path_has_no_figure_and_its_order_does_not_matter(panel, study, suite, claim_id):
    turned = replace(suite, correlations={pair[::-1]: band for pair, band in suite.correlations.items()})
    bare = replace(suite, correlations={})
    assert len(judged(claim_id, panel, study, turned).exhibits) == 1
    without_path = judged(claim_id, panel, study, bare)
    assert without_path.exhibits == ()
    assert without_path.headline == judged(claim_id, panel, study, suite).headline


@pytest.mark.parametrize("claim_id", ["C04", "C05", "C06"])
def test_roles_outside_the_correlation_model_make_it_not_testable(panel, study, suite, claim_id):
    for role in claim(claim_id).correlated:
        other = replace(suite, std_residuals=suite.std_residuals.drop(columns=role))
        assert judged(claim_id, panel, study, other).outcome is Outcome.NOT_TESTABLE
    assert set(claim(claim_id).correlated) <= set(suite.std_residuals.columns)
    assert claim(claim_id).correlated


def found(leg, label: str) -> Estimate | NotDecidable:
    return next(one.estimate for one in leg.specifications if one.label == label)


def test_other_measures_by_scipy_and_by_the_suites_paths(panel, study, suite):
    weaker, negative = claim("C05").measure(case_of("C05", panel, study, suite)).legs
    z = suite.std_residuals
    start = z.index.searchsorted(pd.Timestamp("2025-10-07"))
    before, inside = z.iloc[start - 252 : start], z.loc["2025-10-07":"2026-02-06"]
    ranks = [np.sin(np.pi / 2.0 * kendalltau(one["crypto"], one["metal"]).statistic) for one in (before, inside)]
    assert found(weaker, "ranks (Kendall)").value == pytest.approx(ranks[0] - ranks[1], abs=1e-12)
    assert found(negative, "ranks (Kendall)").value == pytest.approx(-ranks[1], abs=1e-12)
    plain = suite.rivals[("crypto", "metal")]["DCC"]
    wanted = plain.loc[before.index].mean() - plain.loc[inside.index].mean()
    assert found(weaker, "mean path of DCC").value == pytest.approx(wanted, abs=1e-12)
    path = suite.correlations[("crypto", "metal")].frame["estimate"]
    of_default = found(weaker, "mean path of cDCC")
    assert of_default.value == pytest.approx(path.loc[before.index].mean() - path.loc[inside.index].mean(), abs=1e-9)
    assert of_default.lower < of_default.value < of_default.upper


def test_weights_that_fade_look_at_the_last_sessions_most(panel, study, suite):
    _, negative = claim("C05").measure(case_of("C05", panel, study, suite)).legs
    inside = suite.std_residuals.loc["2025-10-07":"2026-02-06", ["crypto", "metal"]].to_numpy()
    weights = np.arange(1, len(inside) + 1)
    covariance = np.cov(inside.T, aweights=weights, ddof=0)
    wanted = -covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found(negative, "weights that fade with age (MIDAS)").value == pytest.approx(wanted, abs=1e-12)


def test_what_cannot_be_had_is_named_with_the_reason(panel, study, suite):
    for leg in claim("C06").measure(case_of("C06", panel, study, suite)).legs:
        for label, reason in {
            "semiconductors for Nasdaq 100": "role semiconductors",
            "spot gold for Gold": "role spot_gold",
            "mean path of ADCC": "does not fit",
            "mean path of RSDC": "does not fit",
        }.items():
            assert reason in found(leg, label).reason
    bare = replace(suite, rivals={})
    assert (
        "no DCC path"
        in found(claim("C06").measure(case_of("C06", panel, study, bare)).legs[0], "mean path of DCC").reason
    )


def test_another_clock_and_other_technology_shares_are_measured_where_the_panel_has_them(panel, study, suite):
    clock = replace(
        panel,
        alternatives={
            "crypto": (Alternative(panel.levels["crypto"], replace(panel.origins["crypto"], stamp="utc00")),)
        },
    )
    twin = with_levels(clock, technology=panel.levels["growth"])
    rise, gap = claim("C06").measure(case_of("C06", twin, study, suite)).legs
    same = found(rise, "devolatilised, 252 sessions before, last 85 of the window")
    name = f"{panel.names['crypto']}'s close: utc00"
    assert found(rise, name).value == pytest.approx(same.value, abs=0.01)
    twins = found(rise, "devolatilised, technology, 252 sessions before, last 85 of the window")
    assert twins.value == pytest.approx(same.value, abs=0.01)
    raw = (found(gap, f"raw, {kind}last 63 of the window") for kind in ("", "technology, "))
    assert next(raw).value == pytest.approx(next(raw).value, abs=1e-9)

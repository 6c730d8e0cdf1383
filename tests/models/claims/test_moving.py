"""Moved windows and the sessions after the article: the verdict's own headline, elsewhere in time."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from data.study import Window
from models.claims import confirmations, judge_all
from models.claims.moving import moved_windows
from models.claims.primary import Primary, reaching
from models.estimate import Estimate, NotDecidable, measured_or_reason
from models.fitting import fit_suite
from tests.models.claims.claim_cases import case_of, claim

ARTICLE = date(2025, 10, 31)
DATED = ("C01", "C02", "C05", "C06", "C13", "C16", "C20", "C22", "C25", "C26")
WHOLE = ("C03", "C04", "C07", "C08", "C09", "C10", "C11", "C12", "C14", "C15", "C17", "C18", "C19", "C21", "C23", "C24")


@pytest.fixture(scope="module")
def early(six):
    """The six claims as of three months before the sample ends, with windows of their own."""
    windows = {
        **six.windows,
        "short": Window(base=date(2025, 10, 21), last=ARTICLE),
        "long": Window(base=date(2025, 6, 30), last=ARTICLE),
    }
    return six.model_copy(update={"windows": windows, "about": six.about.model_copy(update={"as_of": ARTICLE})})


@pytest.fixture(scope="module")
def vintage(panel, early):
    return fit_suite(panel.until(ARTICLE), early, seed=1)


@pytest.mark.parametrize("claim_id", [*DATED, *WHOLE])
def test_the_unmoved_primary_is_the_verdicts_headline(claim_id, panel, study, suite):
    case = replace(case_of(claim_id, panel, study, suite), replications=99)
    found = measured_or_reason(claim(claim_id).primary, case)
    measured = measured_or_reason(claim(claim_id).measure, case)
    if isinstance(measured, NotDecidable):
        assert isinstance(found, NotDecidable)
    else:
        assert isinstance(found, Primary)
        assert found.headline.value == pytest.approx(measured.headline.value, rel=1e-12)
        assert found.headline.unit == measured.headline.unit


@pytest.mark.parametrize("claim_id", ["C06", "C20"])
def test_where_two_parts_must_hold_the_headline_is_the_part_in_doubt(claim_id, panel, study, suite):
    """Moved windows and later data read the same number as page one, which quotes the part that decides."""
    case = replace(case_of(claim_id, panel, study, suite), replications=99)
    measured = measured_or_reason(claim(claim_id).measure, case)
    assert measured.headline == measured.legs[0].effect
    assert measured_or_reason(claim(claim_id).primary, case).headline == measured.headline


def test_only_claims_about_a_dated_window_move(panel, study, suite):
    for claim_id in (*DATED, *WHOLE):
        assert bool(claim(claim_id).dated(study)) is (claim_id in DATED)
    assert moved_windows(claim("C10"), case_of("C10", panel, study, suite)) == ()


def test_moved_falls_by_hand(panel, study, suite):
    moved = moved_windows(claim("C01"), case_of("C01", panel, study, suite))
    assert [(one.shift_base, one.shift_last) for one in moved] == [
        *((by, 0) for by in (-3, -2, -1, 1, 2, 3)),
        *((0, by) for by in (-3, -2, -1)),
    ]
    for one in moved:
        ends = panel.levels.loc[[pd.Timestamp(one.base), pd.Timestamp(one.last)], ["crypto", "miners"]]
        falls = -100.0 * (ends.iloc[1] / ends.iloc[0] - 1.0)
        assert one.estimate.value == pytest.approx(falls.min(), rel=1e-10)
        assert one.holds is bool(falls.min() >= study.claims["C01"].thresholds["fall"])
    clock = panel.levels.index
    assert clock.get_loc(str(moved[0].base)) == clock.get_loc("2026-01-28") - 3


def test_later_data_change_no_verdict(panel, early, vintage):
    with_later = judge_all(panel, early, suite=vintage, quick=True, seed=1)
    without = judge_all(panel.until(ARTICLE), early, suite=vintage, quick=True, seed=1)
    for here, there in zip(with_later, without, strict=True):
        assert (here.outcome, here.reason, here.headline, here.parts) == (
            there.outcome,
            there.reason,
            there.headline,
            there.parts,
        )
        assert here.moved == there.moved
        assert here.confirmation is None


def test_confirmation_is_measured_on_later_sessions_alone(panel, early, vintage):
    verdicts = judge_all(panel, early, suite=vintage, quick=True, seed=1)
    found = confirmations(verdicts, panel, early, vintage, seed=1)
    assert set(found) == set(early.claims)
    after = panel.returns.loc["2025-11-01":]
    beta = after["miners"].cov(after["metal"]) / after["metal"].var()
    assert found["C10"].estimate.value == pytest.approx(beta, rel=1e-10)
    assert found["C10"].sessions == len(after)
    assert (found["C10"].after, found["C10"].last) == (ARTICLE, panel.last_session)
    gold = panel.levels["metal"]
    if isinstance(found["C02"].estimate, Estimate):
        held = 100.0 * (gold.iloc[-1] / gold["2025-10-31"] - 1.0)
        assert found["C02"].estimate.value == pytest.approx(held, rel=1e-10)
    assert "window" not in found["C05"].label
    # Other returns before the article's date move nothing in it.
    shifted = panel.returns.copy()
    shifted.loc[:"2025-10-31", "miners"] *= 2.0
    again = confirmations(verdicts, replace(panel, returns=shifted), early, vintage, seed=1)
    assert again["C10"].estimate.value == found["C10"].estimate.value


def test_nothing_after_the_article_nothing_to_confirm(panel, early, vintage):
    assert confirmations((), panel.until(ARTICLE), early, vintage, seed=1) == {}


def test_towards_and_holds_are_about_the_point():
    estimate = Estimate(0.2, None, -1.0, 1.0, 0.95, 10, "", "")
    assert reaching(estimate, 0.3) == Primary(estimate, True, False)
    assert reaching(estimate, 0.2) == Primary(estimate, True, True)
    nothing = NotDecidable("there is nothing")
    assert reaching(nothing, 0.2) is nothing

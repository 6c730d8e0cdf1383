"""The monitor: its sentences, its tables, its pages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from evidence_factory import evidence
from hypothesis import given
from hypothesis import strategies as st

from data.study import Monitor
from models.estimate import Estimate, NotDecidable
from reports.changes import Changes, Drift, ReadingMove
from reports.document import Document, Table
from reports.drawing import draw
from reports.evidence import Evidence
from reports.monitor import MOST_PAGES, OPTIONAL, monitor
from reports.outlook_words import (
    changed_sentences,
    joint_sentence,
    monitor_headline,
    moved_sentence,
    row_name,
    standing,
    subject,
)
from reports.pdf import print_pdf
from reports.preflight import check_pages
from reports.printing import printed_monitor
from reports.render import print_html
from reports.results import results
from reports.setting import Setting


@pytest.fixture(scope="module")
def now() -> Evidence:
    return evidence()


@pytest.fixture(scope="module")
def document(now: Evidence) -> Document:
    return monitor(now)


def table(document: Document, key: str) -> Table:
    return next(one for one in document.tables if one.key == key)


def cells(found: Table, row: int) -> list[str]:
    return [one.text for one in found.rows[row]]


def changed(**parts: object) -> Changes:
    return replace(Changes("2026-02-01", (), (), (), (), ()), **parts)  # type: ignore[arg-type]


# --- Sentences -------------------------------------------------------------------------------------------------------


def test_readings_have_names_that_running_text_can_hold(now: Evidence) -> None:
    setting = Setting(now)
    named = {
        one.quantity.key: (row_name(one.quantity, setting), subject(one.quantity, setting))
        for one in now.outlook.readings
    }
    assert named["correlation:crypto:growth"] == ("Bitcoin and Nasdaq 100", "Bitcoin’s correlation with the Nasdaq 100")
    assert named["beta:miners:metal"] == ("Gold miners on gold", "the beta of gold miners on gold")
    assert named["volatility:market"] == ("S&P 500", "the S&P 500’s volatility")


@given(st.floats(0.0, 1.0))
def test_a_standing_is_a_share_of_at_least_a_half(percentile: float) -> None:
    words = standing(percentile)
    assert words.startswith("higher" if percentile >= 0.5 else "lower")
    assert "<" not in words
    assert ">" not in words
    found = re.search(r"(\d+)", words)
    assert found is not None
    assert 50 <= int(found.group(1)) <= 100


def with_percentile(now: Evidence, value: float) -> Evidence:
    calm = tuple(replace(one, percentile=0.5) for one in now.outlook.readings)
    return replace(now, outlook=replace(now.outlook, readings=(replace(calm[0], percentile=value), *calm[1:])))


def test_the_headline_names_what_stands_out_and_says_where_nothing_does(now: Evidence) -> None:
    assert "no reading stands out" in monitor_headline(with_percentile(now, 0.7))
    high, low = (monitor_headline(with_percentile(now, value)) for value in (0.993, 0.001))
    assert "Bitcoin’s correlation with the Nasdaq 100" in high
    assert "in the highest 1" in high
    assert "in the lowest 1" in low
    wild = replace(now.outlook, reference=replace(now.outlook.reference, turbulent=True))
    assert monitor_headline(replace(now, outlook=wild)).startswith("Turbulent")


def test_without_an_earlier_edition_the_weeks_significant_moves_are_told(now: Evidence) -> None:
    still = tuple(
        replace(one, change=replace(one.change, value=0.0, lower=-1.0, upper=1.0)) for one in now.outlook.readings
    )
    quiet = replace(now, outlook=replace(now.outlook, readings=still))
    words = dict(changed_sentences(Setting(quiet), None))
    assert "no reading moved by more than its parameters leave open" in words["Readings."]
    fallen = replace(still[1], change=replace(still[1].change, value=-0.2, lower=-0.3, upper=-0.1, std_error=0.05))
    moved = replace(now, outlook=replace(now.outlook, readings=(still[0], fallen, *still[2:])))
    words = dict(changed_sentences(Setting(moved), None))
    assert "Bitcoin’s correlation with gold fell by 0.20" in words["Readings."]
    assert list(words) == ["Readings.", "Regime.", "Verdicts."]


def test_only_readings_beyond_the_earlier_band_are_reported(now: Evidence) -> None:
    setting = Setting(now)
    assert moved_sentence((), 14, "2026-02-01", setting) == (
        "None of 14 readings left the 80 % band that it had in the edition of 2026-02-01."
    )
    move = ReadingMove("correlation:crypto:metal", 0.02, -0.01, 0.05, 0.11, "")
    one = moved_sentence((move,), 14, "2026-02-01", setting)
    assert one == (
        "One of 14 readings left the 80 % band of the edition of 2026-02-01: Bitcoin’s correlation with gold rose from "
        "0.02 to 0.11."
    )
    several = moved_sentence((move,) * 5, 14, "2026-02-01", setting)
    assert several.startswith("Five of 14 readings")
    assert "for instance" in several
    assert several.count("rose") == 3


def test_the_joint_fall_has_its_interval_and_its_ratio(now: Evidence) -> None:
    words = joint_sentence(Setting(now))
    assert "3.1 %" in words.replace("\N{NO-BREAK SPACE}", " ")
    assert "within five sessions" in words
    assert "1.6 times" in words
    refused = replace(now, outlook=replace(now.outlook, joint=NotDecidable("the study names no joint fall")))
    assert joint_sentence(Setting(refused)) == ""
    assert monitor(refused).deck


# --- Tables ----------------------------------------------------------------------------------------------------------


def test_the_nowcast_prints_each_reading_as_it_is(now: Evidence, document: Document) -> None:
    found = table(document, "nowcast")
    assert len(found.rows) == len(now.outlook.readings) == 14
    first = now.outlook.readings[0]
    row = cells(found, 0)
    assert row[0] == "Correlation: Bitcoin and Nasdaq 100"
    assert row[1] == f"{first.now.value:.2f}"
    assert row[2].replace("\N{NO-BREAK SPACE}", " ") == f"[{first.now.lower:.2f}, {first.now.upper:.2f}]"
    assert cells(found, 5)[0] == "Correlation: mean of all pairs"
    assert cells(found, 9)[0].startswith("Volatility")
    assert cells(found, 9)[7] == "–"


def test_the_state_table_holds_past_present_and_future_of_both_models(document: Document) -> None:
    found = table(document, "state")
    assert len(found.rows) == 7
    assert cells(found, 2)[1].startswith("6.0")
    assert cells(found, 2)[2].startswith("72.0")
    assert cells(found, 6)[1].startswith("calm: 48")
    assert cells(found, 6)[2].startswith("turbulent: 48")
    assert "hindsight moved the reference probability by 8 points" in found.note


def test_a_model_that_cannot_be_fitted_is_a_dash_and_no_failure(now: Evidence) -> None:
    refused = NotDecidable("the regime model has no intervals")
    bare = replace(
        now.outlook,
        everything=refused,
        revision=refused,
        stances=refused,
        jump=refused,
        net=refused,
        comparison=refused,
        joint=refused,
        shocks=(),
        replays=(),
        watch=(),
    )
    made = monitor(replace(now, outlook=bare))
    assert {row[2].text for row in table(made, "state").rows} == {"–"}
    assert not {"shocks", "replays", "stances", "watch-list"} & {one.key for one in made.tables}
    pages = print_pdf(print_html(made, draw(made)), now.panel.as_of)
    check_pages(pages, made, "monitor.pdf", most_pages=MOST_PAGES)


def test_a_shocked_asset_is_given_and_the_others_answer(now: Evidence, document: Document) -> None:
    found = table(document, "shocks")
    by_name = {row[0].text: [one.text for one in row[1:]] for row in found.rows}
    assert by_name["S&P 500"][:2] == ["−3.0 given", "–"]
    assert by_name["Bitcoin"][0].startswith("−1.4")
    assert len(found.columns) == 1 + 2 * len(now.outlook.shocks)


def test_lights_turn_with_checks_drift_and_data(now: Evidence) -> None:
    def lights(study: Evidence, since: Changes | None) -> dict[str, str]:
        return {row[0].text: row[1].text for row in table(monitor(study, since), "health-lights").rows}

    drift = Drift("cDCC", "a", 0.02, 0.03, 1.4)
    assert lights(now, None)["Parameters"] == "none"
    assert lights(now, changed(drifts=(replace(drift, z=0.2),)))["Parameters"] == "green"
    assert lights(now, changed(drifts=(drift,)))["Parameters"] == "amber"
    assert lights(now, changed(drifts=(replace(drift, z=-3.5), drift)))["Parameters"] == "red"
    assert lights(now, None)["Markov switching"] == "amber"
    broken = replace(now.suite.parameters[0].convergence, converged=False)
    tables = (replace(now.suite.parameters[0], convergence=broken), *now.suite.parameters[1:])
    assert lights(replace(now, suite=replace(now.suite, parameters=tables)), None)["Fits"] == "red"


def test_what_would_turn_a_verdict_is_sorted_by_distance(document: Document) -> None:
    distances = [row[5].sort for row in table(document, "flips").rows]
    assert distances == sorted(distances)  # type: ignore[type-var]


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["real", "simulated"])
def test_the_monitor_prints_on_four_pages_at_most_and_passes_the_preflight(kind: str) -> None:
    study = evidence(kind, dirty=True, quick=True)
    printed = printed_monitor(study, None)
    assert 2 <= printed.pages <= MOST_PAGES
    assert {one.key for one in printed.document.figures} == {"regimes-ahead", "recent-paths", "fans", "net"}


def test_what_is_optional_gives_way_in_its_order(now: Evidence) -> None:
    def keys(left_out: int) -> set[str]:
        made = monitor(now, None, left_out)
        return {one.key for one in (*made.figures, *made.tables)}

    whole = keys(0)
    assert set(OPTIONAL) <= whole
    for i in range(len(OPTIONAL) + 1):
        assert keys(i) == whole - set(OPTIONAL[:i])


def test_every_figure_of_the_monitor_stands_in_the_results(now: Evidence) -> None:
    written = results(now)["outlook"]
    assert [one["quantity"]["key"] for one in written["readings"]] == [one.quantity.key for one in now.outlook.readings]
    first = now.outlook.readings[0]
    assert written["readings"][0]["now"]["value"] == pytest.approx(first.now.value)
    assert written["readings"][0]["inner"] == pytest.approx(list(first.inner))
    assert written["joint"]["probability"]["value"] == pytest.approx(0.031)
    assert written["risks"][0]["value_at_risk"]["10"]["unit"] == "%"
    assert "path" not in written["reference"]


def test_a_study_without_scenarios_still_has_a_monitor(now: Evidence) -> None:
    plain = now.study.model_copy(update={"monitor": Monitor()})
    outlook = replace(now.outlook, shocks=(), replays=(), watch=(), stressed=None)
    made = monitor(replace(now, study=plain, outlook=outlook))
    assert [column.head for column in table(made, "tail-risk").columns][-2:] == ["Exceptions in 250", "p"]
    assert len(table(made, "tail-risk").columns) == 7


def test_the_fans_keep_their_numbers_beside_their_pixels(document: Document, now: Evidence) -> None:
    chart = next(one for one in document.figures if one.key == "fans").chart
    values = [row["value"] for row in chart.data["lines"] if row["panel"] == "Correlation: Bitcoin and Nasdaq 100"]
    reading = now.outlook.readings[0]
    assert values[-1] == pytest.approx(float(reading.fan["estimate"].iloc[-1]), rel=1e-4)
    assert np.isfinite([row["y"] for row in chart.data["areas"]]).all()


def test_an_estimate_keeps_its_unit_in_the_results(now: Evidence) -> None:
    assert isinstance(now.outlook.risks[0].covar, Estimate)
    assert results(now)["outlook"]["risks"][0]["covar"]["unit"] == "%"


def test_the_regimes_fan_opens_at_the_last_close_and_names_the_month(now: Evidence, document: Document) -> None:
    figure = next(one for one in document.figures if one.key == "regimes-ahead")
    assert "20\N{NO-BREAK SPACE}%" in figure.title
    ahead = [row for row in figure.chart.data["lines"] if row["line"] == "0ahead"]
    assert [row["session"] for row in ahead] == [f"+{step}" for step in range(22)]
    assert ahead[0]["value"] == pytest.approx(now.outlook.reference.known[0])
    refusal = NotDecidable("no curvature")
    refused = replace(now.outlook.reference, fan=refusal, ahead=dict.fromkeys((1, 5, 21), refusal))
    without = monitor(replace(now, outlook=replace(now.outlook, reference=refused)))
    assert "regimes-ahead" not in {one.key for one in without.figures}

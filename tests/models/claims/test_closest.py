"""Figures beside statements that cannot be tested: by hand, their place among earlier spans, what is absent."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from data.study import Instrument, ProxyRule, UntestableRow, Window
from models.claims.closest import MINIMUM_SPANS, WEAKEST_FIRST, closest_readings
from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable

WINDOW = Window(base=date(2026, 1, 28), last=date(2026, 2, 6))


def read(panel, study, rule, series=None, kind="log", verdicts=(), frequency="daily"):
    """One reading of one rule, with the series put under the rule's role."""
    if series is not None:
        panel = replace(
            panel,
            levels=panel.levels.assign(**{rule.role: series.reindex(panel.levels.index)}),
            history={**panel.history, rule.role: series},
        )
    one = Instrument(id="X", role=rule.role, name="Thing", change=kind, frequency=frequency)
    others = tuple(it for it in study.instruments if it.role != rule.role)
    row = UntestableRow(statement="s", reason="r", proxy="p", limit="l", proxies=(rule,))
    plan = study.model_copy(
        update={
            "instruments": (*others, one),
            "untestable": {"N1": row},
            "windows": {**study.windows, "short": WINDOW},
        }
    )
    stress = pd.Series(panel.returns.index.month == 3, index=panel.returns.index)
    (found,) = closest_readings(panel, plan, stress, verdicts)
    return found.readings[0]


def daily(first="2025-01-01", last="2026-02-08", step=1.0, start=100.0):
    index = pd.date_range(first, last, unit="ns")
    return pd.Series(start + step * np.arange(len(index)), index=index)


def test_a_change_is_taken_between_the_last_values_known(sample_panel, study):
    series = daily()
    series.loc["2026-02-06"] = np.nan
    reading = read(sample_panel, study, ProxyRule(role="margin_debt", measure="change"), series)
    assert reading.value.value == pytest.approx(100.0 * (series["2026-02-05"] / series["2026-01-28"] - 1.0))
    assert (reading.first, reading.last, reading.value.unit) == (date(2026, 1, 28), date(2026, 2, 5), "%")
    moves = series.loc[:"2026-01-28"].pct_change(8).dropna() * 100.0
    assert reading.percentile == pytest.approx(100.0 * (moves < reading.value.value).mean())
    assert reading.spans == len(moves)


def test_a_monthly_change_counts_months_of_any_length(sample_panel, study):
    index = pd.date_range("2010-01-01", "2026-02-01", freq="MS", unit="ns")
    series = pd.Series(np.random.default_rng(1).uniform(90.0, 110.0, len(index)), index=index)
    rule = ProxyRule(role="margin_debt", measure="change")
    reading = read(sample_panel, study, rule, series, "difference", frequency="monthly")
    assert reading.value.value == pytest.approx(series["2026-01-01"] - series["2025-12-01"])
    assert (reading.first, reading.last) == (date(2025, 12, 31), date(2026, 1, 31))
    assert reading.spans == len(index) - 3


@pytest.mark.parametrize("day", [1, 15, 31])
def test_a_months_figure_speaks_of_its_end_on_whichever_day_it_stands(sample_panel, study, day):
    index = pd.date_range("2010-01-31", "2025-12-31", freq="ME", unit="ns")
    ends = pd.Series(np.random.default_rng(2).uniform(90.0, 110.0, len(index)), index=index)
    dated = ends.set_axis(pd.DatetimeIndex([one.replace(day=min(day, one.day)) for one in index]))
    window = Window(base=date(2025, 10, 6), last=date(2026, 2, 6))
    rule = ProxyRule(role="margin_debt", measure="change", window="long")
    plan = study.model_copy(update={"windows": {**study.windows, "long": window}})
    reading = read(sample_panel, plan, rule, dated, frequency="monthly")
    assert reading.value.value == pytest.approx(100.0 * (ends["2025-12-31"] / ends["2025-09-30"] - 1.0))
    assert (reading.first, reading.last) == (date(2025, 9, 30), date(2025, 12, 31))


def test_a_mean_is_of_the_days_after_the_base_in_the_rules_unit(sample_panel, study):
    series = daily(step=0.001, start=0.0)
    rule = ProxyRule(role="crypto_funding", measure="mean", unit="bp", scale=1e4)
    reading = read(sample_panel, study, rule, series, "difference")
    assert reading.value.value == pytest.approx(1e4 * series.loc["2026-01-29":"2026-02-06"].mean())
    assert (reading.value.n, reading.percentile, reading.value.unit) == (9, 100.0, "bp")


def test_equal_spans_count_half_and_few_give_no_place(sample_panel, study):
    rule = ProxyRule(role="tariff_rate", measure="change")
    flat = read(sample_panel, study, rule, daily(step=0.0), "basis_points")
    assert (flat.value.value, flat.percentile) == (0.0, 50.0)
    short = read(sample_panel, study, rule, daily(first="2026-01-01"), "basis_points")
    assert short.percentile is None
    assert (short.spans, short.value.value) == (0, pytest.approx(900.0))
    assert 0 < (date(2026, 1, 28) - date(2026, 1, 1)).days - 9 < MINIMUM_SPANS
    barely = read(sample_panel, study, rule, daily(first="2026-01-26"), "basis_points")
    assert barely.percentile is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"last": "2025-05-23"}, "Thing ends on 2025-05-23, before the window begins"),
        ({"first": "2026-02-01"}, "Thing begins on 2026-02-01, after the window does"),
    ],
)
def test_a_series_outside_the_window_says_so(sample_panel, study, span, words):
    for measure in ("change", "mean"):
        reading = read(sample_panel, study, ProxyRule(role="metal_holdings", measure=measure), daily(**span))
        assert isinstance(reading.value, NotDecidable)
        assert words in reading.value.reason


def test_the_article_date_is_the_end_of_knowledge(sample_panel, study):
    series = daily(last="2026-02-08")
    later = series.copy()
    later.loc["2026-02-07":] = 1e6
    rule = ProxyRule(role="margin_debt", measure="change")
    assert read(sample_panel, study, rule, series) == read(sample_panel, study, rule, later)


def test_stress_change_is_a_difference_of_means(sample_panel, study):
    index = sample_panel.returns.index
    rng = np.random.default_rng(2)
    moves = rng.normal(0.0, 0.1, len(index)) + 0.3 * (index.month == 3)
    series = pd.Series(100.0 * np.cumprod(1.0 + moves / 100.0), index=index)
    reading = read(sample_panel, study, ProxyRule(role="metal_holdings", measure="stress_change"), series)
    inside = pd.Series(moves[1:], index=index[1:])
    march = inside.index.month == 3
    assert reading.value.value == pytest.approx(inside[march].mean() - inside[~march].mean())
    assert reading.value.contains(0.3)
    assert not reading.value.contains(0.0)
    assert reading.value.unit == "% a day"


def test_a_slope_is_that_of_plain_least_squares(sample_panel, study):
    rule = ProxyRule(role="metal", measure="slope", on="real_yield", window="full", unit="% for 1 bp")
    found = closest_readings(
        sample_panel,
        study.model_copy(
            update={"untestable": {"N5": UntestableRow(statement="s", reason="r", proxy="p", proxies=(rule,))}}
        ),
        pd.Series(dtype=bool),
        (),
    )
    rows = sample_panel.returns[["metal", "real_yield"]].dropna()
    rows = rows[rows.index > pd.Timestamp(study.windows["full"].base)]
    assert found[0].readings[0].value.value == pytest.approx(np.polyfit(rows["real_yield"], rows["metal"], 1)[0])


def test_volume_on_falling_days(sample_panel, study):
    volumes = sample_panel.volumes.copy()
    falling = sample_panel.returns["crypto"].reindex(volumes.index) < 0.0
    inside = (volumes.index > pd.Timestamp(WINDOW.base)) & (volumes.index <= pd.Timestamp(WINDOW.last))
    volumes["crypto"] = np.random.default_rng(3).uniform(0.98, 1.02, len(volumes))
    volumes.loc[inside & falling, "crypto"] *= 3.0
    panel = replace(sample_panel, volumes=volumes)
    rule = ProxyRule(role="crypto", measure="falling_volume")
    reading = read(panel, study, rule)
    assert reading.value.value == pytest.approx(3.0, rel=0.05)
    assert reading.value.n == int((inside & falling).sum())
    assert reading.percentile == 100.0


def test_what_the_data_do_not_hold_is_named(sample_panel, study):
    found = closest_readings(sample_panel, study, pd.Series(False, index=sample_panel.returns.index), ())
    by_id = {one.id: one for one in found}
    assert list(by_id) == [f"N{number}" for number in range(1, 9)]
    assert "hold no Margin debt" in by_id["N2"].readings[0].value.reason
    assert isinstance(by_id["N2"].readings[3].value, Estimate)
    assert "Breakeven inflation" in by_id["N5"].readings[0].value.reason
    assert all(row.row.limit for row in found)


@pytest.mark.parametrize(
    ("outcomes", "weakest"),
    [
        ((Outcome.SUPPORTED, Outcome.MIXED), Outcome.MIXED),
        ((Outcome.SUPPORTED, Outcome.INCONCLUSIVE, Outcome.MIXED), Outcome.INCONCLUSIVE),
        ((Outcome.NOT_SUPPORTED, Outcome.NOT_TESTABLE), Outcome.NOT_SUPPORTED),
        ((Outcome.SUPPORTED, Outcome.SUPPORTED), Outcome.SUPPORTED),
    ],
)
def test_a_conclusion_is_as_strong_as_its_weakest_part(sample_panel, study, outcomes, weakest):
    claims = ("C04", "C06", "C07")[: len(outcomes)]
    row = UntestableRow(statement="s", reason="r", proxy="p", claims=claims)
    plan = study.model_copy(update={"untestable": {"N8": row}})
    verdicts = tuple(SimpleNamespace(id=key, outcome=one) for key, one in zip(claims, outcomes, strict=True))
    (found,) = closest_readings(sample_panel, plan, pd.Series(dtype=bool), verdicts)
    assert found.weakest is weakest
    (unjudged,) = closest_readings(sample_panel, plan, pd.Series(dtype=bool), ())
    assert unjudged.weakest is Outcome.NOT_TESTABLE


def test_every_outcome_has_its_place_and_no_claim_gives_none(sample_panel, study):
    assert set(WEAKEST_FIRST) == set(Outcome)
    (one, *_) = closest_readings(sample_panel, study, pd.Series(False, index=sample_panel.returns.index), ())
    assert one.weakest is None

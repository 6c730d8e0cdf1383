from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import vl_convert
from evidence_factory import evidence
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from models.claims.verdict import Exhibit
from models.estimate import Estimate
from reports.charts.attribution import Step, Waterfall, waterfall_chart
from reports.charts.densities import Shares, density_chart, shares
from reports.charts.effects import Effect, Paired, Specification, forest_chart, paired_chart, specification_chart
from reports.charts.fans import Fan, fans_chart
from reports.charts.frame import TimeFrame, spells
from reports.charts.matrices import matrix_chart
from reports.charts.moved import MovedCell, MovedRow, moved_chart
from reports.charts.network import net_flows, network_chart
from reports.charts.paths import Line, band_chart, drawdowns
from reports.charts.ridges import Ridges, ridges_chart
from reports.charts.style import (
    DARK,
    SERIES,
    SIMULATED_MARK,
    Chart,
    label_rows,
    nice_domain,
    records,
    round_ticks,
    spread,
    weekly,
)
from reports.charts.times import fan_chart, waiting_chart
from reports.document import Figure, Table
from reports.exhibits import displays, shape
from reports.preflight import check_palette
from reports.setting import Setting

finite = st.floats(-1e6, 1e6, allow_nan=False)


def path(n: int = 900) -> pd.DataFrame:
    index = pd.bdate_range("2020-01-01", periods=n)
    center = np.sin(np.arange(n) / 90.0)
    return pd.DataFrame({"estimate": center, "lower": center - 0.1, "upper": center + 0.1}, index=index)


def frame(of: pd.DataFrame, *, simulated: bool = False) -> TimeFrame:
    return TimeFrame(of.index[0], of.index[-1], simulated=simulated)


def flows_table() -> pd.DataFrame:
    """Rows take from columns: b gives 10 to a on balance, a gives 2 to c, b and c are even."""
    values = [[50.0, 30.0, 5.0, 35.0], [20.0, 60.0, 8.0, 28.0], [7.0, 8.0, 70.0, 15.0]]
    return pd.DataFrame(values, index=list("abc"), columns=["a", "b", "c", "from others"])


def fan() -> pd.DataFrame:
    return pd.DataFrame(
        {"estimate": [0.0, 1.0, 0.5], "lower": [-0.5, 0.5, 0.0], "upper": [0.5, 1.5, 1.0]}, index=[-1, 0, 1]
    )


def normal(mean: float, deviation: float = 1.0) -> pd.DataFrame:
    value = np.linspace(mean - 6.0 * deviation, mean + 6.0 * deviation, 801)
    return pd.DataFrame({"value": value, "density": norm.pdf(value, mean, deviation)})


def log_normal() -> pd.DataFrame:
    value = np.exp(np.linspace(0.0, 6.0, 301))
    return pd.DataFrame(
        {"value": value, "wild": norm.pdf(np.log(value), 4.0), "calm": norm.pdf(np.log(value), 2.0, 0.3)}
    )


@given(st.lists(st.floats(0, 168), max_size=8))
def test_labels_never_collide_and_stay_in_the_plot(wishes: list[float]) -> None:
    placed = spread(wishes)
    ordered = sorted(placed)
    assert all(b - a >= 13.0 - 1e-9 for a, b in pairwise(ordered))
    assert all(-1e-9 <= y <= 168 + 1e-9 for y in placed)
    assert np.argsort(wishes, kind="stable").tolist() == np.argsort(placed, kind="stable").tolist()


def test_labels_that_do_not_collide_stay_where_they_belong() -> None:
    assert spread([10.0, 60.0, 120.0]) == [10.0, 60.0, 120.0]


@given(st.lists(finite, min_size=1))
def test_a_domain_holds_its_values(values: list[float]) -> None:
    low, high = nice_domain(values)
    slack = 1e-9 * max(1.0, *(abs(one) for one in values))
    assert low - slack <= min(values)
    assert max(values) <= high + slack
    assert low < high


def test_a_domain_without_values_is_still_one() -> None:
    assert nice_domain([math.nan, math.inf]) == (0.0, 1.0)


@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e4))
def test_round_ticks_are_few_even_and_inside(low: float, width: float) -> None:
    ticks = round_ticks((low, low + width))
    assert 3 <= len(ticks) <= 7
    assert low - 1e-6 * width <= ticks[0]
    assert ticks[-1] <= low + width * (1.0 + 1e-6)
    assert np.ptp(np.diff(ticks)) <= 1e-4 * width


def test_print_thins_to_weeks_and_keeps_the_last_session() -> None:
    full = path()
    thin = weekly(full)
    assert len(full) / 6 < len(thin) < len(full) / 4
    assert thin.index[-1] == full.index[-1]
    assert len(weekly(full.iloc[:200])) == 200


def test_holes_become_null_and_break_the_band() -> None:
    holed = path()
    holed.iloc[100:200] = np.nan
    chart = band_chart([Line("one", holed)], frame(holed))
    rows = chart.for_screen["datasets"]["path0"]
    assert rows[150]["estimate"] is None
    assert "NaN" not in json.dumps(chart.for_screen)
    areas = [one for one in chart.spec["layer"] if one["mark"].get("type") == "area"]
    assert all(one["mark"]["invalid"] == "break-paths-show-domains" for one in areas)


def test_screen_has_every_session_and_answers_the_pointer_print_does_not() -> None:
    full = path()
    chart = band_chart([Line("one", full)], frame(full))
    assert len(chart.for_screen["datasets"]["path0"]) == len(full)
    assert len(chart.for_print["datasets"]["path0"]) < len(full) / 4
    assert "params" in json.dumps(chart.for_screen["layer"])
    assert "params" not in json.dumps(chart.for_print["layer"])


def test_no_chart_asks_for_data_elsewhere() -> None:
    full = path()
    text = json.dumps(band_chart([Line("one", full)], frame(full)).for_screen)
    assert "url" not in text
    assert "http" not in text


@pytest.mark.parametrize("simulated", [True, False])
def test_charts_of_simulated_data_say_so(simulated: bool) -> None:
    full = path()
    square = pd.DataFrame(np.eye(3))
    charts = [
        band_chart([Line("one", full)], frame(full, simulated=simulated)),
        forest_chart([Effect("a", 1.0, 0.5, 1.5, "plain", "1")], axis="x", simulated=simulated),
        specification_chart(
            [Specification("a", 1, 0, 2), Specification("b", 2, 1, 3)],
            marks=((0.0, "zero"), (1.0, "size of interest")),
            simulated=simulated,
        ),
        waterfall_chart([Waterfall("a", "", [Step("x", -1.0, -2.0, 0.0)], -1.0)], ["x"], "sum", simulated=simulated),
        moved_chart([MovedRow("a", "b", [[MovedCell("1", True, "w")]])], [("base", ["+1"])], simulated=simulated),
        paired_chart(
            [Paired("a", (1, 0, 2), (2, 1, 3), 1.5, "t")], ("x", "y"), axis="z", mark="m", simulated=simulated
        ),
        network_chart(flows_table(), ("#000000",) * 3, simulated=simulated),
        waiting_chart(
            pd.DataFrame({"a": [1.0, 0.5]}, index=[0, 21]), ("#000000",), axis="z", height=90, simulated=simulated
        ),
        fan_chart(fan(), axis="z", height=90, simulated=simulated),
        fans_chart([Fan("a", fan().loc[0:], (-1.0, 2.0), "#000000")], simulated=simulated),
        density_chart(normal(-1.0), size=1.0, unit="%", simulated=simulated),
        ridges_chart([Ridges("calm days", "#000000", log_normal())], axis="%", simulated=simulated),
        matrix_chart([("Calm", square)], ["a", "b", "c"], ["a", "b", "c"], simulated=simulated),
    ]
    for chart in charts:
        assert (SIMULATED_MARK in json.dumps(chart.for_print)) == simulated


def test_plots_share_their_left_edge_and_width() -> None:
    full = path()
    wide = band_chart([Line("a very long label", full)], frame(full))
    narrow = band_chart([Line("b", full)], frame(full), claimed=(0.0, 0.5, "claimed: 0 to 0.5"))
    assert wide.spec["width"] == narrow.spec["width"]
    assert wide.spec["padding"]["left"] == narrow.spec["padding"]["left"]
    assert wide.spec["autosize"] == {"type": "none"}


def test_intervals_that_leave_the_forest_end_in_an_arrow() -> None:
    chart = forest_chart([Effect("a", 0.0, -90.0, 2.0, "plain", "")], axis="x", limit=6.0)
    row = chart.data["rows"][0]
    assert row["cut"] == row["low"] == -6.0
    assert row["cut_high"] is None


def test_spells_of_stress_are_joined_when_close() -> None:
    index = pd.bdate_range("2020-01-01", periods=60)
    stress = pd.Series(False, index=index)
    stress.iloc[[5, 6, 9, 40]] = True
    assert spells(stress) == ((index[5], index[10]), (index[40], index[41]))
    assert spells(stress & False) == ()


def test_drawdowns_start_at_zero_and_are_never_positive() -> None:
    returns = pd.DataFrame({"a": [0.0, 10.0, -12.0, 21.0]})
    assert drawdowns(returns)["a"].round(6).tolist() == [0.0, 0.0, -20.0, 0.0]


def test_missing_values_get_no_label() -> None:
    assert [row["text"] for row in label_rows([(math.nan, "gone", "#000000"), (0.5, "here", "#000000")], (0, 1))] == [
        "here"
    ]


def test_plotted_values_are_plain_json() -> None:
    table = pd.DataFrame(
        {
            "f": [np.float64(1 / 3), np.nan],
            "b": [np.bool_(True), False],
            "t": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        }
    )
    assert records(table) == [{"f": 0.33333, "b": True, "t": "2020-01-01"}, {"f": None, "b": False, "t": "2021-01-01"}]


def test_the_palette_stands_out_on_both_papers() -> None:
    check_palette()
    assert set(SERIES) <= set(DARK)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (path(), "band"),
        (path()[["estimate"]].rename(columns={"estimate": "filtered"}), "probability"),
        (path()[["estimate"]], "lines"),
        (path(80)[["estimate"]], "window"),
        (pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"]), "matrix"),
        (pd.DataFrame({"estimate": [1.0], "lower": [0.0], "upper": [2.0]}, index=["a"]), "forest"),
        (pd.DataFrame({"value": [1.0, 2.0], "density": [0.5, 0.5]}), "density"),
        (log_normal(), "ridges"),
        (pd.DataFrame({"words": ["a"]}), "table"),
        (pd.DataFrame(), "table"),
        (flows_table(), "network"),
        (pd.DataFrame({"1 session": [1.0], "21 sessions": [0.5]}, index=["Gold (4 falls)"]), "waiting"),
        (fan().set_axis(["day −1", "day +0", "day +1"], axis=0), "fan"),
    ],
)
def test_exhibits_are_drawn_by_what_they_hold(table: pd.DataFrame, expected: str) -> None:
    assert shape(table) == expected


def test_any_exhibit_becomes_a_figure_or_a_table() -> None:
    study = evidence()
    verdict = study.verdicts[0]
    frames = [path(), path()[["estimate"]], path(40), pd.DataFrame({"a": [1, 2], "b": ["x", None]}), pd.DataFrame()]
    frames.append(pd.DataFrame({"value": np.linspace(-1, 1, 50), "density": np.ones(50)}))
    strange = replace(verdict, exhibits=tuple(Exhibit(f"odd {i}", one, "", "A note") for i, one in enumerate(frames)))
    shown = displays(strange, Setting(study))
    assert len(shown) == len(frames) - 1
    assert all(isinstance(one, (Figure, Table)) for one in shown)
    assert len({one.key for one in shown}) == len(shown)


def test_net_flows_run_from_giver_to_taker_and_balance() -> None:
    flows = net_flows(flows_table())
    assert flows[0] == ("b", "a", 10.0)
    assert ("a", "c", 2.0) in flows
    chart = network_chart(flows_table(), ("#000000",) * 3)
    assert [row["text"].split(":")[0] for row in chart.data["lines"]] == ["b to a", "a to c"]
    balance = {row["text"] for row in chart.data["words"] if row["weight"] == 600 and row["align"] == "right"}
    assert {"+10.0", "−8.0", "−2.0"} <= balance


def test_waterfall_bars_start_where_the_one_above_ends() -> None:
    steps = [Step("x", -2.0, -3.0, -1.0), Step("y", 0.5), Step("z", -1.0)]
    chart = waterfall_chart([Waterfall("a", "", steps, -2.5)], ["x", "y", "z"], "sum")
    bars = chart.data["bars"]
    assert bars[1]["x"] == pytest.approx(bars[0]["x"])
    assert bars[2]["x2"] == pytest.approx(bars[1]["x2"])
    assert bars[3]["x"] == pytest.approx(bars[2]["x"])
    assert bars[3]["x2"] == pytest.approx(bars[0]["x2"])
    assert len(chart.data["whiskers"]) == 1


def test_shares_still_waiting_start_at_one_and_step_down() -> None:
    study = evidence()
    frame = pd.DataFrame({"1 session": [0.8], "21 sessions": [0.4], "63 sessions": [0.0]}, index=["Gold (5 falls)"])
    strange = replace(study.verdicts[0], exhibits=(Exhibit("share not yet calm", frame, "share of episodes", "n"),))
    (figure,) = displays(strange, Setting(study))
    assert isinstance(figure, Figure)
    assert [row["share"] for row in figure.chart.data["waiting0"]] == [1.0, 0.8, 0.4, 0.0]
    assert figure.title == "Share not yet calm after 21 sessions: 40\N{NO-BREAK SPACE}% of gold"


def test_plots_grow_where_the_page_has_room() -> None:
    study = evidence()
    verdict = study.verdicts[2]
    low, high = (displays(verdict, Setting(study), height)[0] for height in (98, 160))
    assert isinstance(low, Figure)
    assert isinstance(high, Figure)
    assert high.chart.height - low.chart.height == 62
    assert (low.key, low.title) == (high.key, high.title)


def axis_labels(chart: Chart) -> list[str]:
    """What the drawn chart prints beside its ticks."""
    svg = vl_convert.vegalite_to_svg(json.dumps(chart.for_print))
    groups = re.findall(r'class="mark-text role-axis-label".*?</g>', svg, flags=re.DOTALL)
    return [text for group in groups for text in re.findall(r">([^<>]+)</text>", group)]


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 1000.0])
def test_no_two_ticks_of_an_axis_carry_the_same_label(scale: float) -> None:
    specifications = [Specification(str(i), i * scale, (i - 1) * scale, (i + 1) * scale) for i in range(3)]
    labels = axis_labels(specification_chart(specifications, marks=((0.0, "zero"),)))
    assert len(labels) >= 3
    assert len(set(labels)) == len(labels)
    read = sorted(float(one.replace("−", "-").replace(",", "")) for one in labels)
    assert np.ptp(np.diff(read)) < 1e-9 * scale


def test_names_in_the_grid_of_moved_windows_wrap_and_lose_nothing() -> None:
    label = "C16  The falls came from deleveraging rather than from worse fundamentals, and from nothing else at all"
    rows = [MovedRow(one, "measured " * 12, [[MovedCell("1", True, "w")]]) for one in (label, "C17  short")]
    chart = moved_chart(rows, [("base", ["+1"])])
    lines = [word for word in chart.data["words"] if word["align"] == "left"]
    bold = [str(word["text"]) for word in lines if word["weight"] == 600]
    assert " ".join(bold[:-1]).split() == label.split()
    assert all(a["y"] + 9.0 <= b["y"] for a, b in pairwise(lines))
    assert max(one["y"] for one in lines) < chart.height


def test_a_density_divides_at_the_region_of_equivalence() -> None:
    found = shares(normal(-1.0, 2.0), 1.5)
    wanted = Shares(*np.diff([0.0, norm.cdf(-0.25), norm.cdf(1.25), 1.0]))
    assert [found.below, found.inside, found.above] == pytest.approx(
        [wanted.below, wanted.inside, wanted.above], abs=1e-4
    )
    chart = density_chart(normal(-1.0, 2.0), size=1.5, unit="%")
    assert [row["text"] for row in chart.data["shares"]] == [f"{one}\N{NO-BREAK SPACE}%" for one in (40, 49, 11)]


def test_a_density_shows_the_verdicts_own_interval_even_beyond_it() -> None:
    estimate = Estimate(-1.0, 4.0, -9.0, 7.0, 0.95, 100, "%", "")
    chart = density_chart(normal(-1.0, 0.5), size=1.5, unit="%", estimate=estimate)
    (bar,) = chart.data["interval"]
    assert (bar["low"], bar["value"], bar["high"]) == (-9.0, -1.0, 7.0)
    assert '"domain": [-9.0, 7.0]' in json.dumps(chart.spec)


def test_ridges_print_the_medians_of_their_samples() -> None:
    calm, stress = Ridges("calm days", "#1f5a96", log_normal()), Ridges("days of stress", "#b5382a", log_normal())
    assert calm.median("wild") == pytest.approx(math.exp(4.0), rel=0.03)
    assert calm.median("calm") == pytest.approx(math.exp(2.0), rel=0.01)
    chart = ridges_chart([calm, stress], axis="%")
    assert [row["asset"] for row in chart.data["rows"]] == ["wild", "calm"]
    assert [row["medians"] for row in chart.data["rows"]] == ["53 → 53", "7 → 7"]
    assert all(row["y"] <= row["base"] for row in chart.data["ridges"])


def test_neighbouring_fans_share_a_figure_and_equal_ones_their_scale() -> None:
    study = evidence()
    days = [f"day {number}" for number in range(8)]
    up, flat = np.linspace(0.0, 7.0, 8), np.zeros(8)

    def exhibit(name: str, size: float, count: int) -> Exhibit:
        rows = pd.DataFrame({"estimate": size * up, "lower": size * up / 2.0, "upper": 2.0 * size * up}, index=days)
        return Exhibit(name, rows.iloc[:count], "%", "A note")

    calm = Exhibit(
        "return of gold, short window",
        pd.DataFrame(dict.fromkeys(("estimate", "lower", "upper"), flat), index=days),
        "%",
        "",
    )
    exhibits = (calm, exhibit("return of oil, short window", 1.0, 8), exhibit("return of oil, long window", 9.0, 5))
    (figure,) = displays(replace(study.verdicts[0], exhibits=exhibits), Setting(study))
    assert isinstance(figure, Figure)
    assert figure.title == (
        "Return: at the end the band leaves zero outside for oil (short window) and oil (long window), of three"
    )
    words = [row["text"] for row in figure.chart.data["labels"]]
    assert {"Gold, short window", "Oil, short window", "Oil, long window"} <= set(words)
    assert words.count("day 7") == 2
    assert words.count("10") == 2

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import text

finite = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "expected"),
    [
        (-7.94, 1, False, "−7.9"),
        (0.07, 2, True, "+0.07"),
        (-0.004, 2, False, "0.00"),
        (0.0, 2, True, "0.00"),
        (2864, 0, False, "2,864"),
        (None, 2, False, "–"),
        (math.nan, 2, False, "…"),
        (-math.inf, 2, False, "…"),
    ],
)
def test_numbers_have_fixed_decimals_a_true_minus_and_marks_for_what_is_missing(
    value: float | None, decimals: int, signed: bool, expected: str
) -> None:
    assert text.number(value, decimals, signed=signed) == expected


@given(finite, st.integers(0, 5))
def test_a_printed_number_reads_back_within_its_last_decimal(value: float, decimals: int) -> None:
    printed = text.number(value, decimals)
    assert float(printed.replace("−", "-").replace(",", "")) == pytest.approx(value, abs=0.51 * 10.0**-decimals)
    assert not printed.startswith("−0.") or float(printed.replace("−", "-").replace(",", "")) != 0.0


@given(st.floats())
def test_no_number_is_ever_printed_as_nan_or_inf(value: float) -> None:
    for printed in (text.number(value), text.quantity(value, "%"), text.share(value), text.interval(value, value)):
        assert not re.search(r"nan|inf", printed, re.IGNORECASE)


@given(finite, st.sampled_from(["%", "bp", "sessions", "event sd"]))
def test_a_quantity_never_loses_its_unit(value: float, unit: str) -> None:
    assert text.quantity(value, unit).endswith(f"\N{NO-BREAK SPACE}{unit}")


@given(finite, finite)
def test_intervals_keep_their_order(one: float, other: float) -> None:
    lower, upper = sorted((one, other))
    printed = text.interval(lower, upper)
    low, high = printed.strip("[]").split(",\N{NO-BREAK SPACE}")
    numbers = [float(part.replace("−", "-").replace(",", "")) for part in (low, high)]
    assert numbers[0] <= numbers[1]


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.0, "< .001"), (0.00049, "< .001"), (0.0421, ".042"), (0.9, ".900"), (0.9996, "> .999"), (1.0, "1.000")],
)
def test_p_values_are_exact_to_three_decimals_and_never_zero(p: float, expected: str) -> None:
    assert text.p_value(p).replace("\N{NO-BREAK SPACE}", " ") == expected


@given(st.floats(0.0, 1.0))
def test_a_p_value_is_never_printed_as_zero(p: float) -> None:
    assert text.p_value(p) not in {".000", "0", "0.000"}


@given(st.floats(0.0, 1.0))
def test_nothing_and_all_are_printed_only_when_exact(share: float) -> None:
    printed = text.share(share).replace("\N{NO-BREAK SPACE}", " ")
    assert (printed == "0 %") == (share == 0.0)
    assert (printed == "100 %") == (share == 1.0)


def test_names_in_sentences() -> None:
    names = ["Gold miners", "Bitcoin", "S&P 500", "VIX", "Nasdaq 100", "Bitcoin's weight", "Crude oil (WTI)"]
    expected = ["gold miners", "Bitcoin", "S&P 500", "VIX", "Nasdaq 100", "Bitcoin's weight", "crude oil (WTI)"]
    assert [text.in_sentence(name) for name in names] == expected
    assert text.named_the("Nasdaq 100") == "the Nasdaq 100"
    assert text.possessive("gold miners") == "gold miners’"


def test_sentences_keep_names_and_gain_the_editions_typography() -> None:
    assert text.sentence("cDCC on -0.5 to 95%") == "cDCC on −0.5 to 95\N{NO-BREAK SPACE}%."
    assert text.sentence("btc-usd.csv has gaps") == "btc-usd.csv has gaps."
    assert text.sentence("ends on 2026-02-06") == "Ends on 2026-02-06."
    assert text.sentence("") == ""


def test_lists_counts_and_days() -> None:
    assert text.listing(["a"]) == "a"
    assert text.listing(["a", "b", "c"]) == "a, b and c"
    assert [text.count(n) for n in (0, 1, 12, 13, 2864)] == ["no", "one", "twelve", "13", "2,864"]
    assert text.plural(1, "session") == "one session"
    assert text.plural(2, "check misses", "checks miss") == "two checks miss"
    assert text.day_in_words(date(2026, 2, 6)) == "6\N{NO-BREAK SPACE}February 2026"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("1000 draws; 2922 sessions", "1,000 draws; 2,922 sessions"),
        ("10000 parameter draws", "10,000 parameter draws"),
        ("from 2020 on, edition of 2026-02-08, seed 20260208", "from 2020 on, edition of 2026-02-08, seed 20260208"),
        ("999 resamples", "999 resamples"),
    ],
)
def test_counts_are_grouped_and_years_are_not(written: str, printed: str) -> None:
    assert text.tidy(written) == printed


@pytest.mark.parametrize(("values", "decimals"), [((-1, 0, 1), 0), ((-0.1, -0.05, 0.0), 2), ((0.0, 0.15, 0.3), 2)])
def test_an_axis_takes_the_decimals_that_its_values_need(values: tuple[float, ...], decimals: int) -> None:
    assert text.needed_decimals(values) == decimals

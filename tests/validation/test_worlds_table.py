"""The table of the worlds: who is held to what, and what is a miss."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from models.claims import Outcome
from tests.validation.worlds import SHOWN, fewer_draws
from tests.validation.worlds_table import Row, family_wise, rows, section


def entry(
    truth: str,
    outcome: Outcome,
    *,
    effect: float = 1.0,
    mde80: float | None = None,
    std_error: float | None = None,
    effects: tuple[float, ...] = (),
) -> dict[str, Any]:
    part = {"effect": effect, "mde80": mde80, "std_error": std_error, "sesoi": 0.1}
    return {"truth": truth, "outcome": outcome.value, "parts": [part], "effects": effects}


def row(world: str, truth: str, *, claim: str = "C03", seen: bool | None = None, **counts: int) -> Row:
    names = {"s": Outcome.SUPPORTED, "m": Outcome.MIXED, "n": Outcome.NOT_SUPPORTED, "t": Outcome.NOT_TESTABLE}
    return Row(world, claim, truth, Counter({names[key].value: count for key, count in counts.items()}), seen)


@pytest.mark.parametrize(
    ("one", "met"),
    [
        (row("B", "false", s=5, n=95), True),
        (row("B", "false", s=6, n=94), False),
        (row("B", "trivial", s=99, n=1), None),
        (row("A", "true", s=80, m=20), True),
        (row("A", "true", s=79, m=21), False),
        (row("A", "true", seen=False, s=10, m=90), None),
        (row("A", "true", claim="C05", s=10, m=90), None),
        (row("A", "false", s=50, m=50), None),
        (row("C", "true", n=5, s=95), True),
        (row("C", "true", n=6, s=94), False),
        (row("C", "false", s=6, n=94), False),
        (row("C", "between", s=50, n=50), None),
        (row("B", "false", s=9, n=10), None),
        (row("B", "false", s=30, t=70), False),
        (row("B", "false", n=30, t=70), True),
        (row("C", "false", s=6, t=94), False),
        (row("A", "true", s=30, t=70), None),
    ],
)
def test_each_world_asks_for_something_else(one: Row, met: bool | None) -> None:
    assert one.met is met
    assert bool(one.target) is (met is not None)


def test_a_claim_is_split_by_its_truth() -> None:
    records = [{"C26": entry("true", Outcome.SUPPORTED)}, {"C26": entry("false", Outcome.MIXED)}]
    assert [(one.truth, one.histories) for one in rows("A", records)] == [("false", 1), ("true", 1)]


def test_a_design_sees_what_its_median_detectable_effect_reaches() -> None:
    records = [{"C03": entry("true", Outcome.MIXED, effect=1.0, mde80=size)} for size in (0.5, 0.9, 2.0)]
    assert rows("A", records)[0].seen is True
    records = [{"C03": entry("true", Outcome.MIXED, effect=1.0, mde80=size)} for size in (0.5, 1.1, 2.0)]
    assert rows("A", records)[0].seen is False
    assert rows("A", [{"C01": entry("true", Outcome.SUPPORTED)}])[0].seen is None


@pytest.mark.parametrize(("std_error", "seen"), [(0.35, True), (0.37, False)])
def test_a_part_with_a_rule_of_its_own_is_seen_by_its_standard_error(std_error: float, seen: bool) -> None:
    record = {"C11": entry("true", Outcome.SUPPORTED, effect=1.0, std_error=std_error)}
    assert rows("A", [record])[0].seen is seen


@pytest.mark.parametrize(("found", "remark"), [(17, "met: 17 of the 20"), (15, "**missed**: 15 of the 20")])
def test_a_statement_whose_size_is_drawn_is_held_to_the_histories_that_can_show_it(found: int, remark: str) -> None:
    """Estimates picked for their size say nothing of what is there: the true effect of the history decides."""
    shown = [
        {"C12": entry("true", outcome, effect=9.0, mde80=1.0, effects=(1.5,))}
        for outcome in [Outcome.SUPPORTED] * found + [Outcome.MIXED] * (20 - found)
    ]
    hidden = [{"C12": entry("true", Outcome.MIXED, effect=9.0, mde80=2.0, effects=(1.5,))}] * 30
    (one,) = rows("A", shown + hidden)
    assert one.histories == 50
    assert one.target == "supported ≥ 80%"
    assert one.remark == f"{remark} in which the design can see it"
    (few,) = rows("A", shown[:19] + hidden)
    assert few.target == ""
    assert few.remark == "the design cannot see an effect of this size"


def test_family_wise_counts_histories_not_claims() -> None:
    wrong, right = entry("false", Outcome.SUPPORTED), entry("false", Outcome.INCONCLUSIVE)
    trivial = entry("trivial", Outcome.SUPPORTED)
    records = [{"C03": wrong, "C04": wrong}, {"C03": right, "C04": right}, {"C09": trivial, "C03": right}]
    assert family_wise(records) == pytest.approx(1.0 / 3.0)


def test_misses_are_named() -> None:
    records = {"B": [{"C03": entry("false", Outcome.SUPPORTED)}] * 20}
    written = section(records, "How.")
    assert "1 of 1 targets are missed: C03 in world B" in written
    assert "100.0% of the histories (target ≤ 10%, **missed**)" in written
    fine = section({"B": [{"C03": entry("false", Outcome.INCONCLUSIVE)}] * 20}, "How.")
    assert "All 1 targets are met." in fine


def test_what_the_worlds_leave_out_exists_and_is_put_back() -> None:
    from models.claims import c07_credit_and_liquidity as claim
    from models.claims import machine

    before = claim._readings, machine.moved_windows
    with fewer_draws():
        assert claim._readings() == SHOWN["_readings"]
        assert machine.moved_windows() == ()
    assert (claim._readings, machine.moved_windows) == before

"""The smallest move that changes a verdict, against a search over a grid of moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from models.claims.flips import nearest_flip, nearest_flips
from models.claims.rule import conjunction, judge_effect
from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable

NEEDED = 2.0 / 3.0


def effect(value: float, half: float) -> Estimate:
    return Estimate(value, half / 1.96, value - half, value + half, 0.95, 100, "", "made up")


def part(value: float, half: float, sesoi: float = 0.1) -> Part:
    made = effect(value, half)
    ruling = judge_effect(made, sesoi, p_adjusted=None, specifications=None)
    return Part("an effect", made, sesoi, 0.5, None, ruling.outcome, ruling.reason)


def verdict(*parts: Part, kind: str = "single", name: str = "C03") -> Verdict:
    return Verdict(
        id=name,
        statement="Something",
        section="",
        family="dependence",
        kind=kind,
        outcome=conjunction([one.outcome for one in parts]),
        reason="",
        headline=parts[0].effect,
        headline_label="effect",
        parts=parts,
        p_value=None,
        p_holm=None,
        p_bh=None,
        n=100,
        n_events=None,
        window="",
        data_kind="real",
        seed=0,
    )


@given(st.floats(-0.5, 0.5), st.floats(0.02, 0.4))
@example(-0.251953125, 0.3515625)
def test_no_smaller_move_changes_the_verdict_and_this_one_does(value: float, half: float) -> None:
    one = verdict(part(value, half))
    found = nearest_flip(one, share_needed=NEEDED)
    assert found is not None
    size = found.distance * half / 1.96
    assume(size > 1e-4)
    for move in np.linspace(-0.999 * size, 0.999 * size, 41):
        moved = judge_effect(effect(value + move, half), 0.1, p_adjusted=None, specifications=None).outcome
        assert moved is one.outcome
    ends = {
        judge_effect(effect(value + side * 1.001 * size, half), 0.1, p_adjusted=None, specifications=None).outcome
        for side in (-1.0, 1.0)
    }
    assert found.after in ends
    assert found.needed == pytest.approx(value + size, abs=1e-4) or found.needed == pytest.approx(
        value - size, abs=1e-4
    )


def test_an_excluded_effect_needs_its_upper_limit_at_the_size_of_interest() -> None:
    found = nearest_flip(verdict(part(-0.2, 0.1)), share_needed=NEEDED)
    assert found is not None
    assert (found.before, found.after) == (Outcome.NOT_SUPPORTED, Outcome.INCONCLUSIVE)
    assert found.needed == pytest.approx(0.0)
    assert found.distance == pytest.approx(0.2 / (0.1 / 1.96), rel=1e-4)


def test_of_two_parts_that_fail_neither_alone_turns_the_verdict() -> None:
    assert nearest_flip(verdict(part(-0.2, 0.1), part(-0.3, 0.1), kind="conjunctive"), share_needed=NEEDED) is None


def test_a_failing_part_beside_one_that_stands_decides() -> None:
    found = nearest_flip(verdict(part(0.5, 0.1), part(0.03, 0.06), kind="conjunctive"), share_needed=NEEDED)
    assert found is not None
    assert (found.before, found.after) == (Outcome.NOT_SUPPORTED, Outcome.INCONCLUSIVE)
    assert found.needed == pytest.approx(0.04)


def test_rules_of_their_own_and_bare_facts_are_left_out() -> None:
    own = replace(part(0.5, 0.1), outcome=Outcome.MIXED)
    assert nearest_flip(verdict(own), share_needed=NEEDED) is None
    agreeing = replace(part(0.5, 0.1), general=False)
    assert nearest_flip(verdict(agreeing), share_needed=NEEDED) is None
    assert nearest_flip(verdict(part(0.5, 0.1), kind="judged apart"), share_needed=NEEDED) is None
    bare = replace(part(0.5, 0.1), effect=effect(0.5, 0.0))
    assert nearest_flip(verdict(bare), share_needed=NEEDED) is None
    missing = replace(part(0.5, 0.1), effect=NotDecidable("no data"), outcome=Outcome.NOT_TESTABLE)
    assert nearest_flip(verdict(missing), share_needed=NEEDED) is None
    assert nearest_flip(verdict(part(0.5, 0.1), kind="range"), share_needed=NEEDED) is None


def test_the_nearest_come_first() -> None:
    far, near = verdict(part(-0.9, 0.1), name="C04"), verdict(part(0.01, 0.1), name="C05")
    assert [one.claim for one in nearest_flips((far, near), 5, share_needed=NEEDED)] == ["C05", "C04"]
    assert len(nearest_flips((far, near), 1, share_needed=NEEDED)) == 1


def test_each_of_two_counterexamples_must_stand() -> None:
    found = nearest_flip(verdict(part(0.5, 0.1), part(0.3, 0.25), kind="existential"), share_needed=NEEDED)
    assert found is not None
    assert (found.before, found.after) == (Outcome.SUPPORTED, Outcome.INCONCLUSIVE)
    assert found.needed == pytest.approx(0.25)


def test_the_familys_correction_turns_a_supported_part_before_zero_does() -> None:
    alone = nearest_flip(verdict(part(0.5, 0.2)), share_needed=NEEDED)
    among_five = nearest_flip(verdict(replace(part(0.5, 0.2), correction=5.0)), share_needed=NEEDED)
    assert alone is not None
    assert among_five is not None
    assert (among_five.before, among_five.after) == (Outcome.SUPPORTED, Outcome.MIXED)
    assert alone.needed == pytest.approx(0.2)
    assert among_five.needed == pytest.approx(0.2 / 1.959964 * 2.575829, rel=1e-5)


def test_specifications_that_do_not_agree_are_not_turned_by_the_effect() -> None:
    fragile = replace(part(0.3, 0.1), share=0.5, median=0.2, outcome=Outcome.MIXED)
    found = nearest_flip(replace(verdict(fragile), outcome=Outcome.MIXED), share_needed=NEEDED)
    assert found is not None
    assert found.after is Outcome.INCONCLUSIVE
    assert found.needed == pytest.approx(0.1)

"""Why a verdict came out as it did: deciding parts first, two lines at most, no numbers of parts, quantities."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from evidence_factory import estimate, evidence, part
from hypothesis import given
from hypothesis import strategies as st

from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import Estimate, NotDecidable
from reports.narrative import reading
from reports.quoted import MARGINS, decisive, quoted
from reports.reasons import DECIDING, INTRODUCTIONS, ROOM, part_label, reason, short_reason

STUDY = evidence()
BASE = STUDY.verdicts[0]


def verdict(outcome: Outcome, *parts: Part, words: str = "The reason.", claim: str = "C01") -> Verdict:
    return replace(BASE, id=claim, outcome=outcome, parts=parts, reason=words, headline=parts[0].effect)


def leg(label: str, outcome: Outcome, why: str = "because") -> Part:
    return part(label, estimate(0.2, 0.1), 0.1, outcome, why, 0.1)


def test_the_parts_that_decided_stand_first_and_alone() -> None:
    mixed = verdict(
        Outcome.NOT_SUPPORTED,
        leg("the state was turbulent", Outcome.NOT_SUPPORTED),
        leg("fear stood high", Outcome.SUPPORTED, "it did"),
    )
    assert short_reason(mixed) == "Not so: the state was turbulent."


def test_assets_that_say_the_same_say_it_once() -> None:
    parts = [
        leg(f"{asset}: growth explains much", Outcome.NOT_SUPPORTED, why)
        for asset, why in (("Bitcoin", "small"), ("Gold miners", "none"))
    ]
    assert short_reason(verdict(Outcome.NOT_SUPPORTED, *parts)) == (
        "Not so: growth explains much, for Bitcoin and gold miners."
    )


def test_a_colon_inside_brackets_names_no_asset() -> None:
    failed = leg("Bitcoin failed once (first half: lost 55 %)", Outcome.NOT_SUPPORTED)
    other = leg("the miners did not", Outcome.SUPPORTED, "they held")
    expected = "Not so: Bitcoin failed once (first half: lost 55 %)."
    assert short_reason(verdict(Outcome.NOT_SUPPORTED, failed, other)) == expected


def test_one_reason_that_all_parts_share_is_given_as_it_is() -> None:
    same = "no effect and the claimed effect are both compatible with the data"
    both = verdict(
        Outcome.INCONCLUSIVE, *(leg(f"part {i}", Outcome.INCONCLUSIVE, same) for i in (1, 2)), words=f"{same}."
    )
    assert short_reason(both) == f"{same[0].upper()}{same[1:]}."


def test_numbers_of_parts_and_ambiguous_words_are_replaced() -> None:
    words = "Fails: C11b: their beta exceeds 1. Stands: the miners were overextended (C20a)."
    found = reason(verdict(Outcome.NOT_SUPPORTED, leg("C11b: their beta", Outcome.NOT_SUPPORTED), words=words))
    assert found == "Not so: their beta exceeds 1. Holds: the miners were overextended."
    assert part_label(leg("overextended miners return less (C20b)", Outcome.MIXED)) == "overextended miners return less"


@given(outcome=st.sampled_from(list(Outcome)), texts=st.lists(st.text("abc ", min_size=5, max_size=40), min_size=2))
def test_page_one_gets_no_more_than_its_room_beyond_a_first_part(outcome: Outcome, texts: list[str]) -> None:
    parts = [leg(text, list(Outcome)[i % 5], str(i)) for i, text in enumerate(texts)]
    words = short_reason(verdict(outcome, *parts))
    assert len(words) <= ROOM + 30
    decided = [one for one in parts if one.outcome in DECIDING[outcome]]
    if decided:
        assert any(words.startswith(INTRODUCTIONS[one]) for one in DECIDING[outcome])


def test_every_deciding_outcome_has_an_introduction() -> None:
    assert set(INTRODUCTIONS) == set(DECIDING) == set(Outcome)
    assert len(set(INTRODUCTIONS.values())) == len(Outcome)


@pytest.mark.parametrize(("claim", "position"), list(MARGINS))
def test_a_margin_becomes_its_quantity_and_keeps_its_verdict(claim: str, position: int) -> None:
    """The quantity passes what is asked of it exactly where the margin passes the size of interest."""
    margin = MARGINS[claim, position]
    for value, sesoi in product((-0.3, 0.05, 0.4), (0.0, 0.1)):
        parts = [part(f"part {i}", estimate(value, 0.1), sesoi, Outcome.MIXED, "r", 0.1) for i in range(position + 1)]
        one = quoted(verdict(Outcome.MIXED, *parts, claim=claim), STUDY.study)[position]
        assert isinstance(one.effect, Estimate)
        assert one.effect.lower < one.effect.value < one.effect.upper
        reached = one.effect.value <= one.needed if margin.asked == "below" else one.effect.value >= one.needed
        assert reached is (value >= sesoi)


def test_the_half_life_and_the_beta_are_printed_themselves() -> None:
    margin = part("the half-life less 10 sessions is positive", estimate(9.2, 4.0), 0.0, Outcome.INCONCLUSIVE, "r", 0.1)
    state = quoted(verdict(Outcome.INCONCLUSIVE, margin, margin, margin, margin, claim="C22"), STUDY.study)
    assert isinstance(state[3].effect, Estimate)
    assert state[3].effect.value == pytest.approx(19.2)
    assert state[3].needed == pytest.approx(10.0)
    slope = part("its slope is at most 0.1", estimate(0.175, 0.1), 0.0, Outcome.SUPPORTED, "r", 0.1)
    haven = quoted(verdict(Outcome.SUPPORTED, slope, slope, slope, claim="C23"), STUDY.study)[2]
    assert isinstance(haven.effect, Estimate)
    assert haven.effect.value == pytest.approx(-0.075)
    assert (haven.effect.lower, haven.effect.upper) == pytest.approx((-0.175, 0.025))
    assert haven.below


def test_page_one_prints_the_number_that_decided() -> None:
    state = part("overextended", estimate(4.7, 0.1), 2.0, Outcome.SUPPORTED, "r", None)
    law = part("they return less", estimate(-2.2, 5.0), 3.0, Outcome.NOT_SUPPORTED, "r", 0.4)
    found, label = decisive(verdict(Outcome.NOT_SUPPORTED, state, law), STUDY.study)
    assert isinstance(found, Estimate)
    assert (found.value, label) == (-2.2, "they return less")
    kept, label = decisive(verdict(Outcome.SUPPORTED, state), STUDY.study)
    assert (kept, label) == (state.effect, BASE.headline_label)
    nothing = part("x", NotDecidable("no series"), 1.0, Outcome.NOT_TESTABLE, "r", None)
    assert decisive(verdict(Outcome.NOT_TESTABLE, nothing), STUDY.study)[0] == nothing.effect


def test_what_cannot_be_tested_says_why_and_prints_no_number() -> None:
    calm = part("it is the first to be calm", NotDecidable("it fell twice"), 0.3, Outcome.NOT_TESTABLE, "r", None)
    price = part("it is the first at its price", estimate(0.25, 0.4), 0.3, Outcome.INCONCLUSIVE, "u", 0.3)
    first = replace(verdict(Outcome.NOT_TESTABLE, calm, price), headline=price.effect)
    assert short_reason(first) == "Not testable: it is the first to be calm (it fell twice)."
    assert decisive(first, STUDY.study)[0] == calm.effect


@pytest.mark.parametrize(
    ("value", "sesoi", "outcome", "words"),
    [
        (-0.60, 0.0, Outcome.NOT_SUPPORTED, "The whole interval lies below that: the data contradict it."),
        (0.60, 0.0, Outcome.SUPPORTED, "The whole interval lies above that."),
        (0.30, 0.25, Outcome.SUPPORTED, "The estimate reaches that."),
        (0.05, 0.0, Outcome.INCONCLUSIVE, "Because."),
    ],
)
def test_a_quantity_is_read_against_what_is_asked_and_not_against_zero(
    value: float, sesoi: float, outcome: Outcome, words: str
) -> None:
    parts = [part(f"part {i}", estimate(value, 0.1), sesoi, outcome, "because", 0.1) for i in range(2)]
    beta = quoted(verdict(outcome, *parts, claim="C11"), STUDY.study)[1]
    assert beta.quantity == "beta on the market"
    assert reading(beta).endswith(f"asked for at least {1.0 + sesoi:.2f}. {words}")


def test_a_headline_that_belongs_to_another_asset_gives_way_to_the_part_that_decided() -> None:
    """The share of Bitcoin is the headline; the miners' share decided."""
    own = part("Bitcoin: most of it is fear", estimate(0.0, 0.2), 0.1, Outcome.INCONCLUSIVE, "u", 0.9)
    other = part("Gold miners: most of it is fear", estimate(-0.45, 0.02), 0.1, Outcome.NOT_SUPPORTED, "r", 0.01)
    judged = verdict(Outcome.NOT_SUPPORTED, own, other, claim="C16")
    shares = quoted(judged, STUDY.study)
    found, label = decisive(replace(judged, headline=shares[0].effect), STUDY.study)
    assert isinstance(found, Estimate)
    assert (found.value, label) == (pytest.approx(0.05), "share of the risk block, gold miners")

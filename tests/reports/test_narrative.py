from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from evidence_factory import estimate, evidence, part
from hypothesis import given
from hypothesis import strategies as st

from models.claims.curve_study import COLUMNS, QUOTED
from models.claims.verdict import Outcome
from models.estimate import Estimate, NotDecidable
from models.long_study import LongResult
from reports import narrative
from reports.evidence import Evidence, QuotedStudy
from reports.quoted import as_measured
from reports.text import p_clause

#: Words by which a sentence would say that a statement is false.
DENIALS = re.compile(r"\bnot\b|\bno effect was\b|\bexcluded\b|\bopposite\b|\bfails?\b|\bfalse\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def study() -> Evidence:
    return evidence()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_has_a_sign_a_word_and_a_meaning(outcome: Outcome) -> None:
    chip = narrative.chip(outcome)
    assert chip.sign
    assert chip.word.lower() == outcome.value
    assert narrative.MEANINGS[outcome].endswith(".")


def test_the_signs_differ_so_that_colour_is_not_needed() -> None:
    assert len(set(narrative.SIGNS.values())) == len(Outcome)


def test_inconclusive_never_sounds_like_no(study: Evidence) -> None:
    for verdict in study.verdicts:
        undecided = replace(verdict, outcome=Outcome.INCONCLUSIVE)
        title = narrative.finding_title(undecided, study.panel)
        assert title.startswith("Inconclusive: ")
        assert narrative.finding(undecided, study.panel) is None
    leg = part("the effect is there", estimate(0.05, 0.24), 0.1, Outcome.INCONCLUSIVE, "Undecided.", 0.7)
    assert not DENIALS.search(narrative.reading(as_measured(leg)))


def test_words_agree_with_the_verdict(study: Evidence) -> None:
    for verdict, outcome in product(study.verdicts, (Outcome.SUPPORTED, Outcome.NOT_SUPPORTED)):
        words = narrative.finding_title(replace(verdict, outcome=outcome), study.panel)
        denies = bool(re.search(r"\bnot\b|Not borne out", words))
        assert denies == (outcome is Outcome.NOT_SUPPORTED), words


@given(
    value=st.floats(-2, 2),
    half=st.floats(0.001, 2),
    sesoi=st.floats(0.01, 1),
    outcome=st.sampled_from(list(Outcome)),
    mde=st.none() | st.floats(0.01, 3),
)
def test_a_reading_never_contradicts_its_numbers(
    value: float, half: float, sesoi: float, outcome: Outcome, mde: float | None
) -> None:
    leg = replace(part("it rises", estimate(value, half), sesoi, outcome, "A reason.", 0.1), mde80=mde)
    words = narrative.reading(as_measured(leg))
    assert not re.search(r"\b(nan|inf|None)\b", words)
    assert "95\N{NO-BREAK SPACE}% interval" in words
    if "excludes zero" in words:
        assert value - half > 0.0
    if "opposite sign" in words:
        assert value + half < 0.0
    if "is excluded" in words:
        assert value + half < sesoi
    if "compatible" in words:
        assert value - half <= 0.0
        assert value + half >= sesoi


def test_an_exact_reading_has_no_interval() -> None:
    fact = Estimate(60.5, None, 60.5, 60.5, 0.95, 252, "percentile", "rank")
    leg = part("the index stood high", fact, 80.0, Outcome.NOT_SUPPORTED, "It stood below.", None)
    words = narrative.reading(as_measured(leg))
    assert "interval" not in words
    assert "below the threshold of 80.0" in words


def test_the_deck_counts_every_verdict(study: Evidence) -> None:
    assert narrative.deck(study) == (
        "Of six statements judged, one is supported, two are mixed, one is not supported, one is inconclusive and one "
        "cannot be tested here. Eight further statements cannot be decided by daily prices."
    )


def test_the_headline_states_decided_findings_only(study: Evidence) -> None:
    assert narrative.headline(study) == "Gold did not go its own way; Bitcoin moved closer to the Nasdaq 100"
    undecided = tuple(replace(one, outcome=Outcome.INCONCLUSIVE) for one in study.verdicts)
    assert narrative.headline(replace(study, verdicts=undecided)) == "These data do not decide the statements"
    assert narrative.headline(replace(study, verdicts=())) == "These data do not decide the statements"


def test_a_claim_without_words_of_its_own_speaks_with_its_statement(study: Evidence) -> None:
    strange = replace(study.verdicts[0], id="C99", statement="Oil leads", outcome=Outcome.MIXED)
    assert narrative.finding_title(strange, study.panel) == "Only in part: Oil leads"


def test_titles_of_paths_survive_missing_values(study: Evidence) -> None:
    path = next(iter(study.suite.correlations.values()))
    empty = replace(path, frame=path.frame * float("nan"))
    assert "could not be estimated" in narrative.path_title(empty, study.panel)
    unbanded = path.frame.copy()
    unbanded.loc[unbanded.index[-1], ["lower", "upper"]] = float("nan")
    assert "band" not in narrative.path_title(replace(path, frame=unbanded), study.panel)
    assert "could not" in narrative.paths_title([empty], study.panel)


def test_the_window_title_names_the_hardest_hit(study: Evidence) -> None:
    title = narrative.window_title(study.suite.window_returns["short"], study.panel)
    assert title.replace("\N{NO-BREAK SPACE}", " ").startswith("Bitcoin lost 20.9 %")
    assert narrative.window_title(pd.DataFrame(), study.panel) == "Returns in the window"


def test_estimates_and_reasons_read_as_clauses() -> None:
    assert (
        narrative.estimate_clause(NotDecidable("the file is missing")) == "not decidable, because the file is missing"
    )
    assert "0.19 to 0.49" in narrative.estimate_clause(estimate(0.34, 0.15))


def test_the_joint_test_of_a_curve_quotes_the_bound_and_what_was_drawn(study: Evidence) -> None:
    verdict = next(one for one in study.verdicts if one.specifications)
    tested = replace(verdict, parts=(replace(verdict.parts[0], joint_p_value=0.04), *verdict.parts[1:]))
    assert f"Joint test of the curve: {p_clause(0.04)} by Rüger’s bound." in narrative.robustness(tested, ())
    row = tuple(verdict.id if head == "claim" else 0.17 if head == QUOTED else None for head in COLUMNS)
    drawn = QuotedStudy("curves", "Joint tests", LongResult(COLUMNS, (row,), (), "drawn"), same_code=True)
    said = narrative.robustness(tested, (drawn,))
    assert f"by Rüger’s bound, {p_clause(0.17)} against curves drawn without an effect." in said
    assert "without an effect (computed by older code)." in narrative.robustness(
        tested, (replace(drawn, same_code=False),)
    )
    other = replace(tested, id="C99")
    assert "drawn without" not in narrative.robustness(other, (drawn,))
    untested = replace(verdict, parts=(replace(verdict.parts[0], joint_p_value=None), *verdict.parts[1:]))
    assert "Joint test" not in narrative.robustness(untested, (drawn,))

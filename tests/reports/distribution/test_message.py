"""What a reader finds in the mailbox."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import get_args

import pytest
from distribution_world import AS_OF, WHEN, readers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.distribution import Edition
from reports.distribution.edition import Effect
from reports.distribution.languages import CONVENTIONS, Language
from reports.distribution.message import compose, message_id
from reports.distribution.stakeholders import Stakeholders


def written(edition: Edition, language: str = "en", names: tuple[str, ...] = ("brief.pdf",)) -> EmailMessage:
    people = readers(("ada@example.org", names), language=language)
    composed = compose(people.sender, people.stakeholders[0], edition, names, WHEN)
    return message_from_bytes(composed.as_bytes(), policy=default)  # type: ignore[return-value]


def text(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    return str(body.get_content())


def titled(edition: Edition, title: str) -> Edition:
    study = edition.results.study.model_copy(update={"title": title})
    return replace(edition, results=edition.results.model_copy(update={"study": study}))


def test_a_message_brings_the_files_word_for_word_under_dated_names(edition: Edition) -> None:
    message = written(edition, names=("brief.pdf", "report.pdf"))
    attached = {part.get_filename(): part for part in message.iter_attachments()}
    assert list(attached) == [f"{AS_OF}-brief.pdf", f"{AS_OF}-report.pdf"]
    for name, part in attached.items():
        assert part.get_content_type() == "application/pdf"
        assert part.get_content() == edition.files[str(name).removeprefix(f"{AS_OF}-")]


def test_its_head_names_one_reader_and_says_that_a_program_sent_it(edition: Edition) -> None:
    message = written(edition)
    assert str(message["To"]) == "Ada <ada@example.org>"
    assert str(message["From"]) == "The study <study@example.org>"
    assert str(message["Subject"]) == f"Liquidity or ideology?, edition as of {AS_OF}"
    assert message["Date"].datetime == WHEN
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Bcc" not in message


def test_the_text_answers_first_and_counts_every_verdict(edition: Edition) -> None:
    words = text(written(edition))
    results = edition.results
    assert results.edition.headline in words
    counted = [int(n) for n in re.findall(r"(\d+) (?:supported|not supported|mixed|inconclusive|not testable)", words)]
    assert sum(counted) == len(results.verdicts)
    for verdict in results.verdicts:
        assert (f"{verdict.id}  " in words) == (verdict.outcome != "not testable")
    assert "judged on data to 6 February 2026" in words
    assert "2026-02-08-brief.pdf" in words
    assert words.rstrip().endswith("Not investment advice.")


def test_it_quotes_the_number_of_page_one_and_not_another_headline(edition: Edition) -> None:
    first = edition.results.verdicts[0].model_copy(
        update={"decisive": Effect(value=0.4321, lower=0.1, upper=0.9, level=0.95), "decisive_label": "what decided"}
    )
    results = edition.results.model_copy(update={"verdicts": (first,)})
    assert "what decided: 0.43 (95\N{NO-BREAK SPACE}%: 0.10 to 0.90)" in text(
        written(replace(edition, results=results))
    )


@pytest.mark.parametrize(
    ("language", "when", "number"),
    [
        ("en", "6 February 2026", "1,234.50"),
        ("en-US", "February 6, 2026", "1,234.50"),
        ("de", "6. Februar 2026", "1.234,50"),
        ("fr", "6 février 2026", "1\N{NO-BREAK SPACE}234,50"),
        ("it", "6 febbraio 2026", "1.234,50"),
        ("es", "6 de febrero de 2026", "1.234,50"),
        ("pt", "6 de fevereiro de 2026", "1.234,50"),
        ("nl", "6 februari 2026", "1.234,50"),
    ],
)
def test_dates_and_decimals_follow_the_reader(edition: Edition, language: str, when: str, number: str) -> None:
    assert CONVENTIONS[language].day(date(2026, 2, 6)) == when
    assert CONVENTIONS[language].quantity(1234.5) == number
    assert CONVENTIONS[language].span(-10.3, -5.5, "%") == f"−10{number[-3]}3 to −5{number[-3]}5\N{NO-BREAK SPACE}%"
    words = text(written(edition, language))
    assert f"Data to:   {when}" in words
    sign = re.escape(CONVENTIONS[language].decimal)
    effects = [line for line in words.splitlines() if line.startswith("       ")]
    assert effects
    assert all(re.search(rf"\d{sign}\d", line) for line in effects)


def test_every_language_has_twelve_months_and_the_first_of_a_french_month_is_an_ordinal() -> None:
    assert set(CONVENTIONS) == set(get_args(Language))
    for convention in CONVENTIONS.values():
        assert len({convention.day(date(2026, month, 2)) for month in range(1, 13)}) == 12
    assert CONVENTIONS["fr"].day(date(2026, 3, 1)) == "1er mars 2026"


def test_a_simulated_draft_says_so_before_anything_else(edition: Edition) -> None:
    results = edition.results.model_copy(update={"mark": "SIMULATED DATA, NOT MARKET EVIDENCE"})
    drafted = replace(edition, results=results, manifest=edition.manifest.model_copy(update={"draft": True}))
    message = written(drafted)
    assert str(message["Subject"]).startswith("[SIMULATED DATA, NOT MARKET EVIDENCE] [DRAFT] ")
    assert text(message).startswith("SIMULATED DATA, NOT MARKET EVIDENCE · DRAFT")


def test_the_same_files_to_the_same_reader_have_one_identity(edition: Edition, three: Stakeholders) -> None:
    ada, bob, _ = three.stakeholders

    def named(reader: object, of: Edition, *names: str) -> str:
        return message_id(three.sender, reader, of, names)  # type: ignore[arg-type]

    first = named(ada, edition, "brief.pdf")
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", first)
    corrected = replace(edition, files={**edition.files, "brief.pdf": b"corrected"})
    assert named(ada, edition, "brief.pdf", "report.pdf") == named(ada, edition, "report.pdf", "brief.pdf")
    others = {named(bob, edition, "brief.pdf"), named(ada, corrected, "brief.pdf"), named(ada, edition, "report.pdf")}
    assert len(others | {first}) == 4


def test_the_same_message_at_the_same_time_is_the_same_bytes(edition: Edition, three: Stakeholders) -> None:
    once, again = (
        compose(three.sender, three.stakeholders[0], edition, ("brief.pdf",), WHEN).as_bytes() for _ in range(2)
    )
    assert once == again
    assert once.isascii()


@given(before=st.text(max_size=80), after=st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_no_title_of_a_study_can_add_a_header(edition: Edition, before: str, after: str) -> None:
    small = replace(edition, files={"brief.pdf": b"%PDF"})
    message = written(titled(small, f"{before}\r\nBcc: all@example.org\r\n\r\n{after}"))
    assert message.keys() == written(small).keys()
    assert "Bcc" not in message
    assert "\n" not in str(message["Subject"])

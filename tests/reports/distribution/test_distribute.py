"""Everybody gets what they asked for, nobody twice, whatever breaks on the way."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from distribution_world import ADDRESSES, AS_OF, WHEN, change_manifest, readers, remake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from post_office import PostOffice, free_port, open_office

from reports.charts.style import SIMULATED_MARK
from reports.distribution import Doubtful, Edition, Stakeholders, distribute, read_edition, write_messages
from reports.distribution.delivery import Answer, Fate, MailServer
from reports.distribution.errors import (
    BusyError,
    LedgerError,
    MailServerError,
    UndeliveredError,
    UnreachableError,
    UnsendableError,
)
from reports.distribution.ledger import open_ledger, read_ledger

ROOT = Path(__file__).resolve().parents[3]
ADA, BOB, CLEO = ADDRESSES


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "stakeholders.ledger.jsonl"


@pytest.fixture
def send(office: PostOffice, ledger: Path, edition: Edition, three: Stakeholders) -> Callable[..., list[str]]:
    """Send to the three readers, and who was sent something."""

    def sending(of: Edition = edition, to: Stakeholders = three, **options: object) -> list[str]:
        deliveries = distribute(to, of, ledger, office.server, now=lambda: WHEN, **options)  # type: ignore[arg-type]
        return [one.dispatch.reader.address for one in deliveries]

    return sending


def attached(office: PostOffice, address: str) -> list[list[str | None]]:
    return [
        [part.get_filename() for part in message.iter_attachments()] for to, message in office.accepted if to == address
    ]


# --- Who gets what ---------------------------------------------------------------------------------------------------


def test_everybody_gets_one_message_with_their_own_files_and_nobody_twice(
    office: PostOffice, send: Callable[..., list[str]]
) -> None:
    wishes = readers((ADA, ("brief.pdf",)), (BOB, ("brief.pdf", "report.pdf")))
    assert send(to=wishes) == [ADA, BOB]
    assert attached(office, ADA) == [[f"{AS_OF}-brief.pdf"]]
    assert attached(office, BOB) == [[f"{AS_OF}-brief.pdf", f"{AS_OF}-report.pdf"]]
    for address, message in office.accepted:
        assert message["To"].addresses[0].addr_spec == address
    assert send(to=wishes) == []
    assert len(office.accepted) == 2


def test_the_same_edition_made_again_is_not_sent_again_and_a_corrected_one_is(
    office: PostOffice, send: Callable[..., list[str]], out: Path, printed: dict[str, bytes]
) -> None:
    send()
    remake(out, "brief.pdf", printed["brief.pdf"])
    assert send(of=read_edition(out)) == []
    remake(out, "brief.pdf", printed["report.pdf"])
    assert send(of=read_edition(out)) == [ADA, BOB, CLEO]
    assert len(office.accepted) == 6


def test_a_reader_who_asks_for_more_gets_only_what_is_missing(
    office: PostOffice, send: Callable[..., list[str]]
) -> None:
    send(to=readers((ADA, ("brief.pdf",))))
    assert send(to=readers(("ADA@example.org", ("brief.pdf", "report.pdf")))) == ["ADA@example.org"]
    assert attached(office, "ADA@example.org") == [[f"{AS_OF}-report.pdf"]]


def test_a_file_that_the_edition_lacks_is_named_before_anything_is_sent(
    office: PostOffice, send: Callable[..., list[str]], ledger: Path
) -> None:
    wishes = readers((ADA, ("brief.pdf",)), (BOB, ("elsewhere.pdf",)))
    with pytest.raises(UnsendableError, match=rf"no elsewhere\.pdf, which {BOB} is to get.*brief\.pdf, report\.pdf"):
        send(to=wishes, force=True)
    assert not office.attempts
    assert not ledger.exists()


# --- What may not leave the house ------------------------------------------------------------------------------------


def untagged(out: Path) -> None:
    import pikepdf

    path = out / AS_OF / "brief.pdf"
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.Root["/StructTreeRoot"]
        pdf.save()
    remake(out, "brief.pdf", path.read_bytes())


def marked(out: Path) -> None:
    path = out / AS_OF / "results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mark": SIMULATED_MARK}))
    remake(out, "results.json", path.read_bytes())


def touched(out: Path) -> None:
    with (out / AS_OF / "brief.pdf").open("ab") as file:
        file.write(b"\n")


OBJECTIONS: dict[str, tuple[Callable[[Path], None], str]] = {
    "simulated": (lambda out: change_manifest(out, data_kind="simulated"), "simulated data"),
    "marked": (marked, "simulated data"),
    "draft": (lambda out: change_manifest(out, draft=True), "draft"),
    "untagged": (untagged, "fails the preflight: brief.pdf is not tagged"),
    "no pdf": (lambda out: remake(out, "brief.pdf", b"%PDF-1.7"), "fails the preflight: brief.pdf is not a whole PDF"),
    "touched": (touched, "brief.pdf changed after the preflight"),
}


@pytest.mark.parametrize("name", OBJECTIONS)
def test_what_may_not_leave_the_house_is_not_sent_without_force(
    office: PostOffice, send: Callable[..., list[str]], out: Path, name: str
) -> None:
    change, words = OBJECTIONS[name]
    change(out)
    damaged = read_edition(out)
    with pytest.raises(UnsendableError, match=rf"{words}.*nothing was sent.*FORCE=1"):
        send(of=damaged)
    assert not office.attempts
    assert send(of=damaged, force=True) == [ADA, BOB, CLEO]


def test_nothing_speaks_against_a_sound_edition(edition: Edition) -> None:
    assert edition.objections == ()


@pytest.mark.parametrize("name", ["manifest.json", "results.json"])
def test_an_edition_that_cannot_be_read_is_named(out: Path, name: str) -> None:
    path = out / AS_OF / name
    for content, words in ((None, f"lacks {name}"), ("{", "not JSON"), ("{}", "another version")):
        path.unlink() if content is None else path.write_text(content)
        with pytest.raises(UnsendableError, match=rf"{words}.*make report"):
            read_edition(out)


def test_no_edition_at_all_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsendableError, match=r"edition latest.*make report"):
        read_edition(tmp_path)


# --- What breaks on the way ------------------------------------------------------------------------------------------


def test_a_refused_address_is_reported_the_others_go_and_it_is_tried_again(
    office: PostOffice, send: Callable[..., list[str]]
) -> None:
    office.plans = {BOB: ["refuse", "refuse"]}
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(UndeliveredError, match=rf"{BOB} refused") as caught:
            send(report=said.append)
        assert caught.value.exit_code == 3
    assert any("550" in line and BOB in line for line in said)
    assert office.recipients == [ADA, CLEO]
    assert send() == [BOB]


@pytest.mark.parametrize("plan", ["later", "content later", "hang up"])
def test_a_temporary_failure_is_worth_another_run(
    office: PostOffice, send: Callable[..., list[str]], plan: str
) -> None:
    office.plans = {ADA: [plan]}
    with pytest.raises(UndeliveredError, match=ADA) as caught:
        send()
    assert caught.value.exit_code == 75
    assert office.recipients == [BOB, CLEO]
    assert send() == [ADA]


def test_an_unanswered_message_is_doubtful_and_never_sent_again_unasked(
    office: PostOffice, send: Callable[..., list[str]]
) -> None:
    office.plans = {BOB: ["swallow"]}
    for _ in range(2):
        with pytest.raises(UndeliveredError, match=rf"nobody knows.*{BOB}.*DOUBTFUL=resend") as caught:
            send()
        assert caught.value.exit_code == 3
    assert office.attempts.count(BOB) == 1
    assert office.recipients == [ADA, BOB, CLEO]
    assert send(doubtful=Doubtful.RESEND) == [BOB]
    once, again = (message for address, message in office.accepted if address == BOB)
    assert once["Message-ID"] == again["Message-ID"]
    assert send() == []


def test_a_doubtful_message_that_arrived_is_settled_by_a_person(
    office: PostOffice, send: Callable[..., list[str]]
) -> None:
    office.plans = {BOB: ["swallow"]}
    with pytest.raises(UndeliveredError):
        send()
    assert send(doubtful=Doubtful.ARRIVED) == []
    assert send() == []
    assert office.recipients == [ADA, BOB, CLEO]


def test_a_server_that_is_gone_is_named_and_the_ledger_stays_empty(
    edition: Edition, three: Stakeholders, ledger: Path
) -> None:
    with pytest.raises(UnreachableError):
        distribute(three, edition, ledger, MailServer("localhost", free_port(), "starttls", "", ""))
    assert read_ledger(ledger).events == []


def test_a_wrong_certificate_sends_nothing(
    authority: trustme.CA, trusted: Path, edition: Edition, three: Stakeholders, ledger: Path
) -> None:
    assert trusted.is_file()
    with open_office(authority, name="elsewhere.org") as office, pytest.raises(MailServerError, match="not trusted"):
        distribute(three, edition, ledger, office.server)
    assert not office.attempts


def test_a_second_run_at_the_same_time_sends_nothing(
    office: PostOffice, send: Callable[..., list[str]], ledger: Path
) -> None:
    with open_ledger(ledger), pytest.raises(BusyError):
        send()
    assert not office.attempts


def test_a_ledger_that_fills_the_disk_leaves_a_message_unended(
    office: PostOffice, send: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr("reports.distribution.ledger._sync_folder", lambda _: None)
        patched.setattr("reports.distribution.ledger.os.fsync", full)
        with pytest.raises(LedgerError, match="No space left"):
            send()
    assert office.attempts == [ADA]
    assert not office.accepted


class _Imagined:
    """A courier that accepts, refuses, loses or dies as a list of choices says."""

    def __init__(self, choices: list[str], accepted: Counter[str]) -> None:
        self._choices = choices
        self._accepted = accepted

    def deliver(self, _message: object, _sender: str, recipient: str, before_end: Callable[[], None]) -> Answer:
        choice = self._choices.pop(0) if self._choices else "accept"
        if choice == "die before":
            raise KeyboardInterrupt
        if choice == "refuse":
            return Answer(Fate.REFUSED, "550")
        before_end()
        if choice == "die at the end, not taken":
            raise KeyboardInterrupt
        if choice == "refuse the content":
            return Answer(Fate.DEFERRED, "452")
        self._accepted[recipient] += 1
        if choice == "die at the end, taken":
            raise KeyboardInterrupt
        return Answer(Fate.DOUBTFUL if choice == "no answer" else Fate.ACCEPTED, "")

    def close(self) -> None:
        pass


CHOICES = (
    "accept",
    "die before",
    "refuse",
    "refuse the content",
    "die at the end, taken",
    "die at the end, not taken",
    "no answer",
)


@given(st.lists(st.sampled_from(CHOICES), max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_breaks_nobody_gets_a_file_twice_and_who_gets_none_is_in_the_ledger(
    edition: Edition, three: Stakeholders, tmp_path_factory: pytest.TempPathFactory, choices: list[str]
) -> None:
    ledger = tmp_path_factory.mktemp("run") / "ledger.jsonl"
    small = replace(edition, files={"brief.pdf": b"%PDF"})
    accepted: Counter[str] = Counter()
    remaining = list(choices)
    server = MailServer("localhost", 1, "starttls", "", "")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("reports.distribution.dispatch.Courier", lambda _: _Imagined(remaining, accepted))
        for _ in range(len(choices) + 1):
            try:
                distribute(three, small, ledger, server, now=lambda: WHEN)
            except (KeyboardInterrupt, UndeliveredError):
                continue
            break
    assert all(n == 1 for n in accepted.values())
    in_doubt = {event.address for event in read_ledger(ledger).doubtful}
    assert set(ADDRESSES) - set(accepted) <= in_doubt


# --- A dry run --------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_only_what_is_still_to_be_sent(
    send: Callable[..., list[str]], edition: Edition, three: Stakeholders, ledger: Path, tmp_path: Path
) -> None:
    send(to=readers((BOB, ("brief.pdf",))))
    written = write_messages(three, edition, ledger, tmp_path, WHEN)
    assert [path.stem for path in written] == [ADA, CLEO]
    again = write_messages(three, edition, ledger, tmp_path, WHEN)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_no_address_can_write_outside_the_folder_of_messages(edition: Edition, ledger: Path, tmp_path: Path) -> None:
    odd = readers(("a'*|&=!x@example.org", ("brief.pdf",)))
    [path] = write_messages(odd, edition, ledger, tmp_path, WHEN)
    assert path.parent == tmp_path / "mail" / AS_OF


def test_only_the_delivery_knows_how_to_send() -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for room in ("data", "models", "reports")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "smtplib" in path.read_text(encoding="utf-8")
    ]
    assert users == ["reports/distribution/delivery.py"]

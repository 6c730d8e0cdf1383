"""Send an edition to its readers: everybody what they asked for, nobody twice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from reports.distribution.delivery import Answer, Courier, Fate, MailServer
from reports.distribution.edition import Edition
from reports.distribution.errors import UndeliveredError, UnsendableError
from reports.distribution.ledger import Event, Ledger, State, open_ledger, read_ledger
from reports.distribution.message import compose, message_id
from reports.distribution.stakeholders import Sender, Stakeholder, Stakeholders
from reports.text import plural

Report = Callable[[str], None]
Clock = Callable[[], datetime]
#: Folder of the messages that a dry run writes, inside the folder of the editions.
MAIL = "mail"
_NO_FILE_NAME = re.compile(r"[^a-z0-9@.+_-]")


class Doubtful(StrEnum):
    """What to do with messages of which nobody knows whether the server took them."""

    REPORT = "report"
    RESEND = "resend"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Files on their way to one reader in one message."""

    reader: Stakeholder
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.reader.address}  {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A dispatch and what became of it."""

    dispatch: Dispatch
    answer: Answer


def ledger_path(stakeholders: Path) -> Path:
    """The ledger of a stakeholder file stands beside it: `stakeholders.ledger.jsonl`."""
    return stakeholders.with_name(f"{stakeholders.stem}.ledger.jsonl")


def check_wishes(stakeholders: Stakeholders, edition: Edition) -> None:
    """See that the edition has every file that somebody is to get.

    Raises
    ------
    UnsendableError
    """
    for reader in stakeholders.stakeholders:
        for name in reader.editions:
            if name not in edition.files:
                there = ", ".join(one for one in edition.files if one.endswith((".pdf", ".html", ".xlsx")))
                raise UnsendableError(
                    f"edition {edition.manifest.as_of}",
                    f"has no {name}, which {reader.address} is to get; nothing was sent",
                    f"It holds {there}: mend the stakeholder file or make the edition again.",
                )


def check_sendable(edition: Edition) -> None:
    """Refuse an edition that shows simulated data, is a draft or fails the preflight.

    Raises
    ------
    UnsendableError
    """
    if edition.objections:
        raise UnsendableError(
            f"edition {edition.manifest.as_of}",
            f"{'; '.join(edition.objections)}; nothing was sent",
            "Make it again, or send it as it is with FORCE=1.",
        )


def dispatches(stakeholders: Stakeholders, edition: Edition, ledger: Ledger) -> tuple[Dispatch, ...]:
    """What everybody has yet to get. Files of a doubtful message are left out."""
    known = ledger.delivered | ledger.undecided
    plan = (
        Dispatch(
            reader,
            tuple(name for name in reader.editions if (reader.mailbox, edition.digest(name)) not in known),
        )
        for reader in stakeholders.stakeholders
    )
    return tuple(one for one in plan if one.names)


def doubtful_dispatches(stakeholders: Stakeholders, edition: Edition, ledger: Ledger) -> tuple[Dispatch, ...]:
    """The doubtful messages that this edition can repeat to readers who still stand in the file."""
    readers = {reader.mailbox: reader for reader in stakeholders.stakeholders}
    return tuple(
        Dispatch(readers[event.address], tuple(event.files))
        for event in ledger.doubtful
        if event.address in readers
        and all(name in edition.files and edition.digest(name) == digest for name, digest in event.files.items())
    )


def write_messages(
    stakeholders: Stakeholders, edition: Edition, ledger: Path, folder: Path, when: datetime
) -> tuple[Path, ...]:
    """Write the messages that would be sent now as `.eml` files; a dry run sends and records nothing.

    Raises
    ------
    UnsendableError
        If the folder cannot be written.
    """
    check_wishes(stakeholders, edition)
    place = folder / MAIL / edition.manifest.as_of.isoformat()
    written = []
    try:
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        for one in dispatches(stakeholders, edition, read_ledger(ledger)):
            path = place / f"{_NO_FILE_NAME.sub('_', one.reader.mailbox)}.eml"
            path.write_bytes(compose(stakeholders.sender, one.reader, edition, one.names, when).as_bytes())
            written.append(path)
    except OSError as error:
        raise UnsendableError(
            f"{folder.name}/{MAIL}", f"cannot be written ({error.strerror})", "Make the folder writable: OUT=folder."
        ) from error
    return tuple(written)


def distribute(
    stakeholders: Stakeholders,
    edition: Edition,
    ledger: Path,
    server: MailServer,
    *,
    force: bool = False,
    doubtful: Doubtful = Doubtful.REPORT,
    report: Report = lambda _: None,
    now: Clock = lambda: datetime.now(UTC),
) -> tuple[Delivery, ...]:
    """Send everybody what they have yet to get, one message each.

    Parameters
    ----------
    stakeholders : Stakeholders
    edition : Edition
    ledger : Path
        Written before and after each message ends; a run that dies is taken up by the next.
    server : MailServer
    force : bool
        Send in spite of the edition's objections.
    doubtful : Doubtful
        What to do with messages that an earlier run left without an answer.
    report : callable
        Told one line a message.
    now : callable
        The time, with a zone.

    Returns
    -------
    tuple of Delivery
        Every message of this run; all were accepted.

    Raises
    ------
    UnsendableError
        If the edition lacks a file or has objections; nothing is sent then.
    BusyError
        If another run is sending.
    MailServerError
        If no session can be opened.
    UndeliveredError
        If messages were refused, deferred or left without an answer; all others were sent.
    """
    check_wishes(stakeholders, edition)
    if not force:
        check_sendable(edition)
    with open_ledger(ledger) as book, closing(Courier(server)) as courier:
        post = _Post(stakeholders.sender, edition, book, courier, report, now)
        unanswered = doubtful_dispatches(stakeholders, edition, book)
        plan = dispatches(stakeholders, edition, book)
        if doubtful is Doubtful.ARRIVED:
            post.settle(unanswered)
        elif doubtful is Doubtful.RESEND:
            plan = (*unanswered, *plan)
        deliveries = tuple(post.deliver(one) for one in plan)
        _conclude(deliveries, doubtful_dispatches(stakeholders, edition, book))
    return deliveries


@dataclass(frozen=True)
class _Post:
    """One run's way to the server, with the ledger kept at each step."""

    sender: Sender
    edition: Edition
    ledger: Ledger
    courier: Courier
    report: Report
    now: Clock

    def settle(self, unanswered: Iterable[Dispatch]) -> None:
        """Note that doubtful messages arrived."""
        for one in unanswered:
            self._note(one, "arrived")
            self.report(f"{'settled':<11} {one}")

    def deliver(self, one: Dispatch) -> Delivery:
        """Send a message and write down what became of it."""
        message = compose(self.sender, one.reader, self.edition, one.names, self.now())
        answer = self.courier.deliver(
            message, self.sender.address, one.reader.address, before_end=lambda: self._note(one, "ending")
        )
        if answer.fate is Fate.ACCEPTED:
            self._note(one, "accepted", answer.reply)
        elif answer.fate in {Fate.REFUSED, Fate.DEFERRED}:
            self._note(one, "refused", answer.reply)
        self.report(f"{answer.fate.value:<11} {one}  {answer.reply}")
        return Delivery(one, answer)

    def _note(self, one: Dispatch, state: State, reply: str = "") -> None:
        self.ledger.append(
            Event(
                at=self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                state=state,
                message_id=message_id(self.sender, one.reader, self.edition, one.names),
                address=one.reader.mailbox,
                as_of=self.edition.manifest.as_of.isoformat(),
                files={name: self.edition.digest(name) for name in one.names},
                reply=reply,
            )
        )


def _conclude(deliveries: Sequence[Delivery], unanswered: Sequence[Dispatch]) -> None:
    """Say what is left to a person."""
    failed = [one for one in deliveries if one.answer.fate not in {Fate.ACCEPTED, Fate.DOUBTFUL}]
    problems, remedies = [], []
    if failed:
        told = ", ".join(f"{one.dispatch.reader.address} {one.answer.fate.value}" for one in failed)
        problems.append(f"{len(failed)} of {plural(len(deliveries), 'message')} not delivered ({told})")
        remedies.append("Mend refused addresses and run `make distribute` again: it sends what is missing.")
    if unanswered:
        told = ", ".join(one.reader.address for one in unanswered)
        problems.append(f"nobody knows whether {plural(len(unanswered), 'message')} arrived ({told})")
        remedies.append(
            "Ask the reader or look for the Message-ID of the ledger in the server's log, then run it with "
            "DOUBTFUL=arrived or DOUBTFUL=resend."
        )
    if problems:
        temporary = not unanswered and all(one.answer.fate is not Fate.REFUSED for one in failed)
        raise UndeliveredError("; ".join(problems), " ".join(remedies), temporary=temporary)

"""One message to one reader: what the edition says, with dates and decimals as the reader writes them, and the files.

Headers are built by the standard library from values that hold no line break; the body is plain text.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import PurePath

from reports.distribution.edition import Edition, Judged
from reports.distribution.languages import CONVENTIONS, Convention
from reports.distribution.stakeholders import Sender, Stakeholder
from reports.text import level

#: Outcomes whose statements a message lists, in this order, with the others counted.
LISTED = ("supported", "not supported", "mixed", "inconclusive")
COUNTED = (*LISTED, "not testable")
_KINDS = {".pdf": ("application", "pdf"), ".html": ("text", "html")}
_WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_DISCLAIMER = "Not investment advice."


def message_id(sender: Sender, reader: Stakeholder, edition: Edition, names: tuple[str, ...]) -> str:
    """The Message-ID of these files to this reader: the same in every attempt, so that a repetition shows."""
    identity = json.dumps([reader.mailbox, sorted((name, edition.digest(name)) for name in names)])
    return f"<{hashlib.sha256(identity.encode()).hexdigest()[:40]}@{sender.address.partition('@')[2]}>"


def compose(
    sender: Sender, reader: Stakeholder, edition: Edition, names: tuple[str, ...], when: datetime
) -> EmailMessage:
    """The message that brings the files `names` of an edition to a reader.

    Parameters
    ----------
    sender : Sender
    reader : Stakeholder
    edition : Edition
    names : tuple of str
        Files to attach.
    when : datetime
        The time of sending, with a zone. It stands in the header `Date` and nowhere else.
    """
    identifier = message_id(sender, reader, edition, names)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(reader.name, addr_spec=reader.address)
    message["Subject"] = subject(edition)
    message["Date"] = when
    message["Message-ID"] = identifier
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "en"
    message.set_content(body(reader, edition, names), cte="quoted-printable")
    for name in names:
        main, sub = _KINDS.get(PurePath(name).suffix, _WORKBOOK)
        message.add_attachment(edition.files[name], maintype=main, subtype=sub, filename=attached_name(edition, name))
    message.set_boundary(f"=_{hashlib.sha256(identifier.encode()).hexdigest()[:40]}")
    return message


def attached_name(edition: Edition, name: str) -> str:
    """The name under which a reader keeps a file: with the edition's date."""
    return f"{edition.manifest.as_of}-{name}"


def marks(edition: Edition) -> tuple[str, ...]:
    """What must be said before everything else."""
    said = [edition.results.mark] if edition.results.mark else []
    said += ["DRAFT"] if edition.manifest.draft else []
    said += ["QUICK RUN"] if edition.results.edition.quick else []
    return tuple(_one_line(mark) for mark in said)


def subject(edition: Edition) -> str:
    """Title and date, behind the marks of a simulated, draft or quick edition."""
    head = "".join(f"[{mark}] " for mark in marks(edition))
    return f"{head}{_one_line(edition.results.study.title)}, edition as of {edition.manifest.as_of}"


def body(reader: Stakeholder, edition: Edition, names: tuple[str, ...]) -> str:
    """The text of a message."""
    convention = CONVENTIONS[reader.language]
    results = edition.results
    title = _one_line(results.study.title)
    paragraphs = [
        *([" · ".join(marks(edition))] if marks(edition) else []),
        f"{title}\n{'=' * len(title)}",
        f"{_one_line(results.edition.headline)}.",
        "\n".join(
            (
                f"As of:     {convention.day(edition.manifest.as_of)}",
                f"Data to:   {convention.day(results.edition.data_to)}",
                f"Verdicts:  {_counts(results.verdicts)}; judged on data to {convention.day(results.edition.data_to)}",
            )
        ),
        *_findings(results.verdicts, convention),
        "\n".join(("Attached:", *(f"  {attached_name(edition, name)}" for name in names))),
        _DISCLAIMER,
    ]
    return "\n\n".join(paragraphs) + "\n"


def _counts(verdicts: tuple[Judged, ...]) -> str:
    counts = {outcome: sum(one.outcome == outcome for one in verdicts) for outcome in COUNTED}
    return ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n) or "none"


def _findings(verdicts: tuple[Judged, ...], convention: Convention) -> list[str]:
    """The statements that were judged, by outcome, each with the number that page one prints."""
    paragraphs = []
    for outcome in LISTED:
        lines = [line for one in verdicts if one.outcome == outcome for line in _finding(one, convention)]
        if lines:
            paragraphs.append("\n".join((f"{outcome.capitalize()}:", *lines)))
    return paragraphs


def _finding(verdict: Judged, convention: Convention) -> list[str]:
    lines = [f"  {verdict.id}  {_one_line(verdict.statement)}"]
    effect = verdict.decisive
    if effect.value is None:
        return lines
    measured = f"{_one_line(verdict.decisive_label)}: {convention.quantity(effect.value, effect.unit)}"
    match (effect.lower, effect.upper, effect.level):
        case (float(lower), float(upper), float(at)) if lower < upper:
            measured += f" ({level(at)}: {convention.span(lower, upper, effect.unit)})"
    return [*lines, f"       {measured}"]


def _one_line(text: str) -> str:
    """Text without line breaks and other characters that steer instead of being read."""
    return " ".join("".join(sign if unicodedata.category(sign) != "Cc" else " " for sign in text).split())

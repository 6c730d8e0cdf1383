"""Who has which file: a ledger that survives a crash at any moment.

Each line is one event and is on the disk before the next step is taken. A message is written down as `ending` when the
server holds all of it but the sign that ends it; only with that sign can a server accept. A run that dies earlier has
sent nothing and the message is sent again. A run that dies between that line and the line with the server's answer
leaves a message of which nobody knows: it is doubtful, and is never sent again unasked.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reports.distribution.errors import BusyError, LedgerError

State = Literal["ending", "accepted", "refused", "arrived"]


class Event(BaseModel):
    """One line of the ledger.

    Attributes
    ----------
    at : str
        UTC time.
    state : str
        "ending": about to be ended; "accepted" or "refused": the server's answer; "arrived": settled by a person.
    message_id, address : str
    as_of : str
        The edition's date.
    files : mapping of name to SHA-256
    reply : str
        What the server said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: str
    state: State
    message_id: str
    address: str
    as_of: str
    files: dict[str, str]
    reply: str = ""

    @property
    def received(self) -> frozenset[tuple[str, str]]:
        """The files of the message, each as (address, SHA-256)."""
        return frozenset((self.address, digest) for digest in self.files.values())


@dataclass
class Ledger:
    """The events so far, and what follows from them.

    A file is known by the digest of its bytes: the same edition made again is the same edition, a corrected one is new.
    """

    events: list[Event] = field(default_factory=list)
    _file: BinaryIO | None = None

    @property
    def delivered(self) -> frozenset[tuple[str, str]]:
        """(address, SHA-256) of every file that a server has accepted."""
        return _files(one for one in self.events if one.state in {"accepted", "arrived"})

    @property
    def doubtful(self) -> tuple[Event, ...]:
        """Messages that were about to be ended and have no answer, oldest first."""
        last = {one.message_id: one for one in self.events}
        return tuple(one for one in last.values() if one.state == "ending" and not one.received <= self.delivered)

    @property
    def undecided(self) -> frozenset[tuple[str, str]]:
        """(address, SHA-256) of every file in a doubtful message."""
        return _files(self.doubtful)

    def append(self, event: Event) -> None:
        """Write an event and wait until the disk has it.

        Raises
        ------
        LedgerError
            If it cannot be written.
        """
        if self._file is None:
            raise LedgerError("ledger", "is open for reading only", "Report this as a fault.")
        try:
            self._file.write(event.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise LedgerError(
                "ledger", f"cannot be written ({error.strerror})", "Free some space; then run `make distribute` again."
            ) from error
        self.events.append(event)


def _files(events: Iterable[Event]) -> frozenset[tuple[str, str]]:
    return frozenset[tuple[str, str]]().union(*(one.received for one in events))


def read_ledger(path: Path) -> Ledger:
    """The ledger as it stands, for reading.

    Raises
    ------
    LedgerError
    """
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise LedgerError(path.name, f"cannot be read ({error.strerror})", "Check its permissions.") from error
    return Ledger(_events(content, path.name))


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """The ledger for writing; one run at a time. A line that a crash cut short is taken away.

    Raises
    ------
    BusyError
        If another run holds it.
    LedgerError
        If it cannot be read or written.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise LedgerError(
            path.name, f"cannot be written ({error.strerror})", "Make its folder writable; nothing was sent."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                path.name, "another run is sending", "Wait for it to end; nothing was sent here."
            ) from error
        file.seek(0)
        content = file.read()
        events = _events(content, path.name)
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
        _sync_folder(path.parent)
        yield Ledger(events, file)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk knows that the ledger exists."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _events(content: bytes, name: str) -> list[Event]:
    events = []
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            events.append(Event.model_validate_json(line))
        except ValidationError as error:
            raise LedgerError(
                f"{name}, line {number}",
                "is not an event of this ledger",
                "Restore the file from a copy; nothing was sent.",
            ) from error
    return events

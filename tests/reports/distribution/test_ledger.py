"""The ledger: what a crash leaves is read rightly, and a damaged ledger sends nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.distribution.errors import BusyError, LedgerError
from reports.distribution.ledger import Event, State, open_ledger, read_ledger

DIGEST = "ab" * 32


def event(state: State, address: str = "ada@example.org", message_id: str = "<1@x>") -> Event:
    return Event(
        at="2026-02-09T07:30:00Z",
        state=state,
        message_id=message_id,
        address=address,
        as_of="2026-02-08",
        files={"brief.pdf": DIGEST},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stakeholders.ledger.jsonl"


def after(path: Path, *states: State) -> tuple[bool, bool]:
    """Whether Ada has the file and whether that is in doubt, after some events."""
    with open_ledger(path) as ledger:
        for state in states:
            ledger.append(event(state))
    read = read_ledger(path)
    return ("ada@example.org", DIGEST) in read.delivered, ("ada@example.org", DIGEST) in read.undecided


@pytest.mark.parametrize(
    ("states", "has", "doubt"),
    [
        ((), False, False),
        (("ending",), False, True),
        (("ending", "accepted"), True, False),
        (("ending", "refused"), False, False),
        (("refused",), False, False),
        (("ending", "refused", "ending"), False, True),
        (("ending", "ending", "accepted"), True, False),
        (("ending", "arrived"), True, False),
    ],
)
def test_what_a_reader_has_follows_from_the_events(
    path: Path, states: tuple[State, ...], has: bool, doubt: bool
) -> None:
    assert after(path, *states) == (has, doubt)


def test_a_file_that_another_message_brought_is_no_longer_in_doubt(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(event("ending", message_id="<1@old>"))
        ledger.append(event("ending", message_id="<1@new>"))
        ledger.append(event("accepted", message_id="<1@new>"))
        assert ledger.doubtful == ()


def test_a_line_that_a_crash_cut_short_never_was(path: Path) -> None:
    after(path, "ending", "accepted")
    whole = path.read_bytes()
    for cut in range(1, len(event("refused").model_dump_json())):
        path.write_bytes(whole + event("refused").model_dump_json().encode()[:cut])
        assert len(read_ledger(path).events) == 2
    with open_ledger(path) as ledger:
        ledger.append(event("ending"))
    assert [one.state for one in read_ledger(path).events] == ["ending", "accepted", "ending"]


@pytest.mark.parametrize("line", ["", "{}", "not json", '{"state": "sent"}'])
def test_a_damaged_ledger_is_named_with_its_line(path: Path, line: str) -> None:
    path.write_text(f"{event('ending').model_dump_json()}\n{line}\n")
    for opened in (lambda: read_ledger(path), lambda: open_ledger(path).__enter__()):
        with pytest.raises(LedgerError, match=r"ledger\.jsonl, line 2.*nothing was sent"):
            opened()


def test_two_runs_cannot_write_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reports.distribution.ledger import open_ledger\n"
        "with open_ledger(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(BusyError, match="another run") as caught, open_ledger(path):
            pass
        assert caught.value.exit_code == 75
    finally:
        other.kill()
        other.communicate()
    with open_ledger(path) as ledger:
        ledger.append(event("ending"))


def test_a_full_disk_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with open_ledger(path) as ledger:
        monkeypatch.setattr("reports.distribution.ledger.os.fsync", full)
        with pytest.raises(LedgerError, match="No space left"):
            ledger.append(event("ending"))
        assert not ledger.events


def test_a_ledger_that_cannot_be_written_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nothing was sent"), open_ledger(tmp_path / "nowhere" / "ledger.jsonl"):
        pass


def test_a_ledger_read_for_a_dry_run_takes_no_events(path: Path) -> None:
    with pytest.raises(LedgerError, match="reading only"):
        read_ledger(path).append(event("accepted"))
    assert not path.exists()

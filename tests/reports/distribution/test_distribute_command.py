"""`make distribute` as a process and at the terminal: killed in the middle, dry, mistaken, interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from distribution_world import ADDRESSES, AS_OF, change_manifest
from post_office import PostOffice
from typer.testing import CliRunner

from reports.distribution.__main__ import app
from reports.distribution.delivery import Courier

ROOT = Path(__file__).resolve().parents[3]
ADA, BOB, CLEO = ADDRESSES
STAKEHOLDERS = """
[sender]
name = "The study"
address = "study@example.org"
""" + "".join(
    f'\n[[stakeholders]]\nname = "{address}"\naddress = "{address}"\neditions = ["brief.pdf"]\n'
    for address in ADDRESSES
)


@pytest.fixture
def arguments(out: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "stakeholders.toml").write_text(STAKEHOLDERS)
    return ["--stakeholders", str(tmp_path / "stakeholders.toml"), "--out", str(out)]


class Run:
    """`python -m reports.distribution` against a post office."""

    def __init__(self, office: PostOffice, trusted: Path, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reports.distribution", *arguments],
            cwd=ROOT,
            env={**os.environ, **office.environment, "SSL_CERT_FILE": str(trusted), "COLUMNS": "500"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ended(self) -> tuple[int, str]:
        """Exit code and what was said."""
        said, _ = self.process.communicate(timeout=120)
        return self.process.returncode, said


def kill(run: Run) -> None:
    run.process.send_signal(signal.SIGKILL)


def test_a_run_killed_after_the_server_took_a_message_resumes_and_sends_nothing_twice(
    office: PostOffice, trusted: Path, arguments: list[str]
) -> None:
    runs: list[Run] = []
    office.plans = {BOB: [lambda: kill(runs[0])]}
    runs.append(Run(office, trusted, arguments))
    assert runs[0].ended()[0] == -signal.SIGKILL
    assert office.recipients == [ADA, BOB]
    code, said = Run(office, trusted, arguments).ended()
    assert code == 3, said
    assert f"nobody knows whether one message arrived ({BOB})" in said
    assert office.recipients == [ADA, BOB, CLEO]
    code, said = Run(office, trusted, [*arguments, "--doubtful", "arrived"]).ended()
    assert code == 0, said
    assert office.recipients == [ADA, BOB, CLEO]


def test_a_run_killed_before_the_end_of_a_message_sends_it_the_next_time(
    office: PostOffice, trusted: Path, arguments: list[str]
) -> None:
    runs: list[Run] = []
    office.on_recipient = {BOB: [lambda: kill(runs[0])]}
    runs.append(Run(office, trusted, arguments))
    assert runs[0].ended()[0] == -signal.SIGKILL
    assert office.recipients == [ADA]
    code, said = Run(office, trusted, arguments).ended()
    assert code == 0, said
    assert office.recipients == [ADA, BOB, CLEO]
    assert "two messages sent" in said


@pytest.fixture
def invoke(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("COLUMNS", "500")

    def invoked(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, *more])
        assert "Traceback" not in result.output
        return result.exit_code, " ".join(result.output.split())

    return invoked


def test_a_dry_run_writes_each_message_and_sends_and_records_nothing(
    invoke: Callable[..., tuple[int, str]], out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    change_manifest(out, draft=True)
    code, said = invoke("--dry-run")
    assert code == 0
    assert "draft" in said
    assert "nothing was sent" in said
    folder = out / "mail" / AS_OF
    assert sorted(path.name for path in folder.iterdir()) == [f"{address}.eml" for address in ADDRESSES]
    message = message_from_bytes((folder / f"{ADA}.eml").read_bytes(), policy=default)
    assert message["To"].addresses[0].addr_spec == ADA
    assert not (tmp_path / "stakeholders.ledger.jsonl").exists()


@pytest.mark.parametrize(
    ("more", "words", "code"),
    [
        (["--stakeholders", "nowhere.toml"], "nowhere.toml: cannot be read", 2),
        (["--as-of", "2026-02-30"], "2026-02-30", 2),
        (["--as-of", "2025-01-01"], "edition 2025-01-01", 2),
        ([], "SMTP_HOST: is not set", 2),
    ],
)
def test_a_mistake_at_the_terminal_is_one_message(
    invoke: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, more: list[str], words: str, code: int
) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    left, said = invoke(*more)
    assert left == code, said
    assert words in said


def test_an_interruption_says_how_to_go_on(
    invoke: Callable[..., tuple[int, str]], office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name, value in office.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Courier, "deliver", stopped)
    code, said = invoke()
    assert code == 130
    assert "run `make distribute` again" in said

"""The command line behind `make distribute`."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.errors import StudyFileError
from reports.distribution.delivery import mail_server
from reports.distribution.dispatch import Doubtful, distribute, ledger_path, write_messages
from reports.distribution.edition import read_edition
from reports.distribution.stakeholders import load_stakeholders
from reports.terminal import explained
from reports.text import plural

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_INTERRUPTED = "What was sent stands in the ledger; run `make distribute` again to go on."


@app.command()
def main(
    stakeholders: Annotated[Path, typer.Option(help="Who receives what.")] = Path("stakeholders.toml"),
    out: Annotated[Path, typer.Option(help="Folder of the editions.")] = Path("build"),
    as_of: Annotated[str, typer.Option(help="Date of the edition, e.g. 2026-02-08; the newest without it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write .eml files to OUT/mail and send nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Send an edition that is simulated, a draft or fails the preflight.")
    ] = False,
    doubtful: Annotated[
        Doubtful, typer.Option(help="Messages that a crash left without an answer: report, resend or arrived.")
    ] = Doubtful.REPORT,
) -> None:
    """Send the newest edition to its readers; nobody gets the same file twice."""
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    with explained(console, _INTERRUPTED):
        readers = load_stakeholders(stakeholders)
        edition = read_edition(out, _date(as_of))
        say(f"Edition as of {edition.manifest.as_of}")
        for objection in edition.objections:
            say(f"Objection: {objection}")
        if dry_run:
            written = write_messages(readers, edition, ledger_path(stakeholders), out, datetime.now(UTC))
            for path in written:
                say(f"written     {path}")
            say(f"{plural(len(written), 'message')} in {out / 'mail'}; nothing was sent.")
            return
        deliveries = distribute(
            readers,
            edition,
            ledger_path(stakeholders),
            mail_server(),
            force=force,
            doubtful=doubtful,
            report=say,
        )
        say(f"{plural(len(deliveries), 'message')} sent." if deliveries else "Everybody has this edition already.")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise StudyFileError("AS_OF", f"{text!r} is not a date", "Write it as 2026-02-08.") from error


if __name__ == "__main__":
    sys.exit(app())

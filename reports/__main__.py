"""The command line behind `make report`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data import load_panel, load_study
from data.errors import StudyError, StudyFileError
from reports.editions import up_to_date
from reports.gather import gather
from reports.progress import Stages
from reports.provenance import provenance
from reports.publish import publish

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
#: What a run goes through beside the claims: reading, fitting, pages and their checks.
OTHER_STAGES = 4


@app.callback()
def main() -> None:
    """Make the editions of the study."""


@app.command()
def report(
    study: Annotated[Path, typer.Option(help="Study file.")] = Path("study.toml"),
    source: Annotated[str, typer.Option(help="Folder of CSV files, or sample, snapshot, packaged.")] = "",
    as_of: Annotated[str, typer.Option(help="Nothing after this date is used, e.g. 2026-02-08.")] = "",
    out: Annotated[Path, typer.Option(help="Folder of the editions.")] = Path("build"),
    quick: Annotated[bool, typer.Option("--quick", help="Fewer bootstrap resamples; every page says so.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes for independent pieces.")] = 1,
) -> None:
    """Make the edition: PDF, HTML and tables in OUT/<as-of>, the newest at OUT/latest."""
    console = Console(stderr=True)
    try:
        settings = load_study(study)
        panel = load_panel(settings, source or None, _date(as_of) if as_of else None)
        console.print(panel.source, highlight=False)
        command = _command(study, source, as_of, quick)
        current = up_to_date(out, panel, provenance(settings, panel, command), quick)
        if current is not None:
            console.print(f"Nothing changed since the last run: {current}", highlight=False)
            return
        claims = sum(claim.enabled for claim in settings.claims.values())
        with Stages(console, claims + OTHER_STAGES) as stages:
            evidence = gather(settings, panel, quick=quick, workers=workers, command=command, progress=stages.begin)
            published = publish(evidence, out, progress=stages.begin)
        console.print(f"Edition in {published.folder}", highlight=False)
        for name in published.files:
            console.print(f"  {name}", highlight=False)
    except StudyError as error:
        console.print(f"Error: {error}", style="bold red", highlight=False, markup=False)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        console.print("Interrupted. Earlier editions are as they were.")
        raise typer.Exit(130) from error


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise StudyFileError("AS_OF", f"{text!r} is not a date", "Write it as 2026-02-08.") from error


def _command(study: Path, source: str, as_of: str, quick: bool) -> str:
    """The make command that repeats this run, with names instead of paths of this machine."""
    variables = {
        "STUDY": study.name if study.name != "study.toml" else "",
        "SOURCE": Path(source).name if source else "",
        "AS_OF": as_of,
        "QUICK": "1" if quick else "",
    }
    return " ".join(["make report", *(f"{name}={value}" for name, value in variables.items() if value)])


if __name__ == "__main__":
    sys.exit(app())

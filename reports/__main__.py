"""The command line behind `make report`, `make findings` and `make robustness`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data import Panel, Study, load_later, load_panel, load_study
from data.errors import PageError, QualityError, SourceError, StudyFileError
from models.claims.robustness import LONG_STUDIES
from models.measurements import FAMILIES
from reports.editions import up_to_date
from reports.findings import findings_page
from reports.gather import check_thresholds, claims_to_judge, gather
from reports.progress import Stages
from reports.provenance import provenance
from reports.publish import STAGES, check_place, publish
from reports.robustness import quoted_studies, run_long_studies
from reports.terminal import explained

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
INTERRUPTED = "Earlier editions are as they were."
#: What a run goes through beside the claims and the publishing: fitting, the outlook, the measurements.
OTHER_STAGES = 2 + len(FAMILIES)

StudyOption = Annotated[Path, typer.Option(help="Study file.")]
SourceOption = Annotated[str, typer.Option(help="Folder of CSV files, or sample, snapshot, packaged.")]
AsOfOption = Annotated[str, typer.Option(help="Models and verdicts use nothing after this date, e.g. 2026-02-08.")]
EditionsOption = Annotated[
    Path, typer.Option(help="Folder of the records by which an edition says what changed since the one before.")
]
QuickOption = Annotated[bool, typer.Option("--quick", help="Fewer bootstrap resamples; every page says so.")]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes for independent pieces.")]


@app.callback()
def main() -> None:
    """Make the editions of the study."""


@app.command()
def report(
    study: StudyOption = Path("study.toml"),
    source: SourceOption = "",
    as_of: AsOfOption = "",
    out: Annotated[Path, typer.Option(help="Folder of the editions.")] = Path("build"),
    editions: EditionsOption = Path("reports/editions"),
    quick: QuickOption = False,
    workers: WorkersOption = 1,
) -> None:
    """Make the edition: PDF, HTML and tables in OUT/<as-of>, the newest at OUT/latest."""
    console = Console(stderr=True)
    with explained(console, INTERRUPTED):
        settings, panel = _loaded(console, study, source, as_of)
        command = _command("report", study, source, as_of, quick)
        quoted = quoted_studies(settings, panel)
        current = up_to_date(out, panel, provenance(settings, panel, command, quoted), quick)
        if current is not None:
            console.print(f"Nothing changed since the last run: {current}", highlight=False, soft_wrap=True)
            return
        check_place(out, panel.as_of)
        later = _later(console, settings, source, panel)
        with Stages(console, len(claims_to_judge(settings)) + OTHER_STAGES + STAGES) as stages:
            evidence = gather(
                settings, panel, quick=quick, workers=workers, command=command, later=later, progress=stages.begin
            )
            published = publish(evidence, out, editions=editions, progress=stages.begin, workers=workers)
        console.print(f"Edition in {published.folder}", highlight=False, soft_wrap=True)
        console.print(f"  {', '.join(path.name for path in published.files)}", highlight=False, soft_wrap=True)


@app.command()
def findings(
    study: StudyOption = Path("study.toml"),
    source: SourceOption = "",
    as_of: AsOfOption = "",
    page: Annotated[Path, typer.Option(help="Markdown file to write.")] = Path("docs/findings.md"),
    quick: QuickOption = False,
    workers: WorkersOption = 1,
) -> None:
    """Write what the study found, claim by claim, as a Markdown page."""
    console = Console(stderr=True)
    with explained(console, INTERRUPTED):
        settings, panel = _loaded(console, study, source, as_of)
        command = _command("findings", study, source, as_of, quick)
        later = _later(console, settings, source, panel)
        with Stages(console, len(claims_to_judge(settings)) + 1) as stages:
            evidence = gather(
                settings, panel, quick=quick, workers=workers, command=command, later=later, progress=stages.begin
            )
        try:
            page.write_text(findings_page(evidence), encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            raise PageError(
                str(page), f"cannot be written ({reason})", "Name a file in a folder that is there."
            ) from error
        console.print(f"Findings in {page}", highlight=False, soft_wrap=True)


@app.command()
def robustness(
    study: StudyOption = Path("study.toml"),
    source: SourceOption = "",
    as_of: AsOfOption = "",
    workers: WorkersOption = 1,
) -> None:
    """Compute what takes too long for an edition, and keep it; the next edition quotes it."""
    console = Console(stderr=True)
    with explained(console, INTERRUPTED):
        settings, panel = _loaded(console, study, source, as_of)
        command = _command("robustness", study, source, as_of, quick=False)
        with Stages(console, len(claims_to_judge(settings)) + 1 + len(LONG_STUDIES)) as stages:
            evidence = gather(settings, panel, quick=False, workers=workers, command=command, progress=stages.begin)
            kept = run_long_studies(evidence, workers=workers, progress=stages.begin)
        console.print(f"Kept {len(kept)} results; the next edition quotes them.", highlight=False, soft_wrap=True)


def _loaded(console: Console, study: Path, source: str, as_of: str) -> tuple[Study, Panel]:
    settings = load_study(study)
    check_thresholds(settings)
    panel = load_panel(settings, source or None, _date(as_of) if as_of else None)
    console.print(panel.source, highlight=False, soft_wrap=True)
    return settings, panel


def _later(console: Console, settings: Study, source: str, panel: Panel) -> Panel | None:
    """Data after the article's date, for confirmation; they never stop an edition."""
    try:
        return load_later(settings, source or None, panel)
    except (SourceError, QualityError) as error:
        console.print(f"Nothing is confirmed with later data: {error}", highlight=False, markup=False, soft_wrap=True)
        return None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise StudyFileError("AS_OF", f"{text!r} is not a date", "Write it as 2026-02-08.") from error


def _command(target: str, study: Path, source: str, as_of: str, quick: bool) -> str:
    """The make command that repeats this run, with names instead of paths of this machine."""
    variables = {
        "STUDY": study.name if study.name != "study.toml" else "",
        "SOURCE": Path(source).name if source else "",
        "AS_OF": as_of,
        "QUICK": "1" if quick else "",
    }
    return " ".join(["make", target, *(f"{name}={value}" for name, value in variables.items() if value)])


if __name__ == "__main__":
    sys.exit(app())

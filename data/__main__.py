"""The command line of the data: `python -m data fetch`, `python -m data check`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.audit import audit_folder, compare_copies
from data.errors import StudyError, StudyFileError
from data.fetch import fetch_snapshot
from data.load import load_panel
from data.quality import QualityReport
from data.snapshot_diff import SnapshotDiff
from data.study import load_study

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
out, log = Console(), Console(stderr=True)

StudyOption = Annotated[Path, typer.Option("--study", help="Study file.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Nothing after this date, e.g. 2026-02-08.")]


def _stage(line: str) -> None:
    log.print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} data {line}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def fetch(study: StudyOption = Path("study.toml"), as_of: AsOfOption = None) -> None:
    """Download every instrument and freeze it in data/snapshots; the only command that uses the network."""
    plan = load_study(study)
    try:
        cut = None if as_of is None else datetime.strptime(as_of, "%Y-%m-%d").date()
    except ValueError as error:
        raise StudyFileError(f"AS_OF={as_of}", "is not a date", "Write it as AS_OF=2026-02-08.") from error
    done = fetch_snapshot(plan, cut, progress=_stage)
    if done.diff is not None:
        _print_diff(done.diff)
    for key, note in done.notes.items():
        out.print(f"{key}: {note}", markup=False, soft_wrap=True)
    for key, reason in done.failed.items():
        out.print(f"{key}: not delivered, optional ({reason})", markup=False, soft_wrap=True)
    out.print(f"Snapshot {done.folder.name} stands. `make report` takes the newest one.", markup=False, soft_wrap=True)


@app.command()
def check(
    study: StudyOption = Path("study.toml"),
    as_of: AsOfOption = None,
    source: Annotated[str | None, typer.Option("--source", help="Folder, sample, snapshot or packaged.")] = None,
) -> None:
    """Read the data as the report would and print what is odd about them; exit code 3 where a series is red."""
    panel = load_panel(load_study(study), source, as_of)
    out.print(panel.source, markup=False, soft_wrap=True)
    out.print(panel.calendar_rule, markup=False, soft_wrap=True)
    _print_quality(panel.quality)
    if any(summary.light == "red" for summary in panel.quality.summaries):
        raise typer.Exit(3)


@app.command()
def audit(
    folder: Annotated[Path, typer.Argument(help="Folder of CSV files.")],
    copies: Annotated[Path | None, typer.Option("--copies", help="Folder with second copies to compare.")] = None,
) -> None:
    """Look at every CSV file of a folder, without a study; exit code 3 where a file cannot be used."""
    audits = audit_folder(folder)
    table = Table("file", "holds", "values", "light", box=None, pad_edge=False)
    for one in audits:
        table.add_row(one.name, one.span, str(len(one.delivery.level) if one.delivery else ""), one.light)
    out.print(table)
    for one in audits:
        for line in [one.problem] if one.problem else [f"{it.check}, {it.detail}" for it in one.findings]:
            out.print(f"{one.name}: {line}", markup=False, highlight=False, soft_wrap=True)
    for name, diff in (compare_copies(audits, copies) if copies else {}).items():
        alone = diff.filled_days + diff.vanished_days
        line = (
            f"{name}: {len(diff.revised)} values differ, by {diff.largest:.2g} at most; {alone} days in one copy only"
        )
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(one.light == "red" for one in audits):
        raise typer.Exit(3)


def _print_quality(report: QualityReport) -> None:
    table = Table("series", "first", "last", "values", "missing", "light", box=None, pad_edge=False)
    for one in report.summaries:
        table.add_row(one.role, one.first, one.last, str(one.observations), str(one.missing_sessions), one.light)
    out.print(table)
    for finding in report.findings:
        line = f"{finding.role}, {finding.light}: {finding.check}, {finding.detail}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    for role, reason in report.absent:
        out.print(f"{role}: absent ({reason})", markup=False, soft_wrap=True)


def _print_diff(diff: SnapshotDiff) -> None:
    table = Table(
        "series", "new days", "filled", "vanished", "revised", "largest", "now from", box=None, pad_edge=False
    )
    for one in diff.series:
        revised = f"{len(one.revised)} (first {one.revised[0]})" if one.revised else "0"
        counts = (one.new_days, one.filled_days, one.vanished_days)
        table.add_row(one.id, *map(str, counts), revised, f"{one.largest:.2g}", one.origin)
    out.print("Against the newest snapshot before:")
    out.print(table)
    for key in diff.vanished:
        out.print(f"{key}: was there, is gone", markup=False)
    for key in diff.appeared:
        out.print(f"{key}: is new", markup=False)


def main() -> int:
    """Run the command line; a StudyError becomes one line and its exit code."""
    try:
        app()
    except StudyError as error:
        log.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return error.exit_code
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

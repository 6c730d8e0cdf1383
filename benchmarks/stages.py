"""Time the report stage by stage, from an empty cache, then once more with nothing changed."""

from __future__ import annotations

import contextlib
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table


class Stopwatch:
    """Seconds and peak resident memory of each stage."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        began = time.perf_counter()
        yield
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        self.rows.append((name, time.perf_counter() - began, peak))


def main(study: str = "study.toml", source: str = "", as_of: str = "") -> None:
    """Run every stage in this process, then two whole runs of the command."""
    watch = Stopwatch()
    with watch.stage("import"):
        from data import load_panel, load_study
        from models.claims import judge_all
        from models.claims.closest import closest_readings
        from models.clock import study_clocks
        from models.fitting import fit_suite
        from models.outlook import FULL, look_ahead
        from reports.evidence import Evidence
        from reports.provenance import provenance
        from reports.publish import publish
    with watch.stage("read and check prices"):
        settings = load_study(study)
        panel = load_panel(settings, source or None, date.fromisoformat(as_of) if as_of else None)
    with watch.stage("fit models"):
        suite = fit_suite(panel, settings, seed=settings.inference.seed)
    with watch.stage("judge claims"):
        same = panel.last_session <= settings.about.as_of
        verdicts = judge_all(panel, settings, suite=suite if same else None)
    with watch.stage("look ahead"):
        outlook = look_ahead(panel, settings, suite, effort=FULL, seed=settings.inference.seed)
    with tempfile.TemporaryDirectory() as folder:
        evidence = Evidence(
            study=settings,
            panel=panel,
            suite=suite,
            outlook=outlook,
            verdicts=verdicts,
            recovered=(),
            robustness=(),
            provenance=provenance(settings, panel, "make bench", ()),
            quick=False,
            clocks=study_clocks(panel, settings, quick=False),
            closest=closest_readings(panel, settings, suite.stress, verdicts),
        )
        with watch.stage("pages and their checks"), contextlib.redirect_stdout(io.StringIO()):
            publish(evidence, Path(folder))
    console = Console()
    assets = len(settings.correlation.assets)
    console.print(f"{panel.source}: T = {len(panel.returns)}, N = {assets} in the correlation model", highlight=False)
    table = Table("stage", "seconds", "peak MiB so far")
    for name, seconds, peak in watch.rows:
        table.add_row(name, f"{seconds:.1f}", f"{peak:.0f}")
    for name, seconds in _whole_runs(study, source, as_of):
        table.add_row(name, f"{seconds:.1f}", "")
    console.print(table)


def _whole_runs(study: str, source: str, as_of: str) -> Iterator[tuple[str, float]]:
    """The command as a user types it: with an empty cache, then with nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "reports", "report", "--study", study, "--out", folder]
        command += ["--source", source] if source else []
        command += ["--as-of", as_of] if as_of else []
        for name, forget in (("whole run, empty result cache", True), ("second run, nothing changed", False)):
            if forget:
                subprocess.run(["rm", "-rf", ".cache/evidence"], check=True)
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            yield name, time.perf_counter() - began


if __name__ == "__main__":
    typer.run(main)

"""Run the Monte Carlo in pieces that survive an interruption, and write docs/validation.md from what is there."""

from __future__ import annotations

from typing import Any

import typer
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import Progress

from tests.validation.engines import ENGINES, Engine
from tests.validation.store import ROOT, file_name, keep, kept

HEAD = "# Validation\n\nMonte Carlo run by `make validate`; figures only, written by the command.\n"


def main(replications: int = 0, workers: int = 2, only: str = "") -> None:
    """Run what is missing and write the tables; each engine has its own number of replications unless one is given."""
    names = [engine.name for engine in ENGINES]
    if only and only not in names:
        raise typer.BadParameter(f"there is no engine {only!r}; choose among {', '.join(names)}", param_hint="--only")
    wanted = [engine for engine in ENGINES if only in ("", engine.name)]
    _run([job for engine in wanted for job in _missing(engine, replications or engine.samples)], workers)
    for engine in wanted:
        records = {label: kept(engine.folder, label) for label in engine.designs}
        if all(records.values()):
            write(engine.section(records))


def write(section: str) -> None:
    """Put a section into docs/validation.md in the place of the one with the same first word in its heading."""
    page = ROOT / "docs" / "validation.md"
    sections = _sections(page.read_text() if page.exists() else "")
    sections |= _sections(section)
    page.write_text(HEAD + "".join(f"\n{sections[name]}" for name in sorted(sections)))


def _sections(text: str) -> dict[str, str]:
    parts = f"\n{text}".split("\n## ")[1:]
    return {part.split(maxsplit=1)[0].rstrip(":").lower(): f"## {part.rstrip()}\n" for part in parts}


Job = tuple[Engine, str, int]


def _missing(engine: Engine, replications: int) -> list[Job]:
    folder = engine.folder
    return [
        (engine, label, first)
        for first in range(0, replications, engine.piece)
        for label in engine.designs
        if not (folder / f"{file_name(label)}-{first}.json").exists()
    ]


def _piece(engine: str, label: str, first: int) -> list[dict[str, Any]]:
    one = next(engine_ for engine_ in ENGINES if engine_.name == engine)
    return [one.designs[label](number) for number in range(first, first + one.piece)]


def _run(jobs: list[Job], workers: int) -> None:
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        task = progress.add_task("Samples", total=sum(engine.piece for engine, _, _ in jobs))
        pieces = Parallel(n_jobs=workers, return_as="generator")(
            delayed(_piece)(engine.name, label, first) for engine, label, first in jobs
        )
        for (engine, label, first), records in zip(jobs, pieces, strict=True):
            keep(engine.folder / f"{file_name(label)}-{first}.json", records)
            progress.advance(task, engine.piece)


if __name__ == "__main__":
    typer.run(main)

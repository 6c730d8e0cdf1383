"""`python -m models.simulate`: write the bundled SIMULATED sample and its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from data.errors import StudyError
from data.study import load_study
from models.simulate.attribution import attribution_slopes
from models.simulate.measures import MEASURES
from models.simulate.measures_outlook import OUTLOOK_MEASURES
from models.simulate.sample import write_sample, write_truth
from models.simulate.simulation import simulate
from models.simulate.statements import statement_truths
from models.simulate.structure import WorldName
from models.simulate.truth import population_values
from models.simulate.worlds import world

application = typer.Typer(add_completion=False)


@application.command()
def write(
    name: Annotated[str, typer.Option("--world", help="A: the article is right. B: it is wrong. C: mixed.")] = "C",
    out: Annotated[Path, typer.Option(help="Folder of the CSV files and truth.json.")] = Path("data/sample"),
    study: Annotated[Path, typer.Option(help="Study file that names the instruments.")] = Path("study.toml"),
    seed: Annotated[int, typer.Option(help="Seed of the history.")] = 20260208,
    batches: Annotated[int, typer.Option(help="Histories of 50,000 sessions behind the population values.")] = 40,
) -> None:
    """Write a simulated history of a world as CSV files, with the truth beside it."""
    try:
        rules = load_study(study)
        simulation = simulate(cast(WorldName, name), seed=seed)
        written = write_sample(simulation, rules, out)
        measures = (*MEASURES, *OUTLOOK_MEASURES, attribution_slopes)
        population = population_values(world(cast(WorldName, name)), measures, batches=batches, seed=seed)
        write_truth(simulation, population, statement_truths(simulation, population, rules), out / "truth.json")
    except StudyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from error
    typer.echo(f"{len(written) + 1} SIMULATED files of world {name} in {out.name}/")


if __name__ == "__main__":
    application()

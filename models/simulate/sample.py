"""The bundled sample: one simulated history as a folder of CSV files, marked as such in every file."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pandas as pd

from data.study import Study
from models.simulate.simulation import Simulation
from models.simulate.statements import StatementTruth
from models.simulate.structure import REGIMES
from models.simulate.truth import PopulationValue

MARK = "SIMULATED DATA, NOT MARKET EVIDENCE"
SUFFIX = "-SIMULATED.csv"
PATHS_FILE = "truth-paths" + SUFFIX


def write_sample(simulation: Simulation, study: Study, folder: Path) -> tuple[Path, ...]:
    """Write one CSV file for each instrument of the study whose role is simulated, and the true paths.

    Parameters
    ----------
    simulation : Simulation
    study : Study
        Gives the file names (id in lower case) and the pairs whose true correlations and betas are written.
    folder : Path
        Created where it is missing; files of the same name are replaced.

    Returns
    -------
    tuple of Path
        What was written: `<id>-SIMULATED.csv` and, for an instrument that never stops trading, also
        `<id>-utc00-SIMULATED.csv`; `truth-paths-SIMULATED.csv`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for instrument in study.instruments:
        for role, infix in ((instrument.role, ""), (f"{instrument.role}_utc00", "-utc00")):
            if role in simulation.levels:
                path = folder / f"{instrument.id.lower()}{infix}{SUFFIX}"
                _write(path, simulation.levels[role], f"{_head(simulation)}; {instrument.name}, {_meaning(role)}")
                written.append(path)
    path = folder / PATHS_FILE
    _write(path, true_paths(simulation, study), f"{_head(simulation)}; true regime, conditional correlations and betas")
    return (*written, path)


def true_paths(simulation: Simulation, study: Study) -> pd.DataFrame:
    """Regime, conditional correlations of all pairs of the study's correlation assets, and its betas.

    Columns: "regime" (0 calm, 1 risk-off, 2 deleveraging), "first~second" for a correlation, "dependent|on" for a
    beta; rows from the study's first session on. All are given the past and the session's own regime.
    """
    columns = [simulation.regimes]
    columns += [simulation.correlation(first, second) for first, second in combinations(study.correlation.assets, 2)]
    columns += [simulation.beta(dependent, on) for dependent, on in study.correlation.betas]
    frame = pd.concat(columns, axis=1)
    return frame[frame.index >= pd.Timestamp(study.clock.start)].round(3)


def write_truth(
    simulation: Simulation,
    population: dict[str, PopulationValue],
    claims: dict[str, StatementTruth],
    path: Path,
) -> None:
    """Write `truth.json`: how the world was made, its population values, and which claims hold in it."""
    record = {
        "mark": MARK,
        "world": simulation.world,
        "seed": simulation.seed,
        "regimes": list(REGIMES),
        "first_session": str(simulation.sessions[0].date()),
        "last_session": str(simulation.sessions[-1].date()),
        "population": {name: value.record() for name, value in population.items()},
        "claims": {name: truth.record() for name, truth in claims.items()},
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _head(simulation: Simulation) -> str:
    return f"{MARK}; world {simulation.world}, seed {simulation.seed}"


def _meaning(role: str) -> str:
    return {
        "crypto": "close at 16:00 New York on every calendar day, volume in dollars",
        "crypto_utc00": "close at 24:00 UTC on every calendar day, volume in dollars",
        "fear": "index points",
        "credit": "percent",
        "real_yield": "percent",
        "short_yield": "percent",
        "conditions": "index points, dated on the Friday it refers to",
        "dollar": "index points",
        "oil": "dollars a barrel",
    }.get(role, "adjusted close, volume in shares")


def _write(path: Path, frame: pd.DataFrame, head: str) -> None:
    lines = [f"# {head}", ",".join(["date", *frame.columns])]
    texts = [[str(day.date()) for day in pd.DatetimeIndex(frame.index)]]
    for column in frame.columns:
        write = _integer if column == "volume" else _number
        texts.append([write(value) for value in frame[column]])
    lines += [",".join(row) for row in zip(*texts, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:.6g}"


def _integer(value: float) -> str:
    return f"{float(f'{value:.4g}'):.0f}"

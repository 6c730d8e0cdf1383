"""What the Monte Carlo runs: engines with their design points, their code and their section of docs/validation.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from tests.validation import correlation, effects, exposures, regimes, samples, seeds, worlds
from tests.validation.store import STORE, code_digest

Replicate = Callable[[int], dict[str, Any]]
Records = Mapping[str, Sequence[dict[str, Any]]]


@dataclass(frozen=True)
class Engine:
    """A part of the study whose promises are tested on simulated samples.

    Attributes
    ----------
    name : str
    code : tuple of str
        Files and folders whose change makes earlier results worthless.
    samples, piece : int
        Samples of each design unless another number is asked for, and how many are run in one go: what an
        interruption costs at most.
    designs : mapping of label to function
        The function takes the number of a sample and gives its record.
    section : callable
        Records by label to the section of docs/validation.md.
    """

    name: str
    code: tuple[str, ...]
    samples: int
    piece: int
    designs: Mapping[str, Replicate]
    section: Callable[[Records], str]

    @cached_property
    def folder(self) -> Path:
        """Where its pieces are kept; of the code as it was when it was first asked."""
        return STORE / f"{self.name}-{code_digest(self.code)}"


def table(
    name: str, targets: str, summary: Callable[[list[dict[str, Any]]], dict[str, float]], records: Records
) -> str:
    """A section with one row a design point."""
    rows = {label: summary(list(found)) for label, found in records.items()}
    columns = list(next(iter(rows.values())))
    lines = [f"## {name.capitalize()} engine", "", targets, "", f"| design | {' | '.join(columns)} |"]
    lines.append("|---|" + "---:|" * len(columns))
    for label, row in rows.items():
        cells = [f"{row[one]:.0f}" if one in ("samples", "failed") else f"{row[one]:.1f}" for one in columns]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


CORRELATION_TARGETS = (
    "Coverage in percent of nominal 95 % intervals: pointwise bands of rho_t averaged over t (target 93 to 97; "
    "`bootstrapped` in percent of samples, where too many parameter draws were not admissible), the target correlation "
    "by the draws behind the bands, and (a, b) by the normal sandwich interval and by bootstrap-t (target 92 to 97). "
    "The world is cDCC with a = .03, b = .95 and GARCH(1,1) margins (.06, .92). Monte Carlo standard error at 500 "
    "samples: 1 point. Coverage of the band is averaged over sessions within a sample, so its error is smaller."
)
REGIME_TARGETS = (
    "Coverage in percent of nominal 95 % intervals: means and volatilities (target 92 to 97), transition probabilities "
    "(target 90 to 97), and days classified rightly (target at least 90)."
)
EFFECT_TARGETS = (
    "Percent of samples in which a nominal 95 % interval holds the truth, or a 5 % test keeps a true null (target 91 "
    "to 98; exact intervals for few events may lie above). tests/validation/effects.py says what is true in each "
    "design; most have clustered volatility and fat tails."
)
EXPOSURE_TARGETS = (
    "Betas, hedges and tails: percent of samples in which a nominal 95 % interval holds the truth or a 5 % test keeps "
    "a true null, and for bands the percent of sessions (target 91 to 98). The regime band must hold the slope of the "
    "session's own state. tests/validation/exposures.py says what is true in each design."
)

ENGINES: tuple[Engine, ...] = (
    Engine(
        "correlation",
        ("models/correlation", "models/margins"),
        500,
        25,
        {cell.label: partial(correlation.replicate, cell) for cell in correlation.CELLS},
        partial(table, "correlation", CORRELATION_TARGETS, correlation.summary),
    ),
    Engine(
        "regimes",
        ("models/regimes",),
        500,
        25,
        {"K=2 N=3 T=2000": regimes.replicate},
        partial(table, "regimes", REGIME_TARGETS, regimes.summary),
    ),
    Engine(
        "effects",
        (
            "models/drivers",
            "models/connectedness",
            "models/inference",
            "models/margins",
            "models/liquidity.py",
            "models/episodes.py",
            "models/survival.py",
            "models/clock.py",
            "models/events.py",
            "models/persistence.py",
            "models/portfolio.py",
            "tests/validation/effects.py",
            "tests/validation/samples.py",
        ),
        500,
        25,
        {label: partial(effects.replicate, label) for label in effects.DESIGNS},
        partial(table, "effects", EFFECT_TARGETS, samples.summary),
    ),
    Engine(
        "exposures",
        (
            "models/betas",
            "models/tails",
            "models/correlation",
            "models/margins",
            "models/regimes",
            "models/inference",
            "models/hedge.py",
            "models/capture.py",
            "tests/validation/exposures.py",
            "tests/validation/samples.py",
            "tests/validation/dcc_world.py",
        ),
        500,
        25,
        {label: partial(exposures.replicate, label) for label in exposures.DESIGNS},
        partial(table, "exposures", EXPOSURE_TARGETS, samples.summary),
    ),
    Engine(
        "worlds",
        ("data", "models", "study.toml", "tests/validation/worlds.py"),
        200,
        5,
        {name: partial(worlds.replicate, name) for name in worlds.WORLDS},
        worlds.section,
    ),
    Engine(
        "seeds",
        ("data", "models", "study.toml", "tests/validation/seeds.py"),
        seeds.SEEDS,
        1,
        dict.fromkeys(seeds.designs(), seeds.replicate),
        seeds.section,
    ),
)

"""The study's main figures beyond the claims: betas, hedges, tails, spillovers, activity, each with an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from joblib import delayed

from models.measurements.activity import activity
from models.measurements.betas import betas
from models.measurements.hedges import hedges
from models.measurements.measured import Family, Measured, Subject
from models.measurements.spillovers import spillovers
from models.measurements.tails import tails
from models.workers import in_parallel

__all__ = ["FAMILIES", "Family", "Measured", "Subject", "measure"]

FAMILIES: Mapping[str, Callable[[Subject], Family]] = {
    family.__name__: family for family in (betas, hedges, tails, spillovers, activity)
}


def measure(subject: Subject, *, workers: int, progress: Callable[[str], None] = lambda _: None) -> tuple[Family, ...]:
    """Compute every family.

    Parameters
    ----------
    subject : Subject
    workers : int
        Processes; a family is one piece.
    progress : callable
        Told which family is done.

    Returns
    -------
    tuple of Family
        In the order of `FAMILIES`, whatever the number of workers.
    """
    pieces = in_parallel(workers, (delayed(_family)(name, subject) for name in FAMILIES))
    found = []
    for family in pieces:
        progress(f"Measured {family.title.lower()}")
        found.append(family)
    return tuple(found)


def _family(name: str, subject: Subject) -> Family:
    return FAMILIES[name](subject)

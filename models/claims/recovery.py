"""On simulated data: population values beside what the study estimates of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.claims.verdict import Verdict
from models.estimate import Estimate
from models.suite import Suite

#: Claims whose headline has a population value, and the name of that value.
HEADLINES = {
    "C03": "core_correlation.stress_minus_quiet.garch",
    "C04": "tail_beta.crypto",
    "C07": "weekly_partial_r2.crypto.liquidity",
    "C10": "beta.miners.metal",
    "C11": "tail_beta.miners",
    "C15": "cost_slope.oil",
}


@dataclass(frozen=True, slots=True)
class Recovered:
    """A population value beside its estimate.

    Attributes
    ----------
    label : str
        What is measured, in words.
    truth, monte_carlo_se : float
        Value in the simulated world, from one long run, and the error of that run.
    estimate : Estimate
    """

    label: str
    truth: float
    monte_carlo_se: float
    estimate: Estimate

    @property
    def inside(self) -> bool:
        """Whether the interval covers the population value."""
        return self.estimate.contains(self.truth)


def recovery(
    population: Mapping[str, Mapping[str, Any]], suite: Suite, verdicts: tuple[Verdict, ...]
) -> tuple[Recovered, ...]:
    """Pair population values with estimates.

    Parameters
    ----------
    population : mapping of name to {"value", "monte_carlo_se", "definition"}
        As in the sample's `truth.json`.
    suite : Suite
    verdicts : tuple of Verdict
    """
    estimates: dict[str, Estimate] = {}
    for (dependent, factor), estimate in suite.static_betas.items():
        estimates[f"beta.{dependent}.{factor}"] = estimate
    for (first, second), estimate in suite.static_correlations.items():
        name = f"correlation.raw.{first}.{second}"
        estimates[name if name in population else f"correlation.raw.{second}.{first}"] = estimate
    for verdict in verdicts:
        if verdict.id in HEADLINES and isinstance(verdict.headline, Estimate):
            estimates[HEADLINES[verdict.id]] = verdict.headline
    return tuple(
        Recovered(
            population[name]["definition"], population[name]["value"], population[name]["monte_carlo_se"], estimate
        )
        for name, estimate in estimates.items()
        if name in population
    )

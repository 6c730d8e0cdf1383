"""Slopes that attribute the fall of crypto and miners in the event to what may have caused it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.simulate.truth import Batch, Measured, PopulationValue, least_squares

RISK = ("fear", "credit", "growth")
FUNDAMENTALS: Mapping[str, tuple[str, ...]] = {
    "crypto": ("real_yield", "dollar", "metal"),
    "miners": ("metal", "real_yield", "dollar", "oil"),
}


def attribution_slopes(batch: Batch) -> Measured:
    """Slopes of crypto and miners on growth beyond the market, and on the two blocks of the attribution."""
    found: Measured = {}
    market, growth = batch.change("market"), batch.change("growth")
    found["slope.growth.market"] = (
        float(least_squares(growth, market)[0]),
        "",
        "Slope of the return of growth on the market's",
    )
    for dependent, fundamentals in FUNDAMENTALS.items():
        y = batch.change(dependent)
        found[f"slope.{dependent}.growth.given_market"] = (
            float(least_squares(y, growth, market)[0]),
            "",
            f"Slope of the return of {dependent} on that of growth, given the market's",
        )
        for block, roles in (("risk", RISK), ("fundamentals", fundamentals), ("all", (*RISK, *fundamentals))):
            slopes = least_squares(y, *(batch.change(role) for role in roles))
            for role, slope in zip(roles, slopes, strict=True):
                found[f"attribution.{dependent}.{block}.{role}"] = (
                    float(slope),
                    "% for one unit",
                    f"Slope of the return of {dependent} on {role} in the regression on {', '.join(roles)}",
                )
    return found


def technology_share(dependent: str, moves: Mapping[str, float], population: Mapping[str, PopulationValue]) -> float:
    """Share of the fall of `dependent` that growth's move beyond the market's explains; `moves` are cumulative."""
    beyond = moves["growth"] - population["slope.growth.market"].value * moves["market"]
    return population[f"slope.{dependent}.growth.given_market"].value * beyond / moves[dependent]


def explained_move(
    dependent: str, moves: pd.Series, drivers: pd.DataFrame, population: Mapping[str, PopulationValue]
) -> tuple[float, float]:
    """Move that the drivers explain with the slopes of the world, and their R-squared, over the sessions given."""
    fitted = sum(drivers[role] * population[f"attribution.{dependent}.all.{role}"].value for role in drivers)
    errors = moves - fitted
    return float(np.sum(fitted)), 1.0 - float(np.sum(errors**2) / np.sum(moves**2))


def risk_share(dependent: str, moves: Mapping[str, float], population: Mapping[str, PopulationValue]) -> float:
    """Share of the risk block in what the two blocks contribute to a fall: Shapley value over the two."""

    def explained(block: str, roles: tuple[str, ...]) -> float:
        return sum(population[f"attribution.{dependent}.{block}.{role}"].value * moves[role] for role in roles)

    everything = explained("all", (*RISK, *FUNDAMENTALS[dependent]))
    lead = explained("risk", RISK) - explained("fundamentals", FUNDAMENTALS[dependent])
    down = [max(-0.5 * (everything + sign * lead), 0.0) for sign in (1.0, -1.0)]
    return down[0] / sum(down) if any(down) else 0.0

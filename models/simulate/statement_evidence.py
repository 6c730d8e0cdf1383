"""What a judge of statements may look at: one history, the law of its world, and the study's windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.study import Study, Window
from models.simulate.simulation import Simulation
from models.simulate.structure import SHOCKED, World
from models.simulate.truth import PopulationValue


@dataclass(frozen=True)
class StatementEvidence:
    """A simulated history with the population values of its world.

    Attributes
    ----------
    simulation : Simulation
    rules : World
    population : mapping of name to PopulationValue
    study : Study
        Gives windows and crises.
    """

    simulation: Simulation
    rules: World
    population: Mapping[str, PopulationValue]
    study: Study

    def value(self, name: str) -> float:
        """A population value."""
        return self.population[name].value

    def level(self, role: str) -> pd.Series:
        """Closes or values of a role on its own dates."""
        return self.simulation.levels[role].iloc[:, 0]

    def window(self, name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Base and last session of a window of the study."""
        window: Window = self.study.windows[name]
        last = window.last or self.simulation.sessions[-1].date()
        return pd.Timestamp(window.base), pd.Timestamp(last)

    def covers(self, name: str) -> bool:
        """Whether the history holds a window."""
        base, last = self.window(name)
        return base in self.simulation.sessions and last in self.simulation.sessions

    def move(self, role: str, name: str) -> float:
        """Log return in percent over a window; basis points for spreads and yields."""
        return float(self.changes(role, name).sum())

    def changes(self, role: str, name: str) -> pd.Series:
        """The move over a window session by session."""
        level = self.level(role).reindex(self.simulation.sessions)
        values = level if role in ("credit", "real_yield", "short_yield") else np.log(level)
        return 100.0 * values.diff()[self.sessions_in(name)]

    def fall(self, role: str, name: str) -> float:
        """Simple return in percent over a window."""
        return 100.0 * math.expm1(self.move(role, name) / 100.0)

    def scaled_move(self, role: str, name: str) -> float:
        """Log return over a window in standard deviations of as many usual sessions."""
        usual = self.value(f"annual_volatility.{role}") * math.sqrt(self.sessions_in(name).size / 252.0)
        return self.move(role, name) / usual

    def volatility(self, role: str) -> pd.Series:
        """True conditional standard deviation, session by session."""
        simulation = self.simulation
        return pd.Series(simulation.volatilities[:, simulation.roles.index(role)], index=simulation.sessions)

    def half_life(self, role: str) -> float:
        """Half-life of the role's own variance shocks, in sessions."""
        i = SHOCKED.index(role)
        persistence = self.rules.alpha[i] + self.rules.gamma[i] / 2.0 + self.rules.beta[i]
        return float(np.log(0.5) / np.log(persistence))

    def sessions_in(self, name: str) -> pd.DatetimeIndex:
        """Sessions after the base of a window up to its last."""
        base, last = self.window(name)
        sessions = self.simulation.sessions
        return sessions[(sessions > base) & (sessions <= last)]

    def between(self, base: date, last: date) -> pd.DatetimeIndex:
        """Sessions after the close of `base` up to the close of `last`."""
        sessions = self.simulation.sessions
        return sessions[(sessions > pd.Timestamp(base)) & (sessions <= pd.Timestamp(last))]

    def growth(self, role: str, within: pd.DatetimeIndex) -> float:
        """Simple return in percent over consecutive sessions."""
        returns = np.log(self.level(role).reindex(self.simulation.sessions)).diff()[within]
        return 100.0 * math.expm1(float(returns.sum()))

    def before(self, name: str, sessions: int) -> pd.DatetimeIndex:
        """The last sessions up to the base of a window."""
        earlier = self.simulation.sessions[self.simulation.sessions <= self.window(name)[0]]
        return earlier[-sessions:]

    def crises(self, minimum_days: float, market_fall: float) -> dict[str, pd.DatetimeIndex]:
        """Sessions of the listed crises that are long enough and in which the market fell far enough, by name."""
        listed = {crisis.name: self.between(crisis.base, crisis.last) for crisis in self.study.crises}
        return {
            name: within
            for name, within in listed.items()
            if within.size >= minimum_days and self.growth("market", within) <= -market_fall
        }

    def failures(self, crises: Mapping[str, pd.DatetimeIndex]) -> dict[str, dict[str, float]]:
        """For crypto and miners, in this order, the mean true slope on the market in each crisis of their failure."""
        failures: dict[str, dict[str, float]] = {"crypto": {}, "miners": {}}
        for name, within in crises.items():
            for role, failed in failures.items():
                slope = float(self.simulation.beta(role, "market")[within].mean())
                if self.growth(role, within) < 0.0 and slope > 0.0:
                    failed[name] = slope
        return failures

"""Forecasts of correlations, variances and betas for any horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.correlation.draws import admissible_draws
from models.correlation.dynamics import normalised, pack, unpack
from models.correlation.paths import FilteredMoments, PathQuantity
from models.correlation.pooled import pool_states
from models.correlation.simulation import Simulated, after_the_sample_at, whitened_residuals
from models.correlation.types import Array
from models.estimate import Estimate

if TYPE_CHECKING:
    from models.correlation.result import CorrelationResult

Method = Literal["q", "r", "simulation"]
#: Simulated paths, and the parameter draws they are shared among.
PATHS, PARAMETER_DRAWS = 5000, 50


@dataclass(frozen=True, slots=True)
class CorrelationForecast:
    """Forecasts for the days T+1, .., T+H.

    Attributes
    ----------
    names : tuple of str
    method : {"q", "r", "simulation"}
    correlations : array, shape (H, N, N)
        E_T[R_{T+h}], by the approximation named.
    variances : array, shape (H, N)
        E_T of each session's variance, percent squared, by the calendar as far as the margins know it.
    states : array, shape (H, N)
        The same of sessions of mean length, from which paths and intervals are made.
    simulated : Simulated or None
        The paths of the simulation, parameter and innovation uncertainty together.
    seed : int
    """

    names: tuple[str, ...]
    method: Method
    correlations: Array
    variances: Array
    states: Array
    simulated: Simulated | None
    seed: int

    @property
    def horizon(self) -> int:
        return self.correlations.shape[0]

    @property
    def covariances(self) -> Array:
        """E_T[H_{T+h}], shape (H, N, N): simulated, or put together from variances and correlations."""
        if self.simulated is not None:
            scale = np.sqrt(self.simulated.variances)
            rows, columns = np.tril_indices(len(self.names))
            products = self.simulated.correlations * scale[:, :, rows] * scale[:, :, columns]
            return unpack(products.mean(axis=0))
        scale = np.sqrt(self.variances)
        together: Array = self.correlations * scale[:, :, None] * scale[:, None, :]
        return together

    def path(self, what: PathQuantity) -> pd.Series:
        """Forecast of a correlation, beta or volatility for each horizon 1..H.

        With the simulation this is the mean of the quantity over the paths, E[beta], which differs from the ratio of
        the expected covariance and variance that the other methods give.
        """
        if self.simulated is not None:
            values = self._simulated_values(what).mean(axis=0)
        else:
            packed = np.stack([pack(matrix) for matrix in self.correlations])
            values = what.path(FilteredMoments(self.names, packed, self.states))
        return pd.Series(values, index=pd.RangeIndex(1, self.horizon + 1, name="horizon"), name=what.label)

    def interval(self, what: PathQuantity, level: float = 0.95) -> pd.DataFrame:
        """Prediction interval of the conditional quantity on each future day, columns lower and upper.

        Raises
        ------
        EstimationError
            Unless the forecast was simulated.
        """
        values = self._simulated_values(what)
        lower, upper = np.quantile(values, [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
        index = pd.RangeIndex(1, self.horizon + 1, name="horizon")
        return pd.DataFrame({"lower": lower, "upper": upper}, index=index)

    def cumulative(self, weights: Sequence[float]) -> Array:
        """Simulated sum over the horizon of the returns of fixed weights, percent, shape (P,)."""
        simulated = self._needs_simulation("a return distribution")
        totals: Array = simulated.returns.sum(axis=1) @ np.asarray(weights, dtype=float)
        return totals

    def value_at_risk(self, weights: Sequence[float], probability: float = 0.05) -> float:
        """Loss over the horizon, percent, that is exceeded with `probability`."""
        return -float(np.quantile(self.cumulative(weights), probability))

    def expected_shortfall(self, weights: Sequence[float], probability: float = 0.05) -> float:
        """Mean loss over the horizon, percent, beyond the value at risk."""
        totals = self.cumulative(weights)
        return -float(totals[totals <= np.quantile(totals, probability)].mean())

    def probability(self, event: Array) -> Estimate:
        """Probability of a simulated event with its simulation error.

        Parameters
        ----------
        event : array of bool, shape (P,)
            Computed from `simulated`.
        """
        share, n = float(np.mean(event)), int(np.size(event))
        error = float(np.sqrt(max(share * (1.0 - share), 1.0 / n) / n))
        return Estimate(
            value=share,
            std_error=error,
            lower=max(0.0, share - 1.96 * error),
            upper=min(1.0, share + 1.96 * error),
            level=0.95,
            n=n,
            unit="",
            method="share of simulated paths; interval of the simulation alone",
        )

    def _simulated_values(self, what: PathQuantity) -> Array:
        simulated = self._needs_simulation("an interval")
        paths, horizon, size = simulated.variances.shape
        flat = FilteredMoments(
            self.names, simulated.correlations.reshape(paths * horizon, -1), simulated.states.reshape(-1, size)
        )
        return what.path(flat).reshape(paths, horizon)

    def _needs_simulation(self, what: str) -> Simulated:
        if self.simulated is None:
            raise EstimationError("the forecast", f"{what} needs simulated paths", 'Ask for method="simulation".')
        return self.simulated


def forecast(result: CorrelationResult, horizon: int, method: Method, seed: int) -> CorrelationForecast:
    """See `CorrelationResult.forecast`."""
    if horizon < 1:
        raise EstimationError("the forecast", f"a horizon of {horizon} days lies in the past", "Use at least 1.")
    if method == "simulation":
        simulated = _simulate(result, horizon, seed)
        return CorrelationForecast(
            result.names,
            method,
            unpack(simulated.correlations.mean(axis=0)),
            simulated.variances.mean(axis=0),
            simulated.states.mean(axis=0),
            simulated,
            seed,
        )
    decay = float(result.psi[:2].sum()) ** np.arange(horizon)[:, None]
    target = result.packed_target
    if method == "q":
        packed = np.stack([pack(normalised(unpack(q))) for q in target + decay * (result.next_state - target)])
    else:
        long_run = pack(normalised(unpack(target)))
        next_r = pack(normalised(unpack(result.next_state)))
        packed = long_run + decay * (next_r - long_run)
    if result.dynamics.blocks:
        pool_states(packed, np.array(result.dynamics.blocks, dtype=np.int64))
    states = _states(result, horizon, seed)
    session = len(result.margins.returns)
    multipliers = [margin.model.multipliers(margin.params, session, horizon) for margin in result.margins.fitted]
    variances = states * np.column_stack(multipliers)
    return CorrelationForecast(result.names, method, unpack(packed), variances, states, None, seed)


def _states(result: CorrelationResult, horizon: int, seed: int) -> Array:
    columns = []
    rng = np.random.default_rng(seed)
    for margin in result.margins.fitted:
        _, (omega, _, _, _), _ = margin.model.split(margin.params)
        level, column = margin.next_state, []
        if margin.model.volatility == "egarch":
            z = rng.choice(margin.std_residuals, size=(horizon, PATHS))
            state = np.full(PATHS, level)
            for row in z:
                column.append(float(state.mean()))
                state = margin.model.next_variances(margin.params, row, state)
        else:
            for _ in range(horizon):
                column.append(level)
                level = omega + margin.persistence * level
        columns.append(column)
    return np.array(columns).T


def _simulate(result: CorrelationResult, horizon: int, seed: int) -> Simulated:
    rng = np.random.default_rng(seed)
    white = whitened_residuals(result)
    share = PATHS // PARAMETER_DRAWS
    pieces = []
    for candidate in admissible_draws(result, PARAMETER_DRAWS, seed):
        shocks = white[rng.integers(len(white), size=(share, horizon))]
        pieces.append(after_the_sample_at(result, candidate).simulate(shocks))
    return Simulated(
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("returns", "variances", "correlations", "states")
        )
    )

"""Margins of what goes on trading while the exchange of the sessions is closed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.margins.model import MarginModel
from models.margins.types import Array


@dataclass(frozen=True)
class GapVariance(MarginModel):
    """A margin whose variance grows with the calendar days that a return covers.

    With g_t the calendar days since the session before and g their mean, the variance of a session is s_t h_t,

    s_t = (1 + k (g_t - 1)) / (1 + k (g - 1)) with k >= 0:

    k = 1 where a closed day brings as much as an open one, k = 0 where it brings nothing (French and Roll 1986, Journal
    of Financial Economics 17, 5-26, compare variances over one and several days). It is the deflated error
    e_t / sqrt(s_t) = sqrt(h_t) z_t that follows the recursion of `MarginModel`, so that a Monday's news is judged by
    what a Monday's variance is, and h_t is the variance of a session of mean length.

    Attributes
    ----------
    days : array, shape (at least T,)
        g_t of the sample's sessions and, as far as the calendar is known, of those that follow. Sessions beyond are
        taken to be of mean length.
    """

    days: Array = field(kw_only=True, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        return (*super().names, "gap")

    @property
    def tail_start(self) -> tuple[float, ...]:
        return (*super().tail_start, 0.5)

    @property
    def tail_bounds(self) -> tuple[tuple[float, float], ...]:
        return (*super().tail_bounds, (0.0, 20.0))

    def split(self, params: Array) -> tuple[Array, tuple[float, float, float, float], Array]:
        """See `MarginModel.split`; k stands behind these."""
        return super().split(params[:-1])

    def filterable(self, params: Array) -> bool:
        """See `MarginModel.filterable`; k may be negative as long as every variance is positive."""
        return super().filterable(params) and 1.0 + params[-1] * (float(self.days.max()) - 1.0) > 0.0

    def multipliers(self, params: Array, first: int, count: int) -> Array:
        """s_t of `count` sessions from position `first` of the sample on, shape (count,)."""
        return (1.0 + params[-1] * self._closed(first, count)) / (1.0 + params[-1] * self._mean_closed)

    def residuals(self, params: Array, returns: Array) -> Array:
        """e_t / sqrt(s_t), shape (T,)."""
        deflated: Array = super().residuals(params, returns) / np.sqrt(self.multipliers(params, 0, returns.size))
        return deflated

    def filter(self, params: Array, returns: Array, backcast: float) -> tuple[Array, Array]:
        """See `MarginModel.filter`; the variances are s_t h_t."""
        states, z = super().filter(params, returns, backcast)
        return self.multipliers(params, 0, returns.size) * states, z

    def filter_derivatives(self, params: Array, returns: Array, backcast: float) -> tuple[Array, Array, Array, Array]:
        """See `MarginModel.filter_derivatives`; the variances are s_t h_t."""
        states, z, d_states, d_z = super().filter_derivatives(params, returns, backcast)
        multipliers = self.multipliers(params, 0, returns.size)
        order = self._order(params)
        d_variances = multipliers[:, None] * d_states[:, order]
        d_variances[:, -1] += self._growth(params, returns.size) * multipliers * states
        return multipliers * states, z, d_variances, d_z[:, order]

    def _gaussian_garch(self, params: Array, returns: Array, backcast: float) -> tuple[float, Array]:
        value, gradient = super()._gaussian_garch(params, returns, backcast)
        multipliers = self.multipliers(params, 0, returns.size)
        gradient = gradient[self._order(params)]
        gradient[-1] -= 0.5 * float(self._growth(params, returns.size).sum())
        return value - 0.5 * float(np.log(multipliers).sum()), gradient

    def _residual_derivatives(self, params: Array, returns: Array) -> Array:
        """By the parameters of the mean and, behind them, by k."""
        multipliers = self.multipliers(params, 0, returns.size)
        by_mean = super()._residual_derivatives(params, returns) / np.sqrt(multipliers)[:, None]
        by_gap = -0.5 * self.residuals(params, returns) * self._growth(params, returns.size)
        return np.column_stack([by_mean, by_gap])

    def _order(self, params: Array) -> list[int]:
        """Brings k from behind the mean, where the recursion has it, to the end."""
        means = len(self.mean_names)
        return [*range(means), *range(means + 1, params.size), means]

    def _closed(self, first: int, count: int) -> Array:
        """g_t - 1, the closed days within a return."""
        known = self.days[first : first + count]
        return np.append(known - 1.0, np.full(count - known.size, self._mean_closed))

    @property
    def _mean_closed(self) -> float:
        return float(self.days.mean()) - 1.0

    def _growth(self, params: Array, count: int) -> Array:
        """Derivative of ln s_t by k, shape (T,)."""
        k, closed, mean = params[-1], self._closed(0, count), self._mean_closed
        growth: Array = closed / (1.0 + k * closed) - mean / (1.0 + k * mean)
        return growth

"""Conditional moments of the last sessions and of the next one, at the estimate and at draws of the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.correlation import CorrelationResult
from models.correlation.draws import Refilter, admissible_draws
from models.correlation.dynamics import unpack
from models.correlation.paths import FilteredMoments, PathQuantity
from models.estimate import Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RecentMoments:
    """H_t = D_t R_t D_t of the last sessions, each known at the close before.

    Attributes
    ----------
    names : tuple of str
        The N series.
    correlations : array, shape (D + 1, S, N (N + 1) / 2)
        Lower triangle by rows. First axis: the estimate, then D parameter draws. Second axis: sessions; the last is
        the one after the sample, the one before it the last of the sample.
    variances : array, shape (D + 1, S, N)
        Percent squared, of sessions of mean length.
    n : int
        Sessions of the sample.
    """

    names: tuple[str, ...]
    correlations: Array
    variances: Array
    n: int

    @property
    def draws(self) -> int:
        return len(self.variances) - 1

    def values(self, what: PathQuantity) -> Array:
        """A correlation, beta or volatility on the last S sessions, shape (D + 1, S)."""
        flat = FilteredMoments(
            self.names,
            self.correlations.reshape(-1, self.correlations.shape[-1]),
            self.variances.reshape(-1, len(self.names)),
        )
        return what.path(flat).reshape(self.variances.shape[:2])

    @cached_property
    def covariances(self) -> Array:
        """H_{T+1}, shape (D + 1, N, N)."""
        scale = np.sqrt(self.variances[:, -1])
        together: Array = self.next_correlations * scale[:, :, None] * scale[:, None, :]
        return together

    @cached_property
    def next_correlations(self) -> Array:
        """R_{T+1}, shape (D + 1, N, N)."""
        return unpack(self.correlations[:, -1])


def recent_moments(result: CorrelationResult, *, sessions: int, draws: int, seed: int) -> RecentMoments:
    """Filter the returns at the estimate and at parameter draws, and keep the last moments.

    Parameters
    ----------
    result : CorrelationResult
    sessions : int
        S, the session after the sample included.
    draws, seed : int
        Draws as in `CorrelationResult.bands`.
    """
    refilter = Refilter(one_session_on(result), result.names)
    correlations, variances = [], []
    for candidate in _candidates(result, draws, seed):
        moments = refilter.moments(candidate)
        correlations.append(moments.correlations[-sessions:].copy())
        variances.append(moments.variances[-sessions:].copy())
    return RecentMoments(result.names, np.array(correlations), np.array(variances), len(result.margins.returns))


def one_session_on(result: CorrelationResult) -> CorrelationResult:
    """The same model with one more session, whose return is a placeholder: its moments are known at the close before.

    Only what filters at given parameters may be asked of it.
    """
    returns = result.margins.returns
    ahead = pd.DataFrame(
        [[margin.params[0] for margin in result.margins.fitted]],
        index=[returns.index[-1] + pd.Timedelta(days=1)],
        columns=returns.columns,
    )
    return replace(result, margins=replace(result.margins, returns=pd.concat([returns, ahead])))


def _candidates(result: CorrelationResult, draws: int, seed: int) -> Iterator[Array]:
    yield np.concatenate([result.parameters_of(result.names), result.free_correlation_params])
    yield from admissible_draws(result, draws, seed)


def from_draws(values: Array, *, level: float, n: int, unit: str, method: str) -> Estimate:
    """An estimate, the first of `values`, with the percentiles of the rest as its interval."""
    centre, drawn = float(values[0]), values[1:]
    low, high = np.quantile(drawn, [0.5 * (1.0 - level), 0.5 * (1.0 + level)])
    return Estimate(
        value=centre,
        std_error=float(drawn.std(ddof=1)),
        lower=min(float(low), centre),
        upper=max(float(high), centre),
        level=level,
        n=n,
        unit=unit,
        method=method,
    )

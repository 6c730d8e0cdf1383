"""The first step of every correlation model: one margin for each column of returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.margins.estimation import FittedMargin, check_returns, fit_margin
from models.margins.gap import GapVariance
from models.margins.model import INTEGRATED, MarginModel
from models.margins.types import Array, Distribution, InitialVariance, Mean, Volatility
from models.optimise import Convergence

#: Two margins closer than this in BIC count as equal, and the simpler is taken.
BIC_TIE = 2.0


@dataclass(frozen=True, slots=True, repr=False)
class Margins:
    """Estimated margins of N series over the same T sessions.

    Attributes
    ----------
    returns : DataFrame, shape (T, N)
        Percent.
    fitted : tuple of FittedMargin
        One a column, with its scores, influence functions and derivatives as arrays.
    gaussian : tuple of FittedMargin
        Where the models were chosen: the Gaussian GARCH(1, 1) of each column, kept beside. Its quasi likelihood is
        consistent for the variances under any density, that of a chosen t or skewed t only if it is right.
    """

    returns: pd.DataFrame
    fitted: tuple[FittedMargin, ...]
    gaussian: tuple[FittedMargin, ...] = ()

    def __repr__(self) -> str:
        models = ", ".join(f"{margin.name} {margin.model.volatility}" for margin in self.fitted)
        return f"<Margins: {models}; {len(self.returns):,} sessions>"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(margin.name for margin in self.fitted)

    @property
    def quasi(self) -> Margins:
        """The Gaussian GARCH margins kept beside chosen ones, or these themselves where nothing was chosen.

        `CDCC().fit(returns, margins=margins.quasi)` beside `margins=margins` shows what the choice does to rho_t.
        """
        return Margins(self.returns, self.gaussian) if self.gaussian else self

    @property
    def params(self) -> pd.DataFrame:
        """Estimates, a row for each series, a column for each parameter (NaN where a model lacks it)."""
        return self._table([margin.params for margin in self.fitted])

    @property
    def std_errors(self) -> pd.DataFrame:
        """Sandwich standard errors, shaped as `params`; NaN for a parameter held at a bound."""
        errors = [np.sqrt((margin.influence**2).sum(axis=0)) / len(self.returns) for margin in self.fitted]
        return self._table([np.where(error > 0.0, error, np.nan) for error in errors])

    @property
    def loglik(self) -> pd.Series:
        """Log-likelihood of each series, shape (N,)."""
        return pd.Series([margin.loglik for margin in self.fitted], index=self.names, name="loglik")

    @property
    def variances(self) -> pd.DataFrame:
        """Conditional variances h_t, predicted at t-1, percent squared, shape (T, N)."""
        return self._paths([margin.variances for margin in self.fitted])

    @property
    def std_residuals(self) -> pd.DataFrame:
        """z_t = e_t / sqrt(h_t), shape (T, N)."""
        return self._paths([margin.std_residuals for margin in self.fitted])

    @property
    def scores(self) -> pd.DataFrame:
        """Score of each observation, shape (T, all parameters), columns "series.parameter"."""
        return pd.DataFrame(
            np.hstack([margin.scores for margin in self.fitted]), index=self.returns.index, columns=self.labels
        )

    @property
    def labels(self) -> list[str]:
        """Names of all parameters in their order, as "series.parameter"."""
        return [f"{margin.name}.{parameter}" for margin in self.fitted for parameter in margin.model.names]

    @property
    def gap_days(self) -> dict[str, Array]:
        """Calendar days of the series whose variance grows with them, as `fit_margins` takes them."""
        return {one.name: one.model.days for one in self.fitted if isinstance(one.model, GapVariance)}

    @property
    def convergence(self) -> dict[str, Convergence]:
        """How each margin's optimum was reached."""
        return {margin.name: margin.convergence for margin in self.fitted}

    @property
    def at_boundary(self) -> tuple[str, ...]:
        """Series whose margin ended at a bound or is integrated, where the sandwich is not valid."""
        return tuple(
            margin.name for margin in self.fitted if margin.convergence.at_bounds or margin.persistence >= INTEGRATED
        )

    @property
    def gaussian_loglik(self) -> float:
        """Sum over t and series of the Gaussian log density at the estimated variances."""
        z, variances = self.std_residuals.to_numpy(), self.variances.to_numpy()
        return float(-0.5 * (np.log(2.0 * np.pi) + np.log(variances) + z * z).sum())

    def _table(self, rows: list[Array]) -> pd.DataFrame:
        columns = list(dict.fromkeys(parameter for margin in self.fitted for parameter in margin.model.names))
        standard = ("mu", "phi", "omega", "alpha", "gamma", "beta", "nu", "skew", "gap")
        order = [name for name in standard if name in columns]
        series = [
            pd.Series(row, index=margin.model.names, dtype=float) for row, margin in zip(rows, self.fitted, strict=True)
        ]
        return pd.DataFrame(series, index=list(self.names)).reindex(columns=order)

    def _paths(self, columns: list[Array]) -> pd.DataFrame:
        return pd.DataFrame(np.column_stack(columns), index=self.returns.index, columns=list(self.names))


def fit_margins(
    returns: pd.DataFrame,
    volatility: Volatility | Literal["auto"] = "garch",
    mean: Mean = "constant",
    distribution: Distribution = "normal",
    initial_variance: InitialVariance = "backcast",
    gap_days: Mapping[str, Array] = MappingProxyType({}),
) -> Margins:
    """Fit a volatility model to each column.

    Parameters
    ----------
    returns : DataFrame, shape (T, N)
        Returns in percent, no missing values.
    volatility : {"garch", "gjr", "egarch", "auto"}
        See `MarginModel`. "auto" chooses each series' mean, volatility and distribution by BIC among the converged and
        stationary fits of the whole grid; within 2 of the best the model with fewest parameters is taken, and `mean`
        and `distribution` are not used. The Gaussian GARCH fits stay in `Margins.quasi`.
    mean : {"constant", "ar1"}
    distribution : {"normal", "t", "skewt"}
        With "normal" the estimates are Gaussian quasi maximum likelihood: consistent for mean and variance under any
        distribution, which is what the two-step inference of the correlation models rests on.
    initial_variance : {"backcast", "mean_square"}
    gap_days : mapping of column to array, shape (at least T,)
        For series that trade on closed days: calendar days that each return covers, and behind them those of sessions
        to come as far as they are known; see `GapVariance`.

    Returns
    -------
    Margins

    Raises
    ------
    data.errors.EstimationError
        Naming the series: shorter than 250, constant, not finite, not in percent, or not converged; or calendar days
        that are too few or below one.
    """
    if returns.columns.has_duplicates:
        repeated = returns.columns[returns.columns.duplicated()][0]
        raise EstimationError(str(repeated), "the column appears twice", "Give each series a name of its own.")
    frame = returns.astype(float)
    columns = {str(name): np.ascontiguousarray(column.to_numpy()) for name, column in frame.items()}
    frame = frame.set_axis(list(columns), axis=1)
    for name, days in gap_days.items():
        if name in columns and (days.size < len(frame) or days.min() < 1.0):
            raise EstimationError(
                name,
                f"{days.size} calendar days from {days.min():g} up do not go with {len(frame)} returns",
                "Give the days since the session before, one for each return.",
            )

    def fitted(name: str, model: MarginModel) -> FittedMargin:
        return fit_margin(name, columns[name], _on_calendar(model, gap_days.get(name)))

    if volatility != "auto":
        model = MarginModel(volatility, mean, distribution, initial_variance)
        return Margins(frame, tuple(fitted(name, model) for name in columns))
    plain = MarginModel(initial_variance=initial_variance)
    return Margins(
        frame,
        tuple(_best(name, values, initial_variance, gap_days.get(name)) for name, values in columns.items()),
        tuple(fitted(name, plain) for name in columns),
    )


def _on_calendar(model: MarginModel, days: Array | None) -> MarginModel:
    if days is None:
        return model
    return GapVariance(model.volatility, model.mean, model.distribution, model.initial_variance, days=days)


def _best(name: str, returns: Array, initial_variance: InitialVariance, days: Array | None) -> FittedMargin:
    check_returns(name, returns)
    means: tuple[Mean, ...] = ("constant", "ar1")
    volatilities: tuple[Volatility, ...] = ("garch", "gjr", "egarch")
    distributions: tuple[Distribution, ...] = ("normal", "t", "skewt")
    candidates = []
    for mean, volatility, distribution in product(means, volatilities, distributions):
        model = _on_calendar(MarginModel(volatility, mean, distribution, initial_variance), days)
        try:
            margin = fit_margin(name, returns, model)
        except EstimationError:
            continue
        if not margin.convergence.at_bounds:
            candidates.append(margin)
    if not candidates:
        raise EstimationError(name, "no volatility model converges to a stationary fit", "Use a longer window.")
    best = min(margin.bic for margin in candidates)
    ties = [margin for margin in candidates if margin.bic <= best + BIC_TIE]
    return min(ties, key=lambda margin: (margin.params.size, margin.bic))

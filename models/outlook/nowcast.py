"""Where correlations, betas and volatilities stand for the next session, how they moved, and where they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.correlation import ADCC, CCC, CDCC, DCC, DECO, Correlation, CorrelationResult
from models.correlation.baselines import EWMA
from models.correlation.dynamics import normalised, pack
from models.correlation.forecasts import CorrelationForecast
from models.correlation.paths import Beta, FilteredMoments, MeanCorrelation, PathQuantity, Volatility
from models.estimate import Estimate
from models.margins import fit_margins
from models.outlook.moments import RecentMoments, from_draws
from models.regimes.rsdc import RSDCResult

Array = NDArray[np.float64]

#: Sessions in a week and in a month.
WEEK, MONTH = 5, 21
#: Sessions by whose root a daily volatility becomes one of a year.
SESSIONS_A_YEAR = 252
#: Coverage of the inner band, beyond which a later edition reports a change.
INNER_LEVEL = 0.80


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a row of the nowcast measures: a path quantity, its unit and the factor to that unit."""

    what: PathQuantity
    kind: str
    series: tuple[str, ...]
    unit: str = ""
    factor: float = 1.0

    @property
    def key(self) -> str:
        """Name by which editions are compared, e.g. "beta:miners:metal"."""
        return ":".join((self.kind, *self.series))


@dataclass(frozen=True)
class Reading:
    """A quantity for the session after the sample, known at the last close.

    Attributes
    ----------
    quantity : Quantity
    now : Estimate
        Interval of parameter uncertainty.
    inner : (float, float)
        Limits of the same at `INNER_LEVEL`.
    percentile : float
        Share (0 to 1) of the sessions of the sample with a lower value; ties count half.
    change : Estimate
        Against what was known a week before, from common draws: its interval holds what the parameters leave open.
    ahead : Estimate
        Mean for the session `MONTH` sessions on, with its prediction interval.
    fan : DataFrame, (MONTH, 5)
        Index: sessions ahead; columns "estimate", "lower", "upper" and, at `INNER_LEVEL`, "inner_lower", "inner_upper".
    models : mapping of model name to float
        The same quantity from other models.
    path : Series, (T,)
        Through the sample, each value known at the close before.
    """

    quantity: Quantity
    now: Estimate
    inner: tuple[float, float]
    percentile: float
    change: Estimate
    ahead: Estimate
    fan: pd.DataFrame
    models: Mapping[str, float]
    path: pd.Series

    @property
    def moved(self) -> bool:
        """Whether the interval of the week's change leaves out zero."""
        return not self.change.contains(0.0)

    @property
    def model_range(self) -> tuple[float, float]:
        """Lowest and highest value over this model and the others."""
        values = [self.now.value, *self.models.values()]
        return min(values), max(values)


def correlation_of(first: str, second: str) -> Quantity:
    """Conditional correlation of two series."""
    return Quantity(Correlation(first, second), "correlation", (first, second))


def beta_of(response: str, factor: str) -> Quantity:
    """Conditional beta of `response` on `factor`."""
    return Quantity(Beta(response, factor), "beta", (response, factor))


def mean_correlation_of(members: tuple[str, ...]) -> Quantity:
    """Mean of all pairwise conditional correlations."""
    return Quantity(MeanCorrelation(members), "mean_correlation", members)


def volatility_of(name: str) -> Quantity:
    """Conditional volatility in percent a year of `SESSIONS_A_YEAR` sessions."""
    return Quantity(Volatility(name), "volatility", (name,), "% a year", float(np.sqrt(SESSIONS_A_YEAR)))


def nowcast(
    result: CorrelationResult,
    quantities: Sequence[Quantity],
    recent: RecentMoments,
    forecast: CorrelationForecast,
    others: Mapping[str, FilteredMoments],
    pooled: Mapping[str, FilteredMoments],
    level: float,
) -> tuple[Reading, ...]:
    """Read every quantity.

    Parameters
    ----------
    result : CorrelationResult
        The default model.
    quantities : sequence of Quantity
    recent : RecentMoments
        More than a week of it, of the same model.
    forecast : CorrelationForecast
        Simulated, at least a month ahead.
    others : mapping of model name to FilteredMoments
        Of the session after the sample, see `rival_moments`.
    pooled : mapping of model name to FilteredMoments
        Of models with one correlation for all pairs: they speak of the mean correlation alone.
    level : float
    """
    rows, columns = np.tril_indices(len(result.names))
    states = np.column_stack([margin.states for margin in result.margins.fitted])
    moments = FilteredMoments(result.names, result.correlations[:, rows, columns], states)
    index = result.margins.returns.index
    made = []
    for quantity in quantities:
        path = pd.Series(quantity.factor * quantity.what.path(moments), index=index, name=quantity.key)
        models = {**others, **(pooled if quantity.kind == "mean_correlation" else {})}
        made.append(_reading(quantity, path, recent, forecast, models, level))
    return tuple(made)


def _reading(
    quantity: Quantity,
    path: pd.Series,
    recent: RecentMoments,
    forecast: CorrelationForecast,
    models: Mapping[str, FilteredMoments],
    level: float,
) -> Reading:
    values = quantity.factor * recent.values(quantity.what)
    method = f"at the estimate and at {recent.draws} parameter draws"
    now = from_draws(values[:, -1], level=level, n=recent.n, unit=quantity.unit, method=method)
    low, high = np.quantile(values[1:, -1], [0.5 - 0.5 * INNER_LEVEL, 0.5 + 0.5 * INNER_LEVEL])
    fan = _fan(quantity, forecast, level)
    last = fan.iloc[-1]
    return Reading(
        quantity=quantity,
        now=now,
        inner=(min(float(low), now.value), max(float(high), now.value)),
        percentile=percentile(path.to_numpy(), now.value),
        change=from_draws(
            values[:, -1] - values[:, -1 - WEEK], level=level, n=recent.n, unit=quantity.unit, method=method
        ),
        ahead=Estimate(
            value=float(last["estimate"]),
            std_error=None,
            lower=float(last["lower"]),
            upper=float(last["upper"]),
            level=level,
            n=recent.n,
            unit=quantity.unit,
            method=f"filtered historical simulation, {MONTH} sessions ahead; parameters and innovations",
        ),
        fan=fan,
        models={name: float(quantity.factor * quantity.what.path(one)[-1]) for name, one in models.items()},
        path=path,
    )


def _fan(quantity: Quantity, forecast: CorrelationForecast, level: float) -> pd.DataFrame:
    outer = forecast.interval(quantity.what, level)
    inner = forecast.interval(quantity.what, INNER_LEVEL)
    centre = forecast.path(quantity.what)
    frame = pd.DataFrame(
        {
            "estimate": centre,
            "lower": np.minimum(outer["lower"], centre),
            "upper": np.maximum(outer["upper"], centre),
            "inner_lower": inner["lower"],
            "inner_upper": inner["upper"],
        }
    )
    return quantity.factor * frame.iloc[:MONTH]


def percentile(history: Array, value: float) -> float:
    """Share of `history` below `value`, ties counted half."""
    known = history[np.isfinite(history)]
    return float((np.sum(known < value) + 0.5 * np.sum(known == value)) / known.size)


def rival_moments(result: CorrelationResult, switching: RSDCResult | None, seed: int) -> dict[str, FilteredMoments]:
    """Moments of the session after the sample from other models on the same returns, by the models' names.

    Constant, plain, asymmetric and Student-t conditional correlations on the same margins, the corrected one on
    asymmetric margins, regime-switching correlations where they are given, and exponential weighting.
    """
    returns, margins = result.margins.returns, result.margins
    closed = margins.gap_days
    fits = {
        "CCC": CCC().fit(returns, margins=margins),
        "DCC": DCC().fit(returns, margins=margins, seed=seed),
        "ADCC": ADCC().fit(returns, margins=margins, seed=seed),
        "cDCC-t": CDCC(distribution="t").fit(returns, margins=margins, seed=seed),
        "cDCC, GJR": CDCC().fit(returns, margins=fit_margins(returns, "gjr", gap_days=closed), seed=seed),
        "cDCC, EGARCH": CDCC().fit(returns, margins=fit_margins(returns, "egarch", gap_days=closed), seed=seed),
    }
    moments = {name: next_moments(fit) for name, fit in fits.items()}
    if switching is not None:
        weights = switching.filtered.to_numpy()[-1] @ switching.transition
        mixed = np.einsum("k,kij->ij", weights, switching.correlations)
        moments["RSDC"] = FilteredMoments(result.names, pack(mixed)[None], moments["CCC"].variances)
    covariance = EWMA().filter(returns).next_covariance
    moments["EWMA"] = FilteredMoments(
        result.names, pack(normalised(covariance))[None], np.diagonal(covariance)[None].copy()
    )
    return moments


def pooled_moments(result: CorrelationResult, seed: int) -> dict[str, FilteredMoments]:
    """The same from the model with one correlation for all pairs (Engle and Kelly 2012)."""
    return {"DECO": next_moments(DECO().fit(result.margins.returns, margins=result.margins, seed=seed))}


def next_moments(fit: CorrelationResult) -> FilteredMoments:
    """H_{T+1} at the estimate, as moments of one session of mean length."""
    variances = np.array([[margin.next_state for margin in fit.margins.fitted]])
    return FilteredMoments(fit.names, pack(fit.next_correlation.to_numpy())[None], variances)

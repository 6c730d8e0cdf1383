"""Which model would have forecast tomorrow's covariances best? Re-estimation through time, losses and tests.

Every covariance judged here was predicted at the close before, by parameters estimated on earlier days alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from arch.bootstrap import MCS
from scipy import stats

from data.errors import EstimationError
from models.correlation.baselines import Baseline
from models.correlation.dynamics import unpack
from models.correlation.likelihood import coefficients
from models.correlation.pooled import pool_states
from models.correlation.recursions import normalise_states, state_pass
from models.correlation.result import CorrelationResult
from models.correlation.specifications import CCC, DCC, refit
from models.correlation.types import Array
from models.estimate import NotDecidable, TestResult
from models.inference.hac import cosine_long_run_variance
from models.margins import Margins, fit_margins
from models.margins.estimation import fit_margin
from models.tails.backtests import conditional_coverage_test, coverage_test

Loss = Literal["qlike", "portfolio"]
#: Probabilities at which the value at risk is tested.
RISK_LEVELS = (0.01, 0.05)


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """One-day forecasts of several models over the same days.

    Attributes
    ----------
    returns : DataFrame, shape (T, N)
        The days judged, percent.
    covariances : dict of str to array, shape (T, N, N)
        Predicted the day before.
    hits : dict of str to DataFrame, shape (T, levels)
        Whether the equally weighted portfolio lost more than its value at risk.
    refits : int
        Estimations of each model.
    """

    returns: pd.DataFrame
    covariances: dict[str, Array]
    hits: dict[str, pd.DataFrame]
    refits: int

    def losses(self, loss: Loss) -> pd.DataFrame:
        """Loss of each day and model, lower is better, shape (T, models).

        "qlike": log det H_t + r_t' H_t^-1 r_t (Patton 2011). "portfolio": squared return of the portfolio of least
        predicted variance among those with w'mu = 1, averaged over mu = e_1, .., e_N and (1, .., 1)' (Engle and
        Colacito 2006).
        """
        values = self.returns.to_numpy()
        measure = _qlike if loss == "qlike" else _portfolio
        return pd.DataFrame(
            {name: measure(path, values) for name, path in self.covariances.items()}, index=self.returns.index
        )

    def diebold_mariano(self, first: str, second: str, loss: Loss = "qlike") -> TestResult:
        """Equal mean loss of two models; positive statistics speak for `second`.

        Diebold and Mariano (1995) with the equal-weighted cosine variance and its Student-t reference.
        """
        losses = self.losses(loss)
        gap = (losses[first] - losses[second]).to_numpy()
        variance = cosine_long_run_variance((gap - gap.mean())[:, None])
        statistic = float(gap.mean() / np.sqrt(variance.value[0, 0] / gap.size))
        return TestResult(
            statistic=statistic,
            p_value=float(2.0 * stats.t.sf(abs(statistic), variance.degrees_of_freedom)),
            null=f"{first} and {second} forecast equally well",
            reference=f"Student-t({variance.degrees_of_freedom})",
            n=gap.size,
            method=f"Diebold and Mariano (1995), {loss} loss",
        )

    def confidence_set(self, loss: Loss = "qlike", size: float = 0.1, draws: int = 1000, seed: int = 0) -> pd.Series:
        """p-value of each model in the model confidence set; those above `size` cannot be told from the best.

        Hansen, Lunde and Nason (2011), stationary bootstrap.
        """
        losses = self.losses(loss)
        made = MCS(losses.to_numpy(), size=size, reps=draws, seed=seed)
        made.compute()
        names = dict(enumerate(losses.columns))
        return made.pvalues["Pvalue"].rename(index=names).reindex(losses.columns).rename("p_value")

    def table(self, seed: int = 0) -> pd.DataFrame:
        """All models in one table, best likelihood loss first.

        Columns: mean qlike, qlike_set (p-value in the confidence set), mean portfolio loss, portfolio_set, and for
        each level of the value at risk its share of hits and Kupiec's and Christoffersen's p-values (NaN where they
        cannot be decided).
        """
        columns: dict[str, pd.Series] = {}
        losses: tuple[Loss, Loss] = ("qlike", "portfolio")
        for loss in losses:
            columns[loss] = self.losses(loss).mean()
            columns[f"{loss}_set"] = self.confidence_set(loss, seed=seed)
        table = pd.DataFrame(columns)
        for level in RISK_LEVELS:
            name = f"{100 * level:g}%"
            hits = {model: frame[level].to_numpy() for model, frame in self.hits.items()}
            table[f"hits {name}"] = pd.Series({model: float(hit.mean()) for model, hit in hits.items()})
            table[f"Kupiec {name}"] = pd.Series(
                {model: _p_value(coverage_test(hit, level)) for model, hit in hits.items()}
            )
            table[f"Christoffersen {name}"] = pd.Series(
                {model: _p_value(conditional_coverage_test(hit, level, seed=seed)) for model, hit in hits.items()}
            )
        return table.sort_values("qlike")

    def verdict(self, baseline: str, loss: Loss = "qlike", level: float = 0.05) -> str:
        """Whether any other model beats `baseline` significantly, as a sentence."""
        mean = self.losses(loss).mean()
        best = str(mean.idxmin())
        if best == baseline:
            return f"No model has a lower mean {loss} loss than {baseline}."
        test = self.diebold_mariano(baseline, best, loss)
        if test.p_value < level:
            return f"{best} forecasts better than {baseline} ({loss} loss, p = {test.p_value:.3f})."
        return f"{best} has the lowest mean {loss} loss, but cannot be told from {baseline} (p = {test.p_value:.2f})."


def compare_out_of_sample(
    returns: pd.DataFrame,
    models: Mapping[str, DCC | CCC | Baseline],
    *,
    start: pd.Timestamp,
    refit_every: int = 21,
    window: int | None = None,
    seed: int = 0,
) -> OutOfSample:
    """Forecast each day from `start` on, re-estimating from time to time with the previous estimate as the start.

    Parameters
    ----------
    returns : DataFrame, shape (T, N)
        Percent.
    models : mapping of str to specification or baseline
    start : Timestamp
        First day judged.
    refit_every : int
        Days between estimations.
    window : int, optional
        Days of each estimation sample; without it the sample expands.
    seed : int

    Raises
    ------
    EstimationError
        If there is nothing to judge or a model cannot be estimated.
    """
    first = int(returns.index.searchsorted(start))
    if first >= len(returns) - 1:
        raise EstimationError("the comparison", f"no days from {start} on", "Choose an earlier start.")
    stops = [*range(first, len(returns), refit_every), len(returns)]
    covariances: dict[str, list[Array]] = {name: [] for name in models}
    thresholds: dict[str, list[Array]] = {name: [] for name in models}
    earlier: dict[str, CorrelationResult] = {}
    margins: dict[str, Margins] = {}
    for begin, end in pairwise(stops):
        sample = returns.iloc[max(0, begin - window) if window else 0 : begin]
        through = returns.iloc[returns.index.get_loc(sample.index[0]) : end]
        fresh: dict[str, Margins] = {}
        for name, model in models.items():
            if isinstance(model, DCC | CCC):
                if model.margins not in fresh:
                    fresh[model.margins] = _margins(sample, model.margins, margins.get(model.margins))
                earlier[name] = _estimated(model, sample, fresh[model.margins], earlier.get(name), seed)
                path = predicted_covariances(earlier[name], through)
            else:
                path = model.filter(through).covariances
            thresholds[name].append(_thresholds(path, through, len(sample)))
            covariances[name].append(path[len(sample) :])
        margins = fresh
    judged = returns.iloc[first:]
    portfolio = judged.to_numpy().mean(axis=1)
    hits = {
        name: pd.DataFrame(portfolio[:, None] < np.concatenate(pieces), index=judged.index, columns=list(RISK_LEVELS))
        for name, pieces in thresholds.items()
    }
    return OutOfSample(
        judged, {name: np.concatenate(pieces) for name, pieces in covariances.items()}, hits, len(stops) - 1
    )


def predicted_covariances(result: CorrelationResult, returns: pd.DataFrame) -> Array:
    """H_t of returns that begin with the estimation sample and may run beyond it, at the estimate, shape (T, N, N)."""
    z, variances = np.empty(returns.shape), np.empty(returns.shape)
    for i, margin in enumerate(result.margins.fitted):
        values = returns[margin.name].to_numpy().copy()
        variances[:, i], z[:, i] = margin.model.filter(margin.params, values, margin.backcast)
    dynamics = result.dynamics
    moments = dynamics.moments(result.margins.std_residuals.to_numpy())
    negative = np.ascontiguousarray(np.minimum(z, 0.0)) if moments.negative.size else np.empty((len(z), 0))
    drive = dynamics.drive(z, replace(moments, negative=negative), result.psi, result.packed_target, slopes=False)
    states = state_pass(drive.x, negative, drive.intercept, drive.first, np.zeros(len(z)), *coefficients(result.psi))
    correlations = normalise_states(states[:-1])
    if dynamics.blocks:
        pool_states(correlations, np.array(dynamics.blocks, dtype=np.int64))
    scale = np.sqrt(variances)
    predicted: Array = unpack(correlations) * scale[:, :, None] * scale[:, None, :]
    return predicted


def _margins(sample: pd.DataFrame, volatility: str, earlier: Margins | None) -> Margins:
    if earlier is None or volatility == "auto":
        return fit_margins(sample, volatility=volatility)  # type: ignore[arg-type]
    try:
        fitted = tuple(
            fit_margin(margin.name, sample[margin.name].to_numpy().copy(), margin.model, start=margin.params)
            for margin in earlier.fitted
        )
    except EstimationError:
        return fit_margins(sample, volatility=volatility)  # type: ignore[arg-type]
    return Margins(sample, fitted)


def _estimated(
    model: DCC | CCC, sample: pd.DataFrame, margins: Margins, earlier: CorrelationResult | None, seed: int
) -> CorrelationResult:
    if earlier is None or earlier.degenerate:
        return model.fit(sample, margins=margins, seed=seed)
    try:
        again = refit(earlier, margins)
    except EstimationError:
        return model.fit(sample, margins=margins, seed=seed)
    return model.fit(sample, margins=margins, seed=seed) if again.degenerate else again


def _thresholds(path: Array, through: pd.DataFrame, known: int) -> Array:
    """Value at risk of the equally weighted portfolio, as a return: its volatility times a quantile of the past."""
    portfolio = through.to_numpy().mean(axis=1)
    volatility = np.sqrt(path.mean(axis=(1, 2)))
    scaled = portfolio[:known] / volatility[:known]
    quantiles = np.nanquantile(scaled, RISK_LEVELS)
    return np.asarray(volatility[known:, None] * quantiles)


def _qlike(path: Array, returns: Array) -> Array:
    forms = np.einsum("ti,ti->t", returns, np.linalg.solve(path, returns[:, :, None])[:, :, 0])
    loss: Array = np.linalg.slogdet(path)[1] + forms
    return loss


def _portfolio(path: Array, returns: Array) -> Array:
    size = returns.shape[1]
    targets = np.vstack([np.eye(size), np.ones(size)])
    inverse = np.linalg.inv(path)
    raw = np.einsum("tij,mj->tmi", inverse, targets)
    weights = raw / np.einsum("tmi,mi->tm", raw, targets)[:, :, None]
    return np.asarray((np.einsum("tmi,ti->tm", weights, returns) ** 2).mean(axis=1))


def _p_value(test: TestResult | NotDecidable) -> float:
    return test.p_value if isinstance(test, TestResult) else float("nan")

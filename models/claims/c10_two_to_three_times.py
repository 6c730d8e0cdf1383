"""C10: miners typically move two to three times as much as gold.

Question   Is the beta of miners on gold between two and three?
Trap       The ratio of absolute moves |r_miners| / |r_gold| is not a beta: it mixes in the miners' own risk and exceeds
           the beta even if the beta is one. It is shown beside the value that a world without leverage would give.
Criteria   Range rule on the static beta: the interval inside [low, high] widened by `tolerance` and most
           specifications inside. "Typically" also asks of the conditional beta that at least `typical_share` of the
           sessions lie in [low, high]; below that the verdict is at most "mixed".
Thresholds low, high, tolerance (beta), typical_share (share of sessions), move (percent of gold, for the ratio of
           absolute moves).
Statistic  Least-squares beta of miners on gold with a serial-dependence robust interval.
Literature Tufano (1998) finds about two for North American firms; Baur (2014) about one for Australian ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from models.betas.conditional import dynamic_conditional_beta
from models.betas.kalman import kalman_beta
from models.betas.path import BetaPath
from models.betas.static import dimson_beta, huber_beta, static_beta, up_down_betas
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary
from models.claims.rule import Curve, Ruling, conjunction, judge_range, range_curve
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.spans import summed

#: Sessions in a week and a month, for sums of returns that do not overlap.
WEEK, MONTH = 5, 21


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the static beta against the range, with the conditional beta's share as an extra condition."""
    low, high, tolerance = (case.thresholds[name] for name in ("low", "high", "tolerance"))
    returns = case.panel.returns.loc[case.sessions("full")]
    miners, metal = returns["miners"], returns["metal"]
    primary = static_beta(miners, metal, level=case.level)["metal"]
    path = _conditional_beta(case, "miners")
    specifications = tuple(_specifications(case, {"miners": path}))
    agreement = range_curve(specifications, low - tolerance, high + tolerance, case.share_needed)
    leg = Leg(
        "beta of miners on gold",
        primary,
        tolerance,
        specifications=specifications,
        ruling=_ruling(case, primary, path, agreement),
        curve=agreement,
    )
    return Measurement(
        legs=(leg,),
        combine=conjunction,
        kind="range",
        headline=primary,
        headline_label="beta of miners on gold",
        n=primary.n,
        window=case.describe("full"),
        secondary=_readings(case, returns, path),
        exhibits=(Exhibit("path", path.frame, "beta", path.method),),
    )


def _ruling(case: Case, primary: Estimate, path: BetaPath, agreement: Curve | None) -> Ruling:
    low, high = case.thresholds["low"], case.thresholds["high"]
    ruling = judge_range(primary, low, high, case.thresholds["tolerance"], agreement)
    share = path.share_within(low, high)
    if ruling.outcome is Outcome.SUPPORTED and share < case.thresholds["typical_share"]:
        return Ruling(
            Outcome.MIXED, f"{ruling.reason}, but the conditional beta was inside it on only {share:.0%} of days"
        )
    return Ruling(ruling.outcome, f"{ruling.reason}; the conditional beta was inside it on {share:.0%} of days")


def _conditional_beta(case: Case, dependent: str) -> BetaPath:
    returns = case.panel.returns.loc[case.sessions("full")]
    draws = case.study.inference.band_draws
    return dynamic_conditional_beta(returns[dependent], returns["metal"], level=case.level, draws=draws, seed=case.seed)


def _specifications(case: Case, conditional: Mapping[str, BetaPath]) -> list[SpecificationResult]:
    """Miners x sample x estimator, and betas that move; conditional ones that are known are not fitted again."""
    results = []
    dependents = [role for role in ("miners", "junior_miners") if role in case.panel.returns.columns]
    for dependent in dependents:
        for window in case.open_windows("full", "post_2020", "bitcoin_fund_era"):
            returns = case.panel.returns.loc[case.sessions(window)]
            y, x = returns[dependent], returns["metal"]
            estimates = {
                "least squares": static_beta(y, x, level=case.level)["metal"],
                "with the market": static_beta(y, returns[["metal", "market"]], level=case.level)["metal"],
                "Huber": huber_beta(y, x, level=case.level),
                "Dimson": dimson_beta(y, x, level=case.level),
                "weekly": _summed_beta(returns[[dependent, "metal"]], WEEK, case.level),
            }
            name = case.panel.names[dependent].lower()
            results += [
                SpecificationResult(f"{name}, {window.replace('_', ' ')}, {estimator}", estimate)
                for estimator, estimate in estimates.items()
            ]
        results += _moving(case, dependent, conditional.get(dependent))
    return results


def _moving(case: Case, dependent: str, known: BetaPath | None) -> list[SpecificationResult]:
    """Means of betas that move."""
    returns = case.panel.returns.loc[case.sessions("full")]
    y, x, name = returns[dependent], returns["metal"], case.panel.names[dependent].lower()
    return [
        attempted(
            f"{name}, full, mean conditional beta", lambda: (known or _conditional_beta(case, dependent)).average
        ),
        attempted(f"{name}, full, mean of a random walk", lambda: kalman_beta(y, x, level=case.level).average),
    ]


def _readings(case: Case, returns: pd.DataFrame, path: BetaPath) -> dict[str, Estimate | TestResult | NotDecidable]:
    miners, metal = returns["miners"], returns["metal"]
    up, down = up_down_betas(miners, metal, level=case.level)
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        "mean conditional beta": path.average,
        "beta with the market held fixed": static_beta(miners, returns[["metal", "market"]], level=case.level)["metal"],
        "beta when gold rises": up,
        "beta when gold falls": down,
        "weekly beta": _summed_beta(returns[["miners", "metal"]], WEEK, case.level),
    }
    if len(returns) >= MONTH * 40:
        readings["monthly beta"] = _summed_beta(returns[["miners", "metal"]], MONTH, case.level)
    observed, without_leverage = _absolute_ratios(miners, metal, case)
    readings["median ratio of absolute moves (not a beta)"] = observed
    readings["the same ratio if the beta were one"] = without_leverage
    return readings


def _absolute_ratios(miners: pd.Series, metal: pd.Series, case: Case) -> tuple[Estimate, Estimate]:
    """Median |r_miners| / |r_gold| on days on which gold moves by more than `move`, and its value at beta one.

    The second replaces the fitted beta by one and keeps the residuals. Intervals are order-statistic ones for a median.
    """
    rows = pd.concat([miners, metal], axis=1).dropna()
    moved = rows[rows.iloc[:, 1].abs() > case.thresholds["move"]]
    beta = float(np.polyfit(rows.iloc[:, 1], rows.iloc[:, 0], 1)[0])
    unlevered = moved.iloc[:, 0] - (beta - 1.0) * moved.iloc[:, 1]
    return tuple(  # type: ignore[return-value]
        _median((series / moved.iloc[:, 1]).abs().to_numpy(), case.level) for series in (moved.iloc[:, 0], unlevered)
    )


def _median(values: np.ndarray, level: float) -> Estimate:
    ordered = np.sort(values)
    low, high = stats.binom.ppf([(1 - level) / 2, (1 + level) / 2], values.size, 0.5).astype(int)
    high = min(high, values.size - 1)
    method = "median, order-statistic interval"
    return Estimate(
        float(np.median(ordered)), None, float(ordered[low]), float(ordered[high]), level, values.size, "", method
    )


def _summed_beta(returns: pd.DataFrame, sessions: int, level: float) -> Estimate:
    """Beta of the first column on the second over stretches of several sessions."""
    sums = summed(returns, sessions)
    return static_beta(sums.iloc[:, 0], sums.iloc[:, 1], level=level)[str(sums.columns[1])]


def primary(case: Case) -> Primary | NotDecidable:
    """The static beta, and whether it lies in the claimed range."""
    low, high, tolerance = (case.thresholds[name] for name in ("low", "high", "tolerance"))
    returns = case.panel.returns.loc[case.sessions("full")]
    beta = static_beta(returns["miners"], returns["metal"], level=case.level)["metal"]
    inside = low - tolerance <= beta.value <= high + tolerance
    return Primary(beta, inside, inside)


CLAIM = Claim(
    id="C10",
    needs=("miners", "metal", "market"),
    windows=("full",),
    thresholds=("low", "high", "tolerance", "typical_share", "move"),
    measure=measure,
    primary=primary,
)

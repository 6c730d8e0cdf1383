"""What a stated mix of assets risks: volatility, diversification ratio and risk shares, in calm and in stress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, percentile_estimate

Array = NDArray[np.float64]

#: Sessions of a state below which it has no covariance worth the name, for each asset.
MINIMUM_SESSIONS_PER_ASSET = 10
VOLATILITY_UNIT = "% a session"


@dataclass(frozen=True)
class MixRisk:
    """Risk of the mix in one state.

    Attributes
    ----------
    volatility : Estimate
        Standard deviation of the mix, percent a session.
    diversification_ratio : Estimate
        Weighted mean volatility over the volatility of the mix: one where all assets move as one.
    risk_shares : mapping of role to Estimate
        Share of the variance of the mix; the values sum to one.
    sessions : int
    """

    volatility: Estimate
    diversification_ratio: Estimate
    risk_shares: Mapping[str, Estimate]
    sessions: int


@dataclass(frozen=True)
class PortfolioRisk:
    """A stated mix in calm and in stress.

    Attributes
    ----------
    weights : mapping of role to float
        Sum to one; the mix is brought back to them every session.
    calm, stress : MixRisk
    volatility_ratio : Estimate
        Volatility in stress over volatility in calm.
    ratio_at_calm_correlations : Estimate
        The same ratio if only the volatilities had risen and the correlations had stayed those of calm.
    diversification_change : Estimate
        Diversification ratio in stress minus calm.
    share_changes : mapping of role to Estimate
        Risk share in stress minus calm.
    """

    weights: Mapping[str, float]
    calm: MixRisk
    stress: MixRisk
    volatility_ratio: Estimate
    ratio_at_calm_correlations: Estimate
    diversification_change: Estimate
    share_changes: Mapping[str, Estimate]


def mix_volatility(covariance: Array, weights: Array) -> float:
    r"""Volatility :math:`\sqrt{w'Hw}` of a mix with covariance H (N, N) and weights w (N,)."""
    return float(np.sqrt(weights @ covariance @ weights))


def diversification_ratio(covariance: Array, weights: Array) -> float:
    r"""Diversification ratio :math:`w'\sigma / \sqrt{w'Hw}` (Choueifaty and Coignard 2008, eq. 1)."""
    return float(weights @ np.sqrt(np.diag(covariance))) / mix_volatility(covariance, weights)


def risk_shares(covariance: Array, weights: Array) -> Array:
    r"""Shares of variance (N,), :math:`w_i (Hw)_i / w'Hw`: Euler's theorem, since volatility is homogeneous in w."""
    marginal = covariance @ weights
    return np.asarray(weights * marginal / (weights @ marginal), dtype=np.float64)


def portfolio_risk(
    returns: pd.DataFrame, weights: Mapping[str, float], stress: pd.Series, resampling: Resampling
) -> PortfolioRisk | NotDecidable:
    """Risk of a mix in calm and in stress.

    Parameters
    ----------
    returns : DataFrame, (T, N or more)
        Percent returns; sessions on which an asset of the mix has none are left out.
    weights : mapping of str to float
        Weight of each column of the mix; they sum to one.
    stress : Series of bool, (T,)
        Known before each session and not made from the returns of the mix.
    resampling : Resampling

    Returns
    -------
    PortfolioRisk or NotDecidable
        Not decidable where a state has too few sessions for the assets of the mix.

    Notes
    -----
    Covariances are about each state's own means. Days are resampled in blocks and keep their labels, so that calm,
    stress and every difference share their draws.
    """
    roles, share = list(weights), np.array(list(weights.values()))
    frame = returns[roles].dropna()
    labels = stress.reindex(frame.index, fill_value=False).to_numpy(dtype=bool)
    least = MINIMUM_SESSIONS_PER_ASSET * len(roles)
    for name, count in (("stress", int(labels.sum())), ("calm", int((~labels).sum()))):
        if count < least:
            return NotDecidable(f"{name} has {count} sessions, fewer than the {least} that {len(roles)} assets need")
    rows = np.ascontiguousarray(frame.to_numpy(dtype=np.float64))
    mix = rows @ share
    indices = resampling.indices((mix - mix.mean()) ** 2)
    value = _statistics(rows, labels, share)
    draws = np.array([_statistics(rows[index], labels[index], share, least=len(roles) + 1) for index in indices])

    def estimate(at: int, unit: str, n: int, method: str) -> Estimate | NotDecidable:
        return percentile_estimate(
            float(value[at]), draws[:, at], level=resampling.level, n=n, unit=unit, method=f"{method}, labels kept"
        )

    size, n = len(roles), len(frame)
    layout: list[tuple[str, str, int]] = []
    for count in (int((~labels).sum()), int(labels.sum())):
        layout += [(VOLATILITY_UNIT, "volatility of the mix", count), ("", "diversification ratio", count)]
        layout += [("share", "share of the variance of the mix", count)] * size
    layout += [
        ("times", "volatility in stress over calm", n),
        ("times", "the same at the correlations of calm", n),
        ("", "diversification ratio, stress minus calm", n),
        *[("share", "risk share, stress minus calm", n)] * size,
    ]
    found: list[Estimate] = []
    for at, (unit, method, count) in enumerate(layout):
        one = estimate(at, unit, count, method)
        if isinstance(one, NotDecidable):
            return one
        found.append(one)
    calm, stressed, change = found[: size + 2], found[size + 2 : 2 * size + 4], found[2 * size + 4 :]

    def risk(part: list[Estimate]) -> MixRisk:
        return MixRisk(part[0], part[1], dict(zip(roles, part[2:], strict=True)), part[0].n)

    return PortfolioRisk(
        weights=dict(weights),
        calm=risk(calm),
        stress=risk(stressed),
        volatility_ratio=change[0],
        ratio_at_calm_correlations=change[1],
        diversification_change=change[2],
        share_changes=dict(zip(roles, change[3:], strict=True)),
    )


def _statistics(rows: Array, stress: NDArray[np.bool_], weights: Array, least: int = 2) -> Array:
    """Volatility, ratio and shares in calm, the same in stress, and what changed; NaN where a state is too short."""
    size = weights.size
    if min(int(stress.sum()), int((~stress).sum())) < least:
        return np.full(3 * size + 7, np.nan)
    calm, stressed = (np.cov(rows[state], rowvar=False) for state in (~stress, stress))
    parts = [
        np.array([mix_volatility(one, weights), diversification_ratio(one, weights), *risk_shares(one, weights)])
        for one in (calm, stressed)
    ]
    scale = np.sqrt(np.diag(stressed) / np.diag(calm))
    at_calm_correlations = mix_volatility(calm * np.outer(scale, scale), weights)
    ratios = np.array([parts[1][0], at_calm_correlations]) / parts[0][0]
    return np.concatenate([*parts, ratios, parts[1][1:] - parts[0][1:]])

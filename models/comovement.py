"""How far several assets move as one, in stress against calm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, percentile_estimate
from models.portfolio import MINIMUM_SESSIONS_PER_ASSET, diversification_ratio

Array = NDArray[np.float64]
#: What is measured, with its unit.
MEASURES = (("diversification ratio at equal risk", ""), ("absorption ratio", ""), ("sessions on which all fall", "%"))


def comovement_in_stress(
    returns: pd.DataFrame, stress: pd.Series, resampling: Resampling
) -> dict[str, Estimate | NotDecidable]:
    """Three measures of moving as one, stress minus calm.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Returns or devolatilised returns without gaps.
    stress : Series of bool, (T,)
        Known before each session.
    resampling : Resampling
        Days are drawn in blocks and keep their labels.

    Returns
    -------
    dict of measure to Estimate or NotDecidable
        Diversification ratio of the mix in which every asset has the same volatility (Choueifaty and Coignard 2008,
        eq. 1); share of the variance of standardised returns in their first principal component, the absorption ratio
        of Kritzman, Li, Page and Rigobon (2011) with one component; share of sessions on which every asset falls.
        Not decidable where a state has fewer than ten sessions for each asset.
    """
    rows = np.ascontiguousarray(returns.to_numpy(dtype=np.float64))
    labels = stress.to_numpy(dtype=bool)
    least = MINIMUM_SESSIONS_PER_ASSET * rows.shape[1]
    if min(int(labels.sum()), int((~labels).sum())) < least:
        refused = NotDecidable(f"a state has fewer than the {least} sessions that {rows.shape[1]} assets need")
        return {f"{name}, stress minus calm": refused for name, _ in MEASURES}
    value = _stress_minus_calm(rows, labels)
    indices = resampling.indices(rows.mean(axis=1) ** 2)
    draws = np.array([_stress_minus_calm(rows[index], labels[index]) for index in indices])
    return {
        f"{name}, stress minus calm": percentile_estimate(
            float(value[at]),
            draws[:, at],
            level=resampling.level,
            n=len(rows),
            unit=unit,
            method=f"{name}, stress minus calm, labels kept",
        )
        for at, (name, unit) in enumerate(MEASURES)
    }


def measures(rows: Array) -> Array:
    """Diversification ratio at equal risk, absorption ratio and percent of rows below zero throughout, of (T, N)."""
    covariance = np.cov(rows, rowvar=False)
    deviations = np.sqrt(np.diag(covariance))
    largest = np.linalg.eigvalsh(covariance / np.outer(deviations, deviations))[-1]
    together = 100.0 * float((rows < 0.0).all(axis=1).mean())
    return np.array([diversification_ratio(covariance, 1.0 / deviations), largest / rows.shape[1], together])


def _stress_minus_calm(rows: Array, stress: NDArray[np.bool_]) -> Array:
    """NaN where a resample holds too little of a state."""
    if min(int(stress.sum()), int((~stress).sum())) <= rows.shape[1]:
        return np.full(len(MEASURES), np.nan)
    return measures(rows[stress]) - measures(rows[~stress])

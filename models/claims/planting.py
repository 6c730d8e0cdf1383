"""Cases in which an effect of a known size is planted into the study's own noise, for power by simulation.

The sample, the labels and the regressors stay as they are; what is drawn anew is the noise. Whatever effect the data
hold is taken out before the wanted one is put in, so that a planted effect of zero makes the null true.

Correlations  Rows of residuals are resampled in blocks, all series of a day together; on the label's days they are
              rotated from the pooled correlation matrix to one whose tested correlations differ by the effect.
Slopes        The residuals of the regression keep their days, so that they are wild on the days on which the regressor
              was, and blocks of them change sign at random (a wild bootstrap by blocks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims import c15_costs
from models.claims.c05_weaker_with_gold import PAIR
from models.claims.claim import Case
from models.claims.tail_betas import full_returns
from models.inference.bootstrap import stationary_indices
from models.stress import fear_stress

Array = NDArray[np.float64]
#: Takes a case, the effect in the unit of the claim's size of interest, and a seed.
Plant = Callable[[Case, float, int], Case]


@dataclass(frozen=True, slots=True)
class Planting:
    """How an effect gets into a claim's data.

    Attributes
    ----------
    plant : callable
    size : str
        The threshold that holds the size of interest of what is planted.
    direction : {1.0, -1.0}
        Sign of the claim's headline where the effect supports the claim.
    """

    plant: Plant
    size: str = "sesoi"
    direction: float = 1.0


def higher_in_stress(case: Case, effect: float, seed: int) -> Case:
    """The mean correlation of all pairs is `effect` higher in stress: R + w (J - R) with w = effect / (1 - mean)."""
    residuals = case.full_residuals()
    labels = fear_stress(case.panel, case.study.stress).loc[residuals.index].to_numpy(dtype=bool)
    pooled = np.corrcoef(residuals.to_numpy(), rowvar=False)
    mean = float(pooled[np.triu_indices(len(pooled), 1)].mean())
    target = pooled + effect / (1.0 - mean) * (1.0 - pooled)
    return _with_residuals(case, residuals, labels, pooled, target, seed)


def lower_in_window(case: Case, effect: float, seed: int) -> Case:
    """The correlation of crypto and metal is `effect` lower in the long window."""
    residuals = case.suite.std_residuals[list(PAIR)]
    inside = residuals.index.isin(case.sessions("long"))
    pooled = np.corrcoef(residuals.to_numpy(), rowvar=False)
    target = pooled - effect * (1.0 - np.eye(2))
    return _with_residuals(case, residuals, inside, pooled, target, seed)


def slope_on_market(dependent: str) -> Plant:
    """The slope of `dependent` on the market is `effect` in every session."""

    def planted(case: Case, effect: float, seed: int) -> Case:
        rows = full_returns(case, (dependent, "market"))
        return _with_slope(case, rows, "market", effect, seed)

    return planted


def cost_slope(case: Case, effect: float, seed: int) -> Case:
    """The miners lose `effect` percent on a rise of oil by one percent, the controls as in the claim."""
    rows = c15_costs.cost_rows(case)[[c15_costs.DEPENDENT, *c15_costs.CONTROLS, "oil"]]
    return _with_slope(case, rows, "oil", -effect, seed)


PLANTINGS: Mapping[str, Planting] = {
    "C03": Planting(higher_in_stress),
    "C04": Planting(slope_on_market("crypto")),
    "C05": Planting(lower_in_window, size="weakening"),
    "C11": Planting(slope_on_market("miners")),
    "C15": Planting(cost_slope, direction=-1.0),
}


def _with_residuals(
    case: Case, residuals: pd.DataFrame, labels: NDArray[np.bool_], pooled: Array, target: Array, seed: int
) -> Case:
    """The case with residuals resampled in blocks and rotated to the target on the label's rows."""
    block = float(case.block_bounds[1])
    (rows,) = stationary_indices((len(residuals),), block, 1, seed)
    drawn = residuals.to_numpy()[rows]
    drawn = (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)
    rotation = np.linalg.cholesky(target) @ np.linalg.inv(np.linalg.cholesky(pooled))
    drawn[labels] = drawn[labels] @ rotation.T
    changed = case.suite.std_residuals.copy()
    changed.loc[residuals.index, residuals.columns] = drawn
    return replace(case, suite=replace(case.suite, std_residuals=changed), seed=seed)


def _with_slope(case: Case, rows: pd.DataFrame, regressor: str, effect: float, seed: int) -> Case:
    """The case in which the first column's slope on `regressor` is `effect`, blocks of its residuals changing sign."""
    response = rows.iloc[:, 0].to_numpy()
    design = np.column_stack([np.ones(len(rows)), rows.iloc[:, 1:].to_numpy()])
    slopes = np.linalg.lstsq(design, response, rcond=None)[0]
    residuals = response - design @ slopes
    slopes[list(rows.columns).index(regressor)] = effect
    planted = design @ slopes + residuals * _block_signs(len(rows), float(case.block_bounds[1]), seed)
    returns = case.panel.returns.copy()
    returns.loc[rows.index, rows.columns[0]] += planted - response
    return replace(case, panel=replace(case.panel, returns=returns), seed=seed)


def _block_signs(length: int, block: float, seed: int) -> Array:
    """Signs that are constant over blocks of geometric length, (length,)."""
    generator = np.random.default_rng(seed)
    begins = generator.random(length) < 1.0 / block
    return generator.choice([-1.0, 1.0], size=length)[np.maximum.accumulate(np.where(begins, np.arange(length), 0))]

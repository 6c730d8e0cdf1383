"""Shares of explained variation: what each block of drivers adds, averaged over every order of entry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from models.drivers.kernels import centred_products, coalition_values, shapley_values
from models.estimate import Estimate, NotDecidable
from models.inference.hac import cosine_long_run_variance
from models.spans import common_spans

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Blocks = Mapping[str, tuple[str, ...]]

MINIMUM_ROWS_PER_DRIVER = 10
NOTHING = 1e-12


@dataclass(frozen=True)
class ExplainedShares:
    """R-squared divided among blocks of drivers.

    Attributes
    ----------
    r_squared : Estimate or NotDecidable
        Of the regression on all drivers.
    parts : mapping of str to (Estimate or NotDecidable)
        R-squared due to each block; their values sum to that of `r_squared`.
    """

    r_squared: Estimate | NotDecidable
    parts: Mapping[str, Estimate | NotDecidable]


@dataclass(frozen=True)
class Design:
    """Rows of a regression on blocks of drivers.

    Attributes
    ----------
    frame : DataFrame, (n, K + 1)
        The dependent first; spans on which every series has a value.
    block_of : ndarray of int, (K,)
    names : tuple of str
        Names of the blocks.
    """

    frame: pd.DataFrame
    block_of: Codes
    names: tuple[str, ...]

    @property
    def rows(self) -> Array:
        """The values, C-contiguous, (n, K + 1)."""
        return np.ascontiguousarray(self.frame.to_numpy(dtype=np.float64))


def explained_shares(
    dependent: pd.Series, drivers: pd.DataFrame, blocks: Blocks, *, level: float = 0.95
) -> ExplainedShares | NotDecidable:
    r"""Divide the R-squared of a regression among blocks of drivers.

    Parameters
    ----------
    dependent : Series, (T,)
        Change to explain, percent.
    drivers : DataFrame, (T, K)
        Changes of the drivers on the same sessions.
    blocks : mapping of str to tuple of str
        Columns of each block; a column belongs to one block.
    level : float
        Coverage of the intervals.

    Returns
    -------
    ExplainedShares or NotDecidable
        Not decidable where a series is constant, drivers are collinear or rows are too few.

    Notes
    -----
    Lindeman, Merenda and Gold (1980), "LMG"; the Shapley value of the game whose worth of a coalition S is
    :math:`R^2(S)`:
    :math:`\phi_g = \sum_{S \not\ni g} |S|!\,(G-|S|-1)!/G!\;[R^2(S \cup g) - R^2(S)]`. Observation t moves
    :math:`R^2(S)` by :math:`[(1 - R^2(S))\,y_t^2 - e_{S,t}^2] / \overline{y^2}`, e the residual on S, so its influence
    on :math:`\phi_g` is the Shapley value of those numbers. The interval is Student-t around :math:`\ln \phi_g`.
    Squares of clustered returns remember for long: the long-run variance of the influence is averaged over
    :math:`\lfloor T^{2/5} \rfloor` cosines, fewer than suits returns themselves.
    """
    design = regression_design(dependent, drivers, blocks)
    if isinstance(design, NotDecidable):
        return design
    worth, influence = worth_and_influence(design)
    groups = len(design.names)
    parts, moved = shapley_values(worth, groups), np.stack([shapley_values(row, groups) for row in influence])
    return ExplainedShares(
        r_squared=_share_estimate(float(worth[-1]), influence[:, -1], level, "R-squared"),
        parts={
            name: _share_estimate(float(parts[g]), moved[:, g], level, "Shapley (LMG) share of R-squared")
            for g, name in enumerate(design.names)
        },
    )


def worth_and_influence(design: Design) -> tuple[Array, Array]:
    """R-squared of every coalition of blocks (2 ** G,) and what each row adds to it (T, 2 ** G)."""
    rows = design.rows - design.rows.mean(axis=0)
    y, groups = rows[:, 0], len(design.names)
    worth, influence = np.zeros(1 << groups), np.zeros((len(y), 1 << groups))
    for coalition in range(1, 1 << groups):
        members = 1 + np.flatnonzero((coalition >> design.block_of) & 1)
        slopes, *_ = np.linalg.lstsq(rows[:, members], y, rcond=None)
        residuals = y - rows[:, members] @ slopes
        unexplained = float(residuals @ residuals) / float(y @ y)
        worth[coalition] = 1.0 - unexplained
        influence[:, coalition] = (unexplained * y**2 - residuals**2) / np.mean(y**2)
    return worth, influence


def _share_estimate(share: float, influence: Array, level: float, method: str) -> Estimate | NotDecidable:
    if share <= NOTHING:
        return NotDecidable("the block explains nothing, of which there is no interval")
    n = influence.size
    variance = cosine_long_run_variance(influence[:, None], math.floor(n**0.4))
    std_error = math.sqrt(float(variance.value[0, 0]) / n)
    reach = float(stats.t.ppf(0.5 + level / 2.0, variance.degrees_of_freedom)) * std_error / share
    low, high = share * math.exp(-reach), share * math.exp(reach)
    return Estimate(share, std_error, low, high, level, n, "", f"{method}; cosine HAC interval of its logarithm")


def regression_design(dependent: pd.Series, drivers: pd.DataFrame, blocks: Blocks) -> Design | NotDecidable:
    """Common spans of dependent and drivers with the block of each driver, or why there is no regression."""
    columns = [column for members in blocks.values() for column in members]
    block_of = np.array([g for g, members in enumerate(blocks.values()) for _ in members], dtype=np.int64)
    joint = pd.concat([dependent.rename("dependent"), drivers[columns]], axis=1)
    frame = common_spans(joint.astype(float))
    if len(frame) < MINIMUM_ROWS_PER_DRIVER * (len(columns) + 1):
        return NotDecidable(f"{len(frame)} common sessions are too few for {len(columns)} drivers")
    design = Design(frame, block_of, tuple(blocks))
    products = centred_products(design.rows, np.arange(len(frame)))
    flat = [name for name, own in zip(frame.columns, np.diag(products), strict=True) if own <= 0.0]
    if flat:
        return NotDecidable(f"{', '.join(flat)} does not change")
    full = coalition_values(products, block_of, len(design.names), np.zeros(len(columns)))
    if not np.isfinite(full).all():
        return NotDecidable("the drivers are collinear")
    return design


def residual_influence(rows: Array) -> Array:
    """Squared residual of the full regression (n,): its dependence sets the block length."""
    regressors = np.column_stack([np.ones(rows.shape[0]), rows[:, 1:]])
    slopes, *_ = np.linalg.lstsq(regressors, rows[:, 0], rcond=None)
    return np.asarray((rows[:, 0] - regressors @ slopes) ** 2, dtype=np.float64)

"""Shares of explained variation: what each block of drivers adds, averaged over every order of entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.drivers.kernels import centred_products, coalition_values, shapley_draws
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling, bias_corrected_estimate, block_jackknife
from models.spans import common_spans

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Blocks = Mapping[str, tuple[str, ...]]

MINIMUM_ROWS_PER_DRIVER = 10
JACKKNIFE_BLOCKS = 50


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
    dependent: pd.Series, drivers: pd.DataFrame, blocks: Blocks, resampling: Resampling
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
    resampling : Resampling

    Returns
    -------
    ExplainedShares or NotDecidable
        Not decidable where a series is constant, drivers are collinear or rows are too few.

    Notes
    -----
    Lindeman, Merenda and Gold (1980), "LMG"; the Shapley value of the game whose worth of a coalition S is
    :math:`R^2(S)`:
    :math:`\phi_g = \sum_{S \not\ni g} |S|!\,(G-|S|-1)!/G!\;[R^2(S \cup g) - R^2(S)]`. Rows are resampled jointly;
    intervals are BCa. Where volatility is clustered and tails are fat they cover less than they claim: about 81 % of
    nominal 95 % in 1,500 sessions of the design in `make validate`.
    """
    design = regression_design(dependent, drivers, blocks)
    if isinstance(design, NotDecidable):
        return design
    rows, none = design.rows, np.zeros(design.block_of.size)
    n, groups = rows.shape[0], len(design.names)

    def shares(index: Codes) -> Array:
        return shapley_draws(rows, index[None, :], design.block_of, groups, none)[0, 0]

    value = shares(np.arange(n))
    indices = resampling.indices(residual_influence(rows))
    draws = shapley_draws(rows, indices, design.block_of, groups, none)[:, 0]
    jackknife = block_jackknife(shares, n, min(JACKKNIFE_BLOCKS, n))

    def estimate(point: float, drawn: Array, without: Array, method: str) -> Estimate | NotDecidable:
        return bias_corrected_estimate(point, drawn, without, level=resampling.level, n=n, unit="", method=method)

    return ExplainedShares(
        r_squared=estimate(float(value.sum()), draws.sum(axis=1), jackknife.sum(axis=1), "R-squared"),
        parts={
            name: estimate(float(value[g]), draws[:, g], jackknife[:, g], "Shapley (LMG) share of R-squared")
            for g, name in enumerate(design.names)
        },
    )


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

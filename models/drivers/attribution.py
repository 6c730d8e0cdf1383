"""Why did it fall: a window's cumulative move divided among blocks of drivers and an own residual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.drivers.kernels import centred_products, coalition_values, shapley_draws, subset_slopes
from models.drivers.shapley import Blocks, regression_design, residual_influence
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import (
    Resampling,
    bias_corrected_estimate,
    bias_corrected_p_value,
    block_jackknife,
    bootstrap_p_value,
    percentile_estimate,
)

Array = NDArray[np.float64]

NEGLIGIBLE = 1e-9
#: Blocks of sessions that are left out one at a time for the acceleration of an interval.
BLOCKS = 60


@dataclass(frozen=True)
class Attribution:
    """A window's move and what it is attributed to.

    Attributes
    ----------
    move : float
        Cumulative change of the dependent over the window, percent (observed, without sampling error).
    contributions : mapping of str to (Estimate or NotDecidable)
        Percent due to each block, and last "own residual"; the values sum to `move`.
    explained : Estimate or NotDecidable
        Percent explained by all blocks together.
    explained_share : Estimate or NotDecidable
        The same over the whole move.
    shares : mapping of str to (Estimate or NotDecidable)
        Part of each block in what the blocks contribute in the direction of the move; between zero and one.
    share_draws : mapping of str to ndarray, (B,)
        Resamples behind `shares`.
    share_jackknife : mapping of str to ndarray, (G,)
        The shares without each of G blocks of sessions, for the acceleration of their intervals.
    shares_of_move : mapping of str to (Estimate or NotDecidable)
        Contribution of each block, and of the own residual, over the whole move.
    r_squared : float
        Of the model within the window: one minus squared errors over squared returns of the window.
    sessions : int
        Sessions of the window.
    n : int
        Sessions on which the slopes are estimated.
    """

    move: float
    contributions: Mapping[str, Estimate | NotDecidable]
    explained: Estimate | NotDecidable
    explained_share: Estimate | NotDecidable
    shares: Mapping[str, Estimate | NotDecidable]
    share_draws: Mapping[str, Array]
    share_jackknife: Mapping[str, Array]
    shares_of_move: Mapping[str, Estimate | NotDecidable]
    r_squared: float
    sessions: int
    n: int

    @property
    def simple_move(self) -> float:
        """The move of a log return as a simple one, percent."""
        return 100.0 * float(np.expm1(self.move / 100.0))

    def share_p_value(self, block: str, null: float) -> float:
        """Two-sided p-value that inverts the interval of a block's share at `null`; one where there is no share."""
        share = self.shares[block]
        if isinstance(share, NotDecidable):
            return 1.0
        return bias_corrected_p_value(share.value, self.share_draws[block], self.share_jackknife[block], null)


def attribute_window(
    dependent: pd.Series,
    drivers: pd.DataFrame,
    blocks: Blocks,
    window: pd.DatetimeIndex,
    resampling: Resampling,
    sample: pd.DatetimeIndex | None = None,
) -> Attribution | NotDecidable:
    r"""Attribute the move of a window to blocks of drivers by the Shapley value.

    Parameters
    ----------
    dependent : Series, (T,)
        Percent returns of the asset.
    drivers : DataFrame, (T, K)
        Changes of the drivers on the same sessions; a session without a value is joined to the next.
    blocks : mapping of str to tuple of str
        Columns of each block.
    window : DatetimeIndex
        Sessions whose moves are attributed; they never enter the slopes.
    resampling : Resampling
    sample : DatetimeIndex, optional
        Sessions on which slopes are estimated; all outside the window without it.

    Returns
    -------
    Attribution or NotDecidable

    Notes
    -----
    The worth of a coalition S of blocks is :math:`v(S) = \hat\beta_S' \sum_{t \in W} x_{S,t}`, the slopes coming from
    the regression on S alone, so a block gets credit for what it shares with the others in every order of entry
    (Shapley 1953). The moves of the window are held fixed, only slopes are resampled: intervals say how well the
    slopes are known, not how another window would have gone. The own residual holds the drift.
    Shares are taken among the blocks that push in the direction of the move, not of the net: where one block pushes
    down and another up by nearly as much, a share of the net has neither bound nor finite moments.
    Observational: "in line with", never "caused by".
    """
    outside = dependent.index.difference(window) if sample is None else sample.difference(window)
    everything = regression_design(dependent, drivers, blocks)
    if isinstance(everything, NotDecidable):
        return everything
    inside = everything.frame[everything.frame.index.isin(window)]
    if inside.empty:
        return NotDecidable("the window has no session on which every driver has a value")
    chosen = everything.frame[everything.frame.index.isin(outside)]
    design = regression_design(chosen["dependent"], chosen.drop(columns="dependent"), blocks)
    if isinstance(design, NotDecidable):
        return design
    rows, names = design.rows, design.names
    moves = inside.drop(columns="dependent").sum().to_numpy()
    move = float(inside["dependent"].sum())
    products = centred_products(rows, np.arange(len(rows)))
    slopes = subset_slopes(products, np.arange(1, rows.shape[1]))
    fitted = rows[:, 0].mean() + (inside.drop(columns="dependent").to_numpy() - rows[:, 1:].mean(axis=0)) @ slopes
    indices = resampling.indices(residual_influence(rows))
    value = shapley_draws(rows, np.arange(len(rows))[None, :], design.block_of, len(names), moves)[0, 1]
    draws = shapley_draws(rows, indices, design.block_of, len(names), moves)[:, 1]
    value, draws = np.append(value, move - value.sum()), np.column_stack([draws, move - draws.sum(axis=1)])
    explained, drawn = float(value[:-1].sum()), draws[:, :-1].sum(axis=1)
    shares, share_draws = shares_along(value[:-1], move), shares_along(draws[:, :-1], move)

    def estimate(point: float, given: Array, unit: str, method: str) -> Estimate | NotDecidable:
        return percentile_estimate(point, given, level=resampling.level, n=len(rows), unit=unit, method=method)

    def ratio(point: float, given: Array, whole: float, wholes: Array, what: str) -> Estimate | NotDecidable:
        if abs(whole) < NEGLIGIBLE:
            return NotDecidable(f"{what} is zero, of which there are no shares")
        return estimate(point / whole, given / wholes, "", f"Shapley share of {what}")

    def part_along(g: int) -> Estimate | NotDecidable:
        if np.isnan(shares[g]):
            return NotDecidable("the drivers explain none of the move, so there are no shares of it")
        return bias_corrected_estimate(
            float(shares[g]),
            share_draws[:, g],
            without_blocks[:, g],
            level=resampling.level,
            n=len(rows),
            unit="",
            method="Shapley share of what the drivers contribute in the direction of the move",
        )

    def shares_on(chosen: NDArray[np.int64]) -> Array:
        return shares_along(shapley_draws(rows, chosen[None, :], design.block_of, len(names), moves)[0, 1], move)

    without_blocks = block_jackknife(shares_on, len(rows), BLOCKS)
    labels = (*names, "own residual")
    return Attribution(
        move=move,
        contributions={
            name: estimate(
                float(value[g]), draws[:, g], "%", "Shapley share of a window's move, its drivers held fixed"
            )
            for g, name in enumerate(labels)
        },
        explained=estimate(explained, drawn, "%", "slopes times the window's moves"),
        explained_share=ratio(explained, drawn, move, np.full(len(draws), move), "the move"),
        shares={name: part_along(g) for g, name in enumerate(names)},
        share_draws={name: share_draws[:, g] for g, name in enumerate(names)},
        share_jackknife={name: without_blocks[:, g] for g, name in enumerate(names)},
        shares_of_move={
            name: ratio(float(value[g]), draws[:, g], move, np.full(len(draws), move), "the move")
            for g, name in enumerate(labels)
        },
        r_squared=1.0
        - float(np.sum((inside["dependent"] - fitted) ** 2) / max(np.sum(inside["dependent"] ** 2), 1e-300)),
        sessions=len(inside),
        n=len(rows),
    )


def shares_along(parts: Array, move: float) -> Array:
    """Share of each of G parts (..., G) in those of the sign of `move`; not a number where none has it."""
    along = np.maximum(np.sign(move) * parts, 0.0)
    whole = along.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(along, whole, out=np.full_like(along, np.nan), where=whole > NEGLIGIBLE))


def beyond(
    dependent: pd.Series,
    driver: pd.Series,
    given: pd.DataFrame,
    window: pd.DatetimeIndex,
    resampling: Resampling,
) -> tuple[Estimate, float] | NotDecidable:
    r"""Share of a window's move explained by what a driver did beyond other series.

    Parameters
    ----------
    dependent, driver : Series, (T,)
    given : DataFrame, (T, K)
        Series that come first; the driver counts only with its part orthogonal to them.
    window : DatetimeIndex
    resampling : Resampling

    Returns
    -------
    (Estimate, float) or NotDecidable
        The share and the p-value that inverts its interval at zero. The share is
        :math:`\hat b \sum_{t \in W} (d_t - \hat g' x_t) / \sum_{t \in W} y_t`, b the driver's slope given x, g the
        slopes of the driver on x: the last entrant's part of an ordered decomposition. Window moves held fixed.
    """
    blocks = {"given": tuple(given.columns), "driver": ("driver",)}
    drivers = given.assign(driver=driver)
    everything = regression_design(dependent, drivers, blocks)
    if isinstance(everything, NotDecidable):
        return everything
    inside = everything.frame[everything.frame.index.isin(window)]
    move = float(inside["dependent"].sum())
    if abs(move) < NEGLIGIBLE:
        return NotDecidable("the window's move is zero, of which there are no shares")
    rows = np.ascontiguousarray(everything.frame[~everything.frame.index.isin(window)].to_numpy())
    moves = inside.drop(columns="dependent").sum().to_numpy()

    def share(index: NDArray[np.int64]) -> float:
        values = coalition_values(centred_products(rows, index), everything.block_of, 2, moves)[1]
        return float((values[3] - values[1]) / move)

    draws = np.array([share(index) for index in resampling.indices(residual_influence(rows))])
    estimate = percentile_estimate(
        share(np.arange(len(rows))),
        draws,
        level=resampling.level,
        n=len(rows),
        unit="",
        method=f"share of the window's move due to the driver beyond {', '.join(map(str, given.columns))}",
    )
    return estimate if isinstance(estimate, NotDecidable) else (estimate, bootstrap_p_value(draws))

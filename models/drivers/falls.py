"""Why several assets fell in one window: the same blocks of drivers for each, and what a further block adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from models.drivers.attribution import Attribution, attribute_window
from models.drivers.shapley import Blocks
from models.estimate import NotDecidable
from models.inference.resampling import Resampling


@dataclass(frozen=True)
class Fall:
    """An asset's move in the window and what it is attributed to.

    Attributes
    ----------
    role : str
    added : tuple of str
        Blocks beside those that all assets share.
    attribution : Attribution or NotDecidable
    """

    role: str
    added: tuple[str, ...]
    attribution: Attribution | NotDecidable


def explain_falls(
    returns: pd.DataFrame,
    assets: tuple[str, ...],
    blocks: Blocks,
    added: Mapping[str, Blocks],
    window: pd.DatetimeIndex,
    resampling: Resampling,
) -> tuple[Fall, ...]:
    """Attribute the moves of several assets in one window to the same blocks of drivers.

    Parameters
    ----------
    returns : DataFrame, (T, N)
        Changes of assets and drivers.
    assets : tuple of str
    blocks : mapping of str to tuple of str
        Drivers of every asset; an asset never explains itself.
    added : mapping of asset to blocks
        Further blocks, in a second reading of that asset.
    window : DatetimeIndex
        Sessions that are explained; all others give the slopes.
    resampling : Resampling

    Returns
    -------
    tuple of Fall
        In the order of `assets`, each followed by its second reading where there is one.
    """
    readings: list[tuple[str, Blocks]] = []
    for role in assets:
        readings.append((role, {}))
        if role in added:
            readings.append((role, added[role]))
    return tuple(
        Fall(role, tuple(extra), _attribution(returns, role, {**blocks, **extra}, window, resampling))
        for role, extra in readings
    )


def _attribution(
    returns: pd.DataFrame,
    role: str,
    blocks: Blocks,
    window: pd.DatetimeIndex,
    resampling: Resampling,
) -> Attribution | NotDecidable:
    wanted = [column for columns in blocks.values() for column in columns]
    absent = [column for column in (role, *wanted) if column not in returns.columns]
    if absent:
        return NotDecidable(f"no series plays the role {absent[0]}")
    if role in wanted:
        return NotDecidable("a series cannot explain itself")
    return attribute_window(returns[role], returns[wanted], blocks, window, resampling)

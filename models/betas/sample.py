"""Rows on which the explained series and every factor have a value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.errors import EstimationError


def complete_rows(y: pd.Series, X: pd.DataFrame | pd.Series, minimum: int) -> pd.DataFrame:
    """`y` first, then the columns of `X`, on the sessions on which all have a finite value.

    Raises
    ------
    EstimationError
        If fewer than `minimum` sessions remain, or `y` or a factor is constant.
    """
    rows = pd.concat([y, X], axis=1).replace([np.inf, -np.inf], np.nan).dropna().astype(float)
    if len(rows) < minimum:
        raise EstimationError(
            f"beta of {y.name}", f"only {len(rows)} complete sessions", f"At least {minimum} are needed."
        )
    if float(np.ptp(rows.iloc[:, 0])) == 0.0:
        raise EstimationError(f"beta of {y.name}", "the series is constant", "Check its prices.")
    if (rows.iloc[:, 1:].std() == 0.0).any():
        raise EstimationError(f"beta of {y.name}", "a factor is constant", "Check the factor's data.")
    return rows

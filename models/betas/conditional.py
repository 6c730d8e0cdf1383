"""Dynamic conditional beta: the ratio of conditional covariance to conditional variance, from the cDCC model."""

from __future__ import annotations

import pandas as pd

from models.betas.path import BetaPath
from models.correlation import CDCC, Beta


def dynamic_conditional_beta(
    y: pd.Series,
    X: pd.DataFrame | pd.Series,
    *,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> BetaPath:
    """Conditional beta of `y` on the first column of `X`, the other columns held fixed.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
        Percent returns; the factor first, then the controls.
    level : float
        Coverage of the band, session by session.
    draws : int
        Parameter draws behind the band.
    seed : int

    Returns
    -------
    BetaPath
        Predicted: each session's beta is known at the close before. The band holds parameter uncertainty only.

    Raises
    ------
    EstimationError
        If a margin or the correlation step cannot be estimated.

    Notes
    -----
    Engle (2016), "Dynamic conditional beta", equation 6: beta_t = H_xx,t^-1 H_xy,t with H_t = D_t R_t D_t from cDCC.
    """
    rows = pd.concat([y, X], axis=1).dropna()
    names = [str(name) for name in rows.columns]
    rows.columns = pd.Index(names)
    result = CDCC().fit(rows, seed=seed)
    (paths,) = result.draw((Beta(names[0], names[1], tuple(names[2:])),), draws=draws, seed=seed)
    band = paths.band(level)
    return BetaPath(
        dependent=names[0],
        factor=names[1],
        frame=pd.DataFrame({"estimate": band.estimate, "lower": band.lower, "upper": band.upper}),
        information="predicted",
        level=level,
        average=paths.average(level=level),
        method=f"dynamic conditional beta, cDCC on {len(names)} series; pointwise parameter band, {draws} draws",
    )

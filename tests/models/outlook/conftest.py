from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.correlation import CDCC, CorrelationResult
from models.outlook.moments import RecentMoments, recent_moments


def simulate(periods: int, seed: int) -> pd.DataFrame:
    """cDCC returns of three series with GARCH(1, 1) margins, in percent."""
    rng = np.random.default_rng(seed)
    target = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.4], [0.2, 0.4, 1.0]])
    q, h = target.copy(), np.ones(3)
    rows = np.empty((periods, 3))
    for t in range(periods):
        scale = np.sqrt(np.diag(q))
        shock = np.linalg.cholesky(q / np.outer(scale, scale)) @ rng.standard_normal(3)
        rows[t] = np.sqrt(h) * shock
        h = 0.02 + 0.06 * rows[t] ** 2 + 0.92 * h
        star = shock * scale
        q = 0.04 * target + 0.04 * np.outer(star, star) + 0.92 * q
    return pd.DataFrame(rows, index=pd.bdate_range("2015-01-05", periods=periods), columns=["a", "b", "c"])


@pytest.fixture(scope="session")
def result() -> CorrelationResult:
    return CDCC().fit(simulate(1000, 5), seed=1)


@pytest.fixture(scope="session")
def recent(result: CorrelationResult) -> RecentMoments:
    return recent_moments(result, sessions=22, draws=60, seed=3)

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.margins import Margins, fit_margins


def simulate(
    periods: int, correlation: float, a: float, b: float, seed: int, size: int = 3, nu: float = 0.0
) -> pd.DataFrame:
    """cDCC returns with GARCH(1, 1) margins, in percent."""
    rng = np.random.default_rng(seed)
    target = np.full((size, size), correlation)
    np.fill_diagonal(target, 1.0)
    q, h = target.copy(), np.ones(size)
    rows = np.empty((periods + 200, size))
    for t in range(periods + 200):
        scale = np.sqrt(np.diag(q))
        shock = np.linalg.cholesky(q / np.outer(scale, scale)) @ rng.standard_normal(size)
        if nu:
            shock *= np.sqrt((nu - 2.0) / rng.chisquare(nu))
        e = np.sqrt(h) * shock
        rows[t] = e
        h = 0.02 + 0.06 * e**2 + 0.92 * h
        star = shock * scale
        q = (1 - a - b) * target + a * np.outer(star, star) + b * q
    dates = pd.bdate_range("2010-01-04", periods=periods)
    return pd.DataFrame(rows[200:], index=dates, columns=[f"x{i}" for i in range(size)])


@pytest.fixture(scope="session")
def simulated() -> pd.DataFrame:
    return simulate(1200, 0.5, 0.04, 0.92, seed=4)


@pytest.fixture(scope="session")
def simulated_margins(simulated: pd.DataFrame) -> Margins:
    return fit_margins(simulated)


@pytest.fixture(scope="session")
def reference_panel() -> pd.DataFrame:
    """S&P 500, Nasdaq and WTI from the data that `arch` installs: log returns in percent on common dates."""
    import arch.data.nasdaq
    import arch.data.sp500
    import arch.data.wti

    prices = pd.concat(
        {
            "sp500": arch.data.sp500.load()["Adj Close"],
            "nasdaq": arch.data.nasdaq.load()["Adj Close"],
            "wti": arch.data.wti.load().iloc[:, 0],
        },
        axis=1,
        join="inner",
    ).dropna()
    return (100.0 * np.log(prices).diff()).dropna()


@pytest.fixture(scope="session")
def reference_margins(reference_panel: pd.DataFrame) -> Margins:
    return fit_margins(reference_panel)


@pytest.fixture(scope="session")
def peers() -> dict:
    path = os.environ.get("STUDY_PEERS")
    if not path:
        pytest.skip("STUDY_PEERS does not name the file of foreign estimates")
    return json.loads(Path(path).read_text())["cases"]


@pytest.fixture(scope="session")
def reference_data() -> Path:
    path = os.environ.get("STUDY_REFERENCE_DATA")
    if not path:
        pytest.skip("STUDY_REFERENCE_DATA does not name the folder of reference data")
    return Path(path)

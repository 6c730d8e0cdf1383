"""Made-up worlds for single claims: the bundled sample with some of its returns replaced."""

from dataclasses import replace

import numpy as np
import pandas as pd

from data.panel import Panel


def with_returns(panel: Panel, **returns: pd.Series) -> Panel:
    """The panel with the returns of some roles replaced."""
    return replace(panel, returns=panel.returns.assign(**returns))


def with_residuals(suite, panel: Panel, *roles: str):
    """The suite with the devolatilised returns of some roles taken from the panel, scaled to one."""
    z = suite.std_residuals
    own = panel.returns.loc[z.index, list(roles)]
    return replace(suite, std_residuals=z.assign(**{role: own[role] / own[role].std() for role in roles}))


def noise(panel: Panel, seed: int, scale: float = 1.0) -> pd.Series:
    """Student-t noise on the panel's sessions."""
    draws = np.random.default_rng(seed).standard_t(6, size=len(panel.returns)) * np.sqrt(4.0 / 6.0)
    return pd.Series(scale * draws, index=panel.returns.index)

"""Who moves whom: generalised connectedness, historical decomposition, variance spillover."""

from models.connectedness.autoregression import choose_lags
from models.connectedness.history import WindowDecomposition, decompose_window
from models.connectedness.spillover import Connectedness, RollingConnectedness, connectedness, rolling_connectedness
from models.connectedness.variance import heterogeneous_autoregression

__all__ = [
    "Connectedness",
    "RollingConnectedness",
    "WindowDecomposition",
    "choose_lags",
    "connectedness",
    "decompose_window",
    "heterogeneous_autoregression",
    "rolling_connectedness",
]

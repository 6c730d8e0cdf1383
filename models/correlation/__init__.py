"""The DCC family: specifications, estimation in two steps, honest standard errors, bands and forecasts."""

from models.correlation.bands import Band, PathDraws
from models.correlation.baselines import EWMA, RollingWindow
from models.correlation.constancy import engle_sheppard_test, likelihood_ratio_test, tse_test
from models.correlation.joint import Joint
from models.correlation.paths import (
    Beta,
    Correlation,
    Difference,
    MeanCorrelation,
    PortfolioVolatility,
    Volatility,
)
from models.correlation.result import CorrelationResult
from models.correlation.specifications import ADCC, CCC, CDCC, DCC, DCCX, DECO

__all__ = [
    "ADCC",
    "CCC",
    "CDCC",
    "DCC",
    "DCCX",
    "DECO",
    "EWMA",
    "Band",
    "Beta",
    "Correlation",
    "CorrelationResult",
    "Difference",
    "Joint",
    "MeanCorrelation",
    "PathDraws",
    "PortfolioVolatility",
    "RollingWindow",
    "Volatility",
    "engle_sheppard_test",
    "likelihood_ratio_test",
    "tse_test",
]

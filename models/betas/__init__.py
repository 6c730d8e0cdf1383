"""Betas: constant, conditional, random-walk, switching and rolling, all as one kind of path."""

from models.betas.conditional import dynamic_conditional_beta
from models.betas.kalman import KalmanRegression, kalman_beta, kalman_regression
from models.betas.nested import NestedBetas, nested_betas
from models.betas.path import BetaPath
from models.betas.quantile import QuantileRegression, quantile_regression
from models.betas.rolling import rolling_beta
from models.betas.static import dimson_beta, huber_beta, scholes_williams_beta, static_beta, up_down_betas
from models.betas.switching import switching_beta, switching_path

__all__ = [
    "BetaPath",
    "KalmanRegression",
    "NestedBetas",
    "QuantileRegression",
    "dimson_beta",
    "dynamic_conditional_beta",
    "huber_beta",
    "kalman_beta",
    "kalman_regression",
    "nested_betas",
    "quantile_regression",
    "rolling_beta",
    "scholes_williams_beta",
    "static_beta",
    "switching_beta",
    "switching_path",
    "up_down_betas",
]

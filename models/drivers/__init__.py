"""What moved a return: explained shares, attribution of a window, prediction, causality, contagion."""

from models.drivers.attribution import Attribution, attribute_window, beyond
from models.drivers.causality import Causality, granger_causality
from models.drivers.contagion import adjusted_correlation, contagion_bound
from models.drivers.falls import Fall, explain_falls
from models.drivers.partial import PartialFit, partial_r_squared, rolling_partial_r_squared
from models.drivers.predictive import (
    OutOfSample,
    PredictiveRegression,
    bias_corrected_slope,
    clark_west,
    long_horizon_regression,
)
from models.drivers.shapley import ExplainedShares, explained_shares

__all__ = [
    "Attribution",
    "Causality",
    "ExplainedShares",
    "Fall",
    "OutOfSample",
    "PartialFit",
    "PredictiveRegression",
    "adjusted_correlation",
    "attribute_window",
    "beyond",
    "bias_corrected_slope",
    "clark_west",
    "contagion_bound",
    "explain_falls",
    "explained_shares",
    "granger_causality",
    "long_horizon_regression",
    "partial_r_squared",
    "rolling_partial_r_squared",
]

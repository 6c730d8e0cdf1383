"""Univariate GARCH margins, estimated through `arch` and refined with exact scores."""

from models.margins.fit import Margins, fit_margins
from models.margins.gap import GapVariance
from models.margins.model import MarginModel

__all__ = ["GapVariance", "MarginModel", "Margins", "fit_margins"]

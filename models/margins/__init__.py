"""Univariate GARCH margins, estimated through `arch` and refined with exact scores."""

from models.margins.fit import Margins, fit_margins
from models.margins.model import MarginModel

__all__ = ["MarginModel", "Margins", "fit_margins"]

"""The long studies behind `make robustness`, in the order in which an edition quotes them."""

from __future__ import annotations

from models.claims.curve_study import CURVES
from models.claims.power_studies import MAGNITUDE, POWER, JudgedInputs
from models.long_study import LongStudy
from models.regime_count import NUMBER_OF_REGIMES

LONG_STUDIES: tuple[LongStudy[JudgedInputs], ...] = (NUMBER_OF_REGIMES, POWER, MAGNITUDE, CURVES)

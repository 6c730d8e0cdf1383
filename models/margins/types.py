"""Names shared by the margins."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Volatility = Literal["garch", "gjr", "egarch"]
Mean = Literal["constant", "ar1"]
Distribution = Literal["normal", "t", "skewt"]
InitialVariance = Literal["backcast", "mean_square"]

"""Names shared by the correlation engine."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Distribution = Literal["normal", "t"]
Initial = Literal["target", "zero_residual", "unit_residual", "backcast"]
Target = Literal["normalised", "covariance", "ml"]

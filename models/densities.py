"""Densities of samples, for figures."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

POINTS = 81
"""Places at which a density is drawn."""
_NORMAL_INTERQUARTILE = 1.34
_REACH = 3.0


def bandwidth(values: Array) -> float:
    """Width of a Gaussian kernel for `values` (n,): Silverman (1986), equation 3.31. Zero for a sample that is flat."""
    if np.ptp(values) <= 0.0:
        return 0.0
    quarters = np.quantile(values, [0.25, 0.75])
    spreads = (float(values.std(ddof=1)), float(quarters[1] - quarters[0]) / _NORMAL_INTERQUARTILE)
    return 0.9 * min(one for one in spreads if one > 0.0) * float(values.size) ** -0.2


def kernel_density(values: Array, places: Array) -> Array:
    """Gaussian kernel density of a sample (n,) at `places` (m,), with the bandwidth of `bandwidth`."""
    width = bandwidth(values)
    scaled = (places[:, None] - values[None, :]) / width
    return np.asarray(np.exp(-0.5 * scaled**2).sum(axis=1) / (values.size * width * math.sqrt(2.0 * math.pi)))


def density_frame(values: Array) -> pd.DataFrame:
    """Columns "value" and "density" of a sample (n,) that is not flat, over its range and three bandwidths beyond."""
    reach = _REACH * bandwidth(values)
    places = np.linspace(values.min() - reach, values.max() + reach, POINTS)
    return pd.DataFrame({"value": places, "density": kernel_density(values, places)})


def log_density_frame(samples: pd.DataFrame) -> pd.DataFrame:
    """Densities of the logarithm of positive samples on one grid.

    Parameters
    ----------
    samples : DataFrame, (n, k)
        Positive values, one column a sample.

    Returns
    -------
    DataFrame, (POINTS, 1 + k)
        "value" in the unit of the samples, evenly spaced in logarithms, then one column a sample with its density for
        one unit of the natural logarithm. A sample that is flat is left out.
    """
    logs = {str(name): np.log(samples[name].to_numpy(dtype=np.float64)) for name in samples.columns}
    drawn = {name: one for name, one in logs.items() if bandwidth(one) > 0.0}
    if not drawn:
        return pd.DataFrame()
    low = min(float(one.min()) - _REACH * bandwidth(one) for one in drawn.values())
    high = max(float(one.max()) + _REACH * bandwidth(one) for one in drawn.values())
    places = np.linspace(low, high, POINTS)
    return pd.DataFrame({"value": np.exp(places), **{name: kernel_density(one, places) for name, one in drawn.items()}})

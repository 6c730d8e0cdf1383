"""Connectedness of Diebold and Yilmaz (2012): whose shocks make whose forecast errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from models.connectedness.autoregression import (
    choose_lags,
    fit_autoregression,
    generate,
    moving_average,
    size_of_shocks,
    usable_rows,
)
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import stationary_indices
from models.inference.resampling import Resampling

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

HORIZON = 10
NORMALISATION = (
    "rows sum to 100; to and from are percent of a variable's own forecast-error variance, not divided by their number;"
    " the total is the mean of from"
)


@dataclass(frozen=True)
class Connectedness:
    """Decomposition of forecast-error variances with bootstrap draws.

    Attributes
    ----------
    shares : DataFrame, (N, N)
        Row i, column j: percent of i's forecast-error variance due to shocks of j, less the bootstrap estimate of its
        bias, so a share near zero can come out slightly negative. Rows sum to 100.
    plug_in : DataFrame, (N, N)
        The same before the correction: what other software prints.
    draws : ndarray, (B, N, N)
        `plug_in` on each resample.
    lags, horizon, n : int
    level : float
    normalisation : str
    """

    shares: pd.DataFrame
    plug_in: pd.DataFrame
    draws: Array
    lags: int
    horizon: int
    n: int
    level: float
    normalisation: str = NORMALISATION

    @property
    def total(self) -> Estimate:
        """Mean share of forecast-error variance that comes from others, percent."""
        size = len(self.shares)
        return self._estimate((1.0 - np.eye(size)) / size, "total connectedness")

    @property
    def table(self) -> pd.DataFrame:
        """`shares` with a last column "from others", what a row receives in all, (N, N + 1); it is not symmetric."""
        own = np.diag(self.shares.to_numpy())
        return self.shares.assign(**{"from others": 100.0 - own})

    def to(self, source: str) -> Estimate:
        """What `source` gives to all others, percent of their variances summed."""
        weights = np.zeros_like(self.draws[0])
        weights[:, self._at(source)] = 1.0
        return self._estimate(self._off_diagonal(weights), f"from {source} to others")

    def from_others(self, target: str) -> Estimate:
        """What `target` receives from all others, percent of its variance."""
        weights = np.zeros_like(self.draws[0])
        weights[self._at(target)] = 1.0
        return self._estimate(self._off_diagonal(weights), f"from others to {target}")

    def net(self, source: str) -> Estimate:
        """`to` minus `from_others`, percentage points."""
        weights = np.zeros_like(self.draws[0])
        weights[:, self._at(source)] += 1.0
        weights[self._at(source)] -= 1.0
        return self._estimate(self._off_diagonal(weights), f"net connectedness of {source}")

    def pairwise(self, source: str, target: str) -> Estimate:
        """What `source` gives to `target` minus what it receives from it, percentage points."""
        weights = np.zeros_like(self.draws[0])
        weights[self._at(target), self._at(source)] = 1.0
        weights[self._at(source), self._at(target)] = -1.0
        return self._estimate(weights, f"net from {source} to {target}")

    def _at(self, name: str) -> int:
        return list(self.shares.columns).index(name)

    @staticmethod
    def _off_diagonal(weights: Array) -> Array:
        return weights * (1.0 - np.eye(len(weights)))

    def _estimate(self, weights: Array, what: str) -> Estimate:
        plain = float(np.sum(weights * self.plug_in.to_numpy()))
        draws = np.einsum("bij,ij->b", self.draws, weights)
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail])
        return Estimate(
            float(np.sum(weights * self.shares.to_numpy())),
            float(draws.std()),
            float(2.0 * plain - high),
            float(2.0 * plain - low),
            self.level,
            self.n,
            "%",
            f"{what}, generalised decomposition at {self.horizon} sessions, VAR({self.lags}); basic interval,"
            f" residual block bootstrap, {draws.size} resamples",
        )


@dataclass(frozen=True)
class RollingConnectedness:
    """Connectedness in a moving window.

    Attributes
    ----------
    total : DataFrame, (W, 3)
        Columns "estimate", "lower", "upper", dated at each window's last session; percent.
    net : mapping of str to DataFrame, (W, 3)
    pairwise : mapping of (source, target) to DataFrame, (W, 3)
        Net from source to target, each pair once.
    width, step, lags, horizon : int
    level : float
        Of each window's own interval: pointwise.
    normalisation : str
    """

    total: pd.DataFrame
    net: Mapping[str, pd.DataFrame]
    pairwise: Mapping[tuple[str, str], pd.DataFrame]
    width: int
    step: int
    lags: int
    horizon: int
    level: float
    normalisation: str = NORMALISATION


@njit(cache=True)
def generalised_shares(coefficients: Array, covariance: Array, horizon: int) -> Array:
    r"""Row-normalised generalised forecast-error variance decomposition, in percent, (N, N).

    Diebold and Yilmaz (2012), equations 2 and 3, after Pesaran and Shin (1998):
    :math:`\theta_{ij}(H) = \sigma_{jj}^{-1} \sum_{h<H} (e_i' A_h \Sigma e_j)^2 / \sum_{h<H} e_i' A_h \Sigma A_h' e_i`.
    """
    responses = moving_average(coefficients, horizon)
    size = covariance.shape[0]
    numerator = np.zeros((size, size))
    denominator = np.zeros(size)
    for h in range(horizon):
        impact = responses[h] @ covariance
        for i in range(size):
            for j in range(size):
                numerator[i, j] += impact[i, j] ** 2 / covariance[j, j]
                denominator[i] += impact[i, j] * responses[h, i, j]
    for i in range(size):
        numerator[i] /= denominator[i]
        numerator[i] *= 100.0 / numerator[i].sum()
    return numerator


@njit(cache=True)
def _shares(y: Array, lags: int, horizon: int) -> Array:
    coefficients, residuals = fit_autoregression(y, lags)
    covariance = residuals.T @ residuals / residuals.shape[0]
    return generalised_shares(coefficients, covariance, horizon)


@njit(cache=True)
def _draws(y: Array, lags: int, horizon: int, indices: Codes) -> Array:
    """Shares on paths regenerated from the fitted VAR with blocks of its centred residuals, (B, N, N)."""
    coefficients, residuals = fit_autoregression(y, lags)
    centred = residuals.copy()
    for j in range(centred.shape[1]):
        centred[:, j] -= centred[:, j].mean()
    draws = np.empty((indices.shape[0], y.shape[1], y.shape[1]))
    for draw in range(indices.shape[0]):
        path = generate(y[:lags], coefficients, centred[indices[draw]])
        draws[draw] = _shares(path, lags, horizon)
    return draws


def connectedness(
    frame: pd.DataFrame, resampling: Resampling, *, lags: int | None = None, horizon: int = HORIZON
) -> Connectedness | NotDecidable:
    """Generalised connectedness of several series.

    Parameters
    ----------
    frame : DataFrame, (T, N)
        Percent returns, or log range variances; rows with a missing value are left out.
    resampling : Resampling
    lags : int, optional
        Order of the VAR; by BIC without it.
    horizon : int
        Sessions of the forecast, H.

    Returns
    -------
    Connectedness or NotDecidable

    Notes
    -----
    The generalised decomposition does not depend on an order of the variables, and is not causal: shocks that come
    together are counted for each. Every share of a finite sample is biased upwards off the diagonal; the residual
    block bootstrap estimates the bias, which is taken out, and gives basic intervals (Hall 1992).
    """
    y = usable_rows(frame, 1 if lags is None else lags)
    if isinstance(y, NotDecidable):
        return y
    order = choose_lags(y) if lags is None else lags
    y = usable_rows(frame, order)
    if isinstance(y, NotDecidable):
        return y
    plain = _shares(y, order, horizon)
    draws = _draws(y, order, horizon, resampling.indices(size_of_shocks(y, order)))
    names = [str(name) for name in frame.columns]
    return Connectedness(
        shares=pd.DataFrame(2.0 * plain - draws.mean(axis=0), index=names, columns=names),
        plug_in=pd.DataFrame(plain, index=names, columns=names),
        draws=draws,
        lags=order,
        horizon=horizon,
        n=y.shape[0],
        level=resampling.level,
    )


def rolling_connectedness(
    frame: pd.DataFrame,
    resampling: Resampling,
    *,
    width: int = 252,
    step: int = 5,
    lags: int = 1,
    horizon: int = HORIZON,
) -> RollingConnectedness | NotDecidable:
    """Connectedness in windows of `width` sessions, every `step` sessions; bands from a bootstrap in each window.

    Parameters
    ----------
    frame : DataFrame, (T, N)
    resampling : Resampling
        Its block length is chosen once, on the whole sample.
    width, step, lags, horizon : int

    Returns
    -------
    RollingConnectedness or NotDecidable
    """
    complete = frame.dropna()
    if len(complete) < width:
        return NotDecidable(f"{len(complete)} complete sessions do not fill a window of {width}")
    y = usable_rows(complete, lags)
    if isinstance(y, NotDecidable):
        return y
    names = [str(name) for name in frame.columns]
    block = resampling.block(size_of_shocks(y, lags))
    indices = stationary_indices((width - lags,), block, resampling.replications, resampling.seed)
    ends = range(len(complete) - 1 - (len(complete) - width) // step * step, len(complete), step)
    dates = []
    windows = []
    for end in ends:
        part = complete.iloc[end + 1 - width : end + 1]
        rows = usable_rows(part, lags)
        if isinstance(rows, NotDecidable):
            continue
        plain, draws = _shares(rows, lags, horizon), _draws(rows, lags, horizon, indices)
        shares = pd.DataFrame(2.0 * plain - draws.mean(axis=0), index=names, columns=names)
        plug_in = pd.DataFrame(plain, index=names, columns=names)
        windows.append(Connectedness(shares, plug_in, draws, lags, horizon, width, resampling.level))
        dates.append(complete.index[end])
    if not windows:
        return NotDecidable("no window can be fitted")

    def path(estimates: list[Estimate]) -> pd.DataFrame:
        rows = [(one.value, one.lower, one.upper) for one in estimates]
        return pd.DataFrame(rows, index=pd.Index(dates), columns=["estimate", "lower", "upper"])

    return RollingConnectedness(
        total=path([one.total for one in windows]),
        net={name: path([one.net(name) for one in windows]) for name in names},
        pairwise={
            (source, target): path([one.pairwise(source, target) for one in windows])
            for source, target in permutations(names, 2)
            if names.index(source) < names.index(target)
        },
        width=width,
        step=step,
        lags=lags,
        horizon=horizon,
        level=resampling.level,
    )

"""What drives the recursion of Q at given parameters: targets, intercepts, first states and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.correlation.recursions import correlation_slopes, diagonal_of, diagonal_pass, diagonal_path
from models.correlation.types import Array, Initial, Target

#: Largest admissible a + b (+ g times the largest eigenvalue of Qbar^-1/2 Nbar Qbar^-1/2 in ADCC).
MAX_PERSISTENCE = 0.9995


def pack(matrix: Array) -> Array:
    """Lower triangle by rows, shape (M,)."""
    return np.ascontiguousarray(matrix[np.tril_indices(matrix.shape[0])])


def unpack(packed: Array) -> Array:
    """Symmetric matrices from packed ones, shape (..., N, N)."""
    size = int(np.sqrt(8 * packed.shape[-1] + 1)) // 2
    rows, columns = np.tril_indices(size)
    matrices = np.empty((*packed.shape[:-1], size, size))
    matrices[..., rows, columns] = packed
    matrices[..., columns, rows] = packed
    return matrices


def normalised(matrix: Array) -> Array:
    """Rescale to a unit diagonal; works on the last two axes."""
    scale = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
    scaled: Array = matrix / (scale[..., :, None] * scale[..., None, :])
    return scaled


@dataclass(frozen=True, slots=True)
class Dynamics:
    """Which recursion, and with which conventions.

    Attributes
    ----------
    kind : {"dcc", "cdcc", "adcc", "dccx"}
        "dcc": Q_{t+1} = (1-a-b) S + a z_t z_t' + b Q_t (Engle 2002); "cdcc": the same with z*_it = z_it sqrt(q_ii,t)
        in place of z_t (Aielli 2013); "adcc": - g Nbar + g n_t n_t' added to "dcc", n_t = min(z_t, 0) (Cappiello,
        Engle and Sheppard 2006).
    initial : {"target", "zero_residual", "unit_residual", "backcast"}
        "target": Q_1 = S. "zero_residual" and "unit_residual": the recursion begins one day earlier, at Q_0 = S, with
        z_0 = 0 or z_0 = (1, .., 1)'. "backcast": Q_1 = C + (a + b) B (+ g B_n), C the intercept, B the mean of the
        first sqrt(T) + 1 outer products weighted by 0.94^t.
    target : {"normalised", "covariance", "ml"}
        "normalised": S = T^-1 sum x_t x_t' rescaled to a unit diagonal, Nbar = T^-1 sum n_t n_t'. "covariance": the
        sample covariance matrices, demeaned, divisor T - 1, not rescaled (in cDCC the scale of S is not identified
        and is taken as one). "ml": the correlations in S are parameters.
    blocks : tuple of int
        Block of each series, numbered from zero: R_t is averaged over pairs of blocks (Engle and Kelly 2012). Empty
        leaves it as it is.
    forcing : array, shape (T,), optional
        x_t - xbar of "dccx", which adds (1-a-b) kappa (x_t - xbar) to every off-diagonal element of Q_{t+1} of "dcc".
    """

    kind: Literal["dcc", "cdcc", "adcc", "dccx"]
    initial: Initial = "target"
    target: Target = "normalised"
    blocks: tuple[int, ...] = ()
    forcing: Array | None = field(default=None, compare=False, repr=False)

    def push(self, psi: Array, periods: int) -> Array:
        """(1 - a - b) kappa (x_t - xbar), what "dccx" adds to every off-diagonal element of Q_{t+1}, shape (T,)."""
        if self.forcing is None:
            return np.zeros(periods)
        pushed: Array = (1.0 - psi[0] - psi[1]) * psi[2] * self.forcing
        return pushed

    @property
    def corrected(self) -> bool:
        return self.kind == "cdcc"

    @property
    def names(self) -> tuple[str, ...]:
        return {"adcc": ("a", "b", "g"), "dccx": ("a", "b", "kappa")}.get(self.kind, ("a", "b"))

    @property
    def first_weight(self) -> tuple[float, float, float]:
        """Q_1 = (c0 + c1 a + c2 b) S + ...: the coefficients c."""
        return {
            "target": (1.0, 0.0, 0.0),
            "zero_residual": (1.0, -1.0, 0.0),
            "unit_residual": (1.0, -1.0, 0.0),
            "backcast": (1.0, -1.0, -1.0),
        }[self.initial]

    def moments(self, z: Array) -> Moments:
        """Sample moments that do not depend on the parameters."""
        negative = np.ascontiguousarray(np.minimum(z, 0.0)) if self.kind == "adcc" else np.empty((z.shape[0], 0))
        weights = 0.94 ** np.arange(min(z.shape[0], int(np.sqrt(z.shape[0])) + 1))
        weights /= weights.sum()
        early, early_negative = z[: weights.size], negative[: weights.size]
        if self.target == "covariance":
            qbar, nbar = np.cov(z, rowvar=False), np.cov(negative, rowvar=False) if negative.size else None
        else:
            qbar = normalised(z.T @ z)
            nbar = negative.T @ negative / z.shape[0] if negative.size else None
        empty = np.zeros(z.shape[1] * (z.shape[1] + 1) // 2)
        return Moments(
            negative=negative,
            qbar=pack(qbar),
            nbar=empty if nbar is None else pack(nbar),
            backcast=pack((early * weights[:, None]).T @ early),
            negative_backcast=empty if nbar is None else pack((early_negative * weights[:, None]).T @ early_negative),
        )

    def drive(
        self, z: Array, moments: Moments, psi: Array, target: Array | None = None, *, slopes: bool = True
    ) -> Drive:
        """Everything the kernels need at psi = (a, b[, g]).

        Parameters
        ----------
        z : array, shape (T, N)
        target : array, shape (M,), optional
            Holds S fixed; without it S is the sample target at `psi`, with its derivatives.
        slopes : bool
            Without them the derivatives come back as zeros, in half the time.
        """
        a, b = float(psi[0]), float(psi[1])
        g = float(psi[2]) if psi.size > 2 else 0.0
        count, size = psi.size, z.shape[1]
        x, d_x = z, np.empty((count, 0, 0))
        s = moments.qbar if target is None else target
        d_s = np.zeros((count, s.size))
        if self.corrected:
            first = self._first_diagonal(moments, a, b, size)
            if slopes:
                x, d_x = diagonal_pass(z, first, a, b)
            else:
                x = diagonal_path(z, first[0], a, b)
            if target is None:
                s, d_s = self._corrected_target(x, d_x)
        rest = 1.0 - a - b
        intercept = rest * s - g * moments.nbar
        d_intercept = rest * d_s
        d_intercept[:2] -= s
        if count > 2:
            d_intercept[2] -= moments.nbar
        first, d_first = self._first(s, d_s, moments, psi)
        return Drive(x, moments.negative, d_x, intercept, d_intercept, first, d_first, s, d_s)

    def target_weights(self, periods: int, psi: Array) -> tuple[Array, Array]:
        """c_t and e_t in dQ_t = c_t dS - g e_t dNbar, shape (T,) each."""
        a, b = float(psi[0]), float(psi[1])
        c0, ca, cb = self.first_weight
        decay = b ** np.arange(periods)
        limit = (1.0 - decay) / (1.0 - b)
        start = 0.0 if self.initial == "target" else 1.0
        return (1.0 - a - b) * limit + (c0 + ca * a + cb * b) * decay, limit + start * decay

    def _first(self, s: Array, d_s: Array, moments: Moments, psi: Array) -> tuple[Array, Array]:
        a, b = float(psi[0]), float(psi[1])
        g = float(psi[2]) if psi.size > 2 else 0.0
        c0, ca, cb = self.first_weight
        weight = c0 + ca * a + cb * b
        first, d_first = weight * s, weight * d_s
        d_first[0] += ca * s
        d_first[1] += cb * s
        if self.initial == "target":
            return first, d_first
        news, negative_news = np.zeros_like(s), np.zeros_like(s)
        if self.initial == "unit_residual":
            news, negative_news = np.ones_like(s), np.ones_like(s)
        elif self.initial == "backcast":
            news, negative_news = moments.backcast, moments.negative_backcast
            first = first + b * news
            d_first[1] += news
        first = first + a * news
        d_first[0] += news
        if psi.size > 2:
            first = first + g * (negative_news - moments.nbar)
            d_first[2] += negative_news - moments.nbar
        return first, d_first

    def _first_diagonal(self, moments: Moments, a: float, b: float, size: int) -> Array:
        first = np.zeros((3, size))
        first[0] = 1.0
        if self.initial == "zero_residual":
            first[0], first[1] = 1.0 - a, -1.0
        elif self.initial == "backcast":
            early = moments.backcast[np.arange(size) * (np.arange(size) + 3) // 2]
            first[0], first[1:] = 1.0 - a - b + (a + b) * early, early - 1.0
        return first

    def _corrected_target(self, x: Array, d_x: Array) -> tuple[Array, Array]:
        """S and its derivatives; zeros where `d_x` is empty."""
        centred = x - x.mean(axis=0) if self.target == "covariance" else x
        crosses = np.zeros((d_x.shape[0], x.shape[1], x.shape[1]))
        if d_x.size:
            np.matmul(d_x.transpose(0, 2, 1), centred, out=crosses)
        packed, slopes = correlation_slopes(centred.T @ centred, crosses)
        return packed, slopes


@dataclass(frozen=True, slots=True)
class Moments:
    """Sample moments of the standardised residuals, packed, and their negative parts, shape (T, N) or (T, 0)."""

    negative: Array
    qbar: Array
    nbar: Array
    backcast: Array
    negative_backcast: Array


@dataclass(frozen=True, slots=True)
class Drive:
    """Arguments of the kernels at given parameters; see `kernels.score_pass`."""

    x: Array
    negative: Array
    d_x: Array
    intercept: Array
    d_intercept: Array
    first: Array
    d_first: Array
    target: Array
    d_target: Array

    def diagonal(self, psi: Array) -> Array:
        """q_ii,t of cDCC at the psi of this drive, shape (T, N)."""
        positions = np.arange(self.x.shape[1])
        first = self.first[positions * (positions + 3) // 2]
        path: Array = diagonal_of(self.x, first, float(psi[0]), float(psi[1]))
        return path

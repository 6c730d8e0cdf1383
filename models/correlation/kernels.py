"""Likelihood and score of the DCC family: arrays in, arrays out.

Symmetric N x N matrices are packed by rows of the lower triangle, element (i, j <= i) at i (i + 1) / 2 + j, M = N (N
+ 1) / 2. Dates are taken LANES at a time: the recursion fills a buffer (M, LANES) and every later step (factor,
solve, invert) runs over the innermost, contiguous lanes, so that the compiler can use vector instructions whatever N
is.

The recursion is common to the family (x = z for DCC and ADCC, x = z* for cDCC, n = min(z, 0)):

    Q_{t+1} = C + a x_t x_t' + g n_t n_t' + b Q_t,     R_t = Q_t rescaled to a unit diagonal.

With y_it = z_it sqrt(q_ii,t): log det R_t = log det Q_t - sum_i log q_ii,t and z' R_t^-1 z = y' Q_t^-1 y.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from models.correlation.lanes import LANES, invert_pivot, reduce_row, sum_products
from models.correlation.types import Array


@njit(cache=True, fastmath={"contract"})
def likelihood_pass(
    z: Array, x: Array, n: Array, intercept: Array, first: Array, a: float, b: float, g: float
) -> tuple[Array, Array]:
    """Log determinants of R_t and quadratic forms z_t' R_t^-1 z_t.

    Parameters
    ----------
    z, x, n : arrays, shape (T, N)
        Standardised residuals, what drives the recursion, and its negative part (shape (T, 0) where g is not used).
    intercept, first : arrays, shape (M,)
        C and Q_1, packed.

    Returns
    -------
    log_determinants, quadratic_forms : arrays, shape (T,)
        NaN at a date at which Q_t is not positive definite.
    """
    periods, size = z.shape
    log_determinants, quadratic_forms = np.empty(periods), np.empty(periods)
    packed = intercept.size
    q, state = _buffer(packed), first.copy()
    zb, xb, nb, y = _blocks(size)
    logs, forms = np.empty(LANES), np.empty(LANES)
    for start in range(0, periods, LANES):
        _load(zb, xb, nb, z, x, n, start)
        _advance(q, state, xb, nb, intercept, a, b, g, n.shape[1] > 0)
        _scale(y, logs, q, zb)
        _factorise(q, size, logs)
        _solve(q, y, forms)
        for lane in range(min(LANES, periods - start)):
            log_determinants[start + lane] = logs[lane]
            quadratic_forms[start + lane] = forms[lane]
    return log_determinants, quadratic_forms


@njit(cache=True, fastmath={"contract"})
def score_pass(
    z: Array,
    x: Array,
    n: Array,
    d_x: Array,
    intercept: Array,
    d_intercept: Array,
    first: Array,
    d_first: Array,
    a: float,
    b: float,
    g: float,
    nu: float,
    gamma: Array,
    direct: Array,
) -> tuple[Array, Array, Array]:
    """As `likelihood_pass`, with the score of each observation in (a, b[, g]).

    Parameters
    ----------
    d_x : array, shape (P, T, N)
        Derivatives of `x`; shape (P, 0, 0) where it does not depend on the parameters.
    d_intercept, d_first : arrays, shape (P, M)
        Derivatives of `intercept` and `first`, without the terms that the recursion adds itself.
    nu : float
        Degrees of freedom of the Student-t, 0 for the Gaussian.
    gamma : array, shape (T, M) or (0, 0)
        Filled with dl_t / dQ_t, off-diagonal elements counted twice, unless empty.
    direct : array, shape (T, N) or (0, 0)
        Filled with dl_t / dz_t at fixed Q_t, unless empty.

    Returns
    -------
    log_determinants, quadratic_forms : arrays, shape (T,)
    scores : array, shape (T, P)
    """
    periods, size = z.shape
    packed, count = intercept.size, d_intercept.shape[0]
    log_determinants, quadratic_forms = np.empty(periods), np.empty(periods)
    scores = np.zeros((periods, count))
    q, factor, inverse, weights = _buffer(packed), _buffer(packed), _buffer(packed), _buffer(packed)
    d_q = np.empty((count, packed, LANES))
    state, d_state = first.copy(), d_first.copy()
    zb, xb, nb, y = _blocks(size)
    corrected = d_x.shape[1] > 0
    root, u, wb = _buffer(size), _buffer(size), _buffer(size if corrected else 0)
    logs, forms, weight = np.empty(LANES), np.empty(LANES), np.ones(LANES)
    for start in range(0, periods, LANES):
        lanes = min(LANES, periods - start)
        _load(zb, xb, nb, z, x, n, start)
        _advance(q, state, xb, nb, intercept, a, b, g, n.shape[1] > 0)
        for p in range(count):
            if corrected:
                _load_slope(wb, xb, d_x[p], start, a, 0.5 if p == 0 else 0.0)
            if p == 1:
                _advance_decay(d_q[p], d_state[p], q, xb, wb, d_intercept[p], b)
            else:
                _advance_slope(d_q[p], d_state[p], xb if p == 0 else nb, wb, d_intercept[p], b)
        _scale(y, logs, q, zb)
        factor[:] = q
        _factorise(factor, size, logs)
        root[:] = y
        _solve(factor, y, forms)
        if nu > 0.0:
            for lane in range(LANES):
                weight[lane] = (nu + size) / (nu - 2.0 + forms[lane])
        _invert(inverse, factor, size)
        _slopes(weights, u, inverse, y, root, q, weight)
        for p in range(count):
            total = np.zeros(LANES)
            for k in range(packed):
                for lane in range(LANES):
                    total[lane] += weights[k, lane] * d_q[p, k, lane]
            for lane in range(lanes):
                scores[start + lane, p] = total[lane]
        for lane in range(lanes):
            log_determinants[start + lane] = logs[lane]
            quadratic_forms[start + lane] = forms[lane]
        if gamma.shape[0] > 0:
            for lane in range(lanes):
                for k in range(packed):
                    gamma[start + lane, k] = weights[k, lane]
                for i in range(size):
                    diagonal = np.sqrt(q[i * (i + 1) // 2 + i, lane])
                    direct[start + lane, i] = zb[i, lane] - weight[lane] * u[i, lane] * diagonal
    return log_determinants, quadratic_forms, scores


@njit(cache=True)
def _buffer(rows: int) -> Array:
    """Zeros of shape (rows, LANES) that begin on a cache line."""
    raw = np.zeros(rows * LANES + 8)
    start = (64 - raw.ctypes.data % 64) // 8 % 8
    return raw[start : start + rows * LANES].reshape(rows, LANES)


@njit(cache=True)
def _blocks(size: int) -> tuple[Array, Array, Array, Array]:
    return _buffer(size), _buffer(size), _buffer(size), _buffer(size)


@njit(cache=True)
def _load(zb: Array, xb: Array, nb: Array, z: Array, x: Array, n: Array, start: int) -> None:
    """Transpose the next LANES dates into the lanes; lanes behind the end of the sample hold zeros."""
    periods, size = z.shape
    for lane in range(LANES):
        t = start + lane
        for i in range(size):
            zb[i, lane] = z[t, i] if t < periods else 0.0
            xb[i, lane] = x[t, i] if t < periods else 0.0
            if n.shape[1] > 0:
                nb[i, lane] = n[t, i] if t < periods else 0.0


@njit(cache=True, fastmath={"contract"})
def _load_slope(wb: Array, xb: Array, d_x: Array, start: int, a: float, share: float) -> None:
    """w = a dx + share x for the next LANES dates."""
    periods, size = d_x.shape
    for lane in range(LANES):
        t = start + lane
        for i in range(size):
            wb[i, lane] = a * d_x[t, i] + share * xb[i, lane] if t < periods else 0.0


@njit(cache=True, fastmath={"contract"})
def _advance(
    q: Array, state: Array, xb: Array, nb: Array, intercept: Array, a: float, b: float, g: float, asymmetric: bool
) -> None:
    """Fill q[:, lane] with Q at each date of the block and move `state` to the block behind it."""
    news = np.empty(LANES)
    k = 0
    for i in range(xb.shape[0]):
        xi, ni = xb[i], nb[i]
        for j in range(i + 1):
            xj, nj = xb[j], nb[j]
            for lane in range(LANES):
                news[lane] = intercept[k] + a * xi[lane] * xj[lane]
            if asymmetric:
                for lane in range(LANES):
                    news[lane] += g * ni[lane] * nj[lane]
            level = state[k]
            row = q[k]
            for lane in range(LANES):
                row[lane] = level
                level = news[lane] + b * level
            state[k] = level
            k += 1


@njit(cache=True, fastmath={"contract"})
def _advance_slope(d_q: Array, d_state: Array, xb: Array, wb: Array, d_intercept: Array, b: float) -> None:
    """The same for a derivative of Q whose own news is w_i x_j + x_i w_j, or x_i x_j where `wb` is empty."""
    news = np.empty(LANES)
    corrected = wb.shape[0] > 0
    k = 0
    for i in range(xb.shape[0]):
        xi = xb[i]
        for j in range(i + 1):
            xj = xb[j]
            own = d_intercept[k]
            if corrected:
                wi, wj = wb[i], wb[j]
                for lane in range(LANES):
                    news[lane] = own + wi[lane] * xj[lane] + xi[lane] * wj[lane]
            else:
                for lane in range(LANES):
                    news[lane] = own + xi[lane] * xj[lane]
            level = d_state[k]
            row = d_q[k]
            for lane in range(LANES):
                row[lane] = level
                level = news[lane] + b * level
            d_state[k] = level
            k += 1


@njit(cache=True, fastmath={"contract"})
def _advance_decay(d_q: Array, d_state: Array, q: Array, xb: Array, wb: Array, d_intercept: Array, b: float) -> None:
    """The same for the derivative by b, whose own news is Q + w_i x_j + x_i w_j, or Q where `wb` is empty."""
    news = np.empty(LANES)
    corrected = wb.shape[0] > 0
    k = 0
    for i in range(xb.shape[0]):
        xi = xb[i]
        for j in range(i + 1):
            xj, old = xb[j], q[k]
            own = d_intercept[k]
            if corrected:
                wi, wj = wb[i], wb[j]
                for lane in range(LANES):
                    news[lane] = own + old[lane] + wi[lane] * xj[lane] + xi[lane] * wj[lane]
            else:
                for lane in range(LANES):
                    news[lane] = own + old[lane]
            level = d_state[k]
            row = d_q[k]
            for lane in range(LANES):
                row[lane] = level
                level = news[lane] + b * level
            d_state[k] = level
            k += 1


@njit(cache=True, fastmath={"contract"})
def _scale(y: Array, logs: Array, q: Array, zb: Array) -> None:
    """y = z sqrt(diag Q), and logs = -sum of the logarithms of the diagonal."""
    product = np.ones(LANES)
    logs[:] = 0.0
    size = zb.shape[0]
    for i in range(size):
        diagonal, yi, zi = q[i * (i + 1) // 2 + i], y[i], zb[i]
        for lane in range(LANES):
            yi[lane] = zi[lane] * np.sqrt(diagonal[lane])
        for lane in range(LANES):
            product[lane] *= diagonal[lane]
        if i % 8 == 7 or i == size - 1:
            for lane in range(LANES):
                logs[lane] -= np.log(product[lane])
                product[lane] = 1.0


@njit(cache=True, fastmath={"contract"})
def _factorise(q: Array, size: int, logs: Array) -> None:
    """Cholesky factor in place with the inverse of its diagonal; adds log det Q to `logs`."""
    product = np.ones(LANES)
    for i in range(size):
        ri = i * (i + 1) // 2
        for j in range(i):
            rj = j * (j + 1) // 2
            reduce_row(q, ri + j, q, ri, q, rj, j, q, rj + j)
        invert_pivot(q, ri + i, q, ri, i)
        pivot = q[ri + i]
        for lane in range(LANES):
            product[lane] *= pivot[lane]
        if i % 8 == 7 or i == size - 1:
            for lane in range(LANES):
                logs[lane] -= 2.0 * np.log(product[lane])
                product[lane] = 1.0


@njit(cache=True, fastmath={"contract"})
def _solve(factor: Array, y: Array, forms: Array) -> None:
    """y <- L^-1 y and forms = y'y."""
    for i in range(y.shape[0]):
        ri = i * (i + 1) // 2
        reduce_row(y, i, factor, ri, y, 0, i, factor, ri + i)
    forms[:] = 0.0
    for i in range(y.shape[0]):
        yi = y[i]
        for lane in range(LANES):
            forms[lane] += yi[lane] * yi[lane]


@njit(cache=True)
def _column(j: int, size: int) -> int:
    """Where column j begins in a lower triangle packed by columns."""
    return j * size - j * (j - 1) // 2


@njit(cache=True, fastmath={"contract"})
def _invert(inverse: Array, factor: Array, size: int) -> None:
    """inverse <- L^-1, packed by columns (the diagonal of `factor` is inverse already)."""
    inverse[:] = 0.0
    for j in range(size):
        start = _column(j, size)
        inverse[start] = factor[j * (j + 1) // 2 + j]
    for j in range(size):
        start = _column(j, size)
        for i in range(j + 1, size):
            ri = i * (i + 1) // 2
            reduce_row(inverse, start + i - j, factor, ri + j, inverse, start, i - j, factor, ri + i)


@njit(cache=True, fastmath={"contract"})
def _slopes(weights: Array, u: Array, inverse: Array, v: Array, root: Array, q: Array, weight: Array) -> None:
    """weights <- dl/dQ with off-diagonals doubled, u <- Q^-1 y, where v = L^-1 y and root = y.

    dl/dQ = -(Q^-1 - w u u') / 2 + diag((1 - w u_i y_i) / q_ii) / 2.
    """
    size = v.shape[0]
    for i in range(size):
        ri, start = i * (i + 1) // 2, _column(i, size)
        sum_products(u, i, inverse, start, v, i, size - i)
        for j in range(i + 1):
            sum_products(weights, ri + j, inverse, start, inverse, _column(j, size) + i - j, size - i)
    for i in range(size):
        ri = i * (i + 1) // 2
        ui = u[i]
        for j in range(i):
            row, uj = weights[ri + j], u[j]
            for lane in range(LANES):
                row[lane] = weight[lane] * ui[lane] * uj[lane] - row[lane]
        row, yi, diagonal = weights[ri + i], root[i], q[ri + i]
        for lane in range(LANES):
            wu = weight[lane] * ui[lane]
            row[lane] = 0.5 * (wu * ui[lane] - row[lane]) + 0.5 * (1.0 - wu * yi[lane]) / diagonal[lane]

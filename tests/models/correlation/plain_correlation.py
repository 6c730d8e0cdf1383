"""The DCC family in slow, plain Python, straight from the equations: the oracle of the kernels."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln


def early_moment(v):
    weights = 0.94 ** np.arange(int(np.sqrt(len(v))) + 1)
    weights = weights / weights.sum()
    return sum(w * np.outer(row, row) for w, row in zip(weights, v, strict=False))


def q_path(z, kind, initial, target, psi, s=None):
    """Q_t for t = 1..T, by the definition; s overrides the target."""
    a, b = psi[0], psi[1]
    g = psi[2] if len(psi) > 2 else 0.0
    periods, size = z.shape
    n = np.minimum(z, 0.0)
    nbar = np.zeros((size, size))
    if kind == "adcc":
        nbar = np.cov(n, rowvar=False) if target == "covariance" else n.T @ n / periods
    if s is None and kind == "cdcc":
        diagonal = first_state(z, initial, np.eye(size), nbar * 0, a, b, 0.0).diagonal()
        stars = []
        for t in range(periods):
            star = z[t] * np.sqrt(diagonal)
            stars.append(star)
            diagonal = (1 - a - b) + a * star**2 + b * diagonal
        stars = np.array(stars)
        s = np.corrcoef(stars, rowvar=False) if target == "covariance" else rescale(stars.T @ stars)
    elif s is None:
        s = np.cov(z, rowvar=False) if target == "covariance" else rescale(z.T @ z)
    intercept = (1 - a - b) * s - g * nbar
    q = first_state(z, initial, s, nbar, a, b, g)
    path = []
    for t in range(periods):
        path.append(q)
        x = z[t] * np.sqrt(np.diag(q)) if kind == "cdcc" else z[t]
        q = intercept + a * np.outer(x, x) + g * np.outer(n[t], n[t]) + b * q
    return np.array(path), s


def first_state(z, initial, s, nbar, a, b, g):
    intercept = (1 - a - b) * s - g * nbar
    ones = np.ones_like(s)
    if initial == "target":
        return s
    if initial == "zero_residual":
        return intercept + b * s
    if initial == "unit_residual":
        return intercept + b * s + a * ones + g * ones * bool(g)
    return intercept + (a + b) * early_moment(z) + g * early_moment(np.minimum(z, 0.0))


def rescale(matrix):
    scale = np.sqrt(np.diag(matrix))
    return matrix / np.outer(scale, scale)


def correlation_loglik(z, path, nu=0.0):
    size = z.shape[1]
    total = 0.0
    for row, q in zip(z, path, strict=True):
        r = rescale(q)
        form = row @ np.linalg.solve(r, row)
        logdet = np.linalg.slogdet(r)[1]
        if nu == 0.0:
            total += -0.5 * (logdet + form - row @ row)
        else:
            total += gammaln((nu + size) / 2) - gammaln(nu / 2) - size / 2 * np.log(np.pi * (nu - 2)) - logdet / 2
            total += -(nu + size) / 2 * np.log1p(form / (nu - 2)) + size / 2 * np.log(2 * np.pi) + row @ row / 2
    return total

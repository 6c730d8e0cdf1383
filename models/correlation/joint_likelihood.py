"""The likelihood of margins, intercept and dynamics together, its gradient, and the sandwich of its scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from data.errors import EstimationError
from models.correlation.dynamics import Dynamics, pack, unpack
from models.correlation.likelihood import NU_BOUNDS, evaluate, loglik
from models.correlation.result import CorrelationResult
from models.correlation.sandwich import margin_gradient
from models.correlation.types import Array
from models.margins import Margins
from models.margins.estimation import MarginPoint, margin_at
from models.optimise import Optimum

#: Half-width of the central differences behind scores and Hessian, in units of two-step standard errors.
STEP = 1e-3


class JointLikelihood:
    """Joint likelihood in natural parameters, each in units of its two-step standard error."""

    def __init__(self, start: CorrelationResult) -> None:
        self._start = start
        self._dynamics: Dynamics = start.dynamics
        self._fitted = start.margins.fitted
        self._returns = [start.margins.returns[margin.name].to_numpy().copy() for margin in self._fitted]
        size = len(self._fitted)
        self._off = np.flatnonzero(pack(1.0 - np.eye(size)))
        self._first = sum(margin.params.size for margin in self._fitted)
        self._dynamic = start.free_correlation_params.size
        own = np.concatenate([margin.params for margin in self._fitted])
        self._natural = np.concatenate([own, start.free_correlation_params, start.packed_target[self._off]])
        covariance = np.diagonal(start.stacked_covariance)
        packed = start.packed_target.size
        variances = np.concatenate(
            [
                covariance[: self._first],
                covariance[self._first + packed :],
                covariance[self._first : self._first + packed][self._off],
            ]
        )
        self._free = variances > 0.0
        self._scale = np.sqrt(np.where(self._free, variances, 1.0))
        self.start = np.zeros(int(self._free.sum()))
        labels = (
            *start.margins.labels,
            *start.free_correlation_names,
            *(f"target{k}" for k in self._off),
        )
        self.names = [label for label, free in zip(labels, self._free, strict=True) if free]
        low, high = self._limits()
        self.bounds = [
            ((low[k] - self._natural[k]) / self._scale[k], (high[k] - self._natural[k]) / self._scale[k])
            for k in np.flatnonzero(self._free)
        ]

    def _limits(self) -> tuple[Array, Array]:
        """Box of the natural parameters; what it does not exclude the likelihood refuses."""
        low, high = np.full(self._natural.size, -np.inf), np.full(self._natural.size, np.inf)
        for k, label in enumerate(self._start.margins.labels):
            series, parameter = label.rsplit(".", 1)
            if parameter == "gap":
                low[k] = 0.0
            if self._start.margin(series).model.volatility == "egarch" or parameter not in ("omega", "alpha", "beta"):
                continue
            low[k] = 1e-8 if parameter == "omega" else 0.0
        low[self._first : self._first + self._dynamic] = 1e-6
        if self._start.nu:
            at = self._first + self._dynamic - 1
            low[at], high[at] = NU_BOUNDS
        low[self._first + self._dynamic :], high[self._first + self._dynamic :] = -0.999, 0.999
        return low, high

    def natural(self, point: Array) -> Array:
        """All parameters (margins, a, b[, g][, nu], correlations of S) at a point of the search."""
        natural = self._natural.copy()
        natural[self._free] += self._scale[self._free] * point
        return natural

    def value_and_gradient(self, point: Array) -> tuple[float, Array]:
        """Log-likelihood of the returns and its gradient by the point."""
        at = self._parts(self.natural(point))
        if at is None:
            return -np.inf, np.zeros_like(point)
        margins, psi, nu, target = at
        z = np.column_stack([margin.std_residuals for margin in margins])
        moments = self._dynamics.moments(z)
        evaluation = evaluate(self._dynamics, z, moments, psi, nu, target=target, slopes=True)
        value = float(evaluation.values.sum()) + sum(margin.loglik for margin in margins)
        own = np.concatenate([margin.scores.sum(axis=0) for margin in margins])
        slopes = [margin.d_std_residuals for margin in margins]
        through = len(z) * margin_gradient(self._dynamics, slopes, z, evaluation, psi, None)
        weights, _ = self._dynamics.target_weights(len(z), psi)
        by_target = (weights @ evaluation.gamma)[self._off]
        gradient = np.concatenate([own + through, evaluation.scores.sum(axis=0), by_target])
        return value, (gradient * self._scale)[self._free]

    def values(self, point: Array) -> Array:
        """Log-likelihood of each observation, shape (T,)."""
        at = self._parts(self.natural(point))
        if at is None:
            raise EstimationError(
                "the joint estimate", "lies at the edge of what is admissible", "Keep the two-step estimate."
            )
        margins, psi, nu, target = at
        z = np.column_stack([margin.std_residuals for margin in margins])
        own = sum(-0.5 * (np.log(2.0 * np.pi * margin.variances) + margin.std_residuals**2) for margin in margins)
        return np.asarray(own + loglik(self._dynamics, z, self._dynamics.moments(z), psi, nu, target))

    def result(self, optimum: Optimum) -> CorrelationResult:
        """The record at the optimum, with the sandwich of the joint scores."""
        point = optimum.arguments
        scores = _differences(self.values, point)
        hessian = _differences(lambda moved: self.value_and_gradient(moved)[1], point)
        periods = scores.shape[0]
        influence = np.linalg.solve(-0.5 * (hessian + hessian.T) / periods, scores.T).T
        spread = np.zeros((periods, self._natural.size))
        spread[:, self._free] = influence * self._scale[self._free]
        at = self._parts(self.natural(point))
        if at is None:
            raise EstimationError("the joint estimate", "is not admissible", "Keep the two-step estimate.")
        margins, psi, nu, target = at
        by_target = np.zeros((periods, target.size))
        by_target[:, self._off] = spread[:, self._first + self._dynamic :]
        stacked = np.hstack([spread[:, : self._first], by_target, spread[:, self._first : self._first + self._dynamic]])
        fitted, column = [], 0
        for before, margin in zip(self._fitted, margins, strict=True):
            own = spread[:, column : column + before.params.size]
            fitted.append(margin.fitted(before.name, before.backcast, own, optimum.convergence))
            column += before.params.size
        own_loglik = sum(margin.loglik for margin in margins)
        return replace(
            self._start,
            model=f"joint {self._start.model}",
            margins=Margins(self._start.margins.returns, tuple(fitted)),
            psi=psi,
            nu=nu,
            packed_target=target,
            correlation_loglik=optimum.value - own_loglik,
            stacked_covariance=stacked.T @ stacked / periods**2,
            convergence=optimum.convergence,
        )

    def _parts(self, natural: Array) -> tuple[list[MarginPoint], Array, float, Array] | None:
        """Margins, psi, nu and packed target; None where they are not admissible."""
        margins, at = [], 0
        for margin, returns in zip(self._fitted, self._returns, strict=True):
            own = natural[at : at + margin.params.size]
            if not margin.model.admissible(own):
                return None
            margins.append(margin_at(margin.model, own, returns, margin.backcast))
            at += margin.params.size
        free = natural[at : at + self._dynamic]
        psi, nu = self._start.with_free(free)
        target = self._start.packed_target.copy()
        target[self._off] = natural[at + self._dynamic :]
        if not self._start.admissible(psi) or not _positive_definite(target):
            return None
        return margins, psi, nu, target


def _positive_definite(packed: Array) -> bool:
    """Whether a packed matrix is positive definite."""
    return bool(np.linalg.eigvalsh(unpack(packed))[0] > 1e-8)


def _differences(function: Callable[[Array], Array], point: Array) -> Array:
    """Derivatives of a vector function by each element of the point, one a column."""
    columns = []
    for index in range(point.size):
        up, down = point.copy(), point.copy()
        up[index] += STEP
        down[index] -= STEP
        columns.append((function(up) - function(down)) / (2.0 * STEP))
    return np.column_stack(columns)

"""One-step estimation: margins, intercept and dynamics together, from the two-step estimate.

The log-likelihood of the returns is the sum of the margins' Gaussian ones and the correlation part,

    l(phi, psi, s) = sum_t { -1/2 sum_i (ln 2 pi + ln h_it + z_it^2) } + l_c(z(phi), psi, s),

maximised over everything at once, the correlations s in S included (no targeting). Efficient where the density is
right; under misspecification the sandwich of the joint scores holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from data.errors import EstimationError
from models.correlation.joint_likelihood import JointLikelihood
from models.correlation.result import CorrelationResult
from models.correlation.specifications import DCC
from models.margins import Margins
from models.optimise import maximise


@dataclass(frozen=True, slots=True)
class Joint:
    """One-step maximum likelihood of a DCC specification, with the face of the two-step result.

    Parameters
    ----------
    specification : DCC
        `DCC` or `CDCC`, Gaussian or Student-t; its two-step estimate is where the search begins. The intercept
        is estimated with everything else, whatever its `target`.
    """

    specification: DCC

    def fit(self, returns: pd.DataFrame, *, margins: Margins | None = None, seed: int = 0) -> CorrelationResult:
        """Estimate all parameters together.

        Parameters
        ----------
        returns : DataFrame, shape (T, N)
            Percent, no missing values.
        margins : Margins, optional
            A first step with Gaussian margins to begin from.
        seed : int
            Of the two-step estimate.

        Raises
        ------
        data.errors.EstimationError
            If the margins are not Gaussian, the correlation does not move, or the search does not converge.
        """
        start = replace(self.specification, target="ml").fit(returns, margins=margins, seed=seed)
        if any(margin.model.distribution != "normal" for margin in start.margins.fitted):
            raise EstimationError(
                "the joint estimate", "needs Gaussian margins", 'Fit them with distribution="normal".'
            )
        if start.dynamics.kind == "adcc":
            raise EstimationError(
                "the joint estimate",
                "leaves no place for the mean of n n', which ADCC takes from the residuals",
                "Keep its two-step estimate.",
            )
        if start.constant:
            raise EstimationError("the joint estimate", "finds no dynamics in the correlation", "Use CCC.")
        problem = JointLikelihood(start)
        optimum = maximise(
            problem.value_and_gradient,
            [problem.start],
            names=problem.names,
            observations=len(returns),
            bounds=problem.bounds,
        )
        if not optimum.convergence.converged:
            raise EstimationError(
                "the joint estimate",
                f"the optimiser stopped with a gradient of {optimum.convergence.gradient_norm:.1e} an observation",
                "Keep the two-step estimate.",
            )
        return problem.result(optimum)

"""Does a conditional beta explain more than a constant one? Engle's nested regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from data.errors import EstimationError
from models.betas.garch_regression import GarchRegression, garch_regression
from models.betas.path import BetaPath
from models.estimate import Estimate, TestResult


@dataclass(frozen=True)
class NestedBetas:
    """r_y = a + sum_j (phi_j + theta_j beta_jt) x_jt + e with GARCH errors.

    Attributes
    ----------
    factors : tuple of str
    regression : GarchRegression
        Coefficients "x" (phi) and "x times its beta" (theta).
    level : float
    """

    factors: tuple[str, ...]
    regression: GarchRegression
    level: float

    def constant_weight(self, factor: str) -> Estimate:
        """phi: what a constant beta adds; zero if the conditional beta is right."""
        return self._estimate(factor, f"weight of a constant beta on {factor}")

    def conditional_weight(self, factor: str) -> Estimate:
        """theta: what the conditional beta counts for; one if it is right, zero if the beta is constant."""
        return self._estimate(_product(factor), f"weight of the conditional beta on {factor}")

    def constant_beta_test(self) -> TestResult:
        """Wald test that every theta is zero."""
        return self.regression.wald(
            [{_product(factor): 1.0} for factor in self.factors], null="constant betas leave nothing to explain"
        )

    def conditional_beta_test(self) -> TestResult:
        """Wald test that every phi is zero and every theta one."""
        combinations = [{factor: 1.0} for factor in self.factors] + [{_product(one): 1.0} for one in self.factors]
        values = [0.0] * len(self.factors) + [1.0] * len(self.factors)
        return self.regression.wald(combinations, values=values, null="conditional betas leave nothing to explain")

    def _estimate(self, name: str, what: str) -> Estimate:
        return self.regression.combination(
            {name: 1.0}, level=self.level, method=f"{what}; nested regression with GARCH errors, sandwich"
        )


def nested_betas(
    y: pd.Series, X: pd.DataFrame | pd.Series, paths: Mapping[str, BetaPath], *, level: float = 0.95
) -> NestedBetas:
    """Let a constant and a conditional beta on each factor compete.

    Parameters
    ----------
    y : Series, (T,)
        Percent returns.
    X : Series or DataFrame, (T, K)
        Percent returns of the factors.
    paths : mapping of factor to BetaPath
        Predicted betas: each day's value must have been known at the close before.
    level : float

    Raises
    ------
    EstimationError
        If a factor has no path, a path knows the day it explains, or the betas hardly move.

    Notes
    -----
    Engle (2016), "Dynamic conditional beta", Journal of Financial Econometrics 14. The betas are treated as given, so
    the intervals leave out the error of estimating them.
    """
    factors = X.to_frame() if isinstance(X, pd.Series) else X
    columns = {}
    for label, values in factors.items():
        name = str(label)
        if name not in paths:
            raise EstimationError(name, "has no beta path", "Give one for each factor.")
        if paths[name].information != "predicted":
            raise EstimationError(
                name, f"its path is {paths[name].information} and knows the day it explains", "Give a predicted path."
            )
        beta = paths[name].frame["estimate"]
        if beta.std() <= 1e-6 * (abs(beta.mean()) + 1e-12):
            raise EstimationError(name, "its beta does not move, so nothing can be told apart", "Use a longer sample.")
        columns[name] = values
        columns[_product(name)] = values * beta
    return NestedBetas(tuple(map(str, factors.columns)), garch_regression(y, pd.DataFrame(columns)), level)


def _product(factor: str) -> str:
    return f"{factor} times its beta"

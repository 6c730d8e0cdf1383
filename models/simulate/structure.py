"""What a simulated world is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WorldName = Literal["A", "B", "C"]

SHOCKED = (
    "metal",
    "miners",
    "junior_miners",
    "market",
    "growth",
    "fear",
    "credit",
    "dollar",
    "real_yield",
    "oil",
    "crypto",
)
"""Roles with a shock of their own, in the order of every array. `crypto` stands last, so that the last column of a
Cholesky factor separates what it shares with the others from what is its own."""

REGIMES = ("calm", "risk_off", "deleveraging")
FACTORS = ("market", "gold", "miner", "technology", "deleveraging", "dollar_rates")

Loadings = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class FundRule:
    """A bond fund priced from the changes of its spread and yield.

    return = carry + credit * d(credit, bp) + real_yield * d(real yield, bp) + noise * multiplier of the regime * n,
    in percent, n standard normal.
    """

    carry: float
    credit: float
    real_yield: float
    noise: float


@dataclass(frozen=True)
class VolumeRule:
    """Log dollar volume of one instrument: level, response to the regime, all on an autoregression of .75."""

    level: float
    regime: float


@dataclass(frozen=True)
class World:
    """Everything that generates a world.

    Attributes
    ----------
    name : {"A", "B", "C"}
    transition : ndarray, (K, K)
        P(s_t = j | s_{t-1} = i); rows sum to one.
    loadings : tuple of K mappings role -> factor -> loading
        Rbar_k = L_k L_k' + diag(1 - sum of squares).
    mixing : float
        Weight W of the regime's matrix: R_t = normalise(W Rbar_s + (1 - W) Q_t).
    q_alpha, q_beta : float
        cDCC recursion of Q_t (Aielli 2013).
    degrees_of_freedom : float
        Of the common Student t.
    sigma, alpha, gamma, beta : ndarray, (N,)
        GJR recursion of each shock, h = sigma²(1 - alpha - gamma/2 - beta) + (alpha + gamma 1[e<0]) e² + beta h.
    means, multipliers : ndarray, (K, N)
        r = mean + multiplier * h^½ * u.
    crypto_lead : float
        Response of the miners, in their own conditional standard deviations, to yesterday's shock of crypto in its.
    credit_lead : float
        Response of crypto, in its own conditional standard deviations, to yesterday's shock of credit in its.
    oil_on_miners : float
        Percent that miners lose on a rise of oil by one percent, as a (negative) coefficient.
    credit_on_miners : float
        Percent of the miners' return for one basis point of the credit spread.
    reversion : float
        Drift of the miners for each unit of overextension, in their conditional standard deviations.
    weekend_variance : float
        Variance of crypto on a day without session against a day with one.
    common_in_session : float
        Probability that crypto's common shock falls into New York's hours.
    volumes : mapping of role to VolumeRule
    shock_volume : float
        Response of log volume to the absolute standardised shock.
    credit_fund : FundRule
    event_lead : int
        Sessions before the event that belong to its spell.
    event_bounds : mapping of role to (low, high)
        Cumulative simple return in percent that the pinned event must show.
    """

    name: WorldName
    transition: Array
    loadings: tuple[Loadings, ...]
    mixing: float
    q_alpha: float
    q_beta: float
    degrees_of_freedom: float
    sigma: Array
    alpha: Array
    gamma: Array
    beta: Array
    means: Array
    multipliers: Array
    crypto_lead: float
    credit_lead: float
    oil_on_miners: float
    credit_on_miners: float
    reversion: float
    weekend_variance: float
    common_in_session: float
    volumes: Mapping[str, VolumeRule]
    shock_volume: float
    credit_fund: FundRule
    event_lead: int
    event_bounds: Mapping[str, tuple[float, float]]

    @property
    def k_regimes(self) -> int:
        """Number of regimes."""
        return len(self.transition)

    @property
    def stationary(self) -> Array:
        """Stationary probabilities of the regimes, (K,)."""
        k = self.k_regimes
        system = np.vstack([self.transition.T - np.eye(k), np.ones(k)])
        return np.linalg.lstsq(system, np.append(np.zeros(k), 1.0), rcond=None)[0]

    @property
    def durations(self) -> Array:
        """Expected durations of the regimes in sessions, (K,); infinite where there is one regime only."""
        stay = np.diag(self.transition)
        return np.divide(1.0, 1.0 - stay, out=np.full(len(stay), np.inf), where=stay < 1.0)

    @property
    def regime_correlations(self) -> Array:
        """Rbar_k, (K, N, N), positive definite by construction."""
        matrices = np.empty((self.k_regimes, len(SHOCKED), len(SHOCKED)))
        for k, table in enumerate(self.loadings):
            factor = np.array([[table[role].get(name, 0.0) for name in FACTORS] for role in SHOCKED])
            common = factor @ factor.T
            np.fill_diagonal(common, 1.0)
            if np.any((factor**2).sum(axis=1) >= 1.0):
                raise ValueError(f"world {self.name}, regime {k}: loadings of a role explain more than its variance")
            matrices[k] = common
        return matrices

    @property
    def q_target(self) -> Array:
        """Target of Q_t: the regimes' matrices weighted by their stationary probabilities, (N, N)."""
        return np.einsum("k,kij->ij", self.stationary, self.regime_correlations)

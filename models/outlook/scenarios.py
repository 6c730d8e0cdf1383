"""What if: a shock to some assets, a crisis of the past, correlations that close up, a change of regime.

All scenarios start from H_{T+1}, the covariance of the next session known at the last close. A band holds the
uncertainty of the parameters behind H_{T+1}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from data.errors import EstimationError
from models.correlation.dynamics import normalised
from models.correlation.simulation import World
from models.estimate import Estimate, NotDecidable
from models.outlook.moments import RecentMoments, from_draws
from models.regimes.forecast import draw_parameters
from models.regimes.markov_switching import SwitchingResult

Array = NDArray[np.float64]

#: Fewer sessions in stress than this give no correlations of stress.
MINIMUM_STRESS = 60


@dataclass(frozen=True, slots=True)
class Response:
    """What an asset does given a shock to others: expected move with its band, and the range of likely moves.

    Attributes
    ----------
    expected : Estimate
        Percent.
    low, high : float
        Limits that hold the move with the level's probability if the returns are Student-t.
    low_normal, high_normal : float
        The same if they are Gaussian.
    """

    expected: Estimate
    low: float
    high: float
    low_normal: float
    high_normal: float


@dataclass(frozen=True)
class ShockScenario:
    """Responses of the other assets to moves of some, in one session.

    Attributes
    ----------
    name : str
    moves : mapping of name to float
        Percent.
    distance : float
        The shock in standard deviations: sqrt(x' H_SS^-1 x).
    nu : float
        Degrees of freedom of the Student-t.
    responses : mapping of name to Response
    """

    name: str
    moves: Mapping[str, float]
    distance: float
    nu: float
    responses: Mapping[str, Response]


def conditional_moments(covariance: Array, given: Sequence[int], x: Array) -> tuple[Array, Array, Array]:
    """Mean and covariance of the other series given that some move by `x`, and the squared size of that move.

    Parameters
    ----------
    covariance : array, shape (..., N, N)
        H.
    given : sequence of int
        Positions S of the series that move.
    x : array, shape (n_S,)

    Returns
    -------
    mean : array, shape (..., N - n_S)
        H_{-S,S} H_SS^-1 x: the same for every elliptical distribution.
    spread : array, shape (..., N - n_S, N - n_S)
        H_{-S,-S} - H_{-S,S} H_SS^-1 H_{S,-S}: the covariance if returns are Gaussian.
    squared : array, shape (...)
        x' H_SS^-1 x.
    """
    chosen = np.asarray(given)
    rest = np.setdiff1d(np.arange(covariance.shape[-1]), chosen)
    inside = covariance[..., chosen[:, None], chosen]
    across = covariance[..., rest[:, None], chosen]
    slopes = np.swapaxes(np.linalg.solve(inside, np.swapaxes(across, -1, -2)), -1, -2)
    mean: Array = slopes @ x
    spread = covariance[..., rest[:, None], rest] - slopes @ np.swapaxes(across, -1, -2)
    squared = np.linalg.solve(inside, np.broadcast_to(x, inside.shape[:-1])[..., None])[..., 0] @ x
    return mean, spread, np.asarray(squared)


def student_scale(squared: Array, nu: float, shocked: int) -> Array:
    """Factor from the Gaussian conditional covariance to the squared scale of the conditional Student-t.

    With covariance H and nu degrees of freedom the scale matrix is H (nu - 2) / nu, and given x_S the rest is t with
    nu + n_S degrees of freedom and the conditional scale matrix times (nu + d_S) / (nu + n_S), d_S the squared
    distance of x_S by the scale matrix (Kotz and Nadarajah 2004, section 1.11; Ding 2016, The American Statistician).
    """
    distance = squared * nu / (nu - 2.0)
    factor: Array = (nu - 2.0) / nu * (nu + distance) / (nu + shocked)
    return factor


def shock_scenario(
    name: str, moves: Mapping[str, float], recent: RecentMoments, nu: float, level: float
) -> ShockScenario:
    """Expected moves and their ranges in the next session, given `moves` in percent of some series."""
    given = [recent.names.index(one) for one in moves]
    x = np.array(list(moves.values()))
    mean, spread, squared = conditional_moments(recent.covariances, given, x)
    reach = float(special.stdtrit(nu + len(given), 0.5 + 0.5 * level))
    normal_reach = float(special.ndtri(0.5 + 0.5 * level))
    rest = [one for one in recent.names if one not in moves]
    factor = float(np.sqrt(student_scale(squared, nu, len(given))[0]))
    responses = {}
    for i, asset in enumerate(rest):
        centre, deviation = float(mean[0, i]), float(np.sqrt(spread[0, i, i]))
        responses[asset] = Response(
            expected=from_draws(
                mean[:, i], level=level, n=recent.n, unit="%", method=f"H_(T+1) at {recent.draws} parameter draws"
            ),
            low=centre - reach * factor * deviation,
            high=centre + reach * factor * deviation,
            low_normal=centre - normal_reach * deviation,
            high_normal=centre + normal_reach * deviation,
        )
    return ShockScenario(name, dict(moves), float(np.sqrt(squared[0])), nu, responses)


@dataclass(frozen=True)
class Replay:
    """A past stretch's own shocks, fed through the model from today's state.

    Attributes
    ----------
    name : str
    first, last : Timestamp
    sessions : int
        Of the stretch.
    then, now : mapping of name to float, mapping of name to Estimate
        Cumulative simple return, percent: what it was, and what the same standardised shocks would make of it today.
    """

    name: str
    first: pd.Timestamp
    last: pd.Timestamp
    sessions: int
    then: Mapping[str, float]
    now: Mapping[str, Estimate]


def replay(name: str, returns: pd.DataFrame, white: Array, worlds: Sequence[World], level: float) -> Replay:
    """Repeat a stretch of sessions from today's volatilities and correlations.

    Parameters
    ----------
    name : str
    returns : DataFrame, (H, N)
        Percent log returns of the stretch.
    white : array, shape (H, N)
        Its whitened residuals L_t^-1 z_t.
    worlds : sequence of World
        Standing on the session after the sample: at the estimate, then at parameter draws.
    level : float
    """
    totals = np.array([world.simulate(white[None]).returns[0].sum(axis=0) for world in worlds])
    simple = 100.0 * np.expm1(totals / 100.0)
    then = 100.0 * np.expm1(returns.sum().to_numpy() / 100.0)
    names = [str(one) for one in returns.columns]
    return Replay(
        name,
        returns.index[0],
        returns.index[-1],
        len(returns),
        dict(zip(names, (float(one) for one in then), strict=True)),
        {
            one: from_draws(simple[:, i], level=level, n=len(returns), unit="%", method="shocks of the stretch")
            for i, one in enumerate(names)
        },
    )


@dataclass(frozen=True)
class Stance:
    """How risky the mix of equal risks is under some covariance.

    Attributes
    ----------
    weight : float
        How far the correlations are moved towards those of the other state, 0 to 1.
    mean_correlation : Estimate
    volatility : Estimate
        Of the mix with weights proportional to 1 / sigma_i today, percent a session.
    diversification : Estimate
        Weighted mean of the volatilities over the mix's own: 1 where all move as one.
    """

    weight: float
    mean_correlation: Estimate
    volatility: Estimate
    diversification: Estimate


def stance(weight: float, correlations: Array, scales: Array, weights: Array, level: float, n: int) -> Stance:
    """Risk of a mix under correlations, shape (D + 1, N, N), and volatilities, shape (D + 1, N)."""
    rows, columns = np.tril_indices(correlations.shape[-1], -1)
    exposures = weights * scales
    variance = np.einsum("di,dij,dj->d", exposures, correlations, exposures)
    measures = {
        "mean_correlation": (correlations[:, rows, columns].mean(axis=1), ""),
        "volatility": (np.sqrt(variance), "%"),
        "diversification": (exposures.sum(axis=1) / np.sqrt(variance), ""),
    }
    return Stance(
        weight,
        **{
            name: from_draws(values, level=level, n=n, unit=unit, method="parameter draws")
            for name, (values, unit) in measures.items()
        },
    )


def equal_risk(recent: RecentMoments) -> Array:
    """Weights proportional to 1 / sigma_i of the next session, shape (N,), summing to one."""
    inverse = 1.0 / np.sqrt(recent.variances[0, -1])
    weights: Array = inverse / inverse.sum()
    return weights


def correlation_stress(
    recent: RecentMoments, stressed: Array, mixes: Sequence[float], level: float, seed: int
) -> tuple[Stance, ...] | NotDecidable:
    """R moved towards the correlations of past stress: (1 - w) R + w R_stress, positive definite by convexity.

    Parameters
    ----------
    recent : RecentMoments
    stressed : array, shape (S, N)
        Devolatilised returns of the sessions in stress.
    mixes : sequence of float
        The weights w.
    level : float
    seed : int
        Each parameter draw of R comes with a resample of the stressed sessions.
    """
    if len(stressed) < MINIMUM_STRESS:
        return NotDecidable(f"only {len(stressed)} sessions were in stress, {MINIMUM_STRESS} are needed")
    generator = np.random.default_rng(np.random.SeedSequence([seed, 13]))
    rows = generator.integers(len(stressed), size=(recent.draws, len(stressed)))
    towards = np.array([np.corrcoef(one, rowvar=False) for one in (stressed, *stressed[rows])])
    scales, weights = np.sqrt(recent.variances[:, -1]), equal_risk(recent)
    return tuple(
        stance(w, (1.0 - w) * recent.next_correlations + w * towards, scales, weights, level, recent.n)
        for w in (0.0, *mixes)
    )


def regime_jump(
    regimes: SwitchingResult, recent: RecentMoments, level: float, draws: int, seed: int
) -> tuple[Stance, Mapping[str, Estimate]] | NotDecidable:
    """The same mix if the turbulent regime of all assets began tomorrow, and each asset's volatility in it.

    Volatilities are percent a session; bands hold the uncertainty of the regime model's parameters.
    """
    emission = regimes.likelihood.emission
    try:
        drawn = draw_parameters(regimes.found, regimes.theta_covariance, draws, seed)
    except EstimationError as error:
        return NotDecidable(f"the regime model {error.problem}")
    order = [list(regimes.series).index(name) for name in recent.names]
    covariances = np.array(
        [
            emission.moments(regimes.likelihood.split(theta)[1])[1][-1]  # type: ignore[attr-defined]
            for theta in (regimes.found.theta, *drawn)
        ]
    )[:, np.array(order)[:, None], order]
    scales = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    jumped = stance(1.0, normalised(covariances), scales, equal_risk(recent), level, regimes.n)
    each = {
        name: from_draws(scales[:, i], level=level, n=regimes.n, unit="%", method="regime model's parameter draws")
        for i, name in enumerate(recent.names)
    }
    return jumped, each

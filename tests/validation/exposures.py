"""Coverage of betas, hedge and tail estimators: what share of the truth do their intervals and bands hold?

Each design says what is true in its world and returns the share that was right in one sample: one or nought for an
interval or a true null kept at 5 %, the share of sessions for a band.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from models.betas import (
    dimson_beta,
    dynamic_conditional_beta,
    huber_beta,
    kalman_regression,
    nested_betas,
    quantile_regression,
    rolling_beta,
    scholes_williams_beta,
    static_beta,
    switching_beta,
    up_down_betas,
)
from models.betas.path import BetaPath
from models.capture import up_capture
from models.correlation import CDCC
from models.estimate import NotDecidable
from models.hedge import extreme_hedges, safe_haven
from models.tails import (
    conditional_value_at_risk,
    coverage_test,
    exceedance_correlations,
    expanding_risk,
    joint_tail,
    marginal_expected_shortfall,
)
from models.tails.covar import TailQuantile
from tests.validation import dcc_world
from tests.validation.samples import LEVEL, SESSIONS, SIZE, clustered, covers, resampling, student

TAIL = 0.05


def _pair(number: int, slope: float = 0.8) -> tuple[pd.Series, pd.Series]:
    """An asset with a constant slope on a factor; both parts have clustered volatility and fat tails."""
    rows = clustered(np.random.default_rng(number), SESSIONS, 2)
    index = pd.bdate_range("2012-01-02", periods=SESSIONS)
    factor = pd.Series(rows[:, 0], index, name="factor")
    return (slope * factor + rows[:, 1]).rename("asset"), factor


def _share_within(path: BetaPath, truth: pd.Series | float) -> float:
    frame = path.frame
    there = truth.reindex(frame.index) if isinstance(truth, pd.Series) else truth
    return float(((frame["lower"] <= there) & (there <= frame["upper"])).mean())


def least_squares_beta(number: int) -> float:
    """Constant slope by least squares."""
    return covers(static_beta(*_pair(number), level=LEVEL)["factor"], 0.8)


def robust_beta(number: int) -> float:
    """Constant slope by Huber's estimator."""
    return covers(huber_beta(*_pair(number), level=LEVEL), 0.8)


def _asynchronous(number: int) -> tuple[pd.Series, pd.Series]:
    """Closes four hours apart, 24 hourly returns a day, slope .8 hour by hour."""
    generator = np.random.default_rng(number)
    factor = student(generator, 24 * (SESSIONS + 1))
    asset = 0.8 * factor + student(generator, 24 * (SESSIONS + 1))
    early, late = (
        np.diff(np.cumsum(x)[24 * np.arange(1, SESSIONS + 1) - shift]) for x, shift in ((asset, 5), (factor, 1))
    )
    return pd.Series(early, name="asset"), pd.Series(late, name="factor")


def dimson(number: int) -> float:
    """Slope of .8 from closes four hours apart, summed over a lag and a lead."""
    return covers(dimson_beta(*_asynchronous(number), level=LEVEL), 0.8)


def scholes_williams(number: int) -> float:
    """The same by Scholes and Williams."""
    return covers(scholes_williams_beta(*_asynchronous(number), level=LEVEL), 0.8)


def down_beta(number: int) -> float:
    """Slope 1.2 on falls of the factor, .4 on rises: the first."""
    _, factor = _pair(number)
    noise = clustered(np.random.default_rng([number, 1]), SESSIONS, 1)[:, 0]
    asset = (1.2 * factor.clip(upper=0.0) + 0.4 * factor.clip(lower=0.0) + noise).rename("asset")
    return covers(up_down_betas(asset, factor, level=LEVEL)[1], 1.2)


def rolling_band(number: int) -> float:
    """Constant slope: share of the windows of 252 sessions whose interval holds it."""
    return _share_within(rolling_beta(*_pair(number), level=LEVEL), 0.8)


def conditional_band(number: int) -> float:
    """Beta of a cDCC-GARCH world, T = 2,500: share of sessions within the parameter band."""
    world = dcc_world.draw(2, 2500, 0.5, 6.0, number)
    path = dynamic_conditional_beta(world.returns["s0"], world.returns["s1"], level=LEVEL, draws=300, seed=number)
    return _share_within(path, pd.Series(world.beta, world.returns.index))


def _random_walk(number: int, sd: float) -> tuple[pd.Series, pd.Series, pd.Series]:
    generator = np.random.default_rng(number)
    _, factor = _pair(number)
    beta = pd.Series(0.8 + np.cumsum(sd * generator.standard_normal(SESSIONS)), factor.index)
    noise = clustered(generator, SESSIONS, 1)[:, 0]
    return (beta * factor + noise).rename("asset"), factor, beta


def filtered_band(number: int) -> float:
    """Random-walk beta, innovations of .02: share of sessions within the filtered band, the first year left out."""
    asset, factor, beta = _random_walk(number, 0.02)
    path = kalman_regression(asset, factor, level=LEVEL).filtered("factor")
    kept = path.frame.iloc[252:]
    return float(((kept["lower"] <= beta[252:]) & (beta[252:] <= kept["upper"])).mean())


def smoothed_band(number: int) -> float:
    """The same with hindsight."""
    asset, factor, beta = _random_walk(number, 0.02)
    return _share_within(kalman_regression(asset, factor, level=LEVEL).smoothed("factor"), beta)


def constant_beta_kept(number: int) -> float:
    """Likelihood ratio of a moving against a constant beta where it is constant, 49 resamples: kept."""
    test = kalman_regression(*_pair(number), level=LEVEL).constant_beta_test(replications=49, seed=number)
    return float(test.p_value > SIZE)


def nested_weight(number: int) -> float:
    """Constant and conditional beta compete where the world's beta is conditional: weight nought on the constant."""
    world = dcc_world.draw(2, 2500, 0.5, 6.0, number)
    asset, factor = world.returns["s0"], world.returns["s1"]
    path = dynamic_conditional_beta(asset, factor, level=LEVEL, draws=50, seed=number)
    return covers(nested_betas(asset, factor.to_frame(), {"s1": path}, level=LEVEL).constant_weight("s1"), 0.0)


def regime_band(number: int) -> float:
    """Slope .5 or 1.5 by a hidden state: share of sessions whose filtered band holds the state's slope."""
    generator = np.random.default_rng(number)
    states = np.zeros(SESSIONS, dtype=int)
    for t in range(1, SESSIONS):
        states[t] = int(generator.random() < (0.02, 0.93)[states[t - 1]])
    factor = pd.Series(student(generator, SESSIONS), name="factor")
    slope = np.array([0.5, 1.5])[states]
    asset = pd.Series(slope * factor + np.array([0.7, 1.6])[states] * generator.standard_normal(SESSIONS), name="asset")
    path = switching_beta(asset, factor, distribution="gaussian", level=LEVEL, draws=200, starts=6, seed=number)
    return _share_within(path, pd.Series(slope, factor.index))


def quantile_slope(number: int) -> float:
    """Slope of the 5 % quantile of .5 x + (1 + .3 x) e, e normal: .5 plus .3 times the quantile of e."""
    generator = np.random.default_rng(number)
    factor = pd.Series(generator.uniform(0.0, 4.0, SESSIONS), name="factor")
    noise = generator.standard_normal(SESSIONS)
    asset = (0.5 * factor + (1.0 + 0.3 * factor) * noise).rename("asset")
    answer = quantile_regression(asset, factor, TAIL, resampling(number)).estimate("factor")
    return covers(answer, 0.5 + 0.3 * float(stats.norm.ppf(TAIL)))


def tail_beta(number: int) -> float:
    """Baur and McDermott: slope .6, and 1.1 at or below the factor's 5 % quantile; the cumulative sum there."""
    _, factor = _pair(number)
    noise = clustered(np.random.default_rng([number, 2]), SESSIONS, 1)[:, 0]
    slope = np.where(factor <= factor.quantile(TAIL), 1.1, 0.6)
    answer = safe_haven((slope * factor + noise).rename("asset"), factor, quantiles=(0.10, TAIL), level=LEVEL)
    return covers(answer.slope(TAIL), 1.1)


def haven_kept(number: int) -> float:
    """An asset without any slope: the joint test at three quantiles keeps its null."""
    answer = safe_haven(*_pair(number, 0.0), level=LEVEL).haven_test()
    return float(not isinstance(answer, NotDecidable) and answer.p_value >= SIZE)


def extreme_slope(number: int) -> float:
    """Baur and Lucey: the slope on the factor's falls below its own 5 % quantile, .8 everywhere."""
    asset, factor = _pair(number)
    return covers(extreme_hedges(asset, factor.to_frame(), level=LEVEL)["factor"].slope(TAIL), 0.8)


def mean_shortfall(number: int) -> float:
    """Mean of the asset on the factor's worst twentieth: .8 times the factor's own expected shortfall."""
    generator = np.random.default_rng(number)
    factor = student(generator, SESSIONS)
    rows = pd.DataFrame({"asset": 0.8 * factor + student(generator, SESSIONS), "factor": factor})
    low = float(stats.t.ppf(TAIL, 6))
    beyond = -float(stats.t.pdf(low, 6)) * (6.0 + low**2) / 5.0 / TAIL * np.sqrt(4.0 / 6.0)
    return covers(marginal_expected_shortfall(rows, "factor", resampling(number)).estimate("asset"), 0.8 * beyond)


def value_at_risk(number: int) -> float:
    """Expanding one-day value at risk in a GARCH world with fat tails: Kupiec's test keeps its rate."""
    returns = pd.Series(clustered(np.random.default_rng(number), SESSIONS, 1)[:, 0], name="asset")
    test = coverage_test(expanding_risk(returns, volatility="garch").hits, TAIL)
    return float(not isinstance(test, NotDecidable) and test.p_value >= SIZE)


def delta_covar(number: int) -> float:
    """Mean Delta CoVaR of a cDCC world with t6 shocks, T = 2,500, at the true correlations and variances."""
    world = dcc_world.draw(2, 2500, 0.5, 6.0, number)
    result = CDCC(distribution="t").fit(world.returns)
    answer = conditional_value_at_risk(result, "s0", "s1", draws=200, level=LEVEL, seed=number)
    truth = np.sqrt(world.variances[:, 0]) * TailQuantile(TAIL, 6.0).difference(world.correlation)
    return covers(answer.mean_delta, float(truth.mean()))


def joint_tail_share(number: int) -> float:
    """Share of one tail that lies in the other's, Gaussian copula with correlation .5."""
    rows = np.random.default_rng(number).multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], SESSIONS)
    low = float(stats.norm.ppf(TAIL))
    truth = float(stats.multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]]).cdf([low, low])) / TAIL
    x, y = (pd.Series(column, name=name) for column, name in zip(rows.T, "xy", strict=True))
    return covers(joint_tail(x, y, resampling(number), quantile=TAIL), truth)


def symmetry_kept(number: int) -> float:
    """Two correlated series with fat tails and a symmetric law: the randomised test keeps its null."""
    generator = np.random.default_rng(number)
    mixing = np.sqrt(4.0 / generator.chisquare(6, SESSIONS))
    rows = mixing[:, None] * generator.multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], SESSIONS)
    x, y = (pd.Series(column, name=name) for column, name in zip(rows.T, "xy", strict=True))
    test = exceedance_correlations(x, y, resampling(number)).reflection_test()
    return float(not isinstance(test, NotDecidable) and test.p_value >= SIZE)


def rally_capture(number: int) -> float:
    """Return over that of the reference in its rallies of 3 % in five sessions, independent normal parts: .8."""
    generator = np.random.default_rng(number)
    reference = pd.Series(generator.standard_normal(SESSIONS), name="reference")
    asset = (0.8 * reference + generator.standard_normal(SESSIONS)).rename("asset")
    answer = up_capture(asset, reference, sessions=5, gain=3.0, level=LEVEL)
    return float(not isinstance(answer, NotDecidable) and answer[0].contains(0.8))


DESIGNS: dict[str, Callable[[int], float]] = {
    f"{design.__name__.replace('_', ' ')}": design
    for design in (
        least_squares_beta,
        robust_beta,
        dimson,
        scholes_williams,
        down_beta,
        rolling_band,
        conditional_band,
        filtered_band,
        smoothed_band,
        constant_beta_kept,
        nested_weight,
        regime_band,
        quantile_slope,
        tail_beta,
        haven_kept,
        extreme_slope,
        mean_shortfall,
        value_at_risk,
        delta_covar,
        joint_tail_share,
        symmetry_kept,
        rally_capture,
    )
}


def replicate(label: str, number: int) -> dict[str, float]:
    """One sample of a design: the share that was right."""
    return {"failed": 0.0, "right": float(DESIGNS[label](number))}

"""Coverage of the smaller estimators: drivers, connectedness, volume, episodes, clocks, events.

Each design says what is true in its world; a sample is right if the interval holds the truth, or if a true null
hypothesis is kept at 5 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from models.clock import EXCHANGE, LAG_ADDED, asynchrony
from models.connectedness import connectedness, heterogeneous_autoregression
from models.connectedness.autoregression import generate
from models.connectedness.spillover import generalised_shares
from models.drivers import (
    attribute_window,
    bias_corrected_slope,
    clark_west,
    contagion_bound,
    explained_shares,
    granger_causality,
    long_horizon_regression,
    partial_r_squared,
)
from models.episodes import Recoveries, first_to_recover
from models.estimate import NotDecidable
from models.events import abnormal_returns
from models.inference.contrasts import Term, correlation_contrast
from models.inference.placebo import rotation_test
from models.liquidity import monthly_log_ratio, price_impact, volume_response
from models.margins.estimation import fit_margin
from models.margins.model import MarginModel
from models.persistence import variance_half_life
from models.portfolio import portfolio_risk
from models.survival import kaplan_meier
from tests.validation.samples import LEVEL, SESSIONS, SIZE, clustered, covers, resampling, student

WEEKS = 580


def _two_drivers(number: int, rows: int) -> tuple[pd.Series, pd.DataFrame]:
    """y = .3 a + .2 b + e with b = .5 a + own part; every innovation has unit variance."""
    x = clustered(np.random.default_rng(number), rows, 3)
    index = pd.bdate_range("2012-01-02", periods=rows)
    drivers = pd.DataFrame({"a": x[:, 0], "b": x[:, 1] + 0.5 * x[:, 0]}, index)
    return pd.Series(0.3 * drivers["a"] + 0.2 * drivers["b"] + x[:, 2], index), drivers


def explained_share(number: int) -> bool:
    """LMG share of the first of two correlated drivers."""
    covariance, slopes = np.array([[1.0, 0.5], [0.5, 1.25]]), np.array([0.3, 0.2])
    explained = slopes @ covariance @ slopes
    alone = (covariance @ slopes) ** 2 / np.diag(covariance)
    truth = 0.5 * (alone[0] + explained - alone[1]) / (explained + 1.0)
    y, drivers = _two_drivers(number, SESSIONS)
    answer = explained_shares(y, drivers, {"a": ("a",), "b": ("b",)})
    return not isinstance(answer, NotDecidable) and covers(answer.parts["a"], truth)


def window_contribution(number: int) -> bool:
    """Shapley contribution of the first driver to the move of the last seven sessions."""
    y, drivers = _two_drivers(number, SESSIONS)
    moves = drivers.iloc[-7:].sum()
    both = 0.3 * moves["a"] + 0.2 * moves["b"]
    alone_a, alone_b = (0.3 + 0.2 * 0.5) * moves["a"], (0.2 + 0.3 * 0.5 / 1.25) * moves["b"]
    answer = attribute_window(y, drivers, {"a": ("a",), "b": ("b",)}, y.index[-7:], resampling(number))
    truth = 0.5 * (alone_a + both - alone_b)
    return not isinstance(answer, NotDecidable) and covers(answer.contributions["a"], truth)


def partial_share(number: int) -> bool:
    """Partial R-squared of the first driver given the second, weekly sample."""
    y, drivers = _two_drivers(number, WEEKS)
    answer = partial_r_squared(y, drivers[["a"]], drivers[["b"]], resampling(number))
    own = 1.0 - 0.25 / 1.25
    return not isinstance(answer, NotDecidable) and covers(answer.partial_r_squared, 0.09 * own / (0.09 * own + 1.0))


def _persistent(generator: np.random.Generator, rows: int, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    shocks = clustered(generator, rows, 2)
    shocks[:, 1] = correlation * shocks[:, 0] + np.sqrt(1.0 - correlation**2) * shocks[:, 1]
    predictor = np.zeros(rows)
    for t in range(1, rows):
        predictor[t] = 0.97 * predictor[t - 1] + shocks[t, 0]
    return shocks[:, 1], predictor


def long_horizon(number: int) -> bool:
    """No predictability over 21 sessions from a persistent predictor: kept."""
    returns, predictor = _persistent(np.random.default_rng(number), SESSIONS, 0.0)
    answer = long_horizon_regression(returns, predictor, 21, level=LEVEL)
    return not isinstance(answer, NotDecidable) and answer.test.p_value >= SIZE


def persistent_slope(number: int) -> bool:
    """Zero slope on a persistent predictor with shocks correlated by -.9, 130 observations."""
    returns, predictor = _persistent(np.random.default_rng(number), 130, -0.9)
    return covers(bias_corrected_slope(returns, predictor, level=LEVEL), 0.0)


def out_of_sample(number: int) -> bool:
    """Clark and West: an irrelevant regressor is found useless."""
    rows = clustered(np.random.default_rng(number), SESSIONS, 2)
    answer = clark_west(rows[:, 0], rows[:, 1:], first=500)
    return not isinstance(answer, NotDecidable) and answer.test.p_value >= SIZE


def causality(number: int) -> bool:
    """Granger: independent series with clustered volatility, two lags, kept."""
    rows = pd.DataFrame(clustered(np.random.default_rng(number), SESSIONS, 2))
    answer = granger_causality(rows[0], rows[1], lags=2, level=LEVEL, replications=199, seed=number)
    return not isinstance(answer, NotDecidable) and answer.test.p_value >= SIZE


def contagion(number: int) -> bool:
    """Forbes and Rigobon: a rise of the reference's variance alone is no rise of the correlation."""
    generator = np.random.default_rng(number)
    stress = pd.Series((np.arange(SESSIONS) // 60) % 5 == 0)
    reference = pd.Series(student(generator, SESSIONS) * np.where(stress, 2.0, 1.0))
    others = pd.DataFrame({name: 0.8 * reference + student(generator, SESSIONS) for name in "ab"})
    answer = contagion_bound(others, reference, stress, block=20.0, level=LEVEL, replications=399, seed=number)
    return covers(answer, 0.0)


SLOPES = np.array([[0.10, 0.05, 0.0], [0.20, 0.10, 0.0], [0.0, 0.0, 0.10]])
COVARIANCE = np.array([[1.0, 0.3, 0.1], [0.3, 1.0, 0.3], [0.1, 0.3, 1.0]])


def _connected(number: int) -> tuple[pd.DataFrame, np.ndarray]:
    population = np.vstack([np.zeros(3), SLOPES.T])
    shocks = student(np.random.default_rng(number), SESSIONS, 3) @ np.linalg.cholesky(COVARIANCE).T
    frame = pd.DataFrame(generate(np.zeros((1, 3)), population, shocks)[1:], columns=list("abc"))
    return frame, generalised_shares(population, COVARIANCE, 10)


def total_connectedness(number: int) -> bool:
    """Total connectedness of a VAR(1)."""
    frame, truth = _connected(number)
    answer = connectedness(frame, resampling(number), lags=1)
    return not isinstance(answer, NotDecidable) and answer.total.contains((300.0 - np.trace(truth)) / 3.0)


def net_connectedness(number: int) -> bool:
    """Net pairwise connectedness from the first to the second series."""
    frame, truth = _connected(number)
    answer = connectedness(frame, resampling(number), lags=1)
    return not isinstance(answer, NotDecidable) and answer.pairwise("a", "b").contains(truth[1, 0] - truth[0, 1])


def variance_spillover(number: int) -> bool:
    """HAR-X slope of .1 between two persistent log variances."""
    shocks = student(np.random.default_rng(number), SESSIONS, 2)
    path = np.zeros((SESSIONS, 2))
    for t in range(1, SESSIONS):
        path[t] = (0.6 * path[t - 1, 0], 0.5 * path[t - 1, 1] + 0.1 * path[t - 1, 0]) + shocks[t]
    index = pd.bdate_range("2012-01-02", periods=SESSIONS)
    source, target = (pd.Series(column, index) for column in path.T)
    return covers(heterogeneous_autoregression(target, source, level=LEVEL), 0.1)


def stress_volume(number: int) -> bool:
    """Abnormal log volume .4 higher in spells of stress, volume autocorrelated."""
    generator = np.random.default_rng(number)
    noise, label = np.zeros(SESSIONS), np.zeros(SESSIONS, dtype=bool)
    for t in range(1, SESSIONS):
        noise[t] = 0.6 * noise[t - 1] + 0.4 * generator.normal()
        label[t] = generator.random() < (0.95 if label[t - 1] else 0.01)
    volume, returns = noise + 0.4 * label, pd.Series(generator.normal(size=SESSIONS))
    answer = volume_response(pd.Series(volume), pd.Series(label), returns, resampling(number))
    return not isinstance(answer, NotDecidable) and covers(answer.difference, 0.4)


def illiquidity_ratio(number: int) -> bool:
    """Log ratio of two price impacts, autocorrelated volumes."""
    generator = np.random.default_rng(number)
    index = pd.bdate_range("2012-01-02", periods=SESSIONS)
    level = np.zeros((SESSIONS, 2))
    for t in range(1, SESSIONS):
        level[t] = 0.95 * level[t - 1] + 0.1 * generator.normal(size=2)
    impacts = [
        price_impact(
            pd.Series(student(generator, SESSIONS), index), pd.Series(scale * np.exp(15.0 + level[:, k]), index)
        )
        for k, scale in enumerate((1.0, 2.0))
    ]
    return covers(monthly_log_ratio(*impacts, level=LEVEL), np.log(2.0))


def first_place(number: int) -> bool:
    """First among three in two of three episodes, nine episodes."""
    first = np.random.default_rng(number).random(9) < 2.0 / 3.0
    rows = pd.DataFrame([[1.0, 5.0, 7.0] if one else [9.0, 5.0, 7.0] for one in first], columns=list("abc"))
    answer = first_to_recover(Recoveries(rows, rows.notna(), "price"), "a", level=LEVEL)
    return not isinstance(answer, NotDecidable) and answer[0].contains(1.0 / 3.0)


def median_wait(number: int) -> bool:
    """Median of an exponential wait of which a third are cut off, 40 waits."""
    generator = np.random.default_rng(number)
    wait, limit = generator.exponential(20.0, 40), generator.exponential(40.0, 40)
    answer = kaplan_meier(np.minimum(wait, limit), wait <= limit, level=LEVEL)
    return not isinstance(answer, NotDecidable) and covers(answer.median, 20.0 * np.log(2.0))


def _clock(number: int, which: str) -> bool:
    generator = np.random.default_rng(number)
    root = np.linalg.cholesky([[1.0, 0.4], [0.4, 1.0]])
    hours = 0.002 * student(generator, 24 * (SESSIONS + 1), 2) @ root.T
    paths = np.exp(np.cumsum(hours, axis=0))
    index = pd.bdate_range("2012-01-02", periods=SESSIONS)
    close = np.arange(1, SESSIONS + 1) * 24 - 5
    levels = (pd.Series(paths[at, k], index) for k, at in ((0, close), (1, close), (1, close + 4)))
    answer = asynchrony(*levels, resampling(number))
    return not isinstance(answer, NotDecidable) and covers(answer.correlations[which], 0.4)


def same_clock(number: int) -> bool:
    """Correlation of .4 where both close together."""
    return _clock(number, EXCHANGE)


def corrected_clock(number: int) -> bool:
    """Correlation of .4 from closes four hours apart, lagged covariance added."""
    return _clock(number, LAG_ADDED)


def abnormal_return(number: int) -> bool:
    """Nothing abnormal in 85 sessions, clustered volatility."""
    rows = clustered(np.random.default_rng(number), 700, 2)
    index = pd.bdate_range("2020-01-01", periods=700)
    factors = pd.DataFrame({"market": rows[:, 0]}, index)
    returns = pd.DataFrame({"asset": 0.5 * rows[:, 0] + rows[:, 1]}, index)
    answer = abnormal_returns(
        returns,
        factors,
        index[600:685],
        first=273,
        last=22,
        level=LEVEL,
        replications=399,
        block_bounds=(5, 40),
        seed=number,
    )
    return answer.estimate("asset").contains(0.0)


def _stress_spells(generator: np.random.Generator) -> np.ndarray:
    label = np.zeros(SESSIONS, dtype=bool)
    for t in range(1, SESSIONS):
        label[t] = generator.random() < (0.95 if label[t - 1] else 0.01)
    return label


def _two_states(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Three series of unit variance, every correlation .2 in calm and .5 in spells of stress, t6 shocks."""
    generator = np.random.default_rng(number)
    label = _stress_spells(generator)
    mixing = np.sqrt(4.0 / generator.chisquare(6, SESSIONS))[:, None]
    rows = np.empty((SESSIONS, 3))
    for state, rho in ((False, 0.2), (True, 0.5)):
        root = np.linalg.cholesky(np.full((3, 3), rho) + (1.0 - rho) * np.eye(3))
        rows[label == state] = (generator.standard_normal((SESSIONS, 3)) @ root.T)[label == state]
    return rows * mixing, label


def stress_contrast(number: int) -> bool:
    """Mean correlation .3 higher in stress than in calm."""
    rows, label = _two_states(number)
    pairs = ((0, 1), (0, 2), (1, 2))
    terms = tuple(Term(sign / 3.0, i, j, group) for sign, group in ((1.0, 1), (-1.0, 0)) for i, j in pairs)
    answer = correlation_contrast(
        rows,
        label.astype(np.int64),
        terms,
        strata=(SESSIONS,),
        level=LEVEL,
        replications=399,
        block_bounds=(5, 40),
        seed=number,
        method="stress minus calm",
    )
    return covers(answer.estimate, 0.3)


def labels_kept(number: int) -> bool:
    """Labels that have nothing to do with a correlated pair: the rotation test keeps its null."""
    generator = np.random.default_rng(number)
    rows, label = clustered(generator, SESSIONS, 2), _stress_spells(generator)
    product = rows[:, 0] * rows[:, 1]
    test = rotation_test(
        lambda one: float(product[one].mean() - product[~one].mean()), label, rotations=199, seed=number, null=""
    )
    return test.p_value >= SIZE


def diversification_change(number: int) -> bool:
    """Diversification ratio of an equal mix, stress less calm, in the same world."""
    rows, label = _two_states(number)
    index = pd.bdate_range("2012-01-02", periods=SESSIONS)
    weights = dict.fromkeys("abc", 1.0 / 3.0)
    answer = portfolio_risk(
        pd.DataFrame(rows, index, list("abc")), weights, pd.Series(label, index), resampling(number)
    )
    calm, stress = (np.sqrt(3.0 / (1.0 + 2.0 * rho)) for rho in (0.2, 0.5))
    return not isinstance(answer, NotDecidable) and covers(answer.diversification_change, stress - calm)


def shock_half_life(number: int) -> bool:
    """Half-life of a variance shock, persistence .95, t6 shocks, Gaussian quasi likelihood."""
    returns = clustered(np.random.default_rng(number), SESSIONS, 1)[:, 0]
    margin = fit_margin("asset", returns, MarginModel())
    return covers(variance_half_life(margin, level=LEVEL), float(np.log(0.5) / np.log(0.95)))


DESIGNS: dict[str, Callable[[int], bool]] = {
    f"{design.__name__.replace('_', ' ')}": design
    for design in (
        explained_share,
        window_contribution,
        partial_share,
        long_horizon,
        persistent_slope,
        out_of_sample,
        causality,
        contagion,
        total_connectedness,
        net_connectedness,
        variance_spillover,
        stress_volume,
        illiquidity_ratio,
        first_place,
        median_wait,
        same_clock,
        corrected_clock,
        abnormal_return,
        stress_contrast,
        labels_kept,
        diversification_change,
        shock_half_life,
    )
}


def replicate(label: str, number: int) -> dict[str, float]:
    """One sample of a design: whether its interval, or its test, was right."""
    return {"failed": 0.0, "right": float(DESIGNS[label](number))}

"""The same beta by every estimator, so that none is chosen for what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from models.betas import (
    BetaPath,
    KalmanRegression,
    dimson_beta,
    dynamic_conditional_beta,
    huber_beta,
    kalman_regression,
    nested_betas,
    rolling_beta,
    scholes_williams_beta,
    static_beta,
    switching_beta,
    up_down_betas,
)
from models.estimate import Estimate
from models.measurements.measured import Answer, Family, Measured, Subject, figure

#: Bootstrap samples under a constant beta; each maximises a likelihood twice.
RESAMPLES = 199


def betas(subject: Subject) -> Family:
    """Every beta of the study by every estimator."""
    figures = [
        one for pair in subject.study.correlation.betas if subject.has(*pair) for one in _of_pair(subject, *pair)
    ]
    note = "Averages of paths hold parameter error only; tests of a constant beta by bootstrap or Wald statistic."
    return Family("betas", "Betas by every estimator", note, tuple(figures))


def _of_pair(subject: Subject, asset: str, factor: str) -> list[Measured]:
    y, x, level = subject.returns[asset], subject.returns[factor], subject.level
    seed, roles = subject.resampling.seed, (asset, factor)

    @cache
    def conditional() -> BetaPath:
        return dynamic_conditional_beta(y, x, level=level, draws=300, seed=seed)

    @cache
    def random_walk() -> KalmanRegression:
        return kalman_regression(y, x, level=level)

    def latest_year() -> Answer:
        path = rolling_beta(y, x, level=level)
        row = path.frame.iloc[-1]
        return Estimate(row["estimate"], None, row["lower"], row["upper"], level, 252, "", path.method)

    def nested() -> Answer:
        return nested_betas(y, x.to_frame(), {factor: conditional()}, level=level).constant_beta_test()

    listed: dict[str, Callable[[], Answer]] = {
        "least squares": lambda: static_beta(y, x, level=level)[factor],
        "Huber": partial(huber_beta, y, x, level=level),
        "Dimson": partial(dimson_beta, y, x, level=level),
        "Scholes–Williams": partial(scholes_williams_beta, y, x, level=level),
        "when the factor rises": lambda: up_down_betas(y, x, level=level)[0],
        "when the factor falls": lambda: up_down_betas(y, x, level=level)[1],
        "last 252 sessions": latest_year,
        "conditional, mean": lambda: conditional().average,
        "random walk, mean": lambda: random_walk().smoothed(factor).average,
        "switching, mean": lambda: switching_beta(y, x, level=level, draws=300, seed=seed).average,
        "constant? against a random walk": lambda: random_walk().constant_beta_test(replications=RESAMPLES, seed=seed),
        "constant? against the conditional beta": nested,
    }
    return [figure(label, roles, compute) for label, compute in listed.items()]

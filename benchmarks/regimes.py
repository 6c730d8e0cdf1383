"""Time the regime engine beside statsmodels on the same data: `python -m benchmarks.regimes`.

Data: log returns in percent of the S&P 500 and the Nasdaq, 1999-2018, which come with the package `arch`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from arch.data import nasdaq, sp500
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression as Peer

from models.regimes import MarkovRegression, MarkovSwitching
from models.regimes.result import RegimeResult
from models.regimes.simulation import draw_regimes

Array = NDArray[np.float64]

REPETITIONS = 5
#: Random starts of the peer's own search.
SEARCHES = 50
LENGTHS = (1_000, 2_000, 4_000)
THREE_SERIES_LENGTH = 2_900


def _returns() -> pd.DataFrame:
    prices = pd.concat({"sp500": sp500.load()["Adj Close"], "nasdaq": nasdaq.load()["Adj Close"]}, axis=1).dropna()
    returns: pd.DataFrame = 100.0 * np.log(prices).diff()
    return returns.dropna()


def _seconds(action: Callable[[], float], repetitions: int = REPETITIONS) -> tuple[float, float]:
    """Least seconds of processor time over the repetitions, and the last log-likelihood."""
    took, loglik = [], float("nan")
    for _ in range(repetitions):
        began = time.process_time()
        loglik = action()
        took.append(time.process_time() - began)
    return min(took), loglik


def _ours(fit: Callable[[int, int], RegimeResult], starts: int) -> Callable[[], float]:
    seeds = iter(range(100))

    def run() -> float:
        result = fit(starts, next(seeds))
        assert result.std_errors.size
        return result.loglik

    return run


def _theirs(model: Peer, searches: int = 0) -> Callable[[], float]:
    def run() -> float:
        np.random.seed(0)  # noqa: NPY002 - the peer's search draws from numpy's global state
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(model.fit(disp=False, search_reps=searches).llf)

    return run


def _three_with_t(returns: Array) -> Callable[[int, int], RegimeResult]:
    return lambda starts, seed: MarkovSwitching(3, "t").fit(returns, starts=starts, seed=seed)


def _three_series(length: int) -> Array:
    """Three simulated series of three regimes, t with six degrees of freedom."""
    transition = np.array([[0.98, 0.015, 0.005], [0.03, 0.95, 0.02], [0.01, 0.06, 0.93]])
    tied = np.array([0.3, 0.5, 0.7])[:, None, None] * (1.0 - np.eye(3)) + np.eye(3)
    covariances = tied * np.array([0.5, 1.5, 6.0])[:, None, None]
    generator, means = np.random.default_rng(0), np.array([[0.1] * 3, [0.0] * 3, [-0.2] * 3])
    return draw_regimes(generator, length, transition, np.full(3, 1 / 3), means, covariances, 6.0)


def main() -> None:
    """Print one table of times and log-likelihoods, and one of growth in T."""
    returns = _returns()
    market, growth = returns["sp500"], returns["nasdaq"]
    cases: list[tuple[str, Callable[[int, int], RegimeResult], Peer, int]] = [
        (
            "mean and variance, 2 regimes",
            lambda starts, seed: MarkovSwitching(2).fit(market, starts=starts, seed=seed),
            Peer(market.to_numpy(), k_regimes=2, switching_variance=True),
            REPETITIONS,
        ),
        (
            "regression, 2 regimes",
            lambda starts, seed: MarkovRegression(2).fit(growth, market, starts=starts, seed=seed),
            Peer(growth.to_numpy(), k_regimes=2, exog=market.to_numpy(), switching_variance=True),
            REPETITIONS,
        ),
        (
            "mean and variance, 3 regimes",
            lambda starts, seed: MarkovSwitching(3).fit(market, starts=starts, seed=seed),
            Peer(market.to_numpy(), k_regimes=3, switching_variance=True),
            1,
        ),
    ]
    table = Table(title=f"Seconds and log-likelihood, T = {len(returns)}")
    headings = (
        "model",
        "one start",
        "30 starts, errors",
        "statsmodels",
        "times faster",
        "log-likelihood",
        "statsmodels'",
        "searched 50",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, fit, peer, repetitions in cases:
        fit(3, 0)
        single, _ = _seconds(_ours(fit, 1))
        whole, best = _seconds(_ours(fit, 30))
        other, theirs = _seconds(_theirs(peer), repetitions)
        _, searched = _seconds(_theirs(peer, SEARCHES), 1)
        table.add_row(
            name,
            f"{single:.3f}",
            f"{whole:.3f}",
            f"{other:.2f}",
            f"{other / single:.1f} and {other / whole:.1f}",
            f"{best:.4f}",
            f"{theirs:.4f}",
            f"{searched:.4f}",
        )
    growing = Table(title="Three regimes with t, 30 starts and errors")
    for heading in ("series", "T", "seconds", "per 1,000"):
        growing.add_column(heading, justify="right")
    samples = [returns.iloc[-length:].to_numpy() for length in LENGTHS]
    samples.append(_three_series(THREE_SERIES_LENGTH))
    for sample in samples:
        length, series = sample.shape
        took, _ = _seconds(_ours(_three_with_t(sample), 30))
        growing.add_row(f"{series}", f"{length:,}", f"{took:.2f}", f"{1000.0 * took / length:.2f}")
    console = Console(width=120)
    console.print(table)
    console.print(growing)


if __name__ == "__main__":
    main()

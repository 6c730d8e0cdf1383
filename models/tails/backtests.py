"""Tests of value at risk and expected shortfall: are the hits as many, as scattered and as deep as promised?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from models.estimate import NotDecidable, TestResult

if TYPE_CHECKING:
    from models.tails.conditional import RiskPath

Array = NDArray[np.float64]
Hits = NDArray[np.bool_]

#: Fewer sessions, or fewer expected hits, than this leave a test without any power.
MINIMUM_SESSIONS, MINIMUM_EXPECTED = 50, 2.0


def coverage_test(hits: ArrayLike, rate: float) -> TestResult | NotDecidable:
    """Kupiec's test that hits come at the promised rate.

    Parameters
    ----------
    hits : array of bool, (T,)
        Sessions on which the return fell below the value at risk.
    rate : float
        Promised probability of a hit.

    Notes
    -----
    Kupiec (1995), LR = -2 ln[(1-p)^(T-x) p^x / ((1-x/T)^(T-x) (x/T)^x)]. The p-value is exact: the probability, for a
    binomial number of hits, of a likelihood ratio at least as large.
    """
    made = np.asarray(hits, dtype=bool)
    refusal = _too_short(made, rate)
    if refusal is not None:
        return refusal
    counts = np.arange(made.size + 1)
    ratios = _unconditional(counts, made.size, rate)
    observed = float(ratios[int(made.sum())])
    p_value = float(stats.binom.pmf(counts, made.size, rate)[ratios >= observed - 1e-10].sum())
    return TestResult(
        observed,
        min(p_value, 1.0),
        f"hits come with probability {rate:.3g}",
        "exact binomial distribution of the likelihood ratio",
        made.size,
        "coverage of value at risk (Kupiec 1995)",
    )


def independence_test(hits: ArrayLike, *, replications: int = 4999, seed: int = 0) -> TestResult | NotDecidable:
    """Christoffersen's test that a hit today says nothing of a hit tomorrow.

    The p-value is that of random permutations of the hits, which is exact (the chi-squared one is poor with few hits).
    """
    made = np.asarray(hits, dtype=bool)
    refusal = _too_short(made, 1.0)
    if refusal is not None:
        return refusal
    if made.sum() < 2:
        return NotDecidable(f"only {int(made.sum())} hits, so their order says nothing")
    observed = _independence(made)
    draws = _permuted(made, replications, np.random.default_rng(seed))
    return TestResult(
        observed,
        float((1 + np.sum(draws >= observed - 1e-10)) / (replications + 1)),
        "a hit is as likely after a hit as after none",
        f"{replications} permutations",
        made.size,
        "independence of hits (Christoffersen 1998)",
    )


def conditional_coverage_test(
    hits: ArrayLike, rate: float, *, replications: int = 4999, seed: int = 0
) -> TestResult | NotDecidable:
    """Christoffersen's joint test: hits come at the promised rate and independently, by Monte Carlo."""
    made = np.asarray(hits, dtype=bool)
    refusal = _too_short(made, rate)
    if refusal is not None:
        return refusal
    observed = float(_unconditional(np.array([made.sum()]), made.size, rate)[0]) + _independence(made)
    ratios = _unconditional(np.arange(made.size + 1), made.size, rate)
    draws = _simulated(made.size, rate, ratios, replications, np.random.default_rng(seed))
    return TestResult(
        observed,
        float((1 + np.sum(draws >= observed - 1e-10)) / (replications + 1)),
        f"hits come independently with probability {rate:.3g}",
        f"Monte Carlo, {replications} series of independent hits",
        made.size,
        "conditional coverage of value at risk (Christoffersen 1998)",
    )


def shortfall_test(path: RiskPath, *, replications: int = 1999, seed: int = 0) -> TestResult:
    """Acerbi and Szekely's second test: is the loss beyond the value at risk as large as the shortfall promised?

    Z = sum_t r_t 1[r_t < VaR_t] / (T q ES_t) with a changed sign, plus one: zero in the mean if the model is right and
    negative if it understates the risk. The p-value is one-sided, from returns drawn from the model itself.

    Notes
    -----
    Acerbi and Szekely (2014), "Backtesting expected shortfall", equation 6.
    """
    generator = np.random.default_rng(seed)
    returns, mean, deviation, low, below = (path.frame[name].to_numpy() for name in path.frame.columns)
    observed = _second_statistic(returns, low, below, path.quantile)
    draws = np.empty(replications)
    sizes = np.array([pool.size for pool in path.pools])[path.stretches]
    starts = np.concatenate([[0], np.cumsum([pool.size for pool in path.pools])])[path.stretches]
    shocks = np.concatenate(path.pools)
    for draw in range(replications):
        z = shocks[starts + (generator.random(sizes.size) * sizes).astype(np.int64)]
        draws[draw] = _second_statistic(mean + deviation * z, low, below, path.quantile)
    return TestResult(
        observed,
        float((1 + np.sum(draws <= observed)) / (replications + 1)),
        "the expected shortfall is not understated",
        f"Monte Carlo, {replications} histories drawn from the model",
        returns.size,
        "second test of expected shortfall (Acerbi and Szekely 2014)",
    )


def _second_statistic(returns: Array, low: Array, below: Array, quantile: float) -> float:
    hit = returns < low
    return float(1.0 - np.sum(returns[hit] / below[hit]) / (returns.size * quantile))


def _too_short(hits: Hits, rate: float) -> NotDecidable | None:
    if hits.size < MINIMUM_SESSIONS:
        return NotDecidable(f"only {hits.size} sessions, {MINIMUM_SESSIONS} are needed")
    if hits.size * rate < MINIMUM_EXPECTED:
        return NotDecidable(f"fewer than {MINIMUM_EXPECTED:.0f} hits are to be expected in {hits.size} sessions")
    return None


def _unconditional(counts: NDArray[np.int64], periods: int, rate: float) -> Array:
    share = counts / periods
    with np.errstate(divide="ignore", invalid="ignore"):
        fitted = np.where(counts > 0, counts * np.log(share), 0.0)
        fitted = fitted + np.where(counts < periods, (periods - counts) * np.log1p(-share), 0.0)
    promised = counts * np.log(rate) + (periods - counts) * np.log1p(-rate)
    return np.asarray(-2.0 * (promised - fitted), dtype=np.float64)


@njit(cache=True)
def _independence(hits: Hits) -> float:
    """Likelihood ratio of a first-order chain against independent hits."""
    moves = np.zeros((2, 2))
    for t in range(1, hits.size):
        moves[int(hits[t - 1]), int(hits[t])] += 1.0
    chain = 0.0
    for i in range(2):
        total = moves[i, 0] + moves[i, 1]
        for j in range(2):
            if moves[i, j] > 0.0:
                chain += moves[i, j] * np.log(moves[i, j] / total)
    alone = 0.0
    for j in range(2):
        count = moves[0, j] + moves[1, j]
        if count > 0.0:
            alone += count * np.log(count / (hits.size - 1))
    return 2.0 * (chain - alone)


@njit(cache=True)
def _permuted(hits: Hits, replications: int, generator: np.random.Generator) -> Array:
    shuffled = hits.copy()
    draws = np.empty(replications)
    for draw in range(replications):
        generator.shuffle(shuffled)
        draws[draw] = _independence(shuffled)
    return draws


@njit(cache=True)
def _simulated(periods: int, rate: float, ratios: Array, replications: int, generator: np.random.Generator) -> Array:
    draws = np.empty(replications)
    for draw in range(replications):
        hits = generator.random(periods) < rate
        draws[draw] = ratios[np.sum(hits)] + _independence(hits)
    return draws

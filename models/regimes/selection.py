"""How many regimes: information criteria, and a bootstrap whose null has fat tails and volatility clustering.

The likelihood ratio of K against K - 1 regimes has no chi-squared limit (unidentified parameters and a boundary under
the null; Davies 1987, Hansen 1992, Garcia 1998), and returns with GARCH and fat tails make spurious regimes. So the
ratio is compared with those that samples of a single-regime GARCH-t make.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError
from models.estimate import NotDecidable, TestResult
from models.margins import fit_margins
from models.regimes.markov_switching import MarkovSwitching, SwitchingResult
from models.regimes.result import RegimeResult
from models.regimes.sample import as_sample
from models.regimes.simulation import draw_regimes, elliptical_shocks, garch_path
from models.workers import in_parallel

Array = NDArray[np.float64]
Observations = pd.DataFrame | pd.Series | ArrayLike
Null = Literal["garch_t", "model"]
Sampler = Callable[[np.random.Generator], Array]

#: Share of bootstrap draws that may fail to converge.
FAILED_SHARE = 0.2
SIGNIFICANT = 0.05
#: Draws after which progress is told, and that are kept together.
REPORTED_DRAWS = 20
IN_WORDS = {1: "one regime", 2: "two regimes", 3: "three regimes", 4: "four regimes"}
GARCH_T = "GARCH with t shocks and one regime"


def path_entropy(result: RegimeResult) -> float:
    """Entropy of the regime path given the data: -E[log P(s_1, ..., s_T | F_T)].

    Given s_t, the path before t does not depend on what follows, so that the entropy is that of s_T and of each
    s_{t-1} given s_t (Hernando, Crespi and Cybenko 2005).
    """
    filtered, predicted, smoothed = (frame.to_numpy() for frame in (result.filtered, result.predicted, result.smoothed))
    transitions = result.transitions if len(result.transitions) == 1 else result.transitions[-len(filtered) + 1 :]
    backward = filtered[:-1, :, None] * transitions
    reached = predicted[1:, None, :]
    backward = np.divide(backward, reached, out=np.zeros_like(backward), where=reached > 0.0)
    conditional = -np.sum(backward * np.log(np.maximum(backward, 1e-300)), axis=1)
    last = -float(np.sum(smoothed[-1] * np.log(np.maximum(smoothed[-1], 1e-300))))
    return last + float(np.sum(smoothed[1:] * conditional))


def information_criteria(fits: Sequence[RegimeResult]) -> pd.DataFrame:
    """AIC, BIC, Hannan-Quinn and ICL-BIC of fits to the same data; lower is better.

    ICL adds twice the entropy of the regime path to BIC (Biernacki, Celeux and Govaert 2000): it charges for regimes
    that cannot be told apart.

    Returns
    -------
    DataFrame
        A row for each fit, indexed by its number of regimes.
    """
    rows = []
    for fit in fits:
        size, length, deviance = fit.likelihood.size, fit.n, -2.0 * fit.loglik
        bic = deviance + size * np.log(length)
        rows.append(
            {
                "loglik": fit.loglik,
                "parameters": size,
                "aic": deviance + 2.0 * size,
                "bic": bic,
                "hq": deviance + 2.0 * size * np.log(np.log(length)),
                "icl": bic + 2.0 * path_entropy(fit),
                "smallest_share": float(fit.regime_shares.min()),
                "degenerate": len(fit.degenerate),
                "share_at_best": fit.convergence.share_at_best,
            }
        )
    return pd.DataFrame(rows, index=pd.Index([fit.k_regimes for fit in fits], name="k_regimes"))


def compare_regimes(
    model: MarkovSwitching, y: Observations, *, largest: int = 4, starts: int = 30, seed: int = 0
) -> pd.DataFrame:
    """`information_criteria` of the model with 1 to `largest` regimes; sizes the data cannot carry are left out."""
    return information_criteria(fit_regimes(model, y, largest=largest, starts=starts, seed=seed))


def fit_regimes(
    model: MarkovSwitching, y: Observations, *, largest: int = 4, starts: int = 30, seed: int = 0
) -> tuple[SwitchingResult, ...]:
    """The model with 1 to `largest` regimes, as many as the data can carry."""
    fits: list[SwitchingResult] = []
    for regimes in range(1, largest + 1):
        try:
            fits.append(replace(model, k_regimes=regimes).fit(y, starts=starts, seed=seed))
        except EstimationError:
            if not fits:
                raise
            break
    return tuple(fits)


@dataclass(frozen=True)
class RegimeTest:
    """K - 1 against K regimes.

    Attributes
    ----------
    k_regimes : int
        K.
    test : TestResult
        The likelihood ratio and its bootstrap p-value.
    draws : array, shape (B,)
        Likelihood ratios of the samples drawn under the null.
    failed : int
        Draws whose fits did not converge; left out.
    """

    k_regimes: int
    test: TestResult
    draws: Array
    failed: int

    @property
    def distinguishable(self) -> bool:
        """Whether the ratio exceeds what the null makes, at 5%."""
        return self.test.p_value < SIGNIFICANT

    def __str__(self) -> str:
        words = IN_WORDS[self.k_regimes]
        if self.distinguishable:
            return f"{words} fit better than chance would under the null (p = {self.test.p_value:.3f})"
        return f"{words} cannot be told from fat tails here (p = {self.test.p_value:.3f})"


def bootstrap_regimes(
    model: MarkovSwitching,
    y: Observations,
    *,
    null: Null = "garch_t",
    draws: int = 199,
    starts: int = 10,
    seed: int = 0,
    workers: int = 1,
) -> RegimeTest | NotDecidable:
    """Parametric bootstrap of the likelihood ratio of K against K - 1 regimes.

    Parameters
    ----------
    model : MarkovSwitching
        With K regimes.
    y : DataFrame or array, shape (T, N)
        Returns in percent.
    null : {"garch_t", "model"}
        What the samples are drawn from: GARCH(1,1) margins joined by a multivariate t, or the fit with K - 1 regimes.
    draws, starts : int
        Samples, and starts of each fit to a sample.
    workers : int
        Processes.

    Returns
    -------
    RegimeTest, or NotDecidable where more than a fifth of the draws fail.
    """
    if model.k_regimes < 2:
        raise EstimationError("k_regimes", "one regime has nothing to be tested against", "Test two or more.")
    smaller = replace(model, k_regimes=model.k_regimes - 1)
    fits = [candidate.fit(y, seed=seed) for candidate in (smaller, model)]
    sampler = _garch_t(y) if null == "garch_t" else _from_fit(fits[0])
    words = GARCH_T if null == "garch_t" else f"{smaller.k_regimes} regimes"
    seeds = np.random.SeedSequence([seed, model.k_regimes, 199]).spawn(draws)
    ratios = _ratios(sampler, [smaller, model], seeds, starts, workers)
    return _test(fits, ratios[:, 0], words)


def bootstrap_ladder(
    fits: Sequence[SwitchingResult],
    y: Observations,
    *,
    draws: int = 199,
    starts: int = 10,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
    pieces: MutableMapping[str, Any] | None = None,
) -> tuple[RegimeTest | NotDecidable, ...]:
    """Parametric bootstrap of each likelihood ratio between neighbours, all from the same samples of a GARCH-t.

    Parameters
    ----------
    fits : sequence of SwitchingResult
        To the same `y`, with 1, 2, ... regimes.
    y : DataFrame or array, shape (T, N)
        Returns in percent.
    draws, starts, workers : int
    progress : callable
        Told in words how far it is.
    pieces : mutable mapping, optional
        Ratios of blocks of samples that are done, by name, None where a fit failed: these samples are not drawn
        again, and new blocks are added as they are done.

    Returns
    -------
    tuple
        One for each fit but the first.
    """
    sampler, models = _garch_t(y), [fit.model for fit in fits]
    seeds = np.random.SeedSequence([seed, 199]).spawn(draws)
    done: MutableMapping[str, Any] = {} if pieces is None else pieces
    rows: list[list[float | None]] = []
    for begin in range(0, draws, REPORTED_DRAWS):
        block = seeds[begin : begin + REPORTED_DRAWS]
        name = f"samples-without-regimes-{begin}-{begin + len(block)}"
        if name not in done:
            progress(f"samples of a GARCH-t without regimes, {begin} of {draws}")
            found = _ratios(sampler, models, block, starts, workers)
            done[name] = [[float(ratio) if np.isfinite(ratio) else None for ratio in row] for row in found]
        rows += done[name]
    ratios = np.array(rows, dtype=np.float64)
    return tuple(_test(fits[at : at + 2], ratios[:, at], GARCH_T) for at in range(len(fits) - 1))


def _test(fits: Sequence[SwitchingResult], ratios: Array, null: str) -> RegimeTest | NotDecidable:
    smaller, larger = fits
    observed = 2.0 * (larger.loglik - smaller.loglik)
    kept = ratios[np.isfinite(ratios)]
    failed = len(ratios) - len(kept)
    if failed > FAILED_SHARE * len(ratios):
        return NotDecidable(f"{failed} of {len(ratios)} samples drawn under the null could not be fitted")
    return RegimeTest(
        larger.k_regimes,
        TestResult(
            statistic=observed,
            p_value=float(1 + np.sum(kept >= observed)) / (len(kept) + 1),
            null=f"the returns come from {null}",
            reference=f"parametric bootstrap, {len(kept)} draws",
            n=larger.n,
            method=f"likelihood ratio of {larger.k_regimes} against {smaller.k_regimes} regimes",
        ),
        kept,
        failed,
    )


def _ratios(
    sampler: Sampler,
    models: Sequence[MarkovSwitching],
    seeds: Sequence[np.random.SeedSequence],
    starts: int,
    workers: int,
) -> Array:
    """Likelihood ratios between neighbours on one sample a row, shape (B, models - 1); NaN where a fit fails."""
    rows = in_parallel(workers, (delayed(_row)(sampler(np.random.default_rng(seed)), models, starts) for seed in seeds))
    return np.array(list(rows))


def _row(y: Array, models: Sequence[MarkovSwitching], starts: int) -> list[float]:
    logliks = []
    for model in models:
        try:
            logliks.append(model.fit(y, starts=starts).loglik)
        except EstimationError:
            logliks.append(np.nan)
    return [2.0 * (larger - smaller) for smaller, larger in pairwise(logliks)]


def _from_fit(fit: SwitchingResult) -> Sampler:
    nu = fit.params.get("nu")
    transition, initial, means = fit.transition, fit.ergodic, fit.means.to_numpy()
    covariances, length = fit.covariances, fit.n

    def draw(generator: np.random.Generator) -> Array:
        return draw_regimes(
            generator, length, transition, initial, means, covariances, None if nu is None else float(nu)
        )

    return draw


def _garch_t(y: Observations) -> Sampler:
    returns = pd.DataFrame(as_sample(y).observations)
    margins = fit_margins(returns, "garch", distribution="t")
    params, residuals = margins.params, margins.std_residuals
    first = margins.variances.mean().to_numpy()
    nu = float(MarkovSwitching(1, "t").fit(residuals).params["nu"])
    correlation = np.atleast_2d(np.corrcoef(residuals.to_numpy(), rowvar=False))
    length = len(returns)
    table = params[["mu", "omega", "alpha", "beta"]].to_numpy()

    def draw(generator: np.random.Generator) -> Array:
        shocks = elliptical_shocks(generator, length, correlation, nu)
        paths = [
            mu + garch_path(np.ascontiguousarray(shocks[:, column]), omega, alpha, beta, first[column])
            for column, (mu, omega, alpha, beta) in enumerate(table)
        ]
        return np.column_stack(paths)

    return draw

"""How many regimes the reference series have: criteria, and a bootstrap against fat tails without regimes."""

from __future__ import annotations

from data.errors import EstimationError
from models.estimate import NotDecidable
from models.long_study import Entry, Inputs, LongResult, LongStudy
from models.regimes import MarkovSwitching
from models.regimes.selection import IN_WORDS, RegimeTest, bootstrap_ladder, fit_regimes, information_criteria

#: Regimes that criteria compare, and that the bootstrap tests.
COMPARED, TESTED = 4, 3
#: Samples of the bootstrap, and starts of each fit to one.
DRAWS, STARTS = 199, 10


def compute(inputs: Inputs, *, draws: int = DRAWS, starts: int = STARTS, largest: int = COMPARED) -> LongResult:
    """Criteria for 1 to `largest` regimes, and the bootstrap of two against one and three against two.

    The samples come from a GARCH with t shocks and one regime: regimes that fat tails and volatility clusters alone
    would make are no evidence.
    """
    settings, seed = inputs.study.regimes, inputs.study.inference.seed
    reference = inputs.panel.complete_returns(settings.reference)
    model = MarkovSwitching(settings.k_regimes, settings.distribution)
    inputs.progress(f"criteria for one to {largest} regimes")
    fits = fit_regimes(model, reference, largest=largest, starts=settings.starts, seed=seed)
    if len(fits) < TESTED:
        raise EstimationError(
            "number of regimes", f"the reference series carry no more than {len(fits)}", "Use a longer sample."
        )
    tests = bootstrap_ladder(
        fits[:TESTED],
        reference,
        draws=draws,
        starts=starts,
        seed=seed,
        workers=inputs.workers,
        progress=inputs.progress,
        pieces=inputs.pieces,
    )
    criteria = information_criteria(fits)
    best = fits[int(criteria["bic"].to_numpy().argmin())].k_regimes
    rows = []
    for fit, (_, row) in zip(fits, criteria.iterrows(), strict=True):
        test = tests[fit.k_regimes - 2] if 2 <= fit.k_regimes <= len(tests) + 1 else None
        ratio, p_value = (test.test.statistic, test.test.p_value) if isinstance(test, RegimeTest) else (None, None)
        values: tuple[Entry, ...] = (
            *map(float, row[["loglik", "bic", "icl"]]),
            ratio,
            p_value,
            float(row["smallest_share"]),
        )
        rows.append((IN_WORDS[fit.k_regimes], *values))
    return LongResult(
        columns=("regimes", "log-likelihood", "BIC", "ICL", "ratio to one fewer", "p-value", "smallest share"),
        rows=tuple(rows),
        sentences=(
            *(_sentence(test) for test in tests),
            _choice(best, settings.k_regimes),
        ),
        method=f"multivariate {'t' if settings.distribution == 't' else 'normal'} regimes of "
        f"{len(settings.reference)} reference series, {fits[0].n} sessions; p-values from {draws} samples of a GARCH "
        f"with t shocks and one regime, {starts} starts a fit; ratio: twice the difference of the log-likelihoods",
    )


def _sentence(test: RegimeTest | NotDecidable) -> str:
    return f"the bootstrap does not decide: {test.reason}" if isinstance(test, NotDecidable) else str(test)


def _choice(best: int, used: int) -> str:
    if best == used:
        return f"BIC is lowest for {IN_WORDS[best]}, the number the study fixes"
    return f"BIC is lowest for {IN_WORDS[best]}; the study fixes {IN_WORDS[used]}"


NUMBER_OF_REGIMES = LongStudy("number-of-regimes", "How many regimes", compute)

"""C11: in broad equity sell-offs miners fall as risk assets, like high-beta equities.

Question   Do miners fall with the share market in its worst sessions (C11a), and do they move more than one for one
           with it (C11b)?
Trap       Two claims stand in one sentence. Miners can be no haven and still be far from a high beta; one outcome for
           both would hide that. Gold's own answer to the market must not pass for the miners'.
Criteria   C11a by the general rule on the slope in the market's worst 5 % of sessions, against `sesoi`. C11b: the
           interval of the beta minus `high_beta` above zero, or below it. They are judged apart. The row takes the
           outcome of C11a, except that a supported C11a without a supported C11b reads "mixed": the sentence as a
           whole does not stand. Only C11a enters the family's correction.
Thresholds sesoi (slope), high_beta (beta).
Statistic  C11a: cumulative sum of slopes with joint covariance. C11b: least-squares beta minus `high_beta`.
Secondary  The same slope with gold held fixed, and in excess of gold's; slopes on average and at other quantiles;
           regression of the miners' own 5 % quantile; mean conditional beta.
Literature Baur and McDermott (2010); Baur and Trench (2022) on gold companies, which were no haven in 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import pandas as pd

from models.betas.conditional import dynamic_conditional_beta
from models.betas.quantile import quantile_regression
from models.betas.static import dimson_beta, huber_beta, static_beta
from models.claims.claim import Case, Claim, Later, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.specifications import attempted
from models.claims.tail_betas import (
    SAMPLES,
    full_returns,
    haven_readings,
    on_rows,
    slope_of_later_sessions,
    slopes_exhibit,
    tail_events,
    tail_slopes,
    tail_specifications,
    worst,
)
from models.claims.verdict import Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.hedge import SafeHaven
from models.inference.intervals import normal_p_value
from models.spans import summed

ROLES = ("miners", "metal", "market")
#: Shown beside the miners in the figure.
COMPARED = ("metal", "junior_miners", "crypto")
#: How a beta is estimated in the specifications, and over how many sessions.
ESTIMATORS: dict[str, Callable[[pd.Series, pd.Series, float], Estimate]] = {
    "least squares": lambda y, x, level: static_beta(y, x, level=level)[str(x.name)],
    "Huber": lambda y, x, level: huber_beta(y, x, level=level),
    "Dimson": lambda y, x, level: dimson_beta(y, x, level=level),
}
SPANS = (5, 21)
#: Resamples and parameter draws behind intervals of specifications.
RESAMPLES = 199


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge fall in company and high beta, each for itself."""
    rows = full_returns(case, ROLES)
    haven = tail_slopes(case, rows["miners"], rows["market"])
    slope = haven.slope(case.tail)
    if isinstance(slope, NotDecidable):
        return slope
    specifications = (*tail_specifications(case, "miners"), *_other_estimators(case, rows))
    beta = static_beta(rows["miners"], rows["market"], level=case.level)["market"]
    names, sesoi = case.panel.names, case.thresholds["sesoi"]
    return Measurement(
        legs=(
            Leg(
                f"C11a: miners fall with the market in its {worst(case.tail)} of sessions",
                slope,
                sesoi,
                normal_p_value(slope.value, slope.std_error or 0.0),
                specifications,
            ),
            _high_beta(case, beta),
        ),
        combine=fall_then_beta,
        kind="judged apart",
        headline=slope,
        headline_label=f"slope of the miners on {names['market']} in the market's {worst(case.tail)} of sessions",
        n=slope.n,
        n_events=tail_events(case, haven),
        window=case.describe("full"),
        secondary=_readings(case, rows, haven, beta),
        exhibits=(
            slopes_exhibit(
                case,
                {names["miners"]: haven, **_compared(case)},
            ),
        ),
    )


def fall_then_beta(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of the fall; "mixed" where it is supported and the high beta is not."""
    fall, beta = outcomes
    return Outcome.MIXED if fall is Outcome.SUPPORTED and beta is not Outcome.SUPPORTED else fall


def _high_beta(case: Case, beta: Estimate) -> Leg:
    """By the general rule on the excess, without a p-value: only C11a enters the family's correction."""
    threshold = case.thresholds["high_beta"]
    label = f"C11b: their beta on the market exceeds {threshold:.3g}"
    return Leg(label, _excess(beta, threshold), 0.0, None, _betas(case, threshold))


def _excess(beta: Estimate, threshold: float) -> Estimate:
    return replace(beta.shifted(-threshold), method=f"{beta.method}; minus {threshold:.3g}")


def _betas(case: Case, threshold: float) -> tuple[SpecificationResult, ...]:
    """Estimator x sample, then longer spans and the junior miners."""

    def specified(estimator: str, role: str, window: str, span: int = 1) -> Estimate | NotDecidable:
        if role not in case.panel.returns.columns:
            return NotDecidable(f"no series plays the role {role}")
        rows = case.panel.returns.loc[case.sessions(window), [role, "market"]].dropna()
        rows = rows if span == 1 else summed(rows, span)
        return _excess(ESTIMATORS[estimator](rows[role], rows["market"], case.level), threshold)

    listed = {
        f"{estimator}, {window.replace('_', ' ')}": partial(specified, estimator, "miners", window)
        for estimator, window in product(ESTIMATORS, ("full", *case.open_windows(*SAMPLES)))
    }
    listed |= {f"{span} sessions": partial(specified, "least squares", "miners", "full", span) for span in SPANS}
    listed["junior miners"] = partial(specified, "least squares", "junior_miners", "full")
    return tuple(attempted(label, one) for label, one in listed.items())


def _other_estimators(case: Case, rows: pd.DataFrame) -> tuple[SpecificationResult, ...]:
    """The miners' own lower quantile, the mean conditional beta, and the junior miners."""
    results = [
        attempted(f"regression of the miners' {100.0 * case.tail:.3g} % quantile", lambda: _quantile_slope(case, rows)),
        attempted("mean conditional beta", lambda: _conditional(case, rows)),
    ]
    if "junior_miners" in case.panel.returns.columns:
        juniors = full_returns(case, ("junior_miners", "market"))
        results.append(on_rows(case, case.panel.names["junior_miners"].lower(), juniors))
    return tuple(results)


def _quantile_slope(case: Case, rows: pd.DataFrame) -> Estimate:
    return quantile_regression(
        rows["miners"],
        rows["market"],
        case.tail,
        case.resampling(RESAMPLES),
    ).estimate("market")


def _conditional(case: Case, rows: pd.DataFrame) -> Estimate:
    return dynamic_conditional_beta(
        rows["miners"], rows["market"], level=case.level, draws=RESAMPLES, seed=case.seed
    ).average


def _compared(case: Case) -> dict[str, SafeHaven]:
    havens = {}
    for role in COMPARED:
        if role in case.panel.returns.columns:
            rows = full_returns(case, (role, "market"))
            havens[case.panel.names[role]] = tail_slopes(case, rows[role], rows["market"])
    return havens


def _readings(
    case: Case, rows: pd.DataFrame, haven: SafeHaven, beta: Estimate
) -> dict[str, Estimate | TestResult | NotDecidable]:
    given_gold = tail_slopes(case, rows["miners"], rows["market"], controls=rows[["metal"]])
    excess = tail_slopes(case, (rows["miners"] - rows["metal"]).rename("miners"), rows["market"])
    return {
        f"slope in the market's {worst(case.tail)}, gold held fixed": given_gold.slope(case.tail),
        "the same slope in excess of gold's": excess.slope(case.tail),
        **haven_readings(case, haven),
        "beta over all sessions": beta,
    }


def primary(case: Case) -> Primary | NotDecidable:
    """Slope in the market's worst sessions."""
    rows = full_returns(case, ROLES)
    slope = tail_slopes(case, rows["miners"], rows["market"]).slope(case.tail)
    return reaching(slope, case.thresholds["sesoi"])


def later(case: Case) -> Primary | NotDecidable:
    """The same slope from the window's first session on, below the quantile of all sessions."""
    return reaching(slope_of_later_sessions(case, "miners"), case.thresholds["sesoi"])


CLAIM = Claim(
    id="C11",
    needs=ROLES,
    windows=("full",),
    thresholds=("sesoi", "high_beta"),
    measure=measure,
    primary=primary,
    later=Later("slope of the miners on the market in its worst sessions, since the article", later),
)

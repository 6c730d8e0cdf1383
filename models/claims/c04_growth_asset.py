"""C04: Bitcoin behaves like a risky growth asset, not like a hedge.

Question   Does Bitcoin fall with the share market when the market falls furthest, and does it carry something of
           growth shares beyond the market?
Trap       The slope below a quantile is a sum of coefficients. Reading the last increment alone, or testing the
           increments one by one, answers another question. A correlation with growth shares that only passes on
           the market's is no sign of growth.
Criteria   Both parts must hold: the slope in the market's worst 5 % of sessions reaches `sesoi`, and the correlation
           with growth shares given the market is above zero (sign only).
Thresholds sesoi (slope: the share of the market's move that would make it a risky asset).
Statistic  Cumulative sum c0 + c1 + c2 of the slopes at 10 and 5 %, with its joint covariance; correlation of
           devolatilised returns after the market's part has been taken out of both, studentised block bootstrap.
Secondary  Slope on average (a hedge has none or a negative one) and at the other quantiles, joint tests of all
           quantiles, change of the slopes since 2020.
Literature Baur and McDermott (2010); Baur and Lucey (2010); Klein, Thu and Walther (2018) find no stable hedge in
           Bitcoin.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.calendar import changes
from models.claims.claim import Case, Claim, Later, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
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
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.hedge import SafeHaven
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast
from models.inference.intervals import normal_p_value
from models.spans import summed

ROLES = ("crypto", "growth", "market")
#: Shown beside Bitcoin in the figure.
COMPARED = ("growth", "metal")
WEEK = 5


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the slope in the market's worst sessions and the tie to growth shares beyond the market."""
    haven = _haven(case, "crypto")
    slope = haven.slope(case.tail)
    if isinstance(slope, NotDecidable):
        return slope
    growth = given_market(case)
    specifications = (*tail_specifications(case, "crypto"), *_other_clocks(case))
    names, sesoi = case.panel.names, case.thresholds["sesoi"]
    compared = [role for role in COMPARED if role in case.panel.returns.columns]
    return Measurement(
        legs=(
            Leg(
                f"it falls with the market in the market's {worst(case.tail)} of sessions",
                slope,
                sesoi,
                normal_p_value(slope.value, slope.std_error or 0.0),
                specifications,
            ),
            Leg("it moves with growth shares beyond the market", growth.estimate, 0.0, growth.p_value, _growth(case)),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=slope,
        headline_label=f"slope on {names['market']} in the market's {worst(case.tail)} of sessions",
        n=slope.n,
        n_events=tail_events(case, haven),
        window=case.describe("full"),
        secondary=_readings(case, haven),
        exhibits=(
            slopes_exhibit(
                case,
                {names["crypto"]: haven} | {names[role]: _haven(case, role) for role in compared},
            ),
        ),
    )


def _haven(case: Case, dependent: str, since: pd.Timestamp | None = None) -> SafeHaven:
    rows = full_returns(case, (dependent, "market"))
    return tail_slopes(case, rows[dependent], rows["market"], since=since)


def given_market(case: Case) -> ContrastEffect:
    """Correlation of Bitcoin and growth shares after the market's part has been taken out of both."""
    rows = _beyond_market(case.full_residuals()[list(ROLES)])
    return correlation_contrast(
        rows,
        np.zeros(len(rows), dtype=np.int64),
        (Term(1.0, 0, 1, 0),),
        strata=(len(rows),),
        level=case.level,
        replications=case.replications,
        block_bounds=case.block_bounds,
        seed=case.seed,
        method="correlation with growth shares given the market, devolatilised returns",
    )


def _beyond_market(frame: pd.DataFrame) -> NDArray[np.float64]:
    """The first two columns after the third has been taken out of both."""
    rows = frame.to_numpy(dtype=np.float64)
    market = np.column_stack([np.ones(len(rows)), rows[:, 2]])
    return np.asarray(rows[:, :2] - market @ np.linalg.lstsq(market, rows[:, :2], rcond=None)[0])


def _growth(case: Case) -> tuple[SpecificationResult, ...]:
    """Returns x growth series x sample, then weekly; influence-function intervals."""
    frames = {"devolatilised": case.suite.std_residuals, "raw": case.panel.returns}

    def specified(frame: pd.DataFrame, role: str, window: str, span: int = 1) -> Estimate:
        rows = frame.loc[frame.index.isin(case.sessions(window)), ["crypto", role, "market"]].dropna()
        beyond = _beyond_market(rows if span == 1 else summed(rows, span))
        groups = np.zeros(len(beyond), dtype=np.int64)
        return analytic_contrast(beyond, groups, (Term(1.0, 0, 1, 0),), level=case.level, method="given the market")

    series = [
        (kind, frame, role)
        for (kind, frame), role in product(frames.items(), ("growth", "technology"))
        if role in frame.columns
    ]
    listed = {
        f"{kind}, {role}, {window.replace('_', ' ')}": partial(specified, frame, role, window)
        for (kind, frame, role), window in product(series, ("full", *case.open_windows(*SAMPLES)))
    }
    listed["raw, growth, weekly"] = partial(specified, case.panel.returns, "growth", "full", WEEK)
    return tuple(attempted(label, one) for label, one in listed.items())


def _other_clocks(case: Case) -> tuple[SpecificationResult, ...]:
    """The same slope with Bitcoin's other closes, e.g. at midnight UTC."""
    market = full_returns(case, ("market",))
    results = []
    for one in case.panel.alternatives.get("crypto", ()):
        crypto = changes(one.levels, case.study.instrument("crypto").change).rename("crypto")
        rows = pd.concat([crypto, market], axis=1, join="inner").dropna()
        results.append(on_rows(case, f"Bitcoin's close: {one.origin.stamp}", rows))
    return tuple(results)


def _readings(case: Case, haven: SafeHaven) -> dict[str, Estimate | TestResult | NotDecidable]:
    rows = full_returns(case, ROLES)
    on_growth = tail_slopes(case, rows["crypto"], rows["growth"])
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        **haven_readings(case, haven),
        f"slope on {case.panel.names['growth']} in its {worst(case.tail)}": on_growth.slope(case.tail),
    }
    for window in case.open_windows("post_2020"):
        since = case.sessions(window)[0]
        divided = _haven(case, "crypto", since)
        readings[f"slope on average before {since.year}"] = divided.slope()
        readings[f"slope on average since {since.year}"] = divided.slope_since()
        readings[f"slope in the market's {worst(case.tail)} since {since.year}"] = divided.slope_since(case.tail)
        readings[f"change of that slope at the start of {since.year}"] = divided.change(case.tail)
    return readings


def primary(case: Case) -> Primary | NotDecidable:
    """Slope in the market's worst sessions."""
    return reaching(_haven(case, "crypto").slope(case.tail), case.thresholds["sesoi"])


def later(case: Case) -> Primary | NotDecidable:
    """The same slope from the window's first session on, below the quantile of all sessions."""
    return reaching(slope_of_later_sessions(case, "crypto"), case.thresholds["sesoi"])


CLAIM = Claim(
    id="C04",
    needs=ROLES,
    windows=("full",),
    thresholds=("sesoi",),
    measure=measure,
    primary=primary,
    correlated=ROLES,
    rests_on=("margin of crypto", "margin of growth", "margin of market"),
    later=Later("slope on the market in its worst sessions, since the article", later),
)

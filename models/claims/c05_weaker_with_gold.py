"""C05: Bitcoin's correlation with gold has weakened or turned negative.

Question   Is the correlation of Bitcoin and gold over the long window lower than in the sessions before it, or
           below zero?
Trap       85 sessions: the standard error of a correlation is about .13 with fat tails, so a fall of .10 cannot be
           seen. "Inconclusive" is then a property of the data's length and not a finding of no change.
Criteria   One part is enough (Holm inside the claim): weakening by `weakening`, or a correlation below zero by
           `negative`.
Thresholds weakening, negative (correlation), prior_sessions (sessions before the window).
Statistic  theta1 = rho_prior - rho_window, theta2 = -rho_window, on devolatilised returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import union
from models.claims.verdict import Exhibit, SpecificationResult
from models.claims.window_correlations import (
    NO_PRIOR,
    PRIOR,
    WINDOW,
    WindowRows,
    bootstrap_contrast,
    conditional_paths,
    correlation_path,
    window_rows,
    window_series,
    window_specifications,
)
from models.estimate import NotDecidable
from models.inference.contrasts import ContrastEffect, Term

PAIR = ("crypto", "metal")
#: Other readings of gold.
INSTEAD = {"metal": ("spot_gold",)}


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge weakening and sign."""
    window = case.sessions("long")
    rows = window_rows(case.suite.std_residuals, window, int(case.thresholds["prior_sessions"]))
    if isinstance(rows, NotDecidable):
        return rows
    weaker = _weaker(case, rows)
    negative = bootstrap_contrast(case, rows, _negative(rows), "minus the correlation inside the window")
    inside = bootstrap_contrast(case, rows, (rows.term(1.0, *PAIR, WINDOW),), "correlation inside the window")
    prior = bootstrap_contrast(case, rows, (rows.term(1.0, *PAIR, PRIOR),), "correlation before the window")
    paths = conditional_paths(case, (PAIR,))
    series = window_series(case, window, PAIR, INSTEAD, paths)
    specifications = window_specifications(case, series, _weakening)
    weakening = case.thresholds["weakening"]
    return Measurement(
        legs=(
            Leg("the correlation has weakened", weaker.estimate, weakening, weaker.p_value, specifications),
            Leg(
                "the correlation is negative",
                negative.estimate,
                case.thresholds["negative"],
                negative.p_value,
                window_specifications(case, series, _negative, NO_PRIOR),
            ),
        ),
        combine=union,
        kind="union",
        headline=weaker.estimate,
        headline_label="fall of the correlation with gold, long window against the year before",
        n=len(rows.frame),
        window=case.describe("long"),
        secondary={
            "correlation inside the window": inside.estimate,
            "correlation before it": prior.estimate,
            "mean conditional correlation inside the window": paths.average(PAIR, window),
            "mean conditional correlation before it": paths.average(PAIR, rows.before),
        },
        exhibits=_path(case),
    )


def _weaker(case: Case, rows: WindowRows) -> ContrastEffect:
    return bootstrap_contrast(case, rows, _weakening(rows), "correlation before the window minus inside it")


def _weakening(rows: WindowRows) -> tuple[Term, ...]:
    return rows.term(1.0, *PAIR, PRIOR), rows.term(-1.0, *PAIR, WINDOW)


def _negative(rows: WindowRows) -> tuple[Term, ...]:
    return (rows.term(-1.0, *PAIR, WINDOW),)


def _path(case: Case) -> tuple[Exhibit, ...]:
    band = correlation_path(case, PAIR)
    return () if band is None else (Exhibit("path", band.frame, "correlation", band.method),)


def weakening_curves(case: Case, windows: Iterable[pd.DatetimeIndex]) -> Iterator[tuple[SpecificationResult, ...]]:
    """Specification curve of the weakening, for each of several windows in place of the long one."""
    paths = conditional_paths(case, (PAIR,))
    for window in windows:
        yield window_specifications(case, window_series(case, window, PAIR, INSTEAD, paths), _weakening)


def primary(case: Case) -> Primary | NotDecidable:
    """The fall of the correlation."""
    rows = window_rows(case.suite.std_residuals, case.sessions("long"), int(case.thresholds["prior_sessions"]))
    if isinstance(rows, NotDecidable):
        return rows
    return reaching(_weaker(case, rows).estimate, case.thresholds["weakening"])


CLAIM = Claim(
    id="C05",
    needs=PAIR,
    windows=("long",),
    thresholds=("weakening", "negative", "prior_sessions"),
    measure=measure,
    primary=primary,
    correlated=PAIR,
    rests_on=("margin of crypto", "margin of metal"),
)

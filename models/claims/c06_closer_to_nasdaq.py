"""C06: Bitcoin has moved closer to Nasdaq-like risk assets.

Question   Has the correlation of Bitcoin with growth shares risen over the long window, and does it exceed the one
           with gold?
Trap       The two correlations share Bitcoin and the same days: they are dependent and may only be compared by joint
           draws.
Criteria   Both parts must hold: a rise by `rise` against the sessions before, and a gap over gold of `gap`.
Thresholds rise, gap (correlation), prior_sessions (sessions before the window).
Statistic  theta1 = rho_window(growth) - rho_prior(growth); theta2 = rho_window(growth) - rho_window(gold).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary
from models.claims.rule import conjunction
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

ROLES = ("crypto", "growth", "metal")
PAIRS = (("crypto", "growth"), ("crypto", "metal"))
#: Other readings of growth shares and of gold.
INSTEAD = {"growth": ("technology", "semiconductors"), "metal": ("spot_gold",)}


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the rise and the gap."""
    window = case.sessions("long")
    rows = window_rows(case.suite.std_residuals, window, int(case.thresholds["prior_sessions"]))
    if isinstance(rows, NotDecidable):
        return rows
    rise, gap = _rise_effect(case, rows), _gap_effect(case, rows)
    inside = bootstrap_contrast(
        case, rows, (rows.term(1.0, "crypto", "growth", WINDOW),), "correlation with growth shares inside the window"
    )
    paths = conditional_paths(case, PAIRS)
    series = window_series(case, window, ROLES, INSTEAD, paths)
    rises = window_specifications(case, series, _rise)
    gaps = window_specifications(case, series, _gap, NO_PRIOR)
    return Measurement(
        legs=(
            Leg("the correlation has risen", rise.estimate, case.thresholds["rise"], rise.p_value, rises),
            Leg("it exceeds the one with gold", gap.estimate, case.thresholds["gap"], gap.p_value, gaps),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=rise.estimate,
        headline_label="correlation with Nasdaq in the long window minus before it",
        n=len(rows.frame),
        window=case.describe("long"),
        secondary={
            "correlation with growth shares inside the window": inside.estimate,
            "mean conditional correlation with growth shares inside the window": paths.average(PAIRS[0], window),
            "mean conditional correlation with growth shares before it": paths.average(PAIRS[0], rows.before),
        },
        exhibits=_paths(case),
    )


def _rise_effect(case: Case, rows: WindowRows) -> ContrastEffect:
    return bootstrap_contrast(
        case, rows, _rise(rows), "correlation with growth shares inside the window minus before it"
    )


def _gap_effect(case: Case, rows: WindowRows) -> ContrastEffect:
    return bootstrap_contrast(case, rows, _gap(rows), "correlation with growth shares minus correlation with gold")


def _rise(rows: WindowRows) -> tuple[Term, ...]:
    return rows.term(1.0, "crypto", "growth", WINDOW), rows.term(-1.0, "crypto", "growth", PRIOR)


def _gap(rows: WindowRows) -> tuple[Term, ...]:
    return rows.term(1.0, "crypto", "growth", WINDOW), rows.term(-1.0, "crypto", "metal", WINDOW)


def _paths(case: Case) -> tuple[Exhibit, ...]:
    growth, gold = (correlation_path(case, ("crypto", role)) for role in ("growth", "metal"))
    if growth is None or gold is None:
        return ()
    names = case.panel.names
    frame = pd.concat({names["growth"]: growth.frame["estimate"], names["metal"]: gold.frame["estimate"]}, axis=1)
    return (Exhibit("paths", frame, "correlation", growth.method),)


def rise_curves(case: Case, windows: Iterable[pd.DatetimeIndex]) -> Iterator[tuple[SpecificationResult, ...]]:
    """Specification curve of the rise, for each of several windows in place of the long one."""
    paths = conditional_paths(case, PAIRS)
    for window in windows:
        yield window_specifications(case, window_series(case, window, ROLES, INSTEAD, paths), _rise)


def primary(case: Case) -> Primary | NotDecidable:
    """The rise; it holds where the gap over gold does too."""
    rows = window_rows(case.suite.std_residuals, case.sessions("long"), int(case.thresholds["prior_sessions"]))
    if isinstance(rows, NotDecidable):
        return rows
    gap, rise = _gap_effect(case, rows).estimate, _rise_effect(case, rows).estimate
    holds = gap.value >= case.thresholds["gap"] and rise.value >= case.thresholds["rise"]
    return Primary(rise, rise.value > 0.0, holds)


CLAIM = Claim(
    id="C06",
    needs=ROLES,
    windows=("long",),
    thresholds=("rise", "gap", "prior_sessions"),
    measure=measure,
    primary=primary,
    correlated=ROLES,
    rests_on=("margin of crypto", "margin of growth", "margin of metal"),
)

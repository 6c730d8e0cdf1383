"""How an asset moves with the market's worst sessions: what C04, C11 and C23 share."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pandas as pd

from models.claims.claim import Case
from models.claims.specifications import attempted, smallest
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.hedge import SafeHaven, safe_haven
from models.spans import summed

#: Factors of the specifications and how their errors are modelled.
FACTORS = ("market", "growth", "world")
ERRORS = {"GARCH": ("garch", "normal"), "GJR with t errors": ("gjr", "t")}
#: Sessions that are summed where the clocks of two series differ.
FREQUENCIES = {"two-day": 2, "weekly": 5}
SAMPLES = ("post_2020", "bitcoin_fund_era")


def full_returns(case: Case, roles: tuple[str, ...]) -> pd.DataFrame:
    """Returns of `roles` on the sessions of the window "full" on which all have one."""
    return case.panel.returns.loc[case.sessions("full"), list(roles)].dropna()


def worst(quantile: float) -> str:
    """A share of worst sessions in words."""
    return f"worst {100.0 * quantile:.3g} %"


def tail_slopes(
    case: Case,
    dependent: pd.Series,
    factor: pd.Series,
    *,
    controls: pd.DataFrame | None = None,
    since: pd.Timestamp | None = None,
) -> SafeHaven:
    """Slopes of a series on a factor, on average and in the factor's worst sessions of every share the study names."""
    quantiles = case.study.tails.quantiles
    return safe_haven(dependent, factor, controls=controls, quantiles=quantiles, since=since, level=case.level)


def tail_events(case: Case, haven: SafeHaven) -> int:
    """Sessions in the tail that claims are judged on."""
    return haven.events[haven.quantiles.index(case.tail)]


def slope_of_later_sessions(case: Case, dependent: str) -> Estimate | NotDecidable:
    """Slope in the market's worst sessions from the first session of the window "full" on; all sessions give the
    quantiles, the errors and the slope before.
    """
    rows = case.panel.returns[[dependent, "market"]].dropna()
    since = case.sessions("full")[0]
    return tail_slopes(case, rows[dependent], rows["market"], since=since).slope_since(case.tail)


def tail_specifications(case: Case, dependent: str) -> tuple[SpecificationResult, ...]:
    """Specification curve of the slope of `dependent` in the market's worst sessions.

    Factor x threshold x errors, then one change at a time: other quantiles, longer spans, later samples, and without
    the past crisis that carries most of the slope.
    """
    results = []
    for factor, thresholds, errors in product(FACTORS, ("sample", "expanding"), ERRORS):
        label = f"on {case.panel.names.get(factor, factor)}, {thresholds} threshold, {errors}"
        results.append(_specification(case, label, dependent, factor, thresholds=thresholds, errors=errors))
    rows = full_returns(case, (dependent, "market"))
    for quantile in case.study.tails.quantiles:
        if quantile != case.tail:
            results.append(on_rows(case, worst(quantile), rows, quantile=quantile))
    for name, sessions in FREQUENCIES.items():
        results.append(on_rows(case, name, summed(rows, sessions)))
    for window in case.open_windows(*SAMPLES):
        inside = rows.loc[rows.index.isin(case.sessions(window))]
        results.append(on_rows(case, f"sample {window.replace('_', ' ')}", inside))
    left_out = [
        on_rows(case, f"without {name}, the crisis that carries most", kept)
        for name, kept in without_each_crisis(case, rows).items()
    ]
    return (*results, *smallest(left_out))


def haven_readings(case: Case, haven: SafeHaven) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Slopes beside the judged one, and joint tests of all of them."""
    return {
        "slope on average (a hedge: zero or below)": haven.slope(),
        **{
            f"slope in the market's {worst(quantile)}": haven.slope(quantile)
            for quantile in haven.quantiles
            if quantile != case.tail
        },
        "no tie at any of these quantiles": haven.haven_test(),
        "the same slope when the market falls as on other sessions": haven.asymmetry_test(),
    }


def slopes_exhibit(case: Case, havens: Mapping[str, SafeHaven]) -> Exhibit:
    """Slopes on average and below each quantile, one row each, as a forest."""
    rows = {}
    for name, haven in havens.items():
        for quantile in (None, *haven.quantiles):
            slope = haven.slope(quantile)
            if isinstance(slope, Estimate):
                where = "on average" if quantile is None else worst(quantile)
                rows[f"{name}, {where}"] = (slope.value, slope.lower, slope.upper)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "Sums of the slopes that hold at or below each quantile of the market, with their joint covariance"
    return Exhibit(f"slopes on {case.panel.names['market']} by its worst sessions", frame, "beta", note)


def without_each_crisis(case: Case, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows without each of the study's crises that lies among them, by the crisis' name."""
    kept = {}
    for crisis in case.study.crises:
        outside = (rows.index <= pd.Timestamp(crisis.base)) | (rows.index > pd.Timestamp(crisis.last))
        if not outside.all():
            kept[crisis.name] = rows.loc[outside]
    return kept


def _specification(
    case: Case, label: str, dependent: str, factor: str, *, thresholds: str, errors: str
) -> SpecificationResult:
    if factor not in case.panel.returns.columns:
        return SpecificationResult(label, NotDecidable(f"no series plays the role {factor}"))
    return on_rows(case, label, full_returns(case, (dependent, factor)), thresholds=thresholds, errors=errors)


def on_rows(
    case: Case,
    label: str,
    rows: pd.DataFrame,
    *,
    quantile: float | None = None,
    thresholds: str = "sample",
    errors: str = "GARCH",
) -> SpecificationResult:
    """Slope of the first column on the second in the worst sessions of the second."""
    volatility, distribution = ERRORS[errors]
    return attempted(
        label,
        lambda: safe_haven(
            rows.iloc[:, 0],
            rows.iloc[:, 1],
            quantiles=case.study.tails.quantiles,
            thresholds=thresholds,  # type: ignore[arg-type]
            volatility=volatility,  # type: ignore[arg-type]
            distribution=distribution,  # type: ignore[arg-type]
            level=case.level,
        ).slope(case.tail if quantile is None else quantile),
    )

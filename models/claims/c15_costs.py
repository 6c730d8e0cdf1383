"""C15: rising energy and financing costs weigh on the miners.

Question   Gold and the share market held fixed, do the miners fall when oil rises, and when credit spreads rise?
Trap       Oil is also a sign of demand: it rises with shares, and the miners with both, which hides a cost. The market
           is held fixed, and oil's own part after market and dollar, and the sessions on which oil rises while shares
           fall, are listed alternatives. Oil's price was below zero in April 2020, where a percent change means
           nothing: the second half of that month is left out. Higher spreads are fear as well as financing, so the
           second part cannot tell the two apart. Costs reach earnings with a lag of quarters; a daily slope is what
           the market makes of them at once.
Criteria   Both parts must hold. Oil: the general rule on theta = minus the slope on oil. Credit: minus the slope on
           the spread is above zero (sign only).
Thresholds sesoi (percent for one percent of oil: energy is some 15 to 20 % of costs, times the miners' leverage).
Statistic  Regression of the miners on gold, market, oil and credit spread with GARCH errors; sandwich intervals.
Secondary  The same slopes in times of fear, and on sessions on which oil rises while shares fall.
Literature Kilian and Park (2009) on why the source of an oil shock matters. Wages: not testable daily.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from models.betas.garch_regression import Distribution, Volatility, garch_regression
from models.betas.static import static_beta
from models.claims.claim import Case, Claim, Later, Leg, Measurement
from models.claims.oil import around_zero, oil_returns
from models.claims.primary import Primary
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.intervals import normal_estimate, normal_p_value
from models.spans import common_spans, summed
from models.stress import fear_stress

DEPENDENT, COSTS = "miners", ("oil", "credit")
CONTROLS = ("metal", "market")
#: Changes to which a slope is brought: one percent of oil, ten basis points of the spread; both give percent.
STEPS = {"oil": 1.0, "credit": 10.0}
UNITS = {"oil": "", "credit": "per 10 bp"}
WEEK, MONTH = 5, 21
SAMPLES = ("post_2020", "bitcoin_fund_era")
#: Groups of sessions, by the level of oil, in the figure.
GROUPS = 10


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the slopes on oil and on the credit spread."""
    rows = cost_rows(case)
    fit = garch_regression(rows[DEPENDENT], rows[[*CONTROLS, *COSTS]])
    method = "regression with GARCH errors, sandwich interval"
    oil, credit = (
        fit.combination(
            {cost: -STEPS[cost]}, level=case.level, method=f"minus the slope on {cost}; {method}", unit=UNITS[cost]
        )
        for cost in COSTS
    )
    specifications = oil_specifications(case, rows)
    sesoi, names = case.thresholds["sesoi"], case.panel.names
    return Measurement(
        legs=(
            Leg("the miners fall when oil rises", oil, sesoi, _p_value(oil), specifications),
            Leg(
                "the miners fall when the credit spread rises",
                credit,
                0.0,
                _p_value(credit),
                _credit_specifications(case, rows),
            ),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=_oriented(oil),
        headline_label=f"slope of {names[DEPENDENT].lower()} on oil, {names['metal'].lower()}, market and spread fixed",
        n=fit.n,
        window=case.describe("full"),
        secondary=_readings(case, rows),
        exhibits=(_added_variable(case, rows),),
    )


def cost_rows(case: Case, dependent: str = DEPENDENT, window: str = "full") -> pd.DataFrame:
    """Dependent, gold, market, oil (percent) and credit (basis points) on the spans on which all have a value."""
    returns = case.panel.returns
    columns = [dependent, *CONTROLS, "credit", *(["dollar"] if "dollar" in returns.columns else [])]
    joint = returns[columns].assign(oil=oil_returns(case.panel.levels["oil"]))
    rows = common_spans(joint.loc[case.sessions("full")])
    return rows.loc[rows.index.isin(case.sessions(window)) & ~around_zero(rows.index)]


def _p_value(estimate: Estimate) -> float:
    return normal_p_value(estimate.value, estimate.std_error or 0.0)


def _oriented(estimate: Estimate) -> Estimate:
    """The negative of an estimate: from the slope to its effect on the claim, or back."""
    return replace(estimate.scaled(-1.0), method=estimate.method.removeprefix("minus the "))


def _slope(
    case: Case,
    rows: pd.DataFrame,
    dependent: str = DEPENDENT,
    volatility: Volatility = "garch",
    distribution: Distribution = "normal",
    cost: str = "oil",
) -> Estimate:
    fit = garch_regression(rows[dependent], rows[[*CONTROLS, *COSTS]], volatility=volatility, distribution=distribution)
    method = f"minus the slope on {cost}"
    return fit.combination({cost: -STEPS[cost]}, level=case.level, method=method, unit=UNITS[cost])


def _plain(
    case: Case, rows: pd.DataFrame, columns: tuple[str, ...] = (*CONTROLS, *COSTS), cost: str = "oil"
) -> Estimate:
    slope = static_beta(rows[DEPENDENT], rows[list(columns)], level=case.level)[cost]
    return replace(_oriented(slope.scaled(STEPS[cost])), unit=UNITS[cost])


def oil_specifications(case: Case, rows: pd.DataFrame) -> tuple[SpecificationResult, ...]:
    """One change at a time, and what is held to be oil's own part."""

    def own_part() -> Estimate | NotDecidable:
        if "dollar" not in rows.columns:
            return NotDecidable("no series plays the role dollar")
        explained = rows[["market", "dollar"]].assign(const=1.0)
        fitted = explained @ np.linalg.lstsq(explained.to_numpy(), rows["oil"].to_numpy(), rcond=None)[0]
        return _plain(case, rows.assign(oil=rows["oil"] - fitted))

    def of_supply() -> Estimate:
        split = rows.assign(oil=rows["oil"].where(_supply(rows), 0.0), other=rows["oil"].where(~_supply(rows), 0.0))
        return _plain(case, split, (*CONTROLS, "credit", "oil", "other"))

    listed: dict[str, Callable[[], Estimate | NotDecidable]] = {
        "without the credit spread": lambda: _plain(case, rows, (*CONTROLS, "oil")),
        "oil after market and dollar": own_part,
        "oil and shares in opposite directions": of_supply,
    }
    return (*_common(case, rows, "oil"), *(attempted(label, specified) for label, specified in listed.items()))


def _credit_specifications(case: Case, rows: pd.DataFrame) -> tuple[SpecificationResult, ...]:
    """The same changes for the spread, and without oil beside it."""
    without = attempted("without oil", lambda: _plain(case, rows, (*CONTROLS, "credit"), "credit"))
    return (*_common(case, rows, "credit"), without)


def _common(case: Case, rows: pd.DataFrame, cost: str) -> tuple[SpecificationResult, ...]:
    """Errors, frequency, sample, miners, and the session before."""

    def window(name: str) -> Estimate:
        return _slope(case, cost_rows(case, window=name), cost=cost)

    def juniors() -> Estimate | NotDecidable:
        if "junior_miners" not in case.panel.returns.columns:
            return NotDecidable("no series plays the role junior_miners")
        return _slope(case, cost_rows(case, "junior_miners"), "junior_miners", cost=cost)

    def before() -> Estimate:
        return _plain(case, rows.assign(**{cost: rows[cost].shift(1)}).dropna(), cost=cost)

    listed: dict[str, Callable[[], Estimate | NotDecidable]] = {
        "GJR with t errors": lambda: _slope(case, rows, volatility="gjr", distribution="t", cost=cost),
        "least squares": lambda: _plain(case, rows, cost=cost),
        "weekly": lambda: _plain(case, summed(rows, WEEK), cost=cost),
        "monthly": lambda: _plain(case, summed(rows, MONTH), cost=cost),
        **{f"sample {name.replace('_', ' ')}": partial(window, name) for name in case.open_windows(*SAMPLES)},
        "junior miners": juniors,
        f"{cost} of the session before": before,
    }
    return tuple(attempted(label, specified) for label, specified in listed.items())


def _supply(rows: pd.DataFrame) -> pd.Series:
    """Sessions on which oil and shares move against each other: more likely a shock of supply than of demand."""
    return (rows["oil"] * rows["market"]) < 0.0


def _readings(case: Case, rows: pd.DataFrame) -> dict[str, Estimate | TestResult | NotDecidable]:
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    if "fear" in case.panel.history:
        label = fear_stress(case.panel, case.study.stress).reindex(rows.index).astype(float)
        crossed = rows.assign(fear=label, **{f"{cost} in fear": rows[cost] * label for cost in COSTS})
        slopes = static_beta(
            rows[DEPENDENT], crossed.drop(columns=[DEPENDENT, "dollar"], errors="ignore"), level=case.level
        )
        for cost in COSTS:
            scaled = slopes[f"{cost} in fear"].scaled(STEPS[cost])
            readings[f"change of the slope on {cost} in fear"] = replace(scaled, unit=UNITS[cost])
    split = rows.assign(supply=rows["oil"].where(_supply(rows), 0.0), demand=rows["oil"].where(~_supply(rows), 0.0))
    slopes = static_beta(rows[DEPENDENT], split[[*CONTROLS, "credit", "supply", "demand"]], level=case.level)
    readings["slope on oil when oil and shares part"] = slopes["supply"]
    readings["slope on oil when they move together"] = slopes["demand"]
    return readings


def _added_variable(case: Case, rows: pd.DataFrame) -> Exhibit:
    """Mean return of the miners beyond the controls, by tenths of oil's move beyond the controls."""
    others = rows[[*CONTROLS, "credit"]].assign(const=1.0).to_numpy()
    beyond = (
        rows[[DEPENDENT, "oil"]] - others @ np.linalg.lstsq(others, rows[[DEPENDENT, "oil"]].to_numpy(), rcond=None)[0]
    )
    group = pd.qcut(beyond["oil"], GROUPS, labels=False)
    table = {}
    for _, inside in beyond.groupby(group):
        error = float(inside[DEPENDENT].std(ddof=1)) / np.sqrt(len(inside))
        mean = normal_estimate(inside[DEPENDENT].mean(), error, level=case.level, n=len(inside), method="mean")
        table[f"oil {inside['oil'].mean():+.1f} %".replace("-", "−")] = (mean.value, mean.lower, mean.upper)
    frame = pd.DataFrame.from_dict(table, orient="index", columns=["estimate", "lower", "upper"])
    note = "Added-variable plot in tenths: both after gold, market and credit spread; intervals of the mean"
    return Exhibit("miners beyond gold, market and spread, by oil", frame, "%", note)


def primary(case: Case) -> Primary | NotDecidable:
    """The slope on oil."""
    return _opposite(_slope(case, cost_rows(case)), case)


def later(case: Case) -> Primary | NotDecidable:
    """The same slope by least squares, which a few weeks suffice for."""
    return _opposite(_plain(case, cost_rows(case)), case)


def _opposite(fall: Estimate, case: Case) -> Primary:
    return Primary(_oriented(fall), fall.value > 0.0, fall.value >= case.thresholds["sesoi"])


CLAIM = Claim(
    id="C15",
    needs=(DEPENDENT, *CONTROLS, *COSTS),
    windows=("full",),
    thresholds=("sesoi",),
    measure=measure,
    primary=primary,
    later=Later("slope of the miners on oil by least squares, gold, market and spread fixed", later),
)

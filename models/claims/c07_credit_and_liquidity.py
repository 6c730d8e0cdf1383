"""C07: Bitcoin follows credit and liquidity conditions closely.

Question   Do weekly changes of the high-yield spread and of financial conditions explain a sizeable part of Bitcoin's
           weekly return, beyond real yields, the dollar and the central bank's net liquidity?
Trap       Conditions come out days after the week they speak of, and their whole history is revised with each release:
           they enter from their release on, but as revised today, since no vintages are at hand. Credit spreads and
           shares fall together; what credit says beyond growth shares stands beside. A cycle of several years shows
           itself about three times in Bitcoin's life: no statement about cycles can be tested on that.
Criteria   The general rule on theta = partial R-squared of the two series, taken as negative where Bitcoin rises as
           both tighten by their standard deviations together: explained, but the other way round. So it is in the
           listed alternatives. "Closely" asks for `closely`: below it the verdict is at most "mixed", and so it is
           where a rise of either series alone goes with a rise of Bitcoin.
Thresholds sesoi (partial R-squared), closely (partial R-squared).
Statistic  Partial R-squared of weekly changes, corrected for the number of regressors; studentised block bootstrap.
           Controls that the study lacks are left out and named.
Secondary  Slopes, slope on the credit spread given growth shares, forecasts of the next week against the running mean.
Literature Adrian and Shin (2010) on leverage and the supply of credit; Campbell and Thompson (2008), Clark and West
           (2007) on forecasts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import observed
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction, curve, held_at_mixed
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.drivers import PartialFit, clark_west, partial_r_squared, rolling_partial_r_squared
from models.estimate import Estimate, NotDecidable, TestResult

SUBJECT = "crypto"
TESTED = ("credit", "conditions")
CONTROLS = ("real_yield", "dollar")
#: Sign of a tightening; high-yield bonds then lag behind Treasuries.
TIGHTER = {"credit": 1.0, "conditions": 1.0, "credit return": -1.0}
#: The central bank's assets less the treasury's account and reverse repurchases, the last in billions, not millions.
NET = ("central_bank_assets", "treasury_account", "reverse_repo")
MILLIONS = 1000.0
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")
#: Weeks in a span, for specifications.
SPANS = {"weekly": 1, "four-weekly": 4}
#: Resamples of specifications and of the rolling figure, weeks of its window and between windows.
FEW, WIDTH, STEP = 199, 104, 8
#: Share of the weeks before the first forecast.
FIRST = 0.4


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the partial fit of weekly changes."""
    weeks = weekly(case, "full")
    fit = _fit(weeks, case.replications, case)
    if isinstance(fit, NotDecidable):
        return fit
    effect, sesoi = fit.partial_r_squared, case.thresholds["sesoi"]
    specifications = _specifications(case)
    agreement = curve(specifications, sesoi, case.share_needed)
    ruling = held_at_mixed(effect, sesoi, agreement, _failures(case, fit))
    label = "credit and conditions explain Bitcoin's week"
    names = case.panel.names
    return Measurement(
        legs=(Leg(label, effect, sesoi, fit.p_value, specifications, ruling),),
        combine=conjunction,
        kind="single",
        headline=effect,
        headline_label=f"share of {names[SUBJECT]}'s weekly return that credit and conditions explain",
        n=effect.n,
        window=f"{case.describe('full')}, {effect.n} weeks",
        secondary=_readings(case, weeks, fit),
        exhibits=_rolling(case, weeks),
    )


def weekly(case: Case, window: str, weeks: int = 1) -> pd.DataFrame:
    """Changes over spans of calendar weeks that end with the week's last session; columns are roles.

    Levels that come out weekly stand from their release on.
    """
    sessions, panel = case.sessions(window), case.panel
    levels = panel.levels.loc[: sessions[-1]].ffill()
    columns: dict[str, pd.Series] = {}
    for role in (SUBJECT, *TESTED, *CONTROLS, "growth", "credit_fund", "treasuries"):
        if role in levels.columns:
            columns[role] = _logs(levels[role]) if panel.units[role] == "%" else levels[role]
    if set(NET) <= set(levels.columns):
        assets, account, repurchases = (levels[role] for role in NET)
        columns["net liquidity"] = _logs(assets - account - MILLIONS * repurchases)
    if {"credit_fund", "treasuries"} <= set(columns):
        columns["credit return"] = columns.pop("credit_fund") - columns.pop("treasuries")
    frame = pd.DataFrame(columns)
    start = int(frame.index.searchsorted(sessions[0])) - 1
    week = pd.DatetimeIndex(frame.index).to_period("W")
    ends = frame.groupby(week).tail(1).iloc[::-weeks].iloc[::-1]
    return ends.loc[frame.index[max(start, 0)] :].diff().iloc[1:]


def _logs(levels: pd.Series) -> pd.Series:
    return pd.Series(100.0 * np.log(levels.to_numpy(dtype=np.float64)), index=levels.index)


def _fit(
    weeks: pd.DataFrame,
    replications: int,
    case: Case,
    tested: tuple[str, ...] = TESTED,
    *,
    controlled: bool = True,
) -> PartialFit | NotDecidable:
    absent = [name for name in tested if name not in weeks.columns]
    if absent:
        return NotDecidable(f"no series gives the {absent[0]}")
    controls = [name for name in (*CONTROLS, "net liquidity") if name in weeks.columns] if controlled else []
    frame = weeks[[SUBJECT, *tested, *controls]].dropna()
    resampling = case.resampling(replications)
    fit = partial_r_squared(frame[SUBJECT], frame[list(tested)], frame[controls], resampling)
    return fit if isinstance(fit, NotDecidable) else _oriented(fit, frame[list(tested)])


def _oriented(fit: PartialFit, tested: pd.DataFrame) -> PartialFit:
    """The fit with a negative partial R-squared where Bitcoin rises as all of `tested` tighten together."""
    rise = sum(TIGHTER[str(name)] * fit.coefficients[str(name)].value * tested[name].std() for name in tested.columns)
    found = fit.partial_r_squared
    if rise <= 0.0 or found.value <= 0.0:
        return fit
    turned = replace(found.scaled(-1.0), method=f"{found.method}; negative, since the slopes have the wrong sign")
    return replace(fit, partial_r_squared=turned)


def _failures(case: Case, fit: PartialFit) -> list[str]:
    reasons = []
    if fit.partial_r_squared.value < case.thresholds["closely"]:
        reasons.append(f"it is less than the {case.thresholds['closely']:.0%} that closely would mean")
    wrong = [case.panel.names[role].lower() for role in TESTED if fit.coefficients[role].value > 0.0]
    if wrong:
        reasons.append(f"Bitcoin rises when {' and '.join(wrong)} tightens")
    return reasons


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Span x measure of credit x sample, then other lags and no controls."""
    results = []
    for (span, length), credit, window in product(
        SPANS.items(), ("credit", "credit return"), case.open_windows(*SAMPLES)
    ):
        frame = weekly(case, window, length)
        how = "spread" if credit == "credit" else "high-yield less Treasury return"
        label = f"{span}, {how}, {window.replace('_', ' ')}"
        results.append(attempted(label, partial(_specified, case, frame, (credit, "conditions"))))
    weeks = weekly(case, "full")
    later = weeks.assign(conditions=weeks["conditions"].shift(1))
    results.append(attempted("conditions a week later", partial(_specified, case, later, TESTED)))
    results.append(attempted("conditions of the week itself, in hindsight", partial(_hindsight, case, weeks)))
    both = weeks.assign(**{role: weeks[role].shift(1) for role in TESTED})
    results.append(attempted("credit and conditions of the week before", partial(_specified, case, both, TESTED)))
    results.append(attempted("without controls", partial(_specified, case, weeks, TESTED, controlled=False)))
    return tuple(results)


def _specified(
    case: Case, frame: pd.DataFrame, tested: tuple[str, ...], *, controlled: bool = True
) -> Estimate | NotDecidable:
    fit = _fit(frame, FEW, case, tested, controlled=controlled)
    return fit if isinstance(fit, NotDecidable) else fit.partial_r_squared


def _hindsight(case: Case, weeks: pd.DataFrame) -> Estimate | NotDecidable:
    """Conditions on the dates they speak of: nobody knew them then."""
    own = case.panel.history["conditions"]
    at_ends = own.reindex(weeks.index, method="ffill").diff()
    return _specified(case, weeks.assign(conditions=at_ends), TESTED)


def _readings(case: Case, weeks: pd.DataFrame, fit: PartialFit) -> dict[str, Estimate | TestResult | NotDecidable]:
    names, units = case.panel.names, {"credit": ("10 bp", 0.1), "conditions": ("0.1", 0.1)}
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    for role in TESTED:
        step, scale = units[role]
        readings[f"slope on {names[role].lower()}, percent for {step}"] = _percent(fit.coefficients[role], scale)
    if "growth" in weeks.columns:
        frame = weeks[[SUBJECT, "credit", "growth"]].dropna()
        resampling = case.resampling(FEW)
        beside = partial_r_squared(frame[SUBJECT], frame[["credit"]], frame[["growth"]], resampling)
        for what, part in (("slope on credit", "credit"), ("partial R-squared of credit", "")):
            label = f"{what} given {names['growth']}" + (", percent for 10 bp" if part else "")
            if isinstance(beside, NotDecidable):
                readings[label] = beside
            else:
                readings[label] = _percent(beside.coefficients[part], 0.1) if part else beside.partial_r_squared
    readings |= _forecasts(case, weeks)
    lacking = [role for role in (*CONTROLS, *NET) if role not in case.panel.levels.columns]
    if lacking:
        readings["controls left out"] = NotDecidable(f"no series plays the role {', '.join(lacking)}")
    return readings


def _percent(slope: Estimate, change: float) -> Estimate:
    """Percent of the response for a change of the regressor."""
    return replace(slope.scaled(change), unit="%")


def _forecasts(case: Case, weeks: pd.DataFrame) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Next week's return from this week's changes, expanding."""
    frame = weeks[[SUBJECT, *TESTED]].dropna()
    found = clark_west(
        frame[SUBJECT].to_numpy()[1:], frame[list(TESTED)].to_numpy()[:-1], first=int(FIRST * len(frame))
    )
    label = "out-of-sample R-squared of next week's forecasts"
    if isinstance(found, NotDecidable):
        return {label: found}
    return {
        label: observed(found.r_squared, "", found.test.n, case.level, "one minus the ratio of squared errors"),
        "next week's forecasts no better than the mean": found.test,
    }


def _rolling(case: Case, weeks: pd.DataFrame) -> tuple[Exhibit, ...]:
    controls = [name for name in (*CONTROLS, "net liquidity") if name in weeks.columns]
    frame = weeks[[SUBJECT, *TESTED, *controls]].dropna()
    resampling = case.resampling(FEW)
    path = rolling_partial_r_squared(
        frame[SUBJECT], frame[list(TESTED)], frame[controls], resampling, width=WIDTH, step=STEP
    )
    if isinstance(path, NotDecidable):
        return ()
    return (Exhibit("partial R-squared", path, "share", f"Windows of {WIDTH} weeks; pointwise bootstrap band"),)


def primary(case: Case) -> Primary | NotDecidable:
    """The partial fit of weekly changes."""
    fit = _fit(weekly(case, "full"), case.replications, case)
    return fit if isinstance(fit, NotDecidable) else reaching(fit.partial_r_squared, case.thresholds["sesoi"])


CLAIM = Claim(
    id="C07",
    needs=(SUBJECT, *TESTED),
    windows=("full",),
    thresholds=("sesoi", "closely"),
    measure=measure,
    primary=primary,
)

"""C12: neither Bitcoin nor the miners hedge every crisis.

Question   Is there, for each of the two, at least one past crisis in which it failed as a hedge?
Trap       "In every crisis" is refuted by one counterexample, so the list of crises must be fixed before anybody looks
           at a return, and the event under study must not be on it. A loss over one crisis is a single draw: a test of
           whether it was to be expected finds nothing, not even for the market itself.
Criteria   An asset failed in a crisis if it lost money over it and moved with the market while it lasted (slope above
           zero). Refuted is that it did so in none: the one-sided p-values of the crises in which it lost money are
           joined by Fisher's method, and doubled, since every interval here has two sides. Both assets must have failed
           at least once. A listed crisis counts if the market lost at least `market_fall` percent over it and it has
           `minimum_days` sessions.
Thresholds market_fall (percent), minimum_days (sessions).
Statistic  Interval of the largest slope inside the crises in which the asset lost money; the slope printed is that of
           the clearest of them.
Secondary  Number of crises with a loss, mean return, mean return in units of each crisis' own volatility; the same for
           gold, which the same sentence may fit.
Literature Baur and Lucey (2010) for the meaning of a hedge; Baur and Trench (2022) on gold companies in 2020; MacKinnon
           and White (1985) on errors in small samples; Fisher (1932) on joining independent tests.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import observed
from models.claims.primary import Primary, reaching
from models.claims.rule import Ruling, conjunction
from models.claims.tail_betas import full_returns
from models.claims.verdict import Exhibit, Outcome
from models.crises import CrisisReturns, CrisisSlopes, crisis_returns, crisis_slopes
from models.estimate import Estimate, NotDecidable, TestResult

JUDGED = ("crypto", "miners")
#: Gold stands beside them.
SHOWN = (*JUDGED, "metal")
ROLES = (*SHOWN, "market")


def measure(case: Case) -> Measurement | NotDecidable:
    """Look for a counterexample for each asset."""
    rows = full_returns(case, ROLES)
    crises = _crises(case, rows)
    if not crises:
        return _no_crisis(case)
    legs, returns, slopes = _legs(case, rows, crises)
    weaker = _weaker(legs)
    return Measurement(
        legs=legs,
        combine=conjunction,
        kind="existential",
        headline=weaker.effect,
        headline_label=f"slope on the market in the clearest failure, {weaker.label.split(' failed')[0]}",
        n=int(returns.sessions.sum()),
        n_events=len(crises),
        window=f"{len(crises)} of {len(case.study.crises)} listed crises, {int(returns.sessions.sum())} sessions",
        secondary=_readings(case, returns, slopes),
        exhibits=(*(_returns(case, role, returns) for role in SHOWN), _slopes(case, slopes)),
    )


def _no_crisis(case: Case) -> NotDecidable:
    return NotDecidable(
        f"in these data the market lost {case.thresholds['market_fall']:.3g} % in none of the "
        f"{len(case.study.crises)} listed crises of {case.thresholds['minimum_days']:.0f} sessions and more"
    )


def _legs(
    case: Case, rows: pd.DataFrame, crises: dict[str, pd.DatetimeIndex]
) -> tuple[tuple[Leg, ...], CrisisReturns, dict[str, CrisisSlopes]]:
    margins = case.margins(rows)
    returns = crisis_returns(margins, crises, case.resampling(case.replications))
    slopes = {role: crisis_slopes(margins, role, "market", crises) for role in SHOWN}
    return tuple(_leg(case, role, slopes[role], returns) for role in JUDGED), returns, slopes


def _weaker(legs: tuple[Leg, ...]) -> Leg:
    return min(legs, key=lambda leg: leg.effect.lower if isinstance(leg.effect, Estimate) else -math.inf)


def _crises(case: Case, rows: pd.DataFrame) -> dict[str, pd.DatetimeIndex]:
    """Listed crises that the data hold, in which the market fell far enough for long enough."""
    first, last = case.panel.levels.index[0].date(), case.panel.last_session
    found = {}
    for crisis in case.study.crises:
        sessions = rows.index[(rows.index > pd.Timestamp(crisis.base)) & (rows.index <= pd.Timestamp(crisis.last))]
        inside = first <= crisis.base and crisis.last <= last and sessions.size >= case.thresholds["minimum_days"]
        if inside and _simple(rows.loc[sessions, "market"].sum()) <= -case.thresholds["market_fall"]:
            found[crisis.name] = pd.DatetimeIndex(sessions)
    return found


def _simple(log_return: float) -> float:
    return 100.0 * float(np.expm1(log_return / 100.0))


def _leg(case: Case, role: str, slopes: CrisisSlopes, returns: CrisisReturns) -> Leg:
    """The clearest failure of one asset."""
    crises = list(returns.totals.index)
    lost = list(returns.totals.index[returns.totals[role] < 0.0])
    name = case.panel.names[role]
    if not lost:
        best = max((slopes.slope(crisis, level=case.level) for crisis in crises), key=lambda one: one.value)
        reason = f"{name} lost money in none of the {len(crises)} crises"
        return Leg(f"{name} failed in at least one crisis", best, 0.0, ruling=Ruling(Outcome.NOT_SUPPORTED, reason))
    clearest = max(lost, key=lambda crisis: slopes.slope(crisis, level=case.level).lower)
    found = slopes.slope(clearest, level=case.level)
    one_sided = (1.0 + case.level) / 2.0
    effect = Estimate(
        found.value,
        found.std_error,
        min(slopes.lower_anywhere(lost, level=one_sided), found.value),
        max(slopes.slope(crisis, level=case.level).upper for crisis in lost),
        case.level,
        found.n,
        found.unit,
        f"{found.method}; interval of the largest slope among {len(lost)} crises, its lower limit by Fisher's method",
    )
    p_value = min(1.0, 2.0 * slopes.p_anywhere(lost))
    loss = -_simple(returns.estimate(clearest, role).value)
    return Leg(f"{name} failed in at least one crisis ({clearest}: lost {loss:.0f} %)", effect, 0.0, p_value)


def _readings(
    case: Case, returns: CrisisReturns, slopes: dict[str, CrisisSlopes]
) -> dict[str, Estimate | TestResult | NotDecidable]:
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    crises = list(returns.totals.index)
    for role in SHOWN:
        name = case.panel.names[role]
        lost = returns.totals[role] < 0.0
        failed = sum(
            bool(lost[crisis]) and len(crises) * slopes[role].p_anywhere([crisis]) < 1.0 - case.level
            for crisis in crises
        )
        share = 100.0 / len(crises)
        readings[f"crises in which {name} lost money"] = observed(share * lost.sum(), "%", len(crises), case.level)
        readings[f"crises in which {name} failed"] = observed(share * failed, "%", len(crises), case.level)
        readings[f"mean log return of {name} over the crises"] = returns.mean(role)
        readings[f"the same for {name} in units of each crisis' own volatility"] = returns.mean(role, scaled=True)
    return readings


def _returns(case: Case, role: str, returns: CrisisReturns) -> Exhibit:
    rows = {}
    for crisis in returns.totals.index:
        one = returns.estimate(crisis, role)
        rows[crisis] = tuple(_simple(value) for value in (one.value, one.lower, one.upper))
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "As observed; the interval is what chance would make of it at the days' own volatility"
    return Exhibit(f"return of {case.panel.names[role]} over each crisis", frame, "%", note)


def _slopes(case: Case, slopes: dict[str, CrisisSlopes]) -> Exhibit:
    crises = next(iter(slopes.values())).sessions.index
    frame = pd.DataFrame(
        {
            case.panel.names[role]: [one.slope(crisis, level=case.level).value for crisis in crises]
            for role, one in slopes.items()
        },
        index=crises,
    )
    return Exhibit("slope on the market inside each crisis", frame, "beta", "A hedge has a slope of zero or less")


def primary(case: Case) -> Primary | NotDecidable:
    """Slope on the market in the clearest failure of the asset that fails less clearly."""
    rows = full_returns(case, ROLES)
    crises = _crises(case, rows)
    if not crises:
        return _no_crisis(case)
    legs = _legs(case, rows, crises)[0]
    return reaching(_weaker(legs).effect, 0.0)


CLAIM = Claim(
    id="C12",
    needs=ROLES,
    windows=("full",),
    thresholds=("market_fall", "minimum_days"),
    measure=measure,
    primary=primary,
)

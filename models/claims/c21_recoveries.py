"""C21: Bitcoin tends to recover when liquidity improves; miners gain most in gold rallies.

Question   Does Bitcoin return more in the month after conditions, credit or fear improved? Do the miners gain more than
           gold when gold rallies?
Trap       That something may recover cannot be wrong; what is tested is a conditional tendency. Three signs of
           improvement are three chances to find one. Returns over a month overlap, and so do improvements. A day on
           which fear falls is a day on which Bitcoin has already risen: only what comes after counts. Conditions stand
           from their release on, as revised today.
Criteria   Both parts must hold. Recovery: one of the three improvements is enough, by the general rule on theta = mean
           return of the next month after it minus that after other sessions; intervals and p-values are widened for
           three looks (Bonferroni). Rallies: the general rule on theta = the miners' return over gold's in gold's
           rallies, less one.
Thresholds sesoi (percent over `horizon` sessions), up_capture (ratio above one), rally (percent that gold gains over
           `rally_sessions` sessions), conditions_sessions, credit_sessions, fear_sessions (sessions over which a sign
           must have fallen).
Statistic  Long-horizon regression on a yes-or-no predictor with Hodrick's standard errors; ratio of summed returns over
           a quarter, its long-run variance from few cosines.
Secondary  Each improvement by itself, and on sessions that do not overlap; the miners' slope on shares (see C11); the
           capture of juniors.
Literature Hodrick (1992).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from models.betas.static import static_beta
from models.capture import up_capture
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction, judge_effect
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.drivers import PredictiveRegression, long_horizon_regression
from models.estimate import Estimate, NotDecidable, TestResult

SUBJECT, MINERS, METAL = "crypto", "miners", "metal"
#: Signs of improvement; the study file says over how many sessions each must have fallen.
IMPROVEMENTS = ("conditions", "credit", "fear")
#: Specifications: horizons, and sessions over which a sign has fallen.
HORIZONS = (10, 21, 63)
SPANS = (10, 63)
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")
#: From the best outcome to the worst: one improvement is enough.
BEST_FIRST = (Outcome.SUPPORTED, Outcome.MIXED, Outcome.INCONCLUSIVE, Outcome.NOT_SUPPORTED)


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge recovery and up-capture."""
    laws = {sign: _law(case, sign) for sign in IMPROVEMENTS}
    recovery, chosen = _recovery_leg(case)
    rally = _rally_leg(case)
    names = case.panel.names
    return Measurement(
        legs=(recovery, rally),
        combine=conjunction,
        kind="conjunctive",
        headline=recovery.effect,
        headline_label=f"{names[SUBJECT]} in the {_month(case)} sessions after {chosen} improved, against others",
        n=recovery.effect.n if isinstance(recovery.effect, Estimate) else 0,
        window=case.describe("full"),
        secondary=_readings(case, laws),
        exhibits=(_forest(case, laws),),
    )


def _month(case: Case) -> int:
    return int(case.thresholds["horizon"])


def _quarter(case: Case) -> int:
    return int(case.thresholds["rally_sessions"])


def improved(case: Case, sign: str, span: int | None = None) -> pd.Series:
    """1 where a sign has fallen over its last sessions, 0 where not, NaN where it has too little history."""
    levels = case.panel.levels[sign].ffill()
    change = levels.diff(span or int(case.thresholds[f"{sign}_sessions"]))
    return (change < 0.0).astype(float).where(change.notna())


def _law(
    case: Case,
    sign: str,
    *,
    horizon: int | None = None,
    window: str = "full",
    level: float | None = None,
    lag: int = 0,
    span: int | None = None,
) -> PredictiveRegression | NotDecidable:
    """Return over the next sessions on whether a sign improved, percent."""
    if sign not in case.panel.levels.columns:
        return NotDecidable(f"no series plays the role {sign}")
    returns = case.panel.returns.loc[case.sessions(window), SUBJECT]
    joint = pd.concat(
        {"return": returns, "improved": improved(case, sign, span).shift(lag)}, axis=1, join="inner"
    ).dropna()
    return long_horizon_regression(
        np.asarray(joint["return"], dtype=np.float64),
        np.asarray(joint["improved"], dtype=np.float64),
        horizon or _month(case),
        level=case.level if level is None else level,
    )


@dataclass(frozen=True, slots=True)
class Clearest:
    """The sign whose improvement speaks most clearly, with what three looks leave of its effect."""

    sign: str
    effect: Estimate
    p_value: float


def _clearest(case: Case) -> Clearest | NotDecidable:
    """The best of three, with an interval and a p-value that allow for three looks."""
    sesoi, candidates, refusals = case.thresholds["sesoi"], [], []
    for sign in IMPROVEMENTS:
        wide = _law(case, sign, level=1.0 - (1.0 - case.level) / len(IMPROVEMENTS))
        if isinstance(wide, NotDecidable):
            refusals.append(wide)
            continue
        p_value = min(1.0, len(IMPROVEMENTS) * wide.test.p_value)
        method = f"{wide.slope.method}; interval widened for {len(IMPROVEMENTS)} signs"
        effect = replace(wide.slope, level=case.level, method=method)
        outcome = judge_effect(effect, sesoi, p_adjusted=None, specifications=None).outcome
        candidates.append((-BEST_FIRST.index(outcome), effect.lower, Clearest(sign, effect, p_value)))
    if not candidates:
        reasons = "; ".join(dict.fromkeys(one.reason for one in refusals))
        return NotDecidable(f"no sign of improvement can be measured: {reasons}")
    return max(candidates, key=lambda one: one[:2])[2]


def _recovery_leg(case: Case) -> tuple[Leg, str]:
    """The clearest of the three signs; and its name."""
    label, sesoi = "Bitcoin recovers after conditions, credit or fear have improved", case.thresholds["sesoi"]
    found = _clearest(case)
    if isinstance(found, NotDecidable):
        return Leg(label, found, sesoi), "nothing"
    name = case.panel.names[found.sign]
    specifications = _specifications(case, found.sign)
    return Leg(f"{label} (most clearly: {name})", found.effect, sesoi, found.p_value, specifications), name


def _specifications(case: Case, sign: str) -> tuple[SpecificationResult, ...]:
    """Horizon x sample for the sign that is judged, brought to a month; then other spans and a session later."""

    def specified(horizon: int, window: str, lag: int = 0, span: int | None = None) -> Estimate | NotDecidable:
        law = _law(case, sign, horizon=horizon, window=window, lag=lag, span=span)
        return law if isinstance(law, NotDecidable) else law.slope.scaled(_month(case) / horizon)

    results = [
        attempted(f"next {horizon} sessions, {window.replace('_', ' ')}", partial(specified, horizon, window))
        for horizon, window in product(HORIZONS, case.open_windows(*SAMPLES))
    ]
    results += [
        attempted(f"improved over {span} sessions", partial(specified, _month(case), "full", 0, span)) for span in SPANS
    ]
    results.append(attempted("known a session later", partial(specified, _month(case), "full", 1)))
    return tuple(results)


def _capture(
    case: Case,
    role: str,
    window: str = "full",
    *,
    sessions: int | None = None,
    gain: float | None = None,
) -> tuple[Estimate, float] | NotDecidable:
    if role not in case.panel.returns.columns:
        return NotDecidable(f"no series plays the role {role}")
    returns = case.panel.returns.loc[case.sessions(window)]
    return up_capture(
        returns[role],
        returns[METAL],
        sessions=sessions or _quarter(case),
        gain=case.thresholds["rally"] if gain is None else gain,
        level=case.level,
    )


def _less_one(found: tuple[Estimate, float] | NotDecidable) -> Estimate | NotDecidable:
    if isinstance(found, NotDecidable):
        return found
    ratio = found[0]
    return replace(ratio.shifted(-1.0), method=f"{ratio.method}; less one")


def _rally_leg(case: Case) -> Leg:
    label, sesoi = "the miners gain more than gold in gold's rallies", case.thresholds["up_capture"]
    found = _capture(case, MINERS)
    p_value = None if isinstance(found, NotDecidable) else found[1]
    listed: dict[str, partial[tuple[Estimate, float] | NotDecidable]] = {
        f"sample {name.replace('_', ' ')}": partial(_capture, case, MINERS, name)
        for name in case.open_windows(*SAMPLES[1:])
    }
    listed |= {
        f"{gain:g} % in {sessions} sessions": partial(_capture, case, MINERS, sessions=sessions, gain=gain)
        for sessions, gain in ((21, 3.0), (_quarter(case), 10.0), (126, 10.0))
    }
    listed["junior miners"] = partial(_capture, case, "junior_miners")
    specifications = tuple(attempted(name, partial(_specified_capture, one)) for name, one in listed.items())
    return Leg(label, _less_one(found), sesoi, p_value, specifications)


def _specified_capture(measured: partial[tuple[Estimate, float] | NotDecidable]) -> Estimate | NotDecidable:
    return _less_one(measured())


def _readings(
    case: Case, laws: dict[str, PredictiveRegression | NotDecidable]
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names = case.panel.names
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    for sign, law in laws.items():
        name = names.get(sign, sign)
        label = f"{names[SUBJECT]} in the next {_month(case)} sessions after {name} improved, against others"
        readings[label] = law if isinstance(law, NotDecidable) else law.slope
        if not isinstance(law, NotDecidable):
            readings[f"the same, one session in {_month(case)} ({sign})"] = law.non_overlapping
    for role in (MINERS, "junior_miners"):
        found = _capture(case, role)
        label = f"return of {names.get(role, role)} over {names[METAL]}'s in its rallies"
        readings[label] = found if isinstance(found, NotDecidable) else found[0]
    if "market" in case.panel.returns.columns:
        returns = case.panel.returns.loc[case.sessions("full")]
        slopes = static_beta(returns[MINERS], returns[["market", METAL]], level=case.level)
        readings[f"slope of {names[MINERS]} on {names['market']}, {names[METAL]} fixed"] = slopes["market"]
    return readings


def _forest(case: Case, laws: dict[str, PredictiveRegression | NotDecidable]) -> Exhibit:
    names = case.panel.names
    rows = {
        names[sign]: (law.slope.value, law.slope.lower, law.slope.upper)
        for sign, law in laws.items()
        if not isinstance(law, NotDecidable)
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "After an improvement minus after other sessions; Hodrick (1992) intervals, each for itself"
    return Exhibit(f"{names[SUBJECT]} over the next {_month(case)} sessions, by what improved", frame, "%", note)


def primary(case: Case) -> Primary | NotDecidable:
    """Bitcoin after the clearest improvement."""
    clearest = _clearest(case)
    return clearest if isinstance(clearest, NotDecidable) else reaching(clearest.effect, case.thresholds["sesoi"])


CLAIM = Claim(
    id="C21",
    needs=(SUBJECT, MINERS, METAL, "fear"),
    windows=("full",),
    thresholds=(
        "sesoi",
        "up_capture",
        "horizon",
        "rally",
        "rally_sessions",
        *(f"{sign}_sessions" for sign in IMPROVEMENTS),
    ),
    measure=measure,
    primary=primary,
)

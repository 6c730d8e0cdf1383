"""C19: gold stabilises first after stress.

Question   After a fall of the share market, is gold calm again, and back at its earlier price, before Bitcoin, the
           miners and the market itself?
Trap       A calm asset regains a given percentage sooner, and one that hardly fell has nothing to regain. Only assets
           that fell by more than a usual month of their own count, calm is measured against an asset's own past, and
           one that never left calm cannot come back to it. Volatility lingers for a month, so places are often shared;
           where all share one the episode says nothing. There are few episodes: "inconclusive" is the likely answer at
           any truth that is not overwhelming.
Criteria   Both parts must hold, calm and price: gold's share of first places, beyond the 1/m that chance gives one of m
           assets that fell, reaches `sesoi` with an exact interval above zero. Fewer than `minimum_episodes` episodes
           in which gold fell with another asset and they did not all tie: that part is not testable.
Thresholds sesoi (share of first places beyond chance), minimum_episodes; sessions: calm (before an episode), peak (of
           the earlier high), month (of a volatility), year (of what is usual), horizon (of a wait); slack (times the
           usual volatility that is calm).
Statistic  Mean over episodes of gold's share of the first place (ties share it) minus 1/m; exact binomial limits
           (Clopper and Pearson 1934). Episodes are dated by the market's drawdown, each after `calm` sessions without.
Secondary  Half-life of a variance shock of each asset, GJR.
Literature Kaplan and Meier (1958) for the waits that the horizon cuts off.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.verdict import Exhibit, SpecificationResult
from models.episodes import Criterion, Episode, Recoveries, drawdown_episodes, first_to_recover, recoveries
from models.estimate import Estimate, NotDecidable, TestResult
from models.persistence import variance_half_life
from models.stress import drawdown_labels

ROLES = ("metal", "crypto", "miners", "market")
CRITERIA: dict[Criterion, str] = {
    "volatility": "it is the first to be calm again",
    "price": "it is the first to be back at its earlier price",
}
#: What the share of first places is about, in the order of the criteria.
HEADLINES = ("calming down", "regaining its price")
#: Sessions after the trough at which the share that has not recovered is shown, beside the horizon itself.
SHOWN = (1, 5, 21, 63, 126)
#: Specifications: sessions without drawdown before an episode, and after which the wait is cut off.
OTHER_CALM, OTHER_HORIZON = 42, 126


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge who comes first in calm and in price."""
    levels = _levels(case, ROLES)
    episodes = _episodes(case, levels)
    waits = {criterion: _waits(case, levels, episodes, criterion) for criterion in CRITERIA}
    fell = _joint_falls(waits["price"])
    if fell < case.thresholds["minimum_episodes"]:
        return NotDecidable(f"gold fell together with another asset in only {fell} of {len(episodes)} episodes")
    legs = tuple(_leg(case, criterion, waits[criterion]) for criterion in CRITERIA)
    refusals = [leg.effect.reason for leg in legs if isinstance(leg.effect, NotDecidable)]
    if len(refusals) == len(legs):
        return NotDecidable("; ".join(dict.fromkeys(refusals)))
    headline, quoted = next(one for one in zip(HEADLINES, legs, strict=True) if isinstance(one[1].effect, Estimate))
    return Measurement(
        legs=legs,
        combine=conjunction,
        kind="conjunctive",
        headline=quoted.effect,
        headline_label=f"gold's share of first places in {headline}, beyond chance",
        n=fell,
        n_events=fell,
        window=f"{case.describe('full')}, {len(episodes)} falls of the market",
        secondary=_half_lives(case),
        exhibits=tuple(
            _waiting(case, criterion, wait) for criterion, wait in waits.items() if isinstance(wait, Recoveries)
        ),
    )


def _levels(case: Case, roles: tuple[str, ...]) -> pd.DataFrame:
    """Levels on the market's sessions: the panel's, and before its start those of the history."""
    sessions = case.panel.history["market"].dropna().index
    earlier = pd.DataFrame({role: case.panel.history[role].reindex(sessions) for role in roles})
    return case.panel.levels[list(roles)].dropna(how="all").combine_first(earlier)


def _episodes(
    case: Case, levels: pd.DataFrame, *, calm: int | None = None, since: pd.Timestamp | None = None
) -> tuple[Episode, ...]:
    """Falls of the market that begin in the window "full", or from `since` on."""
    begin = case.sessions("full")[0] if since is None else since
    stress = drawdown_labels(levels["market"], levels.index, case.study.stress)
    return tuple(
        one
        for one in drawdown_episodes(stress, levels["market"], calm=calm or int(case.thresholds["calm"]))
        if one.first >= begin
    )


def _waits(
    case: Case,
    levels: pd.DataFrame,
    episodes: tuple[Episode, ...],
    criterion: Criterion,
    horizon: int | None = None,
) -> Recoveries | NotDecidable:
    return recoveries(
        levels,
        episodes,
        criterion=criterion,
        horizon=horizon or int(case.thresholds["horizon"]),
        peak=int(case.thresholds["peak"]),
        month=int(case.thresholds["month"]),
        year=int(case.thresholds["year"]),
        slack=case.thresholds["slack"],
    )


def _joint_falls(waits: Recoveries | NotDecidable) -> int:
    if isinstance(waits, NotDecidable):
        return 0
    fell = waits.sessions.notna()
    return int((fell["metal"] & (fell.sum(axis=1) > 1)).sum())


def _leg(case: Case, criterion: Criterion, waits: Recoveries | NotDecidable) -> Leg:
    label, sesoi = CRITERIA[criterion], case.thresholds["sesoi"]
    measured = _first(case, waits)
    if isinstance(measured, NotDecidable):
        return Leg(label, measured, sesoi)
    return Leg(label, measured[0], sesoi, measured[1], _specifications(case, criterion))


def _first(case: Case, waits: Recoveries | NotDecidable) -> tuple[Estimate, float] | NotDecidable:
    if isinstance(waits, NotDecidable):
        return waits
    return first_to_recover(waits, "metal", level=case.level, minimum=int(case.thresholds["minimum_episodes"]))


def _specifications(case: Case, criterion: Criterion) -> tuple[SpecificationResult, ...]:
    """Other rivals, other episodes, a shorter horizon, and the longer history without Bitcoin."""
    levels = _levels(case, ROLES)
    episodes = _episodes(case, levels)
    variants: dict[str, tuple[pd.DataFrame, tuple[Episode, ...], int | None]] = {
        f"episodes after {OTHER_CALM} calm sessions": (levels, _episodes(case, levels, calm=OTHER_CALM), None),
        f"waits up to {OTHER_HORIZON} sessions": (levels, episodes, OTHER_HORIZON),
        "without the market": (levels.drop(columns="market"), episodes, None),
        "without Bitcoin": (levels.drop(columns="crypto"), episodes, None),
    }
    longer = levels.drop(columns="crypto")
    start = longer.dropna().index[0]
    variants[f"without Bitcoin, since {start.year}"] = (longer, _episodes(case, longer, since=start), None)
    if "junior_miners" in case.panel.levels.columns:
        juniors = _levels(case, ("metal", "crypto", "junior_miners", "market"))
        variants["junior miners"] = (juniors, episodes, None)
    results = []
    for label, (frame, chosen, horizon) in variants.items():
        waits = _waits(case, frame, chosen, criterion, horizon)
        first = _first(case, waits)
        results.append(SpecificationResult(label, first if isinstance(first, NotDecidable) else first[0]))
    return tuple(results)


def _half_lives(case: Case) -> dict[str, Estimate | TestResult | NotDecidable]:
    returns = case.panel.returns.loc[case.sessions("full"), list(ROLES)].dropna()
    return {
        f"half-life of a variance shock, {case.panel.names[margin.name]}": variance_half_life(margin, level=case.level)
        for margin in case.margins(returns, volatility="gjr").fitted
    }


def _waiting(case: Case, criterion: Criterion, waits: Recoveries) -> Exhibit:
    """Share of episodes in which an asset that fell has not recovered yet (Kaplan-Meier)."""
    rows, days = {}, (*SHOWN, int(case.thresholds["horizon"]))
    for role in waits.sessions.columns:
        fell = waits.sessions[role].notna()
        if not fell.any():
            continue
        survival = SurvfuncRight(waits.sessions.loc[fell, role].to_numpy(), waits.observed.loc[fell, role].to_numpy())
        times = np.asarray(survival.surv_times)
        left = np.concatenate([[1.0], np.asarray(survival.surv_prob)])
        rows[f"{case.panel.names[role]} ({int(fell.sum())} falls)"] = [
            float(left[np.searchsorted(times, day, side="right")]) for day in days
        ]
    columns = [f"{day} session{'s' if day > 1 else ''}" for day in days]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    calm = criterion == "volatility"
    what = "calm again" if calm else "back at its earlier price"
    return Exhibit(
        f"share not yet {what}, by sessions after the market's low",
        frame,
        "share of episodes",
        f"Kaplan-Meier; assets that fell by more than a usual month of their own{' and left calm' if calm else ''}",
    )


def primary(case: Case) -> Primary | NotDecidable:
    """Gold's share of first places in the first criterion that decides."""
    levels = _levels(case, ROLES)
    episodes = _episodes(case, levels)
    found = [_first(case, _waits(case, levels, episodes, criterion)) for criterion in CRITERIA]
    decided = next((one for one in found if not isinstance(one, NotDecidable)), found[0])
    return decided if isinstance(decided, NotDecidable) else reaching(decided[0], case.thresholds["sesoi"])


CLAIM = Claim(
    id="C19",
    needs=ROLES,
    windows=("full",),
    thresholds=("sesoi", "minimum_episodes", "calm", "peak", "month", "year", "slack", "horizon"),
    measure=measure,
    primary=primary,
)

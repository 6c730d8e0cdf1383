"""C16: the falls came from deleveraging rather than from worse fundamentals.

Question   Of what the drivers explain of the fall of Bitcoin and of the miners, does more than half belong to fear,
           credit and growth shares, rather than to gold, real yields, the dollar and oil?
Trap       Blocks that move together can be given the credit in any order; the Shapley value averages over the orders.
           Shares of an explained move say nothing where little is explained, and have no bound where one block pushes
           down and the other up: they are taken of what the blocks took away. An asset's own volume signed by its own
           return explains that return by construction: it is no driver here, only a listed alternative. Nothing in
           daily prices tells a forced sale from a chosen one: "in line with", never "caused by".
Criteria   Both assets must show it, and both must have fallen. The general rule on theta = share of the risk block
           less one half. Where the model follows the asset within the window with an R-squared below `minimum_r2`,
           or all drivers together explain no fall, the part is inconclusive; where no block pushes down, there are no
           shares of a fall. Alternatives in which the asset did not fall, or the model misses any of these marks, are
           listed with the reason and not counted.
Thresholds sesoi (share above one half), minimum_r2 (within the window).
Statistic  Shapley share of what the blocks took away; slopes from sessions outside the window, resampled in blocks;
           the window's moves held fixed.
Secondary  Contributions, R-squared within the window, abnormal volume in it; the month after falls of both in fear:
           a fall that selling alone made should be made good.
Literature Shapley (1953); Lindeman, Merenda and Gold (1980); Coval and Stafford (2007) on fire sales that reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import Span, moved_spans, observed, window_span
from models.claims.oil import around_zero, oil_returns
from models.claims.primary import Primary
from models.claims.rule import Ruling, conjunction
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.drivers import Attribution, attribute_window, long_horizon_regression
from models.estimate import Estimate, NotDecidable, TestResult, measured_or_reason
from models.liquidity import abnormal_log_volume
from models.stress import fear_stress

RISK = ("fear", "credit", "growth")
FUNDAMENTALS: Mapping[str, tuple[str, ...]] = {
    "crypto": ("real_yield", "dollar", "metal"),
    "miners": ("metal", "real_yield", "dollar", "oil"),
}
HALF = 0.5
#: Resamples of specifications and of the figure.
FEW = 99
MONTH = 21
SAMPLES = ("post_2020", "bitcoin_fund_era")


@dataclass(frozen=True, slots=True)
class Setting:
    """How an attribution is made: the window, the drivers of each block, and the sessions that give the slopes."""

    window: pd.DatetimeIndex
    risk: tuple[str, ...] = RISK
    sample: str = "full"
    left_out: tuple[str, ...] = ()


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the share of the risk block in both falls."""
    window = case.sessions("short")
    risen = [role for role in FUNDAMENTALS if case.panel.returns.loc[window, role].sum() >= 0.0]
    if risen:
        return NotDecidable(f"{case.panel.names[risen[0]].lower()} did not fall in the short window")
    drivers = cache(partial(_drivers, case))
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    legs, attributions, caveats = [], [], []
    for role in FUNDAMENTALS:
        found = _attribution(case, drivers(role), role, Setting(window), case.replications)
        alternatives = _alternatives(case, drivers(role), role) if isinstance(_excess(found), Estimate) else {}
        legs.append(_leg(case, role, found, alternatives))
        caveats += _silence(case, role, alternatives)
        readings |= _contributions(case, role, found)
        attributions.append(found)
    headline = legs[0].effect
    return Measurement(
        legs=tuple(legs),
        combine=conjunction,
        kind="conjunctive",
        headline=headline.shifted(HALF) if isinstance(headline, Estimate) else headline,
        headline_label=f"share of the risk block in the explained fall of {case.panel.names['crypto']}",
        n=next((one.n for one in attributions if isinstance(one, Attribution)), 0),
        n_events=window.size,
        window=case.describe("short"),
        secondary=readings | _volumes(case, window) | _reversals(case),
        exhibits=(_waterfall(case, drivers, window),),
        caveats=tuple(caveats),
    )


def _drivers(case: Case, role: str) -> pd.DataFrame:
    """Changes of whatever may explain `role`; oil in percent, without the weeks around its negative price."""
    returns = case.panel.returns
    frame = returns.drop(columns=[role, "conditions"], errors="ignore")
    if "oil" in frame.columns:
        frame = frame.assign(oil=oil_returns(case.panel.levels["oil"]))
    if role in case.panel.volumes.columns:
        volume = abnormal_log_volume(case.panel.volumes[role])
        if not isinstance(volume, NotDecidable):
            frame = frame.assign(volume=volume.reindex(frame.index) * np.sign(returns[role]))
    return frame


def _attribution(
    case: Case, drivers: pd.DataFrame, role: str, setting: Setting, replications: int
) -> Attribution | NotDecidable:
    fundamentals = tuple(name for name in FUNDAMENTALS[role] if name not in setting.left_out)
    blocks = {"risk": setting.risk, "fundamentals": fundamentals}
    absent = [name for names in blocks.values() for name in names if name not in drivers.columns]
    if absent:
        return NotDecidable(f"no series plays the role {absent[0]}")
    resampling = case.resampling(replications)
    sample = _slope_sessions(case, setting.sample)
    return attribute_window(case.panel.returns[role], drivers, blocks, setting.window, resampling, sample)


def _slope_sessions(case: Case, window: str) -> pd.DatetimeIndex:
    """Sessions that may give slopes: those of the window without the weeks around oil's negative price."""
    sessions = case.sessions(window)
    return sessions[~around_zero(sessions)]


def _excess(found: Attribution | NotDecidable) -> Estimate | NotDecidable:
    """Share of the risk block in what the drivers took away, less one half."""
    if isinstance(found, NotDecidable):
        return found
    share = found.shares["risk"]
    return share if isinstance(share, NotDecidable) else share.shifted(-HALF)


def _specified(case: Case, found: Attribution | NotDecidable) -> Estimate | NotDecidable:
    """The excess where the window holds a fall that the drivers follow and explain."""
    if isinstance(found, NotDecidable):
        return found
    if found.move >= 0.0:
        return NotDecidable("no fall in this window")
    weakness = _weakness(found, case.thresholds["minimum_r2"])
    return _excess(found) if weakness is None else NotDecidable(weakness)


def _weakness(found: Attribution, least: float) -> str | None:
    """Why shares of the explained fall say nothing of the fall itself; None where they do."""
    if found.r_squared < least:
        return f"within the window the drivers follow it with an R-squared of {found.r_squared:.2f}, below {least:g}"
    if isinstance(found.explained, Estimate) and found.explained.value >= 0.0:
        return f"on balance the drivers explain no fall: {found.explained.value:+.1f} % of {found.move:+.1f} %"
    return None


def _leg(
    case: Case, role: str, found: Attribution | NotDecidable, alternatives: Mapping[str, Attribution | NotDecidable]
) -> Leg:
    label = f"{case.panel.names[role]}: most of the explained fall is fear, credit and growth shares"
    effect, sesoi = _excess(found), case.thresholds["sesoi"]
    if isinstance(found, NotDecidable) or isinstance(effect, NotDecidable):
        return Leg(label, effect, sesoi)
    weakness = _weakness(found, case.thresholds["minimum_r2"])
    ruling = None if weakness is None else Ruling(Outcome.INCONCLUSIVE, weakness)
    specifications = tuple(SpecificationResult(name, _specified(case, one)) for name, one in alternatives.items())
    return Leg(label, effect, sesoi, found.share_p_value("risk", HALF), specifications, ruling)


def _alternatives(case: Case, drivers: pd.DataFrame, role: str) -> dict[str, Attribution | NotDecidable]:
    """Other windows, samples and blocks, one change at a time."""
    window = case.sessions("short")
    settings: dict[str, Setting] = {}
    for span in moved_spans(case, "short"):
        settings[span.label] = Setting(_inside(case, span))
    if role == "crypto" and "long" in case.study.windows:
        settings["long window"] = Setting(_inside(case, window_span(case, "long")))
    for name in case.open_windows(*SAMPLES):
        settings[f"slopes from {name.replace('_', ' ')}"] = Setting(window, sample=name)
    blocks = {
        "without growth shares": ("fear", "credit"),
        "without fear": ("credit", "growth"),
        "market for growth shares": ("fear", "credit", "market"),
        "bond fund for the spread": ("fear", "credit_fund", "growth"),
        "with its own signed volume": (*RISK, "volume"),
    }
    settings["gold in neither block"] = Setting(window, left_out=("metal",))
    settings |= {name: Setting(window, risk=risk) for name, risk in blocks.items()}

    return {
        label: measured_or_reason(_attribution, case, drivers, role, setting, FEW)
        for label, setting in settings.items()
    }


def _silence(case: Case, role: str, alternatives: Mapping[str, Attribution | NotDecidable]) -> list[str]:
    """How many alternatives say nothing, and why; nothing where all of them speak."""
    least = case.thresholds["minimum_r2"]
    silent = [one for one in alternatives.values() if isinstance(_specified(case, one), NotDecidable)]
    if not silent:
        return []
    fallen = [one for one in silent if isinstance(one, Attribution) and one.move < 0.0]
    risen = sum(isinstance(one, Attribution) and one.move >= 0.0 for one in silent)
    unfollowed = sum(one.r_squared < least for one in fallen)
    reasons = {
        f"the drivers follow it within the window with an R-squared below {least:g} (asked of the judged "
        "measure too)": unfollowed,
        "it did not fall": risen,
        "on balance the drivers explain no fall of which there could be shares": len(silent) - unfollowed - risen,
    }
    why = "; ".join(f"in {count} {reason}" for reason, count in reasons.items() if count)
    name = case.panel.names[role]
    return [f"{name}: {len(silent)} of the {len(alternatives)} listed alternatives say nothing: {why}."]


def _inside(case: Case, span: Span) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(case.panel.returns.index)
    return index[(index > span.base) & (index <= span.last)]


def _contributions(
    case: Case, role: str, found: Attribution | NotDecidable
) -> dict[str, Estimate | TestResult | NotDecidable]:
    name = case.panel.names[role]
    if isinstance(found, NotDecidable):
        return {f"{name}, attribution": found}
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        f"{name}, move of the window, log": observed(found.move, "%", found.sessions, case.level),
        f"{name}, R-squared within the window": observed(found.r_squared, "", found.sessions, case.level),
    }
    return readings | {f"{name}, due to {block}": part for block, part in found.contributions.items()}


def _volumes(case: Case, window: pd.DatetimeIndex) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Mean abnormal log volume in the window."""
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    for role in (*FUNDAMENTALS, "metal"):
        if role not in case.panel.volumes.columns:
            continue
        volume = abnormal_log_volume(case.panel.volumes[role])
        label = f"{case.panel.names[role]}, mean abnormal log volume in the window"
        if isinstance(volume, NotDecidable):
            readings[label] = volume
            continue
        inside = volume.reindex(window).dropna()
        if len(inside):
            readings[label] = observed(inside.mean(), "log points", len(inside), case.level)
    return readings


def _reversals(case: Case) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Return of the next month after a week in which both fell, in fear, against other sessions."""
    sessions = case.sessions("full")
    returns = case.panel.returns.loc[sessions, list(FUNDAMENTALS)].fillna(0.0)
    fear = fear_stress(case.panel, case.study.stress).reindex(sessions)
    days = case.sessions("short").size
    fell = ((returns.rolling(days).sum() < 0.0).all(axis=1) & fear).astype(float)
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    for role in FUNDAMENTALS:
        changes = np.asarray(returns[role], dtype=np.float64)
        law = long_horizon_regression(changes, np.asarray(fell, dtype=np.float64), MONTH, level=case.level)
        label = f"{case.panel.names[role]}, next {MONTH} sessions after both fell in fear, against others"
        readings[label] = law if isinstance(law, NotDecidable) else law.slope
    return readings


def _waterfall(case: Case, drivers: Callable[[str], pd.DataFrame], window: pd.DatetimeIndex) -> Exhibit:
    """Contribution of each single driver to the move, Shapley over drivers."""
    resampling = case.resampling(FEW)
    sample = _slope_sessions(case, "full")
    rows = {}
    for role, fundamentals in FUNDAMENTALS.items():
        single = {name: (name,) for name in (*RISK, *fundamentals) if name in drivers(role).columns}
        found = attribute_window(case.panel.returns[role], drivers(role), single, window, resampling, sample)
        if isinstance(found, NotDecidable):
            continue
        for driver, part in found.contributions.items():
            if isinstance(part, Estimate):
                named = case.panel.names.get(driver, driver)
                rows[f"{case.panel.names[role]}: {named}"] = (part.value, part.lower, part.upper)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "Shapley value over single drivers; the rows of an asset add up to its log move; moves held fixed"
    return Exhibit("what the drivers make of the fall", frame, "%", note)


def primary(case: Case) -> Primary | NotDecidable:
    """Share of the risk block in the explained fall of Bitcoin."""
    role = next(iter(FUNDAMENTALS))
    found = _attribution(case, _drivers(case, role), role, Setting(case.sessions("short")), case.replications)
    excess = _specified(case, found)
    if isinstance(excess, NotDecidable):
        return excess
    return Primary(excess.shifted(HALF), excess.value > 0.0, excess.value >= case.thresholds["sesoi"])


CLAIM = Claim(
    id="C16",
    needs=("crypto", *RISK, *FUNDAMENTALS["miners"], "miners"),
    windows=("short", "full"),
    thresholds=("sesoi", "minimum_r2"),
    measure=measure,
    primary=primary,
)

"""C18: mining shares are thinly traded, so outflows move them disproportionately.

Question   Does a dollar traded move the miners further than gold, measured in units of what each usually moves?
Trap       The plain measure of illiquidity, the size of the move for each dollar traded, calls every volatile asset
           illiquid: most of the ratio of miners to gold is their volatility. The primary measure divides each move by
           its own conditional volatility first. What is measured is the trade in a fund's shares, which can be busy
           while the shares it holds are thin, and the reverse. Elsewhere the article calls miners and Bitcoin both
           highly liquid, which cannot hold beside this statement.
Criteria   The general rule on theta = mean monthly log ratio of the volatility-adjusted illiquidity of miners and gold
           against the log of `ratio`.
Thresholds ratio (times).
Statistic  Monthly means of the daily ratio of absolute standardised return to dollar volume; equal-weighted cosine
           intervals over months.
Secondary  Percent moved by a unit of relative volume on busy falling days, plain and in own volatilities; bid-ask
           spreads from daily ranges.
Literature Amihud (2002); Corwin and Schultz (2012); Barardehi, Bernhardt, Ruchti and Weidenmier (2021) on moves within
           the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import as_times
from models.claims.primary import Primary
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.hac import cosine_degrees_of_freedom
from models.inference.intervals import student_p_value
from models.liquidity import (
    abnormal_log_volume,
    corwin_schultz_spread,
    mean_spread,
    monthly_log_ratio,
    outflow_impact_ratio,
    price_impact,
)

THIN, DEEP = "miners", "metal"
#: Pairs of the specifications: the first is said to be thinner than the second.
PAIRS = ((THIN, DEEP), ("junior_miners", DEEP), (THIN, "crypto"))
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the ratio of volatility-adjusted illiquidity."""
    read = cache(partial(_read, case))
    effect = _ratio(case, read, *JUDGED)
    if isinstance(effect, NotDecidable):
        return effect
    sesoi = float(np.log(case.thresholds["ratio"]))
    p_value = student_p_value(effect.value, effect.std_error or 0.0, cosine_degrees_of_freedom(effect.n))
    alternatives = _alternatives(case, read)
    specifications = tuple(alternatives.values())
    names = case.panel.names
    return Measurement(
        legs=(Leg("a dollar moves the miners further than gold", effect, sesoi, p_value, specifications),),
        combine=conjunction,
        kind="single",
        headline=as_times(effect),
        headline_label=f"illiquidity of {names[THIN].lower()} over that of {names[DEEP].lower()}, per own volatility",
        n=effect.n,
        window=f"{case.describe('full')}, {effect.n} months",
        secondary=_readings(case, read),
        exhibits=(_lines(case, read),),
        caveats=_against_the_curve(effect, sesoi, alternatives),
    )


def _dollars(case: Case, role: str) -> pd.Series:
    volume = case.panel.volumes[role]
    return volume if _always_open(case, role) else volume * case.panel.closes[role]


def _always_open(case: Case, role: str) -> bool:
    """Whether it trades around the clock: its volume is in dollars already, and its market has no night."""
    return case.study.instrument(role).trades == "always"


def _volatility(case: Case, role: str) -> pd.Series:
    returns = case.panel.returns[role].dropna()
    margins = case.margins(returns.to_frame(role))
    return pd.Series(np.sqrt(margins.variances[role].to_numpy()), index=returns.index)


def _inside(case: Case, role: str) -> pd.Series:
    """Percent log return from open to close."""
    if role not in case.panel.bars:
        raise EstimationError(role, "has no opening prices", "Give a file with open, high and low.")
    bars = case.panel.bars[role]
    return pd.Series(100.0 * np.log((bars["close"] / bars["open"]).to_numpy(dtype=np.float64)), index=bars.index)


def _adjusted_impact(case: Case, role: str) -> pd.Series | NotDecidable:
    return price_impact(case.panel.returns[role], _dollars(case, role), _volatility(case, role))


def _plain_impact(case: Case, role: str) -> pd.Series | NotDecidable:
    return price_impact(case.panel.returns[role], _dollars(case, role))


def _inside_impact(case: Case, role: str) -> pd.Series | NotDecidable:
    return price_impact(_inside(case, role), _dollars(case, role))


def _spread(case: Case, role: str) -> pd.Series | NotDecidable:
    if role not in case.panel.bars:
        return NotDecidable(f"{case.panel.names[role]} has no daily ranges")
    return corwin_schultz_spread(case.panel.bars[role], overnight=not _always_open(case, role))["floored"]


MEASURES: dict[str, Callable[[Case, str], pd.Series | NotDecidable]] = {
    "per own volatility": _adjusted_impact,
    "plain": _plain_impact,
    "open to close": _inside_impact,
    "spread from ranges": _spread,
}


#: Measure, pair and sample of a ratio.
Setting = tuple[str, tuple[str, str], str]
JUDGED: Setting = ("per own volatility", (THIN, DEEP), "full")
#: A measure by name and role.
Read = Callable[[str, str], pd.Series | NotDecidable]


def _read(case: Case, measure_name: str, role: str) -> pd.Series | NotDecidable:
    if role not in case.panel.volumes.columns:
        return NotDecidable(f"no series plays the role {role}")
    return MEASURES[measure_name](case, role)


def _ratio(case: Case, read: Read, measure_name: str, pair: tuple[str, str], window: str) -> Estimate | NotDecidable:
    sessions, measured = case.sessions(window), []
    for role in pair:
        series = read(measure_name, role)
        if isinstance(series, NotDecidable):
            return series
        measured.append(series[series.index.isin(sessions)])
    return monthly_log_ratio(*measured, level=case.level)


def _alternatives(case: Case, read: Read) -> dict[Setting, SpecificationResult]:
    """Measure x pair x sample."""
    names = case.panel.names
    return {
        (name, (first, second), window): attempted(
            f"{name}, {names.get(first, first).lower()} over {names.get(second, second)}, {window.replace('_', ' ')}",
            partial(_ratio, case, read, name, (first, second), window),
        )
        for name, (first, second), window in product(MEASURES, PAIRS, case.open_windows(*SAMPLES))
    }


def _against_the_curve(
    effect: Estimate, sesoi: float, alternatives: Mapping[Setting, SpecificationResult]
) -> tuple[str, ...]:
    """Where the judged interval excludes a size that most alternatives exceed: what makes the difference."""
    values = {
        setting: one.estimate.value for setting, one in alternatives.items() if isinstance(one.estimate, Estimate)
    }
    above = sum(value > sesoi for value in values.values())
    if effect.upper >= sesoi or 2 * above <= len(values):
        return ()
    words = [
        f"The judged interval ends at {np.exp(effect.upper):.1f} times, below the {np.exp(sesoi):.3g} times asked for, "
        f"and yet {above} of {len(values)} alternatives exceed that."
    ]
    plain = values.get(("plain", *JUDGED[1:]))
    if plain is not None and plain > effect.value:
        words.append(
            f"Of the plain log ratio of {plain:.2f}, {plain - effect.value:.2f} goes when each move is divided by its "
            "own volatility, as the judged measure does."
        )
    changed = [
        f"{what} gives {_times(found)}"
        for at, what in enumerate(("another measure", "another pair", "a later sample"))
        if (found := [value for setting, value in values.items() if _differs_only(setting, at)])
    ]
    if changed:
        words.append(f"One change at a time: {'; '.join(changed)}.")
    return (" ".join(words),)


def _differs_only(setting: Setting, at: int) -> bool:
    return [place for place in range(len(JUDGED)) if setting[place] != JUDGED[place]] == [at]


def _times(logs: list[float]) -> str:
    low, high = (f"{float(np.exp(one)):.1f}" for one in (min(logs), max(logs)))
    return f"{low} times" if low == high else f"{low} to {high} times"


def _readings(case: Case, read: Read) -> dict[str, Estimate | TestResult | NotDecidable]:
    sessions = case.sessions("full")
    resampling = case.resampling(case.replications)
    abnormal, returns, scaled = {}, {}, {}
    for role in (THIN, DEEP):
        volume = abnormal_log_volume(_dollars(case, role))
        if isinstance(volume, NotDecidable):
            return {"busy falling days": volume}
        abnormal[role], returns[role] = volume.loc[sessions], case.panel.returns[role]
        scaled[role] = case.panel.returns[role] / _volatility(case, role)
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        "percent moved by a unit of relative volume on busy falling days, log ratio": outflow_impact_ratio(
            returns[THIN], abnormal[THIN], returns[DEEP], abnormal[DEEP], resampling
        ),
        "the same in own volatilities": outflow_impact_ratio(
            scaled[THIN], abnormal[THIN], scaled[DEEP], abnormal[DEEP], resampling
        ),
        "plain log ratio of illiquidity": _ratio(case, read, "plain", (THIN, DEEP), "full"),
    }
    for role in (THIN, "junior_miners", DEEP, "crypto"):
        if role in case.panel.volumes.columns:
            spread = read("spread from ranges", role)
            readings[f"spread of {case.panel.names[role]} from its ranges"] = (
                spread
                if isinstance(spread, NotDecidable)
                else mean_spread(spread[spread.index.isin(sessions)], level=case.level)
            )
    return readings


def _lines(case: Case, read: Read) -> Exhibit:
    """Monthly log of the volatility-adjusted measure."""
    paths = {}
    for role in (THIN, "junior_miners", DEEP, "crypto"):
        impact = read("per own volatility", role)
        if isinstance(impact, NotDecidable):
            continue
        monthly = impact[impact.index.isin(case.sessions("full"))].resample("ME").mean()
        paths[case.panel.names[role]] = monthly.where(monthly > 0.0).apply(np.log)
    note = (
        "Mean of |return| / volatility for each million dollars traded; the trade in a fund is not that in its assets"
    )
    return Exhibit("illiquidity by month", pd.DataFrame(paths), "log points", note)


def primary(case: Case) -> Primary | NotDecidable:
    """Ratio of volatility-adjusted illiquidity."""
    effect = _ratio(case, partial(_read, case), *JUDGED)
    if isinstance(effect, NotDecidable):
        return effect
    return Primary(as_times(effect), effect.value > 0.0, effect.value >= float(np.log(case.thresholds["ratio"])))


CLAIM = Claim(
    id="C18",
    needs=(THIN, DEEP),
    windows=("full",),
    thresholds=("ratio",),
    measure=measure,
    primary=primary,
)

"""C09: Bitcoin is still among the most volatile liquid assets.

Question   Is Bitcoin's volatility well above the miners', and above that of most liquid assets, day after day?
Trap       Annual figures mix clocks: Bitcoin trades every hour of the year, a fund six and a half hours on some 252
           days. The primary figures are per session, so that a Monday holds the weekend; per trading hour and per
           calendar day are listed alternatives. Volatility moves slowly, so thousands of days hold little independent
           information, and old turmoil may hide that the gap has closed: "still" is also asked of the years with
           Bitcoin funds.
Criteria   Both parts must hold. Ratio: mean log ratio of conditional volatilities to the miners', by the general rule
           against the log of `ratio`. Rank: mean share of the other assets that are less volatile, interval above
           `rank_share`.
Thresholds ratio (times), rank_share (share of the other assets).
Statistic  GJR-GARCH volatilities with Student-t errors; stationary bootstrap of the daily log ratio and rank share.
Falsifier  Since 2024 junior miners or silver may match it.
Literature Glosten, Jagannathan and Runkle (1993); Parkinson (1980); Garman and Klass (1980).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import as_times, observed
from models.claims.primary import Primary
from models.claims.rule import Ruling, conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.hac import least_squares
from models.inference.resampling import Resampling, percentile_estimate
from models.liquidity import garman_klass_variance, parkinson_variance

SUBJECT, RIVAL = "crypto", "miners"
#: Roles of liquid assets, as far as the study has them.
LIQUID = (
    "market",
    "growth",
    "metal",
    "silver",
    "miners",
    "junior_miners",
    "oil",
    "emerging",
    "credit_fund",
    "treasuries",
    "dollar",
)
#: Sessions of a realised volatility and of a mean range variance.
REALISED, MONTH = 63, 21
#: Days and sessions in a year; hours in a day and in a session.
CALENDAR_DAYS, SESSIONS, HOURS, OPEN_HOURS = 365, 252, 24.0, 6.5
SINCE_FUNDS = "bitcoin_fund_era"
SAMPLES = ("full", "post_2020", SINCE_FUNDS)


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the ratio to the miners' volatility and the rank among liquid assets."""
    volatility, refused = _conditional_volatilities(case)
    if {SUBJECT, RIVAL} - set(volatility.columns):
        return NotDecidable("a volatility cannot be estimated: " + "; ".join(f"{k}: {v}" for k, v in refused.items()))
    volatility = volatility.reindex(case.sessions("full")).dropna(subset=[SUBJECT, RIVAL])
    others = volatility.drop(columns=SUBJECT)
    log_ratio = _log_ratio(volatility[SUBJECT], volatility[RIVAL])
    rank = _rank_share(volatility)
    resampling = case.resampling(case.replications)
    ratio = _ratio_of_means(log_ratio, resampling)
    what = f"mean share of {others.shape[1]} other assets that are less volatile"
    share = _bootstrap_mean(rank, resampling, what, "")
    if isinstance(ratio, NotDecidable):
        return ratio
    sesoi = float(np.log(case.thresholds["ratio"]))
    specifications = _specifications(case, volatility)
    names = case.panel.names
    return Measurement(
        legs=(
            Leg(f"volatility well above that of {names[RIVAL].lower()}", ratio, sesoi, None, specifications),
            _rank_leg(case, share),
        ),
        combine=conjunction,
        kind="fact",
        headline=as_times(ratio),
        headline_label=f"volatility of {names[SUBJECT]} over that of {names[RIVAL].lower()}",
        n=len(volatility),
        window=case.describe("full"),
        secondary=_readings(case, volatility, rank, refused, resampling),
        exhibits=(_path(case, volatility), _by_asset(case, volatility)),
    )


def _conditional_volatilities(case: Case) -> tuple[pd.DataFrame, dict[str, str]]:
    """Percent per session from GJR-GARCH with Student-t errors, a column for each role; and the roles without."""
    columns, refused = {}, {}
    for role in dict.fromkeys((SUBJECT, RIVAL, *LIQUID)):
        if role not in case.panel.returns.columns:
            refused[role] = f"no series plays the role {role}"
            continue
        try:
            columns[role] = _conditional_volatility(case, role)
        except EstimationError as error:
            refused[role] = error.problem
    return pd.DataFrame(columns), refused


def _conditional_volatility(case: Case, role: str) -> pd.Series:
    margins = case.margins(_percent(case, role).to_frame(role), volatility="gjr", distribution="t")
    return margins.variances[role].pow(0.5)


def _ratio_of_means(log_ratio: pd.Series, resampling: Resampling) -> Estimate | NotDecidable:
    return _bootstrap_mean(log_ratio, resampling, "mean log ratio of GJR-GARCH-t volatilities", "log points")


def _percent(case: Case, role: str) -> pd.Series:
    """Percent changes; of a price that is differenced since it may be negative, sessions around zero are left out."""
    if case.panel.units[role] == "%":
        return case.panel.returns[role].dropna()
    levels = case.panel.levels[role].dropna()
    positive = (levels > 0.0) & (levels.shift(1) > 0.0)
    changes = 100.0 * np.log(levels.where(levels > 0.0)).diff()
    return changes[positive].dropna()


def _log_ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    ratio = above / below
    return pd.Series(np.log(ratio.to_numpy(dtype=np.float64)), index=ratio.index)


def _rank_share(volatility: pd.DataFrame) -> pd.Series:
    """Share of the other assets with a value that are less volatile, by session."""
    others = volatility.drop(columns=SUBJECT)
    lower = others.lt(volatility[SUBJECT], axis=0).sum(axis=1)
    return lower / others.notna().sum(axis=1)


def _bootstrap_mean(series: pd.Series, resampling: Resampling, what: str, unit: str) -> Estimate | NotDecidable:
    values = series.to_numpy(dtype=np.float64)
    if np.ptp(values) <= 0.0:
        return observed(float(values[0]), unit, values.size, resampling.level, what)
    draws = values[resampling.indices(values - values.mean())].mean(axis=1)
    return percentile_estimate(
        float(values.mean()), draws, level=resampling.level, n=values.size, unit=unit, method=what
    )


def _robust_mean(series: pd.Series, level: float, what: str) -> Estimate | NotDecidable:
    values = series.dropna().to_numpy(dtype=np.float64)
    if values.size < REALISED or np.ptp(values) <= 0.0:
        return NotDecidable(f"{values.size} sessions with both volatilities")
    fit = least_squares(values, np.ones((values.size, 1)))
    return fit.estimate(0, level=level, unit="log points", method=f"{what}, cosine HAC")


def _rank_leg(case: Case, share: Estimate | NotDecidable) -> Leg:
    wanted = case.thresholds["rank_share"]
    label = f"more volatile than {wanted:.0%} of the liquid assets, on average over days"
    if isinstance(share, NotDecidable):
        return Leg(label, share, wanted)
    if share.lower >= wanted:
        ruling = Ruling(Outcome.SUPPORTED, f"on average {share.value:.0%} of the others are less volatile")
    elif share.upper < wanted:
        ruling = Ruling(Outcome.NOT_SUPPORTED, f"on average only {share.value:.0%} of the others are less volatile")
    else:
        ruling = Ruling(Outcome.INCONCLUSIVE, f"the interval of the share, {share.value:.0%}, straddles {wanted:.0%}")
    return Leg(label, share, wanted, ruling=ruling)


def _measures(case: Case, volatility: pd.DataFrame, rival: str) -> dict[str, Callable[[], pd.Series]]:
    """Daily log ratio of the two volatilities, measured in several ways."""
    returns = case.panel.returns[[SUBJECT, rival]]
    bars, history = case.panel.bars, case.panel.history[SUBJECT]
    conditional = _log_ratio(volatility[SUBJECT], volatility[rival])
    daily = np.log(history.loc[case.panel.levels.index[0] :]).diff()

    def ranges(variance: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
        if SUBJECT not in bars or rival not in bars:
            raise EstimationError("daily ranges", "one of the two has none", "Give files with open, high and low.")
        first, second = (
            variance(bars[role]).rolling(MONTH, min_periods=MONTH // 2).mean() for role in (SUBJECT, rival)
        )
        return 0.5 * _log_ratio(first, second)

    def own_calendar() -> pd.Series:
        own = daily.rolling(CALENDAR_DAYS * REALISED // SESSIONS).std() * np.sqrt(CALENDAR_DAYS)
        return _log_ratio(own.reindex(returns.index), realised[rival] / 100.0 * np.sqrt(SESSIONS))

    realised = returns.rolling(REALISED).std()
    return {
        "GJR-GARCH-t": lambda: conditional,
        "realised": lambda: _log_ratio(realised[SUBJECT], realised[rival]),
        "Parkinson range": lambda: ranges(parkinson_variance),
        "Garman-Klass range": lambda: ranges(garman_klass_variance),
        f"annual, {CALENDAR_DAYS} against {SESSIONS} days": own_calendar,
        "per hour of trading": lambda: conditional - 0.5 * float(np.log(HOURS * CALENDAR_DAYS / SESSIONS / OPEN_HOURS)),
    }


def _specifications(case: Case, volatility: pd.DataFrame) -> tuple[SpecificationResult, ...]:
    """Measure of volatility x miners x sample."""
    results = []
    for rival in (RIVAL, "junior_miners"):
        if rival not in volatility.columns:
            results.append(SpecificationResult(rival, NotDecidable(f"no volatility for the role {rival}")))
            continue
        for (name, series), window in product(_measures(case, volatility, rival).items(), case.open_windows(*SAMPLES)):
            label = f"{name}, {case.panel.names[rival].lower()}, {window.replace('_', ' ')}"
            results.append(attempted(label, partial(_over, series, case.sessions(window), case.level, name)))
    return tuple(results)


def _over(
    series: Callable[[], pd.Series], sessions: pd.DatetimeIndex, level: float, what: str
) -> Estimate | NotDecidable:
    return _robust_mean(series().reindex(sessions), level, f"mean log ratio, {what}")


def _readings(
    case: Case, volatility: pd.DataFrame, rank: pd.Series, refused: dict[str, str], resampling: Resampling
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names = case.panel.names
    log_ratio = _log_ratio(volatility[SUBJECT], volatility[RIVAL])
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        "mean log ratio, interval by cosine HAC": _robust_mean(log_ratio, case.level, "mean log ratio")
    }
    for window in case.open_windows(SINCE_FUNDS):
        recent = volatility.loc[volatility.index.isin(case.sessions(window))]
        if len(recent) <= REALISED:
            continue
        since = recent.index[0].date()
        for role in (role for role in (RIVAL, "junior_miners", "silver") if role in recent.columns):
            ratio = _bootstrap_mean(
                _log_ratio(recent[SUBJECT], recent[role]), resampling, "mean log ratio", "log points"
            )
            label = f"ratio to {names[role].lower()} since {since}"
            readings[label] = ratio if isinstance(ratio, NotDecidable) else as_times(ratio)
        readings[f"share of the others that are less volatile since {since}"] = _bootstrap_mean(
            rank.loc[recent.index], resampling, "mean share", ""
        )
    for role, why in refused.items():
        readings[f"volatility of {role.replace('_', ' ')}"] = NotDecidable(why)
    return readings


def _by_asset(case: Case, volatility: pd.DataFrame) -> Exhibit:
    """Conditional volatility of each asset: median, and the range in which it lay on nine sessions in ten."""
    annual = np.sqrt(SESSIONS) * volatility
    columns = {"median": 0.5, "5th percentile": 0.05, "95th percentile": 0.95}
    frame = pd.DataFrame({name: annual.quantile(share) for name, share in columns.items()})
    frame = frame.sort_values("median", ascending=False).rename(index=dict(case.panel.names))
    frame.index.name = "asset"
    return Exhibit("volatility by asset", frame, "% a year", f"Percentiles over sessions; {SESSIONS} sessions a year")


def _path(case: Case, volatility: pd.DataFrame) -> Exhibit:
    roles = [role for role in (SUBJECT, RIVAL, "junior_miners", "silver") if role in volatility.columns]
    frame = np.sqrt(SESSIONS) * volatility[roles]
    return Exhibit(
        "conditional volatility",
        frame.rename(columns=dict(case.panel.names)),
        "% a year",
        "GJR-GARCH, Student-t errors",
    )


def primary(case: Case) -> Primary | NotDecidable:
    """Ratio of conditional volatilities to the miners'; volatilities from the whole panel."""
    volatility = pd.DataFrame({role: _conditional_volatility(case, role) for role in (SUBJECT, RIVAL)})
    inside = volatility.reindex(case.sessions("full")).dropna()
    ratio = _ratio_of_means(_log_ratio(inside[SUBJECT], inside[RIVAL]), case.resampling(case.replications))
    if isinstance(ratio, NotDecidable):
        return ratio
    return Primary(as_times(ratio), ratio.value > 0.0, ratio.value >= float(np.log(case.thresholds["ratio"])))


CLAIM = Claim(
    id="C09",
    needs=(SUBJECT, RIVAL),
    windows=("full",),
    thresholds=("ratio", "rank_share"),
    measure=measure,
    primary=primary,
)

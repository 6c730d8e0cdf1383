"""C08: Bitcoin is hit first and the miners follow.

Question   Do the miners, after New York has opened, go on in the direction Bitcoin took while New York was shut?
Trap       Bitcoin's day ends at midnight UTC, hours after New York's close: on that clock it seems to lead the miners
           because its day holds more news. The primary measure takes Bitcoin's move from the last session's date to
           the eve of the next session, over weekends, when no fund trades; and the miners' move from open to close
           after it, which shares no hour with it. What the miners make up at the open itself is absorbed, not followed.
Criteria   The general rule on theta = correlation of Bitcoin's weekend with the miners' open to close on the next
           session. Where the miners' last session leads Bitcoin's weekend by more, the verdict is at most "mixed".
Thresholds sesoi (correlation), minimum_weekends.
Statistic  Slope times the ratio of standard deviations, serial-dependence robust interval.
Secondary  The opening gap ("absorbed at the open"); the market in the miners' place; daily lead in both directions on
           New York's clock; who peaked first before joint falls (few falls: no weight).
Literature Granger (1969). Asynchronous closes: Burns, Engle and Mezrich (1998).
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction, curve, held_at_mixed
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.drivers import granger_causality
from models.episodes import order_of_peaks
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.hac import correlation_estimate, cosine_degrees_of_freedom
from models.inference.intervals import student_p_value

FIRST, SECOND = "crypto", "miners"
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")
#: Roles that may follow: the miners, their juniors.
FOLLOWERS = (SECOND, "junior_miners")
#: Lags of the daily test, resamples of its null, sessions of the figure.
LAGS, DRAWS, REACH = 2, 499, 5


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the weekend's correlation with the next session."""
    if SECOND not in case.panel.bars:
        return NotDecidable(f"{case.panel.names[SECOND]} has no opening prices")
    rows = weekends(case, SECOND, "full")
    effect = _correlation(case, rows, "weekend", "session")
    if isinstance(effect, NotDecidable):
        return effect
    sesoi, names = case.thresholds["sesoi"], case.panel.names
    specifications = _specifications(case)
    agreement = curve(specifications, sesoi, case.share_needed)
    reverse = _correlation(case, rows, "session before", "weekend")
    larger = isinstance(reverse, Estimate) and reverse.value > effect.value
    ruling = held_at_mixed(
        effect, sesoi, agreement, ["the miners lead Bitcoin's weekend by more than they follow it"] if larger else []
    )
    p_value = student_p_value(effect.value, effect.std_error or 0.0, cosine_degrees_of_freedom(effect.n))
    return Measurement(
        legs=(Leg("the miners follow Bitcoin's weekend", effect, sesoi, p_value, specifications, ruling),),
        combine=conjunction,
        kind="single",
        headline=effect,
        headline_label=f"correlation of {names[FIRST]}'s weekend with {names[SECOND].lower()}' next session",
        n=effect.n,
        n_events=effect.n,
        window=f"{case.describe('full')}, {effect.n} weekends",
        secondary=_readings(case, rows, reverse),
        exhibits=_exhibits(case),
    )


def weekends(case: Case, follower: str, window: str) -> pd.DataFrame:
    """Moves around each weekend, percent logs, dated by the session after it.

    Columns: "weekend", Bitcoin from the date of the last session to the eve of the next; "session" and
    "session before", the follower from open to close; "gap", the follower from the last close to the open; "days"
    between the sessions.
    """
    bars, sessions = case.panel.bars[follower], pd.DatetimeIndex(case.panel.levels.index)
    always = case.panel.history[FIRST]
    logs = pd.Series(100.0 * np.log(always.to_numpy(dtype=np.float64)), index=always.index)
    inside = pd.Series(100.0 * np.log((bars["close"] / bars["open"]).to_numpy(dtype=np.float64)), index=sessions)
    gap = pd.Series(100.0 * np.log((bars["open"] / bars["close"].shift(1)).to_numpy(dtype=np.float64)), index=sessions)
    before = sessions[:-1]
    after = sessions[1:]
    eve = after - pd.Timedelta(days=1)
    frame = pd.DataFrame(
        {
            "weekend": logs.reindex(eve).to_numpy() - logs.reindex(before).to_numpy(),
            "session": inside.reindex(after).to_numpy(),
            "session before": inside.reindex(before).to_numpy(),
            "gap": gap.reindex(after).to_numpy(),
            "days": (after - before).days.to_numpy(),
        },
        index=after,
    )
    chosen = (frame["days"] >= 3) & frame.index.isin(case.sessions(window))
    return frame[chosen & (pd.DatetimeIndex(before).day_of_week > after.day_of_week)].dropna()


def _correlation(case: Case, rows: pd.DataFrame, first: str, second: str) -> Estimate | NotDecidable:
    if len(rows) < case.thresholds["minimum_weekends"]:
        return NotDecidable(f"{len(rows)} weekends with all prices are too few")
    pair = rows[[first, second]].to_numpy(dtype=np.float64)
    if (np.ptp(pair, axis=0) <= 0.0).any():
        return NotDecidable("one of the series does not change")
    return correlation_estimate(pair[:, 0], pair[:, 1], level=case.level)


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Follower x sample, then other weekends, ranks, the market held fixed, and Bitcoin's other clock."""

    def specified(follower: str, window: str) -> Estimate | NotDecidable:
        if follower not in case.panel.bars:
            return NotDecidable(f"no opening prices of {follower}")
        return _correlation(case, weekends(case, follower, window), "weekend", "session")

    def two_nights() -> Estimate | NotDecidable:
        rows = weekends(case, SECOND, "full")
        return _correlation(case, rows[rows["days"] == 3], "weekend", "session")

    def falls() -> Estimate | NotDecidable:
        rows = weekends(case, SECOND, "full")
        return _correlation(case, rows[rows["weekend"] < 0.0], "weekend", "session")

    def ranks() -> Estimate | NotDecidable:
        return _correlation(case, weekends(case, SECOND, "full").rank(), "weekend", "session")

    def beyond_market() -> Estimate | NotDecidable:
        if "market" not in case.panel.bars:
            return NotDecidable("no opening prices of market")
        rows = (
            weekends(case, SECOND, "full").join(weekends(case, "market", "full")["session"].rename("market")).dropna()
        )
        market = np.column_stack([np.ones(len(rows)), rows["market"]])
        left = rows[["weekend", "session"]]
        fitted = market @ np.linalg.lstsq(market, left.to_numpy(), rcond=None)[0]
        return _correlation(case, left - fitted, "weekend", "session")

    names = case.panel.names
    results = [
        attempted(f"{names.get(role, role).lower()}, {window.replace('_', ' ')}", partial(specified, role, window))
        for role, window in product(FOLLOWERS, case.open_windows(*SAMPLES))
    ]
    listed = {
        "weekends of two nights": two_nights,
        "falling weekends": falls,
        "ranks": ranks,
        "beyond the market's session": beyond_market,
    }
    results += [attempted(label, one) for label, one in listed.items()]
    results += [
        SpecificationResult(f"Bitcoin's close: {one.origin.stamp}", NotDecidable("that clock is read on sessions only"))
        for one in case.panel.alternatives.get(FIRST, ())
    ]
    return tuple(results)


def _readings(
    case: Case, rows: pd.DataFrame, reverse: Estimate | NotDecidable
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names, returns = case.panel.names, case.panel.returns.loc[case.sessions("full")]
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        f"{names[FIRST]}'s weekend and {names[SECOND].lower()}' opening gap (absorbed)": _correlation(
            case, rows, "weekend", "gap"
        ),
        f"{names[SECOND]}' last session and {names[FIRST]}'s weekend (the reverse)": reverse,
    }
    if "market" in case.panel.bars:
        readings[f"{names[FIRST]}'s weekend and {names['market']}'s next session"] = _correlation(
            case, weekends(case, "market", "full"), "weekend", "session"
        )
    for cause, effect in ((FIRST, SECOND), (SECOND, FIRST)):
        found = granger_causality(
            returns[effect], returns[cause], lags=LAGS, level=case.level, replications=DRAWS, seed=case.seed
        )
        label = f"{names[cause]} one or two sessions before {names[effect]}"
        if isinstance(found, NotDecidable):
            readings[label] = found
        else:
            readings |= {label: found.cumulative, f"{label}, test of no lead": found.test}
    levels = case.panel.levels
    peaks = order_of_peaks(levels[FIRST], levels[SECOND], level=case.level)
    label = f"share of joint falls in which {names[FIRST]} peaked first"
    readings[label] = peaks if isinstance(peaks, NotDecidable) else peaks[0]
    return readings


def _exhibits(case: Case) -> tuple[Exhibit, ...]:
    """Correlation of Bitcoin with the miners some sessions later or earlier."""
    returns = case.panel.returns.loc[case.sessions("full")]
    rows = {}
    for shift in range(-REACH, REACH + 1):
        pair = pd.concat([returns[FIRST], returns[SECOND].shift(-shift)], axis=1).dropna().to_numpy()
        one = correlation_estimate(pair[:, 0], pair[:, 1], level=case.level)
        rows[f"miners {shift:+d} sessions".replace("-", "−")] = (one.value, one.lower, one.upper)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "Daily returns on the exchange's clock; a lead of Bitcoin would show at positive shifts"
    return (Exhibit("correlation of Bitcoin with the miners some sessions later", frame, "correlation", note),)


def primary(case: Case) -> Primary | NotDecidable:
    """The weekend's correlation with the next session."""
    if SECOND not in case.panel.bars:
        return NotDecidable(f"{case.panel.names[SECOND]} has no opening prices")
    effect = _correlation(case, weekends(case, SECOND, "full"), "weekend", "session")
    return reaching(effect, case.thresholds["sesoi"])


CLAIM = Claim(
    id="C08",
    needs=(FIRST, SECOND),
    windows=("full",),
    thresholds=("sesoi", "minimum_weekends"),
    measure=measure,
    primary=primary,
)

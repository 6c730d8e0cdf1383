"""C01: Bitcoin and gold miners fell steeply at the same time, which is unusual.

Question   Did both fall by a tenth or more in the short window, and is such a joint fall rare beyond what the
           volatility of the two makes of it?
Trap       The window was chosen because both fell, so the probability of just this fall is small by construction and
           decides nothing. Two volatile assets fall together now and then by chance; the question is how often they did
           before, and how much more often than two equally volatile but uncorrelated assets would.
Criteria   Not supported unless both fell by at least `fall` percent. Supported if moreover such a fall came at most
           once in `return_period_years` years before the event, and the model's probability is more than `ratio` times
           that without correlation, its lower limit included. Else mixed: they fell together, as two volatile assets
           do.
Thresholds fall (percent), return_period_years (years), ratio (times).
Statistic  Simple returns, observed. Episodes of as many sessions without overlap, counted before the event. Probability
           over as many sessions from the day before, by filtered historical simulation from a bivariate cDCC with
           Student-t errors; the same with the correlation set to zero.
Secondary  Other models and horizons; the share of joint falls in history over the product of the single shares.
Literature Barone-Adesi, Giannopoulos and Vosper (1999); Aielli (2013).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import Span, moved_spans, observed, window_span
from models.claims.primary import Primary, reaching
from models.claims.rule import Ruling
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.correlation import CCC, CDCC, DCC
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.resampling import Resampling
from models.tails.joint_episodes import JointEpisodes, joint_episodes
from models.tails.joint_fall import JointFall, joint_fall

CRYPTO, MINERS, JUNIORS = "crypto", "miners", "junior_miners"
#: Last sessions of the window beside the whole, and horizons of the history.
LENGTHS = (5, 7, 21, 84)
#: Simulated paths of the verdict; a reading beside it takes fewer.
PATHS, DRAWS = 50_000, 100
BESIDE_PATHS, BESIDE_DRAWS = 50_000, 20


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the fall, its return period and its excess over chance."""
    span, horizon = window_span(case, "short"), case.sessions("short").size
    before = case.panel.complete_returns((CRYPTO, MINERS)).loc[: span.base]
    history = before.loc[before.index.isin(case.sessions("full"))]
    falls = dict.fromkeys((CRYPTO, MINERS), -case.thresholds["fall"])
    resampling = case.resampling(case.replications)
    episodes = joint_episodes(history, falls, horizon, resampling)
    margins = case.margins(before)
    model = CDCC(distribution="t").fit(before, margins=margins, seed=case.seed)
    simulated = joint_fall(model, falls, horizon, paths=PATHS, draws=DRAWS, level=case.level, seed=case.seed)
    smaller = _smaller_fall(case, span, MINERS)
    specifications = _specifications(case, span)
    beside: tuple[tuple[str, CCC | DCC], ...] = (("DCC with normal errors", DCC()), ("constant correlation", CCC()))

    readings = {
        name: joint_fall(
            one.fit(before, margins=margins, seed=case.seed),
            falls,
            horizon,
            paths=BESIDE_PATHS,
            draws=BESIDE_DRAWS,
            level=case.level,
            seed=case.seed,
        )
        for name, one in beside
    }
    return Measurement(
        legs=(
            _fall_leg(case, smaller, specifications),
            _period_leg(case, episodes),
            _ratio_leg(case, simulated),
        ),
        combine=_together,
        kind="fact",
        headline=smaller,
        headline_label="smaller of the two falls over the short window",
        n=horizon,
        n_events=len(episodes.sums),
        window=case.describe("short"),
        secondary=_readings(case, span, episodes, simulated, readings, history, resampling),
        exhibits=(_earlier(case, episodes), _probabilities(episodes, simulated, readings, horizon)),
    )


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Without the fall nothing stands; with it, rarity and excess over chance make the difference."""
    if outcomes[0] is not Outcome.SUPPORTED:
        return outcomes[0]
    return Outcome.SUPPORTED if all(outcome is Outcome.SUPPORTED for outcome in outcomes) else Outcome.MIXED


def _returns(case: Case, span: Span, miners: str) -> tuple[float, float]:
    """Simple returns of Bitcoin and of the miners, or of the basket of both kinds of miners, percent."""
    roles = (MINERS, JUNIORS) if miners == "basket" else (miners,)
    basket = float(np.mean([span.growth(case.panel.levels[role]) for role in roles]))
    return span.growth(case.panel.levels[CRYPTO]), basket


def _smaller_fall(case: Case, span: Span, miners: str) -> Estimate:
    sessions = len(case.panel.returns.loc[span.base : span.last].iloc[1:])
    return observed(-max(_returns(case, span, miners)), "%", sessions, case.level, "smaller of the two falls")


def _fall_leg(case: Case, smaller: Estimate, specifications: tuple[SpecificationResult, ...]) -> Leg:
    wanted = case.thresholds["fall"]
    fell = smaller.value >= wanted
    reason = f"the one that fell less fell by {smaller.value:.1f}%, {'at least' if fell else 'less than'} {wanted:.0f}%"
    outcome = Outcome.SUPPORTED if fell else Outcome.NOT_SUPPORTED
    label = f"both fell by at least {wanted:.0f}%"
    return Leg(label, smaller, wanted, None, specifications, Ruling(outcome, reason))


def _period_leg(case: Case, episodes: JointEpisodes) -> Leg:
    wanted, period = case.thresholds["return_period_years"], episodes.return_period
    rare = period.value >= wanted
    count = len(episodes.sums)
    times = f"{count} such episode{'' if count == 1 else 's'} in the {episodes.years:.0f} years before"
    reason = f"{times}, {'no' if rare else ''} more than one in {wanted:g} years".replace(",  ", ", ")
    return Leg(
        f"such a fall came at most once in {wanted:g} years",
        period,
        wanted,
        ruling=Ruling(Outcome.SUPPORTED if rare else Outcome.NOT_SUPPORTED, reason),
    )


def _ratio_leg(case: Case, simulated: JointFall) -> Leg:
    wanted, ratio = case.thresholds["ratio"], simulated.ratio
    label = f"more than {wanted:g} times as probable as without correlation"
    if isinstance(ratio, NotDecidable):
        return Leg(label, ratio, float(np.log(wanted)))
    times = f"{ratio.value:.1f} times as probable as without correlation ({ratio.lower:.1f} to {ratio.upper:.1f})"
    if ratio.lower > wanted:
        ruling = Ruling(Outcome.SUPPORTED, times)
    elif ratio.upper < wanted:
        ruling = Ruling(Outcome.NOT_SUPPORTED, f"only {times}")
    else:
        ruling = Ruling(Outcome.INCONCLUSIVE, f"{times}: the interval does not lie above {wanted:g}")
    return Leg(label, _logged(ratio), float(np.log(wanted)), ruling=ruling)


def _logged(ratio: Estimate) -> Estimate:
    """On the log, where no excess is zero."""
    value, lower, upper = (float(np.log(one)) for one in (ratio.value, ratio.lower, ratio.upper))
    error = None if ratio.std_error is None else ratio.std_error / ratio.value
    return Estimate(value, error, lower, upper, ratio.level, ratio.n, "log points", f"log of the {ratio.method}")


def _specifications(case: Case, span: Span) -> tuple[SpecificationResult, ...]:
    """Ends of the window x miners: the smaller of the two falls."""
    clock = case.panel.levels.index
    end = int(clock.searchsorted(span.last))
    whole = len(clock[clock <= span.last]) - 1 - int(clock.searchsorted(span.base))
    lasts = tuple(
        Span(f"last {length} sessions", clock[end - length], span.last) for length in LENGTHS if length != whole
    )
    results = []
    for miners in (MINERS, JUNIORS, "basket"):
        missing = miners != MINERS and JUNIORS not in case.panel.levels.columns
        for one in (span, *moved_spans(case, "short"), *lasts):
            label = f"{'both kinds of miners' if miners == 'basket' else miners.replace('_', ' ')}, {one.label}"
            estimate = (
                NotDecidable(f"no series plays the role {JUNIORS}") if missing else _smaller_fall(case, one, miners)
            )
            results.append(SpecificationResult(label, estimate))
    return tuple(results)


def _readings(
    case: Case,
    span: Span,
    episodes: JointEpisodes,
    simulated: JointFall,
    beside: dict[str, JointFall],
    history: pd.DataFrame,
    resampling: Resampling,
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names, horizon = case.panel.names, case.sessions("short").size
    crypto, miners = _returns(case, span, MINERS)
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        f"return of {names[CRYPTO]} over the short window": observed(crypto, "%", horizon, case.level),
        f"return of {names[MINERS].lower()} over the short window": observed(miners, "%", horizon, case.level),
    }
    later = next((one for one in moved_spans(case, "short") if "base +1" in one.label), None)
    if later is not None:
        readings["smaller fall if the window begins a session later"] = _smaller_fall(case, later, MINERS)
    readings["episodes a year before the event"] = episodes.rate
    readings["joint falls in history over the product of the single shares"] = episodes.ratio
    readings["probability of such a fall, seen from the day before"] = simulated.probability
    readings["the same without correlation"] = simulated.uncorrelated
    for name, other in beside.items():
        readings[f"ratio to no correlation, {name}"] = other.ratio
    falls = dict.fromkeys((CRYPTO, MINERS), -case.thresholds["fall"])
    for length in LENGTHS:
        if length != horizon:
            period = joint_episodes(history, falls, length, resampling).return_period
            readings[f"return period of such a fall within {length} sessions"] = period
    return readings


def _earlier(case: Case, episodes: JointEpisodes) -> Exhibit:
    frame = episodes.sums.rename(columns=dict(case.panel.names))
    frame.index = pd.Index([f"{day:%Y-%m-%d}" for day in pd.DatetimeIndex(frame.index)], name="complete on")
    return Exhibit("earlier joint falls", frame, "%", "Simple return over the horizon, counted without overlap")


def _probabilities(
    episodes: JointEpisodes, simulated: JointFall, beside: dict[str, JointFall], horizon: int
) -> Exhibit:
    rows = {
        "cDCC, Student-t errors": simulated.probability,
        "the same without correlation": simulated.uncorrelated,
        **{name: one.probability for name, one in beside.items()},
    }
    frame = pd.DataFrame.from_dict(
        {
            name: [100.0 * value for value in (one.value, one.lower, one.upper)]
            for name, one in rows.items()
            if isinstance(one, Estimate)
        },
        orient="index",
        columns=["estimate", "lower", "upper"],
    )
    stretches = episodes.rate.n / horizon
    past = [100.0 * horizon * value / 252 for value in (episodes.rate.value, episodes.rate.lower, episodes.rate.upper)]
    frame.loc["episodes in the past, for each stretch"] = past
    return Exhibit(
        f"probability of such a fall within {horizon} sessions",
        frame,
        "%",
        f"Filtered historical simulation from the day before; the past holds {stretches:.0f} stretches",
    )


def primary(case: Case) -> Primary | NotDecidable:
    """The smaller of the two falls."""
    return reaching(_smaller_fall(case, window_span(case, "short"), MINERS), case.thresholds["fall"])


CLAIM = Claim(
    id="C01",
    needs=(CRYPTO, MINERS),
    windows=("short", "full"),
    thresholds=("fall", "return_period_years", "ratio"),
    measure=measure,
    primary=primary,
)

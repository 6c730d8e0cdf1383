"""C20: after the gains of 2025 the miners were overextended and due to revert.

Question   Did the miners stand unusually far above their long average when the event began, and do they return less
           after such days than after others?
Trap       "Overextended" is often said after the fall. The distance from the average is measured at the base of the
           window, in units of its own spread over the year before. Returns over a month overlap from day to day, so
           ordinary standard errors are far too small; and days above the average come in long runs, so that the number
           of separate runs, not of days, is what there is to learn from.
Criteria   Both parts must hold. C20a, a fact: the overextension is at least `overextended`. C20b, a law: the general
           rule on theta = mean return over the next `horizon` sessions on other days minus that after overextended
           days; an effect that has the other sign on sessions that do not overlap is "mixed" at best.
Thresholds overextended (own standard deviations), sesoi (percent over `horizon` sessions), horizon (sessions),
           average and spread (sessions), strength (relative strength index that is strong).
Statistic  Distance from the average of `average` sessions over its standard deviation in the `spread` before;
           long-horizon regression on a yes-or-no predictor with Hodrick's standard errors.
Secondary  Gain of the calendar year before and its place among all years; a continuous predictor corrected for the bias
           of a persistent regressor; sessions that do not overlap.
Literature Hodrick (1992); Stambaugh (1999); Jegadeesh and Titman (1993) find the opposite, momentum, for single stocks.
"""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Later, Leg, Measurement
from models.claims.facts import observed, percentile_among, window_span
from models.claims.primary import Primary, reaching
from models.claims.rule import Ruling, conjunction, curve, held_at_mixed
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.densities import density_frame
from models.drivers.predictive import (
    PredictiveRegression,
    bias_corrected_slope,
    long_horizon_regression,
    resampled_gaps,
)
from models.estimate import Estimate, NotDecidable, TestResult
from models.overextension import overextension, relative_strength
from models.stress import spells

#: Specifications: averages, horizons, sessions of the relative strength index.
AVERAGES = (50, 100, 200)
HORIZONS = (10, 21, 63)
STRENGTH_SESSIONS = 14
_SHORTFALL = "shortfall of overextended miners over the horizon, against other sessions"
#: Edges of the bins of the figure.
BINS = (-np.inf, -2.0, -1.0, 0.0, 1.0, 2.0, np.inf)


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the state at the window's base, and the law."""
    levels = case.panel.history["miners"].dropna()
    z = _overextension(case)
    state = _state(case, z)
    if isinstance(state, NotDecidable):
        return state
    sample = _sample(case)
    law = _full_law(case, z)
    specifications = _specifications(case)
    days = (z >= case.thresholds["overextended"]).reindex(sample.index).iloc[:-1]
    return Measurement(
        legs=(_law_leg(case, law, specifications), _state_leg(case, state)),
        combine=conjunction,
        kind="conjunctive",
        headline=law if isinstance(law, NotDecidable) else _reversed(law.slope),
        headline_label=_SHORTFALL,
        n=len(days),
        n_events=spells(days),
        window=f"{sample.index[1].date()} to {sample.index[-1].date()}, {int(days.sum())} of {len(days)} overextended",
        secondary=_readings(case, levels, z, sample, law),
        exhibits=(*_density(case, sample, z, law), _bins(case, sample, z), _path(case, z)),
    )


def _average(case: Case) -> int:
    return int(case.thresholds["average"])


def _spread(case: Case) -> int:
    return int(case.thresholds["spread"])


def _needed(case: Case) -> int:
    """Sessions before the first distance in units of its spread."""
    return _average(case) + _spread(case)


def _overextension(case: Case) -> pd.Series:
    return overextension(case.panel.history["miners"].dropna(), average_over=_average(case), spread_over=_spread(case))


def _state(case: Case, z: pd.Series) -> Estimate | NotDecidable:
    base = window_span(case, "short").base
    if base not in z.index or not np.isfinite(z[base]):
        return NotDecidable(f"fewer than {_needed(case)} sessions of miners before the window")
    return observed(
        float(z[base]), "own sd", _spread(case), case.level, f"distance from the mean of {_average(case)} sessions"
    )


def _from(levels: pd.Series, first: pd.Timestamp) -> pd.Series:
    """Levels from the session before `first` on, so that the first return is dated `first`."""
    return levels.iloc[max(0, int(levels.index.searchsorted(first)) - 1) :]


def _sample(case: Case) -> pd.Series:
    """Levels of the full window from the first session with a distance on."""
    levels = case.panel.history["miners"].dropna()
    return _from(levels, max(case.sessions("full")[0], levels.index[_needed(case) - 1]))


def _full_law(case: Case, z: pd.Series) -> PredictiveRegression | NotDecidable:
    return _law(_sample(case), z >= case.thresholds["overextended"], int(case.thresholds["horizon"]), case)


def _law(sample: pd.Series, extended: pd.Series, horizon: int, case: Case) -> PredictiveRegression | NotDecidable:
    """Return over the next `horizon` sessions on being overextended, percent."""
    returns, condition = _aligned(sample, extended.astype(float))
    return long_horizon_regression(returns, condition, horizon, level=case.level)


def _aligned(sample: pd.Series, predictor: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Percent log returns and the predictor at their sessions."""
    returns = 100.0 * np.log(sample).diff().iloc[1:]
    return returns.to_numpy(), predictor.reindex(returns.index).to_numpy(dtype=np.float64)


def _state_leg(case: Case, state: Estimate) -> Leg:
    wanted = case.thresholds["overextended"]
    held = state.value >= wanted
    word = "at least" if held else "less than"
    reason = (
        f"the miners stood {state.value:.1f} of their own standard deviations above their average, {word} {wanted:.0f}"
    )
    outcome = Outcome.SUPPORTED if held else Outcome.NOT_SUPPORTED
    return Leg("the miners were overextended (C20a)", state, wanted, ruling=Ruling(outcome, reason))


def _law_leg(
    case: Case, law: PredictiveRegression | NotDecidable, specifications: tuple[SpecificationResult, ...]
) -> Leg:
    label, sesoi = "overextended miners return less afterwards (C20b)", case.thresholds["sesoi"]
    if isinstance(law, NotDecidable):
        return Leg(label, law, sesoi, None, specifications)
    effect = _reversed(law.slope)
    reasons = []
    if isinstance(law.non_overlapping, NotDecidable):
        reasons.append("sessions that do not overlap cannot tell")
    elif law.non_overlapping.value >= 0.0:
        reasons.append("not on sessions that do not overlap")
    ruling = held_at_mixed(effect, sesoi, curve(specifications, sesoi, case.share_needed), reasons)
    return Leg(label, effect, sesoi, law.test.p_value, specifications, ruling)


def _reversed(slope: Estimate, scale: float = 1.0) -> Estimate:
    """Oriented so that a lower return after overextension is positive."""
    return slope.scaled(-scale)


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Measure of overextension x horizon x miners x sample; effects brought to the horizon of the claim."""
    wanted, horizon = case.thresholds["overextended"], case.thresholds["horizon"]
    first = case.sessions("full")[0]
    results = []
    for role in ("miners", "junior_miners"):
        if role not in case.panel.history:
            results.append(
                SpecificationResult(role.replace("_", " "), NotDecidable(f"no series plays the role {role}"))
            )
            continue
        levels = case.panel.history[role].dropna()
        name = case.panel.names[role].lower()
        measures = {
            f"above the mean of {average}": overextension(levels, average_over=average, spread_over=_spread(case))
            >= wanted
            for average in AVERAGES
        }
        measures[f"relative strength above {case.thresholds['strength']:.0f}"] = (
            relative_strength(levels, sessions=STRENGTH_SESSIONS) > case.thresholds["strength"]
        )
        known_from = levels.index[min(_needed(case), len(levels) - 1)]
        samples = {"full": _from(levels, max(first, known_from)), "own history": _from(levels, known_from)}
        for (measure_name, extended), ahead, (sample_name, sample) in product(
            measures.items(), HORIZONS, samples.items()
        ):
            law = _law(sample, extended, ahead, case)
            estimate = law if isinstance(law, NotDecidable) else _reversed(law.slope, horizon / ahead)
            results.append(SpecificationResult(f"{name}, {measure_name}, {ahead} sessions, {sample_name}", estimate))
    return tuple(results)


def _readings(
    case: Case, levels: pd.Series, z: pd.Series, sample: pd.Series, law: PredictiveRegression | NotDecidable
) -> dict[str, Estimate | TestResult | NotDecidable]:
    base, horizon = window_span(case, "short").base, int(case.thresholds["horizon"])
    year_ends = levels.groupby(pd.DatetimeIndex(levels.index).year).last()
    gains = 100.0 * year_ends.pct_change().dropna()
    readings: dict[str, Estimate | TestResult | NotDecidable] = {}
    before = base.year - 1
    if before in gains.index:
        whole = gains.loc[:before]
        readings[f"gain of the miners in {before}"] = observed(gains[before], "%", len(whole), case.level)
        readings[f"percentile of the gain of {before} among {len(whole)} years"] = observed(
            percentile_among(gains[before], whole), "percentile", len(whole), case.level
        )
    readings["percentile of the overextension in its history"] = observed(
        percentile_among(z[base], z.loc[:base]), "percentile", int(z.loc[:base].count()), case.level
    )
    if not isinstance(law, NotDecidable):
        alone = law.non_overlapping
        label = f"shortfall after overextension, one session in {horizon}"
        readings[label] = alone if isinstance(alone, NotDecidable) else _reversed(alone)
        readings["test of no predictability"] = law.test
    spaced = sample.iloc[::horizon]
    slope = bias_corrected_slope(*_aligned(spaced, z), level=case.level)
    label = "shortfall for each unit of overextension, corrected for its persistence"
    readings[label] = slope if isinstance(slope, NotDecidable) else _reversed(slope)
    return readings


def _density(
    case: Case, sample: pd.Series, z: pd.Series, law: PredictiveRegression | NotDecidable
) -> tuple[Exhibit, ...]:
    """Bootstrap density of the shortfall, which the verdict's interval takes from a formula."""
    if isinstance(law, NotDecidable):
        return ()
    returns, condition = _aligned(sample, (z >= case.thresholds["overextended"]).astype(float))
    gaps = resampled_gaps(
        returns,
        condition,
        int(case.thresholds["horizon"]),
        replications=case.replications,
        longest_block=case.block_bounds[1],
        seed=case.seed,
    )
    note = f"{gaps.size} resamples of stretches of sessions; the verdict’s interval is Hodrick’s (1992)"
    return (Exhibit(_SHORTFALL, density_frame(-gaps), "%", note),)


def _bins(case: Case, sample: pd.Series, z: pd.Series) -> Exhibit:
    """Mean return over the horizon by overextension, each bin against the rest of the sample."""
    horizon = int(case.thresholds["horizon"])
    rows = {}
    for low, high in pairwise(BINS):
        law = _law(sample, (z >= low) & (z < high), horizon, case)
        if isinstance(law, NotDecidable):
            continue
        label = f"{low:.0f} to {high:.0f}" if np.isfinite([low, high]).all() else f"below {high:.0f}"
        label = label if np.isfinite(high) else f"{low:.0f} and more"
        rows[label.replace("-", "−")] = (law.slope.value, law.slope.lower, law.slope.upper)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    return Exhibit(
        f"return over {horizon} sessions by overextension, against other days",
        frame,
        "%",
        "Each row against all other sessions; Hodrick (1992) intervals",
    )


def _path(case: Case, z: pd.Series) -> Exhibit:
    frame = z.loc[case.sessions("full")[0] :].to_frame(case.panel.names["miners"])
    note = (
        f"Distance from the mean of {_average(case)} sessions over its standard deviation in the {_spread(case)} before"
    )
    return Exhibit("overextension", frame, "own sd", note)


def primary(case: Case) -> Primary | NotDecidable:
    """The law on all sessions; it holds where the miners stood overextended at the window's base too."""
    z = _overextension(case)
    state = _state(case, z)
    if isinstance(state, NotDecidable):
        return state
    law = _full_law(case, z)
    if isinstance(law, NotDecidable):
        return law
    shortfall = _reversed(law.slope)
    holds = shortfall.value >= case.thresholds["sesoi"] and state.value >= case.thresholds["overextended"]
    return Primary(shortfall, shortfall.value > 0.0, holds)


def later(case: Case) -> Primary | NotDecidable:
    """The law on the sessions of the short window: the state is of its base alone."""
    levels = case.panel.history["miners"].dropna()
    sample = _from(levels, case.sessions("short")[0])
    extended = _overextension(case) >= case.thresholds["overextended"]
    law = _law(sample, extended, int(case.thresholds["horizon"]), case)
    return law if isinstance(law, NotDecidable) else reaching(_reversed(law.slope), case.thresholds["sesoi"])


CLAIM = Claim(
    id="C20",
    needs=("miners",),
    windows=("short", "full"),
    thresholds=("overextended", "sesoi", "horizon", "average", "spread", "strength"),
    measure=measure,
    primary=primary,
    later=Later(_SHORTFALL, later),
)

"""C17: Bitcoin's volume spikes on days of fear.

Question   Is Bitcoin's volume far above its usual level on days that began in fear, and are its extreme days crowded
           there?
Trap       Volume grows over the years, differs by weekday and rises with the size of any move. Volume is therefore
           measured against its own median of the last quarter, without trend and weekday, and fear is read off the fear
           index at the close before, not off Bitcoin's own fall: labelling by the fall makes the spike by selection.
           Volumes reported by exchanges are partly invented; a fund that holds Bitcoin is a listed alternative. A rise
           of volume in fear may be no more than the larger moves: the slope on fear beside the size of the move says
           what is left.
Criteria   "Extreme" needs both parts. Level: mean abnormal log volume on fear days minus other days, by the general
           rule against the log of `ratio`. Frequency: the probability of a top-five-percent volume day on fear days
           over that on others, less one, by the general rule against `risk_ratio` less one. Fear comes in few long
           spells: limits and p-values must hold for placebo labels which keep their runs as well. Of the bootstrap's
           and the placebos' the outer limits and the larger p-value, which inverts them, are taken.
Thresholds ratio (times), risk_ratio (times), spike (quantile of volume from which a day is extreme), usual_sessions
           (sessions before whose median volume is the usual one).
Statistic  Difference of means and ratio of probabilities; labels travel with their days in the stationary bootstrap.
Secondary  The same for gold, the miners and the market: is Bitcoin special? Slope on fear beside the size of the move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import as_times
from models.claims.primary import Primary
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.hac import least_squares
from models.inference.intervals import mean_estimate
from models.inference.placebo import Placebos, rotated
from models.liquidity import MINIMUM_STRESS, VolumeResponse, abnormal_log_volume, volume_response
from models.stress import drawdown_stress, fear_stress, spells, tail_sessions

SUBJECT = "crypto"
FUND = "crypto_fund"
#: Assets beside which Bitcoin is set.
OTHERS = ("metal", "miners", "market")
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")
#: Resamples of specifications; rotations of the labels behind the placebo tests.
FEW, PLACEBOS = 199, 999
NULL = "The labels of fear have nothing to do with volume."
#: Sessions around the first day of a spell in the figure.
BEFORE, AFTER = 5, 15


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge level and frequency."""
    rows = _rows(case)
    if isinstance(rows, NotDecidable):
        return rows
    abnormal, labels = rows
    response = _response(case)
    if isinstance(response, NotDecidable):
        return response
    sesoi = float(np.log(case.thresholds["ratio"]))
    specifications = _specifications(case)
    usable = labels[abnormal.notna()]
    placebos = _placebos(case, abnormal[abnormal.notna()], usable)
    difference, level_p = _widened(response.difference, response.p_value, placebos["level"])
    return Measurement(
        legs=(
            Leg("volume is far above its usual level", difference, sesoi, level_p, specifications),
            _frequency_leg(case, response, placebos["frequency"]),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=difference if isinstance(difference, NotDecidable) else as_times(difference),
        headline_label="volume on fear days over its level on other days",
        n=len(usable),
        n_events=spells(usable),
        window=f"{case.describe('full')}, {int(usable.sum())} of them in fear",
        secondary={
            **_readings(case, abnormal, labels, response),
            **{
                f"{name} against placebo labels": found.test(NULL)
                for name, found in placebos.items()
                if np.isfinite(found.observed)
            },
        },
        exhibits=_around_spells(case, abnormal, usable),
    )


def _abnormal(case: Case, volume: pd.Series) -> pd.Series | NotDecidable:
    return abnormal_log_volume(volume, window=int(case.thresholds["usual_sessions"]))


def _rows(case: Case) -> tuple[pd.Series, pd.Series] | NotDecidable:
    """Abnormal log volume and labels of fear."""
    sessions = case.sessions("full")
    whole = _abnormal(case, case.panel.volumes[SUBJECT])
    if isinstance(whole, NotDecidable):
        return whole
    return whole.reindex(sessions), fear_stress(case.panel, case.study.stress).reindex(sessions)


def _response(case: Case) -> VolumeResponse | NotDecidable:
    rows = _rows(case)
    if isinstance(rows, NotDecidable):
        return rows
    resampling = case.resampling(case.replications)
    return volume_response(
        *rows, case.panel.returns.loc[case.sessions("full"), SUBJECT], resampling, spike=case.thresholds["spike"]
    )


def _placebos(case: Case, abnormal: pd.Series, labels: pd.Series) -> dict[str, Placebos]:
    """Level and frequency against rotated labels: fear comes in few long spells, and so does busy trading."""
    volume = abnormal.to_numpy(dtype=np.float64)
    extreme = volume >= np.quantile(volume, case.thresholds["spike"])
    statistics: dict[str, Callable[[NDArray[np.bool_]], float]] = {
        "level": lambda label: float(volume[label].mean() - volume[~label].mean()),
        "frequency": lambda label: _risk_ratio(extreme, label) - 1.0,
    }
    return {
        name: rotated(statistic, labels.to_numpy(dtype=bool), rotations=min(PLACEBOS, len(labels) - 1), seed=case.seed)
        for name, statistic in statistics.items()
    }


def _risk_ratio(extreme: NDArray[np.bool_], label: NDArray[np.bool_]) -> float:
    outside = float(extreme[~label].mean())
    return float(extreme[label].mean()) / outside if outside > 0.0 else np.nan


def _widened(
    effect: Estimate | NotDecidable, p_value: float, placebos: Placebos
) -> tuple[Estimate | NotDecidable, float]:
    return (effect, 1.0) if isinstance(effect, NotDecidable) else placebos.widened(effect, p_value, NULL)


def _frequency_leg(case: Case, response: VolumeResponse, placebos: Placebos) -> Leg:
    """Excess of the risk ratio over one, so that no excess is zero."""
    label = f"extreme days are more frequent (risk ratio of {case.thresholds['risk_ratio']:g} or more)"
    ratio, sesoi = response.risk_ratio, case.thresholds["risk_ratio"] - 1.0
    if isinstance(ratio, NotDecidable):
        return Leg(label, ratio, sesoi)
    effect, p_value = placebos.widened(_less_one(ratio), response.risk_ratio_p_value, NULL)
    effect = replace(effect, lower=max(effect.lower, -1.0))
    return Leg(label, effect, sesoi, p_value, _frequency_specifications(case))


def _less_one(ratio: Estimate) -> Estimate:
    return replace(ratio.shifted(-1.0), method=f"{ratio.method}; less one")


def _frequency_specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Label x sample, coins in place of dollars, and other volumes that count as extreme."""
    labels, volumes = _stress_labels(case), _volumes(case)
    fear, spike = next(iter(labels)), case.thresholds["spike"]

    def specified(kind: str, name: str, window: str, extreme: float) -> Estimate | NotDecidable:
        volume = volumes[kind]()
        abnormal = NotDecidable("no volume") if volume is None else _abnormal(case, volume)
        if isinstance(abnormal, NotDecidable):
            return abnormal
        sessions = case.sessions(window)
        resampling = case.resampling(FEW)
        own, label, returns = (
            series.reindex(sessions) for series in (abnormal, labels[name], case.panel.returns[SUBJECT])
        )
        response = volume_response(own, label, returns, resampling, spike=extreme)
        ratio = response if isinstance(response, NotDecidable) else response.risk_ratio
        return ratio if isinstance(ratio, NotDecidable) else _less_one(ratio)

    listed = [("dollars", name, window, spike) for name, window in product(labels, case.open_windows(*SAMPLES))]
    listed += [("coins", fear, window, spike) for window in case.open_windows(*SAMPLES)]
    listed += [("dollars", fear, "full", extreme) for extreme in (0.9, 0.99) if extreme != spike]
    results = []
    for kind, name, window, extreme in listed:
        label = f"{kind}, {name}, {window.replace('_', ' ')}, top {100.0 * (1.0 - extreme):.3g} %"
        results.append(attempted(label, partial(specified, kind, name, window, extreme)))
    return tuple(results)


def _difference(abnormal: pd.Series, labels: pd.Series, level: float, what: str) -> Estimate | NotDecidable:
    """Mean on labelled sessions minus the others, serial-dependence robust interval."""
    joint = pd.concat([abnormal, labels.astype(float)], axis=1).dropna()
    volume, label = joint.iloc[:, 0].to_numpy(), joint.iloc[:, 1].to_numpy()
    if min(label.sum(), label.size - label.sum()) < MINIMUM_STRESS:
        return NotDecidable(f"{int(label.sum())} of {label.size} sessions are labelled")
    fit = least_squares(volume, np.column_stack([np.ones(label.size), label]))
    return fit.estimate(1, level=level, unit="log points", method=f"{what}, cosine HAC")


def _stress_labels(case: Case) -> dict[str, pd.Series]:
    returns, settings = case.panel.returns, case.study.stress
    worst = partial(tail_sessions, quantile=case.tail, history=settings.fear_history)
    labels = {"fear index": fear_stress(case.panel, settings)}
    if "market" in returns.columns:
        labels["market drawdown"] = drawdown_stress(case.panel, settings)
        labels["market's worst days"] = worst(returns["market"])
    labels["own worst days, fear defined by the asset itself"] = worst(returns[SUBJECT])
    return labels


def _volumes(case: Case) -> dict[str, Callable[[], pd.Series | None]]:
    """Reported dollars, the same in coins, and shares of the fund."""
    volumes, closes = case.panel.volumes, case.panel.closes
    return {
        "dollars": lambda: volumes[SUBJECT],
        "coins": lambda: volumes[SUBJECT] / closes[SUBJECT],
        "fund": lambda: volumes[FUND] if FUND in volumes.columns else None,
    }


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Volume x label x sample; the fund has but one sample, the latest."""
    labels, windows = _stress_labels(case), case.open_windows(*SAMPLES)
    results = []
    for kind, series in _volumes(case).items():
        volume = series()
        abnormal = NotDecidable(f"no series plays the role {FUND}") if volume is None else _abnormal(case, volume)
        for window, (name, label) in product(windows[-1:] if kind == "fund" else windows, labels.items()):
            results.append(
                attempted(
                    f"{kind}, {name}, {window.replace('_', ' ')}",
                    partial(_specified, abnormal, label.loc[case.sessions(window)], case.level, f"{kind}, {name}"),
                )
            )
    return tuple(results)


def _specified(
    abnormal: pd.Series | NotDecidable, label: pd.Series, level: float, what: str
) -> Estimate | NotDecidable:
    return (
        abnormal if isinstance(abnormal, NotDecidable) else _difference(abnormal.loc[label.index], label, level, what)
    )


def _readings(
    case: Case, abnormal: pd.Series, labels: pd.Series, response: VolumeResponse
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names = case.panel.names
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        f"risk ratio of a top-{100.0 * (1.0 - case.thresholds['spike']):.3g}% volume day": response.risk_ratio,
        "log volume in fear beyond what the size of the move makes": response.beyond_volatility,
    }
    for role in OTHERS:
        label = f"log volume of {names.get(role, role)} on fear days minus others"
        if role not in case.panel.volumes.columns:
            readings[label] = NotDecidable(f"no series plays the role {role}")
            continue
        whole = _abnormal(case, case.panel.volumes[role])
        if isinstance(whole, NotDecidable):
            readings[label] = whole
            continue
        other = whole.reindex(labels.index)
        readings[label] = _difference(other, labels, case.level, "fear days minus others")
        readings[f"the same, {names[SUBJECT]} minus {names[role]}"] = _difference(
            abnormal - other, labels, case.level, "difference of the two differences"
        )
    return readings


def _around_spells(case: Case, abnormal: pd.Series, labels: pd.Series) -> tuple[Exhibit, ...]:
    """Mean abnormal volume around the first session of each spell of fear."""
    starts = np.flatnonzero((labels & ~labels.shift(1, fill_value=False)).to_numpy())
    values = abnormal.loc[labels.index].to_numpy()
    rows = {}
    for day in range(-BEFORE, AFTER + 1):
        at = starts + day
        found = values[at[(at >= 0) & (at < values.size)]]
        found = found[np.isfinite(found)]
        if found.size > 2 and np.ptp(found) > 0.0:
            estimate = mean_estimate(found, level=case.level, unit="log points", method="mean over spells")
            rows[f"day {day:+d}".replace("-", "−")] = (estimate.value, estimate.lower, estimate.upper)
    if not rows:
        return ()
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = f"Day 0 is the first session of each of {starts.size} spells of fear; Student-t intervals over spells"
    return (Exhibit("abnormal volume around the start of fear", frame, "log points", note),)


def primary(case: Case) -> Primary | NotDecidable:
    """Volume on fear days over its level on other days."""
    response = _response(case)
    if isinstance(response, NotDecidable):
        return response
    difference = response.difference
    if isinstance(difference, NotDecidable):
        return difference
    wanted = float(np.log(case.thresholds["ratio"]))
    return Primary(as_times(difference), difference.value > 0.0, difference.value >= wanted)


CLAIM = Claim(
    id="C17",
    needs=(SUBJECT, "fear"),
    windows=("full",),
    thresholds=("ratio", "risk_ratio", "spike", "usual_sessions"),
    measure=measure,
    primary=primary,
)

"""Checks of one delivered series. They find and name; they never drop, fill or mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from data.calendar import STAMPS, changes
from data.quality import Finding, Light
from data.sources.protocol import FIRST_RELEASES, level_column
from data.subject import Subject, counted, named_dates

JUMP_SIGMAS = 8.0
SPIKE_REMAINDER = 0.1
SPLIT_RETURN = 25.0
SPLIT_SIGMAS = 10.0
SPLIT_RATIOS = np.array([1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0])
SPLIT_TOLERANCE = 0.03
VOLUME_TOLERANCE = 0.3
STALE_RUN = {"log": 5, "basis_points": 10, "difference": 10}
UNFINISHED_VOLUME = 0.25
MISSING_SHARE = 0.01
SECOND_READING_MINIMUM = 60
FACTOR_STEP = 1e-4
BAR_SLACK = 1e-6
_LISTED = 5


def coverage(subject: Subject) -> list[Finding]:
    """Does the series begin late, end early, leave sessions out or lie on days that are no sessions?"""
    found = []
    clock, present = subject.clock, subject.aligned.levels.dropna().index
    if not len(present):
        return [subject.finding("coverage", "red", "no value on any session of the panel")]
    if present[0] > clock[0] + subject.allowance:
        detail = f"begins on {present[0]:%Y-%m-%d}, the panel on {clock[0]:%Y-%m-%d}"
        found.append(subject.finding("late start", "amber" if subject.instrument.required else "green", detail))
    if present[-1] < clock[-1] - subject.allowance:
        found.append(
            subject.finding("early end", "amber", f"ends on {present[-1]:%Y-%m-%d}, the panel on {clock[-1]:%Y-%m-%d}")
        )
    missing = subject.missing_sessions
    if len(missing):
        recent = bool(len(missing.intersection(clock[-21:])))
        light: Light = "amber" if recent or len(missing) > MISSING_SHARE * len(clock) else "green"
        found.append(
            subject.finding(
                "missing sessions",
                light,
                f"no value on {len(missing)} of {len(clock)} sessions: {named_dates(missing)}",
            )
        )
    later = subject.delivery.level.loc[clock[-1] + pd.Timedelta(days=1) :]
    later = later[pd.DatetimeIndex(later.index).day_of_week < 5]
    if later.size:
        values = counted(later.size, "later value")
        detail = f"{values} (to {later.index[-1]:%Y-%m-%d}) not used: a required series has none"
        found.append(subject.finding("beyond the panel", "green", detail))
    stray = subject.aligned.off_session
    if len(stray):
        values = counted(len(stray), "value")
        weekend = int((stray.day_of_week >= 5).sum())
        found.append(
            subject.finding(
                "values off sessions",
                "green",
                f"{values} on no session ({weekend} at weekends) left aside: {named_dates(stray)}",
            )
        )
    return found


def blanks(subject: Subject) -> list[Finding]:
    """Rows that carry a date but no level."""
    frame = subject.in_panel
    column = level_column(frame.columns)
    empty = frame.index[frame[column].isna()]
    if not len(empty):
        return []
    rows = counted(len(empty), "row")
    return [subject.finding("blank values", "green", f"{rows} without {column}: {named_dates(empty)}")]


def blank_volumes(subject: Subject) -> list[Finding]:
    """Rows with a price but no volume in a file that has volumes: often the trace of a repair."""
    frame = subject.in_panel
    if "volume" not in frame:
        return []
    empty = frame.index[frame["volume"].isna() & frame[level_column(frame.columns)].notna()]
    if not len(empty):
        return []
    rows = counted(len(empty), "row")
    return [subject.finding("blank volume", "amber", f"{rows} with a price and no volume: {named_dates(empty)}")]


def second_readings(subject: Subject) -> list[Finding]:
    """Do other files for the same or a related quantity move with the priced one as closely as the study expects?"""
    found = []
    for other, levels in subject.second_readings:
        pair = pd.DataFrame({"first": subject.aligned.levels, "second": levels}).dropna()
        if len(pair) < SECOND_READING_MINIMUM:
            continue
        moves = pd.DataFrame({name: changes(pair[name], subject.instrument.change) for name in pair})
        correlation = float(moves["first"].corr(moves["second"]))
        light: Light = "green" if correlation >= other.agreement else "amber"
        origin = other.origin
        clock = f", {STAMPS[origin.stamp]}" if origin.stamp != subject.delivery.origin.stamp else ""
        expected = f"{other.agreement:g} expected"
        detail = (
            f"{origin.address}{clock}: correlation of changes {correlation:.3f} on {len(moves)} sessions, {expected}"
        )
        found.append(subject.finding("second reading", light, detail))
    return found


def stale_runs(subject: Subject) -> list[Finding]:
    """Runs of the same value that are longer than rounding explains."""
    level = subject.aligned.levels.dropna()
    values = level.to_numpy()
    starts = np.flatnonzero(np.r_[True, np.diff(values) != 0.0])
    lengths = np.diff(np.r_[starts, values.size])
    limit = STALE_RUN[subject.instrument.change]
    long = [(n, level.index[i]) for i, n in zip(starts.tolist(), lengths.tolist(), strict=True) if n >= limit]
    if not long:
        return []
    longest, begin = max(long, key=lambda run: run[0])
    light: Light = "amber" if longest >= 2 * limit or subject.instrument.change == "log" else "green"
    runs = counted(len(long), "run")
    detail = f"{runs} of {limit} or more equal values, the longest of {longest} from {begin:%Y-%m-%d}"
    return [subject.finding("stale run", light, detail)]


def jumps(subject: Subject) -> list[Finding]:
    """Changes beyond eight robust standard deviations: real more often than not, and kept in any case."""
    moves = subject.changes
    sigma = _robust_sigma(moves.to_numpy())
    if not sigma > 0.0:
        return []
    values = moves.to_numpy()
    positions = np.flatnonzero(np.abs(values - np.median(values)) > JUMP_SIGMAS * sigma)
    if not positions.size:
        return []
    far = moves.iloc[positions]
    undone = [moves.index[at] for at in positions.tolist() if _is_undone(values, at)]
    worst = far.iloc[np.argsort(-far.abs().to_numpy(), kind="stable")[:_LISTED]]
    unit = {"log": " %", "basis_points": " bp", "difference": ""}[subject.instrument.change]
    listing = ", ".join(f"{day:%Y-%m-%d} ({move:+.1f}{unit})" for day, move in worst.items())
    number = counted(len(far), "change")
    detail = f"{number} beyond {JUMP_SIGMAS:g} robust standard deviations, kept; the largest: {listing}"
    found = [subject.finding("jump", "green", detail)]
    if undone:
        found.append(
            subject.finding(
                "spike", "amber", f"undone to within a tenth by the next value, kept: {named_dates(undone)}"
            )
        )
    return found


def _is_undone(moves: np.ndarray, at: int) -> bool:
    """Whether the next move takes a move back, and both stand out from the ten moves on either side."""
    if at + 1 >= moves.size or abs(moves[at] + moves[at + 1]) >= SPIKE_REMAINDER * abs(moves[at]):
        return False
    around = np.abs(np.r_[moves[max(0, at - 10) : at], moves[at + 2 : at + 12]])
    return bool(around.size and abs(moves[at]) > JUMP_SIGMAS * np.median(around))


def splits(subject: Subject) -> list[Finding]:
    """Moves of more than 25 % that look like a split: a round ratio, far beyond the volatility before, that stays.

    Ratios below two are common among real moves: there the volume must have changed by the same factor.
    """
    if subject.instrument.change != "log":
        return []
    moves = subject.changes.to_numpy()
    found = []
    for at in np.flatnonzero(np.abs(moves) > SPLIT_RETURN).tolist():
        near = SPLIT_RATIOS[np.abs(SPLIT_RATIOS / np.exp(abs(moves[at]) / 100.0) - 1.0) < SPLIT_TOLERANCE]
        if not near.size or not _shifts_the_level(moves, at):
            continue
        day = pd.Timestamp(subject.changes.index[at])
        volume = _volume_ratio(subject.delivery.frame, day)
        confirmed = volume is not None and abs(np.log(volume) + moves[at] / 100.0) < VOLUME_TOLERANCE
        if near[0] < 2.0 and not confirmed:
            continue
        said = "" if volume is None else f", volume times {volume:.2f}"
        detail = f"the price changes by a factor of {near[0]:g} on {day:%Y-%m-%d} ({moves[at]:+.1f} %{said})"
        found.append(subject.finding("unadjusted split", "red", detail))
    return found


def _shifts_the_level(moves: np.ndarray, at: int) -> bool:
    """Whether a move dwarfs the volatility of the sixty before it and is not part of a swing there and back."""
    before, size = moves[max(0, at - 60) : at], abs(moves[at])
    stays = max(abs(moves[at + 1 : at + 6].sum()), abs(before[-5:].sum())) < 0.5 * size
    return bool(stays and before.size >= 20 and size > SPLIT_SIGMAS * _robust_sigma(before))


def unfinished_bar(subject: Subject) -> list[Finding]:
    """Is the last bar one that was still trading when it was read?"""
    frame, accessed = subject.delivery.frame, subject.delivery.origin.accessed
    if frame.empty:
        return []
    last = pd.Timestamp(frame.index[-1])
    if subject.instrument.trades == "always" and accessed is not None and last.date() >= accessed:
        return [subject.finding("unfinished bar", "amber", f"the last value, {last:%Y-%m-%d}, was read on its own day")]
    if "volume" not in frame:
        return []
    volume = frame["volume"].tail(21)
    usual = volume.iloc[:-1].median()
    thin = volume.size == 21 and usual > 0 and volume.iloc[-1] < UNFINISHED_VOLUME * usual
    if thin and last not in subject.half_days:
        share = 100.0 * volume.iloc[-1] / usual
        detail = f"the volume of the last bar, {last:%Y-%m-%d}, is {share:.0f} % of the usual one"
        return [subject.finding("unfinished bar", "amber", detail)]
    return []


def adjustment(subject: Subject) -> list[Finding]:
    """Does the ratio of adjusted to raw close rise at dividends only, up to one?"""
    frame = subject.in_panel
    if not {"close", "adj_close"} <= set(frame.columns):
        return []
    factor = (frame["adj_close"] / frame["close"]).dropna()
    if factor.size < 2:
        return []
    steps = factor.pct_change().dropna()
    falls = steps.index[steps < -FACTOR_STEP]
    rises = int((steps > FACTOR_STEP).sum())
    found = []
    if len(falls):
        found.append(
            subject.finding(
                "adjusted against raw", "amber", f"the adjustment falls instead of rising on {named_dates(falls)}"
            )
        )
    if factor.iloc[-1] > 1.0 + FACTOR_STEP:
        detail = f"the last adjustment factor is {factor.iloc[-1]:.4f}, above one"
        found.append(subject.finding("adjusted against raw", "amber", detail))
    if not found and rises:
        dividends = counted(rises, "dividend")
        found.append(subject.finding("adjusted against raw", "green", f"consistent, {dividends} in the panel"))
    return found


def bars(subject: Subject) -> list[Finding]:
    """Opens and closes outside the day's range, days without volume, levels that are not positive."""
    frame, found = subject.in_panel, []
    if {"high", "low"} <= set(frame.columns):
        ends = frame[[name for name in ("open", "close") if name in frame.columns]]
        slack = BAR_SLACK * frame["high"].abs()
        above, below = ends.max(axis="columns") > frame["high"] + slack, ends.min(axis="columns") < frame["low"] - slack
        outside = frame.index[above | below]
        if len(outside):
            days = counted(len(outside), "day")
            detail = f"open or close on {days}: {named_dates(outside)}"
            found.append(subject.finding("outside the day's range", "amber", detail))
    if "volume" in frame:
        idle = frame.index[frame["volume"] == 0.0]
        if len(idle):
            days = counted(len(idle), "day")
            found.append(subject.finding("no volume", "green", f"on {days}: {named_dates(idle)}"))
    level = subject.aligned.levels
    negative = level.index[level <= 0.0]
    if len(negative):
        days = counted(len(negative), "session")
        found.append(
            subject.finding("not positive", "green", f"on {days} (differences are taken): {named_dates(negative)}")
        )
    return found


def clocks(subject: Subject) -> list[Finding]:
    """What the reader has to know about the clock of this series."""
    found, instrument = [], subject.instrument
    if subject.delivery.note:
        found.append(subject.finding("second choice", "amber", subject.delivery.note))
    found += [subject.finding("as fetched", "green", remark) for remark in subject.delivery.remarks]
    if "volume" not in subject.delivery.frame:
        lender = next((one for one in subject.delivery.alternatives if "volume" in one.frame), None)
        if lender is not None:
            detail = f"from {lender.origin.address}, {STAMPS[lender.origin.stamp]}; the priced file has none"
            found.append(subject.finding("volume", "green", detail))
    early = subject.half_days.intersection(subject.delivery.early_closes)
    late = subject.half_days.difference(early)
    if len(early):
        days = counted(len(early), "half day")
        detail = f"taken at the exchange's early close on {days}, the last on {early[-1]:%Y-%m-%d}"
        found.append(subject.finding("half days", "green", detail))
    if subject.delivery.origin.stamp != "session" and instrument.change == "log" and len(late):
        days = counted(len(late), "half day")
        detail = f"taken after the exchange's early close on {days}, the last on {late[-1]:%Y-%m-%d}"
        found.append(subject.finding("half days", "green", detail))
    if instrument.release_lag_days:
        first = subject.delivery.origin.adjustment.endswith(FIRST_RELEASES)
        past = "each value as first published" if first else "one vintage, so later revisions are in its history"
        detail = f"used from {counted(instrument.release_lag_days, 'day')} after the reference date on; {past}"
        found.append(subject.finding("release lag", "green", detail))
    return found


CHECKS: Sequence[Callable[[Subject], list[Finding]]] = (
    coverage,
    blanks,
    blank_volumes,
    second_readings,
    stale_runs,
    jumps,
    splits,
    unfinished_bar,
    adjustment,
    bars,
    clocks,
)


def examine(subject: Subject) -> tuple[Finding, ...]:
    """Every finding about one series, worst first."""
    order = {"red": 0, "amber": 1, "green": 2}
    found = [finding for check in CHECKS for finding in check(subject)]
    return tuple(sorted(found, key=lambda finding: order[finding.light]))


def worst(findings: Iterable[Finding]) -> Light:
    """The worst light among findings, green where there are none."""
    lights = {finding.light for finding in findings}
    return "red" if "red" in lights else "amber" if "amber" in lights else "green"


def _robust_sigma(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if values.size else 0.0


def _volume_ratio(frame: pd.DataFrame, day: pd.Timestamp) -> float | None:
    if "volume" not in frame:
        return None
    at = int(frame.index.get_indexer(pd.DatetimeIndex([day]))[0])
    before = frame["volume"].iloc[max(0, at - 5) : at].median()
    after = frame["volume"].iloc[at : at + 5].median()
    return float(after / before) if at >= 0 and before > 0.0 and after > 0.0 else None

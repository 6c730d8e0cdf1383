"""The closest that data come to statements that cannot be tested: figures with their dates, never a verdict.

A figure is shown with its place among all earlier spans of the same length, so that a reader sees whether the event was
unusual. Series are read on their own reference dates, as far as they were released at the article's date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.panel import Panel
from data.study import Instrument, ProxyRule, Study, UntestableRow, Window
from models.betas.static import static_beta
from models.claims.facts import observed
from models.claims.verdict import Outcome, Verdict
from models.estimate import Estimate, NotDecidable
from models.inference.hac import least_squares
from models.liquidity import abnormal_log_volume

Array = NDArray[np.float64]

#: Fewer earlier spans than this give no percentile.
MINIMUM_SPANS = 60
#: Fewer days than this on either side give no contrast.
MINIMUM_DAYS = 60
#: What a conclusion drawn from several verdicts comes to: the first of these that is among them.
WEAKEST_FIRST = (
    Outcome.NOT_SUPPORTED,
    Outcome.NOT_TESTABLE,
    Outcome.INCONCLUSIVE,
    Outcome.MIXED,
    Outcome.SUPPORTED,
)


@dataclass(frozen=True, slots=True)
class ProxyReading:
    """One figure beside a statement.

    Attributes
    ----------
    label : str
        What is measured.
    roles : tuple of str
        Whose data it rests on.
    value : Estimate or NotDecidable
        With limits only where it is estimated; an observed figure has none.
    first, last : date or None
        Reference dates between which it was taken, None where there is none.
    percentile : float or None
        Share of earlier spans with as many values that came to less, spans that came to the same counted half.
    spans : int
        Number of these spans; they overlap.
    """

    label: str
    roles: tuple[str, ...]
    value: Estimate | NotDecidable
    first: date | None = None
    last: date | None = None
    percentile: float | None = None
    spans: int = 0


@dataclass(frozen=True)
class ClosestReadings:
    """Everything beside one statement.

    Attributes
    ----------
    id : str
    row : UntestableRow
        Statement, reason and limit, as in the study file.
    readings : tuple of ProxyReading
    verdicts : mapping of claim to Outcome
        Of the claims that come closest.
    """

    id: str
    row: UntestableRow
    readings: tuple[ProxyReading, ...]
    verdicts: Mapping[str, Outcome]

    @property
    def weakest(self) -> Outcome | None:
        """The weakest of the verdicts: what a conclusion from all of them comes to. None where there are none."""
        return next((outcome for outcome in WEAKEST_FIRST if outcome in self.verdicts.values()), None)


@dataclass(frozen=True)
class _Sight:
    """What a measure may look at."""

    panel: Panel
    instruments: Mapping[str, Instrument]
    window: Window
    stress: pd.Series
    level: float

    @property
    def base(self) -> pd.Timestamp:
        """Close before the window."""
        return pd.Timestamp(self.window.base)

    @property
    def last(self) -> pd.Timestamp:
        """Last close of the window."""
        return pd.Timestamp(min(self.window.last or self.panel.as_of, self.panel.as_of))

    def levels(self, role: str) -> pd.Series:
        """Values on the days that they speak of: a month's at its end, on whichever of its days it stands."""
        known = self.panel.history[role].dropna()
        if self.instruments[role].frequency != "monthly":
            return known
        return known.set_axis(pd.DatetimeIndex(known.index) + pd.offsets.MonthEnd(0))


def closest_readings(
    panel: Panel, study: Study, stress: pd.Series, verdicts: Sequence[Verdict]
) -> tuple[ClosestReadings, ...]:
    """Figures and verdicts beside every statement of the study that cannot be tested.

    Parameters
    ----------
    panel : Panel
        What lies after the article's date is not used.
    study : Study
    stress : Series of bool, (T,)
        Sessions in stress, known at the close before.
    verdicts : sequence of Verdict
    """
    vintage = panel.until(study.about.as_of)
    outcomes = {one.id: one.outcome for one in verdicts}
    instruments: dict[str, Instrument] = {one.role: one for one in study.instruments}
    return tuple(
        ClosestReadings(
            key,
            row,
            tuple(
                _reading(rule, _Sight(vintage, instruments, study.windows[rule.window], stress, study.inference.level))
                for rule in row.proxies
            ),
            {claim: outcomes.get(claim, Outcome.NOT_TESTABLE) for claim in row.claims},
        )
        for key, row in study.untestable.items()
    )


def _reading(rule: ProxyRule, sight: _Sight) -> ProxyReading:
    roles = (rule.role, *((rule.on,) if rule.on else ()))
    label = _label(rule, sight)
    absent = [sight.instruments[role].name if role in sight.instruments else role.replace("_", " ") for role in roles]
    absent = [name for name, role in zip(absent, roles, strict=True) if role not in sight.panel.levels]
    if absent:
        return ProxyReading(label, roles, NotDecidable(f"the data hold no {' and no '.join(absent)}"))
    return MEASURES[rule.measure](rule, sight, label, roles)


def _label(rule: ProxyRule, sight: _Sight) -> str:
    name = sight.instruments[rule.role].name if rule.role in sight.instruments else rule.role.replace("_", " ")
    other = sight.instruments[rule.on].name.lower() if rule.on and rule.on in sight.instruments else rule.on
    return {
        "change": f"{name}, change",
        "mean": f"{name}, mean",
        "falling_volume": f"{name}, volume on falling days against the usual",
        "stress_change": f"{name}, daily change in stress minus calm",
        "slope": f"{name}, slope on {other}",
    }[rule.measure]


def _change(rule: ProxyRule, sight: _Sight, label: str, roles: tuple[str, ...]) -> ProxyReading:
    """Last value of the window against the last one up to its base."""
    levels = sight.levels(rule.role).loc[: sight.last]
    refusal = _outside(levels, sight, rule.role)
    if refusal is not None:
        return ProxyReading(label, roles, refusal)
    kind = sight.instruments[rule.role].change
    values, known = levels.to_numpy(dtype=float), int((levels.index <= sight.base).sum())
    steps = levels.size - known
    moves = rule.scale * _moved(values[steps:], values[:-steps], kind)
    span = (levels.index[known - 1], levels.index[-1])
    unit = rule.unit or {"log": "%", "basis_points": "bp", "difference": "points"}[kind]
    return _observed(label, roles, moves[-1], unit, sight.level, span, moves[: max(known - steps, 0)], steps)


def _mean(rule: ProxyRule, sight: _Sight, label: str, roles: tuple[str, ...]) -> ProxyReading:
    """Mean of the values after the base up to the last day."""
    levels = sight.levels(rule.role).loc[: sight.last] * rule.scale
    refusal = _outside(levels, sight, rule.role)
    if refusal is not None:
        return ProxyReading(label, roles, refusal)
    inside = levels.loc[levels.index > sight.base]
    earlier = levels.loc[: sight.base].rolling(inside.size).mean()
    span = (inside.index[0], inside.index[-1])
    return _observed(label, roles, inside.mean(), rule.unit, sight.level, span, earlier.to_numpy(), inside.size)


def _falling_volume(rule: ProxyRule, sight: _Sight, label: str, roles: tuple[str, ...]) -> ProxyReading:
    """Mean abnormal volume of the sessions on which the price fell, as a ratio to the usual volume."""
    abnormal = abnormal_log_volume(sight.panel.volumes[rule.role])
    if isinstance(abnormal, NotDecidable):
        return ProxyReading(label, roles, abnormal)
    falling = abnormal.where(sight.panel.returns[rule.role] < 0.0).loc[: sight.last]
    inside = falling.loc[falling.index > sight.base]
    if not inside.notna().any():
        return ProxyReading(label, roles, NotDecidable("no session of the window has a fall and a volume"))
    days = inside.dropna()
    earlier = np.exp(falling.loc[: sight.base].rolling(inside.size, min_periods=1).mean().to_numpy())
    span = (days.index[0], days.index[-1])
    return _observed(label, roles, np.exp(days.mean()), "times", sight.level, span, earlier, days.size)


def _stress_change(rule: ProxyRule, sight: _Sight, label: str, roles: tuple[str, ...]) -> ProxyReading:
    """Mean daily change on days in stress minus on the others, on the series' own dates."""
    levels = sight.panel.history[rule.role].dropna()
    kind = sight.instruments[rule.role].change
    values = levels.to_numpy(dtype=float)
    moves = pd.Series(rule.scale * _moved(values[1:], values[:-1], kind), levels.index[1:])
    joint = pd.concat({"move": moves, "stress": sight.stress.astype(float)}, axis=1, join="inner").dropna()
    days = int(joint["stress"].sum())
    if min(days, len(joint) - days) < MINIMUM_DAYS:
        return ProxyReading(label, roles, NotDecidable(f"{days} of {len(joint)} days are in stress"))
    fit = least_squares(joint["move"].to_numpy(), np.column_stack([np.ones(len(joint)), joint["stress"]]))
    method = f"difference of means, {days} days in stress, equal-weighted cosine HAC interval"
    unit = rule.unit or {"log": "%", "basis_points": "bp", "difference": "points"}[kind]
    estimate = fit.estimate(1, level=sight.level, unit=f"{unit} a day", method=method)
    return ProxyReading(label, roles, estimate, _day(joint.index[0]), _day(joint.index[-1]))


def _slope(rule: ProxyRule, sight: _Sight, label: str, roles: tuple[str, ...]) -> ProxyReading:
    """Least-squares slope of the changes of one role on those of the other."""
    returns = sight.panel.returns.loc[:, list(roles)].dropna()
    returns = returns.loc[(returns.index > sight.base) & (returns.index <= sight.last)]
    if len(returns) < MINIMUM_DAYS:
        return ProxyReading(label, roles, NotDecidable(f"the window holds {len(returns)} sessions with both"))
    slope = static_beta(returns[roles[0]], returns[roles[1]], level=sight.level)[roles[1]]
    estimate = Estimate(
        slope.value, slope.std_error, slope.lower, slope.upper, slope.level, slope.n, rule.unit, slope.method
    )
    return ProxyReading(label, roles, estimate, _day(returns.index[0]), _day(returns.index[-1]))


MEASURES = {
    "change": _change,
    "mean": _mean,
    "falling_volume": _falling_volume,
    "stress_change": _stress_change,
    "slope": _slope,
}


def _outside(levels: pd.Series, sight: _Sight, role: str) -> NotDecidable | None:
    """Why a series says nothing of a window: it ends before it, or begins in it."""
    name = sight.instruments[role].name
    if levels.empty or levels.index[-1] <= sight.base:
        end = "holds nothing" if levels.empty else f"ends on {levels.index[-1]:%Y-%m-%d}"
        return NotDecidable(f"{name} {end}, before the window begins ({sight.base:%Y-%m-%d})")
    if levels.index[0] > sight.base:
        return NotDecidable(f"{name} begins on {levels.index[0]:%Y-%m-%d}, after the window does")
    return None


def _moved(later: Array, earlier: Array, kind: str) -> Array:
    """Simple growth in percent where logs are taken of the series, else the difference in its unit."""
    if kind == "log":
        return 100.0 * (later / earlier - 1.0)
    return (100.0 if kind == "basis_points" else 1.0) * (later - earlier)


def _observed(
    label: str,
    roles: tuple[str, ...],
    value: float,
    unit: str,
    level: float,
    span: tuple[object, object],
    earlier: Array,
    n: int,
) -> ProxyReading:
    others = earlier[np.isfinite(earlier)]
    enough = others.size >= MINIMUM_SPANS
    return ProxyReading(
        label,
        roles,
        observed(value, unit, n, level),
        _day(span[0]),
        _day(span[1]),
        100.0 * float(np.mean((others < value) + 0.5 * (others == value))) if enough else None,
        int(others.size) if enough else 0,
    )


def _day(stamp: object) -> date:
    return pd.Timestamp(stamp).date()  # type: ignore[arg-type]

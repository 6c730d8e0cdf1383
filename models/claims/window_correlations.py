"""Correlations inside a dated window against the sessions before it: what C05 and C06 share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.calendar import changes
from models.claims.claim import Case
from models.claims.facts import observed
from models.claims.specifications import attempted
from models.claims.verdict import SpecificationResult
from models.correlation import Correlation, PathDraws
from models.estimate import Estimate, NotDecidable
from models.inference.contrast_variants import fading_weights, rank_contrast, weighted_contrast
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast
from models.inference.resampling import percentile_estimate
from models.suite import Pair, PathBand

#: Group codes of the rows.
PRIOR, WINDOW = 0, 1
#: Specifications: sessions before the window (none for a contrast that does not look there), and last sessions of the
#: window beside the whole.
PRIORS = (126, 252, 504)
NO_PRIOR = (0,)
LENGTHS = (21, 63)
#: Models whose paths would be alternatives too, and which the suite leaves out.
UNFITTED = ("ADCC", "RSDC")

#: Series of a specification, made when first asked for.
Frame = Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class WindowRows:
    """Rows of a window and of the sessions before it, with their group codes."""

    frame: pd.DataFrame
    groups: NDArray[np.int64]

    @property
    def strata(self) -> tuple[int, int]:
        """Lengths of the two stretches."""
        inside = int(self.groups.sum())
        return len(self.frame) - inside, inside

    @property
    def before(self) -> pd.DatetimeIndex:
        """Sessions before the window."""
        return self.sessions(PRIOR)

    def sessions(self, group: int) -> pd.DatetimeIndex:
        """Sessions of a group."""
        return pd.DatetimeIndex(self.frame.index[self.groups == group])

    def pair(self, term: Term) -> Pair:
        """The roles whose correlation a term weighs."""
        return str(self.frame.columns[term.first]), str(self.frame.columns[term.second])

    def term(self, weight: float, first: str, second: str, group: int) -> Term:
        """A weighted correlation between two roles."""
        columns = list(self.frame.columns)
        return Term(weight, columns.index(first), columns.index(second), group)


def window_rows(
    frame: pd.DataFrame, window: pd.DatetimeIndex, prior_sessions: int, last: int | None = None
) -> WindowRows | NotDecidable:
    """The rows of the window, or of its `last` sessions, and the `prior_sessions` before the whole window."""
    if window.empty:
        return NotDecidable("the window holds no session")
    start = int(frame.index.searchsorted(window[0]))
    if start < prior_sessions:
        return NotDecidable(f"only {start} sessions before the window, {prior_sessions} are needed")
    inside = frame.loc[frame.index.isin(window if last is None else window[-last:])]
    if inside.empty:
        return NotDecidable("no session of the window has a value for every series")
    before = frame.iloc[start - prior_sessions : start]
    groups = np.repeat([PRIOR, WINDOW], [len(before), len(inside)]).astype(np.int64)
    return WindowRows(pd.concat([before, inside]), groups)


def bootstrap_contrast(case: Case, rows: WindowRows, terms: tuple[Term, ...], method: str) -> ContrastEffect:
    """A contrast with the bootstrap interval of the verdicts, resampling window and prior year separately."""
    return correlation_contrast(
        rows.frame.to_numpy(),
        rows.groups,
        terms,
        strata=rows.strata,
        level=case.level,
        replications=case.replications,
        block_bounds=case.block_bounds,
        seed=case.seed,
        method=method,
    )


@dataclass(frozen=True)
class ConditionalPaths:
    """Conditional correlations of the default model at common parameter draws: a second reading."""

    draws: Mapping[Pair, PathDraws]
    level: float

    def average(self, pair: Pair, sessions: pd.DatetimeIndex) -> Estimate:
        """Mean over a stretch of sessions, with the interval of the draws."""
        return self.draws[pair].average(sessions[0], sessions[-1], level=self.level)

    def contrast(self, rows: WindowRows, terms: tuple[Term, ...]) -> Estimate | NotDecidable:
        """The terms with the mean path in place of each correlation."""
        value, drawn = 0.0, np.zeros(len(next(iter(self.draws.values())).paths))
        for term in terms:
            sessions = rows.sessions(term.group)
            mean, draws = self.draws[rows.pair(term)].averages(sessions[0], sessions[-1])
            value += term.weight * mean
            drawn += term.weight * draws
        method = f"mean path of the default model; {drawn.size} parameter draws"
        return percentile_estimate(value, drawn, level=self.level, n=len(rows.frame), unit="", method=method)


def conditional_paths(case: Case, pairs: tuple[Pair, ...]) -> ConditionalPaths:
    """The conditional correlations of pairs that share an asset or more."""
    what = tuple(Correlation(*pair) for pair in pairs)
    drawn = case.suite.conditional.draw(what, draws=case.study.inference.band_draws, seed=case.seed)
    return ConditionalPaths(dict(zip(pairs, drawn, strict=True)), case.level)


@dataclass(frozen=True)
class WindowSeries:
    """What the specifications of a window are measured on, by label; made when first asked for.

    Attributes
    ----------
    window : DatetimeIndex
    crossed : mapping of str to callable
        Series that go through every length of the window and of the stretch before it.
    single : mapping of str to callable
        Series that go through the judged lengths only.
    absent : mapping of str to NotDecidable
        What these data do not hold.
    paths : ConditionalPaths
    """

    window: pd.DatetimeIndex
    crossed: Mapping[str, Frame]
    single: Mapping[str, Frame]
    absent: Mapping[str, NotDecidable]
    paths: ConditionalPaths


def window_series(
    case: Case,
    window: pd.DatetimeIndex,
    roles: tuple[str, ...],
    instead: Mapping[str, tuple[str, ...]],
    paths: ConditionalPaths,
) -> WindowSeries:
    """Devolatilised and raw returns of `roles`, with others `instead` of some, and with other closes of what trades
    around the clock.
    """
    residuals, returns, names = case.suite.std_residuals, case.panel.returns, case.panel.names
    raw = returns[list(roles)].dropna()
    crossed: dict[str, Frame] = {"devolatilised": lambda: residuals, "raw": lambda: raw}
    absent = {}
    for role, other in ((role, other) for role, others in instead.items() for other in others):
        if other not in returns.columns:
            absent[f"{other.replace('_', ' ')} for {names[role]}"] = NotDecidable(f"no series plays the role {other}")
            continue
        own = returns[other].rename(role)
        scaled = cache(partial(_devolatilised, case, own.rename(other)))
        crossed[f"devolatilised, {names[other]}"] = partial(_replaced, residuals[list(roles)], role, scaled)
        crossed[f"raw, {names[other]}"] = partial(_replaced, raw, role, partial(_same, own))
    single: dict[str, Frame] = {}
    for role in roles:
        for one in case.panel.alternatives.get(role, ()):
            moved = changes(one.levels, case.study.instrument(role).change).rename(role)
            shared = moved[moved.index.isin(returns[role].dropna().index)]
            scaled = cache(partial(_devolatilised, case, shared))
            label = f"{names[role]}'s close: {one.origin.stamp}"
            single[label] = partial(_replaced, residuals[list(roles)], role, scaled)
    return WindowSeries(window, crossed, single, absent, paths)


def _same(series: pd.Series) -> pd.Series:
    return series


def _devolatilised(case: Case, returns: pd.Series) -> pd.Series:
    return case.margins(returns.dropna().to_frame()).std_residuals.iloc[:, 0]


def _replaced(frame: pd.DataFrame, role: str, series: Callable[[], pd.Series]) -> pd.DataFrame:
    return frame.assign(**{role: series()}).dropna()


def window_specifications(
    case: Case,
    series: WindowSeries,
    terms: Callable[[WindowRows], tuple[Term, ...]],
    priors: tuple[int, ...] = PRIORS,
) -> tuple[SpecificationResult, ...]:
    """Specification curve of a contrast: series x sessions before x last sessions of the window, then one change of the
    judged measure at a time: ranks, fading weights, other closes, paths of models. What cannot be had is named.
    """
    window = series.window
    lengths = (*(length for length in LENGTHS if length < window.size), window.size)

    def rows_of(frame: Frame, prior: int, length: int | None = None) -> WindowRows | NotDecidable:
        return window_rows(frame(), window, prior, length)

    def correlated(frame: Frame, prior: int, length: int, label: str) -> Estimate | NotDecidable:
        rows = rows_of(frame, prior, length)
        if isinstance(rows, NotDecidable):
            return rows
        return analytic_contrast(rows.frame.to_numpy(), rows.groups, terms(rows), level=case.level, method=label)

    results = []
    for (kind, frame), prior, length in product(series.crossed.items(), priors, lengths):
        before = f"{prior} sessions before, " if prior else ""
        label = f"{kind}, {before}last {length} of the window"
        results.append(attempted(label, partial(correlated, frame, prior, length, label)))
    judged = int(case.thresholds["prior_sessions"]) if any(priors) else 0
    for label, frame in series.single.items():
        results.append(attempted(label, partial(correlated, frame, judged, window.size, label)))

    def measured(
        reading: Callable[[WindowRows, tuple[Term, ...]], Estimate | NotDecidable],
    ) -> Estimate | NotDecidable:
        rows = rows_of(series.crossed["devolatilised"], judged)
        return rows if isinstance(rows, NotDecidable) else reading(rows, terms(rows))

    readings: dict[str, Callable[[WindowRows, tuple[Term, ...]], Estimate | NotDecidable]] = {
        "ranks (Kendall)": partial(_ranks, case),
        "weights that fade with age (MIDAS)": partial(_fading, case),
        "mean path of cDCC": series.paths.contrast,
        "mean path of DCC": partial(_rival, case, "DCC"),
    }
    results += [attempted(label, partial(measured, reading)) for label, reading in readings.items()]
    unfitted = {f"mean path of {name}": NotDecidable("the study does not fit this model") for name in UNFITTED}
    absent = {**series.absent, **unfitted}
    return (*results, *(SpecificationResult(label, reason) for label, reason in absent.items()))


def _ranks(case: Case, rows: WindowRows, terms: tuple[Term, ...]) -> Estimate:
    return rank_contrast(rows.frame.to_numpy(), rows.groups, terms, level=case.level, method="Kendall's tau")


def _fading(case: Case, rows: WindowRows, terms: tuple[Term, ...]) -> Estimate:
    weights = np.concatenate([fading_weights(count) for count in rows.strata])
    return weighted_contrast(
        rows.frame.to_numpy(), rows.groups, terms, weights, level=case.level, method="weights that fade with age"
    )


def _rival(case: Case, model: str, rows: WindowRows, terms: tuple[Term, ...]) -> Estimate | NotDecidable:
    """The mean path of another model of the suite, which has no interval there."""
    value, rivals = 0.0, case.suite.rivals
    for term in terms:
        pair = rows.pair(term)
        path = rivals.get(pair, rivals.get(pair[::-1]))
        if path is None or model not in path.columns:
            return NotDecidable(f"the study asks for no {model} path of {' and '.join(pair)}")
        value += term.weight * float(path.loc[rows.sessions(term.group), model].mean())
    return observed(value, "", len(rows.frame), case.level, f"mean path of {model}, its parameters taken as known")


def correlation_path(case: Case, pair: tuple[str, str]) -> PathBand | None:
    """Conditional correlation of a pair, None where the study asks for no path of it."""
    first, second = pair
    paths = case.suite.correlations
    return paths.get((first, second), paths.get((second, first)))

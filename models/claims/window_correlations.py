"""Correlations inside a dated window against the sessions before it: what C05 and C06 share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case
from models.claims.specifications import attempted
from models.claims.verdict import SpecificationResult
from models.correlation import Correlation
from models.estimate import Estimate, NotDecidable
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast
from models.suite import PathBand

#: Group codes of the rows.
PRIOR, WINDOW = 0, 1
#: Specifications: sessions before the window (none for a contrast that does not look there), and last sessions of the
#: window beside the whole.
PRIORS = (126, 252, 504)
NO_PRIOR = (0,)
LENGTHS = (21, 63)


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
        return pd.DatetimeIndex(self.frame.index[self.groups == PRIOR])

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


def conditional_average(case: Case, pair: tuple[str, str], window: pd.DatetimeIndex) -> Estimate:
    """Mean conditional correlation over the window with the interval of its parameter draws: a second reading."""
    (paths,) = case.suite.conditional.draw((Correlation(*pair),), draws=case.study.inference.band_draws, seed=case.seed)
    return paths.average(window[0], window[-1], level=case.level)


def window_specifications(
    case: Case,
    window: pd.DatetimeIndex,
    roles: tuple[str, ...],
    terms: Callable[[WindowRows], tuple[Term, ...]],
    priors: tuple[int, ...] = PRIORS,
) -> tuple[SpecificationResult, ...]:
    """Specification curve of a contrast: returns x sessions before x last sessions of the window."""
    frames = {"devolatilised": case.suite.std_residuals, "raw": case.panel.returns[list(roles)].dropna()}
    lengths = (*(length for length in LENGTHS if length < window.size), window.size)

    def specified(frame: pd.DataFrame, prior: int, length: int, label: str) -> Estimate | NotDecidable:
        rows = window_rows(frame, window, prior, length)
        if isinstance(rows, NotDecidable):
            return rows
        return analytic_contrast(rows.frame.to_numpy(), rows.groups, terms(rows), level=case.level, method=label)

    results = []
    for (kind, frame), prior, length in product(frames.items(), priors, lengths):
        before = f"{prior} sessions before, " if prior else ""
        label = f"{kind}, {before}last {length} of the window"
        results.append(attempted(label, partial(specified, frame, prior, length, label)))
    return tuple(results)


def correlation_path(case: Case, pair: tuple[str, str]) -> PathBand | None:
    """Conditional correlation of a pair, None where the study asks for no path of it."""
    first, second = pair
    paths = case.suite.correlations
    return paths.get((first, second), paths.get((second, first)))

"""Correlations inside a dated window against the sessions before it: what C05 and C06 share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case
from models.claims.verdict import SpecificationResult
from models.correlation import Correlation
from models.estimate import Estimate, NotDecidable
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast

#: Group codes of the rows.
PRIOR, WINDOW = 0, 1
#: Specifications: sessions before the window, and last sessions of the window beside the whole.
PRIORS = (126, 252, 504)
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


def window_rows(frame: pd.DataFrame, window: pd.DatetimeIndex, prior_sessions: int) -> WindowRows | NotDecidable:
    """The window's rows of `frame` and the `prior_sessions` before them."""
    start = int(frame.index.searchsorted(window[0]))
    if start < prior_sessions:
        return NotDecidable(f"only {start} sessions before the window, {prior_sessions} are needed")
    chosen = frame.iloc[start - prior_sessions : start + window.size]
    groups = np.where(chosen.index >= window[0], WINDOW, PRIOR).astype(np.int64)
    return WindowRows(chosen, groups)


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
    case: Case, window: pd.DatetimeIndex, roles: tuple[str, ...], terms: Callable[[WindowRows], tuple[Term, ...]]
) -> tuple[SpecificationResult, ...]:
    """Specification curve of a contrast: returns x sessions before x last sessions of the window."""
    frames = {"devolatilised": case.suite.std_residuals, "raw": case.panel.returns[list(roles)].dropna()}
    results = []
    for (kind, frame), prior, length in product(frames.items(), PRIORS, (*LENGTHS, window.size)):
        label = f"{kind}, {prior} sessions before, last {length} of the window"
        rows = window_rows(frame, window[-length:], prior)
        estimate = (
            rows
            if isinstance(rows, NotDecidable)
            else analytic_contrast(rows.frame.to_numpy(), rows.groups, terms(rows), level=case.level, method=label)
        )
        results.append(SpecificationResult(label, estimate))
    return tuple(results)

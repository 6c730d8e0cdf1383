"""The models of the study, fitted once and shared by claims and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from models.correlation import CorrelationResult
from models.estimate import Estimate, NotDecidable
from models.optimise import Convergence
from models.regimes import SwitchingResult, Vintages

Pair = tuple[str, str]


@dataclass(frozen=True)
class PathBand:
    """A time-varying quantity with its band.

    Attributes
    ----------
    pair : (role, role)
        The two series; for a beta the dependent one comes first.
    quantity : {"correlation", "beta"}
    frame : DataFrame, (T, 3)
        Columns "estimate", "lower", "upper" by session.
    level : float
        Coverage of the band, session by session (pointwise).
    method : str
        Model and origin of the band in one line, with what the band leaves out.
    dispersion_percentile : float or None
        Share (0 to 1) of constant-correlation worlds whose estimated line is less wavy than this one.
    """

    pair: Pair
    quantity: Literal["correlation", "beta"]
    frame: pd.DataFrame
    level: float
    method: str
    dispersion_percentile: float | None = None


@dataclass(frozen=True)
class ParameterTable:
    """Estimated parameters of one model.

    Attributes
    ----------
    model, equation : str
        Name of the model and its equation in the names of the rows.
    frame : DataFrame
        Index: parameter names; columns "estimate", "std_error", "lower", "upper".
    loglik : float
    n : int
    standard_errors : str
        Which standard errors these are.
    convergence : Convergence
    """

    model: str
    equation: str
    frame: pd.DataFrame
    loglik: float
    n: int
    standard_errors: str
    convergence: Convergence


@dataclass(frozen=True, slots=True)
class Check:
    """A model check with its target: `value` should satisfy `target`, e.g. "> .05".

    `decisive` marks what a model cannot be used without: a failure is a red light, and whatever verdict rests on the
    model may not go beyond "inconclusive".
    """

    model: str
    name: str
    value: float
    target: str
    passed: bool
    decisive: bool = False

    @property
    def red(self) -> bool:
        """Whether the model may not be relied on."""
        return self.decisive and not self.passed


@dataclass(frozen=True)
class Suite:
    """Everything the study's models say, before any claim is judged.

    Attributes
    ----------
    sample : str
        Sessions and assets the correlation models are fitted to, in words.
    correlations, betas : mapping of pair to PathBand
        Conditional correlations and betas from the default model.
    rivals : mapping of pair to DataFrame
        The same correlations from other models, one column a model, without bands.
    static_betas, static_correlations : mapping of pair to Estimate
        Over the whole sample.
    conditional : CorrelationResult
        The default correlation model itself, for readings that need its draws.
    stress : Series of bool
        Sessions in stress by the fear index, known at the close before.
    stress_probability : DataFrame
        Columns "filtered" (data to each close, parameters of the sample), "smoothed" (hindsight) and "known" (data to
        each close, parameters of the last full year before it; NaN before the first vintage): probability of the
        turbulent regime of the reference-only model.
    regimes : SwitchingResult
        The reference-only model itself; regimes are numbered from calm to turbulent.
    vintages : Vintages or NotDecidable
        The same model estimated anew after each year: what its probabilities were when they were news.
    expected_durations : mapping of regime name to Estimate or NotDecidable, in sessions
    window_returns : mapping of window name to DataFrame
        Cumulative simple return in percent since the window's base, one column a role, first row zero.
    parameters : tuple of ParameterTable
    checks : tuple of Check
    std_residuals : DataFrame, (T, N)
        Devolatilised returns of the correlation assets.
    """

    sample: str
    correlations: Mapping[Pair, PathBand]
    betas: Mapping[Pair, PathBand]
    rivals: Mapping[Pair, pd.DataFrame]
    static_betas: Mapping[Pair, Estimate]
    static_correlations: Mapping[Pair, Estimate]
    conditional: CorrelationResult
    stress: pd.Series
    stress_probability: pd.DataFrame
    regimes: SwitchingResult
    vintages: Vintages | NotDecidable
    expected_durations: Mapping[str, Estimate | NotDecidable]
    window_returns: Mapping[str, pd.DataFrame]
    parameters: tuple[ParameterTable, ...]
    checks: tuple[Check, ...]
    std_residuals: pd.DataFrame

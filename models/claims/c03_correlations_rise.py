"""C03: in stress correlations rise and diversification breaks down for a while.

Question   Is the mean correlation of the core assets higher on stress days than on calm days, beyond what higher
           variance alone makes?
Trap       A stress label built from the tested assets, or from the same day, makes correlations rise by selection.
           Labels come from the fear index at the close before; returns are devolatilised first.
Criteria   The general rule on theta = mean pairwise correlation in stress minus calm. Stress comes in few long
           spells, so limits and p-value must hold for placebo labels which keep their runs as well: of the bootstrap's
           and the placebos' the outer limits and the larger p-value, which inverts them.
           Fewer than `minimum_days` days or `minimum_spells` spells of stress: not testable.
Thresholds sesoi (correlation), minimum_days, minimum_spells; back_after (sessions after a spell) and back_within
           (correlation), by which a rise was temporary.
Statistic  Difference of mean off-diagonal correlations of standardised residuals; labels keep their days in the
           bootstrap.
Secondary  Bound for stress picked by the market's variance (Forbes and Rigobon 2002): a lower bound, since it
           over-corrects when other variances rise too (Corsetti, Pericoli and Sbracia 2005). Stress in the intercept
           of DCC, with its Wald test. How temporary: half-life of a deviation, and where correlations stand some
           sessions after a spell. What is left of diversification: its ratio at equal risk, the share of the first
           component, sessions on which all fall.
Episode    The stress days lie almost wholly before the article's window: the claim is tested on history, not on the
           episode.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rises_in_stress import (
    CALM,
    STRESS,
    return_to_calm,
    rise_of_mean,
    rise_specifications,
    stress_in_the_intercept,
    stressed_dcc,
    too_few,
    variance_bound,
)
from models.claims.rule import conjunction
from models.claims.verdict import Exhibit
from models.comovement import comovement_in_stress
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast
from models.inference.placebo import Placebos, rotated
from models.stress import fear_stress, spells

#: Rotations of the labels behind the placebo test.
PLACEBOS = 999
#: Behind a primary, which power by simulation asks for a thousand times.
FEWER_PLACEBOS = 99
NULL = "The stress labels have nothing to do with the correlations."


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the rise of the mean correlation."""
    residuals = case.full_residuals()
    labels = fear_stress(case.panel, case.study.stress).loc[residuals.index]
    refused = too_few(labels, case)
    if refused is not None:
        return refused
    resampled, placebos = _rise(case, residuals, labels), _placebos(case, residuals, labels, PLACEBOS)
    effect, p_value = placebos.widened(resampled.estimate, resampled.p_value, NULL)
    stressed = stressed_dcc(case)
    specifications = rise_specifications(case, stressed)
    sesoi = case.thresholds["sesoi"]
    raw = case.panel.returns.loc[residuals.index, residuals.columns]
    return Measurement(
        legs=(Leg("correlations are higher in stress", effect, sesoi, p_value, specifications),),
        combine=conjunction,
        kind="single",
        headline=effect,
        headline_label="mean correlation in stress minus calm",
        n=len(residuals),
        n_events=spells(labels),
        window=f"{case.describe('full')}, {int(labels.sum())} of them in stress",
        secondary={
            "the rise against placebo labels": placebos.test(NULL),
            "mean correlation in calm": _level(residuals, labels, CALM, case),
            "mean correlation in stress": _level(residuals, labels, STRESS, case),
            "stress minus calm, bound for selection on the market's variance": variance_bound(case, raw, labels),
            **stress_in_the_intercept(stressed, case.level),
            **return_to_calm(case),
            **_readings(case, residuals, labels),
        },
        exhibits=_matrices(case, residuals, labels),
    )


def _readings(
    case: Case, residuals: pd.DataFrame, labels: pd.Series
) -> dict[str, Estimate | TestResult | NotDecidable]:
    """What is left of diversification."""
    return {**comovement_in_stress(residuals, labels, case.resampling(case.replications))}


def _rise(case: Case, residuals: pd.DataFrame, labels: pd.Series) -> ContrastEffect:
    return correlation_contrast(
        residuals.to_numpy(),
        labels.to_numpy(dtype=np.int64),
        rise_of_mean(residuals.shape[1]),
        strata=(len(residuals),),
        level=case.level,
        replications=case.replications,
        block_bounds=case.block_bounds,
        seed=case.seed,
        method="mean correlation of devolatilised returns, stress minus calm",
    )


def _placebos(case: Case, residuals: pd.DataFrame, labels: pd.Series, rotations: int) -> Placebos:
    """The rise against rotated labels: stress comes in few long spells, which the resampling of days understates."""
    rows, upper = residuals.to_numpy(), np.triu_indices(residuals.shape[1], 1)

    def rise(label: NDArray[np.bool_]) -> float:
        stressed, calm = (np.corrcoef(rows[part], rowvar=False)[upper].mean() for part in (label, ~label))
        return float(stressed - calm)

    return rotated(rise, labels.to_numpy(dtype=bool), rotations=min(rotations, len(labels) - 1), seed=case.seed)


def _level(residuals: pd.DataFrame, labels: pd.Series, group: int, case: Case) -> Estimate:
    terms = tuple(Term(abs(term.weight), term.first, term.second, group) for term in rise_of_mean(residuals.shape[1]))
    half = terms[: len(terms) // 2]
    return analytic_contrast(
        residuals.to_numpy(),
        labels.to_numpy(dtype=np.int64),
        half,
        level=case.level,
        method="mean correlation of devolatilised returns, influence-function interval",
    )


def _matrices(case: Case, residuals: pd.DataFrame, labels: pd.Series) -> tuple[Exhibit, ...]:
    names = dict(case.panel.names)
    calm = residuals[~labels].corr()
    stress = residuals[labels].corr()
    return tuple(
        Exhibit(name, frame.rename(index=names, columns=names), "correlation", "Devolatilised returns.")
        for name, frame in (
            ("correlations in calm", calm),
            ("correlations in stress", stress),
            ("difference of correlations", stress - calm),
        )
    )


def primary(case: Case) -> Primary | NotDecidable:
    """The rise of the mean correlation."""
    residuals = case.full_residuals()
    labels = fear_stress(case.panel, case.study.stress).loc[residuals.index]
    absent = too_few(labels, case)
    if absent:
        return absent
    resampled, placebos = _rise(case, residuals, labels), _placebos(case, residuals, labels, FEWER_PLACEBOS)
    return reaching(placebos.widened(resampled.estimate, resampled.p_value, NULL)[0], case.thresholds["sesoi"])


CLAIM = Claim(
    id="C03",
    needs=("fear", "market"),
    windows=("full",),
    thresholds=("sesoi", "minimum_days", "minimum_spells", "back_after", "back_within"),
    measure=measure,
    primary=primary,
    correlated=("market",),
    rests_on=("margin of",),
)

"""C03: in stress correlations rise and diversification breaks down for a while.

Question   Is the mean correlation of the core assets higher on stress days than on calm days, beyond what higher
           variance alone makes?
Trap       A stress label built from the tested assets, or from the same day, makes correlations rise by selection.
           Labels come from the fear index at the close before; returns are devolatilised first.
Criteria   The general rule on theta = mean pairwise correlation in stress minus calm. Stress comes in few long
           spells, so the p-value is the larger of the bootstrap's and that of placebo labels which keep their runs.
           Fewer than `minimum_days` days or `minimum_spells` spells of stress: not testable.
Thresholds sesoi (correlation), minimum_days, minimum_spells.
Statistic  Difference of mean off-diagonal correlations of standardised residuals; labels keep their days in the
           bootstrap.
Secondary  Bound for stress picked by the market's variance (Forbes and Rigobon 2002): a lower bound, since it
           over-corrects when other variances rise too (Corsetti, Pericoli and Sbracia 2005).
Episode    The stress days lie almost wholly before the article's window: the claim is tested on history, not on the
           episode.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.verdict import Exhibit, SpecificationResult
from models.drivers import contagion_bound
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.contrasts import ContrastEffect, Term, analytic_contrast, correlation_contrast
from models.inference.placebo import rotation_test
from models.stress import drawdown_stress, fear_stress, spells

STRESS, CALM = 1, 0
#: Rotations of the labels behind the placebo test.
PLACEBOS = 999


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the rise of the mean correlation."""
    residuals = case.full_residuals()
    labels = fear_stress(case.panel, case.study.stress).loc[residuals.index]
    too_few = _too_few(labels, case)
    if too_few is not None:
        return too_few
    effect = _rise(case, residuals, labels)
    placebo = _placebo(case, residuals, labels)
    specifications = tuple(_specifications(case, residuals, labels))
    sesoi, p_value = case.thresholds["sesoi"], max(effect.p_value, placebo.p_value)
    market = case.panel.returns.loc[residuals.index, "market"]
    raw = case.panel.returns.loc[residuals.index, residuals.columns]
    return Measurement(
        legs=(Leg("correlations are higher in stress", effect.estimate, sesoi, p_value, specifications),),
        combine=conjunction,
        kind="single",
        headline=effect.estimate,
        headline_label="mean correlation in stress minus calm",
        n=len(residuals),
        n_events=spells(labels),
        window=f"{case.describe('full')}, {int(labels.sum())} of them in stress",
        secondary={
            "the rise against placebo labels": placebo,
            "mean correlation in calm": _level(residuals, labels, CALM, case),
            "mean correlation in stress": _level(residuals, labels, STRESS, case),
            "stress minus calm, bound for selection on the market's variance": contagion_bound(
                raw.drop(columns="market"),
                market,
                labels,
                block=float(case.block_bounds[1]),
                level=case.level,
                replications=case.replications,
                seed=case.seed,
            ),
        },
        exhibits=_matrices(case, residuals, labels),
    )


def rise_of_mean(assets: int) -> tuple[Term, ...]:
    """Mean off-diagonal correlation of the stress group minus that of the calm group."""
    pairs = list(combinations(range(assets), 2))
    return tuple(
        Term(sign / len(pairs), first, second, group)
        for sign, group in ((1.0, STRESS), (-1.0, CALM))
        for first, second in pairs
    )


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


def _placebo(case: Case, residuals: pd.DataFrame, labels: pd.Series) -> TestResult:
    """The rise against rotated labels: stress comes in few long spells, which the resampling of days understates."""
    rows, upper = residuals.to_numpy(), np.triu_indices(residuals.shape[1], 1)

    def rise(label: NDArray[np.bool_]) -> float:
        stressed, calm = (np.corrcoef(rows[part], rowvar=False)[upper].mean() for part in (label, ~label))
        return float(stressed - calm)

    return rotation_test(
        rise,
        labels.to_numpy(dtype=bool),
        rotations=min(PLACEBOS, len(labels) - 1),
        seed=case.seed,
        null="The stress labels have nothing to do with the correlations.",
    )


def _too_few(labels: pd.Series, case: Case) -> NotDecidable | None:
    days, stretches = int(labels.sum()), spells(labels)
    if days < case.thresholds["minimum_days"] or stretches < case.thresholds["minimum_spells"]:
        return NotDecidable(f"only {days} stress days in {stretches} spells")
    return None


def _specifications(case: Case, residuals: pd.DataFrame, labels: pd.Series) -> list[SpecificationResult]:
    """Stress definition x returns x core set x sample, each with an analytic interval."""
    assets = list(residuals.columns)
    stress = {"fear index": labels, "market drawdown": drawdown_stress(case.panel, case.study.stress)}
    rows = {"devolatilised": residuals, "raw": case.panel.returns.loc[residuals.index, assets]}
    cores = {"all assets": assets}
    if "metal" in assets and len(assets) > 3:
        cores[f"without {case.panel.names['metal'].lower()}"] = [role for role in assets if role != "metal"]
    samples = {"full": residuals.index}
    for window in case.open_windows("post_2020"):
        samples["since 2020"] = residuals.index.intersection(case.sessions(window))
    results = []
    for by, kind, core, sample in product(stress, rows, cores, samples):
        label = f"{by}, {kind}, {core}, {sample}"
        chosen = rows[kind].loc[samples[sample], cores[core]]
        codes = stress[by].loc[samples[sample]]
        estimate = _too_few(codes, case) or analytic_contrast(
            chosen.to_numpy(),
            codes.to_numpy(dtype=np.int64),
            rise_of_mean(chosen.shape[1]),
            level=case.level,
            method=label,
        )
        results.append(SpecificationResult(label, estimate))
    return results


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
    return _too_few(labels, case) or reaching(_rise(case, residuals, labels).estimate, case.thresholds["sesoi"])


CLAIM = Claim(
    id="C03",
    needs=("fear", "market"),
    windows=("full",),
    thresholds=("sesoi", "minimum_days", "minimum_spells"),
    measure=measure,
    primary=primary,
    correlated=("market",),
    rests_on=("margin of",),
)

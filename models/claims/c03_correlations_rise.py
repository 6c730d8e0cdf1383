"""C03: in stress correlations rise and diversification breaks down for a while.

Question   Is the mean correlation of the core assets higher on stress days than on calm days, beyond what higher
           variance alone makes?
Trap       A stress label built from the tested assets, or from the same day, makes correlations rise by selection.
           Labels come from the fear index at the close before; returns are devolatilised first.
Criteria   The general rule on theta = mean pairwise correlation in stress minus calm. Fewer than `minimum_days` days
           or `minimum_spells` spells of stress: not testable.
Thresholds sesoi (correlation), minimum_days, minimum_spells.
Statistic  Difference of mean off-diagonal correlations of standardised residuals; labels keep their days in the
           bootstrap.
Secondary  Bound for stress picked by the market's variance (Forbes and Rigobon 2002): a lower bound, since it
           over-corrects when other variances rise too (Corsetti, Pericoli and Sbracia 2005).
Episode    The stress days lie almost wholly before the article's window: the claim is tested on history, not on the
           episode.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.rule import conjunction, curve
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable
from models.inference.bootstrap import stationary_indices
from models.inference.contrasts import Term, analytic_contrast, correlation_contrast
from models.stress import drawdown_stress, fear_stress, spells

STRESS, CALM = 1, 0


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the rise of the mean correlation."""
    residuals = case.full_residuals()
    labels = fear_stress(case.panel, case.study.stress).loc[residuals.index]
    too_few = _too_few(labels, case)
    if too_few is not None:
        return too_few
    effect = correlation_contrast(
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
    specifications = tuple(_specifications(case, residuals, labels))
    sesoi = case.thresholds["sesoi"]
    market = case.panel.returns.loc[residuals.index, "market"]
    raw = case.panel.returns.loc[residuals.index, residuals.columns]
    return Measurement(
        legs=(Leg("correlations are higher in stress", effect.estimate, sesoi, effect.p_value, specifications),),
        combine=conjunction,
        kind="single",
        headline=effect.estimate,
        headline_label="mean correlation in stress minus calm",
        n=len(residuals),
        n_events=spells(labels),
        window=f"{case.describe('full')}, {int(labels.sum())} of them in stress",
        secondary={
            "mean correlation in calm": _level(residuals, labels, CALM, case),
            "mean correlation in stress": _level(residuals, labels, STRESS, case),
            "stress minus calm, bound for selection on the market's variance": _forbes_rigobon(
                raw, market, labels, case
            ),
        },
        exhibits=_matrices(case, residuals, labels),
        curve=curve(specifications, sesoi),
    )


def rise_of_mean(assets: int) -> tuple[Term, ...]:
    """Mean off-diagonal correlation of the stress group minus that of the calm group."""
    pairs = list(combinations(range(assets), 2))
    return tuple(
        Term(sign / len(pairs), first, second, group)
        for sign, group in ((1.0, STRESS), (-1.0, CALM))
        for first, second in pairs
    )


def _too_few(labels: pd.Series, case: Case) -> NotDecidable | None:
    days, stretches = int(labels.sum()), spells(labels)
    if days < case.thresholds["minimum_days"] or stretches < case.thresholds["minimum_spells"]:
        return NotDecidable(f"only {days} stress days in {stretches} spells")
    return None


def _specifications(case: Case, residuals: pd.DataFrame, labels: pd.Series) -> list[SpecificationResult]:
    """Stress definition x returns x core set x sample, each with an analytic interval."""
    raw = case.panel.returns.loc[residuals.index, residuals.columns]
    stress = {"fear index": labels, "market drawdown": drawdown_stress(case.panel, case.study.stress)}
    rows = {"devolatilised": residuals, "raw": raw}
    columns = list(residuals.columns)
    cores = {"all assets": columns, "without gold": [role for role in columns if role != "metal"]}
    samples = {"full": residuals.index, "since 2020": case.sessions("post_2020")}
    results = []
    for (by, label), (kind, frame), (core, roles), (sample, sessions) in (
        (one, two, three, four)
        for one in stress.items()
        for two in rows.items()
        for three in cores.items()
        for four in samples.items()
    ):
        name = f"{by}, {kind}, {core}, {sample}"
        chosen = frame.loc[sessions, roles]
        codes = label.loc[sessions]
        too_few = _too_few(codes, case)
        estimate = too_few or analytic_contrast(
            chosen.to_numpy(), codes.to_numpy(dtype=np.int64), rise_of_mean(len(roles)), level=case.level, method=name
        )
        results.append(SpecificationResult(name, estimate))
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


def _forbes_rigobon(raw: pd.DataFrame, market: pd.Series, labels: pd.Series, case: Case) -> Estimate | NotDecidable:
    """Rise of the market's mean correlation with the others after the adjustment rho / sqrt(1 + d (1 - rho^2)).

    d is the relative rise of the market's variance; the interval is a stationary bootstrap percentile interval.
    """
    others = raw.drop(columns="market").to_numpy()
    values, label = market.to_numpy(), labels.to_numpy()

    def adjusted_rise(rows: np.ndarray) -> float:
        stressed, calm = rows[label[rows]], rows[~label[rows]]
        if stressed.size < 10:
            return np.nan
        excess = values[stressed].var() / values[calm].var() - 1.0
        rho_stress, rho_calm = (
            np.array([np.corrcoef(values[part], column[part])[0, 1] for column in others.T])
            for part in (stressed, calm)
        )
        return float(np.mean(rho_stress / np.sqrt(1.0 + excess * (1.0 - rho_stress**2)) - rho_calm))

    replications = min(case.replications, 399)
    indices = stationary_indices((len(raw),), float(case.block_bounds[1]), replications, case.seed)
    draws = np.array([adjusted_rise(rows) for rows in indices])
    draws = draws[np.isfinite(draws)]
    if draws.size < replications / 2:
        return NotDecidable("too few resamples hold stress days")
    tail = (1.0 - case.level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Estimate(
        adjusted_rise(np.arange(len(raw))),
        float(draws.std()),
        float(low),
        float(high),
        case.level,
        len(raw),
        "",
        f"Forbes and Rigobon (2002), raw returns against the market; percentile bootstrap, {draws.size} resamples",
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


CLAIM = Claim(
    id="C03",
    needs=("fear", "market"),
    windows=("full",),
    thresholds=("sesoi", "minimum_days", "minimum_spells"),
    measure=measure,
)

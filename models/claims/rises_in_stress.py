"""How else a rise of correlations in stress may be measured: the alternatives of C03."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.claims.claim import Case
from models.claims.specifications import attempted
from models.claims.verdict import SpecificationResult
from models.correlation import ADCC, CDCC, DCC, DCCX, DECO, CorrelationResult
from models.drivers import contagion_bound
from models.estimate import Estimate, NotDecidable, TestResult, measured_or_reason
from models.inference.contrasts import Term, analytic_contrast
from models.inference.hac import least_squares
from models.inference.intervals import mean_estimate, normal_estimate, normal_p_value
from models.inference.resampling import percentile_estimate
from models.stress import drawdown_stress, fear_stress, regime_stress, spells

STRESS, CALM = 1, 0
#: Resamples behind the interval of a specification, sessions of a week.
FEW, WEEK = 199, 5
PATHS: dict[str, type[DCC]] = {"DCC": DCC, "cDCC": CDCC, "ADCC": ADCC, "DECO": DECO}


def rise_of_mean(assets: int) -> tuple[Term, ...]:
    """Mean off-diagonal correlation of the stress group minus that of the calm group."""
    pairs = list(combinations(range(assets), 2))
    return tuple(
        Term(sign / len(pairs), first, second, group)
        for sign, group in ((1.0, STRESS), (-1.0, CALM))
        for first, second in pairs
    )


def too_few(labels: pd.Series, case: Case) -> NotDecidable | None:
    """Why stress is too rare to be judged, None where it is not."""
    days, stretches = int(labels.sum()), spells(labels)
    if days < case.thresholds["minimum_days"] or stretches < case.thresholds["minimum_spells"]:
        return NotDecidable(f"only {days} stress days in {stretches} spells")
    return None


def stress_labels(case: Case, sessions: pd.Index) -> dict[str, pd.Series]:
    """Sessions in stress by each definition, all known at the close before; a definition begins where it can."""
    settings = case.study.stress
    begin = case.sessions("full")[0]
    return {
        "fear index": fear_stress(case.panel, settings).reindex(sessions).dropna(),
        "market drawdown": drawdown_stress(case.panel, settings).reindex(sessions).dropna(),
        "turbulent regime": regime_stress(case.suite.stress_probability["known"], sessions),
        f"fear index since {begin.year}": fear_stress(case.panel, settings, since=begin).reindex(sessions).dropna(),
    }


def rise_specifications(case: Case, stressed: CorrelationResult | NotDecidable) -> tuple[SpecificationResult, ...]:
    """Everything that takes labels of stress, and DCC with stress in the intercept."""
    return (
        *labelled_specifications(case, stress_labels(case, case.full_residuals().index)),
        attempted("DCC with stress in the intercept", partial(_kappa, stressed, case.level)),
    )


def labelled_specifications(case: Case, labels: Mapping[str, pd.Series]) -> tuple[SpecificationResult, ...]:
    """Stress x returns x core x sample; the variance-adjusted bound; weeks; models of the conditional correlation."""
    residuals = case.full_residuals()
    raw = case.panel.returns.loc[residuals.index, residuals.columns]
    cores, samples = _cores(case, residuals), _samples(case, residuals.index)
    listed: dict[str, Callable[[], Estimate | NotDecidable]] = {}
    for (by, label), (kind, frame), (core, assets), (sample, sessions) in product(
        labels.items(), {"devolatilised": residuals, "raw": raw}.items(), cores.items(), samples.items()
    ):
        rows = frame.loc[frame.index.isin(sessions), assets]
        listed[f"{by}, {kind}, {core}, {sample}"] = partial(_contrast, case, rows, label)
    for (by, label), (core, assets), (sample, sessions) in product(labels.items(), cores.items(), samples.items()):
        rows = raw.loc[raw.index.isin(sessions), assets]
        listed[f"{by}, bound for variance, {core}, {sample}"] = partial(variance_bound, case, rows, label)
    for (by, label), (core, assets) in product(labels.items(), cores.items()):
        listed[f"{by}, weekly, {core}"] = partial(_weekly, case, residuals[assets], label)
    fear = next(iter(labels.values()))
    listed["spells resampled whole"] = partial(_by_spells, case, residuals, fear)
    for name, model in PATHS.items():
        listed[f"mean conditional correlation, {name}"] = partial(_path, case, model, fear)
    return tuple(attempted(label, one) for label, one in listed.items())


def variance_bound(case: Case, rows: pd.DataFrame, label: pd.Series) -> Estimate | NotDecidable:
    """The rise after the adjustment for selection on the market's variance: a lower bound."""
    common = rows.loc[rows.index.isin(label.index)]
    codes = label.loc[common.index]
    return too_few(codes, case) or contagion_bound(
        common.drop(columns="market"),
        case.panel.returns.loc[common.index, "market"],
        codes,
        block=float(case.block_bounds[1]),
        level=case.level,
        replications=min(FEW, case.replications),
        seed=case.seed,
    )


def stress_in_the_intercept(
    stressed: CorrelationResult | NotDecidable, level: float
) -> dict[str, Estimate | TestResult | NotDecidable]:
    """Lasting effect of stress on each correlation, and its Wald test."""
    effect = _kappa(stressed, level)
    readings: dict[str, Estimate | TestResult | NotDecidable] = {"effect of stress in the intercept of DCC": effect}
    if isinstance(effect, Estimate) and effect.std_error:
        readings["stress moves no intercept"] = TestResult(
            (effect.value / effect.std_error) ** 2,
            normal_p_value(effect.value, effect.std_error),
            "Stress does not move the intercept of the correlations.",
            "chi-squared with one degree of freedom",
            effect.n,
            "Wald test, stacked-moment sandwich",
        )
    return readings


def stressed_dcc(case: Case) -> CorrelationResult | NotDecidable:
    """DCC with stress in the intercept: x_t is whether the next session is in stress, which is known at its eve."""
    margins = case.suite.conditional.margins
    label = fear_stress(case.panel, case.study.stress).reindex(margins.returns.index, fill_value=False)
    refused = too_few(label, case)
    if refused is not None:
        return refused
    ahead = label.astype(float).shift(-1, fill_value=0.0)
    return measured_or_reason(DCCX().fit, margins.returns, ahead, margins=margins, seed=case.seed)


def return_to_calm(case: Case) -> dict[str, Estimate | TestResult | NotDecidable]:
    """How temporary: half-life of a deviation, and how far correlations stand from calm some sessions after a spell."""
    model, after = case.suite.conditional, int(case.thresholds["back_after"])
    label = fear_stress(case.panel, case.study.stress).reindex(model.margins.returns.index, fill_value=False)
    path = _mean_path(model)
    ends = np.flatnonzero((label & ~label.shift(-1, fill_value=False)).to_numpy())
    at = ends + after
    at = at[at < len(path)]
    at = at[~label.to_numpy()[at]]
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        "half-life of a deviation of correlations, sessions": _half_life(model, case.level)
    }
    what = f"mean conditional correlation {after} sessions after a spell, less that in calm"
    gaps = path.to_numpy()[at] - float(path[~label].mean())
    if gaps.size < case.thresholds["minimum_spells"]:
        return readings | {
            what: NotDecidable(f"only {gaps.size} spells are followed by {after} sessions without stress")
        }
    gap = mean_estimate(gaps, level=case.level, method="mean over spells, Student-t")
    share = 100.0 * float(np.mean(np.abs(gaps) <= case.thresholds["back_within"]))
    within = f"spells after which correlations are within {case.thresholds['back_within']:.2g} of calm by then"
    observed = Estimate(share, None, share, share, case.level, gaps.size, "%", "observed, without sampling error")
    return readings | {what: gap, within: observed}


def _cores(case: Case, residuals: pd.DataFrame) -> dict[str, list[str]]:
    assets = list(residuals.columns)
    cores = {"all assets": assets}
    if "metal" in assets and len(assets) > 3:
        cores[f"without {case.panel.names['metal'].lower()}"] = [role for role in assets if role != "metal"]
    return cores


def _samples(case: Case, index: pd.Index) -> dict[str, pd.Index]:
    samples = {"full": index}
    for window in case.open_windows("post_2020"):
        samples["since 2020"] = index.intersection(case.sessions(window))
    return samples


def _contrast(case: Case, rows: pd.DataFrame, label: pd.Series) -> Estimate | NotDecidable:
    common = rows.loc[rows.index.isin(label.index)]
    codes = label.loc[common.index].astype(bool)
    return too_few(codes, case) or analytic_contrast(
        common.to_numpy(),
        np.asarray(codes, dtype=np.int64),
        rise_of_mean(common.shape[1]),
        level=case.level,
        method="stress minus calm, influence-function interval",
    )


def _weekly(case: Case, residuals: pd.DataFrame, label: pd.Series) -> Estimate | NotDecidable:
    """Sums over stretches of five sessions, in stress where the stretch began in it."""
    common = residuals.loc[residuals.index.isin(label.index)]
    codes: NDArray[np.int64] = label.loc[common.index].to_numpy(dtype=np.int64)
    whole = len(common) // WEEK * WEEK
    sums = common.to_numpy()[:whole].reshape(-1, WEEK, common.shape[1]).sum(axis=1)
    begun = codes[:whole:WEEK]
    if WEEK * int(begun.sum()) < case.thresholds["minimum_days"]:
        return NotDecidable(f"only {int(begun.sum())} weeks began in stress")
    return analytic_contrast(
        sums, begun, rise_of_mean(sums.shape[1]), level=case.level, method="weeks, stress minus calm"
    )


def _by_spells(case: Case, residuals: pd.DataFrame, label: pd.Series) -> Estimate | NotDecidable:
    """Spells of stress, and the stretches of calm between them, drawn whole with replacement."""
    rows, stressed = residuals.to_numpy(), label.to_numpy(dtype=bool)
    number = np.cumsum(np.r_[0, np.diff(stressed.astype(np.int64)) != 0])
    stretches = [np.flatnonzero(number == one) for one in range(int(number[-1]) + 1)]
    kinds = {state: [one for one in stretches if stressed[one[0]] == state] for state in (True, False)}
    upper = np.triu_indices(rows.shape[1], 1)
    generator = np.random.default_rng(case.seed)

    def level(state: bool, drawn: NDArray[np.int64]) -> float:
        chosen = np.concatenate([kinds[state][one] for one in drawn])
        return float(np.corrcoef(rows[chosen], rowvar=False)[upper].mean())

    def rise(draw: Callable[[int], NDArray[np.int64]]) -> float:
        return level(True, draw(len(kinds[True]))) - level(False, draw(len(kinds[False])))

    draws = np.array(
        [rise(lambda size: generator.integers(size, size=size)) for _ in range(min(FEW, case.replications))]
    )
    return percentile_estimate(
        rise(np.arange), draws, level=case.level, n=len(rows), unit="", method=f"{len(kinds[True])} spells drawn whole"
    )


def _mean_path(result: CorrelationResult) -> pd.Series:
    """Mean off-diagonal conditional correlation of each session, known the session before."""
    correlations = result.correlations
    upper = np.triu_indices(correlations.shape[1], 1)
    return pd.Series(correlations[:, upper[0], upper[1]].mean(axis=1), index=result.margins.returns.index)


def _path(case: Case, model: type[DCC], label: pd.Series) -> Estimate | NotDecidable:
    margins = case.suite.conditional.margins
    fitted = model().fit(margins.returns, margins=margins, seed=case.seed)
    if fitted.constant:
        return NotDecidable("the correlations do not move")
    path = _mean_path(fitted).loc[label.index]
    design = np.column_stack([np.ones(len(path)), label.to_numpy(dtype=np.float64)])
    return least_squares(path.to_numpy(), design).estimate(
        1, level=case.level, unit="", method="mean conditional correlation on stress, cosine HAC"
    )


def _kappa(stressed: CorrelationResult | NotDecidable, level: float) -> Estimate | NotDecidable:
    if isinstance(stressed, NotDecidable):
        return stressed
    if "kappa" not in stressed.std_errors.index:
        return NotDecidable("the correlations do not move, so that stress cannot move them")
    error = float(stressed.std_errors["kappa"])
    if not np.isfinite(error) or error <= 0.0:
        return NotDecidable("the effect lies at a bound")
    return normal_estimate(
        float(stressed.params["kappa"]),
        error,
        level=level,
        n=len(stressed.margins.returns),
        method="lasting effect of stress on each element of Q, DCC with a regressor; sandwich",
    )


def _half_life(model: CorrelationResult, level: float) -> Estimate | NotDecidable:
    """Half-life of a deviation, log(1/2)/log(a + b), with the interval of a + b carried over."""
    names = list(model.free_correlation_names)
    if model.constant or not {"a", "b"} <= set(names):
        return NotDecidable("the correlations do not move")
    persistence = float(model.params["a"] + model.params["b"])
    block = model.covariance.loc[["a", "b"], ["a", "b"]].to_numpy()
    error = float(np.sqrt(block.sum())) if np.isfinite(block).all() and block.sum() > 0.0 else np.nan
    logit = np.log(persistence / (1.0 - persistence))
    if not np.isfinite(error):
        return NotDecidable("a + b has no standard error")
    limits = normal_estimate(logit, error / (persistence * (1.0 - persistence)), level=level, n=0, method="")
    decays = [float(np.logaddexp(0.0, -one)) for one in (limits.lower, limits.upper)]
    if decays[1] < np.finfo(np.float64).eps:
        return NotDecidable("the interval of a + b reaches one, where a deviation never halves")
    low, high = (float(np.log(2.0) / decay) for decay in decays)
    return Estimate(
        model.half_life,
        None,
        low,
        high,
        level,
        len(model.margins.returns),
        "sessions",
        "log(1/2)/log(a + b); interval of the logit of a + b",
    )

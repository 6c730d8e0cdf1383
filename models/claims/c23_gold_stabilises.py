"""C23: gold is the stabiliser: it loses least in crises.

Question   On the share market's worst sessions, does gold lose less than Bitcoin and less than the miners, also in
           units of its own volatility, and is it at least a weak safe haven?
Trap       The calmest asset loses least in any sell-off. Raw losses alone would call a money-market account the best
           stabiliser; each loss is therefore also divided by the asset's own standard deviation. The worst sessions
           are picked by the market's return, so only statistics that know of the selection are used.
Criteria   All parts must hold: gold's mean return on these sessions exceeds the better of the two others' by `raw`
           percent a day and by `scaled` own deviations; its slope in the market's worst 5 % is at most `safe_haven`,
           upper limit included.
Thresholds raw (percent a day), scaled (own standard deviations), safe_haven (slope).
Statistic  Differences of marginal expected shortfalls from joint resamples. "The better of the two" is an
           intersection: limits are the smaller ones of both comparisons, the p-value the larger one. `safe_haven` minus
           the cumulative slope.
Secondary  Each asset's shortfall; slope on average; Delta CoVaR of the market given gold; the fall of variance that a
           tenth of gold brings to shares and bonds in stress.
Literature Acharya, Pedersen, Philippon and Richardson (2017); Baur and McDermott (2010); Girardi and Ergun (2013).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.specifications import smallest
from models.claims.tail_betas import full_returns, tail_slopes, tail_specifications, without_each_crisis, worst
from models.claims.verdict import Exhibit, SpecificationResult
from models.estimate import Estimate, NotDecidable, measured_or_reason
from models.inference.hac import least_squares
from models.inference.intervals import normal_p_value
from models.inference.resampling import percentile_estimate
from models.spans import summed
from models.stress import drawdown_stress, fear_stress
from models.tails import Shortfalls, conditional_value_at_risk, marginal_expected_shortfall

RIVALS = ("crypto", "miners")
ROLES = ("metal", *RIVALS, "market")
#: Sessions of the longer span among the specifications.
WEEK = 5
#: Resamples and draws behind the intervals of specifications and secondary readings.
RESAMPLES = 399
#: Shares of market, treasuries and gold: before and after gold is added.
MIX, TENTH = (0.6, 0.4), 0.1

Compared = tuple[Estimate | NotDecidable, float]


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge gold's losses, raw and scaled, and its slope in the market's worst sessions."""
    rows = full_returns(case, ROLES)
    shortfalls = marginal_expected_shortfall(rows, "market", case.resampling(case.replications), quantile=case.tail)
    raw, scaled = (against_the_better(shortfalls, scaled=flag) for flag in (False, True))
    haven = tail_slopes(case, rows["metal"], rows["market"])
    slope = haven.slope(case.tail)
    if isinstance(slope, NotDecidable):
        return slope
    room = _room(slope, case.thresholds["safe_haven"])
    names = case.panel.names
    tails, crises = _other_tails(case, rows), _without_crises(case, rows)
    alternatives = {flag: _specifications(case, rows, tails, crises, scaled=flag) for flag in (False, True)}
    return Measurement(
        legs=(
            Leg("it loses less than the others", raw[0], case.thresholds["raw"], raw[1], alternatives[False]),
            Leg(
                "it loses less in units of its own volatility",
                scaled[0],
                case.thresholds["scaled"],
                scaled[1],
                alternatives[True],
            ),
            Leg(
                f"its slope in the market's {worst(case.tail)} is at most {case.thresholds['safe_haven']:.2g}",
                room,
                0.0,
                normal_p_value(room.value, room.std_error or 0.0),
                _rooms(case),
            ),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=raw[0],
        headline_label="gold's mean return on the market's worst sessions minus that of the rival that lost less",
        n=shortfalls.n,
        n_events=int(shortfalls.events[0]),
        window=case.describe("full"),
        secondary={
            f"slope in the market's {worst(case.tail)}": slope,
            "slope on average": haven.slope(),
            f"slope in the market's {worst(haven.quantiles[-1])}": haven.slope(haven.quantiles[-1]),
            f"Delta CoVaR of {names['market']} given gold": _delta_covar(case),
            "fall of variance by a tenth of gold, in stress": _variance_saved(case),
        },
        exhibits=tuple(_bars(case, shortfalls, scaled=flag) for flag in (False, True)),
    )


def against_the_better(shortfalls: Shortfalls, *, scaled: bool) -> Compared:
    """Gold's shortfall minus that of the rival that lost less."""
    return _weakest([shortfalls.difference("metal", rival, scaled=scaled) for rival in RIVALS])


def _weakest(comparisons: list[Compared]) -> Compared:
    """Both comparisons must hold: the smaller estimate, the smaller limits, the larger p-value."""
    estimates = []
    for estimate, _ in comparisons:
        if isinstance(estimate, NotDecidable):
            return estimate, 1.0
        estimates.append(estimate)
    least = min(estimates, key=lambda one: one.value)
    return Estimate(
        least.value,
        least.std_error,
        min(one.lower for one in estimates),
        min(one.upper for one in estimates),
        least.level,
        least.n,
        least.unit,
        f"{least.method}; the smaller of the differences to both",
    ), max(p_value for _, p_value in comparisons)


def _room(slope: Estimate, allowed: float) -> Estimate:
    """How far the slope stays below what a weak safe haven may have."""
    return Estimate(
        allowed - slope.value,
        slope.std_error,
        allowed - slope.upper,
        allowed - slope.lower,
        slope.level,
        slope.n,
        slope.unit,
        f"{allowed:.2g} minus the {slope.method}",
    )


def _rooms(case: Case) -> tuple[SpecificationResult, ...]:
    """The same room with the slope measured otherwise."""
    allowed = case.thresholds["safe_haven"]
    return tuple(
        SpecificationResult(
            one.label, one.estimate if isinstance(one.estimate, NotDecidable) else _room(one.estimate, allowed)
        )
        for one in tail_specifications(case, "metal")
    )


def _other_tails(case: Case, rows: pd.DataFrame) -> dict[str, Shortfalls | NotDecidable]:
    """Shortfalls by other quantiles, over longer spans and in later samples."""
    frames = {"worst 10 %": (rows, 0.10), "worst 2.5 %": (rows, 0.025)}
    frames["five sessions, percent a day"] = (summed(rows, WEEK) / WEEK, case.tail)
    for window in case.open_windows("post_2020", "bitcoin_fund_era"):
        frames[f"sample {window.replace('_', ' ')}"] = (rows.loc[rows.index.isin(case.sessions(window))], case.tail)
    return {label: _tail(case, *frame) for label, frame in frames.items()}


def _without_crises(case: Case, rows: pd.DataFrame) -> dict[str, Shortfalls | NotDecidable]:
    kept = without_each_crisis(case, rows)
    return {f"without {name}, the crisis that carries most": _tail(case, frame) for name, frame in kept.items()}


def _tail(case: Case, rows: pd.DataFrame, quantile: float | None = None) -> Shortfalls | NotDecidable:
    return measured_or_reason(
        marginal_expected_shortfall,
        rows,
        "market",
        case.resampling(RESAMPLES),
        quantile=case.tail if quantile is None else quantile,
    )


def _specifications(
    case: Case,
    rows: pd.DataFrame,
    tails: Mapping[str, Shortfalls | NotDecidable],
    crises: Mapping[str, Shortfalls | NotDecidable],
    *,
    scaled: bool,
) -> tuple[SpecificationResult, ...]:
    """Other tails, days of stress by label, and the smallest effect that leaving out one crisis gives."""
    results = [_specification(label, tail, scaled=scaled) for label, tail in tails.items()]
    labels = {"market drawdown": drawdown_stress(case.panel, case.study.stress)}
    if "fear" in case.panel.history:
        labels["fear index"] = fear_stress(case.panel, case.study.stress)
    for name, label in labels.items():
        chosen = rows[label.reindex(rows.index, fill_value=False)]
        effect = _on_label(chosen, rows, case, scaled=scaled)
        results.append(SpecificationResult(f"days of stress by the {name}", effect))
    left_out = [_specification(label, tail, scaled=scaled) for label, tail in crises.items()]
    return (*results, *smallest(left_out))


def _specification(label: str, tail: Shortfalls | NotDecidable, *, scaled: bool) -> SpecificationResult:
    effect = tail if isinstance(tail, NotDecidable) else against_the_better(tail, scaled=scaled)[0]
    return SpecificationResult(label, effect)


def _on_label(chosen: pd.DataFrame, rows: pd.DataFrame, case: Case, *, scaled: bool) -> Estimate | NotDecidable:
    """The same difference on labelled sessions, which are known before: no selection by the market's return."""
    if len(chosen) < WEEK * WEEK:
        return NotDecidable(f"only {len(chosen)} days of stress")
    scale = rows.std() if scaled else pd.Series(1.0, index=rows.columns)
    units = chosen / scale
    constant = np.ones((len(units), 1))
    comparisons: list[Compared] = [
        (
            least_squares((units["metal"] - units[rival]).to_numpy(), constant).estimate(
                0, level=case.level, unit="sd" if scaled else "% a day", method="mean, cosine HAC interval"
            ),
            1.0,
        )
        for rival in RIVALS
    ]
    return _weakest(comparisons)[0]


def _delta_covar(case: Case) -> Estimate | NotDecidable:
    if not {"market", "metal"} <= set(case.suite.std_residuals.columns):
        return NotDecidable("the correlation model does not hold both series")
    return conditional_value_at_risk(
        case.suite.conditional, "market", "metal", level=case.level, draws=RESAMPLES, seed=case.seed
    ).mean_delta


def _variance_saved(case: Case) -> Estimate | NotDecidable:
    """Percent by which a tenth of gold lowers the variance of 60 % shares and 40 % treasuries on stress days."""
    if "treasuries" not in case.panel.returns.columns or "fear" not in case.panel.history:
        return NotDecidable("there are no treasuries, or no fear index, to make the comparison with")
    rows = full_returns(case, ("market", "treasuries", "metal"))
    chosen = rows[fear_stress(case.panel, case.study.stress).reindex(rows.index, fill_value=False)]
    if len(chosen) < WEEK * WEEK:
        return NotDecidable(f"only {len(chosen)} days of stress")
    before = (chosen[["market", "treasuries"]] @ np.array(MIX)).to_numpy()
    after = (1.0 - TENTH) * before + TENTH * chosen["metal"].to_numpy()
    settings = case.resampling(RESAMPLES)
    indices = settings.indices((before - before.mean()) ** 2)
    draws = 100.0 * (1.0 - after[indices].var(axis=1) / before[indices].var(axis=1))
    value = 100.0 * (1.0 - after.var() / before.var())
    method = "fall of variance of 60 % shares and 40 % treasuries, fear index above its quantile the session before"
    return percentile_estimate(value, draws, level=case.level, n=len(chosen), unit="%", method=method)


def _bars(case: Case, shortfalls: Shortfalls, *, scaled: bool) -> Exhibit:
    estimates = {case.panel.names[role]: shortfalls.estimate(role, scaled=scaled) for role in shortfalls.names}
    frame = pd.DataFrame.from_dict(
        {name: (one.value, one.lower, one.upper) for name, one in estimates.items() if isinstance(one, Estimate)},
        orient="index",
        columns=["estimate", "lower", "upper"],
    )
    unit = "own standard deviations" if scaled else "% a day"
    title = f"mean return on the market's {worst(case.tail)} of sessions"
    note = "Each divided by the asset's own standard deviation over all sessions" if scaled else "Percent a day"
    return Exhibit(f"{title}, scaled" if scaled else title, frame, unit, note)


def primary(case: Case) -> Primary | NotDecidable:
    """Gold's losses against those of the rival that lost less."""
    rows = full_returns(case, ROLES)
    shortfalls = marginal_expected_shortfall(rows, "market", case.resampling(case.replications), quantile=case.tail)
    return reaching(against_the_better(shortfalls, scaled=False)[0], case.thresholds["raw"])


CLAIM = Claim(
    id="C23",
    needs=ROLES,
    windows=("full",),
    thresholds=("raw", "scaled", "safe_haven"),
    measure=measure,
    primary=primary,
)

"""C13: weak technology leaders drag Bitcoin and the miners down.

Question   How much of the fall of Bitcoin and of the miners goes back to what growth shares did beyond the market?
Trap       Everything falls with the market, growth shares most visibly. Only their part orthogonal to the market counts
           as technology. A decomposition of forecast errors credits growth shares with shocks that came to all at once:
           it does not depend on an order, and it is not causal. Bitcoin's close must be taken at New York's, or it
           seems to lead or to follow by the hours in between.
Criteria   Both assets must show it, and both must have fallen. The general rule on theta = share of the window's move
           that growth shares explain beyond the market. Alternatives in which the asset did not fall are listed with
           the reason and not counted.
Thresholds sesoi (share of the move).
Statistic  Slope on growth shares given the market, from sessions outside the window, times their orthogonal move in it;
           the window's moves held fixed, slopes resampled in blocks.
Secondary  Historical decomposition by a vector autoregression in the order market, growth, asset; net connectedness
           from growth shares; their lead of a session.
Literature Diebold and Yilmaz (2012, 2014); Pesaran and Shin (1998).
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import Span, moved_spans, observed, window_span
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.connectedness import Connectedness, connectedness, decompose_window
from models.drivers import beyond, granger_causality
from models.estimate import Estimate, NotDecidable, TestResult

DRIVER, GIVEN = "growth", ("market",)
ASSETS = ("crypto", "miners")
#: Series of the network.
NETWORK = ("crypto", "miners", "metal", "market", "growth")
#: Series that come first in the specifications.
FIRST = {"market and fear": ("market", "fear"), "market and gold": ("market", "metal"), "nothing": ()}
SAMPLES = ("post_2020", "bitcoin_fund_era")
#: Resamples of specifications and of the network; lags of the test of a lead.
FEW, LAGS = 199, 2


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the share of both falls."""
    returns, window = case.panel.returns, case.sessions("short")
    risen = [role for role in ASSETS if returns.loc[window, role].sum() >= 0.0]
    if risen:
        return NotDecidable(f"{case.panel.names[risen[0]].lower()} did not fall in the short window")
    legs = tuple(_leg(case, role, window) for role in ASSETS)
    network = connectedness(
        returns.loc[case.sessions("full"), list(NETWORK)].dropna(),
        case.resampling(FEW),
    )
    names = case.panel.names
    return Measurement(
        legs=legs,
        combine=conjunction,
        kind="conjunctive",
        headline=legs[0].effect,
        headline_label=f"share of {names['crypto']}'s fall that {names[DRIVER]} explains beyond {names['market']}",
        n=legs[0].effect.n if isinstance(legs[0].effect, Estimate) else 0,
        n_events=window.size,
        window=case.describe("short"),
        secondary=_readings(case, window, network),
        exhibits=_exhibits(case, legs, network),
    )


def _leg(case: Case, role: str, window: pd.DatetimeIndex) -> Leg:
    label = f"{case.panel.names[role]}: growth shares explain much of the fall beyond the market"
    sesoi, specifications = case.thresholds["sesoi"], _specifications(case, role, window)
    found = _share(case, role, window, replications=case.replications)
    if isinstance(found, NotDecidable):
        return Leg(label, found, sesoi, None, specifications)
    effect, p_value = found
    return Leg(label, effect, sesoi, p_value, specifications)


def _share(
    case: Case,
    role: str,
    window: pd.DatetimeIndex,
    *,
    driver: str = DRIVER,
    given: tuple[str, ...] = GIVEN,
    sample: str = "full",
    replications: int = FEW,
) -> tuple[Estimate, float] | NotDecidable:
    absent = [name for name in (driver, *given) if name not in case.panel.returns.columns]
    if absent:
        return NotDecidable(f"no series plays the role {absent[0]}")
    if case.panel.returns.loc[window, role].sum() >= 0.0:
        return NotDecidable("no fall in this window")
    chosen = case.sessions(sample)
    rows = case.panel.returns.loc[chosen.union(window)]
    resampling = case.resampling(replications)
    return beyond(rows[role], rows[driver], rows[list(given)], window, resampling)


def _inside(case: Case, span: Span) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(case.panel.returns.index)
    return index[(index > span.base) & (index <= span.last)]


def _specifications(case: Case, role: str, window: pd.DatetimeIndex) -> tuple[SpecificationResult, ...]:
    """Other windows, technology shares, other series first, other samples; a vector autoregression."""
    listed = {}
    for span in moved_spans(case, "short"):
        listed[span.label] = partial(_share, case, role, _inside(case, span))
    if role == "crypto" and "long" in case.study.windows:
        listed["long window"] = partial(_share, case, role, _inside(case, window_span(case, "long")))
    listed["technology shares"] = partial(_share, case, role, window, driver="technology")
    for name, given in FIRST.items():
        listed[f"beyond {name}"] = partial(_share, case, role, window, given=given)
    for name in case.open_windows(*SAMPLES):
        listed[f"slopes from {name.replace('_', ' ')}"] = partial(_share, case, role, window, sample=name)

    def specified(label: str) -> Estimate | NotDecidable:
        found = listed[label]()
        return found if isinstance(found, NotDecidable) else found[0]

    results = [attempted(label, partial(specified, label)) for label in listed]
    results.append(attempted("historical decomposition", partial(_decomposed, case, role, window)))
    return tuple(results)


def _decomposed(case: Case, role: str, window: pd.DatetimeIndex) -> Estimate | NotDecidable:
    """Shocks of growth shares, ordered after the market, over the whole move."""
    frame = case.panel.returns.loc[case.sessions("full"), [*GIVEN, DRIVER, role]].dropna()
    resampling = case.resampling(FEW)
    found = decompose_window(frame, role, window, resampling)
    if isinstance(found, NotDecidable):
        return found
    part = found.contributions[DRIVER]
    if isinstance(part, NotDecidable):
        return part
    low, high = sorted((part.lower / found.move, part.upper / found.move))
    return Estimate(part.value / found.move, None, low, high, part.level, part.n, "", part.method)


def _readings(
    case: Case, window: pd.DatetimeIndex, network: Connectedness | NotDecidable
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names, returns = case.panel.names, case.panel.returns.loc[case.sessions("full")]
    readings: dict[str, Estimate | TestResult | NotDecidable] = {
        f"{names[role]}, move of the window, log": observed(
            returns.loc[window, role].sum(), "%", window.size, case.level
        )
        for role in (*ASSETS, DRIVER, *GIVEN)
    }
    for role in ASSETS:
        label = f"net connectedness from {names[DRIVER]} to {names[role]}"
        readings[label] = network if isinstance(network, NotDecidable) else network.pairwise(DRIVER, role)
        lead = granger_causality(
            returns[role], returns[DRIVER], lags=LAGS, level=case.level, replications=FEW, seed=case.seed
        )
        label = f"{names[DRIVER]} a session or two before {names[role]}"
        readings[label] = lead if isinstance(lead, NotDecidable) else lead.cumulative
        if not isinstance(lead, NotDecidable):
            readings[f"{label}, test of no lead"] = lead.test
    return readings


def _exhibits(case: Case, legs: tuple[Leg, ...], network: Connectedness | NotDecidable) -> tuple[Exhibit, ...]:
    names = case.panel.names
    rows = {}
    for role, leg in zip(ASSETS, legs, strict=True):
        found = {"whole sample": leg.effect} | {one.label: one.estimate for one in leg.specifications}
        for label in ("whole sample", "long window", "technology shares", "historical decomposition"):
            part = found.get(label)
            if isinstance(part, Estimate):
                rows[f"{names[role]}, {label}"] = (part.value, part.lower, part.upper)
    forest = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    exhibits = (Exhibit("share of the fall that growth shares explain", forest, "share", "Window's moves held fixed"),)
    if isinstance(network, NotDecidable):
        return exhibits
    shares = network.table.rename(index=dict(names), columns=dict(names))
    note = "Percent of a row's forecast errors due to shocks of a column; generalised decomposition, not causal"
    return (*exhibits, Exhibit("connectedness of returns", shares, "%", note))


def primary(case: Case) -> Primary | NotDecidable:
    """Share of Bitcoin's fall."""
    found = _share(case, ASSETS[0], case.sessions("short"), replications=case.replications)
    return found if isinstance(found, NotDecidable) else reaching(found[0], case.thresholds["sesoi"])


CLAIM = Claim(
    id="C13",
    needs=(*NETWORK,),
    windows=("short", "full"),
    thresholds=("sesoi",),
    measure=measure,
    primary=primary,
)

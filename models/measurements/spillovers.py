"""Who moves whom: decompositions, shares of explained variation, causality and contagion."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from models.connectedness import Connectedness, connectedness, heterogeneous_autoregression
from models.drivers import ExplainedShares, contagion_bound, explained_shares, granger_causality
from models.estimate import NotDecidable
from models.liquidity import parkinson_variance
from models.measurements.measured import Answer, Family, Measured, Subject, figure

MARKET = "market"
LAGS = 2


def spillovers(subject: Subject) -> Family:
    """Connectedness of returns and variances, drivers' shares, lead and lag, correlation beyond variance."""
    figures = [
        *_connected(subject, subject.returns[list(_assets(subject))], "returns"),
        *_connected(subject, _log_variances(subject), "log variances"),
        *_variance_slopes(subject),
        *_shares(subject),
        *_leads(subject),
        *_contagion(subject),
    ]
    note = (
        "Connectedness: generalised decomposition ten sessions ahead, each row divided by its sum (Diebold and Yilmaz "
        "2012), basic bootstrap intervals. Shares: Lindeman, Merenda and Gold (1980). None of it is causal."
    )
    return Family("spillovers", "Spillovers and drivers", note, tuple(figures))


def _assets(subject: Subject) -> tuple[str, ...]:
    return tuple(role for role in subject.study.correlation.assets if subject.has(role))


def _log_variances(subject: Subject) -> pd.DataFrame:
    bars = subject.panel.bars
    found = {role: np.log(parkinson_variance(bars[role])) for role in _assets(subject) if role in bars}
    return pd.DataFrame(found).reindex(subject.returns.index)


def _connected(subject: Subject, frame: pd.DataFrame, what: str) -> list[Measured]:
    if frame.shape[1] < 2:
        return []
    answer = connectedness(frame, subject.resampling)

    def of(answer: Connectedness | NotDecidable, role: str | None) -> Answer:
        if isinstance(answer, NotDecidable):
            return answer
        return answer.total if role is None else answer.net(role)

    rows = [figure(f"connectedness of {what}, total", (), partial(of, answer, None))]
    rows += [
        figure(f"connectedness of {what}, given less received", (role,), partial(of, answer, role))
        for role in map(str, frame.columns)
    ]
    return rows


def _variance_slopes(subject: Subject) -> list[Measured]:
    logs = _log_variances(subject)
    return [
        figure(
            "log variance on that of {} the session before",
            (role,),
            partial(heterogeneous_autoregression, pd.Series(logs[role]), pd.Series(logs[MARKET]), level=subject.level),
            partner=MARKET,
        )
        for role in subject.pairs_with(MARKET)
        if {role, MARKET} <= set(logs.columns)
    ]


def _shares(subject: Subject) -> list[Measured]:
    asked = subject.study.attribution
    if asked is None:
        return []
    blocks = {name: tuple(filter(subject.has, roles)) for name, roles in asked.blocks.items()}
    blocks = {name: roles for name, roles in blocks.items() if roles}
    drivers = subject.returns[[role for roles in blocks.values() for role in roles]]
    answers: dict[str, ExplainedShares | NotDecidable] = {
        asset: explained_shares(subject.returns[asset], drivers, blocks, level=subject.level)
        for asset in filter(subject.has, asked.assets)
    }

    def share(asset: str, block: str) -> Answer:
        answer = answers[asset]
        return answer if isinstance(answer, NotDecidable) else answer.parts[block]

    return [
        figure(f"variation explained by {name}", (asset,), partial(share, asset, name))
        for asset in answers
        for name in blocks
    ]


def _leads(subject: Subject) -> list[Measured]:
    asked = subject.study.attribution
    assets = tuple(filter(subject.has, asked.assets)) if asked else ()
    settings = subject.resampling

    def test(effect: str, cause: str) -> Answer:
        answer = granger_causality(
            subject.returns[effect],
            subject.returns[cause],
            lags=LAGS,
            level=subject.level,
            replications=settings.replications,
            seed=settings.seed,
        )
        return answer if isinstance(answer, NotDecidable) else answer.test

    return [
        figure("does not lead {}?", (cause,), partial(test, effect, cause), partner=effect)
        for cause in assets
        for effect in assets
        if cause != effect
    ]


def _contagion(subject: Subject) -> list[Measured]:
    settings = subject.resampling
    joint = subject.returns[[MARKET, *subject.pairs_with(MARKET)]].dropna() if subject.has(MARKET) else None
    if joint is None or joint.shape[1] < 2:
        return []
    label = subject.suite.stress.reindex(joint.index).fillna(False).astype(bool)

    def rise(role: str) -> Answer:
        return contagion_bound(
            joint[[role]],
            joint[MARKET],
            label,
            block=settings.block((joint[role] * joint[MARKET]).to_numpy()),
            level=subject.level,
            replications=settings.replications,
            seed=settings.seed,
        )

    return [
        figure(
            "correlation with {}, stress less calm, beyond variance (lower bound)",
            (role,),
            partial(rise, role),
            partner=MARKET,
        )
        for role in subject.pairs_with(MARKET)
    ]

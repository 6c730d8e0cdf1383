"""Volume, cost of trading, and how long recoveries take."""

from __future__ import annotations

from functools import partial

from models.episodes import drawdown_episodes, recoveries
from models.estimate import NotDecidable
from models.liquidity import (
    VolumeResponse,
    abnormal_log_volume,
    corwin_schultz_spread,
    mean_spread,
    volume_response,
)
from models.measurements.measured import Answer, Family, Measured, Subject, figure
from models.stress import drawdown_stress
from models.survival import kaplan_meier

MARKET = "market"


def activity(subject: Subject) -> Family:
    """Volume in stress, spreads, and the median wait for the old high after the market's drawdowns."""
    figures = [
        *(one for role in subject.study.correlation.assets for one in _trading(subject, role)),
        *_waits(subject),
    ]
    note = (
        "Volume: log volume beyond its 63-session median, weekday and trend taken out. Spreads: Corwin and Schultz "
        "(2012), negative ones kept. Waits: Kaplan and Meier (1958), cut off where the data or the horizon end."
    )
    return Family("activity", "Volume, spreads and recoveries", note, tuple(figures))


def _trading(subject: Subject, role: str) -> list[Measured]:
    rows = []
    if role in subject.panel.volumes and subject.has(role):
        answer = _volume(subject, role)
        rows += [
            figure("volume, stress less calm", (role,), lambda: _part(answer, "difference")),
            figure(
                "volume, stress less calm, beyond the size of moves",
                (role,),
                lambda: _part(answer, "beyond_volatility"),
            ),
            figure("volume spikes, stress over calm", (role,), lambda: _part(answer, "risk_ratio")),
        ]
    if role in subject.panel.bars:
        overnight = subject.study.instrument(role).trades != "always"
        rows.append(
            figure(
                "bid-ask spread, mean",
                (role,),
                lambda: mean_spread(
                    corwin_schultz_spread(subject.panel.bars[role], overnight=overnight)["spread"], level=subject.level
                ),
            )
        )
    return rows


def _volume(subject: Subject, role: str) -> VolumeResponse | NotDecidable:
    abnormal = abnormal_log_volume(subject.panel.volumes[role].reindex(subject.returns.index))
    if isinstance(abnormal, NotDecidable):
        return abnormal
    return volume_response(abnormal, subject.suite.stress, subject.returns[role], subject.resampling)


def _part(answer: VolumeResponse | NotDecidable, name: str) -> Answer:
    found: Answer = answer if isinstance(answer, NotDecidable) else getattr(answer, name)
    return found


def _waits(subject: Subject) -> list[Measured]:
    roles = [MARKET, *subject.pairs_with(MARKET)] if subject.has(MARKET) else []
    if not roles:
        return []
    levels = subject.panel.levels[roles].dropna()
    stress = drawdown_stress(subject.panel, subject.study.stress).reindex(levels.index).fillna(False).astype(bool)
    found = recoveries(levels, drawdown_episodes(stress, levels[MARKET]), criterion="price")

    def median(role: str) -> Answer:
        if isinstance(found, NotDecidable):
            return found
        curve = kaplan_meier(
            found.sessions[role].to_numpy(), found.observed[role].to_numpy(dtype=bool), level=subject.level
        )
        return curve if isinstance(curve, NotDecidable) else curve.median

    return [
        figure("median wait for the old high after a drawdown of {}", (role,), partial(median, role), partner=MARKET)
        for role in roles
    ]

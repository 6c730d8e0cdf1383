"""A plausible Outlook from seeded random numbers, beside the suite of `evidence_factory`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from data.study import Study
from models.estimate import Estimate, NotDecidable, TestResult
from models.outlook import QUICK, Outlook
from models.outlook.comparison import Comparison
from models.outlook.nowcast import MONTH, Quantity, Reading
from models.outlook.outlook import quantities
from models.outlook.scenarios import Replay, Response, ShockScenario, Stance
from models.outlook.states import RegimeState, Revision
from models.outlook.tails import AssetRisk
from models.outlook.watch import Watched
from models.tails.joint_fall import JointFall

LEVELS = {"correlation": 0.3, "mean_correlation": 0.35, "beta": 1.4, "volatility": 24.0}


def around(value: float, half: float, unit: str = "") -> Estimate:
    return Estimate(value, half / 1.96, value - half, value + half, 0.95, 2812, unit, "parameter draws")


def reading(quantity: Quantity, index: pd.DatetimeIndex, rng: np.random.Generator) -> Reading:
    level = LEVELS[quantity.kind] * (1.0 + 0.2 * rng.standard_normal())
    size = 0.15 * abs(level)
    path = pd.Series(level + size * np.sin(np.arange(len(index)) / 120.0), index=index, name=quantity.key)
    now = around(float(path.iloc[-1]), size / 3.0, quantity.unit)
    steps = np.arange(1, MONTH + 1)
    width = size * np.sqrt(steps / 5.0)
    fan = pd.DataFrame(
        {
            "estimate": now.value + (level - now.value) * steps / 60.0,
            "lower": now.value - 1.5 * width,
            "upper": now.value + 1.5 * width,
            "inner_lower": now.value - width,
            "inner_upper": now.value + width,
        },
        index=pd.RangeIndex(1, MONTH + 1, name="horizon"),
    )
    last = fan.iloc[-1]
    return Reading(
        quantity=quantity,
        now=now,
        inner=(now.value - size / 5.0, now.value + size / 5.0),
        percentile=float(rng.random()),
        change=around(float(size * rng.standard_normal() / 2.0), size / 3.0, quantity.unit),
        ahead=replace(now, value=last["estimate"], lower=last["lower"], upper=last["upper"], std_error=None),
        fan=fan,
        models={"CCC": level, "DCC": now.value * 0.98, "EWMA": now.value * 1.15},
        path=path,
    )


def state(series: tuple[str, ...], index: pd.DatetimeIndex, value: float) -> RegimeState:
    path = pd.Series(np.clip(0.1 + 0.6 * np.sin(np.arange(len(index)) / 90.0), 0.01, 0.99), index=index)
    path.iloc[-1] = value
    steps = np.linspace(0.0, 1.0, MONTH + 1)
    return RegimeState(
        series=series,
        known={0: value, 5: float(path.iloc[-6]), 20: float(path.iloc[-21])},
        now=Estimate(value, 0.03, 0.8 * value, 1.1 * value, 0.95, 2812, "probability", "parameter draws"),
        ahead={h: Estimate(0.2, None, 0.15, 0.27, 0.95, 2812, "probability", "parameter draws") for h in (1, 5, 21)},
        fan=pd.DataFrame(
            {
                name: (1.0 - steps) * value + steps * end
                for name, end in (("estimate", 0.2), ("lower", 0.15), ("upper", 0.27))
            },
            index=pd.RangeIndex(len(steps), name="horizon"),
        ),
        turbulent=value > 0.5,
        remaining=around(48.0, 17.0, "observations"),
        path=path,
    )


def risk(name: str, stressed: str, deviation: float) -> AssetRisk:
    alone = NotDecidable("no other asset is supposed in distress")
    return AssetRisk(
        name=name,
        value_at_risk={h: around(-1.65 * deviation * np.sqrt(h), 0.2 * deviation, "%") for h in (1, 10)},
        expected_shortfall={h: around(-2.2 * deviation * np.sqrt(h), 0.3 * deviation, "%") for h in (1, 10)},
        covar=alone if name == stressed else around(-3.5 * deviation, 0.4 * deviation, "%"),
        marginal_shortfall=alone if name == stressed else around(-0.8 * deviation, 0.2 * deviation, "%"),
        exceptions=14,
        coverage=TestResult(0.2, 0.66, "hits come with probability 0.05", "exact binomial distribution", 250, "Kupiec"),
    )


def outlook(study: Study, index: pd.DatetimeIndex, rng: np.random.Generator) -> Outlook:
    """An outlook for the session after the last of `index`."""
    assets = study.correlation.assets
    sizes = dict(zip(assets, (3.4, 1.2, 2.3, 1.1, 1.4, 0.4), strict=True))
    last = pd.Timestamp(index[-1])
    joint = Estimate(0.031, 0.004, 0.024, 0.04, 0.95, 50_000, "probability", "simulated paths")
    shocks = tuple(
        ShockScenario(
            one.name,
            {str(role): move for role, move in one.moves.items()},
            2.4,
            7.4,
            {
                name: Response(
                    around(-0.4 * sizes[name], 0.1, "%"),
                    -2.5 * sizes[name],
                    1.7 * sizes[name],
                    -2.3 * sizes[name],
                    1.5 * sizes[name],
                )
                for name in assets
                if name not in one.moves
            },
        )
        for one in study.monitor.shocks
    )
    replays = tuple(
        Replay(
            name,
            last - pd.Timedelta(days=2000),
            last - pd.Timedelta(days=1970),
            21,
            {asset: -6.0 * sizes[asset] for asset in assets},
            {asset: around(-8.0 * sizes[asset], sizes[asset], "%") for asset in assets},
        )
        for name in study.monitor.replays
    )
    stances = tuple(
        Stance(w, around(0.35 + 0.1 * w, 0.03), around(0.6 + 0.05 * w, 0.02, "%"), around(1.5 - 0.1 * w, 0.03))
        for w in (0.0, *study.monitor.mixes)
    )
    return Outlook(
        last=last,
        effort=QUICK,
        level=0.95,
        readings=tuple(reading(one, index, rng) for one in quantities(study)),
        reference=state(study.regimes.reference, index, 0.06),
        everything=state(assets, index, 0.72),
        revision=Revision(0.08, 0.92, 252),
        risks=tuple(risk(name, "market", sizes[name]) for name in assets),
        stressed="market",
        tail=0.05,
        joint=JointFall({"crypto": -10.0, "miners": -10.0}, 5, joint, joint, around(1.6, 0.2)),
        shocks=shocks,
        replays=replays,
        stances=stances,
        jump=(stances[-1], {name: around(1.2 * sizes[name], 0.1, "%") for name in assets}),
        net={name: around(4.0 * i - 10.0, 5.0, "%") for i, name in enumerate(assets)},
        watch=(
            Watched("credit", last, 2.87, 0.05, pd.Timestamp("2014-09-17"), 7.0, 8.0, "bp", 0),
            Watched("dollar", last, 97.63, 0.52, pd.Timestamp("2014-09-17"), 0.66, -1.07, "%", 0),
            Watched("fear", last, 17.76, 0.59, pd.Timestamp("2014-09-17"), 1.8, 14.4, "%", 0),
        ),
        comparison=Comparison(
            "cDCC",
            {"cDCC": 3.63, "DCC": 3.66, "CCC": 3.89, "EWMA": 4.42},
            {"cDCC": 1.0, "DCC": 0.13, "CCC": 0.01, "EWMA": 0.05},
            TestResult(-1.66, 0.118, "cDCC and DCC forecast equally well", "Student-t(15)", 252, "Diebold and Mariano"),
            252,
        ),
    )

"""In which regime the market is, how sure that is, and how long it will last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.estimate import Estimate, NotDecidable
from models.outlook.moments import from_draws
from models.regimes import SwitchingResult, Vintages
from models.regimes.forecast import RegimeForecast
from models.regimes.uncertainty import filtered_draws

Array = NDArray[np.float64]

#: Sessions ahead for which the turbulent regime's probability is given, and sessions back at which it is recalled.
AHEAD, BACK = (1, 5, 21), (0, 5, 20)
#: Sessions over which the revision of real-time probabilities is measured.
REVISED = 252


@dataclass(frozen=True)
class RegimeState:
    """Probability of the most turbulent regime of one model.

    Attributes
    ----------
    series : tuple of str
        What the model looks at.
    known : mapping of sessions ago to float
        Filtered: data to that close, parameters of the whole sample.
    now : Estimate or NotDecidable
        Today's, with the interval of the parameters.
    ahead : mapping of sessions ahead to Estimate or NotDecidable
    fan : DataFrame or NotDecidable
        Columns "estimate", "lower", "upper" by sessions ahead, from the last close (0) on.
    turbulent : bool
        Whether the turbulent regime is the likelier one at the last close.
    remaining : Estimate or NotDecidable
        Sessions that the likelier regime still lasts in the mean: the chain has no memory, so it is the whole expected
        duration, whenever the regime began.
    path : Series, (T,)
        Filtered.
    """

    series: tuple[str, ...]
    known: Mapping[int, float]
    now: Estimate | NotDecidable
    ahead: Mapping[int, Estimate | NotDecidable]
    fan: pd.DataFrame | NotDecidable
    turbulent: bool
    remaining: Estimate | NotDecidable
    path: pd.Series


def regime_state(result: SwitchingResult, *, level: float, draws: int, seed: int) -> RegimeState:
    """Read a regime model at its last session."""
    path = result.filtered.iloc[:, -1]
    turbulent = bool(path.iloc[-1] > 0.5)
    try:
        drawn = filtered_draws(result, draws=draws, seed=seed)[:, -1, -1]
        forecast = result.forecast(max(AHEAD), level=level, draws=draws, seed=seed)
    except EstimationError as error:
        refusal = NotDecidable(f"{error.culprit}: {error.problem}")
        now: Estimate | NotDecidable = refusal
        ahead: dict[int, Estimate | NotDecidable] = dict.fromkeys(AHEAD, refusal)
        fan: pd.DataFrame | NotDecidable = refusal
    else:
        values = np.concatenate([path.to_numpy()[-1:], drawn])
        now = from_draws(values, level=level, n=result.n, unit="probability", method=f"{draws} parameter draws")
        fan = _fan(forecast, now)
        ahead = {h: _probability(fan, h, level, result.n, draws) for h in AHEAD}
    likelier = int(np.argmax(result.filtered.to_numpy()[-1]))
    return RegimeState(
        series=tuple(map(str, result.series)),
        known={back: float(path.iloc[-1 - back]) for back in BACK if back < len(path)},
        now=now,
        ahead=ahead,
        fan=fan,
        turbulent=turbulent,
        remaining=result.durations(level)[likelier],
        path=path.rename("turbulent"),
    )


def _fan(forecast: RegimeForecast, now: Estimate) -> pd.DataFrame:
    """The turbulent regime's probability from the last close on; the band never leaves the estimate out."""
    ahead = pd.concat(
        {
            "estimate": forecast.probabilities.iloc[:, -1],
            "lower": forecast.probabilities_lower.iloc[:, -1],
            "upper": forecast.probabilities_upper.iloc[:, -1],
        },
        axis=1,
    )
    today = pd.DataFrame([[now.value, now.lower, now.upper]], index=[0], columns=ahead.columns)
    fan = pd.concat([today, ahead]).rename_axis("horizon")
    return fan.assign(lower=fan[["estimate", "lower"]].min(axis=1), upper=fan[["estimate", "upper"]].max(axis=1))


def _probability(fan: pd.DataFrame, step: int, level: float, n: int, draws: int) -> Estimate:
    value, low, high = (float(fan[name][step]) for name in ("estimate", "lower", "upper"))
    return Estimate(value, None, low, high, level, n, "probability", f"{draws} parameter draws")


@dataclass(frozen=True, slots=True)
class Revision:
    """How far hindsight moved what was known.

    Attributes
    ----------
    mean, largest : float
        Of the absolute difference between hindsight and the probability when it was news.
    sessions : int
    """

    mean: float
    largest: float
    sessions: int


def revision(vintages: Vintages | NotDecidable) -> Revision | NotDecidable:
    """Revision of the turbulent regime's probability over the last year of sessions."""
    if isinstance(vintages, NotDecidable):
        return vintages
    moved = vintages.revision_panel.iloc[-REVISED:, -1]
    return Revision(float(moved.mean()), float(moved.max()), len(moved))

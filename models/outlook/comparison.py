"""Which model forecast best lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from models.correlation import CCC, CDCC, DCC
from models.correlation.baselines import EWMA, Baseline
from models.correlation.out_of_sample import compare_out_of_sample
from models.estimate import TestResult

#: Sessions judged, and sessions between estimations.
JUDGED, REFIT = 252, 63
#: Size of the model confidence set.
SIZE = 0.10


@dataclass(frozen=True)
class Comparison:
    """One-day covariance forecasts of several models over the last year of sessions.

    Attributes
    ----------
    default : str
        The model behind the pages.
    losses : mapping of model name to float
        Mean Gaussian loss log det H_t + r_t' H_t^-1 r_t; lower is better.
    in_set : mapping of model name to float
        p-value in the model confidence set.
    against_best : TestResult
        Equal loss of the default model and the best of the others.
    sessions : int
    """

    default: str
    losses: Mapping[str, float]
    in_set: Mapping[str, float]
    against_best: TestResult
    sessions: int

    @property
    def best(self) -> str:
        return min(self.losses, key=lambda name: self.losses[name])

    @property
    def rival(self) -> str:
        """The best of the models other than the default."""
        return min((name for name in self.losses if name != self.default), key=lambda name: self.losses[name])

    @property
    def equals(self) -> tuple[str, ...]:
        """Models that cannot be told from the best."""
        return tuple(name for name, p_value in self.in_set.items() if p_value >= SIZE)


def compare(returns: pd.DataFrame, *, draws: int, seed: int) -> Comparison:
    """Judge the models on the last `JUDGED` sessions, each estimated on the sessions before.

    Raises
    ------
    EstimationError
        If a model cannot be estimated, or there are too few sessions.
    """
    models: dict[str, DCC | CCC | Baseline] = {"cDCC": CDCC(), "DCC": DCC(), "CCC": CCC(), "EWMA": EWMA()}
    judged = compare_out_of_sample(
        returns, models, start=returns.index[-min(JUDGED, len(returns) // 3)], refit_every=REFIT, seed=seed
    )
    losses = judged.losses("qlike").mean()
    rival = str(losses.drop("cDCC").idxmin())
    return Comparison(
        default="cDCC",
        losses={str(name): float(value) for name, value in losses.items()},
        in_set={str(name): float(p) for name, p in judged.confidence_set("qlike", SIZE, draws, seed).items()},
        against_best=judged.diebold_mariano("cDCC", rival),
        sessions=len(judged.returns),
    )

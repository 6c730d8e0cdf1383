"""One claim through the machine: on a panel of one's own, with thresholds of one's own."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from data.panel import Panel
from data.study import Study
from models.claims.claim import Case
from models.claims.machine import claim_seed_of, judge_claims
from models.claims.registry import CLAIMS
from models.claims.verdict import Verdict

QUICK = 199


def only(study: Study, claim_id: str, **thresholds) -> Study:
    """The study with one claim left, some of its thresholds changed, and few resamples."""
    claim = study.claims[claim_id]
    changed = claim.model_copy(update={"thresholds": {**claim.thresholds, **thresholds}})
    inference = study.inference.model_copy(update={"quick_replications": QUICK, "band_draws": QUICK})
    return study.model_copy(update={"claims": {claim_id: changed}, "inference": inference})


def judged(claim_id: str, panel: Panel, study: Study, suite=None, seed: int = 1, **thresholds) -> Verdict:
    """The verdict on one claim."""
    alone = only(study, claim_id, **thresholds)
    (verdict,) = judge_claims(panel, alone, suite, workers=1, quick=True, seed=seed, progress=lambda _: None)
    return verdict


def case_of(claim_id: str, panel: Panel, study: Study, suite=None) -> Case:
    """What the claim's `measure` is given."""
    alone = only(study, claim_id)
    return Case(panel, alone, suite, alone.claims[claim_id].thresholds, QUICK, claim_seed_of(1, claim_id))


def claim(claim_id: str):
    """The claim's code."""
    return next(one for one in CLAIMS if one.id == claim_id)


def with_levels(panel: Panel, **levels: pd.Series) -> Panel:
    """The panel with the levels of some roles replaced or added; changes follow as percent logs, or basis points.

    Roles quoted in percent (spreads, yields, rates) change in basis points.
    """
    frame, changes, history = panel.levels.copy(), panel.returns.copy(), dict(panel.history)
    units = dict(panel.units)
    for role, level in levels.items():
        own = level.reindex(frame.index)
        frame[role] = own
        units.setdefault(role, "%")
        present = own.dropna()
        step = 100.0 * (present if units[role] == "bp" else np.log(present)).diff()
        changes[role] = step.reindex(changes.index)
        history[role] = own.dropna()
    names = {**{role: role for role in levels}, **panel.names}
    return replace(
        panel,
        levels=frame,
        returns=changes,
        history=MappingProxyType(history),
        units=MappingProxyType(units),
        names=MappingProxyType(names),
    )


def without(panel: Panel, *roles: str) -> Panel:
    """The panel without some roles."""
    return replace(
        panel,
        levels=panel.levels.drop(columns=list(roles)),
        returns=panel.returns.drop(columns=list(roles)),
        history=MappingProxyType({role: one for role, one in panel.history.items() if role not in roles}),
        names=MappingProxyType({role: one for role, one in panel.names.items() if role not in roles}),
        units=MappingProxyType({role: one for role, one in panel.units.items() if role not in roles}),
    )

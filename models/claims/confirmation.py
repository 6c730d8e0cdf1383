"""What came after the article: each claim's headline on the sessions since, from data the verdicts never see.

Direction and size only. Windows that have an end are replaced by the sessions after the article's date; claims without
such a window are measured on those sessions instead of on the whole sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd

from data.panel import Panel
from data.study import Study, Window
from models.claims.claim import Case, Claim
from models.claims.machine import claim_seed_of, claims_to_judge
from models.claims.moving import FEW
from models.claims.primary import Primary
from models.claims.verdict import Confirmation, Verdict
from models.estimate import NotDecidable, measured_or_reason
from models.fitting import first_step
from models.suite import Suite


def confirmations(
    verdicts: tuple[Verdict, ...], later: Panel, study: Study, suite: Suite, *, seed: int
) -> Mapping[str, Confirmation]:
    """Each judged claim on the sessions after the article's date.

    Parameters
    ----------
    verdicts : tuple of Verdict
        They name what is measured.
    later : Panel
        Reaches beyond the article's date.
    study : Study
    suite : Suite
        Of the vintage; margins and the regime model are carried to the end of `later`.
    seed : int

    Returns
    -------
    mapping of claim id to Confirmation
        Empty where `later` holds no session after the article's date.
    """
    after = study.about.as_of
    sessions = int((later.returns.index > pd.Timestamp(after)).sum())
    if sessions == 0:
        return {}
    carried = _carried(suite, later, study, seed)
    labels = {verdict.id: verdict.headline_label for verdict in verdicts}
    found = {}
    for claim in claims_to_judge(study):
        if claim.id not in labels:
            continue
        case = Case(later, study, carried, study.claims[claim.id].thresholds, FEW, claim_seed_of(seed, claim.id))
        primary = _after(claim, case, after)
        estimate, towards = (primary.headline, primary.towards) if isinstance(primary, Primary) else (primary, None)
        label = claim.later.label if claim.later else _since(labels[claim.id], claim.dated(study))
        found[claim.id] = Confirmation(label, after, later.last_session, sessions, estimate, towards)
    return found


def _after(claim: Claim, case: Case, after: date) -> Primary | NotDecidable:
    replaced = claim.dated(case.study) or claim.windows
    gate = claim.gate(case)
    if gate is not None:
        return gate
    moved = case.moved(**dict.fromkeys(replaced, Window(base=after)))
    return measured_or_reason(claim.later.measure if claim.later else claim.primary, moved)


def _since(label: str, windows: tuple[str, ...]) -> str:
    """The headline's label with the later sessions in place of the window's name."""
    for name in windows:
        label = label.replace(f"the {name} window", "the sessions since the article")
        label = label.replace(f"{name} window", "the sessions since the article")
    return label


def _carried(suite: Suite, later: Panel, study: Study, seed: int) -> Suite:
    """Devolatilised returns and the regime model to the end of the later data; the regimes start from the vintage's."""
    margins = first_step(later, study)
    reference = later.complete_returns(study.regimes.reference)
    regimes = suite.regimes.model.fit(reference, starts=1, seed=seed, warm=suite.regimes)
    return replace(suite, std_residuals=margins.std_residuals, regimes=regimes)

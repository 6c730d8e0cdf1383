"""Verdicts on the claims, by rules fixed in advance."""

from __future__ import annotations

from data.panel import Panel
from data.study import Study
from models.claims.confirmation import confirmations
from models.claims.machine import Progress, check_thresholds, claims_to_judge, judge_claims
from models.claims.verdict import Outcome, Verdict
from models.fitting import fit_suite
from models.suite import Suite

__all__ = ["Outcome", "Verdict", "check_thresholds", "claims_to_judge", "confirmations", "judge_all"]


def judge_all(
    panel: Panel,
    study: Study,
    *,
    suite: Suite | None = None,
    workers: int = 1,
    quick: bool = False,
    seed: int | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Verdict, ...]:
    """Judge every enabled claim of the study with data to the article's date.

    Parameters
    ----------
    panel : Panel
        May reach beyond the article's date; what lies after it is not used.
    study : Study
    suite : Suite, optional
        Models already fitted to the panel cut at the article's date; fitted here where it is left out.
    workers : int
        Processes for independent pieces.
    quick : bool
        Fewer bootstrap resamples; editions made so are marked.
    seed : int, optional
        Instead of the study's own.
    progress : callable
        Told the id of each claim before it is measured.

    Returns
    -------
    tuple of Verdict
        In the study's order.
    """
    vintage = panel.until(study.about.as_of)
    root = study.inference.seed if seed is None else seed
    models = suite if suite is not None else fit_suite(vintage, study, seed=root)
    return judge_claims(vintage, study, models, workers=workers, quick=quick, seed=root, progress=progress)

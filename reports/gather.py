"""Compute the evidence once, and keep it: the same study, data and code are never computed twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from joblib import Memory

from data.panel import Panel
from data.study import Study
from models.claims import Verdict, check_thresholds, claims_to_judge, confirmations, judge_all
from models.claims.closest import closest_readings
from models.claims.recovery import Recovered, recovery
from models.claims.verdict import Confirmation
from models.clock import ClockRow, study_clocks
from models.drivers import Fall
from models.estimate import NotDecidable
from models.fitting import fit_suite
from models.inference.resampling import Resampling
from models.measurements import Family, Subject, measure
from models.outlook import FULL, QUICK, Outlook, look_ahead
from models.portfolio import PortfolioRisk
from models.stakes import falls_of, portfolio_of
from models.suite import Suite
from reports.evidence import Evidence
from reports.provenance import ROOT, model_sha256, provenance
from reports.robustness import quoted_studies

__all__ = ["check_thresholds", "claims_to_judge", "gather"]

Progress = Callable[[str], None]
#: Results kept on disk; the least recently used go first.
KEPT_RESULTS = 12


def gather(
    study: Study,
    panel: Panel,
    *,
    quick: bool,
    workers: int,
    command: str,
    later: Panel | None = None,
    progress: Progress = lambda _: None,
) -> Evidence:
    """Fit the models, judge the claims and record how.

    Parameters
    ----------
    study : Study
    panel : Panel
    quick : bool
        Fewer bootstrap resamples; the pages say so.
    workers : int
        Processes for independent pieces.
    command : str
        What the user typed, for the record.
    later : Panel, optional
        Reaches beyond the article's date: what each claim's measure says there stands beside its verdict.
    progress : callable
        Told what is being done.
    """
    memory = Memory(ROOT / ".cache" / "evidence", verbose=0)
    computed = memory.cache(_compute, ignore=["study", "panel", "workers", "progress"])
    key = (study.sha256, panel.sha256, panel.as_of.isoformat(), model_sha256())
    suite, verdicts = computed(key, quick, study=study, panel=panel, workers=workers, progress=progress)
    if later is not None:
        confirmed = memory.cache(_confirm, ignore=["study", "later", "suite", "verdicts"])
        known = (*key, later.as_of.isoformat())
        found = confirmed(known, quick, study=study, later=later, suite=suite, verdicts=verdicts)
        verdicts = tuple(replace(one, confirmation=found.get(one.id)) for one in verdicts)
    memory.reduce_size(items_limit=KEPT_RESULTS)
    explained = memory.cache(_explain, ignore=["study", "panel"])
    falls, portfolio = explained(key, quick, study=study, panel=panel)
    compared = memory.cache(_compare_clocks, ignore=["study", "panel"])
    ahead = memory.cache(_look_ahead, ignore=["study", "panel", "suite", "progress"])
    measured = memory.cache(_measure, ignore=["study", "panel", "suite", "workers", "progress"])
    quoted = quoted_studies(study, panel)
    return Evidence(
        study=study,
        panel=panel,
        suite=suite,
        outlook=ahead(key, quick, study=study, panel=panel, suite=suite, progress=progress),
        verdicts=verdicts,
        recovered=_recovered(panel, suite, verdicts),
        robustness=quoted,
        provenance=provenance(study, panel, command, quoted),
        quick=quick,
        clocks=compared(key, quick, study=study, panel=panel),
        closest=closest_readings(panel, study, suite.stress, verdicts),
        falls=falls,
        portfolio=portfolio,
        measurements=measured(key, quick, study=study, panel=panel, suite=suite, workers=workers, progress=progress),
    )


def _confirm(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,  # noqa: ARG001 - decides the labels of the verdicts
    *,
    study: Study,
    later: Panel,
    suite: Suite,
    verdicts: tuple[Verdict, ...],
) -> Mapping[str, Confirmation]:
    """What came after the article's date, claim by claim; the verdicts stand already."""
    return confirmations(verdicts, later, study, suite, seed=study.inference.seed)


def _measure(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,
    *,
    study: Study,
    panel: Panel,
    suite: Suite,
    workers: int,
    progress: Progress,
) -> tuple[Family, ...]:
    """The main figures by every estimator, on the whole panel."""
    settings = study.inference
    replications = settings.quick_replications if quick else settings.replications
    subject = Subject(panel, study, suite, Resampling.of(settings, replications))
    return measure(subject, workers=workers, progress=progress)


def _compare_clocks(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,
    *,
    study: Study,
    panel: Panel,
) -> Mapping[str, ClockRow | NotDecidable] | NotDecidable:
    """Correlations by the hour of the close, as known on the article's date."""
    return study_clocks(panel.until(study.about.as_of), study, quick=quick)


def _look_ahead(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,
    *,
    study: Study,
    panel: Panel,
    suite: Suite,
    progress: Progress,
) -> Outlook:
    """What the models fitted to the whole panel say of the sessions after it."""
    progress("Looking ahead")
    return look_ahead(panel, study, suite, effort=QUICK if quick else FULL, seed=study.inference.seed)


def _explain(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,
    *,
    study: Study,
    panel: Panel,
) -> tuple[tuple[Fall, ...], PortfolioRisk | NotDecidable | None]:
    """What the event's page says of causes and of the mix, as known on the article's date."""
    known = panel.until(study.about.as_of)
    replications = study.inference.quick_replications if quick else study.inference.replications
    return falls_of(known, study, replications=replications), portfolio_of(known, study, replications=replications)


def _compute(
    key: tuple[str, ...],  # noqa: ARG001 - what the cache looks at
    quick: bool,
    *,
    study: Study,
    panel: Panel,
    workers: int,
    progress: Progress,
) -> tuple[Suite, tuple[Verdict, ...]]:
    progress("Fitting the models")
    suite = fit_suite(panel, study, seed=study.inference.seed)
    same_vintage = panel.last_session <= study.about.as_of
    verdicts = judge_all(
        panel,
        study,
        suite=suite if same_vintage else None,
        workers=workers,
        quick=quick,
        progress=lambda claim: progress(f"Judging {claim}"),
    )
    return suite, verdicts


def _recovered(panel: Panel, suite: Suite, verdicts: tuple[Verdict, ...]) -> tuple[Recovered, ...]:
    if panel.kind != "simulated":
        return ()
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    return recovery(truth["population"], suite, verdicts)

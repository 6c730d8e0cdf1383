"""The whole verdict machine on worlds whose truth is known: simulate, fit, judge every claim, compare."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock

from joblib import Memory

from data.load import panel_from
from data.study import Study, load_study
from models.claims import Verdict, tail_betas, window_correlations
from models.claims.machine import judge_claims
from models.claims.registry import CLAIMS
from models.claims.specifications import attempted
from models.claims.verdict import SpecificationResult
from models.estimate import Estimate, NotDecidable
from models.fitting import fit_suite
from models.simulate import simulate, world
from models.simulate.attribution import attribution_slopes
from models.simulate.detail import detailed
from models.simulate.measures import MEASURES
from models.simulate.measures_outlook import OUTLOOK_MEASURES
from models.simulate.source import SimulatedSource
from models.simulate.statements import StatementTruth, statement_truths
from models.simulate.structure import WorldName
from models.simulate.truth import PopulationValue, population_values
from tests.validation import worlds_table
from tests.validation.store import ROOT, code_digest

WORLDS: tuple[WorldName, ...] = ("A", "B", "C")
#: Less of everything that costs time and decides little, so that hundreds of histories fit into an hour.
REPLICATIONS, BAND_DRAWS, STARTS = 399, 100, 4
FEWER = {
    "models.fitting.CONSTANT_WORLDS": 2,
    "models.regimes.vintages.FRESH_STARTS": 1,
    "models.betas.garch_regression.STARTS": ((0.97, 0.07, 0.2),),
    "models.claims.c01_joint_fall.DRAWS": 20,
    "models.claims.c01_joint_fall.BESIDE_PATHS": 500,
    "models.claims.c01_joint_fall.BESIDE_DRAWS": 2,
    "models.claims.c03_correlations_rise.PLACEBOS": 199,
    "models.claims.c22_risk_off_state.DRAWS": 100,
    # Corrections for several tests sweep the whole memory each time; a tenth of a history's time.
    "gc.collect": int,
}
#: Functions of the claims that only show and decide nothing, with what they give instead.
SHOWN = {
    "_readings": {},
    "_half_lives": {},
    "_rolling": (),
    "_delta_covar": NotDecidable("left out"),
}
#: Alternatives of a claim that are always measured; of those after them every sixth.
FIRST_ALTERNATIVES, EVERY = 3, 6
#: Histories of 50,000 sessions behind the population values that decide what is true.
BATCHES = 20

Record = dict[str, dict[str, Any]]


@cache
def reduced_study() -> Study:
    """The study with fewer draws; windows, thresholds and models are its own."""
    study = load_study(ROOT / "study.toml")
    inference = study.inference.model_copy(
        update={"replications": REPLICATIONS, "quick_replications": REPLICATIONS, "band_draws": BAND_DRAWS}
    )
    regimes = study.regimes.model_copy(update={"starts": STARTS})
    # A crash that was drawn can look like a split that was not adjusted for.
    quality = study.quality.model_copy(update={"accept_red": study.roles})
    return study.model_copy(update={"inference": inference, "regimes": regimes, "quality": quality})


@contextmanager
def fewer_draws() -> Iterator[None]:
    """Leave out what a history of a world does not need: draws, what is only shown, most alternatives."""
    with ExitStack() as stack:
        for place, value in FEWER.items():
            stack.enter_context(mock.patch(place, value))
        stack.enter_context(mock.patch("models.claims.machine.moved_windows", return_value=()))
        stack.enter_context(mock.patch("models.claims.c16_deleveraging.moved_spans", return_value=()))
        for module in (*(sys.modules[claim.measure.__module__] for claim in CLAIMS), tail_betas, window_correlations):
            for name, value in SHOWN.items():
                if hasattr(module, name):
                    stack.enter_context(mock.patch.object(module, name, return_value=value))
            if hasattr(module, "attempted"):
                stack.enter_context(mock.patch.object(module, "attempted", _Thinned()))
        yield


class _Thinned:
    """Measures the first alternatives of a claim file and every sixth of the rest; the others count as left out."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, label: str, measure: Callable[[], Estimate | NotDecidable]) -> SpecificationResult:
        position, self._asked = self._asked, self._asked + 1
        if position < FIRST_ALTERNATIVES or position % EVERY == 0:
            return attempted(label, measure)
        return SpecificationResult(label, NotDecidable("left out"))


_KEPT = Memory(ROOT / ".cache" / "validation" / "population", verbose=0)


@_KEPT.cache
def _population(name: WorldName, code: str) -> dict[str, PopulationValue]:  # noqa: ARG001 - what the cache looks at
    measures = (*MEASURES, *OUTLOOK_MEASURES, attribution_slopes)
    return population_values(world(name), measures, batches=BATCHES, seed=1)


@cache
def population(name: WorldName) -> dict[str, PopulationValue]:
    """What is true in a world, kept for the same code of the simulator."""
    return _population(name, code_digest(("models/simulate",)))


def replicate(name: WorldName, number: int) -> Record:
    """One history of a world through the machine: for each claim its verdict, the truth and what was measured."""
    study = reduced_study()
    simulation = detailed(simulate(name, seed=number))
    panel = panel_from(SimulatedSource(simulation), study, study.about.as_of)
    with fewer_draws():
        suite = fit_suite(panel, study, seed=number)
        verdicts = judge_claims(panel, study, suite, workers=1, quick=True, seed=number, progress=lambda _: None)
    truths = statement_truths(simulation, population(name), study)
    return {one.id: _entry(one, truths[one.id]) for one in verdicts}


def _entry(verdict: Verdict, truth: StatementTruth) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "truth": truth.status,
        "because": truth.because,
        "effects": truth.effects,
        "reason": verdict.reason,
        "parts": [
            {
                "label": part.label,
                "outcome": part.outcome.value,
                "effect": part.effect.value if isinstance(part.effect, Estimate) else None,
                "std_error": part.effect.std_error if isinstance(part.effect, Estimate) else None,
                "sesoi": part.sesoi,
                "p_value": part.p_value,
                "mde80": part.mde80,
            }
            for part in verdict.parts
        ],
    }


def section(records: Mapping[str, Sequence[Record]]) -> str:
    """The section of docs/validation.md."""
    return worlds_table.section(records, HOW)


HOW = (
    "Histories of each world go through the machine as real data do: simulated, fitted, all claims judged, on the "
    "study's own windows (about 2,790 sessions in the one most claims use). To fit hundreds into an hour there is less "
    f"of what costs time: {REPLICATIONS} resamples, {BAND_DRAWS} draws of parameters, {STARTS} starts of the regime "
    f"model, one of each GARCH regression, {FEWER['models.claims.c03_correlations_rise.PLACEBOS']} placebo labels, "
    f"{FEWER['models.claims.c01_joint_fall.DRAWS']} parameter draws behind C01's ratio, and of the listed alternatives "
    f"the first {FIRST_ALTERNATIVES} of a claim and every {EVERY}th of the rest; moved windows, also those among "
    "C16's alternatives, and readings that only show are left out. World A: the article is right; a true statement "
    "should come out supported in at least 80 % of the histories where the design can see an effect "
    "of its size (the median smallest effect found with 80 % power is at most the median effect, part by part; in C12, "
    "whose crises are drawn with the history, history by history: at most the largest true slope of each asset). "
    "World B: one regime, constant correlations, no links; a false statement should come out supported in at most 5 %, "
    "any of them in at most 10 %. World C: mixed; at most 5 % of the verdicts may be the opposite of the truth. "
    "Figures are percent of the histories in which the claim has that truth: statements about the event are true or "
    "false history by history. `between` and `trivial` are explained in "
    "models/simulate/statements.py."
)

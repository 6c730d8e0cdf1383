"""The bundled sample, loaded and fitted once."""

from pathlib import Path

import pytest

from data import load_panel, load_study
from models.claims import judge_all
from models.fitting import fit_suite
from tests.models.claims.claim_cases import QUICK

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def study():
    return load_study(ROOT / "study.toml")


@pytest.fixture(scope="session")
def panel(study):
    return load_panel(study, "sample")


@pytest.fixture(scope="session")
def suite(panel, study):
    return fit_suite(panel, study, seed=study.inference.seed)


@pytest.fixture(scope="session")
def six(study):
    """Six claims of every kind with few resamples, for what does not depend on which claims are judged."""
    chosen = ("C02", "C03", "C05", "C06", "C10", "C22")
    few = study.inference.model_copy(update={"quick_replications": QUICK, "band_draws": QUICK})
    return study.model_copy(
        update={"claims": {claim_id: study.claims[claim_id] for claim_id in chosen}, "inference": few}
    )


@pytest.fixture(scope="session")
def verdicts(panel, six, suite):
    return {verdict.id: verdict for verdict in judge_all(panel, six, suite=suite, quick=True)}

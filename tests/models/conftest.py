"""The bundled sample and its truth, read once."""

import json
from pathlib import Path

import pytest

from data import load_panel, load_study
from models.inference.resampling import Resampling

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sample_study():
    return load_study(ROOT / "study.toml")


@pytest.fixture(scope="session")
def sample_panel(sample_study):
    return load_panel(sample_study, "sample")


@pytest.fixture(scope="session")
def truth():
    """Population values of the world the sample was drawn from, by name."""
    written = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    return {name: one["value"] for name, one in written["population"].items()}


@pytest.fixture(scope="session")
def resampling():
    return Resampling(level=0.95, replications=499, block_bounds=(5, 40), seed=7)

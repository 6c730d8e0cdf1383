"""The long study of the number of regimes: one row a model, sentences that follow from the bootstrap."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.long_study import Inputs
from models.regime_count import compute
from models.regimes import MarkovSwitching, selection
from models.regimes.simulation import draw_regimes, garch_path

REFERENCE = ("market", "fear")


def _inputs(rows, told, pieces=None):
    panel = SimpleNamespace(complete_returns=lambda roles: pd.DataFrame(rows, columns=list(roles)))
    study = SimpleNamespace(
        regimes=SimpleNamespace(reference=REFERENCE, k_regimes=2, distribution="t", starts=6),
        inference=SimpleNamespace(seed=3),
    )
    return Inputs(panel, study, None, 1, told.append, {} if pieces is None else pieces)


@pytest.fixture(scope="module")
def clear_regimes():
    """Two regimes that no fat tail explains: two GARCH series that move together, then against each other."""
    transition = np.array([[0.98, 0.02], [0.02, 0.98]])
    together = np.array([[1.0, 0.9], [0.9, 1.0]])
    covariances = np.array([together, 2.0 * np.eye(2) - together])
    start, means = np.array([0.5, 0.5]), np.zeros((2, 2))
    shocks = draw_regimes(np.random.default_rng(5), 500, transition, start, means, covariances, 7.0)
    return np.column_stack([garch_path(np.ascontiguousarray(column), 0.05, 0.1, 0.85, 1.0) for column in shocks.T])


def test_clear_regimes_are_told_from_fat_tails(clear_regimes):
    told = []
    result = compute(_inputs(clear_regimes, told), draws=21, starts=3, largest=3)
    assert [row[0] for row in result.rows] == ["one regime", "two regimes", "three regimes"]
    table = pd.DataFrame(list(result.rows), columns=list(result.columns)).set_index("regimes")
    fits = [MarkovSwitching(k, "t").fit(clear_regimes, starts=6, seed=3) for k in (1, 2)]
    assert table.loc["two regimes", "log-likelihood"] == pytest.approx(fits[1].loglik, abs=1e-6)
    ratio = table.loc["two regimes", "ratio to one fewer"]
    assert ratio == pytest.approx(2.0 * (fits[1].loglik - fits[0].loglik), abs=1e-5)
    assert table.loc["two regimes", "p-value"] == pytest.approx(1 / 22)
    assert result.sentences[0].startswith("two regimes fit better than chance")
    assert result.sentences[1].startswith("three regimes cannot be told from fat tails here")
    assert result.sentences[2] == "BIC is lowest for two regimes, the number the study fixes"
    assert any("0 of 21" in one for one in told)
    assert any("20 of 21" in one for one in told)


def test_an_interrupted_bootstrap_goes_on_where_it_stopped(clear_regimes, monkeypatch):
    class Interrupted(dict):
        """The power goes after two blocks."""

        def __setitem__(self, name, value):
            if len(self) == 2:
                raise KeyboardInterrupt
            super().__setitem__(name, value)

    monkeypatch.setattr(selection, "REPORTED_DRAWS", 2)
    quick = {"draws": 5, "starts": 1, "largest": 3}
    whole = compute(_inputs(clear_regimes, []), **quick)
    kept = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        compute(_inputs(clear_regimes, [], kept), **quick)
    assert [len(block) for block in kept.values()] == [2, 2]
    told = []
    pieces = json.loads(json.dumps(dict(kept)))
    assert compute(_inputs(clear_regimes, told, pieces), **quick) == whole
    assert [one for one in told if one.startswith("samples")] == ["samples of a GARCH-t without regimes, 4 of 5"]
    assert [len(block) for block in pieces.values()] == [2, 2, 1]


def test_a_sample_too_short_for_the_tests_is_refused(clear_regimes):
    with pytest.raises(EstimationError, match="longer sample"):
        compute(_inputs(clear_regimes[:60], []), draws=2)

"""C10: a beta inside a range, its alternatives, and betas that move."""

import numpy as np
import pytest
from claim_cases import judged
from made_up import noise, with_returns

from models.betas.kalman import kalman_beta
from models.claims.verdict import Outcome
from models.estimate import Estimate


def levered(panel, beta: float):
    """Miners and junior miners that move `beta` times gold, with noise of their own."""
    metal = panel.returns["metal"]
    moved = {role: beta * metal + noise(panel, seed, 0.8) for seed, role in enumerate(("miners", "junior_miners"))}
    return with_returns(panel, **moved)


@pytest.mark.parametrize(
    ("beta", "outcome"), [(2.5, Outcome.SUPPORTED), (1.2, Outcome.NOT_SUPPORTED), (4.0, Outcome.NOT_SUPPORTED)]
)
def test_the_range_decides(panel, study, beta, outcome):
    verdict = judged("C10", levered(panel, beta), study)
    assert verdict.outcome is outcome
    assert verdict.headline.value == pytest.approx(beta, abs=0.1)
    done = [one.estimate.value for one in verdict.specifications if isinstance(one.estimate, Estimate)]
    assert len(done) >= 30
    assert done == pytest.approx([beta] * len(done), abs=0.35)


def test_means_of_betas_that_move_are_listed(panel, study):
    world = levered(panel, 2.5)
    verdict = judged("C10", world, study)
    listed = {one.label: one.estimate for one in verdict.specifications}
    name = panel.names["miners"].lower()
    assert listed[f"{name}, full, mean conditional beta"] == verdict.secondary["mean conditional beta"]
    first, last = (study.windows["full"].base, panel.last_session)
    rows = world.returns.loc[str(first) : str(last)].iloc[1:]
    by_hand = kalman_beta(rows["miners"], rows["metal"]).average
    assert listed[f"{name}, full, mean of a random walk"].value == pytest.approx(by_hand.value, rel=1e-6)


def test_inside_the_range_on_average_but_seldom_is_mixed(panel, study):
    """A beta of one in the first half and of four in the second: 2.5 on average, hardly a day inside two to three."""
    half = np.arange(len(panel.returns)) < len(panel.returns) // 2
    metal = panel.returns["metal"]
    world = with_returns(panel, miners=np.where(half, 1.0, 4.0) * metal + noise(panel, 1, 0.5))
    verdict = judged("C10", world, study, low=1.5, high=3.5, typical_share=0.9)
    assert verdict.outcome is not Outcome.SUPPORTED
    assert "the conditional beta was inside it on" in verdict.reason

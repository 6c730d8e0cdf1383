"""Checks of a fit: residuals, classification, moments, the light."""

import numpy as np
import pandas as pd
import pytest
from regime_oracles import two_regimes
from scipy import stats

from models.regimes import MSGARCH, RSDC, MarkovAutoregression, MarkovRegression, MarkovSwitching, diagnose
from models.regimes.diagnostics import classification_measure, generalised_residuals
from models.regimes.simulation import garch_path


@pytest.fixture(scope="module")
def right():
    return diagnose(MarkovSwitching(2, "t").fit(two_regimes(1500, seed=4, nu=8)[0], starts=9))


def test_the_right_model_passes(right):
    assert right.light == "green"
    assert right.reasons == ()
    assert min(test.p_value for test in right.tests) > 0.05
    assert right.moments["data"].between(right.moments["low"], right.moments["high"]).mean() > 0.8
    assert right.residuals.std().between(0.9, 1.1).all()


def test_the_wrong_model_is_named():
    garch = garch_path(np.random.default_rng(1).standard_normal(2000), 0.02, 0.15, 0.83, 1.0)
    found = diagnose(MarkovSwitching(1).fit(garch))
    assert found.light in {"amber", "red"}
    assert any("squared" in reason for reason in found.reasons)
    joint = found.tests[-1]
    assert joint.p_value < 0.05


def test_generalised_residuals_are_transforms_of_the_mixture():
    y = np.random.default_rng(2).normal(size=300)
    fitted = MarkovSwitching(2).fit(y, starts=3)
    weights, means, scales = fitted.predicted.to_numpy(), fitted.means.to_numpy()[:, 0], fitted.volatilities.to_numpy()
    expected = (weights * stats.norm(means, scales[:, 0]).cdf(y[:, None])).sum(axis=1)
    np.testing.assert_allclose(stats.norm.cdf(generalised_residuals(fitted)[0]), expected, atol=1e-12)


@pytest.mark.parametrize("distribution", ["gaussian", "t"])
def test_every_model_has_generalised_residuals(distribution):
    generator = np.random.default_rng(3)
    regimes = (np.cumsum(generator.random(900) < 0.03) % 2).astype(bool)
    y = pd.Series(generator.normal(size=900) * np.where(regimes, 2.5, 1.0), name="y")
    X = pd.Series(generator.normal(size=900), name="x")
    frame = pd.DataFrame({"a": y, "b": X})
    fits = [
        MarkovSwitching(2, distribution).fit(y, starts=4),
        MarkovRegression(2, True, True, distribution).fit(y, X, starts=4),
        MarkovAutoregression(2, 1, True, True, False, distribution).fit(y, starts=4),
        MSGARCH(2, "garch", distribution).fit(y, starts=4),
        RSDC(2, distribution).fit(frame, starts=4),
    ]
    for fit in fits:
        residuals = generalised_residuals(fit)
        assert len(residuals) == fit.n
        assert residuals.mean().abs().max() < 0.1
        assert residuals.std().between(0.9, 1.1).all()


def test_classification_measure_by_hand():
    sharp = pd.DataFrame([[1.0, 0.0], [0.0, 1.0]])
    blurred = pd.DataFrame(np.full((5, 2), 0.5))
    assert classification_measure(sharp) == 0.0
    assert classification_measure(blurred) == pytest.approx(100.0)
    assert classification_measure(pd.DataFrame([[0.9, 0.1]])) == pytest.approx(400 * 0.09)


def test_a_regime_of_few_days_is_red():
    y = np.random.default_rng(5).normal(size=600)
    y[300:312] *= 15.0
    found = diagnose(MarkovSwitching(2).fit(y, starts=6), draws=19)
    assert found.light == "red"
    assert any("less than 5%" in reason or "single spell" in reason for reason in found.reasons)

"""C14: whose variance makes whose, from daily ranges."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from claim_cases import case_of, judged, without

from models.claims import Outcome
from models.claims.c14_gold_turbulence import log_variances
from models.estimate import NotDecidable

NEXT = 0.35


def ranged(panel, *, gives: float, takes: float, seed: int = 1):
    """Daily ranges whose log variances follow one another: gold gives `gives` of its last to the miners, or takes."""
    generator = np.random.default_rng(seed)
    sessions = panel.levels.index
    shocks = 0.6 * generator.normal(size=(len(sessions), 4))
    logs = np.zeros((len(sessions), 4))
    step = 0.5 * np.eye(4)
    step[1, 0], step[0, 1] = gives, takes
    for t in range(1, len(sessions)):
        logs[t] = step @ logs[t - 1] + shocks[t]
    bars = {}
    for role, log in zip(("metal", "miners", "crypto", "market"), logs.T, strict=True):
        half = 0.005 * np.exp(0.5 * log)
        high, low = 100.0 * np.exp(half), 100.0 * np.exp(-half)
        bars[role] = pd.DataFrame({"open": 100.0, "high": high, "low": low, "close": 100.0}, index=sessions)
    return replace(panel, bars=MappingProxyType(bars))


@pytest.fixture(scope="module")
def giving(panel):
    return ranged(panel, gives=NEXT, takes=0.0)


@pytest.fixture(scope="module")
def verdict(giving, study):
    return judged("C14", giving, study)


def test_log_variances_are_those_of_parkinson(giving, study):
    found = log_variances(case_of("C14", giving, study), "full")["metal"]
    bars = giving.bars["metal"].loc[found.index]
    expected = np.log(1e4 * np.log(bars["high"] / bars["low"]) ** 2 / (4.0 * np.log(2.0)))
    np.testing.assert_allclose(found, expected)


def test_net_share_by_statsmodels(giving, study, verdict):
    """Generalised decomposition written out, from statsmodels' autoregression of the same order, before correction."""
    frame = log_variances(case_of("C14", giving, study), "full")
    lags = 1
    fit = sm.tsa.VAR(frame.to_numpy()).fit(lags, trend="c")
    responses, covariance = fit.ma_rep(9), fit.resid.T @ fit.resid / len(fit.resid)
    numerator = sum((psi @ covariance) ** 2 for psi in responses) / np.diag(covariance)
    shares = 100.0 * numerator / numerator.sum(axis=1, keepdims=True)
    effect = verdict.parts[0].effect
    assert effect.value == pytest.approx(shares[1, 0] - shares[0, 1], abs=0.5)


def test_a_world_in_which_gold_gives(verdict):
    assert verdict.outcome is Outcome.SUPPORTED
    assert verdict.parts[1].effect.contains(NEXT)
    assert verdict.share == 1.0


@pytest.mark.parametrize(("gives", "takes"), [(0.0, NEXT), (0.0, 0.0)])
def test_worlds_in_which_it_does_not(panel, study, gives, takes):
    verdict = judged("C14", ranged(panel, gives=gives, takes=takes), study)
    assert verdict.outcome is Outcome.NOT_SUPPORTED
    assert verdict.parts[0].effect.upper < study.claims["C14"].thresholds["sesoi"]


def test_p_value_inverts_the_interval(verdict):
    for part in verdict.parts:
        assert (part.p_value < 0.05) == (not part.effect.contains(0.0))


def test_gates(panel, giving, study, verdict):
    bare = judged("C14", panel, study)
    assert bare.outcome is Outcome.NOT_TESTABLE
    assert "daily ranges" in bare.reason
    assert judged("C14", without(giving, "metal"), study).outcome is Outcome.NOT_TESTABLE
    failed = [one.label for one in verdict.specifications if isinstance(one.estimate, NotDecidable)]
    assert failed == ["gold's implied volatility"]

"""Half-life of a variance shock."""

import math

import numpy as np
import pandas as pd
import pytest

from models.estimate import Estimate
from models.margins import fit_margins
from models.persistence import variance_half_life


def garch_returns(seed: int, n: int, alpha: float, beta: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    shocks = generator.normal(size=n)
    h, values = 1.0, np.empty(n)
    for t in range(n):
        values[t] = math.sqrt(h) * shocks[t]
        h = 1.0 - alpha - beta + alpha * values[t] ** 2 + beta * h
    return pd.DataFrame({"market": values})


def test_value_is_the_formula():
    margin = fit_margins(garch_returns(1, 2500, 0.08, 0.88), volatility="gjr").fitted[0]
    estimate = variance_half_life(margin, level=0.95)
    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx(math.log(0.5) / math.log(margin.persistence))
    assert 0 < estimate.lower < estimate.value < estimate.upper


def test_interval_covers_the_true_half_life():
    truth = math.log(0.5) / math.log(0.96)
    hits = 0
    for seed in range(40):
        estimate = variance_half_life(fit_margins(garch_returns(seed, 3000, 0.08, 0.88)).fitted[0], level=0.95)
        hits += isinstance(estimate, Estimate) and estimate.contains(truth)
    assert hits >= 34

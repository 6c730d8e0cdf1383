"""Up-capture: by hand, planted ratio, too few rallies."""

import numpy as np
import pandas as pd
import pytest

from models.capture import up_capture
from models.estimate import NotDecidable


def world(seed: int, ratio: float, n: int = 1500):
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2010-01-01", periods=n)
    reference = pd.Series(generator.normal(size=n), index)
    return ratio * reference + generator.normal(size=n), reference


def test_by_hand():
    asset, reference = world(1, 2.0, 900)
    above = below = 0.0
    for end in range(21, 901):
        move = reference.iloc[end - 21 : end].sum()
        if move >= 100.0 * np.log(1.03):
            above += asset.iloc[end - 21 : end].sum()
            below += move
    found, _ = up_capture(asset, reference, sessions=21, gain=3.0, level=0.95)
    assert found.value == pytest.approx(above / below)


def test_no_leverage_is_none():
    _, reference = world(2, 1.0)
    found, p_value = up_capture(reference, reference, sessions=63, gain=5.0, level=0.95)
    assert (found.value, found.lower, found.upper) == pytest.approx((1.0, 1.0, 1.0))
    assert p_value == 1.0


def test_covers_the_planted_ratio_and_inverts_its_interval():
    hits = 0
    for seed in range(30):
        found, p_value = up_capture(*world(seed, 1.6), sessions=21, gain=3.0, level=0.95)
        hits += found.contains(1.6)
        assert (p_value < 0.05) == (not found.contains(1.0))
    assert hits >= 24


def test_too_few_rallies():
    asset, reference = world(4, 1.0)
    found = up_capture(asset, reference * 0.01, sessions=63, gain=5.0, level=0.95)
    assert isinstance(found, NotDecidable)
    assert "rallies" in found.reason

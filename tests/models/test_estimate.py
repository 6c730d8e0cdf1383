"""An estimate moved or stretched stays what it was, in other units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.estimate import Estimate

FACTORS = st.floats(-10.0, 10.0)


def made(value: float = 0.4, std_error: float | None = 0.1) -> Estimate:
    return Estimate(value, std_error, value - 0.2, value + 0.3, 0.95, 100, "%", "made up")


def test_a_shift_moves_value_and_limits_alone() -> None:
    moved = made().shifted(-0.5)
    assert (moved.value, moved.lower, moved.upper) == pytest.approx((-0.1, -0.3, 0.2))
    assert (moved.std_error, moved.n, moved.unit, moved.method) == (0.1, 100, "%", "made up")


def test_a_negative_scale_exchanges_the_limits() -> None:
    turned = made().scaled(-2.0)
    assert (turned.value, turned.lower, turned.upper) == pytest.approx((-0.8, -1.4, -0.4))
    assert turned.std_error == pytest.approx(0.2)
    assert made(std_error=None).scaled(-2.0).std_error is None


@given(FACTORS, FACTORS, st.floats(-1.0, 1.0))
def test_the_interval_covers_after_as_before(scale: float, by: float, truth: float) -> None:
    before, after = made(), made().scaled(scale).shifted(by)
    if abs(scale) > 1e-6 and min(abs(truth - before.lower), abs(truth - before.upper)) > 1e-9:
        assert after.contains(scale * truth + by) == before.contains(truth)

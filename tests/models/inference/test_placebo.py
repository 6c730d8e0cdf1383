"""Placebo labels: size under clustered labels and data, power, runs kept."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.inference.intervals import normal_estimate, normal_p_value
from models.inference.placebo import rotated, rotation_test


def spells(generator, n):
    label, state = np.zeros(n, dtype=bool), False
    for t in range(n):
        state = generator.random() < (0.95 if state else 0.01)
        label[t] = state
    return label


def persistent(generator, n):
    values = generator.normal(size=n)
    for t in range(1, n):
        values[t] += 0.9 * values[t - 1]
    return values


def run(seed, effect):
    generator = np.random.default_rng(seed)
    label, data = spells(generator, 1500), persistent(generator, 1500)
    data = data + effect * label
    return rotation_test(
        lambda labels: data[labels].mean() - data[~labels].mean() if labels.any() else np.nan,
        label,
        rotations=199,
        seed=seed,
        null="none",
    )


def test_size_holds_where_labels_and_data_cluster():
    rejections = sum(run(seed, 0.0).p_value <= 0.05 for seed in range(120))
    assert rejections <= 14


def test_a_large_effect_is_found_and_the_p_value_has_its_floor():
    results = [run(seed, 6.0) for seed in range(20)]
    assert np.mean([result.p_value <= 0.05 for result in results]) >= 0.8
    assert min(result.p_value for result in results) >= 1 / 200


def made(seed, effect):
    generator = np.random.default_rng(seed)
    label, data = spells(generator, 1500), persistent(generator, 1500)
    data = data + effect * label

    def gap(labels):
        return float(data[labels].mean() - data[~labels].mean()) if labels.any() else np.nan

    return rotated(gap, label, rotations=199, seed=seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**16), st.floats(-2.0, 2.0), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_interval_leaves_out_zero_exactly_where_the_test_rejects(seed, effect, level):
    placebos = made(seed, effect)
    low, high = placebos.interval(level)
    assert (low > 0.0 or high < 0.0) == (placebos.test("none").p_value <= 1.0 - level + 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**16), st.floats(-2.0, 2.0), st.floats(0.05, 1.0))
def test_limits_and_p_value_are_of_both_tests(seed, value, error):
    placebos = made(seed, value)
    own = normal_estimate(value, error, level=0.95, n=1500, method="own")
    both, p_value = placebos.widened(own, normal_p_value(value, error), "none")
    assert both.lower == min(own.lower, placebos.interval(0.95)[0])
    assert both.upper == max(own.upper, placebos.interval(0.95)[1])
    assert (both.lower > 0.0 or both.upper < 0.0) <= (p_value <= 0.05)
    if (own.lower > 0.0) == (placebos.interval(0.95)[0] > 0.0):
        assert both.contains(0.0) == (p_value > 0.05)


def test_the_interval_holds_the_effect_where_labels_and_data_cluster():
    covered = 0
    for seed in range(120):
        low, high = made(seed, 1.5).interval(0.95)
        covered += low <= 1.5 <= high
    assert covered >= 106

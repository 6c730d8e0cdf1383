"""Placebo labels: size under clustered labels and data, power, runs kept."""

import numpy as np

from models.inference.placebo import rotation_test


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

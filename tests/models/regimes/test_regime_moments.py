"""Weighted moments against plain sums over the observations."""

import numpy as np
import pytest

from models.regimes.moments import Powers, recentred


@pytest.mark.parametrize("dimension", [1, 2, 4])
@pytest.mark.parametrize("regimes", [1, 3])
def test_moments_equal_plain_sums(dimension, regimes):
    generator = np.random.default_rng(dimension)
    x = generator.normal(size=(40, dimension))
    weights, means = generator.random((40, regimes)), generator.normal(size=(regimes, dimension))
    mass, first, second = Powers.of(x).sums(weights)
    about_first, about_second = recentred(mass, first, second, means)
    for k in range(regimes):
        deviations = x - means[k]
        assert mass[k] == pytest.approx(sum(weights[:, k]))
        np.testing.assert_allclose(first[k], sum(w * row for w, row in zip(weights[:, k], x, strict=True)), atol=1e-12)
        plain = sum(w * np.outer(row, row) for w, row in zip(weights[:, k], deviations, strict=True))
        np.testing.assert_allclose(about_second[k], plain, atol=1e-11)
        np.testing.assert_allclose(about_first[k], weights[:, k] @ deviations, atol=1e-12)

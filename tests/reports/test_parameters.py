"""Parameters in words."""

from __future__ import annotations

import pytest

from reports.parameters import in_words

NAMES = {"crypto": "Bitcoin", "market": "S&P 500", "fear": "VIX"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nu", "Degrees of freedom"),
        ("crypto.omega", "Constant of the variance of Bitcoin"),
        ("p[0->0]", "Chance to stay in regime 1"),
        ("p[1->0]", "Chance of regime 1 after 2"),
        ("mean[1,fear]", "Mean of VIX, regime 2"),
        ("cov[0,market,market]", "Variance of S&P 500, regime 1"),
        ("cov[0,fear,market]", "Covariance of VIX and S&P 500, regime 1"),
        ("sigma2[1]", "Variance, regime 2"),
        ("unheard_of", ""),
        ("crypto.unheard_of", ""),
    ],
)
def test_parameters_have_plain_names(name: str, words: str) -> None:
    assert in_words(name, NAMES.__getitem__) == words

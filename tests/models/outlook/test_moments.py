"""The moments of the next session against those of the model that is fitted, and against a longer sample."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.correlation import Correlation, CorrelationResult
from models.correlation.out_of_sample import predicted_covariances
from models.correlation.paths import Beta, Volatility
from models.outlook.moments import RecentMoments, from_draws, recent_moments


def test_the_estimate_comes_first_and_ends_with_the_session_after_the_sample(
    result: CorrelationResult, recent: RecentMoments
) -> None:
    assert recent.draws == 60
    assert recent.n == 1000
    np.testing.assert_allclose(recent.next_correlations[0], result.next_correlation, rtol=1e-10)
    expected = [margin.next_variance for margin in result.margins.fitted]
    np.testing.assert_allclose(recent.variances[0, -1], expected, rtol=1e-10)
    np.testing.assert_allclose(
        recent.values(Correlation("a", "b"))[0, :-1], result.correlation("a", "b").to_numpy()[-21:], rtol=1e-9
    )


def test_what_is_known_at_the_close_does_not_depend_on_the_return_that_follows(result: CorrelationResult) -> None:
    returns = result.margins.returns
    wild = pd.DataFrame([[9.0, -9.0, 9.0]], index=[returns.index[-1] + pd.Timedelta(days=1)], columns=returns.columns)
    ahead = predicted_covariances(result, pd.concat([returns, wild]))[-1]
    np.testing.assert_allclose(recent_moments(result, sessions=1, draws=2, seed=0).covariances[0], ahead, rtol=1e-9)


def test_covariances_are_scaled_correlations(recent: RecentMoments) -> None:
    covariance = recent.covariances[7]
    beta = covariance[0, 1] / covariance[1, 1]
    np.testing.assert_allclose(recent.values(Beta("a", "b"))[7, -1], beta, rtol=1e-12)
    np.testing.assert_allclose(recent.values(Volatility("c"))[7, -1] ** 2, covariance[2, 2], rtol=1e-12)


def test_draws_spread_around_the_estimate_as_the_bands_do(result: CorrelationResult, recent: RecentMoments) -> None:
    band = result.bands(Correlation("a", "b"), draws=200, seed=8)
    values = recent.values(Correlation("a", "b"))[:, -2]
    assert (
        0.6
        < (np.quantile(values[1:], 0.975) - np.quantile(values[1:], 0.025))
        / (band.upper.iloc[-1] - band.lower.iloc[-1])
        < 1.6
    )


def test_an_interval_from_draws_holds_its_estimate() -> None:
    made = from_draws(np.array([5.0, 1.0, 2.0, 3.0]), level=0.95, n=10, unit="%", method="draws")
    assert made.upper == 5.0
    assert made.lower < 1.1

"""The same answer from any order, unit and seed, and from one day to the next."""

import numpy as np
import pytest
from regime_oracles import market_returns, simulate_switching

from models.regimes import MarkovSwitching, vintages


def _world(seed):
    """A two-regime world drawn at random: correlations, volatilities, persistence, tails."""
    generator = np.random.default_rng(seed)
    covariances = []
    for ratio in (1.0, generator.uniform(1.6, 3.0)):
        loadings = generator.normal(size=(3, 5))
        matrix = loadings @ loadings.T
        scale = np.sqrt(np.diag(matrix))
        covariances.append(matrix / np.outer(scale, scale) * ratio**2)
    stay = generator.uniform([0.93, 0.85], [0.99, 0.97])
    transition = np.array([[stay[0], 1.0 - stay[0]], [1.0 - stay[1], stay[1]]])
    means = generator.normal(0.0, 0.1, (2, 3))
    nu = None if seed % 2 else 7.0
    return simulate_switching(transition, means, np.array(covariances), 600, seed, nu)[0], nu


@pytest.mark.parametrize("seed", range(20))
def test_simulated_worlds_look_the_same_from_any_side(seed):
    y, nu = _world(seed)
    distribution = "gaussian" if nu is None else "t"
    order = [2, 0, 1]
    base = MarkovSwitching(2, distribution).fit(y, starts=12, seed=0)
    for scale, columns, other_seed in ((1.0, order, 0), (1e3, [0, 1, 2], 0), (1e-3, order, seed + 1)):
        other = MarkovSwitching(2, distribution).fit(y[:, columns] * scale, starts=12, seed=other_seed)
        assert other.loglik + y.size * np.log(scale) == pytest.approx(base.loglik, abs=1e-6)
        np.testing.assert_allclose(other.smoothed, base.smoothed, atol=1e-6)
        np.testing.assert_allclose(other.means.to_numpy() / scale, base.means.to_numpy()[:, columns], atol=1e-5)


@pytest.mark.parametrize("regimes", [2, 3])
def test_real_returns_look_the_same_from_any_side(regimes):
    returns = market_returns("btc-usd-ny16", "gld", "gdx").loc["2018":]
    base = MarkovSwitching(regimes, "t").fit(returns)
    other = MarkovSwitching(regimes, "t").fit(returns[["gdx", "btc-usd-ny16", "gld"]] * 1e3, seed=3)
    assert other.loglik + returns.size * np.log(1e3) == pytest.approx(base.loglik, abs=1e-6)
    np.testing.assert_allclose(other.smoothed, base.smoothed, atol=1e-6)


def test_sixty_days_one_at_a_time_swap_no_label_and_keep_yesterday():
    returns = market_returns("spy", "vix", "hyg").iloc[-1100:]
    model = MarkovSwitching(2, "t", reference=("spy",))
    daily = vintages(model, returns, sizes=range(len(returns) - 60, len(returns)))
    assert len(daily.revisions) == 60
    for revision in daily.revisions:
        assert revision.change <= 0.05 or revision.reason
    assert len(daily.notable) <= 1
    volatility = daily.params[["cov[0,spy,spy]", "cov[1,spy,spy]"]]
    assert (volatility["cov[0,spy,spy]"] < volatility["cov[1,spy,spy]"]).all()
    assert volatility.pct_change().abs().max().max() < 0.25

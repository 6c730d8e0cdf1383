"""Primary statistics once more, in plain pandas and statsmodels, from the panel alone.

Beside those of `test_machine.py` (C02, C03, C05, C06, C10, C22).
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch import arch_model

from models.claims.primary import Primary
from models.estimate import Estimate, measured_or_reason
from tests.models.claims.claim_cases import case_of, claim

FIRST, LAST = "2026-01-29", "2026-02-06"


def headline(claim_id, panel, study, suite) -> Estimate:
    found = measured_or_reason(claim(claim_id).primary, case_of(claim_id, panel, study, suite))
    assert isinstance(found, Primary), found
    return found.headline


def test_c01_smaller_fall(panel, study, suite):
    ends = panel.levels.loc[["2026-01-28", LAST], ["crypto", "miners"]]
    falls = -100.0 * (ends.iloc[1] / ends.iloc[0] - 1.0)
    assert headline("C01", panel, study, suite).value == pytest.approx(falls.min(), rel=1e-10)


def test_c13_share_of_the_fall_by_two_regressions(panel, study, suite):
    rows = panel.returns.loc["2015-01-01":, ["crypto", "growth", "market"]].dropna()
    inside = rows.loc[FIRST:LAST]
    outside = rows.drop(index=inside.index)
    both = sm.OLS(outside["crypto"], sm.add_constant(outside[["growth", "market"]])).fit()
    first = sm.OLS(outside["growth"], sm.add_constant(outside["market"])).fit()
    own = inside["growth"].sum() - first.params["market"] * inside["market"].sum()
    by_hand = both.params["growth"] * own / inside["crypto"].sum()
    assert headline("C13", panel, study, suite).value == pytest.approx(by_hand, rel=1e-8)


def test_c20_shortfall_after_overextension_by_least_squares(panel, study, suite):
    settings = study.claims["C20"].thresholds
    price = panel.history["miners"].dropna()
    distance = price / price.rolling(int(settings["average"])).mean() - 1.0
    z = distance / distance.rolling(int(settings["spread"])).std(ddof=0).shift(1)
    returns = 100.0 * np.log(price).diff()
    horizon = int(settings["horizon"])
    future = returns.rolling(horizon).sum().shift(-horizon)
    kept = (returns.index >= max(z.first_valid_index(), pd.Timestamp("2015-01-01"))) & future.notna()
    over = (z >= settings["overextended"]).astype(float)
    fit = sm.OLS(future[kept], sm.add_constant(over[kept])).fit()
    assert headline("C20", panel, study, suite).value == pytest.approx(-fit.params.iloc[1], rel=1e-6)


def test_c26_change_of_the_yield(panel, study, suite):
    levels = panel.levels["short_yield"].dropna()
    by_hand = 100.0 * (levels[LAST] - levels["2026-01-28"])
    assert headline("C26", panel, study, suite).value == pytest.approx(by_hand, abs=1e-6)


def arch_volatility(returns: pd.Series, days: np.ndarray) -> tuple[float, pd.Series]:
    """Log-likelihood and volatility where the variance of a return is `days` times what the recursion says."""
    model = arch_model(returns / np.sqrt(days), vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False)
    fit = model.fit(disp="off")
    return float(fit.loglikelihood - 0.5 * np.log(days).sum()), fit.conditional_volatility * np.sqrt(days)


def test_c09_ratio_from_the_variances_of_arch(panel, study, suite):
    """Closed days by the likelihood of arch on deflated returns, over a grid of what a closed day adds."""
    crypto, miners = (panel.returns[role].dropna() for role in ("crypto", "miners"))
    closed = panel.gap_days.loc[crypto.index].to_numpy() - 1.0
    fits = [arch_volatility(crypto, 1.0 + slope * closed) for slope in np.arange(0.3, 1.01, 0.1)]
    volatility = max(fits, key=lambda fit: fit[0])[1]
    gap = np.log(volatility / arch_volatility(miners, np.ones(len(miners)))[1]).loc["2015-01-02":].mean()
    assert headline("C09", panel, study, suite).value == pytest.approx(np.exp(gap), rel=0.01)

"""What is measured in a world, each by the definition of the study and on the same returns as a panel would show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.simulate.detail import OVERNIGHT
from models.simulate.paths import CONDITIONED
from models.simulate.structure import REGIMES
from models.simulate.truth import (
    CORE,
    PERCENT_RETURNS,
    Batch,
    Measured,
    least_squares,
    mean_correlation,
    regime_correlation_names,
)

Array = NDArray[np.float64]


def moments(batch: Batch) -> Measured:
    """Volatilities, kurtosis and raw correlations of the changes."""
    found: Measured = {}
    for role in CONDITIONED:
        change = batch.change(role)
        unit = "bp a year" if role in ("credit", "real_yield") else "% a year"
        found[f"annual_volatility.{role}"] = (
            float(change.std() * np.sqrt(252.0)),
            unit,
            f"Standard deviation of the session changes of {role} times the root of 252",
        )
        centred = change - change.mean()
        found[f"excess_kurtosis.{role}"] = (
            float((centred**4).mean() / (centred**2).mean() ** 2 - 3.0),
            "",
            f"Fourth standardised moment of the session changes of {role} minus 3",
        )
    for role, level in batch.paths.levels.items():
        unit = "index points" if role == "fear" else "bp"
        found[f"level_mean.{role}"] = (float(level.mean()), unit, f"Mean level of {role}")
        found[f"level_sd.{role}"] = (float(level.std()), unit, f"Standard deviation of the level of {role}")
    found["level_p90.fear"] = (
        float(np.quantile(batch.paths.levels["fear"], 0.90)),
        "index points",
        "90th percentile of the fear index",
    )
    matrix = np.corrcoef([batch.change(role) for role in CONDITIONED])
    for first, second in regime_correlation_names():
        value = matrix[CONDITIONED.index(first), CONDITIONED.index(second)]
        found[f"correlation.raw.{first}.{second}"] = (
            float(value),
            "",
            f"Correlation of the session changes of {first} and {second} over all sessions",
        )
    return found


def regime_correlations(batch: Batch) -> Measured:
    """Correlations of the true standardised shocks within each regime."""
    found: Measured = {}
    core = [CONDITIONED.index(role) for role in CORE]
    states = batch.paths.states
    for k, name in enumerate(REGIMES[: batch.world.k_regimes]):
        shocks = batch.paths.std_shocks[states == k]
        matrix = np.corrcoef(shocks, rowvar=False)
        for first, second in regime_correlation_names():
            found[f"correlation.{name}.{first}.{second}"] = (
                float(matrix[CONDITIONED.index(first), CONDITIONED.index(second)]),
                "",
                f"Correlation of the true standardised shocks of {first} and {second} on sessions of the regime {name}",
            )
        found[f"core_correlation.{name}"] = (
            mean_correlation(shocks[:, core]),
            "",
            f"Mean correlation of all pairs of {', '.join(CORE)}, true standardised shocks, regime {name}",
        )
        spread = [CONDITIONED.index(role) for role in (*CORE[:-1], "credit")]
        for when, sessions in (("", states == k), (".session_before", np.concatenate([[False], states[:-1] == k]))):
            flipped = batch.paths.std_shocks[sessions][:, spread] * np.append(np.ones(len(spread) - 1), -1.0)
            found[f"core_correlation.{name}{when}.spread"] = (
                mean_correlation(flipped),
                "",
                f"The same with the sign-flipped credit spread for the credit fund, regime {name} {when[1:]}".rstrip(),
            )
    return found


def stress_correlations(batch: Batch) -> Measured:
    """The core correlation in stress and outside, by the fear index of the session before."""
    found: Measured = {}
    true = batch.paths.std_shocks[:, [CONDITIONED.index(role) for role in CORE]]
    filtered = np.column_stack([batch.std_residuals[role] for role in CORE])
    spread = true.copy()
    spread[:, -1] = -batch.paths.std_shocks[:, CONDITIONED.index("credit")]
    for label, columns, words in (
        ("true", true, "true standardised shocks"),
        ("garch", filtered, "residuals of GARCH(1,1) with the parameters that fit a long history best"),
        ("spread", spread, "true standardised shocks, the sign-flipped credit spread in place of the credit fund"),
    ):
        stress, calm = mean_correlation(columns[batch.stress]), mean_correlation(columns[~batch.stress])
        where = "the fear index closed the session before above its 90th percentile"
        pairs = f"Mean correlation of the core pairs, {words}"
        found[f"core_correlation.stress.{label}"] = (stress, "", f"{pairs}; {where}")
        found[f"core_correlation.quiet.{label}"] = (calm, "", f"{pairs}; all other sessions")
        found[f"core_correlation.stress_minus_quiet.{label}"] = (
            stress - calm,
            "",
            f"Mean correlation of the core pairs in stress minus outside; {words}; stress: {where}",
        )
    for k, name in enumerate(REGIMES[: batch.world.k_regimes]):
        found[f"stress_share.{name}"] = (
            float(batch.stress[batch.paths.states == k].mean()),
            "",
            f"Share of the sessions of the regime {name} that the fear index calls stress",
        )
    return found


def betas(batch: Batch) -> Measured:
    """Static and tail betas, expected shortfall against the market, weekly fit, leads."""
    found: Measured = {}
    for dependent, on in (
        ("miners", "metal"),
        ("junior_miners", "metal"),
        ("crypto", "market"),
        ("miners", "market"),
        ("metal", "market"),
        ("crypto", "growth"),
    ):
        found[f"beta.{dependent}.{on}"] = (
            float(least_squares(batch.change(dependent), batch.change(on))[0]),
            "",
            f"Slope of the least-squares regression of the return of {dependent} on that of {on}",
        )
    market = batch.change("market")
    for role in ("crypto", "miners", "metal"):
        found[f"tail_beta.{role}"] = (
            _tail_beta(batch.change(role), market),
            "",
            f"Baur-McDermott beta of {role} on the market in its worst 5 %: sum of the slopes c0 + c1 + c2",
        )
    found["tail_beta.miners.given_metal"] = (
        _tail_beta(batch.change("miners"), market, batch.change("metal")),
        "",
        "Baur-McDermott beta of the miners on the market in its worst 5 %, the metal's return held fixed",
    )
    worst = market <= np.quantile(market, 0.05)
    for role in PERCENT_RETURNS:
        found[f"shortfall.{role}"] = (
            float(batch.change(role)[worst].mean()),
            "% a day",
            f"Mean return of {role} on sessions on which the market's return is among its lowest 5 %",
        )
    weeks = {role: _weekly(batch.change(role)) for role in ("crypto", "credit")}
    found["weekly_r2.crypto.credit"] = (
        float(np.corrcoef(weeks["crypto"], weeks["credit"])[0, 1] ** 2),
        "",
        "Squared correlation of crypto's return with the change of the credit spread over five sessions",
    )
    found["lead.crypto.miners"] = (
        float(np.corrcoef(batch.change("crypto")[:-1], batch.change("miners")[1:])[0, 1]),
        "",
        "Correlation of crypto's return with the miners' return one session later (16:00 New York)",
    )
    slopes = least_squares(
        batch.change("miners"), batch.change("metal"), market, batch.change("oil"), batch.change("credit")
    )
    found["cost_slope.oil"] = (
        float(slopes[2]),
        "% for 1 %",
        "Slope of the miners' return on oil's, given metal, market and the change of the credit spread",
    )
    found["cost_slope.credit"] = (
        float(slopes[3]),
        "% for 1 bp",
        "Slope of the miners' return on the change of the credit spread, given metal, market and oil",
    )
    return found


def weekends(batch: Batch) -> Measured:
    """What crypto does over a weekend against the miners' open to close after it.

    Given a history both are sums of a known part and of a bridge of its own (`clocks.crypto_closes`,
    `detail.daily_bars`), so that the bridges enter the variances alone and need not be drawn.
    """
    after = batch.gaps >= 3.0
    weight = batch.world.weekend_variance * (batch.gaps[after] - 1.0)
    share = weight / (1.0 + weight)
    weekend = share * batch.paths.crypto_diffused[after]
    weekend_noise = batch.paths.crypto_noise[after] ** 2 * share * (1.0 - share)
    session = (1.0 - OVERNIGHT) * batch.change("miners")[after]
    deviation = batch.paths.volatilities[after, CONDITIONED.index("miners")]
    session_noise = deviation**2 * OVERNIGHT * (1.0 - OVERNIGHT)
    scale = np.sqrt((weekend.var() + weekend_noise.mean()) * (session.var() + session_noise.mean()))
    return {
        "weekend_lead.crypto.miners": (
            float(np.cov(weekend, session, ddof=0)[0, 1] / scale),
            "",
            "Correlation of crypto's return over a weekend with the miners' return from open to close after it",
        )
    }


def _tail_beta(y: Array, market: Array, *controls: Array) -> float:
    tails = [market * (market <= np.quantile(market, level)) for level in (0.10, 0.05, 0.01)]
    return float(least_squares(y, market, *tails, *controls)[:3].sum())


def _weekly(change: Array) -> Array:
    weeks = len(change) // 5
    return change[: 5 * weeks].reshape(weeks, 5).sum(axis=1)


MEASURES = (moments, regime_correlations, stress_correlations, betas, weekends)

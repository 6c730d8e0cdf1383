"""What is measured in a world for the claims on volume, selling order, forecasts and joint falls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.simulate.derived import conditions_index, dollar_volume
from models.simulate.kernels import overextension, rolling_median
from models.simulate.paths import CONDITIONED
from models.simulate.truth import Batch, Measured, least_squares

Array = NDArray[np.float64]

RANKED = (
    "crypto",
    "metal",
    "miners",
    "junior_miners",
    "market",
    "growth",
    "credit_fund",
    "dollar",
    "oil",
)
EPISODE, MONTH, QUARTER = 7, 21, 63


def volumes(batch: Batch) -> Measured:
    """Abnormal volume of crypto on fear days; thinness of the miners against the metal."""
    rng = np.random.Generator(np.random.PCG64(batch.noise_seed))
    T = len(batch.stress)
    weekday = np.arange(T) % 5
    logs = {
        role: np.log(dollar_volume(batch.world, role, batch.paths, weekday, rng))
        for role in ("crypto", "metal", "miners")
    }
    abnormal = (logs["crypto"] - rolling_median(logs["crypto"], QUARTER))[QUARTER:]
    stress = batch.stress[QUARTER:]
    spike = abnormal >= np.quantile(abnormal, 0.95)
    return {
        "fear_volume.crypto": (
            float(abnormal[stress].mean() - abnormal[~stress].mean()),
            "log points",
            "Crypto's log volume over its trailing 63-session median, in stress (fear index) minus outside",
        ),
        "fear_volume.risk_ratio": (
            float(spike[stress].mean() / spike[~stress].mean()),
            "",
            "Probability of a top-5 % volume session in stress over the same outside",
        ),
        "thinness.miners.metal": (
            float((logs["metal"] - logs["miners"]).mean()),
            "log points",
            "Mean log ratio of |standardised return| over dollar volume, miners against metal",
        ),
    }


def liquidity(batch: Batch) -> Measured:
    """Weekly fit of crypto on credit and conditions; forward returns after improvements."""
    rng = np.random.Generator(np.random.PCG64(batch.noise_seed.spawn(1)[0]))
    ends = np.arange(4, len(batch.stress), 5)
    conditions = conditions_index(batch.paths.levels["fear"][ends], batch.paths.levels["credit"][ends], rng)
    crypto = np.diff(np.cumsum(batch.change("crypto"))[ends])
    columns = (np.diff(batch.paths.levels["credit"][ends]), np.diff(conditions))
    others = tuple(np.diff(np.cumsum(batch.change(role))[ends]) for role in ("real_yield", "dollar"))
    full, reduced = _residual_variance(crypto, *columns, *others), _residual_variance(crypto, *others)
    found: Measured = {
        "weekly_partial_r2.crypto.liquidity": (
            1.0 - full / reduced,
            "",
            "Partial R-squared of the changes of credit spread and conditions for crypto's weekly return, given the"
            " changes of real yield and dollar",
        )
    }
    forward = _forward(batch.change("crypto"), MONTH)
    weekly = np.repeat(conditions, 5)[: len(batch.stress)]
    weekly = np.concatenate([np.full(5, weekly[0]), weekly])[: len(batch.stress)]
    for name, level, span in (
        ("fear", batch.paths.levels["fear"], MONTH),
        ("credit", batch.paths.levels["credit"], MONTH),
        ("conditions", weekly, 20),
    ):
        improved = (level[span:] < level[:-span])[: len(forward) - span]
        after = forward[span:][: len(improved)]
        found[f"recovery.crypto.{name}"] = (
            float(after[improved].mean() - after[~improved].mean()),
            "% in 21 sessions",
            f"Crypto's log return over the next 21 sessions where {name} fell over the last {span}, minus otherwise",
        )
    return found


def forward_returns(batch: Batch) -> Measured:
    """Miners after overextension and in rallies of the metal."""
    miners, metal = batch.change("miners"), batch.change("metal")
    z = overextension(miners, 200, 252)
    forward = _forward(miners, MONTH)
    z = z[: len(forward)]
    extended = z >= 2.0
    gains = {
        role: np.concatenate([np.zeros(QUARTER), _forward(batch.change(role), QUARTER)]) for role in ("miners", "metal")
    }
    rally = gains["metal"] >= 100.0 * np.log(1.05)
    return {
        "after_overextension.miners": (
            float(forward[extended].mean() - forward[(z != 0.0) & ~extended].mean()),
            "% in 21 sessions",
            "The miners' log return over the next 21 sessions after an overextension of at least 2, minus otherwise",
        ),
        "up_capture.miners": (
            float(gains["miners"][rally].mean() / gains["metal"][rally].mean()),
            "",
            "Mean 63-session log return of the miners over the metal's where the metal gained at least 5 %",
        ),
        "static_beta_up.miners.metal": (
            float(least_squares(miners[metal > 0.0], metal[metal > 0.0])[0]),
            "",
            "Slope of the miners' return on the metal's on sessions on which the metal rose",
        ),
    }


def joint_falls(batch: Batch) -> Measured:
    """How often crypto and miners both fall by a tenth within seven sessions."""
    threshold = 100.0 * np.log(0.90)
    falls = {}
    for role in ("crypto", "miners"):
        episodes = len(batch.stress) // EPISODE
        falls[role] = batch.change(role)[: episodes * EPISODE].reshape(episodes, EPISODE).sum(axis=1) <= threshold
    joint = float((falls["crypto"] & falls["miners"]).mean())
    return {
        "joint_fall.per_year": (
            joint * 252.0 / EPISODE,
            "a year",
            "Non-overlapping seven-session episodes in which crypto and miners both fall by at least 10 %",
        ),
        "joint_fall.ratio": (
            joint / float(falls["crypto"].mean() * falls["miners"].mean()),
            "",
            "Probability of such an episode over the product of the two probabilities",
        ),
    }


def conditional_paths(batch: Batch) -> Measured:
    """Shares and means of the true conditional betas and volatilities."""
    at = {role: CONDITIONED.index(role) for role in CONDITIONED}
    volatility = batch.paths.volatilities
    beta = (
        batch.paths.correlations[:, at["miners"], at["metal"]]
        * volatility[:, at["miners"]]
        / volatility[:, at["metal"]]
    )
    ranked = volatility[:, [at[role] for role in RANKED]]
    rank = (ranked < ranked[:, [0]]).sum(axis=1) / (len(RANKED) - 1)
    return {
        "conditional_beta.miners.metal": (
            float(beta.mean()),
            "",
            "Mean of the true conditional beta of the miners on the metal",
        ),
        "conditional_beta_share.miners.metal": (
            float(((beta >= 2.0) & (beta <= 3.0)).mean()),
            "",
            "Share of sessions on which the true conditional beta of the miners on the metal lies in [2, 3]",
        ),
        "log_volatility_ratio.crypto.miners": (
            float(np.log(volatility[:, at["crypto"]] / volatility[:, at["miners"]]).mean()),
            "log points",
            "Mean log ratio of the true conditional volatilities of crypto and miners",
        ),
        "volatility_rank.crypto": (
            float(rank.mean()),
            "",
            f"Mean share of the other assets ({', '.join(RANKED[1:])}) that are less volatile than crypto",
        ),
        "partial_correlation.crypto.growth": (
            _partial(batch.change("crypto"), batch.change("growth"), batch.change("market")),
            "",
            "Correlation of the returns of crypto and growth, given the market's",
        ),
    }


def selling_order(batch: Batch) -> Measured:
    """Whether volatile assets fall more in stress than their market beta says: Fama-MacBeth over stress sessions."""
    columns = [CONDITIONED.index(role) for role in RANKED]
    market = CONDITIONED.index("market")
    days = np.flatnonzero(batch.stress)
    volatility = batch.paths.volatilities[days][:, columns]
    scaled = np.column_stack([batch.change(role)[days] for role in RANKED]) / volatility
    exposure = batch.paths.correlations[days][:, columns, market]
    exposure *= batch.paths.volatilities[days, market][:, None]
    rank = volatility.argsort(axis=1).argsort(axis=1) / (len(RANKED) - 1.0)
    design = np.stack([np.ones_like(rank), exposure, rank], axis=2)
    gram = design.transpose(0, 2, 1) @ design
    moments = design.transpose(0, 2, 1) @ scaled[:, :, None]
    slopes = np.linalg.solve(gram, moments)[:, :, 0]
    return {
        "selling_order": (
            float(-slopes[:, 2].mean()),
            "own standard deviations",
            "Minus the mean slope of r/sigma on the rank of sigma (0 to 1), given beta/sigma, over stress sessions",
        )
    }


def _forward(change: Array, horizon: int) -> Array:
    total = np.concatenate([[0.0], np.cumsum(change)])
    return total[1 + horizon :] - total[1:-horizon]


def _residual_variance(y: Array, *regressors: Array) -> float:
    return float(np.var(y - np.column_stack(regressors) @ least_squares(y, *regressors)))


def _partial(first: Array, second: Array, given: Array) -> float:
    residuals = [one - given * least_squares(one, given)[0] for one in (first, second)]
    return float(np.corrcoef(residuals)[0, 1])


OUTLOOK_MEASURES = (volumes, liquidity, forward_returns, joint_falls, conditional_paths, selling_order)

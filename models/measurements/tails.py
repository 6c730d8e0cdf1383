"""What assets lose together."""

from __future__ import annotations

from models.measurements.measured import Family, Measured, Subject, figure
from models.tails import (
    conditional_value_at_risk,
    coverage_test,
    exceedance_correlations,
    expanding_risk,
    joint_tail,
    marginal_expected_shortfall,
)

MARKET = "market"
QUANTILE = 0.05


def tails(subject: Subject) -> Family:
    """Shortfall, CoVaR, joint tails and their backtests, asset by asset, given the market."""
    figures = [one for asset in subject.pairs_with(MARKET) for one in _of_asset(subject, asset)]
    note = (
        "Tails of 5 %. Shortfall and shares by block bootstrap; Delta CoVaR from the conditional correlation model "
        "with parameter error; value at risk from parameters known beforehand."
    )
    return Family("tails", "Tails", note, tuple(figures))


def _of_asset(subject: Subject, asset: str) -> list[Measured]:
    y, x, resampling = subject.returns[asset], subject.returns[MARKET], subject.resampling
    pair = subject.returns[[asset, MARKET]]
    seed, level, of = resampling.seed, subject.level, (asset,)
    return [
        figure(
            "mean return in the worst 5 % of {}",
            of,
            lambda: marginal_expected_shortfall(pair, MARKET, resampling, quantile=QUANTILE).estimate(asset),
            partner=MARKET,
        ),
        figure(
            "Delta CoVaR given {}, mean",
            of,
            lambda: (
                conditional_value_at_risk(
                    subject.suite.conditional, asset, MARKET, quantile=QUANTILE, level=level, draws=300, seed=seed
                ).mean_delta
            ),
            partner=MARKET,
        ),
        figure(
            "chance of its worst 5 % where {} is in its own",
            of,
            lambda: joint_tail(x, y, resampling, quantile=QUANTILE),
            partner=MARKET,
        ),
        figure(
            "as correlated with {} in falls as in rises?",
            of,
            lambda: exceedance_correlations(x, y, resampling).reflection_test(),
            partner=MARKET,
        ),
        figure(
            "value at risk missed in 5 % of sessions?",
            of,
            lambda: coverage_test(expanding_risk(y, quantile=QUANTILE).hits, QUANTILE),
        ),
    ]

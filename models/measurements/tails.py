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


def tails(subject: Subject) -> Family:
    """Shortfall, CoVaR, joint tails and their backtests, asset by asset, given the market."""
    figures = [one for asset in subject.pairs_with(MARKET) for one in _of_asset(subject, asset)]
    note = (
        f"Tails of {100.0 * subject.study.tails.judged:.3g} %. Shortfall and shares by block bootstrap; Delta CoVaR "
        "from the conditional correlation model with parameter error; value at risk from parameters known beforehand."
    )
    return Family("tails", "Tails", note, tuple(figures))


def _of_asset(subject: Subject, asset: str) -> list[Measured]:
    y, x, resampling = subject.returns[asset], subject.returns[MARKET], subject.resampling
    pair = subject.returns[[asset, MARKET]]
    seed, level, of = resampling.seed, subject.level, (asset,)
    quantile = subject.study.tails.judged
    tail = f"{100.0 * quantile:.3g} %"
    return [
        figure(
            f"mean return in the worst {tail} of {{}}",
            of,
            lambda: marginal_expected_shortfall(pair, MARKET, resampling, quantile=quantile).estimate(asset),
            partner=MARKET,
        ),
        figure(
            "Delta CoVaR given {}, mean",
            of,
            lambda: (
                conditional_value_at_risk(
                    subject.suite.conditional, asset, MARKET, quantile=quantile, level=level, draws=300, seed=seed
                ).mean_delta
            ),
            partner=MARKET,
        ),
        figure(
            f"chance of its worst {tail} where {{}} is in its own",
            of,
            lambda: joint_tail(x, y, resampling, quantile=quantile),
            partner=MARKET,
        ),
        figure(
            "as correlated with {} in falls as in rises?",
            of,
            lambda: exceedance_correlations(x, y, resampling).reflection_test(),
            partner=MARKET,
        ),
        figure(
            f"value at risk missed in {tail} of sessions?",
            of,
            lambda: coverage_test(expanding_risk(y, quantile=quantile).hits, quantile),
        ),
    ]

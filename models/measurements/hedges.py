"""Does an asset fall with the market when the market falls most?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from models.betas import quantile_regression
from models.estimate import Estimate, NotDecidable
from models.hedge import SafeHaven, extreme_hedges, safe_haven
from models.measurements.measured import Answer, Family, Measured, Subject, figure

MARKET = "market"


def hedges(subject: Subject) -> Family:
    """Slopes on the market on average and in its worst sessions, asset by asset."""
    figures = [one for asset in subject.pairs_with(MARKET) for one in _of_asset(subject, asset)]
    note = (
        "Slopes in the worst sessions are cumulative sums with their joint covariance (Baur and McDermott 2010; with "
        "asymmetric variances Baur and Lucey 2010); the quantile slope by block bootstrap."
    )
    return Family("hedges", "Hedge and safe haven against the market", note, tuple(figures))


def _of_asset(subject: Subject, asset: str) -> list[Measured]:
    y, x, level = subject.returns[asset], subject.returns[MARKET], subject.level
    quantiles, worst = subject.study.tails.quantiles, subject.study.tails.judged

    @cache
    def haven() -> SafeHaven:
        return safe_haven(y, x, quantiles=quantiles, level=level)

    def slope(quantile: float | None) -> Estimate | NotDecidable:
        return haven().slope(quantile)

    def of_asset(label: str, compute: Callable[[], Answer]) -> Measured:
        return figure(label, (asset,), compute, partner=MARKET)

    def quantile_slope() -> Estimate:
        return quantile_regression(y, x, worst, subject.resampling).estimate(MARKET)

    return [
        of_asset("slope on {}, ordinary sessions", partial(slope, None)),
        *(of_asset(f"slope on {{}}, its worst {100.0 * q:.3g} %", partial(slope, q)) for q in quantiles),
        of_asset("no slope in any of these tails?", lambda: haven().haven_test()),
        of_asset(
            f"slope on {{}}, its worst {100.0 * worst:.3g} %, asymmetric variances",
            lambda: extreme_hedges(y, x.to_frame(), quantile=worst, level=level)[MARKET].slope(worst),
        ),
        of_asset(f"slope of the own {100.0 * worst:.3g} % quantile on {{}}", quantile_slope),
    ]

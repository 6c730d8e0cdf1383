"""Does an asset fall with the market when the market falls most?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models.betas import quantile_regression
from models.estimate import Estimate, NotDecidable
from models.hedge import SafeHaven, extreme_hedges, safe_haven
from models.measurements.measured import Answer, Family, Measured, Subject, figure

MARKET = "market"
QUANTILES = (0.10, 0.05, 0.01)
WORST = 0.05


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
    fitted: list[SafeHaven] = []

    def haven() -> SafeHaven:
        if not fitted:
            fitted.append(safe_haven(y, x, quantiles=QUANTILES, level=level))
        return fitted[0]

    def slope(quantile: float | None) -> Estimate | NotDecidable:
        return haven().slope(quantile)

    def of_asset(label: str, compute: Callable[[], Answer]) -> Measured:
        return figure(label, (asset,), compute, partner=MARKET)

    def quantile_slope() -> Estimate:
        return quantile_regression(y, x, WORST, subject.resampling).estimate(MARKET)

    return [
        of_asset("slope on {}, ordinary sessions", partial(slope, None)),
        *(of_asset(f"slope on {{}}, its worst {100.0 * q:.0f} %", partial(slope, q)) for q in QUANTILES),
        of_asset("no slope in any of these tails?", lambda: haven().haven_test()),
        of_asset(
            "slope on {}, its worst 5 %, asymmetric variances",
            lambda: extreme_hedges(y, x.to_frame(), quantile=WORST, level=level)[MARKET].slope(WORST),
        ),
        of_asset("slope of the own 5 % quantile on {}", quantile_slope),
    ]

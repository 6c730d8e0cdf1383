"""Traded volume and liquidity: abnormal volume, price impact, spreads and variances from daily ranges.

A session without trade (volume zero or missing) has no log volume and no price impact: it is missing, never a zero.
Where more than `MISSING_SHARE` of the sessions between first and last value are missing, nothing is estimated.
Volumes of an exchange-traded fund say little of the liquidity of what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.estimate import Estimate, NotDecidable
from models.inference.hac import least_squares
from models.inference.resampling import (
    Resampling,
    bias_corrected_estimate,
    bias_corrected_p_value,
    block_jackknife,
    bootstrap_p_value,
    percentile_estimate,
)

Array = NDArray[np.float64]

MISSING_SHARE = 0.05
MEDIAN_WINDOW = 63
MINIMUM_STRESS = 20
MINIMUM_MONTHS = 12
MINIMUM_SESSIONS_OF_MONTH = 10
MILLION = 1e6
#: Blocks that are left out one at a time for the acceleration of an interval.
BLOCKS = 60


@dataclass(frozen=True)
class VolumeResponse:
    """Volume on stress sessions against the others.

    Attributes
    ----------
    difference : Estimate or NotDecidable
        Mean abnormal log volume in stress minus outside, log points.
    p_value : float
        Two-sided; inverts the interval of `difference` at zero.
    risk_ratio : Estimate or NotDecidable
        Probability of a volume spike (the top of the sample) in stress over the same outside.
    risk_ratio_p_value : float
        Two-sided; inverts the bias-corrected interval of `risk_ratio` at one.
    beyond_volatility : Estimate or NotDecidable
        Coefficient of stress once the absolute and the squared return are allowed for, log points.
    """

    difference: Estimate | NotDecidable
    p_value: float
    risk_ratio: Estimate | NotDecidable
    risk_ratio_p_value: float
    beyond_volatility: Estimate | NotDecidable


def abnormal_log_volume(volume: pd.Series, *, window: int = MEDIAN_WINDOW) -> pd.Series | NotDecidable:
    """Log volume beyond what is usual.

    Parameters
    ----------
    volume : Series, (T,)
        Shares, coins or dollars, dated by session.
    window : int
        Sessions of the trailing median, the session itself left out.

    Returns
    -------
    Series, (T,), or NotDecidable
        Log volume minus its trailing median, with the mean of each weekday and a linear trend taken out; NaN where
        there is no volume or too little history. Mean zero, in log points.
    """
    refusal = _too_much_missing(volume, window)
    if refusal is not None:
        return refusal
    logs = pd.Series(np.log(volume.where(volume > 0.0).to_numpy(dtype=float)), index=volume.index)
    usual = logs.shift(1).rolling(window, min_periods=2 * window // 3).median()
    raw = (logs - usual).dropna()
    if np.ptp(raw.to_numpy()) <= 0.0:
        return NotDecidable("the volume does not change")
    weekday = pd.DatetimeIndex(raw.index).day_of_week.to_numpy()
    days = np.unique(weekday)
    trend = np.linspace(-1.0, 1.0, len(raw))
    design = np.column_stack([*(weekday == day for day in days), trend]).astype(float)
    usual_pattern = design @ np.linalg.lstsq(design, raw.to_numpy(), rcond=None)[0]
    return (raw - usual_pattern).reindex(volume.index).rename("abnormal_log_volume")


def volume_response(
    abnormal: pd.Series, stress: pd.Series, returns: pd.Series, resampling: Resampling, *, spike: float = 0.95
) -> VolumeResponse | NotDecidable:
    """Does volume spike in stress, and more than the size of the day's move makes?

    Parameters
    ----------
    abnormal : Series, (T,)
        From `abnormal_log_volume`.
    stress : Series of bool, (T,)
    returns : Series, (T,)
        Percent.
    resampling : Resampling
        Labels travel with their days.
    spike : float
        Quantile of the sample's volume from which a session counts as a spike.
    """
    columns = {"volume": abnormal, "stress": stress.astype(float), "return": returns}
    joint = pd.concat(columns, axis=1, sort=True).dropna()
    volume, label = joint["volume"].to_numpy(), joint["stress"].to_numpy()
    days = int(label.sum())
    if min(days, label.size - days) < MINIMUM_STRESS:
        return NotDecidable(f"{days} of {label.size} sessions with a volume are in stress")
    indices = resampling.indices((label - label.mean()) * volume)
    extreme = (volume >= np.quantile(volume, spike)).astype(float)

    def sides(series: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        chosen = label[rows]
        inside, whole = (series * label)[rows].sum(axis=1), series[rows].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return inside / chosen.sum(axis=1), (whole - inside) / (1.0 - chosen).sum(axis=1)

    everything = np.arange(label.size)[None, :]
    differences, ratios = [], []
    for rows in (everything, indices):
        inside, outside = sides(volume, rows)
        differences.append(inside - outside)
        frequent, rare = sides(extreme, rows)
        ratios.append(_ratio(frequent, rare))
    without_blocks = block_jackknife(lambda rows: _ratio(*sides(extreme, rows[None, :])), label.size, BLOCKS)[:, 0]
    size = np.abs(joint["return"].to_numpy())
    design = np.column_stack([np.ones(label.size), label, size, size**2])
    beyond = (
        least_squares(volume, design).estimate(
            1, level=resampling.level, unit="log points", method="slope on stress given |r| and r², cosine HAC"
        )
        if np.linalg.matrix_rank(design) == design.shape[1]
        else NotDecidable("the size of the returns does not vary")
    )
    return VolumeResponse(
        difference=percentile_estimate(
            float(differences[0][0]),
            differences[1],
            level=resampling.level,
            n=label.size,
            unit="log points",
            method="abnormal log volume, stress minus other sessions",
        ),
        p_value=bootstrap_p_value(differences[1]),
        risk_ratio=bias_corrected_estimate(
            float(ratios[0][0]),
            ratios[1],
            without_blocks,
            level=resampling.level,
            n=label.size,
            unit="",
            method=f"probability of a top-{100.0 * (1.0 - spike):.3g} % volume session, stress over other sessions",
        ),
        risk_ratio_p_value=bias_corrected_p_value(float(ratios[0][0]), ratios[1], without_blocks, null=1.0),
        beyond_volatility=beyond,
    )


def _ratio(above: Array, below: Array) -> Array:
    """Ratio where the denominator is positive, else NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0.0, above / below, np.nan)


def price_impact(
    returns: pd.Series, dollar_volume: pd.Series, volatility: pd.Series | None = None
) -> pd.Series | NotDecidable:
    r"""Daily illiquidity :math:`|r_t| / V_t`.

    Parameters
    ----------
    returns : Series, (T,)
        Percent; taken as a decimal.
    dollar_volume : Series, (T,)
        Dollars; taken in millions.
    volatility : Series, (T,), optional
        Conditional standard deviation, percent. With it :math:`|r_t| / \sigma_t` stands in place of :math:`|r_t|`: the
        plain measure calls a volatile asset illiquid.

    Notes
    -----
    Amihud (2002), equation 1.
    """
    refusal = _too_much_missing(dollar_volume, MEDIAN_WINDOW)
    if refusal is not None:
        return refusal
    millions = dollar_volume.where(dollar_volume > 0.0) / MILLION
    size = returns.abs() / 100.0 if volatility is None else returns.abs() / volatility
    return (size / millions).dropna().rename("price_impact")


def monthly_log_ratio(first: pd.Series, second: pd.Series, *, level: float) -> Estimate | NotDecidable:
    """Mean over months of the log ratio of two monthly means.

    Parameters
    ----------
    first, second : Series
        Daily measures (price impact, spread), non-negative. Only sessions on which both have a value count, and
        months with at least ten of them.
    level : float

    Returns
    -------
    Estimate or NotDecidable
        Log points, equal-weighted cosine HAC over months; its exponential is the ratio.
    """
    both = pd.concat({"first": first, "second": second}, axis=1, sort=True).dropna()
    if both.empty:
        return NotDecidable("the two measures share no session")
    months = both.groupby(pd.DatetimeIndex(both.index).to_period("M"))
    means = months.mean()[months.size() >= MINIMUM_SESSIONS_OF_MONTH]
    means = means[(means > 0.0).all(axis=1)]
    if len(means) < MINIMUM_MONTHS:
        return NotDecidable(f"{len(means)} months with both measures are too few")
    ratios = _log_ratio(means["first"], means["second"]).to_numpy()
    if np.ptp(ratios) <= 0.0:
        return NotDecidable("the ratio of the two measures does not change")
    fit = least_squares(ratios, np.ones((ratios.size, 1)))
    return fit.estimate(0, level=level, unit="log points", method="mean monthly log ratio, cosine HAC")


def outflow_impact_ratio(
    first_returns: pd.Series,
    first_abnormal: pd.Series,
    second_returns: pd.Series,
    second_abnormal: pd.Series,
    resampling: Resampling,
    *,
    busy: float = 0.8,
) -> Estimate | NotDecidable:
    """Log ratio of what a unit of selling moves: percent per unit of relative volume on busy days that fall.

    Parameters
    ----------
    first_returns, second_returns : Series, (T,)
        Percent.
    first_abnormal, second_abnormal : Series, (T,)
        From `abnormal_log_volume`; the relative volume is its exponential.
    resampling : Resampling
    busy : float
        Quantile of an asset's own abnormal volume above which its day is busy.
    """
    joint = pd.concat(
        {"r1": first_returns, "v1": first_abnormal, "r2": second_returns, "v2": second_abnormal}, axis=1, sort=True
    ).dropna()
    if len(joint) < MEDIAN_WINDOW:
        return NotDecidable(f"the two assets share {len(joint)} sessions")
    chosen, impact = [], []
    for which in ("1", "2"):
        change, volume = joint[f"r{which}"].to_numpy(), joint[f"v{which}"].to_numpy()
        days = (change < 0.0) & (volume >= np.quantile(volume, busy))
        if days.sum() < MINIMUM_STRESS:
            return NotDecidable(f"one asset has only {int(days.sum())} busy days that fall")
        chosen.append(days.astype(float))
        impact.append(np.where(days, -change / np.exp(volume), 0.0))

    def contrast(rows: NDArray[np.int64]) -> Array:
        means = [one[rows].sum(axis=1) / days[rows].sum(axis=1) for one, days in zip(impact, chosen, strict=True)]
        return np.asarray(np.log(means[0] / means[1]), dtype=np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        draws = contrast(resampling.indices(impact[0] - impact[1]))
    return percentile_estimate(
        float(contrast(np.arange(len(joint))[None, :])[0]),
        draws,
        level=resampling.level,
        n=int(min(days.sum() for days in chosen)),
        unit="log points",
        method="log ratio of percent moved per unit of relative volume on busy falling days",
    )


def parkinson_variance(bars: pd.DataFrame) -> pd.Series:
    r"""Variance from the range, percent squared: :math:`(\log H/L)^2 / (4 \log 2)` (Parkinson 1980).

    Parameters
    ----------
    bars : DataFrame, (T, ...)
        Columns "high" and "low". A session without a range has no variance.
    """
    spread = _log_ratio(bars["high"], bars["low"])
    return (1e4 * spread**2 / (4.0 * np.log(2.0))).where(spread > 0.0).rename("parkinson_variance")


def garman_klass_variance(bars: pd.DataFrame) -> pd.Series:
    r"""Variance from open, high, low and close, percent squared.

    :math:`\tfrac12 (\log H/L)^2 - (2 \log 2 - 1)(\log C/O)^2` (Garman and Klass 1980, equation 20), of the trading
    hours alone: the overnight move is not in it. Not positive: missing.
    """
    spread, move = _log_ratio(bars["high"], bars["low"]), _log_ratio(bars["close"], bars["open"])
    variance = 1e4 * (0.5 * spread**2 - (2.0 * np.log(2.0) - 1.0) * move**2)
    return variance.where(variance > 0.0).rename("garman_klass_variance")


def corwin_schultz_spread(bars: pd.DataFrame, *, overnight: bool) -> pd.DataFrame:
    r"""Bid-ask spread from the ranges of two sessions, as a share of the price.

    Parameters
    ----------
    bars : DataFrame, (T, ...)
        Columns "high", "low", "close".
    overnight : bool
        Whether the market closes: then the second session is moved by the gap between the first close and its range.
        Where it does not, only consecutive calendar days are compared.

    Returns
    -------
    DataFrame, (up to T - 1, 2)
        "spread", which can be negative, and "floored" at zero; dated at the second session.

    Notes
    -----
    Corwin and Schultz (2012), equations 7, 10, 14 and 18: :math:`\beta = \sum_j (\log H_j/L_j)^2`,
    :math:`\gamma = (\log H_{12}/L_{12})^2`,
    :math:`\alpha = (\sqrt{2\beta} - \sqrt\beta)/(3 - 2\sqrt2) - \sqrt{\gamma/(3 - 2\sqrt2)}`,
    :math:`S = 2 (e^\alpha - 1)/(1 + e^\alpha)`.
    """
    complete = bars[["high", "low", "close"]].dropna()
    high, low, close = (complete[name].to_numpy(dtype=float) for name in ("high", "low", "close"))
    shift = np.zeros(max(high.size - 1, 0))
    if overnight:
        shift = np.maximum(low[1:] - close[:-1], 0.0) - np.maximum(close[:-1] - high[1:], 0.0)
    high_2, low_2 = high[1:] - shift, low[1:] - shift
    beta = np.log(high[:-1] / low[:-1]) ** 2 + np.log(high_2 / low_2) ** 2
    gamma = np.log(np.maximum(high[:-1], high_2) / np.minimum(low[:-1], low_2)) ** 2
    constant = 3.0 - 2.0 * np.sqrt(2.0)
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / constant - np.sqrt(gamma / constant)
    spread = 2.0 * np.expm1(alpha) / (1.0 + np.exp(alpha))
    found = pd.DataFrame({"spread": spread, "floored": np.maximum(spread, 0.0)}, index=complete.index[1:])
    if overnight:
        return found
    return found[np.diff(pd.DatetimeIndex(complete.index)) == pd.Timedelta(days=1)]


def mean_spread(spread: pd.Series, *, level: float) -> Estimate | NotDecidable:
    """Mean of a daily spread, in basis points, with a serial-dependence robust interval."""
    values = 1e4 * spread.dropna().to_numpy(dtype=float)
    if values.size < MEDIAN_WINDOW:
        return NotDecidable(f"{values.size} sessions have a range")
    if np.ptp(values) <= 0.0:
        return NotDecidable("the spread does not change")
    fit = least_squares(values, np.ones((values.size, 1)))
    return fit.estimate(0, level=level, unit="bp", method="mean daily spread, cosine HAC")


def _log_ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    """Log of the ratio of two positive series on the same index."""
    return pd.Series(np.log(above.to_numpy(dtype=float) / below.to_numpy(dtype=float)), index=above.index)


def _too_much_missing(volume: pd.Series, window: int) -> NotDecidable | None:
    traded = volume.where(volume > 0.0)
    if traded.notna().sum() <= window:
        return NotDecidable(f"only {int(traded.notna().sum())} sessions have a volume")
    listed = traded.loc[traded.first_valid_index() : traded.last_valid_index()]
    share = float(listed.isna().mean())
    if share > MISSING_SHARE:
        return NotDecidable(f"{share:.0%} of the sessions have no volume")
    return None

"""What a design could have found."""

from __future__ import annotations

from scipy import stats


def smallest_detectable_effect(
    std_error: float, sesoi: float, *, level: float, comparisons: int = 1, power: float = 0.8
) -> float:
    """Effect that would be found supported with probability `power`.

    A verdict of "supported" needs an interval above zero and an estimate of at least `sesoi`, so the effect must
    clear both: (z + z_power) standard errors, and `sesoi` plus z_power standard errors.

    Parameters
    ----------
    std_error : float
        Standard error of the effect, in its unit.
    sesoi : float
        Smallest effect size of interest, same unit.
    level : float
        Level of the interval.
    comparisons : int
        Claims in the family: the first step of Holm divides the error by it.
    """
    critical = float(stats.norm.ppf(1.0 - (1.0 - level) / 2.0 / comparisons))
    slack = float(stats.norm.ppf(power))
    return max((critical + slack) * std_error, sesoi + slack * std_error)


def power_at(effect: float, std_error: float, sesoi: float, *, level: float, comparisons: int = 1) -> float:
    """Probability that a true `effect` comes out supported: the estimate exceeds both hurdles."""
    critical = float(stats.norm.ppf(1.0 - (1.0 - level) / 2.0 / comparisons))
    hurdle = max(critical * std_error, sesoi)
    return float(stats.norm.sf((hurdle - effect) / std_error))

"""What a design could have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


@dataclass(frozen=True, slots=True)
class Exaggeration:
    """What a finding is worth if the true effect is only so large.

    Attributes
    ----------
    power : float
        Probability that the estimate exceeds the hurdle in size, whatever its sign.
    type_s : float
        Probability that such an estimate has the wrong sign.
    type_m : float
        Expected size of such an estimate over the size of the true effect.
    """

    power: float
    type_s: float
    type_m: float


def exaggeration(effect: float, std_error: float, hurdle: float) -> Exaggeration:
    r"""Errors of sign and of magnitude of a normal estimate that is reported because it exceeds a hurdle.

    Parameters
    ----------
    effect : float
        The true effect, positive, in the unit of the others.
    std_error : float
    hurdle : float
        Size an estimate must exceed to be called found.

    Notes
    -----
    Gelman and Carlin (2014), "Beyond power calculations", Perspectives on Psychological Science 9, 641-651; in closed
    form by Lu, Qiu and Deng (2019), "A note on Type S/M errors in hypothesis testing", equations 2 and 3: with
    :math:`u = (h - \theta)/\sigma` and :math:`l = (h + \theta)/\sigma`, the power is :math:`\Phi(-u) + \Phi(-l)`, the
    error of sign :math:`\Phi(-l)` over it, and the expected size
    :math:`\theta(\Phi(-u) - \Phi(-l)) + \sigma(\phi(u) + \phi(l))` over it.
    """
    upper, lower = (hurdle - effect) / std_error, (hurdle + effect) / std_error
    right, wrong = float(stats.norm.sf(upper)), float(stats.norm.sf(lower))
    power = right + wrong
    size = effect * (right - wrong) + std_error * float(stats.norm.pdf(upper) + stats.norm.pdf(lower))
    return Exaggeration(power, wrong / power, size / power / effect)


def effect_found(shares: Sequence[tuple[float, float]], power: float = 0.8) -> float | None:
    """Smallest effect found with probability `power`, between the simulated ones by straight lines.

    Parameters
    ----------
    shares : sequence of (effect, share)
        Share of the samples in which an effect was found, by rising effect.

    Returns
    -------
    float or None
        None where even the largest effect is found less often.
    """
    for (low, below), (high, above) in pairwise(shares):
        if below < power <= above:
            return low + (high - low) * (power - below) / (above - below)
    return shares[0][0] if shares and shares[0][1] >= power else None

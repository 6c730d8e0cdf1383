"""Corrections for testing several claims of one family."""

from __future__ import annotations

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm (1979) adjusted p-values, in the order given: control of the family-wise error rate."""
    return _adjusted(p_values, "holm")


def holm_factors(p_values: Sequence[float]) -> tuple[float, ...]:
    """By how much Holm's step-down raises each p-value, before the cap at one, in the order given."""
    order = sorted(range(len(p_values)), key=lambda position: p_values[position])
    factors, highest = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(order):
        highest = max(highest, (len(p_values) - rank) * p_values[position])
        factors[position] = highest / p_values[position] if p_values[position] > 0.0 else float(len(p_values) - rank)
    return tuple(factors)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg (1995) adjusted p-values, in the order given: control of the false discovery rate."""
    return _adjusted(p_values, "fdr_bh")


def joint_p_value(p_values: Sequence[float]) -> float:
    r"""p-value of the hypothesis that every one of several nulls is true, however dependent their tests are.

    Notes
    -----
    Rüger (1978): :math:`(K/k)\,p_{(k)}` is a p-value under any dependence; k is half of K, rounded up, so that it is
    about twice the median (DiCiccio, DiCiccio and Romano 2020, "Exact tests via multiple data splitting", Statistics &
    Probability Letters 166). No one p-value decides, and none is drawn anew.

    Raises
    ------
    ValueError
        If there is no p-value.
    """
    if not p_values:
        raise ValueError("no p-value to join")
    count = len(p_values)
    middle = (count + 1) // 2
    return min(1.0, count / middle * sorted(p_values)[middle - 1])


def _adjusted(p_values: Sequence[float], method: str) -> tuple[float, ...]:
    if not p_values:
        return ()
    return tuple(float(p) for p in multipletests(p_values, method=method)[1])

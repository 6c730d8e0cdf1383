"""Sentences on causes and consequences: what the drivers make of the falls, what stress makes of a mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data.panel import Panel
from models.drivers import Attribution, Fall
from models.estimate import Estimate, NotDecidable
from models.portfolio import PortfolioRisk
from reports.narrative import estimate_clause
from reports.text import (
    capitalised,
    in_sentence,
    listing,
    named_the,
    number,
    possessive,
    quantity,
    sentence,
    share,
    span,
)

#: Shares of a move beyond which the drivers explain "all" of it, and "none" of it.
ALL, NONE = 1.0, 0.0


def attributed(falls: Sequence[Fall]) -> list[tuple[Fall, Attribution]]:
    """Readings that there are, those with the shared drivers first."""
    found = [(one, one.attribution) for one in falls if isinstance(one.attribution, Attribution)]
    return sorted(found, key=lambda pair: bool(pair[0].added))


def falls_title(falls: Sequence[Fall], panel: Panel) -> str:
    """How much of each asset's move the drivers explain, and what an added driver changes."""
    first, second = [], []
    for fall, found in attributed(falls):
        explained = found.explained_share
        if not isinstance(explained, Estimate):
            continue
        name = possessive(in_sentence(panel.names.get(fall.role, fall.role)))
        if fall.added:
            part = found.shares_of_move[fall.added[0]]
            if isinstance(part, Estimate):
                second.append(f"{listing(fall.added)} itself explains {portion(part.value)} of {name} {moved(found)}")
        else:
            first.append(f"{portion(explained.value)} of {name} {moved(found)}")
    if not first:
        return "The drivers explain no move of the window"
    added = f"; {listing(second)}" if second else ""
    return capitalised(f"the shared drivers explain {listing(first)}{added}")


def moved(found: Attribution) -> str:
    """ "fall" or "rise"."""
    return "fall" if found.move < 0.0 else "rise"


def portion(value: float) -> str:
    """A share of a move in words where it is none or all of it."""
    if value <= NONE:
        return "none"
    return "all" if value >= ALL else share(value)


def falls_text(falls: Sequence[Fall], panel: Panel) -> str:
    """What each asset would have done by the moves of its drivers alone, with intervals, beside what it did."""
    words: list[str] = []
    for added in (False, True):
        clauses = [
            f"{in_sentence(panel.names.get(fall.role, fall.role))} by {_percent(found.explained)} instead of "
            f"{quantity(found.move, '%')}"
            for fall, found in attributed(falls)
            if bool(fall.added) is added
        ]
        if clauses:
            given = (
                f"with {_further(falls)} as a further driver" if added else "by the moves of the shared drivers alone"
            )
            words.append(f"{given}, prices would have changed as follows: {listing(clauses)}")
    refused = [
        f"{panel.names.get(one.role, one.role)}: {one.attribution}"
        for one in falls
        if isinstance(one.attribution, NotDecidable)
    ]
    return " ".join(sentence(one) for one in (*words, *refused))


def _further(falls: Sequence[Fall]) -> str:
    return listing(dict.fromkeys(name for fall in falls for name in fall.added))


def _percent(estimate: Estimate | NotDecidable) -> str:
    if isinstance(estimate, NotDecidable):
        return str(estimate)
    return f"{quantity(estimate.value, '%')} ({span(estimate.lower, estimate.upper, '%')})"


def portfolio_title(risk: PortfolioRisk) -> str:
    """How much more the mix moves in stress, and what becomes of its diversification."""
    times = f"in stress the mix moves {number(risk.volatility_ratio.value, 1)} times as much as in calm"
    ratios = f"{number(risk.calm.diversification_ratio.value)} to {number(risk.stress.diversification_ratio.value)}"
    change = risk.diversification_change
    if change.upper < 0.0:
        return capitalised(f"{times}, and its diversification ratio falls from {ratios}")
    if change.lower > 0.0:
        return capitalised(f"{times}, and its diversification ratio rises from {ratios}")
    return capitalised(f"{times}; whether its diversification ratio moves, {ratios}, is inconclusive")


def portfolio_text(risk: PortfolioRisk, names: Mapping[str, str]) -> str:
    """The mix in calm and in stress, what correlations add, and whose share of the risk moves."""
    held, whole = risk.ratio_at_calm_correlations, risk.volatility_ratio
    words = [
        f"volatility in stress over calm: {_times(whole)}; with the correlations of calm it would be {_times(held)}",
        f"the diversification ratio changes by {estimate_clause(risk.diversification_change, signed=True)}",
    ]
    gains = [role for role, one in risk.share_changes.items() if one.lower > 0.0]
    losses = [role for role, one in risk.share_changes.items() if one.upper < 0.0]
    for roles, verb in ((gains, "take a larger"), (losses, "take a smaller")):
        if roles:
            named = listing(
                f"{named_the(names.get(role, role))} ({share(risk.calm.risk_shares[role].value)} to "
                f"{share(risk.stress.risk_shares[role].value)})"
                for role in roles
            )
            words.append(f"{named} {verb.replace('take', 'takes') if len(roles) == 1 else verb} share of the risk")
    return " ".join(sentence(one) for one in words)


def _times(estimate: Estimate) -> str:
    return f"{number(estimate.value, 1)} times ({number(estimate.lower, 1)} to {number(estimate.upper, 1)})"

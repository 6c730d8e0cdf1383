"""What a claim says in one number on whatever windows its case has: for moved windows and for later data."""

from __future__ import annotations

from dataclasses import dataclass

from models.estimate import Estimate, NotDecidable


@dataclass(frozen=True, slots=True)
class Primary:
    """A claim's headline with what its point estimate says; uncertainty is left to the verdict.

    Attributes
    ----------
    headline : Estimate
        As in the claim's verdict, same unit.
    towards : bool
        Whether the point estimate lies on the side that the claim says, or in its range.
    holds : bool
        Whether it reaches the size that would matter.
    """

    headline: Estimate
    towards: bool
    holds: bool


def reaching(headline: Estimate | NotDecidable, sesoi: float) -> Primary | NotDecidable:
    """The primary of a claim whose headline is oriented: positive supports it, `sesoi` is large enough."""
    if isinstance(headline, NotDecidable):
        return headline
    return Primary(headline, headline.value > 0.0, headline.value >= sesoi)

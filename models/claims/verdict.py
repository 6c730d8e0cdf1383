"""The record of a judgement: what was measured, by which rule, with which outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pandas as pd

from models.estimate import Estimate, NotDecidable, TestResult


class Outcome(StrEnum):
    """What a verdict can be."""

    SUPPORTED = "supported"
    MIXED = "mixed"
    NOT_SUPPORTED = "not supported"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True)
class SpecificationResult:
    """One alternative way to measure the same effect: its label and estimate, or why it failed."""

    label: str
    estimate: Estimate | NotDecidable


@dataclass(frozen=True, slots=True)
class Part:
    """One leg of a claim with the rule applied to it.

    Attributes
    ----------
    label : str
        What the leg says, as a clause.
    effect : Estimate or NotDecidable
        Oriented so that a positive value supports the leg.
    sesoi : float
        Smallest effect size of interest, in the effect's unit.
    p_value : float or None
        The p-value that inverts the effect's interval at zero.
    mde80 : float or None
        Effect that would be found supported with a power of 80 %.
    outcome : Outcome
    reason : str
        Which condition decided, as a sentence.
    specifications : tuple of SpecificationResult
        Its specification curve; empty where none was run.
    share, median : float or None
        Share of the specifications that agree (at least half the size of interest, or inside the range), and their
        median; those that failed count in neither.
    joint_p_value : float or None
        Of the hypothesis that none of the specifications has an effect in the direction of the claim; None for ranges
        and observed facts.
    correction : float or None
        Factor by which the family, and other parts where one is enough, raise `p_value`; None for facts.
    general : bool
        Whether the general rule decided, not one of the claim's own.
    """

    label: str
    effect: Estimate | NotDecidable
    sesoi: float
    p_value: float | None
    mde80: float | None
    outcome: Outcome
    reason: str
    specifications: tuple[SpecificationResult, ...] = ()
    share: float | None = None
    median: float | None = None
    joint_p_value: float | None = None
    correction: float | None = None
    general: bool = True

    @property
    def failed(self) -> tuple[SpecificationResult, ...]:
        """Specifications that could not be measured, each with its reason."""
        return tuple(one for one in self.specifications if isinstance(one.estimate, NotDecidable))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Data of a claim's figure: a labelled frame with the unit of its values and what it shows."""

    name: str
    frame: pd.DataFrame
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class MovedWindow:
    """The claim's headline with its window moved: does it hold?

    Attributes
    ----------
    shift_base, shift_last : int
        Sessions by which the base and the last close are moved; one of the two at a time.
    base, last : date
        Closes between which the moved window lies.
    estimate : Estimate or NotDecidable
        The headline over it, from fewer resamples than the verdict's.
    holds : bool or None
        Whether the point estimate reaches the size that would matter; None where there is none.
    """

    shift_base: int
    shift_last: int
    base: date
    last: date
    estimate: Estimate | NotDecidable
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The same measure on the sessions after the article's date: direction and size, never a verdict.

    Attributes
    ----------
    label : str
        What is measured.
    after, last : date
        The article's date, and the last session of the later data.
    sessions : int
        Sessions between them.
    estimate : Estimate or NotDecidable
    towards : bool or None
        Whether the point estimate lies on the side that the claim says, or in its range; None where there is none.
    """

    label: str
    after: date
    last: date
    sessions: int
    estimate: Estimate | NotDecidable
    towards: bool | None


@dataclass(frozen=True)
class Verdict:
    """A claim judged.

    Attributes
    ----------
    id, statement, section, family : str
        As in the study file.
    kind : str
        Rule by which the parts combine: "fact", "range", "conjunctive", "union", "existential" or "single".
    outcome : Outcome
    reason : str
        One sentence: why this outcome.
    headline : Estimate or NotDecidable
        The primary effect as a reader would quote it (not necessarily oriented).
    headline_label : str
        What `headline` measures.
    parts : tuple of Part
    p_value, p_holm, p_bh : float or None
        Primary p-value, and adjusted within the family (Holm, Benjamini-Hochberg).
    n, n_events : int
        Observations and events (days, spells, episodes) behind the primary effect.
    specifications : tuple of SpecificationResult
        The specification curve of the first part, as all of `parts` keep their own.
    share, median : float or None
        The same part's.
    window : str
        Sessions that were judged, in words.
    secondary : mapping of label to Estimate, TestResult or NotDecidable
        Legs that are shown and decide nothing.
    exhibits : tuple of Exhibit
    caveats : tuple of str
        Sentences that belong beside the verdict, made from what was measured.
    data_kind : str
        "real" or "simulated".
    seed : int
    moved : tuple of MovedWindow
        Of claims about a dated window: the headline with its base, then its end, moved by up to three sessions.
    confirmation : Confirmation or None
        None where the source holds nothing after the article's date.
    """

    id: str
    statement: str
    section: str
    family: str
    kind: str
    outcome: Outcome
    reason: str
    headline: Estimate | NotDecidable
    headline_label: str
    parts: tuple[Part, ...]
    p_value: float | None
    p_holm: float | None
    p_bh: float | None
    n: int
    n_events: int | None
    window: str
    data_kind: str
    seed: int
    specifications: tuple[SpecificationResult, ...] = ()
    share: float | None = None
    median: float | None = None
    secondary: dict[str, Estimate | TestResult | NotDecidable] = field(default_factory=dict)
    exhibits: tuple[Exhibit, ...] = ()
    caveats: tuple[str, ...] = ()
    moved: tuple[MovedWindow, ...] = ()
    confirmation: Confirmation | None = None

"""One figure among the study's main figures, and a family of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from data.errors import EstimationError
from data.panel import Panel
from data.study import Study
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.resampling import Resampling
from models.suite import Suite

Answer = Estimate | TestResult | NotDecidable


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure and what it is of.

    Attributes
    ----------
    label : str
        What is measured, in words; "{}" stands for the name of `partner`.
    of : tuple of str
        Roles that it is measured of: an asset, an asset and its factor, or none for all assets together.
    partner : str
        Role of the series that the label names, empty where it names none.
    answer : Estimate, TestResult or NotDecidable
    """

    label: str
    of: tuple[str, ...]
    partner: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one kind.

    Attributes
    ----------
    name, title, note : str
        Key, heading, and how the intervals are made.
    figures : tuple of Measured
    """

    name: str
    title: str
    note: str
    figures: tuple[Measured, ...]


@dataclass(frozen=True)
class Subject:
    """What a family is measured on.

    Attributes
    ----------
    panel : Panel
    study : Study
    suite : Suite
        Fitted to the same panel.
    resampling : Resampling
    """

    panel: Panel
    study: Study
    suite: Suite
    resampling: Resampling

    @property
    def returns(self) -> pd.DataFrame:
        """Percent returns by role, (T, N)."""
        return self.panel.returns

    @property
    def level(self) -> float:
        """Coverage of every interval."""
        return self.resampling.level

    def has(self, *roles: str) -> bool:
        """Whether every role is played by a series with returns."""
        return all(role in self.returns.columns for role in roles)

    def pairs_with(self, factor: str) -> Iterator[str]:
        """Assets of the correlation models, other than `factor`, in the study's order."""
        if self.has(factor):
            yield from (role for role in self.study.correlation.assets if role != factor and self.has(role))


def figure(label: str, of: tuple[str, ...], compute: Callable[[], Answer], *, partner: str = "") -> Measured:
    """Compute a figure; an estimator that refuses its data gives the reason."""
    try:
        answer = compute()
    except EstimationError as refusal:
        answer = NotDecidable(f"{refusal.culprit}: {refusal.problem}")
    return Measured(label, of, partner, answer)

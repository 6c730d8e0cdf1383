"""What a claim file provides, and what it is given. The machine in `machine.py` does the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from data.panel import Panel
from data.study import Study, Window
from models.claims.primary import Primary
from models.claims.rule import Curve, Ruling
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable, TestResult
from models.fitting import margins_of
from models.inference.resampling import Resampling
from models.margins import Margins
from models.margins.types import Distribution, Volatility
from models.suite import Suite


@dataclass(frozen=True)
class Case:
    """What a claim may look at: data and models up to the article's date, its thresholds, its share of the seed.

    Attributes
    ----------
    panel : Panel
        Cut at the date to which verdicts may look.
    study : Study
    suite : Suite
        Models fitted to that panel.
    thresholds : mapping of str to float
        The claim's own, from the study file.
    replications : int
        Bootstrap resamples.
    seed : int
    """

    panel: Panel
    study: Study
    suite: Suite
    thresholds: Mapping[str, float]
    replications: int
    seed: int

    @property
    def level(self) -> float:
        """Level of every interval."""
        return self.study.inference.level

    @property
    def share_needed(self) -> float:
        """Share of the listed alternatives that must agree."""
        return self.study.verdict.share_needed

    @property
    def tail(self) -> float:
        """Share of a factor's worst sessions on which claims are judged."""
        return self.study.tails.judged

    @property
    def block_bounds(self) -> tuple[int, int]:
        """Floor and cap of the mean block length."""
        return self.study.inference.block_floor, self.study.inference.block_cap

    def resampling(self, replications: int) -> Resampling:
        """Block bootstrap with the case's level, blocks and seed."""
        return Resampling(self.level, replications, self.block_bounds, self.seed)

    def margins(
        self, returns: pd.DataFrame, *, volatility: Volatility | None = None, distribution: Distribution | None = None
    ) -> Margins:
        """The study's margins of returns whose columns are roles, closed days counted as in the suite."""
        return margins_of(returns, self.panel, self.study, volatility=volatility, distribution=distribution)

    def full_residuals(self) -> pd.DataFrame:
        """Devolatilised returns of the correlation assets in the window "full"."""
        residuals = self.suite.std_residuals
        return residuals.loc[residuals.index.isin(self.sessions("full"))]

    def sessions(self, window: str) -> pd.DatetimeIndex:
        """Sessions of a window, from the day after its base to its last close or the panel's end."""
        bounds = self.study.windows[window]
        index = self.panel.returns.index
        inside = index > pd.Timestamp(bounds.base)
        if bounds.last is not None:
            inside &= index <= pd.Timestamp(bounds.last)
        return pd.DatetimeIndex(index[inside])

    def open_windows(self, *names: str) -> tuple[str, ...]:
        """Those of the windows that the study has, for specifications on other samples."""
        return tuple(name for name in names if name in self.study.windows)

    def moved(self, **windows: Window) -> Case:
        """The same case with some windows of the study replaced."""
        return replace(self, study=self.study.model_copy(update={"windows": {**self.study.windows, **windows}}))

    def window_gate(self, window: str) -> NotDecidable | None:
        """Why a dated window cannot be judged with these data, None where it can."""
        bounds = self.study.windows.get(window)
        if bounds is None:
            return NotDecidable(f"the study file has no window {window!r}")
        end = self.panel.last_session
        if bounds.last is not None and end < bounds.last:
            return NotDecidable(f"the data end on {end}, before the window's last session {bounds.last}")
        if self.panel.levels.index[0].date() > bounds.base:
            return NotDecidable(f"the data start after the window's base {bounds.base}")
        return None

    def describe(self, window: str) -> str:
        """First and last session of a window and their number, in words."""
        index = self.sessions(window)
        return f"{index[0].date()} to {index[-1].date()}, {index.size} sessions"


@dataclass(frozen=True, slots=True)
class Leg:
    """One measured part of a claim.

    Attributes
    ----------
    label : str
        What the part says, as a clause.
    effect : Estimate or NotDecidable
        Oriented so that a positive value supports the part.
    sesoi : float
        Smallest effect size of interest.
    p_value : float or None
        Inverts the effect's interval at zero; None for facts.
    specifications : tuple of SpecificationResult
    ruling : Ruling or None
        Given where the claim has a rule of its own (facts, ranges); else the general rule decides.
    curve : Curve or None
        Given where agreement of an alternative is not half of `sesoi` (ranges).
    """

    label: str
    effect: Estimate | NotDecidable
    sesoi: float
    p_value: float | None = None
    specifications: tuple[SpecificationResult, ...] = ()
    ruling: Ruling | None = None
    curve: Curve | None = None


@dataclass(frozen=True)
class Measurement:
    """Everything a claim measured, before the family's correction and the verdict.

    Attributes
    ----------
    legs : tuple of Leg
    combine : callable
        Outcomes of the legs to the outcome of the claim.
    kind : str
        Name of the combination, for the record.
    headline, headline_label
        The number a reader would quote, and what it is.
    n, n_events, window
    secondary, exhibits
    caveats : tuple of str
        Sentences that a reader of the verdict needs beside it, made from what was measured.
    """

    legs: tuple[Leg, ...]
    combine: Callable[[Sequence[Outcome]], Outcome]
    kind: str
    headline: Estimate | NotDecidable
    headline_label: str
    n: int
    window: str
    n_events: int | None = None
    secondary: dict[str, Estimate | TestResult | NotDecidable] = field(default_factory=dict)
    exhibits: tuple[Exhibit, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """A reading for the sessions after the article's date, where they are too few for the primary one.

    Attributes
    ----------
    label : str
        What is measured.
    measure : callable
        On a case whose windows are those sessions.
    """

    label: str
    measure: Callable[[Case], Primary | NotDecidable]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the article as code.

    Attributes
    ----------
    id : str
    needs : tuple of str
        Roles without which the claim is not testable.
    windows : tuple of str
        Dated windows without which it is not testable.
    thresholds : tuple of str
        Names the study file must give.
    measure : callable
    primary : callable
        The headline alone, on the windows of the case, cheaper than `measure`.
    correlated : tuple of str
        Roles that must be among the assets of the study's correlation model.
    rests_on : tuple of str
        How the names of those of the suite's models begin without which the verdict means nothing.
    later : Later or None
        Instead of `primary` on the sessions after the article's date.
    """

    id: str
    needs: tuple[str, ...]
    windows: tuple[str, ...]
    thresholds: tuple[str, ...]
    measure: Callable[[Case], Measurement | NotDecidable]
    primary: Callable[[Case], Primary | NotDecidable]
    correlated: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    later: Later | None = None

    def dated(self, study: Study) -> tuple[str, ...]:
        """Those of its windows that have an end of their own."""
        return tuple(name for name in self.windows if name in study.windows and study.windows[name].last is not None)

    def cap(self, suite: Suite) -> str | None:
        """Why the verdict may not go beyond "inconclusive": a red light of a model that it rests on."""
        if not self.rests_on:
            return None
        red = [check for check in suite.checks if check.red and check.model.startswith(self.rests_on)]
        if not red:
            return None
        return f"the {red[0].model} failed a check ({red[0].name}: {red[0].value:.4g}, wanted {red[0].target})"

    def gate(self, case: Case) -> NotDecidable | None:
        """Why the claim cannot be measured on a case, None where it can."""
        absent = [role for role in self.needs if role not in case.panel.returns.columns]
        if absent:
            return NotDecidable(f"no series plays the role {', '.join(absent)}")
        unmodelled = [role for role in self.correlated if role not in case.suite.std_residuals.columns]
        if unmodelled:
            return NotDecidable(f"{', '.join(unmodelled)} is not among the assets of the correlation model")
        gates = (case.window_gate(window) for window in self.windows)
        return next((gate for gate in gates if gate is not None), None)

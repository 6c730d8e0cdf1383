"""One clean panel: prices aligned on exchange sessions first, returns taken afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, Self

import pandas as pd

from data.errors import QualityError
from data.origin import Origin
from data.quality import QualityReport


@dataclass(frozen=True)
class Alternative:
    """A second reading of a role, for specifications and cross-checks beside the primary one.

    Attributes
    ----------
    levels : Series, (T + 1,)
        On the panel's sessions, NaN where there is none.
    origin : Origin
        Its stamp says on which clock it is.
    """

    levels: pd.Series
    origin: Origin


@dataclass(frozen=True)
class Panel:
    """Aligned data of a study; columns are roles, rows are exchange sessions.

    Attributes
    ----------
    levels : DataFrame, (T + 1, N)
        Level of each series at the close of each session from the study's start to `as_of` (adjusted close where
        there is one); NaN where a series has no value on a session. Nothing is filled.
    returns : DataFrame, (T, N)
        Change since the last available value, dated at the session on which it ends: percent log return, basis
        points or plain difference, as the study says for each instrument; NaN where the level is NaN. The sum over
        any stretch equals the total change over it.
    closes, volumes : DataFrame, (T + 1, N)
        Unadjusted closes and volumes where the source has them, else NaN. Volume may come from an alternative file,
        which the quality report then names.
    history : mapping of role to Series
        The full series as delivered and released up to `as_of`, on its own (reference) dates, from long before the
        panel's start. A series with a release lag was not yet known on its own dates: use `levels` for real time.
    gap_days : Series, (T,)
        Calendar days between a session and the one before.
    origins : mapping of role to Origin
    names : mapping of role to the instrument's display name
    units : mapping of role to the unit of its return: "%", "bp" or "points"
    calendar_rule : str
        How the clocks were aligned, as a sentence.
    kind : {"real", "simulated"}
    source : str
        Which source was used, in words: the first line of every run.
    as_of : date
        Nothing after this date was used.
    quality : QualityReport
    sha256 : str
        Digest of everything that was read.
    release_lags : mapping of role to int
        Days from a series' reference date to the day on which its value was public, where there are any.
    alternatives : mapping of role to tuple of Alternative
        The same quantity from the other files the study lists for it: another clock, another producer.
    bars : mapping of role to DataFrame, (T + 1, 4)
        Unadjusted open, high, low and close of each session, for the roles that have them; from the first alternative
        with a range where the priced file has none. NaN where a session has no bar.
    """

    levels: pd.DataFrame
    returns: pd.DataFrame
    closes: pd.DataFrame
    volumes: pd.DataFrame
    history: Mapping[str, pd.Series]
    gap_days: pd.Series
    origins: Mapping[str, Origin]
    names: Mapping[str, str]
    units: Mapping[str, str]
    calendar_rule: str
    kind: Literal["real", "simulated"]
    source: str
    as_of: date
    quality: QualityReport
    sha256: str
    release_lags: Mapping[str, int] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    bars: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that have data, in the study's order."""
        return tuple(self.returns.columns)

    @property
    def last_session(self) -> date:
        """The last session with data: the edition's "data to" date."""
        return pd.Timestamp(self.returns.index[-1]).date()

    def complete_returns(self, roles: tuple[str, ...]) -> pd.DataFrame:
        """Returns of `roles` on the sessions on which all of them have one, shape (n, len(roles))."""
        absent = [role for role in roles if role not in self.returns.columns]
        if absent:
            raise QualityError(
                ", ".join(absent), "no data for this role", "Add its file, or drop the role from the study file."
            )
        return self.returns.loc[:, list(roles)].dropna()

    def until(self, last: date) -> Self:
        """The panel as it was known at the end of `last`: nothing dated or released later is in it.

        The quality report stays that of the whole panel, since it speaks of the files.

        Raises
        ------
        QualityError
            If no return is left.
        """
        if last >= self.as_of:
            return self
        end = pd.Timestamp(last)
        levels = self.levels.loc[:end]
        if len(levels) < 2:
            first = f"{self.levels.index[0]:%Y-%m-%d}"
            raise QualityError(f"AS_OF={last}", f"the panel begins on {first}", "Choose a later date.")
        history = {
            role: series.loc[: pd.Timestamp(last - timedelta(days=self.release_lags.get(role, 0)))]
            for role, series in self.history.items()
        }
        alternatives = {
            role: tuple(replace(one, levels=one.levels.loc[:end]) for one in several)
            for role, several in self.alternatives.items()
        }
        return replace(
            self,
            levels=levels,
            returns=self.returns.loc[:end],
            closes=self.closes.loc[:end],
            volumes=self.volumes.loc[:end],
            history=MappingProxyType(history),
            gap_days=self.gap_days.loc[:end],
            source=f"{self.source.rpartition(', to ')[0]}, to {levels.index[-1]:%Y-%m-%d}",
            as_of=last,
            alternatives=MappingProxyType(alternatives),
            bars=MappingProxyType({role: bar.loc[:end] for role, bar in self.bars.items()}),
        )

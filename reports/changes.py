"""What changed since the edition before: verdicts that moved first, then estimates, then the reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from models.claims.verdict import Outcome
from models.estimate import Estimate
from reports.document import Block, Bullets, Column, Inline, Paragraph, Section, Strong, Table, cell
from reports.evidence import Evidence
from reports.narrative import chip
from reports.record import Json
from reports.text import NOT_APPLICABLE, capitalised, interval, listing, plural, quantity

#: A parameter that moved by less than this many of its earlier standard errors is not said to have drifted.
NOTABLE_DRIFT = 1.0


@dataclass(frozen=True, slots=True)
class Move:
    """A verdict or an effect that differs from the edition before."""

    claim: str
    statement: str
    before: Outcome
    after: Outcome
    effect_before: str
    effect_after: str


@dataclass(frozen=True, slots=True)
class ReadingMove:
    """A reading of the nowcast that left the inner band it had in the edition before."""

    key: str
    before: float
    lower: float
    upper: float
    after: float
    unit: str


@dataclass(frozen=True, slots=True)
class Drift:
    """A parameter that is estimated anew, and its move in standard errors of the edition before."""

    model: str
    name: str
    before: float
    after: float
    z: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Differences between two editions.

    Attributes
    ----------
    since : str
        As-of date of the edition before.
    verdicts : tuple of Move
        Statements whose verdict moved.
    effects : tuple of Move
        Statements with the same verdict whose effect left the interval it had.
    added, dropped : tuple of str
        Statements judged now and not then, and the other way round.
    reasons : tuple of str
        New days, another study file, other code, as clauses.
    readings : tuple of ReadingMove
        Largest move first, in widths of the earlier band.
    drifts : tuple of Drift
        Every parameter that both editions estimate, largest move first.
    """

    since: str
    verdicts: tuple[Move, ...]
    effects: tuple[Move, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    reasons: tuple[str, ...]
    readings: tuple[ReadingMove, ...] = ()
    drifts: tuple[Drift, ...] = ()

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """Parameters that moved notably."""
        return tuple(one for one in self.drifts if abs(one.z) >= NOTABLE_DRIFT)


def changes(before: Json, evidence: Evidence) -> Changes:
    """Compare the record of an edition with evidence.

    Parameters
    ----------
    before : dict
        As `reports.record.edition_record` makes it.
    evidence : Evidence
    """
    edition = before["edition"]
    old = {one["id"]: one for one in before["verdicts"]}
    verdicts, effects = [], []
    for verdict in evidence.verdicts:
        if verdict.id not in old:
            continue
        then = old[verdict.id]
        now = verdict.headline
        printed = _printed(now.value, now.lower, now.upper, now.unit) if isinstance(now, Estimate) else NOT_APPLICABLE
        earlier = then["headline"]
        known = "value" in earlier
        move = Move(
            claim=verdict.id,
            statement=verdict.statement,
            before=Outcome(then["outcome"]),
            after=verdict.outcome,
            effect_before=_printed(earlier["value"], earlier["lower"], earlier["upper"], earlier["unit"])
            if known
            else NOT_APPLICABLE,
            effect_after=printed,
        )
        if move.before is not move.after:
            verdicts.append(move)
        elif (
            known
            and isinstance(now, Estimate)
            and not earlier["lower"] <= now.value <= earlier["upper"]
            and move.effect_before != move.effect_after
        ):
            effects.append(move)
    ids = {verdict.id for verdict in evidence.verdicts}
    return Changes(
        since=edition["as_of"],
        verdicts=tuple(verdicts),
        effects=tuple(effects),
        added=tuple(verdict.id for verdict in evidence.verdicts if verdict.id not in old),
        dropped=tuple(name for name in old if name not in ids),
        reasons=_reasons(before, evidence),
        readings=tuple(sorted(_readings(before, evidence), key=_size, reverse=True)),
        drifts=tuple(sorted(_drifts(before, evidence), key=lambda one: abs(one.z), reverse=True)),
    )


def _readings(before: Json, evidence: Evidence) -> Iterator[ReadingMove]:
    for then in before["readings"]:
        now = evidence.outlook.reading(then["key"])
        low, high = then["inner"]
        if now is not None and not low <= now.now.value <= high:
            yield ReadingMove(then["key"], then["value"], low, high, now.now.value, now.now.unit)


def _size(move: ReadingMove) -> float:
    width = move.upper - move.lower
    return abs(move.after - move.before) / width if width > 0.0 else math.inf


def _drifts(before: Json, evidence: Evidence) -> Iterator[Drift]:
    tables = {table.model: table.frame for table in evidence.suite.parameters}
    for then in before["parameters"]:
        frame = tables.get(then["model"])
        if frame is None or then["name"] not in frame.index or not then["std_error"]:
            continue
        now = float(frame.loc[then["name"], "estimate"])
        z = (now - then["estimate"]) / then["std_error"]
        yield Drift(then["model"], then["name"], then["estimate"], now, z)


def _printed(value: float, lower: float, upper: float, unit: str) -> str:
    return f"{quantity(value, unit)} {interval(lower, upper, unit)}" if lower < upper else quantity(value, unit)


def _reasons(before: Json, evidence: Evidence) -> tuple[str, ...]:
    edition = before["edition"]
    to = evidence.panel.last_session.isoformat()
    reasons = []
    if edition["data_to"] != to:
        reasons.append(f"the data now end on {to} instead of {edition['data_to']}")
    if edition["source"].split(",")[0] != evidence.panel.source.split(",")[0]:
        reasons.append("the data come from another source")
    if before["study"]["sha256"] != evidence.study.sha256:
        reasons.append("the study file was changed")
    if edition["commit"] != evidence.provenance.commit:
        reasons.append("the code was changed")
    if edition["quick"] != evidence.quick:
        reasons.append("one of the two was a quick run")
    return tuple(reasons)


def summary(found: Changes) -> str:
    """The changes in one or two sentences: what moved, and why."""
    reasons = f" {capitalised(listing(found.reasons))}." if found.reasons else ""
    return f"{what_moved(found)}{reasons}"


def what_moved(found: Changes) -> str:
    """What moved since the edition before, in one sentence."""
    moved = len(found.verdicts)
    words = f"Since the edition of {found.since} "
    words += f"{plural(moved, 'verdict has', 'verdicts have')} moved" if moved else "no verdict has moved"
    if found.effects:
        words += f", {plural(len(found.effects), 'effect')} left the earlier interval"
    if found.added:
        words += f", {plural(len(found.added), 'statement is', 'statements are')} judged for the first time"
    return f"{words}."


def changes_section(found: Changes) -> Section:
    """What changed, moved verdicts first."""
    blocks: list[Block] = [Paragraph((summary(found),), lead=True)]
    moves = (*found.verdicts, *found.effects)
    if moves:
        blocks.append(
            Table(
                key="moved",
                title="Verdicts and effects that moved",
                columns=(
                    Column("Id", width=5),
                    Column("Statement", width=31),
                    Column("Then", width=15),
                    Column("Effect then", "number", 17),
                    Column("Now", width=15),
                    Column("Effect now", "number", 17),
                ),
                rows=tuple(
                    (
                        cell(one.claim, one.claim),
                        cell(Strong(one.statement)),
                        cell(chip(one.before)),
                        cell(one.effect_before),
                        cell(chip(one.after)),
                        cell(one.effect_after),
                    )
                    for one in moves
                ),
                source=f"record of the edition of {found.since}, and this one.",
                style="compact",
            )
        )
    entries: list[tuple[Inline, ...]] = []
    if found.added:
        entries.append((Strong("Judged for the first time: "), f"{listing(found.added)}."))
    if found.dropped:
        entries.append((Strong("No longer judged: "), f"{listing(found.dropped)}."))
    if entries:
        blocks.append(Bullets(tuple(entries)))
    return Section("changes", f"What changed since the edition of {found.since}", tuple(blocks))

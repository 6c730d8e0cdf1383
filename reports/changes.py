"""What changed since the edition before: verdicts that moved first, then estimates, then the reasons."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.claims.verdict import Outcome
from models.estimate import Estimate
from reports.document import Block, Bullets, Column, Inline, Paragraph, Section, Strong, Table, cell
from reports.evidence import Evidence
from reports.narrative import chip
from reports.text import NOT_APPLICABLE, capitalised, interval, listing, plural, quantity

_EDITION = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    """

    since: str
    verdicts: tuple[Move, ...]
    effects: tuple[Move, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    reasons: tuple[str, ...]


def edition_before(out: Path, as_of: str) -> dict[str, Any] | None:
    """Results of the newest edition in `out` that is older than `as_of`; None where there is none that can be read."""
    try:
        names = sorted(path.name for path in out.iterdir() if _EDITION.fullmatch(path.name) and path.name < as_of)
    except OSError:
        return None
    for name in reversed(names):
        try:
            content = json.loads((out / name / "results.json").read_text(encoding="utf-8"))
            if content["edition"]["as_of"] == name and isinstance(content["verdicts"], list):
                return dict(content)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def changes(before: dict[str, Any], evidence: Evidence) -> Changes | None:
    """Compare the results of an edition with evidence; None where they come from different kinds of data or studies.

    Parameters
    ----------
    before : dict
        Content of the older `results.json`.
    evidence : Evidence
    """
    edition = before["edition"]
    if edition["data_kind"] != evidence.panel.kind or before["study"]["title"] != evidence.study.about.title:
        return None
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
    )


def _printed(value: float, lower: float, upper: float, unit: str) -> str:
    return f"{quantity(value, unit)} {interval(lower, upper, unit)}" if lower < upper else quantity(value, unit)


def _reasons(before: dict[str, Any], evidence: Evidence) -> tuple[str, ...]:
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
    """The changes in one or two sentences."""
    moved = len(found.verdicts)
    words = f"Since the edition of {found.since} "
    words += f"{plural(moved, 'verdict has', 'verdicts have')} moved" if moved else "no verdict has moved"
    if found.effects:
        words += f", {plural(len(found.effects), 'effect')} left the earlier interval"
    if found.added:
        words += f", {plural(len(found.added), 'statement is', 'statements are')} judged for the first time"
    reasons = f" {capitalised(listing(found.reasons))}." if found.reasons else ""
    return f"{words}.{reasons}"


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
                source=f"results.json of the edition of {found.since}, and this one.",
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

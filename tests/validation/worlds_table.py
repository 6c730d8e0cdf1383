"""What the worlds say of the verdict machine, as a section of docs/validation.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from models.claims import Outcome
from models.inference.power import smallest_detectable_effect

SIZE, FAMILY_WISE, POWER, LEVEL = 0.05, 0.10, 0.80, 0.95
#: Claims whose design is known to be too weak for their own size: no target for their share in world A.
EXEMPT = frozenset({"C05", "C06", "C08", "C19"})
#: Histories in which a statement has a truth, below which its share decides nothing.
ENOUGH = 20

Record = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """Verdicts on a claim in the histories of a world in which it has the same truth.

    Attributes
    ----------
    world, claim, truth : str
    outcomes : Counter of Outcome value
    seen : bool or None
        Whether the design finds an effect of the size that is there with 80 % power: for every part the median
        smallest detectable effect is at most the median effect. None where no part has one.
    visible : Counter of Outcome value or None
        Of a statement whose true effects are drawn with the history: verdicts in the histories in which those of all
        parts are at least what the design there finds with 80 % power.
    """

    world: str
    claim: str
    truth: str
    outcomes: Counter[str]
    seen: bool | None
    visible: Counter[str] | None = None

    @property
    def histories(self) -> int:
        """Number of histories."""
        return self.outcomes.total()

    def share(self, outcome: Outcome) -> float:
        """Share of an outcome among the histories."""
        return self.outcomes[outcome.value] / self.histories

    @property
    def opposite(self) -> float | None:
        """Share of verdicts that are the opposite of the truth; None where the truth is neither true nor false."""
        wrong = {"true": Outcome.NOT_SUPPORTED, "false": Outcome.SUPPORTED}.get(self.truth)
        return None if wrong is None else self.share(wrong)

    @property
    def untested(self) -> bool:
        """Whether the world lacks what the claim needs, in most histories."""
        return self.share(Outcome.NOT_TESTABLE) > 0.5

    @property
    def target(self) -> str:
        """What the row is held to, in words; empty where to nothing."""
        if self.histories < ENOUGH:
            return ""
        if self.world == "B" and self.truth == "false":
            return f"supported ≤ {SIZE:.0%}"
        if self.world == "A" and self.truth == "true" and self._in_sight:
            return f"supported ≥ {POWER:.0%}"
        if self.world == "C" and self.opposite is not None:
            return f"opposite ≤ {SIZE:.0%}"
        return ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if not self.target:
            return None
        if self.world == "A":
            outcomes = self.outcomes if self.visible is None else self.visible
            return outcomes[Outcome.SUPPORTED.value] >= POWER * outcomes.total()
        return (self.opposite or 0.0) <= SIZE

    @property
    def remark(self) -> str:
        """Why a row has no target."""
        if self.target:
            state = "met" if self.met else "**missed**"
            if self.world != "A" or self.visible is None:
                return state
            found, total = self.visible[Outcome.SUPPORTED.value], self.visible.total()
            return f"{state}: {found} of the {total} in which the design can see it"
        if self.untested:
            return "the world lacks what it needs"
        if self.histories < ENOUGH:
            return "too few histories"
        if self.world == "A" and self.truth == "true":
            return "exempt: weak design" if self.claim in EXEMPT else "the design cannot see an effect of this size"
        return ""

    @property
    def _in_sight(self) -> bool:
        if self.claim in EXEMPT or self.untested:
            return False
        return self.seen is not False if self.visible is None else self.visible.total() >= ENOUGH


def rows(world: str, records: Sequence[Record]) -> list[Row]:
    """One row for each claim and each truth it has in the histories."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for record in records:
        for claim, entry in record.items():
            groups.setdefault((claim, entry["truth"]), []).append(entry)
    return [
        Row(world, claim, truth, Counter(entry["outcome"] for entry in entries), _seen(entries), _visible(entries))
        for (claim, truth), entries in sorted(groups.items())
    ]


def _seen(entries: Sequence[Mapping[str, Any]]) -> bool | None:
    """Compare the median detectable effect of each part with its median effect."""
    parts: dict[int, list[tuple[float, float]]] = {}
    for entry in entries:
        for position, part in enumerate(entry["parts"]):
            size = _detectable(part)
            if size is not None:
                parts.setdefault(position, []).append((size, part["effect"]))
    if not parts:
        return None
    return all(
        median(detectable for detectable, _ in pairs) <= median(effect for _, effect in pairs)
        for pairs in parts.values()
    )


def _visible(entries: Sequence[Mapping[str, Any]]) -> Counter[str] | None:
    """Verdicts where every part's true effect is at least its smallest detectable one; None where none is known."""
    known = [entry for entry in entries if entry["effects"]]
    if not known:
        return None
    return Counter(
        entry["outcome"]
        for entry in known
        if all(
            (size := _detectable(part)) is not None and size <= effect
            for part, effect in zip(entry["parts"], entry["effects"], strict=True)
        )
    )


def _detectable(part: Mapping[str, Any]) -> float | None:
    """The smallest effect the part finds with 80 % power: as in the verdict, else from its standard error."""
    if part["effect"] is None or part["mde80"] is not None or not part["std_error"]:
        return part["mde80"] if part["effect"] is not None else None
    return smallest_detectable_effect(part["std_error"], part["sesoi"], level=LEVEL)


def family_wise(records: Sequence[Record]) -> float:
    """Share of histories in which any statement that is false there comes out supported."""
    return sum(
        any(entry["truth"] == "false" and entry["outcome"] == Outcome.SUPPORTED.value for entry in record.values())
        for record in records
    ) / len(records)


def section(records: Mapping[str, Sequence[Record]], how: str) -> str:
    """The section of docs/validation.md: a table a world, then what missed its target."""
    found = {world: rows(world, of_world) for world, of_world in records.items()}
    lines = ["## Worlds: the whole verdict machine", "", how, ""]
    for world, of_world in found.items():
        lines += [f"### World {world}, {len(records[world])} histories", "", *_table(of_world), ""]
        if world == "B":
            wise = family_wise(records[world])
            state = "met" if wise <= FAMILY_WISE else "**missed**"
            lines += [
                f"Any false statement supported: {wise:.1%} of the histories (target ≤ {FAMILY_WISE:.0%}, {state}).",
                "",
            ]
    return "\n".join([*lines, _misses([row for of_world in found.values() for row in of_world])]) + "\n"


def _table(of_world: Sequence[Row]) -> list[str]:
    heads = [outcome.value for outcome in Outcome]
    lines = [
        f"| claim | there | n | {' | '.join(heads)} | target | |",
        "|---|---|" + "---:|" * (1 + len(heads)) + "---|---|",
    ]
    for row in of_world:
        shares = " | ".join(f"{100.0 * row.share(outcome):.0f}" for outcome in Outcome)
        lines.append(f"| {row.claim} | {row.truth} | {row.histories} | {shares} | {row.target} | {row.remark} |")
    return lines


def _misses(every: Sequence[Row]) -> str:
    missed = [row for row in every if row.met is False]
    held = sum(row.met is not None for row in every)
    if not missed:
        return f"All {held} targets are met."
    named = "; ".join(
        f"{row.claim} in world {row.world} ({row.truth} there, supported in {row.share(Outcome.SUPPORTED):.1%}, not"
        f" supported in {row.share(Outcome.NOT_SUPPORTED):.1%})"
        for row in missed
    )
    return f"{len(missed)} of {held} targets are missed: {named}."

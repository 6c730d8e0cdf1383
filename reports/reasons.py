"""Why a verdict came out as it did: the parts that decided, in the few words that page one has room for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.claims.verdict import Outcome, Part, Verdict
from models.estimate import NotDecidable
from reports.text import capitalised, count, in_sentence, listing, sentence

#: Characters of the reason that two lines of page one hold.
ROOM = 90
#: How the parts of an outcome are introduced; parts that decide come first.
INTRODUCTIONS = {
    Outcome.NOT_SUPPORTED: "Not so",
    Outcome.NOT_TESTABLE: "Not testable",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.MIXED: "In part",
    Outcome.SUPPORTED: "Holds",
}
#: Which parts decide the verdict of a statement with several.
DECIDING = {
    Outcome.NOT_SUPPORTED: (Outcome.NOT_SUPPORTED,),
    Outcome.NOT_TESTABLE: (Outcome.NOT_TESTABLE,),
    Outcome.INCONCLUSIVE: (Outcome.INCONCLUSIVE,),
    Outcome.MIXED: (Outcome.MIXED, Outcome.NOT_SUPPORTED, Outcome.INCONCLUSIVE, Outcome.SUPPORTED),
    Outcome.SUPPORTED: (Outcome.SUPPORTED,),
}
#: Room that the longest introduction takes of it.
_INTRODUCTION = 16
_PART_NUMBER = re.compile(r"\bC\d\d[a-z]: | \(C\d\d[a-z]\)")
_INTRODUCED = re.compile(r"\b(Fails|Stands):")


def part_label(part: Part) -> str:
    """What a part says, without the number that the study's own files give it."""
    return without_numbers(part.label)


def without_numbers(words: str) -> str:
    """Words without numbers of parts such as "C11a: " or " (C20b)"."""
    return _PART_NUMBER.sub("", words)


def reason(verdict: Verdict) -> str:
    """The whole reason, with all parts."""
    words = without_numbers(verdict.reason)
    return sentence(_INTRODUCED.sub(lambda found: "Not so:" if found.group(1) == "Fails" else "Holds:", words))


def short_reason(verdict: Verdict) -> str:
    """The parts that decided, as far as two lines hold them; of a single part its own reason."""
    alike = len({(part.outcome, part.reason) for part in verdict.parts}) < 2
    if len(verdict.parts) < 2 or (alike and verdict.outcome is not Outcome.SUPPORTED):
        whole = reason(verdict)
        return whole if len(whole) <= ROOM else sentence(whole.split("; ", 1)[0].rstrip("."))
    groups = []
    for outcome in DECIDING[verdict.outcome]:
        labels = _labels([part for part in verdict.parts if part.outcome is outcome])
        if labels:
            groups.append(f"{INTRODUCTIONS[outcome]}: {_fitting(labels, ROOM - len(INTRODUCTIONS[outcome]))}.")
    if not groups:
        return reason(verdict)
    kept = groups[:1]
    for one in groups[1:]:
        if len(" ".join([*kept, one])) <= ROOM:
            kept.append(one)
    return " ".join(kept)


def _fitting(labels: Sequence[str], room: int) -> str:
    kept = [labels[0]]
    for one in labels[1:]:
        if len("; ".join([*kept, one])) <= room:
            kept.append(one)
    left = len(labels) - len(kept)
    return "; ".join(kept) + (f"; {count(left)} more" if left else "")


def _labels(parts: Sequence[Part]) -> list[str]:
    """Labels of parts; where several assets say the same, they say it once.

    What could not be measured says why; words in brackets go where they do not fit.
    """
    said: dict[str, list[str]] = {}
    for part in parts:
        label = part_label(part)
        if isinstance(part.effect, NotDecidable):
            whole = f"{label} ({part.effect.reason})"
            said.setdefault(whole if len(whole) <= ROOM - _INTRODUCTION else part.effect.reason, []).append("")
            continue
        asset, colon, rest = label.partition(": ")
        if "(" in asset:
            asset, colon, rest = _without_brackets(label), "", ""
        said.setdefault(rest if colon else asset, []).append(asset if colon else "")
    return [f"{rest}, for {_assets(assets)}" if assets[0] else rest for rest, assets in said.items()]


def _without_brackets(label: str) -> str:
    """The label, without what stands in brackets at its end where that makes it too long."""
    return label if len(label) <= ROOM - _INTRODUCTION or not label.endswith(")") else label.partition(" (")[0]


def _assets(names: Sequence[str]) -> str:
    return listing(in_sentence(name) for name in names)


def capitalised_label(part: Part) -> str:
    """The label as the head of a row."""
    return capitalised(part_label(part))

"""Names and sentences of the monitor, made from the outlook and from what changed since the edition before."""

from __future__ import annotations

import math
from collections.abc import Sequence

from models.estimate import Estimate, NotDecidable
from models.outlook.nowcast import Quantity, Reading
from models.outlook.states import RegimeState
from reports.changes import Changes, ReadingMove, summary
from reports.evidence import Evidence
from reports.setting import Setting
from reports.text import (
    NO_BREAK,
    capitalised,
    count,
    in_sentence,
    listing,
    named_the,
    number,
    plural,
    possessive,
    quantity,
    sentence,
    share,
    span,
)

#: Readings named in a sentence; the table holds the rest.
MOST_NAMED = 3
#: Probability above which the turbulent regime is called the likelier one.
LIKELY = 0.5
#: Share of its past at either end in which a reading stands out.
FAR = 0.05


def places(quantity_: Quantity) -> int:
    """Decimals in which a reading is printed."""
    return 0 if quantity_.kind == "volatility" else 2


def row_name(quantity_: Quantity, setting: Setting) -> str:
    """Name of a reading in a table: "Bitcoin and gold"."""
    first, *rest = (setting.name(role) for role in quantity_.series)
    match quantity_.kind:
        case "correlation":
            return f"{first} and {in_sentence(rest[0])}"
        case "beta":
            return f"{first} on {in_sentence(rest[0])}"
        case "mean_correlation":
            return "Mean of all pairs"
        case _:
            return first


def subject(quantity_: Quantity, setting: Setting) -> str:
    """A reading as the subject of a sentence: "Bitcoin’s correlation with gold"."""
    first, *rest = (named_the(setting.name(role)) for role in quantity_.series)
    match quantity_.kind:
        case "correlation":
            return f"{possessive(first)} correlation with {rest[0]}"
        case "beta":
            return f"the beta of {first} on {rest[0]}"
        case "mean_correlation":
            return "the mean correlation of all pairs"
        case _:
            return f"{possessive(first)} volatility"


def value_words(value: float, quantity_: Quantity) -> str:
    """A reading's value with its unit."""
    return quantity(value, quantity_.unit, decimals=places(quantity_))


def state_words(state: RegimeState) -> str:
    """Which regime is likelier, as a clause."""
    probability = state.known[0]
    name = "turbulent" if state.turbulent else "calm"
    return f"the {name} regime is the likelier one (probability of turbulence {share(probability, decimals=1)})"


def monitor_headline(evidence: Evidence) -> str:
    """The state in one line: the regime, and the reading that stands out most from its past."""
    setting = Setting(evidence)
    outlook = evidence.outlook
    mood = "Turbulent" if outlook.reference.turbulent else "Calm"
    extreme = max(outlook.readings, key=lambda one: abs(one.percentile - 0.5), default=None)
    if extreme is None or FAR <= extreme.percentile <= 1.0 - FAR:
        return f"{mood} by the reference series; no reading stands out from its past"
    end, part = ("lowest", extreme.percentile) if extreme.percentile < 0.5 else ("highest", 1.0 - extreme.percentile)
    percent = f"{max(math.ceil(100.0 * part), 1)}{NO_BREAK}%"
    return (
        f"{mood} by the reference series; {subject(extreme.quantity, setting)} is "
        f"{value_words(extreme.now.value, extreme.quantity)}, in the {end} {percent} of its past"
    )


def standing(percentile: float) -> str:
    """Where a reading stands among its past, as a predicate."""
    side = "higher" if percentile >= 0.5 else "lower"
    return f"{side} than on {spoken_share(max(percentile, 1.0 - percentile))} of past sessions"


def spoken_share(value: float) -> str:
    """A share in running text: "more than 99 %" where the table prints "> 99 %"."""
    return share(value).replace(f">{NO_BREAK}", "more than ").replace(f"<{NO_BREAK}", "less than ")


def monitor_deck(evidence: Evidence) -> str:
    """The first pair, tomorrow and in a month, and the probability of the joint fall."""
    setting, outlook = Setting(evidence), evidence.outlook
    sentences = []
    if outlook.readings:
        first = outlook.readings[0]
        sentences.append(
            sentence(
                f"{subject(first.quantity, setting)} is {value_words(first.now.value, first.quantity)} for the next "
                f"session (band {span(first.now.lower, first.now.upper)}) and expected at "
                f"{value_words(first.ahead.value, first.quantity)} a month on "
                f"({span(first.ahead.lower, first.ahead.upper)})"
            )
        )
    sentences.append(joint_sentence(setting))
    return " ".join(one for one in sentences if one)


def joint_sentence(setting: Setting) -> str:
    """Probability of the joint fall that the study names; empty where it names none."""
    joint = setting.evidence.outlook.joint
    if isinstance(joint, NotDecidable) or not isinstance(joint.probability, Estimate):
        return ""
    falls = listing(
        f"{named_the(setting.name(role))} falling by {quantity(-size, '%', decimals=0)}"
        for role, size in joint.falls.items()
    )
    chance = joint.probability
    words = (
        f"The probability of {falls} or more within {plural(joint.horizon, 'session')} is "
        f"{share(chance.value, decimals=1)} ({share(chance.lower, decimals=1)} to {share(chance.upper, decimals=1)})"
    )
    if isinstance(joint.ratio, Estimate):
        words += f", {number(joint.ratio.value, 1)} times what it would be without correlation"
    return sentence(words)


def changed_sentences(setting: Setting, changed: Changes | None) -> tuple[tuple[str, str], ...]:
    """What changed, in three sentences with a label each."""
    if changed is None:
        return (
            ("Readings.", f"No earlier edition is kept to compare with. {_week(setting)}"),
            ("Regime.", _regime(setting)),
            ("Verdicts.", "There is no earlier edition in which they could have differed."),
        )
    return (
        ("Readings.", moved_sentence(changed.readings, len(setting.evidence.outlook.readings), changed.since, setting)),
        ("Regime.", _regime(setting)),
        ("Verdicts.", summary(changed)),
    )


def moved_sentence(moves: Sequence[ReadingMove], total: int, since: str, setting: Setting) -> str:
    """Which readings left the inner band that the edition before gave them."""
    if not moves:
        return f"None of {count(total)} readings left the 80 % band that it had in the edition of {since}."
    readings = {one.quantity.key: one.quantity for one in setting.evidence.outlook.readings}
    named = [
        f"{subject(readings[one.key], setting)} {'rose' if one.after > one.before else 'fell'} from "
        f"{number(one.before, places(readings[one.key]))} to {value_words(one.after, readings[one.key])}"
        for one in moves[:MOST_NAMED]
    ]
    lead = f"{capitalised(count(len(moves)))} of {count(total)} readings left the 80 % band of the edition of {since}"
    more = "; for instance," if len(moves) > MOST_NAMED else ":"
    return f"{lead}{more} {listing(named)}."


def _week(setting: Setting) -> str:
    moved = [one for one in setting.evidence.outlook.readings if one.moved]
    if not moved:
        return "Over the last week no reading moved by more than its parameters leave open."
    largest = sorted(moved, key=_relative, reverse=True)[:MOST_NAMED]
    words = listing(
        f"{subject(one.quantity, setting)} {'rose' if one.change.value > 0 else 'fell'} by "
        f"{value_words(abs(one.change.value), one.quantity)}"
        for one in largest
    )
    return sentence(f"over the last week {words}")


def _relative(reading: Reading) -> float:
    error = reading.change.std_error or 0.0
    return abs(reading.change.value) / error if error > 0.0 else math.inf


def _regime(setting: Setting) -> str:
    state = setting.evidence.outlook.reference
    words = f"By {reference_names(setting)} {state_words(state)}"
    before = {5: "a week ago", 20: "four weeks ago"}
    recalled = [
        f"{share(state.known[back], decimals=1)} {when}" for back, when in before.items() if back in state.known
    ]
    return sentence(f"{words}, after {listing(recalled)}" if recalled else words)


def reference_names(setting: Setting) -> str:
    """The reference series in running text."""
    return listing(named_the(setting.name(role)) for role in setting.evidence.outlook.reference.series)

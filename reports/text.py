"""Numbers into words and figures, once for every edition."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date

MISSING = "…"
NOT_APPLICABLE = "–"
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"

_DECIMALS = {
    "%": 1,
    "bp": 1,
    "percentile": 1,
    "sessions": 1,
    "observations": 1,
    "days": 1,
    "spells": 0,
    "signs": 0,
    "years": 1,
    "contracts": 0,
    "index points": 0,
    "points of 100": 0,
}
#: Units short enough to stand behind every number of a table.
SHORT_UNITS = ("%", "bp")
#: Units that say what is measured and are not spoken after a number.
_SILENT = ("probability", "correlation", "beta", "share", "ratio")
_PERCENT = re.compile(r"(?<=\d)\s?%")
_NEGATIVE = re.compile(r"(?<![\w.\-])-(?=\d)")
#: Counts that models write without grouping, told from years by what is counted.
_COUNTED = re.compile(
    r"\b\d{4,}(?= (?:parameter )?(?:draws|resamples|sessions|paths|samples|refits|observations|replications|days)\b)"
)
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def decimals_for(unit: str) -> int:
    """Decimals in which quantities of `unit` are printed everywhere."""
    if unit.startswith("% for"):
        return 3
    return _DECIMALS.get(unit, 1 if unit in ("%", "% a year") else 2)


def number(value: float | None, decimals: int = 2, *, signed: bool = False) -> str:
    """A number with fixed decimals, a true minus and thin grouping of thousands.

    Parameters
    ----------
    value : float or None
        None is printed as not applicable, a value that is not finite as missing.
    decimals : int
    signed : bool
        Whether a positive number carries its sign.
    """
    if value is None:
        return NOT_APPLICABLE
    if not math.isfinite(value):
        return MISSING
    rounded = round(value, decimals)
    digits = f"{abs(rounded):,.{decimals}f}"
    if rounded == 0:
        return digits
    return (MINUS if rounded < 0 else "+" if signed else "") + digits


def needed_decimals(values: Iterable[float], most: int = 4) -> int:
    """The decimals that print all of `values` as they are, at most `most`."""
    kept = tuple(values)
    return next((n for n in range(most) if all(math.isclose(one, round(one, n), abs_tol=1e-9) for one in kept)), most)


def quantity(value: float | None, unit: str = "", *, signed: bool = False, decimals: int | None = None) -> str:
    """A number with its unit, in the unit's usual decimals."""
    text = number(value, decimals_for(unit) if decimals is None else decimals, signed=signed)
    if not unit or unit in _SILENT or text in {MISSING, NOT_APPLICABLE}:
        return text
    return f"{text}{NO_BREAK}{unit}"


def interval(lower: float | None, upper: float | None, unit: str = "", *, decimals: int | None = None) -> str:
    """An interval such as "[−0.19, 0.29]"; its unit is left to the head or the sentence."""
    if lower is None or upper is None:
        return NOT_APPLICABLE
    places = decimals_for(unit) if decimals is None else decimals
    return f"[{number(lower, places)},{NO_BREAK}{number(upper, places)}]"


def span(lower: float, upper: float, unit: str = "") -> str:
    """An interval in running text: "−0.19 to 0.29"."""
    return f"{number(lower, decimals_for(unit))} to {quantity(upper, unit)}"


def p_value(p: float | None) -> str:
    """A p-value with three decimals and no leading zero; "< .001" and "> .999" at the ends."""
    if p is None:
        return NOT_APPLICABLE
    if not math.isfinite(p):
        return MISSING
    if p < 0.0005:
        return f"<{NO_BREAK}.001"
    if p >= 0.9995:
        return "1.000" if p == 1.0 else f">{NO_BREAK}.999"
    return f"{p:.3f}".removeprefix("0")


def p_clause(p: float) -> str:
    """A p-value in running text: "p = .042", "p < .001"."""
    text = p_value(p)
    return f"p{NO_BREAK}{text}" if text[0] in "<>" else f"p{NO_BREAK}={NO_BREAK}{text}"


def share(value: float | None, *, decimals: int = 0) -> str:
    """A share from 0 to 1 in percent; 0 and 100 are printed only where they are exact."""
    if value is None or not math.isfinite(value):
        return NOT_APPLICABLE if value is None else MISSING
    smallest = 10.0**-decimals
    percent = 100.0 * value
    if 0.0 < percent <= smallest / 2:
        return f"<{NO_BREAK}{number(smallest, decimals)}{NO_BREAK}%"
    if 100.0 - smallest / 2 <= percent < 100.0:
        return f">{NO_BREAK}{number(100.0 - smallest, decimals)}{NO_BREAK}%"
    return quantity(percent, "%", decimals=decimals)


def level(value: float) -> str:
    """A confidence level: "95 %"."""
    return f"{100.0 * value:g}{NO_BREAK}%"


def count(n: int) -> str:
    """A count in words up to twelve, in figures above."""
    return _SMALL[n] if 0 <= n <= 12 else f"{n:,}"


def plural(n: int, noun: str, several: str | None = None) -> str:
    """A count with its noun: "one session", "2,864 sessions"."""
    return f"{count(n)} {noun if n == 1 else several or noun + 's'}"


def listing(items: Iterable[str], *, conjunction: str = "and") -> str:
    """Items joined as in a sentence: "a, b and c"."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def capitalised(sentence: str) -> str:
    """The text with its first letter in upper case; a name such as "cDCC" or "btc-usd.csv" keeps its own."""
    sentence = tidy(sentence)
    first = sentence.split(" ", 1)[0]
    if sentence[1:2].isupper() or any(sign in first for sign in ("_", "/", ".csv")):
        return sentence
    return sentence[:1].upper() + sentence[1:]


def tidy(words: str) -> str:
    """Words from elsewhere in the editions' typography: "-26.0%" becomes "−26.0 %", dates and years stay."""
    grouped = _COUNTED.sub(lambda found: f"{int(found.group()):,}", words)
    return _NEGATIVE.sub(MINUS, _PERCENT.sub(f"{NO_BREAK}%", grouped))


def unit_words(unit: str) -> str:
    """A unit spelt out for a head or a subtitle."""
    return {"": "pure number", "%": "percent", "bp": "basis points"}.get(unit, unit)


def sentence(clause: str) -> str:
    """A clause made a sentence: upper case in front, a full stop at the end."""
    clause = clause.strip()
    if not clause:
        return ""
    return capitalised(clause) + ("" if clause[-1] in ".!?…" else ".")


def in_sentence(name: str, *, proper: Sequence[str] = ("Bitcoin", "Nasdaq", "Treasuries", "Treasury", "Ether")) -> str:
    """A display name inside a sentence: "Gold miners" becomes "gold miners", "Bitcoin" and "S&P 500" stay."""
    first = name.split(" ", 1)[0]
    if first.removesuffix("'s").removesuffix("’s") in proper or not first[1:].islower():
        return name
    return name[:1].lower() + name[1:]


def named_the(name: str) -> str:
    """A display name with the article that running text needs: "the Nasdaq 100", "gold"."""
    plain = in_sentence(name)
    return f"the {plain}" if plain.split(" ", 1)[0] in {"Nasdaq", "S&P", "US", "VIX", "Dow"} else plain


def possessive(name: str) -> str:
    """The possessive of a name: "Bitcoin’s", "gold miners’"."""
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def day(when: date) -> str:
    """A date in ISO form, the only one the editions use in tables and footers."""
    return f"{when.year:04d}-{when.month:02d}-{when.day:02d}"


def day_in_words(when: date) -> str:
    """A date in running text: "6 February 2026"."""
    return f"{when.day}{NO_BREAK}{_MONTHS[when.month - 1]} {when.year}"


def humanised(key: str) -> str:
    """An identifier as words: "dcc_alpha" becomes "dcc alpha"."""
    return key.replace("_", " ").strip()

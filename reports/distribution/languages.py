"""How a reader writes dates and decimals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from reports.text import NO_BREAK, quantity, span

Language = Literal["en", "en-US", "de", "fr", "it", "es", "pt", "nl"]


@dataclass(frozen=True, slots=True)
class Convention:
    """Dates and decimals of one language.

    Attributes
    ----------
    date_pattern : str
        With the fields `day`, `month` (a word) and `year`.
    months : str
        Twelve words.
    decimal, group : str
        Signs before the decimals and between thousands.
    """

    date_pattern: str
    months: str
    decimal: str
    group: str

    def day(self, when: date) -> str:
        """A date in words: "6 February 2026", "6. Februar 2026"."""
        month = self.months.split()[when.month - 1]
        first = "1er" if when.day == 1 and "février" in self.months else str(when.day)
        return self.date_pattern.format(day=first, month=month, year=when.year)

    def quantity(self, value: float, unit: str = "") -> str:
        """A number with its unit in the unit's usual decimals: "1,234.5 bp", "1.234,5 bp"."""
        return self._localised(quantity(value, unit))

    def span(self, lower: float, upper: float, unit: str = "") -> str:
        """An interval in the unit's usual decimals: "−10,3 to −5,5 %"."""
        return self._localised(span(lower, upper, unit))

    def _localised(self, numbers: str) -> str:
        return numbers.translate({ord("."): self.decimal, ord(","): self.group})


_ENGLISH = "January February March April May June July August September October November December"
CONVENTIONS: dict[str, Convention] = {
    "en": Convention("{day} {month} {year}", _ENGLISH, ".", ","),
    "en-US": Convention("{month} {day}, {year}", _ENGLISH, ".", ","),
    "de": Convention(
        "{day}. {month} {year}",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        ",",
        ".",
    ),
    "fr": Convention(
        "{day} {month} {year}",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        ",",
        NO_BREAK,
    ),
    "it": Convention(
        "{day} {month} {year}",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        ",",
        ".",
    ),
    "es": Convention(
        "{day} de {month} de {year}",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        ",",
        ".",
    ),
    "pt": Convention(
        "{day} de {month} de {year}",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        ",",
        ".",
    ),
    "nl": Convention(
        "{day} {month} {year}",
        "januari februari maart april mei juni juli augustus september oktober november december",
        ",",
        ".",
    ),
}

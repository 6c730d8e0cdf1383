"""Charts that neighbouring exhibits of one kind share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

import numpy as np
import pandas as pd

from models.claims.verdict import Exhibit, Verdict
from models.estimate import Estimate
from reports.charts.fans import Fan, fans_chart
from reports.charts.matrices import matrix_chart
from reports.charts.ridges import Ridges, ridges_chart
from reports.charts.style import BLUE, RED, nice_domain
from reports.drawn import BAND, DAY, Drawn
from reports.setting import Setting
from reports.text import MINUS, capitalised, count, humanised, in_sentence, listing, number, quantity, unit_words

Maker = Callable[[Sequence[Exhibit], Verdict, Setting, int], Drawn]
#: Panels of fans in a row, and the share of a claim's plot height that each row of them takes.
FANS_A_ROW, ROW_OF_FANS = 3, 0.72
STATES = (BLUE, RED)


@dataclass(frozen=True, slots=True)
class Shared:
    """How neighbours share a figure: the fewest and the most of them, and who draws it."""

    fewest: int
    most: int
    make: Maker


def _matrices(exhibits: Sequence[Exhibit], verdict: Verdict, setting: Setting, _height: int) -> Drawn:
    labels = [str(one) for one in exhibits[0].frame.columns]
    names = [setting.name(label) if label in setting.panel.names else label for label in labels]
    panels = []
    for exhibit in exhibits:
        words = (
            humanised(exhibit.name)
            .replace("matrix: ", "")
            .replace("correlations in ", "")
            .replace(" of correlations", "")
        )
        panels.append((capitalised(words), exhibit.frame))
    last = exhibits[-1].frame.to_numpy(dtype=float)
    upper = last[np.triu_indices(len(names), 1)]
    finite = upper[np.isfinite(upper)]
    title = f"{verdict.id}: pairwise correlations, {listing(title.lower() for title, _ in panels)}"
    if verdict.headline_label and isinstance(verdict.headline, Estimate):
        title = (
            f"{capitalised(verdict.headline_label)}: "
            f"{quantity(verdict.headline.value, verdict.headline.unit, signed=True)}"
        )
    spread = (
        f"In the last panel the pairs lie between {number(float(finite.min()))} and {number(float(finite.max()))}. "
        if len(finite)
        else ""
    )
    return Drawn(
        matrix_chart(panels, names, [setting.short(label) for label in labels], simulated=setting.simulated),
        title,
        f"{capitalised(exhibits[0].unit or 'value')} of each pair: {listing(title.lower() for title, _ in panels)}",
        f"{spread}One scale of colour for all panels, blue below zero, red above.",
    )


def _fans(exhibits: Sequence[Exhibit], _verdict: Verdict, setting: Setting, height: int) -> Drawn:
    """Panels three in a row; those of as many sessions share their scale."""
    frames = [_by_day(one.frame) for one in exhibits]
    names = [one.name for one in exhibits]
    shared = _shared_words(names)
    titles = [capitalised(name.removeprefix(shared)) for name in names]
    fans = []
    for _, group in groupby(zip(titles, names, frames, strict=True), key=lambda one: len(one[2])):
        members = list(group)
        domain = nice_domain(np.concatenate([frame.to_numpy().ravel() for _, _, frame in members]).tolist())
        colors = setting.colors([_asset(title, setting) for title, _, _ in members])
        fans += [Fan(title, frame, domain, color) for (title, _, frame), color in zip(members, colors, strict=True)]
    outside = [
        _bracketed(name.removeprefix(shared))
        for name, frame in zip(names, frames, strict=True)
        if frame["lower"].iloc[-1] > 0.0 or frame["upper"].iloc[-1] < 0.0
    ]
    subject = capitalised(shared.strip().removesuffix(" of")) or "The estimate"
    rows = -(-len(fans) // FANS_A_ROW)
    return Drawn(
        fans_chart(
            fans,
            height=round(height * (ROW_OF_FANS if rows > 1 else 1.0)),
            simulated=setting.simulated,
        ),
        f"{subject}: at the end the band leaves zero outside for {_which(outside, len(fans))}",
        f"{capitalised(unit_words(exhibits[0].unit))}, with {setting.level_text} pointwise band",
        "Panels of as many sessions have one scale.",
    )


def _which(found: Sequence[str], of: int) -> str:
    if not found:
        return f"none of {count(of)}"
    return f"all {count(of)}" if len(found) == of else f"{listing(found)}, of {count(of)}"


def _bracketed(name: str) -> str:
    """A name whose second half, after a comma, stands in brackets."""
    first, _, rest = name.partition(", ")
    return f"{first} ({rest})" if rest else first


def _shared_words(names: Sequence[str]) -> str:
    """The words with which all names begin, with the space after them."""
    same = takewhile(lambda words: len(set(words)) == 1, zip(*(name.split() for name in names), strict=False))
    return "".join(f"{words[0]} " for words in same)


def _by_day(frame: pd.DataFrame) -> pd.DataFrame:
    days = [int(DAY.fullmatch(str(one)).group(1).replace(MINUS, "-")) for one in frame.index]  # type: ignore[union-attr]
    return frame[list(BAND)].set_axis(days, axis=0)


def _asset(title: str, setting: Setting) -> str:
    """The asset that a panel's title begins with, or the title itself."""
    return next((name for name in setting.panel.names.values() if title.partition(", ")[0] == name), title)


def _ridges(exhibits: Sequence[Exhibit], _verdict: Verdict, setting: Setting, _height: int) -> Drawn:
    shared = _shared_words([one.name for one in exhibits])
    states = [
        Ridges(one.name.removeprefix(shared), color, one.frame) for one, color in zip(exhibits, STATES, strict=False)
    ]
    samples = [str(one) for one in exhibits[0].frame.columns if one != "value"]
    last = states[-1]
    bottom, top = min(samples, key=last.median), max(samples, key=last.median)
    subject = capitalised(shared.split(" on ")[0].strip()) or "Value"
    unit = unit_words(exhibits[0].unit)
    return Drawn(
        ridges_chart(states, axis=unit, simulated=setting.simulated),
        f"{capitalised(exhibits[-1].name)}: from {number(last.median(bottom), 0)} for {in_sentence(bottom)} to "
        f"{quantity(last.median(top), exhibits[0].unit, decimals=0)} for {in_sentence(top)}, in the median",
        f"{subject}, {unit}, logarithmic scale; densities over sessions, {listing(state.name for state in states)}",
        "Rows in the order of the medians.",
    )


SHARED: dict[str, Shared] = {
    "matrix": Shared(1, 3, _matrices),
    "fan": Shared(2, 2 * FANS_A_ROW, _fans),
    "ridges": Shared(1, len(STATES), _ridges),
}

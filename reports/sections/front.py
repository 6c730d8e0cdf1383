"""Page one and what stands right behind it: the answer, how to read it, the event."""

from __future__ import annotations

import math

from models.estimate import Estimate
from models.suite import PathBand
from reports.charts.effects import FOREST_LIMIT, Effect, forest_chart
from reports.charts.paths import Line, band_chart
from reports.document import Block, Bullets, Figure, Note, Paragraph, Ref, Section, Strong
from reports.narrative import TONES, exact, paths_title
from reports.reasons import capitalised_label
from reports.setting import Setting
from reports.tables import meanings_table, verdict_table
from reports.text import (
    NO_BREAK,
    capitalised,
    count,
    in_sentence,
    interval,
    number,
    plural,
    quantity,
    sentence,
)

#: Room for the labels of the overview: the longest part on one line.
OVERVIEW_LEFT = 362
#: Mean width of a character of a label, in CSS pixels.
LABEL_CHARACTER = 4.6


def front(setting: Setting) -> tuple[Block, ...]:
    """The blocks of page one."""
    return (verdict_table(setting.evidence.verdicts, setting.evidence.study, setting.source()),)


def key_paths(setting: Setting, *, height: int = 160) -> Figure | None:
    """The correlations of the first asset with its first two partners on one axis, with their bands."""
    suite = setting.evidence.suite
    usable = [path for path in suite.correlations.values() if path.frame["estimate"].notna().any()]
    if not usable:
        return None
    first = usable[0].pair[0]
    chosen = [path for path in usable if path.pair[0] == first][:2]
    return Figure(
        key="key-paths",
        title=paths_title(chosen, setting.panel),
        subtitle=_path_subtitle(chosen[0], "Conditional correlation of daily returns", setting),
        chart=band_chart(
            [
                Line(f"with {in_sentence(setting.name(path.pair[1]))}", path.frame, setting.color(path))
                for path in chosen
            ],
            setting.time_frame(chosen[0].frame.index),
            domain=setting.correlation_domain,
            height=height,
        ),
        alt=f"{paths_title(chosen, setting.panel)}. Lines over time with their bands.",
        source=setting.source([first, *(path.pair[1] for path in chosen)]),
        note=path_note(chosen[0], setting),
    )


def _path_subtitle(path: PathBand, what: str, setting: Setting) -> str:
    index = path.frame.index
    return (
        f"{what}, {index[0].date().isoformat()} to {index[-1].date().isoformat()}, weekly readings in print; "
        f"{setting.level_text} pointwise band"
    )


def path_note(path: PathBand, setting: Setting) -> str:
    """Model, observations, band and shading of a path."""
    n = int(path.frame["estimate"].notna().sum())
    return f"{sentence(path.method)} n{NO_BREAK}={NO_BREAK}{number(n, 0)} sessions. {setting.shading}"


def reading_section(setting: Setting) -> Section:
    """How to read the edition."""
    study = setting.evidence.study
    forest = overview(setting)
    blocks: list[Block] = [
        Paragraph((study.about.background, " ", study.about.question), lead=True),
        Paragraph(
            (
                "Every statement was turned into a hypothesis with a smallest size of interest before the results "
                "were known; "
                "code applied the rule, nobody’s judgement did. ",
                Ref("meanings"),
                " says what each verdict means, ",
                *((Ref("overview"), " puts all effects on one scale, ") if forest else ()),
                "and each statement has a page of its own from ",
                Ref("claims"),
                " on.",
            )
        ),
        meanings_table(),
    ]
    blocks.append(
        Bullets(
            (
                (
                    Strong("A band"),
                    " around a correlation or a beta is pointwise: it covers the true value of one session with a "
                    "chance of "
                    f"{setting.level_text}, not the whole path. It covers what its note says, usually the "
                    "uncertainty of the "
                    "parameters, and leaves out that the model itself may be wrong.",
                ),
                (
                    Strong("Two bands that overlap"),
                    " do not show that two paths are equal; differences are tested on joint draws and judged in the "
                    "tables.",
                ),
                (
                    Strong("Inconclusive"),
                    " means that the data are too few to tell, in either direction. The column “Found with 80 %” "
                    "says how large an "
                    "effect would have to be.",
                ),
                (
                    Strong("p"),
                    " is exact to three decimals and belongs to the interval beside it. Within a family of "
                    "statements it is "
                    "adjusted by Holm’s method; the adjusted value decides.",
                ),
            )
        )
    )
    if forest is not None:
        blocks.append(forest)
    return Section("reading", "How to read this edition", tuple(blocks))


def overview(setting: Setting) -> Figure | None:
    """All effects in units of their size of interest."""
    effects = []
    for verdict in setting.evidence.verdicts:
        if verdict.kind == "range":
            continue
        for part in verdict.parts:
            effect = part.effect
            if not isinstance(effect, Estimate) or exact(effect) or not part.sesoi > 0 or not math.isfinite(part.sesoi):
                continue
            effects.append(
                Effect(
                    _row_label(f"{verdict.id}  {capitalised_label(part)}"),
                    effect.value / part.sesoi,
                    effect.lower / part.sesoi,
                    effect.upper / part.sesoi,
                    TONES[part.outcome],
                    f"{quantity(effect.value, effect.unit)} {interval(effect.lower, effect.upper, effect.unit)}",
                )
            )
    if not effects:
        return None
    reached = sum(one.value >= 1.0 for one in effects)
    clear = sum(one.lower > 0.0 for one in effects)
    below = sum(one.upper < 0.0 for one in effects)
    title = (
        f"{capitalised(count(reached))} of {plural(len(effects), 'effect')} "
        f"{'reaches' if reached == 1 else 'reach'} the size "
        f"that matters, {count(clear)} {'lies' if clear == 1 else 'lie'} above zero, {count(below)} below"
    )
    return Figure(
        key="overview",
        title=title,
        subtitle=(
            f"Effect of each part in units of its size of interest, {setting.level_text} intervals; right: the "
            "effect itself"
        ),
        chart=forest_chart(
            effects,
            axis="effect ÷ size of interest",
            marks=((0.0, "zero"), (1.0, "size of interest")),
            limit=FOREST_LIMIT,
            left=OVERVIEW_LEFT,
            simulated=setting.simulated,
        ),
        alt=f"{title}. One row for each part of a statement, with its interval.",
        source=setting.source(),
        note="Positive effects support the statement. Colours repeat the verdict of the part: green supported, gold "
        "mixed, red not supported, grey inconclusive. Arrows: the interval goes on. Range statements, exact readings "
        "and parts without a size of interest are left out.",
    )


def _row_label(label: str) -> str:
    """A label that its margin holds: one that is too long loses what it says in brackets."""
    return label if len(label) <= OVERVIEW_LEFT / LABEL_CHARACTER else label.split(" (", 1)[0]


def simulated_note() -> Note:
    """What an edition on simulated data is worth."""
    return Note(
        "Simulated data",
        (
            "Nothing in this edition is evidence about markets. The prices were drawn from a known model to show "
            "that the pipeline "
            "runs and recovers what was put in.",
        ),
        "bad",
    )

"""The monitor's last part: what to watch, what would turn a verdict, what moved, how healthy the models are."""

from __future__ import annotations

from collections.abc import Iterator

from models.claims.flips import Flip, nearest_flips
from models.claims.verdict import Verdict
from models.estimate import NotDecidable
from models.outlook.watch import Watched
from models.suite import Check
from reports.changes import Changes, Drift, changes_section
from reports.document import Block, Bullets, Cell, Chip, Column, Inline, Paragraph, Section, Strong, Table, cell
from reports.narrative import chip
from reports.parameters import in_words
from reports.setting import Setting
from reports.tables.cells import LIGHTS
from reports.text import (
    NOT_APPLICABLE,
    count,
    decimals_for,
    in_sentence,
    listing,
    number,
    p_clause,
    plural,
    quantity,
    sentence,
    share,
    tidy,
)

#: Verdicts shown that are nearest to another one.
MOST_FLIPS = 5
#: Parameters named whose estimate moved most.
MOST_DRIFTS = 3
#: Move of a parameter, in its earlier standard errors, from which its light is red.
LARGE_DRIFT = 3.0


def watch_section(setting: Setting, changed: Changes | None) -> Section:
    """Series to watch, conditions under which verdicts would turn, verdicts that moved, what came after the article."""
    blocks: list[Block] = []
    if setting.evidence.outlook.watch:
        blocks.append(watch_table(setting))
    evidence = setting.evidence
    flips = nearest_flips(evidence.verdicts, MOST_FLIPS, share_needed=evidence.study.verdict.share_needed)
    if flips:
        blocks.append(flips_table(flips))
    if changed is not None:
        blocks += [one for one in changes_section(changed).blocks if isinstance(one, Table)]
    blocks.append(Paragraph((_scoreboard(setting.evidence.verdicts),)))
    return Section("watch", "What to watch", tuple(blocks), opening=True)


def watch_table(setting: Setting) -> Table:
    """Level, place in its past and recent moves of each watched series."""
    rows = setting.evidence.outlook.watch
    extreme = max(rows, key=lambda one: abs(one.percentile - 0.5))
    side = "higher" if extreme.percentile >= 0.5 else "lower"
    place = share(max(extreme.percentile, 1.0 - extreme.percentile))

    def row(one: Watched) -> tuple[Cell, ...]:
        return (
            cell(setting.name(one.role)),
            cell(_level(one), one.value),
            cell(one.date.strftime("%Y-%m-%d")),
            cell(share(one.percentile), one.percentile),
            cell(one.since.strftime("%Y-%m")),
            cell(_move(one.week, one.unit), one.week),
            cell(_move(one.month, one.unit), one.month),
        )

    return Table(
        key="watch-list",
        title=f"{setting.name(extreme.role)} stands {side} than on {place} of its days",
        columns=(
            Column("Series", width=30),
            Column("Last value", "number", 12),
            Column("Of", "number", 12),
            Column("Percentile", "number", 10),
            Column("Since", "number", 10),
            Column("Change in a week", "number", 13),
            Column("In four weeks", "number", 13),
        ),
        rows=tuple(row(one) for one in rows),
        source=setting.source([one.role for one in rows]),
        note="Levels as published by the last session, later revisions included. Percentile: share of the values since "
        "the month named that are lower. Changes over five and 21 sessions.",
        style="compact",
    )


def _level(one: Watched) -> str:
    return quantity(one.value, "%", decimals=2) if one.unit == "bp" else number(one.value, 2)


def _move(value: float, unit: str) -> str:
    return number(value, 3, signed=True) if unit == "points" else quantity(value, unit, signed=True)


def flips_table(flips: tuple[Flip, ...]) -> Table:
    """The verdicts nearest to another one, and what their effects would have to be."""

    def row(one: Flip) -> tuple[Cell, ...]:
        places = decimals_for(one.effect.unit)
        return (
            cell(one.claim, one.claim),
            cell(one.statement),
            cell(chip(one.before)),
            cell(number(one.effect.value, places), one.effect.value),
            cell(number(one.needed, places), one.needed),
            cell(number(one.distance, 2), one.distance),
            cell(chip(one.after)),
        )

    first = flips[0]
    return Table(
        key="flips",
        title=f"{first.claim} is nearest to another verdict: {number(first.distance, 2)} standard errors",
        columns=(
            Column("Id", width=5),
            Column("Statement", width=46),
            Column("Verdict", width=13),
            Column("Effect", "number", 7),
            Column("Turns at", "number", 8),
            Column("Distance", "number", 8),
            Column("Would be", width=13),
        ),
        rows=tuple(row(one) for one in flips),
        source="verdicts of this edition.",
        note="Smallest move of one effect, its interval moving along, that changes the verdict by the general rule; "
        "distance in standard errors. Verdicts that a rule of their own decides are left out.",
        style="compact",
    )


def _scoreboard(verdicts: tuple[Verdict, ...]) -> str:
    """Which way each claim's measure points on the sessions after the article's date."""
    later = [(one.id, one.confirmation) for one in verdicts if one.confirmation is not None]
    measured = [(name, one) for name, one in later if one.towards is not None]
    if not measured:
        return "The data hold nothing after the article’s date by which its statements could be followed up."
    towards = [name for name, one in measured if one.towards]
    away = [name for name, one in measured if not one.towards]
    sessions = max(one.sessions for _, one in measured)
    last = max(one.last for _, one in measured)
    words = (
        f"Since the article, over {plural(sessions, 'session')} to {last.isoformat()}, "
        f"{count(len(towards))} of {plural(len(measured), 'measure')} {'points' if len(towards) == 1 else 'point'} "
        "the way "
        "the statement says"
    )
    words += f" ({listing(towards)})" if towards else ""
    words += f", the other way {listing(away)}" if away else ""
    return f"{words}. Direction only: too few days for a verdict."


def health_section(setting: Setting, changed: Changes | None) -> Section:
    """Lights, and how to read this edition."""
    return Section(
        "health", "How far the models can be trusted", (health_table(setting, changed), _method(setting)), opening=True
    )


def health_table(setting: Setting, changed: Changes | None) -> Table:
    """One light a part: fits, checks, forecasts, drift, data."""
    rows = tuple(
        (cell(part), cell(light), cell(sentence(words)))
        for part, light, words in (*_fits(setting), _forecasts(setting), _drifts(setting, changed), _data(setting))
    )
    return Table(
        key="health-lights",
        title="Model health",
        columns=(Column("Part", width=16), Column("Light", width=10), Column("What it rests on", width=74)),
        rows=rows,
        source=setting.source(),
        note="Green: all targets met; amber: some missed; red: a fit did not converge or data may not be used.",
        style="compact",
    )


Light = tuple[str, Chip, str]


def _fits(setting: Setting) -> Iterator[Light]:
    suite = setting.evidence.suite
    failed = [table.model for table in suite.parameters if not table.convergence.converged]
    if failed:
        yield "Fits", LIGHTS["red"], f"{listing(failed)} did not converge"
    groups: dict[str, list[Check]] = {}
    for check in suite.checks:
        groups.setdefault("Margins" if check.model.startswith("margin") else check.model, []).append(check)
    healthy = [model for model, checks in groups.items() if all(one.passed for one in checks)]
    if healthy:
        met = sum(len(groups[model]) for model in healthy)
        words = f"{count(len(suite.parameters) - len(failed))} of {plural(len(suite.parameters), 'fit')} converged; "
        yield "Fits and checks", LIGHTS["green"], f"{words}every check met of {listing(healthy)} ({met})"
    for model, checks in groups.items():
        missed = [one for one in checks if not one.passed]
        if missed:
            named = listing(_missed(one) for one in missed[:2])
            more = f" and {count(len(missed) - 2)} more" if len(missed) > 2 else ""
            done = f"{count(len(checks) - len(missed))} of {plural(len(checks), 'check')} met"
            yield model, LIGHTS["amber"], f"{done}; missed: {named}{more}"


def _missed(check: Check) -> str:
    return f"{check.name}{_of_margin(check)} ({number(check.value, 3)}, target {tidy(check.target)})"


def _of_margin(check: Check) -> str:
    return f", {check.model.removeprefix('margin of ').replace('_', ' ')}" if check.model.startswith("margin") else ""


def _forecasts(setting: Setting) -> Light:
    comparison = setting.evidence.outlook.comparison
    if isinstance(comparison, NotDecidable):
        return "Forecasts", LIGHTS["amber"], str(comparison)
    inside = comparison.default in comparison.equals
    words = (
        f"over the last {comparison.sessions} sessions {comparison.best} forecast covariances best, "
        f"{listing(comparison.equals)} cannot be told from it (model confidence set at 10 %); {comparison.default} "
        "against "
        f"{comparison.rival}: {p_clause(comparison.against_best.p_value)}"
    )
    return "Forecasts", LIGHTS["green" if inside else "amber"], words


def _drifts(setting: Setting, changed: Changes | None) -> Light:
    if changed is None or not changed.drifts:
        return "Parameters", Chip("plain", NOT_APPLICABLE, "none"), "no earlier edition is kept to compare with"
    largest = abs(changed.drifts[0].z)
    light = "red" if largest >= LARGE_DRIFT else "amber" if changed.drifted else "green"
    named = listing(_drift_words(one, setting) for one in changed.drifts[:MOST_DRIFTS])
    moved = count(len(changed.drifted)) if changed.drifted else "none"
    words = f"since the edition of {changed.since} {moved} of {len(changed.drifts)} moved by a "
    words += f"standard error or more; most: {named}"
    return "Parameters", LIGHTS[light], words


def _drift_words(one: Drift, setting: Setting) -> str:
    """A parameter in words, and its move in standard errors."""
    name = in_words(one.name, lambda role: in_sentence(setting.name(role))) or one.name
    return f"{in_sentence(name)} ({number(one.z, 1, signed=True)})"


def _data(setting: Setting) -> Light:
    quality = setting.panel.quality
    lights = [one.light for one in quality.summaries]
    light = next((name for name in ("red", "amber", "green") if name in lights), "green")
    gaps = [one for one in quality.summaries if one.missing_sessions]
    missing = sum(one.missing_sessions for one in gaps)
    worst = max(gaps, key=lambda one: one.missing_sessions, default=None)
    words = f"{plural(len(lights), 'series', 'series')}"
    words += (
        f", {number(missing, 0)} values missing on sessions in {count(len(gaps))} of them, most in "
        f"{setting.name(worst.role)} ({number(worst.missing_sessions, 0)})"
        if worst
        else ", no value missing on a session"
    )
    absent = f"; absent: {count(len(quality.absent))}" if quality.absent else ""
    return "Data", LIGHTS[light], f"{words}; none was imputed{absent}"


def _clock(rule: str) -> str:
    """How sessions and the clock of round-the-clock prices are aligned: the first two sentences of the rule."""
    return sentence(". ".join(rule.split(". ")[:2]))


def _method(setting: Setting) -> Bullets:
    """How to read it: bands, information sets, the clock, what it is not."""
    evidence = setting.evidence
    entries: tuple[tuple[Inline, ...], ...] = (
        (
            Strong("Bands"),
            f" hold {setting.level_text} at each point and cover the uncertainty of the parameters; prediction "
            "intervals "
            "cover that of the innovations too; none covers a wrong model. ",
            Strong("Changes"),
            " since an edition are reported only beyond the 80 % band that it printed.",
        ),
        (
            Strong("Information."),
            f" Everything is known at the close of {evidence.outlook.last.strftime('%Y-%m-%d')}; probabilities are "
            f"filtered, never smoothed. {_clock(setting.panel.calendar_rule)} Verdicts rest on data to the "
            "article’s date.",
        ),
        (
            Strong("Made from"),
            f" study {evidence.provenance.study_sha256[:12]}, data {evidence.provenance.data_sha256[:12]}, code "
            f"{evidence.provenance.code_sha256[:12]}, seed {evidence.provenance.seed}. "
            f"{sentence(setting.panel.source)} {evidence.study.about.licence}. Not investment advice.",
        ),
    )
    return Bullets(entries)

"""The monitor's first part: the regime, the nowcast, and where it may go."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from models.estimate import Estimate, NotDecidable
from models.outlook.nowcast import MONTH, Reading, correlation_of
from models.outlook.states import RegimeState, Revision
from reports.charts.effects import Effect, forest_chart
from reports.charts.fans import Fan, fans_chart
from reports.charts.frame import spells
from reports.charts.paths import Line, band_chart
from reports.charts.style import BLUE, ROLE_COLORS, nice_domain
from reports.document import Block, Cell, Column, Figure, Section, Table, cell
from reports.outlook_words import FAR, LIKELY, places, reference_names, row_name, standing, subject, value_words
from reports.setting import Setting
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    count,
    in_sentence,
    interval,
    listing,
    number,
    quantity,
    sentence,
    share,
    span,
)

#: Sessions of the past that the monitor's charts show, and those before a fan.
SHOWN, BEFORE_FAN = 504, 42
KINDS = {"correlation": "Correlation", "beta": "Beta", "mean_correlation": "Correlation", "volatility": "Volatility"}
#: Heights of the plots in CSS pixels: the regimes' fans, paths, the readings' fans. Tables share their page.
REGIME_HEIGHT, PATH_HEIGHT, FAN_HEIGHT = 42, 62, 52
#: Panels of each kind in the figure of fans.
FANS = {"correlation": 2, "beta": 1, "volatility": 3}


def state_table(setting: Setting) -> Table:
    """Probability of the turbulent regime: then, now and ahead, by the reference series and by all assets."""
    outlook, states = setting.evidence.outlook, regime_states(setting)

    def row(label: str, *cells: Cell) -> tuple[Cell, ...]:
        return cell(label), *cells

    def read(label: str, back: int) -> tuple[Cell, ...]:
        return row(label, *(_known(one, back) for one in states.values()))

    def ahead(label: str, h: int) -> tuple[Cell, ...]:
        return row(label, *(_chance(one if isinstance(one, NotDecidable) else one.ahead[h]) for one in states.values()))

    rows = (
        read("Four weeks ago, filtered", 20),
        read("A week ago, filtered", 5),
        row("At the last close, filtered", *(_chance(_now(one)) for one in states.values())),
        ahead("Next session", 1),
        ahead("In a week", 5),
        ahead("In a month", MONTH),
        row("Sessions that the likelier regime still lasts", *(_lasting(one) for one in states.values())),
    )
    return Table(
        key="state",
        title="Probability of the turbulent regime",
        columns=(
            Column("Information", width=40),
            *(Column(name, "number", 30) for name in states),
        ),
        rows=rows,
        source=setting.source(setting.evidence.study.correlation.assets),
        note=f"{capitalised(reference_names(setting))} are the reference: no statement is judged by its own series. In "
        f"brackets: {setting.level_text} intervals of the parameters. Filtered: data to each close, parameters of the "
        f"whole sample. The chain has no memory: what is left does not depend on when the regime began. "
        f"{_revised(outlook.revision)}",
        style="compact",
    )


def _now(state: RegimeState | NotDecidable) -> Estimate | NotDecidable:
    return state if isinstance(state, NotDecidable) else state.now


def _known(state: RegimeState | NotDecidable, back: int) -> Cell:
    known = state.known.get(back) if isinstance(state, RegimeState) else None
    return cell(share(known, decimals=1), known)


def _chance(chance: Estimate | NotDecidable) -> Cell:
    if isinstance(chance, NotDecidable):
        return cell(NOT_APPLICABLE)
    limits = interval(100.0 * chance.lower, 100.0 * chance.upper, decimals=1)
    return cell(f"{share(chance.value, decimals=1)} {limits}", chance.value)


def _lasting(state: RegimeState | NotDecidable) -> Cell:
    if isinstance(state, NotDecidable) or isinstance(state.remaining, NotDecidable):
        return cell(NOT_APPLICABLE)
    left = state.remaining
    name = "turbulent" if state.turbulent else "calm"
    return cell(f"{name}: {number(left.value, 0)} {interval(left.lower, left.upper, decimals=0)}", left.value)


def _revised(revision: Revision | NotDecidable) -> str:
    if isinstance(revision, NotDecidable):
        return sentence(f"how far hindsight moves such probabilities is {revision}")
    return (
        f"Over the last {revision.sessions} sessions hindsight moved the reference probability by "
        f"{number(100.0 * revision.mean, 0)} points in the mean and by {number(100.0 * revision.largest, 0)} at most, "
        "measured from what was known when it was news."
    )


def nowcast_table(setting: Setting) -> Table:
    """Every reading for the next session: band, place in its past, the week's move, a month on, other models."""
    outlook = setting.evidence.outlook
    waviness = {
        correlation_of(*pair).key: path.dispersion_percentile
        for pair, path in setting.evidence.suite.correlations.items()
    }

    def row(one: Reading) -> tuple[Cell, ...]:
        decimals = places(one.quantity)
        wavy = waviness.get(one.quantity.key)
        low, high = one.model_range
        signed = number(one.change.value, decimals, signed=True)
        return (
            cell(f"{KINDS[one.quantity.kind]}: {in_sentence(row_name(one.quantity, setting))}"),
            cell(number(one.now.value, decimals), one.now.value),
            cell(interval(one.now.lower, one.now.upper, decimals=decimals), one.now.lower),
            cell(share(one.percentile), one.percentile),
            cell(f"{signed} {interval(one.change.lower, one.change.upper, decimals=decimals)}", one.change.value),
            cell(
                f"{number(one.ahead.value, decimals)} {interval(one.ahead.lower, one.ahead.upper, decimals=decimals)}",
                one.ahead.value,
            ),
            cell(f"{number(low, decimals)} to {number(high, decimals)}", low),
            cell(share(wavy), wavy),
        )

    names = dict.fromkeys(name for one in outlook.readings for name in one.models)
    return Table(
        key="nowcast",
        title=_nowcast_title(setting),
        columns=(
            Column("For the next session", width=27),
            Column("Now", "number", 5.5),
            Column(f"{setting.level_text} band", "number", 12),
            Column("Percentile", "number", 7.5),
            Column("Change in a week", "number", 15),
            Column(f"In {MONTH} sessions", "number", 15),
            Column("All models", "number", 11),
            Column("Waviness", "number", 7),
        ),
        rows=tuple(row(one) for one in outlook.readings),
        source=setting.source(setting.evidence.study.correlation.assets),
        note=f"cDCC on {outlook.readings[0].now.n:,} sessions, known at the last close; volatilities in % a year of "
        "252 "
        f"sessions. Band: {setting.level_text}, parameters only, {number(outlook.effort.parameters, 0)} draws. "
        "Percentile: share of the sample’s sessions with a lower value. "
        "Change: with the interval that common draws give; it leaves out "
        "model "
        f"error. In {MONTH} sessions: mean and {setting.level_text} prediction interval, parameters and innovations. "
        "All "
        f"models: range over cDCC, {listing(names)}. Waviness: share of worlds with constant correlation whose "
        "estimated line is calmer; below 95 % the line’s waves are no news.",
        style="compact",
    )


def _nowcast_title(setting: Setting) -> str:
    readings = setting.evidence.outlook.readings
    far = [one for one in readings if min(one.percentile, 1.0 - one.percentile) <= FAR]
    if not far:
        return f"None of {len(readings)} readings lies in the outer tenth of its past"
    return f"{len(far)} of {len(readings)} readings lie in the outer tenth of their past"


def charts_section(setting: Setting) -> Section:
    """Fans of the regime, paths with bands, fans of readings and net connectedness."""
    blocks: list[Block | None] = [
        regimes_figure(setting),
        paths_figure(setting),
        fans_figure(setting),
        net_figure(setting),
    ]
    return Section("ahead", "How it came here, and where it may go", tuple(one for one in blocks if one), opening=True)


def regimes_figure(setting: Setting) -> Figure | None:
    """The turbulent regime's probability over the last two months and the month ahead."""
    outlook = setting.evidence.outlook
    fans = [
        Fan(name, one.fan, (0.0, 1.0), BLUE, one.path.iloc[-BEFORE_FAN:])
        for name, one in regime_states(setting).items()
        if isinstance(one, RegimeState) and isinstance(one.fan, pd.DataFrame)
    ]
    month = None if isinstance(outlook.reference, NotDecidable) else outlook.reference.ahead[MONTH]
    if not fans or not isinstance(month, Estimate):
        return None
    title = (
        f"Turbulence in {MONTH} sessions has a probability of {share(month.value)} by the reference series, between "
        f"{share(month.lower)} and {share(month.upper)}"
    )
    return Figure(
        key="regimes-ahead",
        title=title,
        subtitle=f"Probability of the turbulent regime, two months back (filtered) and {MONTH} sessions ahead; "
        f"{setting.level_text} pointwise band of the parameters",
        chart=fans_chart(fans, columns=len(fans), height=REGIME_HEIGHT, simulated=setting.simulated),
        alt=f"{title}. {capitalised(count(len(fans)))} panels, each a line that opens into a fan.",
        source=setting.source(setting.evidence.study.correlation.assets),
        note="Dashed: expected.",
    )


def regime_states(setting: Setting) -> dict[str, RegimeState | NotDecidable]:
    """Regimes by what the model looks at."""
    outlook, assets = setting.evidence.outlook, setting.evidence.study.correlation.assets
    return {"Reference series": outlook.reference, f"All {len(assets)} assets": outlook.everything}


def paths_figure(setting: Setting) -> Figure | None:
    """The first two correlations with their bands over the last two years."""
    suite = setting.evidence.suite
    kept = [one for one in suite.correlations.values() if one.frame["estimate"].notna().any()][:2]
    if not kept:
        return None
    readings = [setting.evidence.outlook.reading(correlation_of(*one.pair).key) for one in kept]
    title = capitalised(
        listing(
            f"{subject(one.quantity, setting)} is {number(one.now.value)}, {standing(one.percentile)}"
            for one in readings
            if one is not None
        )
    )
    frames = [one.frame.iloc[-SHOWN:] for one in kept]
    lines = [
        Line(row_name_of(one.pair, setting), frame, setting.color(one)) for one, frame in zip(kept, frames, strict=True)
    ]
    return Figure(
        key="recent-paths",
        title=title,
        subtitle=f"Conditional correlation, daily, {_period(frames[0].index)}; {setting.level_text} pointwise band",
        chart=band_chart(
            lines,
            replace(
                setting.time_frame(frames[0].index), stress=spells(setting.evidence.outlook.reference.path > LIKELY)
            ),
            domain=setting.correlation_domain,
            height=PATH_HEIGHT,
        ),
        alt=f"{title}. Two lines with bands over two years.",
        source=setting.source(role for one in kept for role in one.pair),
        note="cDCC(1,1), each value known at the close before; band of parameter uncertainty. Grey: the reference "
        "series "
        "gave turbulence a probability above one half (filtered); spells less than a week apart are joined.",
    )


def row_name_of(pair: tuple[str, str], setting: Setting) -> str:
    """A pair in the margin of a chart."""
    return f"with {in_sentence(setting.name(pair[1]))}"


def _period(index: pd.Index) -> str:
    dates = pd.DatetimeIndex(index)
    return f"{dates[0].date().isoformat()} to {dates[-1].date().isoformat()}"


def fans_figure(setting: Setting) -> Figure | None:
    """Fans of correlations and a beta, and the cone of volatilities, a month ahead."""
    outlook = setting.evidence.outlook
    chosen: list[Reading] = []
    for kind, most in FANS.items():
        chosen += [one for one in outlook.readings if one.quantity.kind == kind][:most]
    if not chosen:
        return None
    domains = {
        kind: nice_domain(
            [
                float(value)
                for one in chosen
                if one.quantity.kind == kind
                for value in (
                    *one.path.iloc[-BEFORE_FAN:],
                    *one.fan["inner_lower"],
                    *one.fan["inner_upper"],
                    float(one.fan["lower"].min()),
                    float(one.fan["upper"].max()),
                )
            ],
            room=0.02,
        )
        for kind in FANS
    }
    panels = [
        Fan(
            title=f"{KINDS[one.quantity.kind]}: {in_sentence(row_name(one.quantity, setting))}",
            past=pd.concat([one.path.iloc[-BEFORE_FAN:], pd.Series([one.now.value], index=[outlook.last])]),
            ahead=one.fan,
            domain=domains[one.quantity.kind],
            color=ROLE_COLORS.get(one.quantity.series[-1 if one.quantity.kind == "correlation" else 0], BLUE),
        )
        for one in chosen
    ]
    first = chosen[0]
    title = capitalised(
        f"{subject(first.quantity, setting)} is expected at {value_words(first.ahead.value, first.quantity)} in a "
        "month, "
        f"between {span(first.ahead.lower, first.ahead.upper)}"
    )
    return Figure(
        key="fans",
        title=title,
        subtitle=f"Conditional correlation, beta and volatility (% a year), two months back and {MONTH} sessions ahead",
        chart=fans_chart(panels, height=FAN_HEIGHT, simulated=setting.simulated),
        alt=f"{title}. Six panels, each a line that opens into a fan.",
        source=setting.source(role for one in chosen for role in one.quantity.series),
        note=f"Filtered historical simulation of cDCC on {first.now.n:,} sessions. Dashed: mean; dark: 80 %, light: "
        f"{setting.level_text} prediction interval, pointwise, parameters and innovations; model error is left out.",
    )


def net_figure(setting: Setting) -> Figure | None:
    """Net connectedness of each asset."""
    net = setting.evidence.outlook.net
    if isinstance(net, NotDecidable):
        return None
    ordered = sorted(net.items(), key=lambda one: one[1].value, reverse=True)
    giver, taker = ordered[0], ordered[-1]
    title = capitalised(
        f"{in_sentence(setting.name(giver[0]))} gave {quantity(giver[1].value, '%', decimals=0)} more of others’ "
        "variance "
        f"than it received, {in_sentence(setting.name(taker[0]))} received "
        f"{quantity(-taker[1].value, '%', decimals=0)} more than it gave"
        if giver[1].value > 0.0 > taker[1].value
        else "net connectedness of the assets"
    )
    effects = [
        Effect(
            setting.name(name),
            one.value,
            one.lower,
            one.upper,
            "plain",
            f"{number(one.value, 1, signed=True)} {interval(one.lower, one.upper, decimals=1)}",
        )
        for name, one in ordered
    ]
    return Figure(
        key="net",
        title=title,
        subtitle=f"Given less received, % of forecast-error variance at ten sessions; {setting.level_text} intervals",
        chart=forest_chart(effects, axis="% of variance", simulated=setting.simulated),
        alt=f"{title}. One point with its interval for each asset.",
        source=setting.source(net),
        note=f"Generalised decomposition (Diebold and Yilmaz 2012), VAR(1), last {ordered[0][1].n} sessions, bias "
        "corrected; not causal.",
    )

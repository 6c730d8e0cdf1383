"""The monitor's second part: losses in the tails, and scenarios."""

from __future__ import annotations

from models.estimate import Estimate, NotDecidable, TestResult
from models.outlook.scenarios import Stance
from models.outlook.tails import BACKTEST, HORIZONS, AssetRisk
from reports.document import Cell, Column, Section, Small, Table, cell
from reports.setting import Setting
from reports.text import (
    NOT_APPLICABLE,
    capitalised,
    interval,
    listing,
    named_the,
    number,
    p_value,
    quantity,
    sentence,
    share,
)


def tails_section(setting: Setting) -> Section:
    """Value at risk, shortfall, losses in the stressed asset's distress, exceptions."""
    return Section("tails", "How much may be lost", (tails_table(setting),), opening=True)


def tails_table(setting: Setting) -> Table:
    """One row an asset; simple returns in percent."""
    outlook = setting.evidence.outlook
    tail = share(outlook.tail)
    stressed = named_the(setting.name(outlook.stressed)) if outlook.stressed else ""
    given = bool(stressed)

    def row(one: AssetRisk) -> tuple[Cell, ...]:
        losses = [figures[h] for h in HORIZONS for figures in (one.value_at_risk, one.expected_shortfall)]
        conditional = (one.covar, one.marginal_shortfall) if given else ()
        p = one.coverage.p_value if isinstance(one.coverage, TestResult) else None
        return (
            cell(setting.name(one.name)),
            *(_stacked(loss) for loss in (*losses, *conditional)),
            cell(number(one.exceptions, 0), one.exceptions),
            cell(p_value(p), p),
        )

    worst = min(outlook.risks, key=lambda one: one.value_at_risk[1].value)
    sessions = {1: "1 session", 10: "10 sessions"}
    heads = [f"{name}, {sessions[h]}" for h in HORIZONS for name in (f"{tail} quantile", "Mean below it")]
    conditional_heads = (f"{tail} quantile in distress", "Mean in distress") if given else ()
    expected = number(BACKTEST * outlook.tail, 1)
    distress = (
        f" In distress: on sessions on which {stressed} is at or below its own {tail} quantile; the quantile from a "
        "bivariate Student-t (CoVaR, Girardi and Ergun 2013), the mean from the simulation (marginal expected "
        "shortfall)."
        if given
        else ""
    )
    return Table(
        key="tail-risk",
        title=f"{setting.name(worst.name)}: a loss of more than {quantity(-worst.value_at_risk[1].value, '%')} in one "
        f"session in {20 if outlook.tail == 0.05 else round(1.0 / outlook.tail)}",
        columns=(
            Column("Return, %", width=16),
            *(Column(head, "number", 11.5) for head in (*heads, *conditional_heads)),
            Column(f"Exceptions in {BACKTEST}", "number", 9),
            Column("p", "number", 6),
        ),
        rows=tuple(row(one) for one in outlook.risks),
        source=setting.source([one.name for one in outlook.risks]),
        note=f"Filtered historical simulation, {outlook.effort.paths:,} paths; second line: {setting.level_text} "
        "interval "
        f"of the parameters.{distress} Exceptions: sessions below the {tail} quantile that was known before, "
        f"{expected} "
        f"are to be expected; p: Kupiec’s test of their number, exact.",
        style="compact-tight",
    )


def _stacked(one: Estimate | NotDecidable) -> Cell:
    if isinstance(one, NotDecidable):
        return cell(NOT_APPLICABLE)
    return cell((number(one.value, 1), Small(interval(one.lower, one.upper, decimals=1))), one.value)


def scenarios_section(setting: Setting) -> Section | None:
    """Shocks, replays, correlations of stress, change of regime."""
    blocks = [one for one in (shocks_table(setting), replays_table(setting), stances_table(setting)) if one is not None]
    return Section("scenarios", "What if", tuple(blocks), opening=True) if blocks else None


def shocks_table(setting: Setting) -> Table | None:
    """Expected moves of the other assets in the same session, with band and likely range."""
    shocks = setting.evidence.outlook.shocks
    if not shocks:
        return None

    def moves(asset: str) -> tuple[Cell, ...]:
        cells = []
        for one in shocks:
            response = one.responses.get(asset)
            if response is None:
                cells += [cell(f"{number(one.moves[asset], 1)} given", one.moves[asset]), cell(NOT_APPLICABLE)]
                continue
            mean = response.expected
            text = f"{number(mean.value, 1)} {interval(mean.lower, mean.upper, decimals=1)}"
            cells += [
                cell(text, mean.value),
                cell(f"{number(response.low, 1)} to {number(response.high, 1)}", response.low),
            ]
        return tuple(cells)

    assets = setting.evidence.study.correlation.assets
    hit = min(
        ((one, name, response) for one in shocks for name, response in one.responses.items()),
        key=lambda item: item[2].expected.value,
    )
    return Table(
        key="shocks",
        title=f"{hit[0].name}: {named_the(setting.name(hit[1]))} would be expected to move by "
        f"{quantity(hit[2].expected.value, '%', signed=True)}",
        columns=(
            Column("Move, %", width=16),
            *(column for one in shocks for column in (Column(one.name, "number"), Column("likely range", "number"))),
        ),
        rows=tuple((cell(setting.name(asset)), *moves(asset)) for asset in assets),
        source=setting.source(assets),
        note=f"Given the shock, from the covariance of the next session; expected move with its "
        f"{setting.level_text} band of the parameters; likely range: holds {setting.level_text} of the "
        "moves if "
        f"returns are Student-t with {number(shocks[0].nu, 1)} degrees of freedom, whose spread grows with the shock. "
        "In "
        f"standard deviations the shocks measure {listing(number(one.distance, 1) for one in shocks)}.",
        style="compact",
    )


def replays_table(setting: Setting) -> Table | None:
    """Past stretches fed through the model from today's volatilities and correlations."""
    replays = setting.evidence.outlook.replays
    if not replays:
        return None
    assets = list(replays[0].then)

    def row(asset: str) -> tuple[Cell, ...]:
        cells = [
            cell(
                (
                    f"{number(one.now[asset].value, 0)} "
                    f"{interval(one.now[asset].lower, one.now[asset].upper, decimals=0)}",
                    Small(f"then {number(one.then[asset], 0)}"),
                ),
                one.now[asset].value,
            )
            for one in replays
        ]
        return cell(setting.name(asset)), *cells

    worse = sum(one.now[asset].value < one.then[asset] for one in replays for asset in assets)
    return Table(
        key="replays",
        title=f"The shocks of past crises would cost more today than then in {worse} of {len(assets) * len(replays)} "
        "cases",
        columns=(
            Column("Return, %", width=19),
            *(Column(f"{_stretch(one.name, setting)}, {one.sessions} sessions", "number") for one in replays),
        ),
        rows=tuple(row(asset) for asset in assets),
        source=setting.source(assets),
        note="Each crisis’ own standardised shocks, session by session, fed through the model from today’s "
        "volatilities "
        f"and correlations, which then move on; in brackets {setting.level_text} intervals of the parameters. No "
        "probability is attached to a replay.",
        style="compact",
    )


def _stretch(name: str, setting: Setting) -> str:
    """A window's name made a head; a crisis has a name already."""
    if name not in setting.evidence.study.windows:
        return name
    window = setting.evidence.study.windows[name]
    return f"Event of {window.last.isoformat()[:7]}" if window.last else capitalised(name)


def stances_table(setting: Setting) -> Table | None:
    """A mix of equal risks now, with the correlations of stress, and in the turbulent regime."""
    outlook = setting.evidence.outlook
    rows: list[tuple[str, Stance]] = []
    if not isinstance(outlook.stances, NotDecidable):
        for one in outlook.stances:
            label = (
                "Next session" if one.weight == 0.0 else f"Correlations moved {share(one.weight)} to those of stress"
            )
            rows.append((label, one))
    words = ""
    if not isinstance(outlook.jump, NotDecidable):
        rows.append(("Turbulent regime of all assets begins", outlook.jump[0]))
        words = _jump_words(setting)
    if not rows:
        return None
    now, last = rows[0][1], rows[-1][1]
    grows = last.volatility.value > now.volatility.value
    title = (
        f"A mix of equal risks has a volatility of {quantity(now.volatility.value, '%', decimals=2)} a session, and "
        f"{quantity(last.volatility.value, '%', decimals=2)} in the last scenario"
        if grows
        else f"A mix of equal risks has a volatility of {quantity(now.volatility.value, '%', decimals=2)} a session; "
        "the "
        "last scenario would not raise it"
    )
    return Table(
        key="stances",
        title=title,
        columns=(
            Column("Scenario", width=40),
            Column("Mean correlation", "number", 20),
            Column("Volatility, % a session", "number", 20),
            Column("Diversification ratio", "number", 20),
        ),
        rows=tuple(
            (
                cell(label),
                *(_with_limits(value) for value in (one.mean_correlation, one.volatility, one.diversification)),
            )
            for label, one in rows
        ),
        source=setting.source(setting.evidence.study.correlation.assets),
        note="Weights inverse to today’s volatilities, held in every row. Stress: sessions after a close of the fear "
        "index "
        f"above its {number(100 * setting.evidence.study.stress.fear_quantile, 0)}th percentile. Diversification "
        "ratio: "
        f"mean volatility over the mix’s own, 1 where all moves as one. {setting.level_text} intervals of the "
        f"parameters. {words}".strip(),
        style="compact",
    )


def _with_limits(one: Estimate) -> Cell:
    return cell(f"{number(one.value)} {interval(one.lower, one.upper)}", one.value)


def _jump_words(setting: Setting) -> str:
    """Which assets the turbulent regime would make wilder than they are now."""
    outlook = setting.evidence.outlook
    if isinstance(outlook.jump, NotDecidable):
        return ""
    wilder = []
    for role, turbulent in outlook.jump[1].items():
        reading = outlook.reading(f"volatility:{role}")
        if reading is not None and turbulent.value * reading.quantity.factor > reading.now.value:
            wilder.append(named_the(setting.name(role)))
    if not wilder:
        return "Every asset shown is wilder already than in the turbulent regime."
    return sentence(f"the regime would raise the volatility of {listing(wilder)} above today’s")

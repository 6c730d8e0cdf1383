"""Why they fell, and what it means for a portfolio."""

from __future__ import annotations

from models.drivers import Fall
from models.estimate import Estimate, NotDecidable
from models.portfolio import PortfolioRisk
from reports.charts.attribution import Step, Waterfall, waterfall_chart
from reports.charts.effects import Paired, paired_chart
from reports.document import Block, Cell, Column, Figure, Paragraph, Section, Strong, Table, cell
from reports.explanations import attributed, falls_text, falls_title, portfolio_text, portfolio_title
from reports.setting import Setting
from reports.text import NOT_APPLICABLE, capitalised, day, interval, listing, number, sentence, share

OWN, SUM = "own residual", "whole move"


def why_section(setting: Setting) -> Section | None:
    """What the drivers make of each asset's move in the window; None where nothing was attributed."""
    falls = setting.evidence.falls
    if not attributed(falls):
        return None
    blocks: list[Block] = [
        Paragraph((falls_text(falls, setting.panel),)),
        why_figure(setting),
    ]
    return Section("why", "Why did they fall?", tuple(blocks), opening=True)


def why_figure(setting: Setting) -> Figure:
    """A waterfall for each asset, and a second one where a driver is added."""
    falls = setting.evidence.falls
    found = attributed(falls)
    panels = [
        Waterfall(
            _panel_title(fall, setting),
            f"{'given ' + listing(fall.added) if fall.added else 'shared drivers'}",
            [_step(name, part) for name, part in one.contributions.items()],
            one.move,
        )
        for fall, one in found
    ]
    title = falls_title(falls, setting.panel)
    first = found[0][1]
    window = setting.evidence.study.windows[_window(setting)]
    return Figure(
        key="attribution",
        title=title,
        subtitle=f"Log percent from the close of {day(window.base)} to that of "
        f"{day(window.last or setting.panel.last_session)}, "
        f"{setting.level_text} intervals; each bar starts where the one above ends",
        chart=waterfall_chart(panels, _rows(falls), SUM, simulated=setting.simulated),
        alt=f"{title}. Bars from zero to the whole move for {listing(panel.title for panel in panels)}.",
        source=setting.source(),
        note=(
            f"Shapley value over blocks of drivers; slopes from the {number(first.n, 0)} sessions outside the window. "
            "Intervals say how well the slopes are known; the window’s own moves are held fixed. In line with the "
            "drivers, not caused by them: the own residual holds whatever else happened."
        ),
    )


def _window(setting: Setting) -> str:
    asked = setting.evidence.study.attribution
    return asked.window if asked else ""


def _panel_title(fall: Fall, setting: Setting) -> str:
    return setting.name(fall.role)


def _step(name: str, part: Estimate | NotDecidable) -> Step:
    if isinstance(part, NotDecidable):
        return Step(name, 0.0)
    return Step(name, part.value, part.lower, part.upper)


def _rows(falls: tuple[Fall, ...]) -> list[str]:
    """Every block once, the own residual last."""
    names = dict.fromkeys(name for _, one in attributed(falls) for name in one.contributions if name != OWN)
    return [*names, OWN]


def attribution_table(setting: Setting) -> Table:
    """The figures behind the waterfalls, with their intervals."""
    falls = setting.evidence.falls
    found = attributed(falls)

    def entry(part: Estimate | NotDecidable | None) -> Cell:
        if not isinstance(part, Estimate):
            return cell(NOT_APPLICABLE)
        return cell(f"{number(part.value, 1)} {interval(part.lower, part.upper, decimals=1)}", part.value)

    rows = [
        (cell(capitalised(name)), *(entry(one.contributions.get(name)) for _, one in found)) for name in _rows(falls)
    ]
    rows.append((cell(Strong("Whole move")), *(cell(Strong(number(one.move, 1)), one.move) for _, one in found)))
    rows.append((cell("Explained share of it"), *(_share(one.explained_share) for _, one in found)))
    return Table(
        key="attribution-table",
        title="What each move is attributed to, log percent with intervals",
        columns=(
            Column("Driver", width=20),
            *(
                Column(
                    f"{_panel_title(fall, setting)}{', given ' + listing(fall.added) if fall.added else ''}", "number"
                )
                for fall, _ in found
            ),
        ),
        rows=tuple(rows),
        source=setting.source(),
        note=f"{_blocks(setting)} The rows above the whole move add up to it before rounding.",
        style="compact",
    )


def _share(estimate: Estimate | NotDecidable) -> Cell:
    if not isinstance(estimate, Estimate):
        return cell(NOT_APPLICABLE)
    limits = " to ".join(share(one) for one in (estimate.lower, estimate.upper))
    return cell(f"{share(estimate.value)} [{limits}]", estimate.value)


def _blocks(setting: Setting) -> str:
    """Which series stand for each block, where the name does not say it."""
    asked = setting.evidence.study.attribution
    if asked is None:
        return ""
    named = (f"{name}: {listing(setting.name(role) for role in roles)}" for name, roles in asked.blocks.items())
    return sentence("; ".join(named))


def portfolio_section(setting: Setting) -> Section | None:
    """Risk of the stated mix in calm and in stress; None where the study states none."""
    risk, mix = setting.evidence.portfolio, setting.evidence.study.portfolio
    if risk is None or mix is None:
        return None
    key, title = "portfolio", "What does it mean for a portfolio?"
    if isinstance(risk, NotDecidable):
        return Section(key, title, (Paragraph((sentence(f"{mix.name}: {risk}"),)),), opening=True)
    return Section(
        key,
        title,
        (
            Paragraph((Strong(f"The mix: {mix.name}."), f" {portfolio_text(risk, setting.panel.names)}")),
            portfolio_figure(setting, risk),
        ),
        opening=True,
    )


def portfolio_figure(setting: Setting, risk: PortfolioRisk) -> Figure:
    """Share of the risk of each asset, calm against stress, with its weight."""
    rows = [
        Paired(
            setting.name(role),
            _limits(risk.calm.risk_shares[role]),
            _limits(risk.stress.risk_shares[role]),
            100.0 * weight,
            f"{share(weight)} of money, {share(risk.calm.risk_shares[role].value)} → "
            f"{share(risk.stress.risk_shares[role].value)} of risk",
        )
        for role, weight in risk.weights.items()
    ]
    title = portfolio_title(risk)
    calm, stress = risk.calm, risk.stress
    return Figure(
        key="risk-shares",
        title=title,
        subtitle=f"Share of the variance of the mix, percent, with {setting.level_text} intervals; "
        "diamond: share of the money",
        chart=paired_chart(
            rows,
            ("calm", "stress"),
            axis="percent of the variance of the mix",
            mark="money",
            simulated=setting.simulated,
        ),
        alt=f"{title}. For each asset its share of the risk in calm and in stress.",
        source=setting.source(risk.weights),
        note=(
            f"{number(calm.sessions, 0)} calm and {number(stress.sessions, 0)} stress sessions; stress is known at the "
            "close before and made from the fear index alone. Volatility a session: "
            f"{_volatility(calm.volatility)} in calm, {_volatility(stress.volatility)} in stress. Diversification "
            "ratio: weighted mean volatility over that of the mix, one where nothing diversifies. Days are "
            "resampled in blocks with their labels; weights are restored every session."
        ),
    )


def _limits(estimate: Estimate) -> tuple[float, float, float]:
    return 100.0 * estimate.value, 100.0 * estimate.lower, 100.0 * estimate.upper


def _volatility(estimate: Estimate) -> str:
    return f"{number(estimate.value)} % {interval(estimate.lower, estimate.upper)}"

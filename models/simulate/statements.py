"""Which statements of the article hold in a simulated history, judged by its population values or by what was drawn.

A population value is set against the size that the study calls worth calling: "true" where it is reached, "false"
where it is not, "between" where the study's own rule has a middle ("closely", "fell less", half the size) or one leg of
two holds. A statement that holds in every world because of how the assets are built is "trivial". Statements about the
event are judged by the event as it was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from data.study import Study
from models.simulate.attribution import FUNDAMENTALS, RISK, explained_move, risk_share, technology_share
from models.simulate.kernels import overextension
from models.simulate.simulation import Simulation
from models.simulate.statement_evidence import StatementEvidence
from models.simulate.truth import PopulationValue
from models.simulate.worlds import world

Status = Literal["true", "false", "between", "trivial", "not simulated"]


@dataclass(frozen=True, slots=True)
class StatementTruth:
    """Whether a statement holds.

    Attributes
    ----------
    status : {"true", "false", "between", "trivial", "not simulated"}
    because : str
        The figures that decide, with the sizes they are set against.
    judged_by : {"population", "event"}
        Whether the law of the world decides, or this history's event.
    effects : tuple of float
        True effect of each part of the claim in this history, where its size and the sessions that can show it are
        drawn with the event; empty elsewhere.
    """

    status: Status
    because: str
    judged_by: Literal["population", "event"]
    effects: tuple[float, ...] = ()

    def record(self) -> dict[str, str]:
        """The entry of `truth.json`."""
        return {"status": self.status, "because": self.because, "judged_by": self.judged_by}


Thresholds = Mapping[str, float]
#: Percentiles of the market's true conditional volatility from which on a stretch is surely turbulent, and below which
#: it surely is not: what an observer of returns can see of a regime.
TURBULENT, HARDLY_TURBULENT = 80.0, 50.0
Judge = Callable[[StatementEvidence, Thresholds], tuple[Status, str]]


def statement_truths(
    simulation: Simulation, population: Mapping[str, PopulationValue], study: Study
) -> dict[str, StatementTruth]:
    """Judge every claim of the study that is known here.

    Parameters
    ----------
    simulation : Simulation
        Judges what is said of the event.
    population : mapping of name to PopulationValue
        Of the simulation's world.
    study : Study
        Gives thresholds and windows.

    Returns
    -------
    dict of claim id to StatementTruth
    """
    evidence = StatementEvidence(simulation, world(simulation.world), population, study)
    truths = {}
    for name, claim in study.claims.items():
        if name in _OF_THE_POPULATION:
            status, because = _OF_THE_POPULATION[name](evidence, claim.thresholds)
            truths[name] = StatementTruth(status, because, "population")
        elif name in _OF_THE_EVENT:
            window, judge = _OF_THE_EVENT[name]
            if evidence.covers(window):
                status, because = judge(evidence, claim.thresholds)
            else:
                status, because = "not simulated", f"the history does not hold the {window} window"
            effects = _EFFECTS[name](evidence, claim.thresholds) if status == "true" and name in _EFFECTS else ()
            truths[name] = StatementTruth(status, because, "event", effects)
    return truths


def _whether(*legs: bool) -> Status:
    if all(legs):
        return "true"
    return "between" if any(legs) else "false"


def _sized(multiple: float) -> Status:
    """Of an effect in sizes of interest: one short of a size that still counts in a specification is in between."""
    return "true" if multiple >= 1.0 else "between" if multiple >= 0.5 else "false"


def _holds(condition: bool) -> Status:
    return "true" if condition else "false"


def _c01(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    falls = [e.fall(role, "short") for role in ("crypto", "miners")]
    years, ratio = 1.0 / e.value("joint_fall.per_year"), e.value("joint_fall.ratio")
    because = f"crypto {falls[0]:.1f} %, miners {falls[1]:.1f} %; one such fall in {years:.2f} years; ratio {ratio:.2f}"
    return ("false" if max(falls) > -sizes["fall"] else "between"), because


def _c02(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    legs = {name: _diverged(e, sizes, name) for name in ("short", "long") if e.covers(name)}
    judged = {name: leg for name, leg in legs.items() if leg is not None}
    if not judged:
        return "not simulated", "crypto and miners did not both fall in either window"
    statuses = {status for status, _ in judged.values()}
    because = "; ".join(f"{name} window: {told}" for name, (_, told) in judged.items())
    return (statuses.pop() if len(statuses) == 1 else "between"), because


def _diverged(e: StatementEvidence, sizes: Thresholds, window: str) -> tuple[Status, str] | None:
    """Of one window; None where crypto and miners did not both fall."""
    if max(e.move(role, window) for role in ("crypto", "miners")) >= 0.0:
        return None
    metal = e.fall("metal", window)
    others = [e.scaled_move(role, window) for role in ("crypto", "miners")]
    ahead = e.scaled_move("metal", window) - sum(others) / len(others)
    because = f"metal {metal:.1f} %, {ahead:.2f} of its own deviations ahead of the others"
    if metal < -sizes["clear_fall"] or ahead < 0.0:
        return "false", because
    return ("true" if metal >= -sizes["tolerance"] and ahead >= sizes["divergence"] else "between"), because


def _c03(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    rise = e.value("core_correlation.stress_minus_quiet.garch")
    return _holds(rise >= sizes["sesoi"]), f"mean core correlation rises by {rise:.3f} against {sizes['sesoi']}"


def _c04(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    beta, partial = e.value("tail_beta.crypto"), e.value("partial_correlation.crypto.growth")
    because = f"tail beta {beta:.2f} against {sizes['sesoi']}, partial correlation with growth {partial:.3f}"
    return _holds(beta >= sizes["sesoi"] and partial > 0.02), because


def _means(e: StatementEvidence, other: str, sessions: float) -> tuple[float, float]:
    path = e.simulation.correlation("crypto", other)
    return float(path[e.before("long", int(sessions))].mean()), float(path[e.sessions_in("long")].mean())


def _c05(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    prior, now = _means(e, "metal", sizes["prior_sessions"])
    because = f"mean true correlation {prior:.3f} before, {now:.3f} in the long window"
    return _sized(max((prior - now) / sizes["weakening"], -now / sizes["negative"])), because


def _c06(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    prior, now = _means(e, "growth", sizes["prior_sessions"])
    gap = now - _means(e, "metal", sizes["prior_sessions"])[1]
    because = (
        f"mean true correlation with growth {prior:.3f} before, {now:.3f} in the long window, {gap:.3f} above metal's"
    )
    return _sized(min((now - prior) / sizes["rise"], gap / sizes["gap"])), because


def _c07(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    share = e.value("weekly_partial_r2.crypto.liquidity")
    status: Status = "true" if share >= sizes["closely"] else "between" if share >= sizes["sesoi"] else "false"
    return status, f"weekly partial R-squared {share:.3f} against {sizes['sesoi']} and {sizes['closely']}"


def _c08(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    lead, daily = e.value("weekend_lead.crypto.miners"), e.value("lead.crypto.miners")
    because = (
        f"weekend and next session correlate with {lead:.3f} against {sizes['sesoi']}; a session's lead {daily:.3f}"
    )
    return _sized(lead / sizes["sesoi"]), because


def _c09(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    ratio, rank = math.exp(e.value("log_volatility_ratio.crypto.miners")), e.value("volatility_rank.crypto")
    holds = ratio >= sizes["ratio"] and rank >= sizes["rank_share"]
    return ("trivial" if holds else "false"), f"volatility {ratio:.2f} times the miners', mean rank share {rank:.2f}"


def _c10(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    beta, share = e.value("beta.miners.metal"), e.value("conditional_beta_share.miners.metal")
    inside = sizes["low"] - sizes["tolerance"] <= beta <= sizes["high"] + sizes["tolerance"]
    because = f"beta {beta:.2f}; the conditional beta lies in the range on {100.0 * share:.0f} % of sessions"
    return _holds(inside and share >= sizes["typical_share"]), because


def _c11(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    tail, beta = e.value("tail_beta.miners"), e.value("beta.miners.market")
    because = f"(a) tail beta {tail:.2f}; (b) beta {beta:.2f} against {sizes['high_beta']}"
    return _whether(tail >= sizes["sesoi"], beta > sizes["high_beta"]), because


def _c12(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    listed = e.crises(sizes["minimum_days"], sizes["market_fall"])
    if not listed:
        return "not simulated", "the market did not fall enough in any listed crisis"
    failures = e.failures(listed)
    named = {role: [f"{name} (mean true slope {one:.2f})" for name, one in of.items()] for role, of in failures.items()}
    because = "; ".join(f"{role} failed in {', '.join(failed) or 'none'}" for role, failed in named.items())
    return _holds(all(failures.values())), f"{because}, of {len(listed)} listed"


def _largest_failures(e: StatementEvidence, sizes: Thresholds) -> tuple[float, ...]:
    listed = e.crises(sizes["minimum_days"], sizes["market_fall"])
    return tuple(max(failed.values()) for failed in e.failures(listed).values())


def _moves(e: StatementEvidence) -> dict[str, float]:
    roles = {"crypto", "miners", "market", *RISK, *(role for block in FUNDAMENTALS.values() for role in block)}
    return {role: e.move(role, "short") for role in roles}


def _c13(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    moves = _moves(e)
    if max(moves["crypto"], moves["miners"]) >= 0.0:
        return "not simulated", "crypto and miners did not both fall in the short window"
    shares = [technology_share(role, moves, e.population) for role in ("crypto", "miners")]
    because = f"growth beyond the market explains {shares[0]:.2f} of crypto's and {shares[1]:.2f} of the miners' move"
    return _holds(min(shares) >= sizes["sesoi"]), because


def _c14(e: StatementEvidence, _: Thresholds) -> tuple[Status, str]:
    del e
    return "false", "no asset's variance enters another's; regimes and correlated shocks move both"


def _c15(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    oil, credit = e.value("cost_slope.oil"), e.value("cost_slope.credit")
    return _holds(-oil >= sizes["sesoi"] and credit < 0.0), f"slope on oil {oil:.3f}, on the credit spread {credit:.4f}"


def _c16(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    moves = _moves(e)
    if max(moves["crypto"], moves["miners"]) >= 0.0:
        return "not simulated", "crypto and miners did not both fall in the short window"
    for role in ("crypto", "miners"):
        drivers = pd.DataFrame({name: e.changes(name, "short") for name in (*RISK, *FUNDAMENTALS[role])})
        explained, fit = explained_move(role, e.changes(role, "short"), drivers, e.population)
        if explained >= 0.0 or fit < sizes["minimum_r2"]:
            return "false", (
                f"of the {moves[role]:+.1f} % of {role} its drivers explain {explained:+.1f} with an R-squared of"
                f" {fit:.2f}: no fall of which there could be shares"
            )
    shares = [risk_share(role, moves, e.population) for role in ("crypto", "miners")]
    because = f"the risk block holds {shares[0]:.2f} of crypto's and {shares[1]:.2f} of the miners' explained move"
    return _holds(min(shares) - 0.5 >= sizes["sesoi"]), because


def _c17(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    more, ratio = e.value("fear_volume.crypto"), e.value("fear_volume.risk_ratio")
    because = f"log volume {more:+.2f} against {math.log(sizes['ratio']):.2f}, risk ratio {ratio:.1f}"
    return _whether(more >= math.log(sizes["ratio"]), ratio >= sizes["risk_ratio"]), because


def _c18(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    thin = e.value("thinness.miners.metal")
    holds = thin >= math.log(sizes["ratio"])
    return ("trivial" if holds else "false"), f"log ratio {thin:.2f} against {math.log(sizes['ratio']):.2f}"


def _c19(e: StatementEvidence, _: Thresholds) -> tuple[Status, str]:
    lives = {role: e.half_life(role) for role in ("metal", "crypto", "miners", "market")}
    because = "half-lives of variance shocks: " + ", ".join(f"{role} {life:.1f}" for role, life in lives.items())
    return _holds(lives["metal"] < 0.75 * min(life for role, life in lives.items() if role != "metal")), because


def _c20(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    base = e.window("short")[0]
    log_returns = 100.0 * np.log(e.level("miners")).diff().fillna(0.0)
    average, spread = int(sizes["average"]), int(sizes["spread"])
    z = float(pd.Series(overextension(log_returns.to_numpy(), average, spread), index=log_returns.index)[base])
    after = e.value("after_overextension.miners")
    because = f"overextension {z:.1f} at the event's base; {after:.1f} % in the 21 sessions after 2 and more"
    return _whether(z >= sizes["overextended"], -after >= sizes["sesoi"]), because


def _c21(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    gains = {name: e.value(f"recovery.crypto.{name}") for name in ("conditions", "credit", "fear")}
    capture = e.value("up_capture.miners")
    because = f"best recovery {max(gains.values()):.1f} % in 21 sessions; the miners' up-capture {capture:.2f}"
    return _whether(max(gains.values()) >= sizes["sesoi"], capture - 1.0 >= sizes["up_capture"]), because


def _c22(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    inside = e.sessions_in("short")
    standing = {
        "fear": e.level("fear"),
        "credit": e.level("credit"),
        "the market's true volatility": e.volatility("market"),
    }
    percentile = {}
    for name, path in standing.items():
        history = path[e.window("full")[0] : inside[-1]].iloc[1:]
        percentile[name] = 100.0 * float((history <= history[inside].mean()).mean())
    life, turbulent = e.half_life("market"), percentile["the market's true volatility"]
    because = "mean percentile over the event: " + ", ".join(f"{name} {one:.0f}" for name, one in percentile.items())
    because += f"; half-life of the market's variance {life:.1f} sessions"
    high = percentile["fear"] >= sizes["fear_percentile"] and percentile["credit"] >= sizes["credit_percentile"]
    if high and HARDLY_TURBULENT <= turbulent < TURBULENT:
        return "between", because
    return _whether(high and turbulent >= TURBULENT, life >= sizes["half_life_days"]), because


def _c23(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    day = {role: e.value(f"shortfall.{role}") for role in ("metal", "crypto", "miners")}
    scaled = {role: loss / (e.value(f"annual_volatility.{role}") / math.sqrt(252.0)) for role, loss in day.items()}
    raw_gap = day["metal"] - max(day["crypto"], day["miners"])
    scaled_gap = scaled["metal"] - max(scaled["crypto"], scaled["miners"])
    tail = e.value("tail_beta.metal")
    because = f"{raw_gap:.2f} % a day and {scaled_gap:.2f} of its own deviations better; tail beta {tail:.3f}"
    holds = raw_gap >= sizes["raw"] and scaled_gap >= sizes["scaled"] and tail <= sizes["safe_haven"]
    return _holds(holds), because


def _c24(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    slope = e.value("selling_order")
    return _holds(slope >= sizes["sesoi"]), f"{slope:.3f} of an own deviation against {sizes['sesoi']}"


def _c25(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    base, last = e.window("long")
    conditions = e.level("conditions")
    change = float(
        conditions[: last - pd.Timedelta(days=5)].iloc[-1] - conditions[: base - pd.Timedelta(days=5)].iloc[-1]
    )
    dollar, spread = e.fall("dollar", "long"), e.move("credit", "long")
    signs = (change > 0.0) + (dollar > sizes["dollar"]) + (spread > sizes["credit"])
    because = f"conditions {change:+.2f}, dollar {dollar:+.1f} %, credit spread {spread:+.0f} bp: {signs} of 3 signs"
    status: Status = "true" if signs >= sizes["signs"] else "false" if signs <= sizes["signs_not"] else "between"
    return status, because


def _c26(e: StatementEvidence, sizes: Thresholds) -> tuple[Status, str]:
    level, inside, sessions = 100.0 * e.level("short_yield"), e.sessions_in("short"), e.simulation.sessions
    day, around = int(sessions.searchsorted(inside[int(sizes["announcement"]) - 1])), int(sizes["around"])
    spans = {"over the event": inside, "around its second session": sessions[day - around : day + around + 1]}
    held, told = [], []
    for name, span in spans.items():
        base = sessions[sessions < span[0]][-1]
        change = float(level[span[-1]] - level[base])
        percentile = 100.0 * float((level.diff(len(span))[:base].iloc[-int(sizes["history"]) :] <= change).mean())
        held.append(change >= sizes["repricing"] and percentile >= sizes["percentile"])
        told.append(f"{change:+.0f} bp {name}, at the {percentile:.0f}th percentile of the year before")
    return _whether(*held), f"two-year yield {'; '.join(told)}"


_OF_THE_POPULATION: Mapping[str, Judge] = {
    "C03": _c03,
    "C04": _c04,
    "C07": _c07,
    "C08": _c08,
    "C09": _c09,
    "C10": _c10,
    "C11": _c11,
    "C14": _c14,
    "C15": _c15,
    "C17": _c17,
    "C18": _c18,
    "C19": _c19,
    "C21": _c21,
    "C23": _c23,
    "C24": _c24,
}

_OF_THE_EVENT: Mapping[str, tuple[str, Judge]] = {
    "C01": ("short", _c01),
    "C02": ("short", _c02),
    "C05": ("long", _c05),
    "C06": ("long", _c06),
    "C12": ("short", _c12),
    "C13": ("short", _c13),
    "C16": ("short", _c16),
    "C20": ("short", _c20),
    "C22": ("short", _c22),
    "C25": ("long", _c25),
    "C26": ("short", _c26),
}
_EFFECTS: Mapping[str, Callable[[StatementEvidence, Thresholds], tuple[float, ...]]] = {"C12": _largest_failures}

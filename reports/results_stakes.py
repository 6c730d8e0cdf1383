"""Causes and consequences as plain JSON values: what the falls are attributed to, what the stated mix risks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.drivers import Attribution, Fall
from models.estimate import Estimate, NotDecidable
from models.portfolio import MixRisk, PortfolioRisk

Json = dict[str, Any]
Written = Callable[[Estimate | NotDecidable], Json]


def falls_json(falls: tuple[Fall, ...], estimate: Written) -> list[Json]:
    """Every attribution; `not_decidable` where there is none."""
    return [{"role": one.role, "added": list(one.added), **_attribution(one.attribution, estimate)} for one in falls]


def _attribution(found: Attribution | NotDecidable, estimate: Written) -> Json:
    if isinstance(found, NotDecidable):
        return {"not_decidable": found.reason}
    return {
        "move_log_percent": found.move,
        "move_percent": found.simple_move,
        "contributions": _mapped(found.contributions, estimate),
        "explained": estimate(found.explained),
        "explained_share": estimate(found.explained_share),
        "r_squared": found.r_squared,
        "sessions": found.sessions,
        "n": found.n,
    }


def portfolio_json(risk: PortfolioRisk | NotDecidable | None, estimate: Written) -> Json | None:
    """The mix in calm and in stress; None where the study states none."""
    if risk is None:
        return None
    if isinstance(risk, NotDecidable):
        return {"not_decidable": risk.reason}
    return {
        "weights": dict(risk.weights),
        "calm": _mix(risk.calm, estimate),
        "stress": _mix(risk.stress, estimate),
        "volatility_ratio": estimate(risk.volatility_ratio),
        "ratio_at_calm_correlations": estimate(risk.ratio_at_calm_correlations),
        "diversification_change": estimate(risk.diversification_change),
        "share_changes": _mapped(risk.share_changes, estimate),
    }


def _mix(risk: MixRisk, estimate: Written) -> Json:
    return {
        "sessions": risk.sessions,
        "volatility": estimate(risk.volatility),
        "diversification_ratio": estimate(risk.diversification_ratio),
        "risk_shares": _mapped(risk.risk_shares, estimate),
    }


def _mapped(found: Mapping[str, Estimate] | Mapping[str, Estimate | NotDecidable], estimate: Written) -> Json:
    return {name: estimate(one) for name, one in found.items()}

"""Why the study's assets fell in its window, and what its stated mix risks: panel and study in, records out."""

from __future__ import annotations

import pandas as pd

from data.panel import Panel
from data.study import Study
from models.drivers import Fall, explain_falls
from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.portfolio import PortfolioRisk, portfolio_risk
from models.stress import fear_stress


def falls_of(panel: Panel, study: Study, *, replications: int) -> tuple[Fall, ...]:
    """Attribution of the study's window, asset by asset; empty where the study asks for none or the data end before it.

    Parameters
    ----------
    panel : Panel
    study : Study
    replications : int
        Resamples of the slopes.
    """
    asked = study.attribution
    if asked is None:
        return ()
    bounds, sessions = study.windows[asked.window], pd.DatetimeIndex(panel.returns.index)
    last = pd.Timestamp(bounds.last or panel.last_session)
    inside = sessions[(sessions > pd.Timestamp(bounds.base)) & (sessions <= last)]
    if inside.empty or sessions[-1] < last:
        return ()
    return explain_falls(
        panel.returns, asked.assets, asked.blocks, asked.added, inside, Resampling.of(study.inference, replications)
    )


def portfolio_of(panel: Panel, study: Study, *, replications: int) -> PortfolioRisk | NotDecidable | None:
    """Risk of the study's stated mix in calm and in stress; None where it states none.

    Parameters
    ----------
    panel : Panel
    study : Study
    replications : int
        Resamples of the days.
    """
    if study.portfolio is None:
        return None
    absent = [role for role in (*study.portfolio.weights, "fear") if role not in panel.returns.columns]
    if absent:
        return NotDecidable(f"no series plays the role {absent[0]}")
    stress = fear_stress(panel, study.stress)
    return portfolio_risk(panel.returns, study.portfolio.weights, stress, Resampling.of(study.inference, replications))

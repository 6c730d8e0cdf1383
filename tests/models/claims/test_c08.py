"""C08: Bitcoin's weekend and the miners' next session."""

from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from claim_cases import case_of, judged, without

from models.claims import Outcome
from models.claims.c08_bitcoin_first import weekends
from models.estimate import NotDecidable


def with_weekends(panel, *, follows: float = 0.0, leads: float = 0.0, seed: int = 1):
    """Bitcoin on every calendar date, and sessions of the miners that follow its weekend, or lead it."""
    generator = np.random.default_rng(seed)
    sessions = pd.DatetimeIndex(panel.levels.index)
    dates = pd.date_range(sessions[0], sessions[-1])
    moves = pd.Series(2.0 * generator.normal(size=len(dates)), index=dates)
    inside = pd.Series(2.0 * generator.normal(size=len(sessions)), index=sessions)
    for before, after in pairwise(sessions):
        if (after - before).days >= 3:
            shut = pd.date_range(before + pd.Timedelta(days=1), after - pd.Timedelta(days=1))
            moves[shut] += leads * inside[before] / len(shut)
            inside[after] += follows * moves[shut].sum()
    crypto = 1000.0 * np.exp(moves.cumsum() / 100.0)
    opens = 50.0 * np.exp(generator.normal(size=len(sessions)).cumsum() / 100.0)
    closes = opens * np.exp(inside.to_numpy() / 100.0)
    bar = pd.DataFrame(
        {"open": opens, "high": np.maximum(opens, closes), "low": np.minimum(opens, closes), "close": closes},
        index=sessions,
    )
    return replace(
        panel,
        history=MappingProxyType({**panel.history, "crypto": crypto}),
        bars=MappingProxyType({"miners": bar, "junior_miners": bar, "market": bar.assign(close=bar["open"] * 1.001)}),
    )


@pytest.fixture(scope="module")
def unrelated(panel):
    return with_weekends(panel)


def test_correlation_by_pandas(unrelated, study):
    verdict = judged("C08", unrelated, study)
    bar, crypto = unrelated.bars["miners"], unrelated.history["crypto"]
    rows = []
    for before, after in zip(bar.index[:-1], bar.index[1:], strict=True):
        if after >= pd.Timestamp("2015-01-02") and after.isocalendar()[:2] != before.isocalendar()[:2]:
            eve = after - pd.Timedelta(days=1)
            rows.append((np.log(crypto[eve] / crypto[before]), np.log(bar["close"][after] / bar["open"][after])))
    assert verdict.n == len(rows)
    assert verdict.headline.value == pytest.approx(np.corrcoef(np.array(rows).T)[0, 1])


def test_no_hour_is_shared(unrelated, study):
    rows = weekends(case_of("C08", unrelated, study), "miners", "full")
    assert (rows["days"] >= 3).all()
    assert (pd.DatetimeIndex(rows.index).day_of_week <= 1).all()
    crypto, after = unrelated.history["crypto"], rows.index[10]
    before = after - pd.Timedelta(days=int(rows["days"].iloc[10]))
    days = pd.date_range(before + pd.Timedelta(days=1), after - pd.Timedelta(days=1))
    by_day = np.log(crypto).diff()[days].sum() * 100.0
    assert rows["weekend"].iloc[10] == pytest.approx(by_day)


@pytest.mark.parametrize(
    ("follows", "leads", "outcome"),
    [(0.5, 0.0, Outcome.SUPPORTED), (0.0, 0.0, Outcome.NOT_SUPPORTED), (-0.5, 0.0, Outcome.NOT_SUPPORTED)],
)
def test_plain_worlds(panel, study, follows, leads, outcome):
    assert judged("C08", with_weekends(panel, follows=follows, leads=leads, seed=5), study).outcome is outcome


def test_a_larger_reverse_is_mixed(panel, study):
    verdict = judged("C08", with_weekends(panel, follows=0.3, leads=1.5), study)
    assert verdict.parts[0].effect.lower > 0.1
    assert verdict.outcome is Outcome.MIXED
    assert "lead" in verdict.reason


def test_gates(panel, unrelated, study):
    bare = judged("C08", panel, study)
    assert bare.outcome is Outcome.NOT_TESTABLE
    assert "opening prices" in bare.reason
    assert judged("C08", without(unrelated, "crypto"), study).outcome is Outcome.NOT_TESTABLE
    five_days = unrelated.history["crypto"].reindex(unrelated.levels.index)
    on_sessions = replace(unrelated, history=MappingProxyType({**unrelated.history, "crypto": five_days}))
    verdict = judged("C08", on_sessions, study)
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "weekends" in verdict.reason


def test_specifications_that_cannot_be_run_are_named(panel, study):
    alone = with_weekends(panel)
    alone = replace(alone, bars=MappingProxyType({"miners": alone.bars["miners"]}))
    verdict = judged("C08", alone, study)
    failed = {one.label for one in verdict.specifications if isinstance(one.estimate, NotDecidable)}
    assert {"beyond the market's session", "Bitcoin's close: utc00", "junior miners, full"} <= failed

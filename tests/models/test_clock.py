"""Clocks: a world whose hours are known, plain correlations, the sample's truth, refusals."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from models.clock import (
    CLOCKS,
    EXCHANGE,
    LAG_ADDED,
    MIDNIGHT,
    SYNCHRONISED,
    TWO_DAY,
    WEEKLY,
    asynchrony,
    clock_table,
    panel_clocks,
    study_clocks,
)
from models.estimate import Estimate, NotDecidable
from models.inference.resampling import Resampling

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=3)
RHO, LATE = 0.5, 4


def hourly(seed: int, days: int = 1500):
    """Both trade all hours with correlation RHO; the midnight stamp lies LATE hours after the close."""
    generator = np.random.default_rng(seed)
    root = np.linalg.cholesky([[1.0, RHO], [RHO, 1.0]])
    paths = np.exp(np.cumsum(0.002 * generator.normal(size=(24 * (days + 1), 2)) @ root.T, axis=0))
    index = pd.bdate_range("2016-01-04", periods=days)
    close = np.arange(1, days + 1) * 24 - LATE - 1
    return tuple(pd.Series(paths[at, column], index) for column, at in ((0, close), (1, close), (1, close + LATE)))


def test_a_midnight_close_shrinks_correlations_and_makes_a_lead_and_the_corrections_undo_it():
    exchange, same, late = hourly(1)
    row = asynchrony(exchange, same, late, QUICK)
    assert row.correlations[EXCHANGE].contains(RHO)
    assert row.correlations[MIDNIGHT].contains(RHO * (24 - LATE) / 24)
    assert not row.correlations[MIDNIGHT].contains(RHO)
    assert row.leads[MIDNIGHT].contains(RHO * LATE / 24)
    assert row.leads[EXCHANGE].contains(0.0)
    assert row.correlations[LAG_ADDED].contains(RHO)
    assert row.correlations[SYNCHRONISED].contains(synchronised_value())
    assert row.differences[MIDNIGHT].upper < 0.0
    assert row.correlations[TWO_DAY].contains(RHO * (48 - LATE) / 48)
    assert row.correlations[WEEKLY].contains(RHO * (5 * 24 - LATE) / (5 * 24))


def synchronised_value():
    same, later = RHO * (24 - LATE) / 24, RHO * LATE / 24
    return RHO / np.sqrt(1.0 + 2.0 * same * later)


def test_values_by_plain_pandas():
    exchange, same, late = hourly(2, 400)
    logs = np.log(pd.concat({"e": exchange, "ny": same, "utc": late}, axis=1).astype(float))
    row = asynchrony(exchange, same, late, QUICK)
    one = logs.diff().assign(before=logs["utc"].diff().shift(1)).iloc[5:]
    assert row.n == len(one)
    assert row.correlations[EXCHANGE].value == pytest.approx(one["e"].corr(one["ny"]))
    assert row.leads[MIDNIGHT].value == pytest.approx(one["e"].corr(one["before"]))
    two = logs.diff(2).iloc[5:]
    assert row.correlations[TWO_DAY].value == pytest.approx(two["e"].corr(two["utc"]))
    week = logs.diff(5).iloc[5:]
    by_day = [part["e"].corr(part["utc"]) for _, part in week.groupby(week.index.day_of_week)]
    assert row.correlations[WEEKLY].value == pytest.approx(np.mean(by_day))
    covariance = one[["e", "utc", "before"]].cov(ddof=0)
    c0, c1, v = covariance.loc["e", "utc"], covariance.loc["e", "before"], covariance.loc["utc", "utc"]
    expected = (c0 + c1) / np.sqrt(v * (covariance.loc["e", "e"] + 2 * c0 * c1 / v))
    assert row.correlations[SYNCHRONISED].value == pytest.approx(expected)
    assert row.correlations[LAG_ADDED].value == pytest.approx((c0 + c1) / np.sqrt(v * covariance.loc["e", "e"]))
    for clock in CLOCKS[1:]:
        gap = row.correlations[clock].value - row.correlations[EXCHANGE].value
        assert row.differences[clock].value == pytest.approx(gap)


def test_coverage_of_the_synchronised_correlation():
    hits = sum(
        asynchrony(*hourly(seed, 500), QUICK).correlations[SYNCHRONISED].contains(synchronised_value())
        for seed in range(40)
    )
    assert 33 <= hits <= 40


def test_a_missing_session_is_joined_and_holidays_keep_their_week():
    exchange, same, late = hourly(3, 400)
    exchange.iloc[200] = np.nan
    assert asynchrony(exchange, same, late, QUICK).n == 394


def test_the_sample_on_its_clocks(sample_panel, truth, resampling):
    others = ("metal", "miners", "market", "growth", "absent")
    rows = panel_clocks(sample_panel, "crypto", others, resampling)
    assert set(rows) == set(others) - {"absent"}
    errors = {
        role: (row.correlations[EXCHANGE].value - truth[f"correlation.raw.{role}.crypto"])
        / row.correlations[EXCHANGE].std_error
        for role, row in rows.items()
    }
    assert sum(abs(error) < 1.96 for error in errors.values()) >= 3, errors
    assert max(map(abs, errors.values())) < 3.0, errors
    assert rows["miners"].leads[EXCHANGE].contains(truth["lead.crypto.miners"])
    table = clock_table(rows)
    assert table.shape == (4, 8)
    assert isinstance(rows["market"].differences[MIDNIGHT], Estimate)


def test_midnight_alone_gives_the_corrections_and_claims_no_more(sample_panel):
    exchange, same, late = hourly(6)
    both, alone = asynchrony(exchange, same, late, QUICK), asynchrony(exchange, None, late, QUICK)
    for clock in CLOCKS[1:]:
        assert alone.correlations[clock].value == pytest.approx(both.correlations[clock].value)
        assert isinstance(alone.differences[clock], NotDecidable)
    assert alone.leads[MIDNIGHT].value == pytest.approx(both.leads[MIDNIGHT].value)
    assert isinstance(alone.correlations[EXCHANGE], NotDecidable)
    assert isinstance(alone.leads[EXCHANGE], NotDecidable)
    (other,) = sample_panel.alternatives["crypto"]
    midnight = dataclasses.replace(
        sample_panel,
        levels=sample_panel.levels.assign(crypto=other.levels),
        origins={**sample_panel.origins, "crypto": other.origin},
        alternatives={},
    )
    row = panel_clocks(midnight, "crypto", ("metal",), QUICK)["metal"]
    assert isinstance(row.correlations[SYNCHRONISED], Estimate)
    assert isinstance(row.correlations[EXCHANGE], NotDecidable)


def test_a_fund_on_the_exchange_tells_the_clocks_apart():
    _, same, late = hourly(4)
    row = asynchrony(same * 0.5, same, late, QUICK)
    assert row.correlations[EXCHANGE].value == pytest.approx(1.0)
    assert row.correlations[MIDNIGHT].upper < 0.9


def test_refusals(sample_panel):
    exchange, same, late = hourly(5, 400)
    for one in (exchange * 0.0 + 1.0, exchange.iloc[:50]):
        assert isinstance(asynchrony(one, same, late, QUICK), NotDecidable)
    alone = dataclasses.replace(sample_panel, alternatives={})
    answer = panel_clocks(alone, "crypto", ("metal",), QUICK)
    assert isinstance(answer, NotDecidable)
    assert MIDNIGHT in answer.reason
    assert isinstance(panel_clocks(sample_panel, "nobody", ("metal",), QUICK), NotDecidable)
    assert clock_table({"metal": NotDecidable("nothing")}).empty


def test_the_study_asks_for_every_partner_of_its_always_trading_asset(sample_panel, sample_study):
    rows = study_clocks(sample_panel, sample_study, quick=True)
    assert set(rows) == set(sample_study.correlation.assets) - {"crypto"}
    assert f"{sample_study.inference.quick_replications} resamples" in rows["metal"].correlations[EXCHANGE].method
    exchange_only = sample_study.model_copy(
        update={"instruments": tuple(one for one in sample_study.instruments if one.role != "crypto")}
    )
    assert "around the clock" in study_clocks(sample_panel, exchange_only, quick=True).reason

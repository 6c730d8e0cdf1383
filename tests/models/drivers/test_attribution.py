"""Shapley shares: every order of entry by hand, recovery of the planted shares, refusals with a reason."""

from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.drivers import attribute_window, beyond, explained_shares
from models.drivers.attribution import shares_along
from models.drivers.kernels import coalition_values, shapley_values
from models.drivers.shapley import regression_design, worth_and_influence
from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.simulate.attribution import FUNDAMENTALS, RISK, risk_share, technology_share

BLOCKS = {"one": ("a",), "two": ("b", "c"), "three": ("d",)}
QUICK = Resampling(level=0.95, replications=99, block_bounds=(5, 40), seed=3)


def data(seed: int, n: int = 300):
    generator = np.random.default_rng(seed)
    index = pd.bdate_range("2020-01-01", periods=n)
    drivers = pd.DataFrame(generator.normal(size=(n, 4)) @ generator.normal(size=(4, 4)), index, list("abcd"))
    slopes = generator.normal(size=4)
    return pd.Series(drivers @ slopes + generator.normal(size=n), index), drivers


def by_every_order(worth, names):
    """Average of marginal contributions over all orders, written out."""
    orders = list(permutations(names))
    shares = dict.fromkeys(names, 0.0)
    for order in orders:
        inside = ()
        for name in order:
            shares[name] += (worth((*inside, name)) - worth(inside)) / len(orders)
            inside = (*inside, name)
    return shares


def slopes_on(y, drivers, names):
    columns = [column for name in names for column in BLOCKS[name]]
    if not columns:
        return columns, np.zeros(0)
    regressors = np.column_stack([np.ones(len(y)), drivers[columns]])
    return columns, np.linalg.lstsq(regressors, y, rcond=None)[0][1:]


@given(seed=st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_explained_shares_are_the_average_over_every_order(seed):
    y, drivers = data(seed)

    def worth(names):
        columns, slopes = slopes_on(y, drivers, names)
        centred = drivers[columns] - drivers[columns].mean()
        return np.sum((centred.to_numpy() @ slopes) ** 2) / np.sum((y - y.mean()) ** 2)

    result = explained_shares(y, drivers, BLOCKS)
    for name, share in by_every_order(worth, tuple(BLOCKS)).items():
        assert result.parts[name].value == pytest.approx(share, abs=1e-10)
    assert sum(part.value for part in result.parts.values()) == pytest.approx(result.r_squared.value)


def test_shares_are_those_of_relaimpo():
    """Swiss fertility, R's `calc.relimp(lm(Fertility ~ ., swiss), type = "lmg")` (Groemping 2006, JSS 17/1)."""
    below = [
        [0.3530792],
        [-0.6458827, -0.6865422],
        [-0.6637889, -0.6395225, 0.6984153],
        [0.4636847, 0.4010951, -0.5727418, -0.1538589],
        [0.4165560, -0.0608586, -0.1140216, -0.0993218, 0.1754959],
    ]
    correlations = np.eye(6)
    for i, row in enumerate(below, start=1):
        correlations[i, :i] = correlations[:i, i] = row
    values = coalition_values(correlations, np.arange(5), 5, np.zeros(5))[0]
    assert values[-1] == pytest.approx(0.706735, abs=1e-6)
    published = [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592]
    np.testing.assert_allclose(shapley_values(values, 5), published, atol=2e-7)


def test_orthogonal_drivers_get_their_own_r_squared():
    generator = np.random.default_rng(1)
    n = 4000
    index = pd.bdate_range("2010-01-01", periods=n)
    drivers = pd.DataFrame(generator.normal(size=(n, 2)), index, ["a", "b"])
    y = pd.Series(drivers["a"] + 2.0 * drivers["b"] + generator.normal(size=n) * 2.0, index)
    result = explained_shares(y, drivers, {"a": ("a",), "b": ("b",)})
    assert result.parts["a"].contains(1.0 / 9.0)
    assert result.parts["b"].contains(4.0 / 9.0)


def test_the_influence_of_a_row_on_a_share_is_what_its_weight_does():
    """The standard error without serial dependence is that of the infinitesimal jackknife by finite weights."""
    y, drivers = data(11)
    design = regression_design(y, drivers, BLOCKS)
    worth, influence = worth_and_influence(design)
    rows, step = design.rows, 1e-6
    for t in (0, 7, 40):
        weights = np.ones(len(rows))
        weights[t] += step * len(rows)
        centred = rows - np.average(rows, axis=0, weights=weights)
        moved = coalition_values((centred * weights[:, None]).T @ centred, design.block_of, len(BLOCKS), np.zeros(4))[0]
        np.testing.assert_allclose((moved - worth) / step, influence[t], rtol=1e-3, atol=1e-4)


def test_window_shares_are_the_average_over_every_order_and_add_up():
    y, drivers = data(5)
    window = y.index[-7:]
    result = attribute_window(y, drivers, BLOCKS, window, QUICK)
    before = y.index[:-7]

    def worth(names):
        columns, slopes = slopes_on(y.loc[before], drivers.loc[before], names)
        return float(drivers.loc[window, columns].sum().to_numpy() @ slopes)

    for name, share in by_every_order(worth, tuple(BLOCKS)).items():
        assert result.contributions[name].value == pytest.approx(share, abs=1e-10)
    assert list(result.contributions) == [*BLOCKS, "own residual"]
    assert sum(part.value for part in result.contributions.values()) == pytest.approx(y.loc[window].sum())
    assert sum(part.value for part in result.shares.values()) == pytest.approx(1.0)
    assert sum(part.value for part in result.shares_of_move.values()) == pytest.approx(1.0)
    assert result.sessions == 7
    assert result.n == 293


def test_the_window_does_not_enter_the_slopes():
    y, drivers = data(6)
    window = y.index[-7:]
    moved = y.copy()
    moved.loc[window] += 10.0
    first, second = (attribute_window(one, drivers, BLOCKS, window, QUICK) for one in (y, moved))
    assert first.explained == second.explained
    assert second.contributions["own residual"].value == pytest.approx(first.contributions["own residual"].value + 70.0)


def test_beyond_is_the_last_entrant():
    y, drivers = data(7)
    window, before = y.index[-7:], y.index[:-7]
    inside = drivers.loc[window].sum()
    _, full = slopes_on(y.loc[before], drivers.loc[before], ("two", "one"))
    on_given = np.linalg.lstsq(
        np.column_stack([np.ones(len(before)), drivers.loc[before, ["b", "c"]]]), drivers.loc[before, "a"], rcond=None
    )[0][1:]
    orthogonal = inside["a"] - on_given @ inside[["b", "c"]].to_numpy()
    share, p_value = beyond(y, drivers["a"], drivers[["b", "c"]], window, QUICK)
    assert share.value == pytest.approx(full[2] * orthogonal / y.loc[window].sum())
    assert (p_value < 0.05) == (not share.contains(0.0))


def test_contributions_cover_the_planted_ones():
    hits = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        index = pd.bdate_range("2018-01-01", periods=500)
        common = generator.standard_t(6, size=500)
        drivers = pd.DataFrame({"a": common, "b": 0.5 * common + generator.normal(size=500)}, index)
        y = 1.5 * drivers["a"] - 0.5 * drivers["b"] + 2.0 * generator.standard_t(6, size=500)
        window = index[-7:]
        moves = drivers.loc[window].sum()
        variance_a, variance_b = 1.5, 1.375
        alone_a, alone_b = 1.5 - 0.5 * 0.75 / variance_a, -0.5 + 1.5 * 0.75 / variance_b
        both = 1.5 * moves["a"] - 0.5 * moves["b"]
        planted = 0.5 * (alone_a * moves["a"] + both - alone_b * moves["b"])
        result = attribute_window(y, drivers, {"a": ("a",), "b": ("b",)}, window, QUICK)
        hits += result.contributions["a"].contains(planted)
    assert 33 <= hits <= 40


def test_shares_are_of_what_pushes_along_with_the_move():
    parts = np.array([[-3.0, -1.0], [-3.0, 2.9], [0.5, 0.0], [2.0, -4.0]])
    expected = [[0.75, 0.25], [1.0, 0.0], [np.nan, np.nan], [0.0, 1.0]]
    np.testing.assert_allclose(shares_along(parts, -10.0), expected)
    np.testing.assert_allclose(shares_along(-parts, 10.0), expected)


def test_a_share_keeps_its_bounds_where_blocks_cancel_out():
    generator = np.random.default_rng(4)
    index = pd.bdate_range("2018-01-01", periods=600)
    drivers = pd.DataFrame(generator.normal(size=(600, 2)), index, ["a", "b"])
    window = index[-5:]
    drivers.loc[window] = [-1.0, 1.0]
    y = drivers["a"] + drivers["b"] + 0.5 * generator.normal(size=600)
    y.loc[window] = -1.0
    result = attribute_window(y, drivers, {"a": ("a",), "b": ("b",)}, window, QUICK)
    assert result.explained.contains(0.0)
    assert result.shares["a"].value == pytest.approx(1.0)
    assert 0.9 < result.shares["a"].lower <= result.shares["a"].upper <= 1.0
    assert result.share_p_value("a", 0.5) < 0.05


def test_a_rise_that_every_block_pulls_down_has_no_shares():
    generator = np.random.default_rng(5)
    index = pd.bdate_range("2018-01-01", periods=600)
    drivers = pd.DataFrame(generator.normal(size=(600, 2)), index, ["a", "b"])
    window = index[-5:]
    drivers.loc[window] = -1.0
    y = drivers["a"] + drivers["b"] + 0.5 * generator.normal(size=600)
    y.loc[window] = 1.0
    result = attribute_window(y, drivers, {"a": ("a",), "b": ("b",)}, window, QUICK)
    assert "none of the move" in result.shares["a"].reason
    assert result.share_p_value("a", 0.5) == 1.0


def test_shares_of_the_bundled_event_are_recovered(sample_panel, sample_study, truth, resampling):
    bounds = sample_study.windows["short"]
    returns = sample_panel.returns
    window = returns.index[(returns.index > str(bounds.base)) & (returns.index <= str(bounds.last))]
    population = {name: SimpleNamespace(value=value) for name, value in truth.items()}
    for dependent, fundamentals in FUNDAMENTALS.items():
        drivers = returns[[*RISK, *fundamentals]]
        blocks = {"risk": RISK, "fundamentals": fundamentals}
        moves = returns.loc[window].sum().to_dict()
        result = attribute_window(returns[dependent], drivers, blocks, window, resampling)
        assert result.shares["risk"].contains(risk_share(dependent, moves, population))
        part, _ = beyond(returns[dependent], returns["growth"], returns[["market"]], window, resampling)
        assert part.contains(technology_share(dependent, moves, population))


def test_a_session_without_a_driver_is_joined_to_the_next():
    y, drivers = data(8)
    drivers.loc[y.index[100], "a"] = np.nan
    result = attribute_window(y, drivers, BLOCKS, y.index[-7:], QUICK)
    assert result.n == 292


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda y, x: (y * 0.0, x), "does not change"),
        (lambda y, x: (y, x.assign(a=1.0)), "does not change"),
        (lambda y, x: (y, x.assign(a=x["b"] + x["c"])), "collinear"),
        (lambda y, x: (y.iloc[-20:], x.iloc[-20:]), "too few"),
        (lambda y, x: (y, x.assign(a=np.nan)), "too few"),
    ],
)
def test_what_cannot_be_attributed_says_why(spoil, reason):
    y, drivers = spoil(*data(9))
    for answer in (
        attribute_window(y, drivers, BLOCKS, y.index[-7:], QUICK),
        explained_shares(y, drivers, BLOCKS),
    ):
        assert isinstance(answer, NotDecidable)
        assert reason in answer.reason


def test_a_window_without_data_is_refused():
    y, drivers = data(10)
    outside = pd.DatetimeIndex(["2031-01-01"])
    for answer in (
        attribute_window(y, drivers, BLOCKS, outside, QUICK),
        beyond(y, drivers["a"], drivers[["b"]], outside, QUICK),
    ):
        assert isinstance(answer, NotDecidable)

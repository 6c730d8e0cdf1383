"""Static betas: closed forms, recovery, refusals."""

import numpy as np
import pandas as pd
import pytest

from data.errors import EstimationError
from models.betas.static import dimson_beta, huber_beta, static_beta, up_down_betas


@pytest.fixture
def rows():
    generator = np.random.default_rng(1)
    x = generator.standard_t(5, size=3000)
    market = 0.3 * x + generator.normal(size=3000)
    y = 1.8 * x + 0.5 * market + generator.normal(size=3000)
    return pd.DataFrame({"y": y, "x": x, "market": market})


def test_slope_is_covariance_over_variance(rows):
    beta = static_beta(rows["y"], rows["x"])["x"]
    assert beta.value == pytest.approx(rows[["y", "x"]].cov().loc["y", "x"] / rows["x"].var())


def test_multi_factor_betas_are_recovered(rows):
    betas = static_beta(rows["y"], rows[["x", "market"]])
    for factor, truth in {"x": 1.8, "market": 0.5}.items():
        assert abs(betas[factor].value - truth) < 4 * betas[factor].std_error


def test_huber_resists_one_wild_day(rows):
    wild = rows["y"].copy()
    wild.iloc[np.argmax(rows["x"])] -= 400.0
    clean = huber_beta(rows["y"], rows["x"]).value
    assert abs(huber_beta(wild, rows["x"]).value - clean) < 0.02
    assert abs(static_beta(wild, rows["x"])["x"].value - static_beta(rows["y"], rows["x"])["x"].value) > 0.1


def test_dimson_beta_finds_what_another_clock_hides():
    generator = np.random.default_rng(2)
    x = pd.Series(generator.normal(size=5000), name="x")
    late = (2.0 * (0.6 * x + 0.4 * x.shift(1))).rename("y") + generator.normal(size=5000)
    assert static_beta(late, x)["x"].upper < 1.6
    assert dimson_beta(late, x).contains(2.0)


def test_up_and_down_betas():
    generator = np.random.default_rng(3)
    x = pd.Series(generator.normal(size=8000), name="x")
    y = (np.where(x > 0, 1.0, 2.0) * x + generator.normal(size=8000)).rename("y")
    up, down = up_down_betas(y, x)
    assert up.contains(1.0)
    assert down.contains(2.0)


def test_refusals_name_the_series(rows):
    with pytest.raises(EstimationError, match="only 20 complete sessions"):
        static_beta(rows["y"].iloc[:20], rows["x"].iloc[:20])
    with pytest.raises(EstimationError, match="constant"):
        static_beta(rows["y"], pd.Series(1.0, index=rows.index, name="flat"))

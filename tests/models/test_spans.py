"""Sums over longer spans lose nothing and do not overlap."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.spans import summed


@given(rows=st.integers(1, 60), sessions=st.integers(1, 10))
def test_sums_are_those_of_consecutive_stretches(rows, sessions):
    index = pd.bdate_range("2020-01-01", periods=rows)
    frame = pd.DataFrame({"a": np.arange(rows, dtype=float), "b": np.ones(rows)}, index=index)
    sums = summed(frame, sessions)
    whole = rows // sessions * sessions
    assert len(sums) == rows // sessions
    assert sums.to_numpy().sum() == pytest.approx(frame.iloc[:whole].to_numpy().sum())
    assert (sums["b"] == sessions).all()
    for at, day in enumerate(sums.index):
        assert day == index[(at + 1) * sessions - 1]
        assert sums.loc[day, "a"] == frame["a"].iloc[at * sessions : (at + 1) * sessions].sum()

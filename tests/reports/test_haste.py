"""Rendering in haste leaves the interpreter as it was, and makes the same charts."""

import gc

import altair as alt
import pytest
from altair.utils import schemapi

from reports.haste import in_haste


def test_haste_ends_also_where_rendering_fails() -> None:
    def fail() -> None:
        with in_haste():
            assert not gc.isenabled()
            assert not schemapi.DEBUG_MODE
            raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        fail()
    assert gc.isenabled()
    assert schemapi.DEBUG_MODE


def test_whoever_searches_no_cycles_is_left_so() -> None:
    gc.disable()
    try:
        with in_haste():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_chart_made_in_haste_is_the_same() -> None:
    def made() -> dict[str, object]:
        spec: dict[str, object] = alt.Chart().mark_line(color="#123456").encode(x="a:Q").to_dict(validate=False)
        return spec

    with in_haste():
        hasty = made()
    assert hasty == made()

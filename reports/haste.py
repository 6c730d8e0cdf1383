"""Rendering without what costs time and finds nothing: the search for cycles, and a second look at each chart."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from altair.utils.schemapi import debug_mode


@contextmanager
def in_haste() -> Iterator[None]:
    """Neither search for cycles of objects nor check charts against the schema of Vega-Lite, until the end.

    Laying out pages makes millions of objects that live until the pages are written: searching them took a sixth of the
    time. What the charts are made of is checked against the schema by the tests.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        with debug_mode(False):
            yield
    finally:
        if searching:
            gc.enable()

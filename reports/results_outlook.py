"""The outlook as plain JSON values: records become objects under their own field names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pandas as pd

from models.estimate import Estimate, NotDecidable, TestResult
from models.outlook import Outlook
from models.outlook.nowcast import Quantity

#: Fields that stand elsewhere in the results, or can be had from what does.
_LEFT_OUT = ("path",)


def outlook_json(
    outlook: Outlook,
    measure: Callable[[Estimate | TestResult | NotDecidable], dict[str, Any]],
    frame: Callable[[pd.DataFrame], dict[str, Any]],
) -> dict[str, Any]:
    """Every figure of the monitor.

    Parameters
    ----------
    outlook : Outlook
    measure, frame : callable
        How estimates and frames are written in the results.
    """

    def plain(value: object) -> Any:
        match value:
            case Estimate() | TestResult() | NotDecidable():
                return measure(value)
            case Quantity():
                return {"key": value.key, "kind": value.kind, "series": list(value.series), "unit": value.unit}
            case pd.DataFrame():
                return frame(value)
            case pd.Timestamp():
                return value.strftime("%Y-%m-%d")
            case bool() | int() | str() | None:
                return value
            case float():
                return float(f"{value:.10g}") if math.isfinite(value) else None
            case Mapping():
                return {str(key): plain(one) for key, one in value.items()}
            case tuple() | list():
                return [plain(one) for one in value]
            case _ if is_dataclass(value):
                return {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.name not in _LEFT_OUT}
        raise TypeError(f"{type(value).__name__} has no place in the results")

    made: dict[str, Any] = plain(outlook)
    return made

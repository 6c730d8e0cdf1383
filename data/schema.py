"""The contract of a delivered frame, in pandera; what breaks it becomes a QualityError with the first date at fault."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.errors import QualityError
from data.sources.protocol import COLUMNS, LEVELS, Delivery, level_column
from data.study import Instrument

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

MINIMUM_SESSIONS = 251
"""Levels a required series needs inside the panel: one more than the 250 returns that the margins need."""


@lru_cache(maxsize=4)
def _schema(level: str, positive: bool) -> DataFrameSchema:
    import pandera.pandas as pa

    above_zero = pa.Check(lambda values: values > 0.0, name="is not positive", ignore_na=True)
    not_below_zero = pa.Check(lambda values: values >= 0.0, name="is negative", ignore_na=True)
    finite = pa.Check(np.isfinite, name="is not finite", ignore_na=True)
    columns: dict[str, Any] = {
        column: pa.Column(
            float,
            checks=[finite, *([above_zero] if positive and column in LEVELS else [])],
            nullable=True,
            required=column == level,
        )
        for column in COLUMNS
        if column != "volume"
    }
    columns["volume"] = pa.Column(float, checks=[finite, not_below_zero], nullable=True, required=False)
    index = pa.Index("datetime64[ns]", unique=True, name="date")
    return pa.DataFrameSchema(columns, index=index, strict=True)


def validate(delivery: Delivery, instrument: Instrument) -> None:
    """Hold a delivery against the contract.

    Raises
    ------
    QualityError
        Naming the file, the first date and the value: a level that is not positive though its change is a log, a
        negative volume, a value that is not finite, a date that repeats; or a series that never moves.
    """
    from pandera.errors import SchemaError

    name = delivery.origin.address
    try:
        _schema(level_column(delivery.frame.columns), instrument.change == "log").validate(delivery.frame)
    except SchemaError as error:
        raise _explained(name, error, instrument) from error
    level = delivery.level
    if level.size > 1 and level.min() == level.max():
        raise QualityError(
            name, f"all {level.size} values are {level.iloc[0]:g}: it never moves", "Give prices that were traded."
        )


def _explained(name: str, error: Any, instrument: Instrument) -> QualityError:
    column = getattr(error.schema, "name", None) or "date"
    check = getattr(error.check, "name", None) or str(error.check)
    cases = error.failure_cases
    first = cases.iloc[0] if isinstance(cases, pd.DataFrame) and len(cases) else None
    where = f" on {pd.Timestamp(first['index']).date()}" if first is not None and first["index"] is not None else ""
    value = f" ({first['failure_case']:g})" if first is not None and isinstance(first["failure_case"], float) else ""
    remedy = "Mend the value at its source."
    if check == "is not positive":
        remedy = f'Mend it at its source, or give {instrument.id} change = "difference" in the study file.'
    return QualityError(name, f"the {column}{where} {check}{value}", remedy)

"""Observations as the regime models take them: checked arrays with their labels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data.errors import EstimationError

Array = NDArray[np.float64]

#: Fewest observations a parameter must be learnt from.
OBSERVATIONS_PER_PARAMETER = 3
#: Observations further from the median than this many interquartile ranges make double precision doubtful.
LARGEST_OUTLIER = 1e7


@dataclass(frozen=True)
class Sample:
    """One or several series on one index.

    Attributes
    ----------
    observations : array, shape (T, N)
    index : pandas.Index
    names : tuple
        Name of each column; a single unnamed series is called `y`.
    """

    observations: Array
    index: pd.Index
    names: tuple[Hashable, ...]

    @property
    def length(self) -> int:
        return len(self.observations)


def as_sample(observations: ArrayLike | pd.Series | pd.DataFrame, what: str = "y") -> Sample:
    """Check observations and label them.

    Raises
    ------
    EstimationError
        If a value is missing, infinite or not a number, or nothing is there.
    """
    if isinstance(observations, pd.Series):
        frame = observations.to_frame(observations.name if observations.name is not None else what)
    elif isinstance(observations, pd.DataFrame):
        frame = observations
    else:
        values = np.asarray(observations)
        columns = values.reshape(len(values), -1) if values.size else values.reshape(0, 1)
        names = [what] if columns.shape[1] == 1 else [f"{what}{i}" for i in range(columns.shape[1])]
        frame = pd.DataFrame(columns, columns=names)
    try:
        values = np.ascontiguousarray(frame.to_numpy(dtype=np.float64))
    except (TypeError, ValueError):
        raise EstimationError(what, "holds values that are not numbers", "Give returns or levels only.") from None
    if values.size == 0:
        raise EstimationError(what, "there are no observations", "Check the window of the study.")
    finite = np.isfinite(values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise EstimationError(
            str(frame.columns[column]),
            f"{int((~finite).sum())} values are missing or infinite, the first at {frame.index[row]}",
            "Drop the dates on which a series has no value.",
        )
    return Sample(values, frame.index, tuple(frame.columns))


def as_series(observations: ArrayLike | pd.Series | pd.DataFrame) -> Sample:
    """Check the observations of a single series and label them.

    Raises
    ------
    EstimationError
        As `as_sample`, and if there is more than one column.
    """
    sample = as_sample(observations)
    if len(sample.names) != 1:
        raise EstimationError("y", f"{len(sample.names)} columns where one is needed", "Take one series at a time.")
    return sample


def require_variation(sample: Sample) -> None:
    """Refuse a constant series and one whose outliers exhaust double precision.

    Raises
    ------
    EstimationError
    """
    for column, name in enumerate(sample.names):
        values = sample.observations[:, column]
        if np.ptp(values) <= 1e-12 * max(1e-300, float(np.max(np.abs(values)))):
            raise EstimationError(str(name), "the series does not vary", "Leave it out or check its source.")
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        furthest = int(np.argmax(np.abs(values - middle)))
        if high > low and abs(values[furthest] - middle) > LARGEST_OUTLIER * (high - low):
            raise EstimationError(
                str(name),
                f"the value at {sample.index[furthest]} lies more than ten million interquartile ranges out",
                "Check it against its source.",
            )


def require_length(sample: Sample, parameters: int, k_regimes: int) -> None:
    """Refuse a model that is too large for the data.

    Raises
    ------
    EstimationError
    """
    needed = OBSERVATIONS_PER_PARAMETER * parameters
    if sample.length < needed:
        raise EstimationError(
            ", ".join(map(str, sample.names)),
            f"{sample.length} observations cannot carry the {parameters} parameters of {k_regimes} regimes",
            f"Use fewer regimes or at least {needed} observations.",
        )

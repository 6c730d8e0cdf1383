"""The only ways a number leaves a model: with its uncertainty, or with the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from data.errors import EstimationError

Found = TypeVar("Found")
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its uncertainty.

    Attributes
    ----------
    value : float
        Point estimate, in `unit`.
    std_error : float or None
        Standard error; None where the interval is not built from one.
    lower, upper : float
        Limits of the interval at `level`.
    level : float
        Coverage the interval claims, e.g. 0.95.
    n : int
        Observations behind the estimate.
    unit : str
        Unit of value and limits; empty for a pure number.
    method : str
        Estimator and interval in one line.
    """

    value: float
    std_error: float | None
    lower: float
    upper: float
    level: float
    n: int
    unit: str
    method: str

    def __post_init__(self) -> None:
        numbers = (self.value, self.lower, self.upper, self.level)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"an Estimate holds finite numbers only, not {numbers}")
        if self.lower > self.upper:
            raise ValueError(f"lower limit {self.lower} exceeds upper limit {self.upper}")

    def contains(self, value: float) -> bool:
        """Whether the interval covers `value`."""
        return self.lower <= value <= self.upper

    def shifted(self, by: float) -> Estimate:
        """The estimate plus a constant."""
        return replace(self, value=self.value + by, lower=self.lower + by, upper=self.upper + by)

    def scaled(self, by: float) -> Estimate:
        """The estimate times a constant; a negative one exchanges the limits."""
        lower, upper = sorted((by * self.lower, by * self.upper))
        error = None if self.std_error is None else abs(by) * self.std_error
        return replace(self, value=by * self.value, std_error=error, lower=lower, upper=upper)


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test statistic with its null hypothesis in words.

    Attributes
    ----------
    statistic, p_value : float
        The statistic and the probability, under the null, of one at least as extreme.
    null : str
        What the test supposes, as a sentence.
    reference : str
        Where the p-value comes from: a distribution or a bootstrap with its draws.
    n : int
        Observations behind the test.
    method : str
        Name of the test with its source.
    """

    __test__ = False

    statistic: float
    p_value: float
    null: str
    reference: str
    n: int
    method: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.statistic) and 0.0 <= self.p_value <= 1.0):
            raise ValueError(f"not a test result: statistic {self.statistic}, p {self.p_value}")


@dataclass(frozen=True, slots=True)
class NotDecidable:
    """The honest answer where a number would be a guess.

    Attributes
    ----------
    reason : str
        Why, as a clause that can follow "not decidable, because".
    """

    reason: str

    def __str__(self) -> str:
        return f"not decidable, because {self.reason}"


def measured_or_reason(
    measure: Callable[Arguments, Found | NotDecidable], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Found | NotDecidable:
    """What is measured with these arguments, or why it cannot be estimated."""
    try:
        return measure(*args, **kwargs)
    except EstimationError as error:
        return NotDecidable(f"{error.culprit}: {error.problem}")

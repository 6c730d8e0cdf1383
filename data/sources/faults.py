"""How a vendor can fail, each with its own name, so that a scheduler and a person know whether to wait or to act."""

from __future__ import annotations

from data.errors import SourceError

TEMPORARY = 75
"""Exit code for "try again later" (EX_TEMPFAIL of sysexits.h)."""


class TemporaryFault(SourceError):  # noqa: N818 - a family of errors, each of which carries the suffix
    """Something that may pass: worth another try after a pause.

    Parameters
    ----------
    retry_after : float, optional
        Seconds the vendor asked to wait.
    """

    exit_code = TEMPORARY

    def __init__(self, culprit: str, problem: str, remedy: str, retry_after: float | None = None) -> None:
        super().__init__(culprit, problem, remedy)
        self.retry_after = retry_after


class RateLimitedError(TemporaryFault):
    """The vendor refuses more requests for now."""


class ServerFaultError(TemporaryFault):
    """The vendor's server failed or took too long."""


class PartialAnswerError(TemporaryFault):
    """The answer was cut off."""


class NoNetworkError(TemporaryFault):
    """The vendor cannot be reached from here."""


class EmptyAnswerError(SourceError):
    """The vendor answered, without a single usable row."""


class ChangedFormatError(SourceError):
    """The answer is not in the format this study knows."""


class HtmlAnswerError(ChangedFormatError):
    """A web page came where data were asked for."""


class NeedsKeyError(SourceError):
    """The vendor wants a key or a log-in."""


class TooLargeError(SourceError):
    """The answer is larger than any daily series can be."""

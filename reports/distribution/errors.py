"""What can keep an edition from its readers, each with its own name."""

from __future__ import annotations

from data.errors import StudyError
from data.sources.faults import TEMPORARY


class StakeholdersFileError(StudyError):
    """The stakeholder file is missing, malformed or contradicts itself."""


class UnsendableError(StudyError):
    """The edition is not one that may leave the house, or lacks a file that somebody is to get."""


class LedgerError(StudyError):
    """The ledger cannot be read or written, so that nobody knows who has what."""


class BusyError(LedgerError):
    """Another run is sending at this moment."""

    exit_code = TEMPORARY


class MailServerError(StudyError):
    """The mail server is not named, cannot be trusted or refuses the sender; nothing more was sent."""


class UnreachableError(MailServerError):
    """The mail server does not answer."""

    exit_code = TEMPORARY


class UndeliveredError(StudyError):
    """Some messages did not go out, or nobody knows whether they did; the others went.

    Parameters
    ----------
    problem, remedy : str
    temporary : bool
        Whether another run may deliver what is missing without anybody's doing.
    """

    def __init__(self, problem: str, remedy: str, *, temporary: bool) -> None:
        self.exit_code = TEMPORARY if temporary else 3
        super().__init__("distribution", problem, remedy)

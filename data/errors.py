"""Errors meant for the person at the terminal: what is wrong, where, and what to do."""

from __future__ import annotations


class StudyError(Exception):
    """Base of every error a user can cause and mend.

    Parameters
    ----------
    culprit : str
        The file, key, instrument or date that is at fault.
    problem : str
        What is wrong with it, in words.
    remedy : str
        What to do about it.
    """

    exit_code = 2

    def __init__(self, culprit: str, problem: str, remedy: str) -> None:
        self.culprit = culprit
        self.problem = problem
        self.remedy = remedy
        super().__init__(culprit, problem, remedy)

    def __str__(self) -> str:
        return f"{self.culprit}: {self.problem}. {self.remedy}"


class StudyFileError(StudyError):
    """The study file is missing, malformed or contradicts itself."""


class SourceError(StudyError):
    """A source cannot deliver an instrument: missing, unreadable or in another format."""


class QualityError(StudyError):
    """The delivered prices cannot be used: duplicates, wrong sign, too short, constant."""


class EstimationError(StudyError):
    """A model cannot be estimated on these data, or its optimiser did not converge."""


class PageError(StudyError):
    """An edition cannot be written or does not pass the preflight."""

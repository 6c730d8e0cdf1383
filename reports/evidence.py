"""The one evidence object behind every edition: study, data, models and verdicts, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.panel import Panel
from data.study import Study
from models.claims.closest import ClosestReadings
from models.claims.recovery import Recovered
from models.claims.verdict import Verdict
from models.clock import ClockRow
from models.drivers import Fall
from models.estimate import NotDecidable
from models.long_study import LongResult
from models.measurements import Family
from models.outlook import Outlook
from models.portfolio import PortfolioRisk
from models.suite import Suite

__all__ = ["Evidence", "Provenance", "QuotedStudy", "Recovered"]


@dataclass(frozen=True, slots=True)
class QuotedStudy:
    """A long study as the edition quotes it.

    Attributes
    ----------
    name, title : str
    result : LongResult or None
        None where there is none for this study and these data.
    same_code : bool
        Whether the code of data and models is that of the edition.
    """

    name: str
    title: str
    result: LongResult | None
    same_code: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an auditor needs to make the same edition again.

    Attributes
    ----------
    command : str
        The command line, without machine paths.
    commit : str
        Commit of the work tree, "unknown" outside a checkout.
    dirty : bool
        Whether the work tree differs from the commit: the edition is then a DRAFT.
    lock_sha256, study_sha256, data_sha256, code_sha256 : str
    robustness_sha256 : str
        Digest of the long studies that the edition quotes.
    versions : tuple of (package, version)
    seed : int
    """

    command: str
    commit: str
    dirty: bool
    lock_sha256: str
    study_sha256: str
    data_sha256: str
    code_sha256: str
    robustness_sha256: str
    versions: tuple[tuple[str, str], ...]
    seed: int


@dataclass(frozen=True)
class Evidence:
    """Everything the pages may say.

    `outlook` is what the models say of the sessions ahead.
    `clocks` holds the correlations of the asset that trades around the clock by the hour of its close, `closest` the
    figures beside the statements that cannot be tested. `falls` and `portfolio` are what the study's attribution and
    its stated mix came to, empty and None where the study asks for neither. `measurements` are the main figures by
    every estimator.
    """

    study: Study
    panel: Panel
    suite: Suite
    outlook: Outlook
    verdicts: tuple[Verdict, ...]
    recovered: tuple[Recovered, ...]
    robustness: tuple[QuotedStudy, ...]
    provenance: Provenance
    quick: bool
    clocks: Mapping[str, ClockRow | NotDecidable] | NotDecidable
    closest: tuple[ClosestReadings, ...]
    falls: tuple[Fall, ...] = ()
    portfolio: PortfolioRisk | NotDecidable | None = None
    measurements: tuple[Family, ...] = ()

"""The edition that is to be sent, read once, with what speaks against sending it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import PageError
from reports.distribution.errors import UnsendableError
from reports.preflight import check_finished_pdf

LATEST = "latest"
_MAKE = "Make it with `make report`."


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Manifest(_Read):
    """What the manifest says of how the edition was made."""

    as_of: date
    draft: bool
    data_kind: str
    files: dict[str, str]


class Headline(_Read):
    """What the results say of the edition as a whole."""

    headline: str
    deck: str
    data_to: date
    quick: bool


class Effect(_Read):
    """The number that page one prints for a verdict; without a value where it could not be decided."""

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    unit: str = ""


class Judged(_Read):
    """A statement with its verdict."""

    id: str
    statement: str
    outcome: str
    decisive: Effect
    decisive_label: str


class About(_Read):
    """The study's name."""

    title: str


class Results(_Read):
    """What a message quotes from `results.json`."""

    mark: str | None
    study: About
    edition: Headline
    verdicts: tuple[Judged, ...] = Field(default=())


@dataclass(frozen=True)
class Edition:
    """A published edition in memory: what is sent is what was checked.

    Attributes
    ----------
    manifest : Manifest
    results : Results
    files : mapping of name to bytes
        The files at the top of its folder.
    objections : tuple of str
        Why it should not be sent, each as a clause; empty where nothing speaks against it.
    """

    manifest: Manifest
    results: Results
    files: Mapping[str, bytes]
    objections: tuple[str, ...]

    def digest(self, name: str) -> str:
        """SHA-256 of a file, by which the ledger knows it."""
        return hashlib.sha256(self.files[name]).hexdigest()


def read_edition(out: Path, as_of: date | None = None) -> Edition:
    """Read the edition of a date, or the newest.

    Parameters
    ----------
    out : Path
        Folder of the editions.
    as_of : date, optional
        Its date; the newest without it.

    Raises
    ------
    UnsendableError
        If there is no such edition or it cannot be read.
    """
    folder = (out / (as_of.isoformat() if as_of else LATEST)).resolve()
    where = f"edition {folder.name}"
    try:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        manifest = Manifest.model_validate(json.loads(files["manifest.json"]))
        results = Results.model_validate(json.loads(files["results.json"]))
    except OSError as error:
        raise UnsendableError(where, f"cannot be read from {out.name} ({error.strerror})", _MAKE) from error
    except KeyError as error:
        raise UnsendableError(where, f"lacks {error.args[0]}", _MAKE) from error
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise UnsendableError(where, f"was made by another version of this project ({key})", _MAKE) from error
    except ValueError as error:
        raise UnsendableError(where, f"holds a file that is not JSON ({error})", _MAKE) from error
    listed = {name: content for name, content in files.items() if name in manifest.files}
    return Edition(manifest, results, listed, _objections(manifest, results, listed))


def _objections(manifest: Manifest, results: Results, files: Mapping[str, bytes]) -> tuple[str, ...]:
    found = []
    if manifest.data_kind != "real" or results.mark:
        found.append("it shows simulated data")
    if manifest.draft:
        found.append("it is a draft, made from a work tree with changes")
    changed = [name for name, content in files.items() if hashlib.sha256(content).hexdigest() != manifest.files[name]]
    if changed:
        found.append(f"{', '.join(changed)} changed after the preflight")
    found += _preflight(files)
    return tuple(found)


def _preflight(files: Mapping[str, bytes]) -> list[str]:
    """Complaints of the preflight about the PDF files as they are now."""
    complaints = []
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            if name.endswith(".pdf"):
                path = Path(folder) / name
                path.write_bytes(content)
                try:
                    check_finished_pdf(path)
                except PageError as error:
                    complaints.append(f"it fails the preflight: {error.culprit} {error.problem}")
    return complaints

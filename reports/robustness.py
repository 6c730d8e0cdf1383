"""Run the long studies and keep what they found; quote the newest result for the same study and data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.panel import Panel
from data.study import Study
from models.claims.power_studies import JudgedInputs
from models.claims.robustness import LONG_STUDIES
from models.fitting import fit_suite
from models.long_study import LongResult, LongStudy
from reports.evidence import Evidence, QuotedStudy
from reports.pieces import KeptPieces
from reports.provenance import ROOT, model_sha256

STORE = ROOT / ".cache" / "robustness"


@dataclass(frozen=True, slots=True)
class _Key:
    """What a result belongs to: the same study and data to be quoted, the same code too to be taken as it is."""

    study: str
    data: str
    as_of: str
    code: str

    @classmethod
    def of(cls, study: Study, panel: Panel) -> _Key:
        return cls(study.sha256, panel.sha256, panel.as_of.isoformat(), model_sha256())

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.study}{self.data}{self.as_of}{self.code}".encode()).hexdigest()[:16]

    def place(self, store: Path, name: str) -> Path:
        return store / f"{name}-{self.digest}.json"

    def describes(self, record: dict[str, Any]) -> bool:
        return (record["study"], record["data"], record["as_of"]) == (self.study, self.data, self.as_of)


def run_long_studies(
    evidence: Evidence,
    *,
    workers: int,
    progress: Callable[[str], None] = lambda _: None,
    studies: Iterable[LongStudy[JudgedInputs]] = LONG_STUDIES,
    store: Path = STORE,
) -> tuple[Path, ...]:
    """Compute every long study that has no result yet for this study, these data and this code.

    Parameters
    ----------
    evidence : Evidence
        Of an edition; its panel may reach beyond the article's date, the long studies do not.
    workers : int
    progress : callable
        Told in words which piece begins.
    studies : iterable of LongStudy
    store : Path
        Folder of the results, one JSON file each, written whole or not at all; pieces of unfinished studies lie in a
        folder within, until the last study is done.

    Returns
    -------
    tuple of Path
        The result of each long study.
    """
    key = _Key.of(evidence.study, evidence.panel)
    pieces = KeptPieces(store / f"pieces-{key.digest}")
    places = []
    inputs: JudgedInputs | None = None
    for one in studies:
        place = key.place(store, one.name)
        places.append(place)
        if place.exists():
            continue
        inputs = inputs or _inputs(evidence, workers, progress, pieces)
        progress(one.title)
        _keep(place, key, one, one.compute(inputs))
    pieces.clear()
    return tuple(places)


def quoted_studies(
    study: Study, panel: Panel, *, studies: Iterable[LongStudy[JudgedInputs]] = LONG_STUDIES, store: Path = STORE
) -> tuple[QuotedStudy, ...]:
    """For each long study the newest result for this study and these data, or that there is none.

    A result of the very same code goes before one of other code, whatever their ages.
    """
    key = _Key.of(study, panel)
    return tuple(_quoted(one, key, store) for one in studies)


def _quoted(one: LongStudy[JudgedInputs], key: _Key, store: Path) -> QuotedStudy:
    current = key.place(store, one.name)
    others = sorted(store.glob(f"{one.name}-*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in (current, *others):
        record = _read(path)
        if record is not None and record["name"] == one.name and key.describes(record):
            same_code = record["code"] == key.code
            return QuotedStudy(one.name, one.title, LongResult.from_record(record["result"]), same_code)
    return QuotedStudy(one.name, one.title, None, same_code=False)


def _read(path: Path) -> dict[str, Any] | None:
    """A kept record; None where there is none or it is no record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    wanted = {"name", "study", "data", "as_of", "code", "result"}
    return record if isinstance(record, dict) and wanted <= set(record) else None


def _inputs(
    evidence: Evidence, workers: int, progress: Callable[[str], None], pieces: MutableMapping[str, Any]
) -> JudgedInputs:
    study = evidence.study
    panel = evidence.panel.until(study.about.as_of)
    same_vintage = evidence.panel.last_session <= study.about.as_of
    suite = evidence.suite if same_vintage else fit_suite(panel, study, seed=study.inference.seed)
    return JudgedInputs(panel, study, suite, workers, progress, pieces, evidence.verdicts)


def _keep(place: Path, key: _Key, one: LongStudy[JudgedInputs], result: LongResult) -> None:
    record = {
        "name": one.name,
        "study": key.study,
        "data": key.data,
        "as_of": key.as_of,
        "code": key.code,
        "result": result.record(),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".part")
    unfinished.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    unfinished.replace(place)

"""What is kept of an edition for the next one: verdicts, readings with their bands, parameters. A few kilobytes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from data.errors import PageError
from models.estimate import Estimate, NotDecidable
from reports.evidence import Evidence

Json = dict[str, Any]
VERSION = "1"
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-(?:real|simulated)-[0-9a-f]{8}\.json")
_DIGITS = 10


def edition_record(evidence: Evidence) -> Json:
    """The record of an edition as plain JSON values.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    dict
        "edition" (dates, source, commit), "study", "verdicts" with their headline, "readings" of the nowcast with the
        limits beyond which the next edition reports a change, "turbulence" (probability by the reference series), and
        "parameters" with their standard errors.
    """
    study, panel, outlook = evidence.study, evidence.panel, evidence.outlook
    return {
        "version": VERSION,
        "study": {"title": study.about.title, "sha256": study.sha256},
        "edition": {
            "data_kind": panel.kind,
            "data_to": panel.last_session.isoformat(),
            "as_of": panel.as_of.isoformat(),
            "source": panel.source,
            "quick": evidence.quick,
            "commit": evidence.provenance.commit,
        },
        "verdicts": [
            {"id": one.id, "outcome": one.outcome.value, "headline": _headline(one.headline)}
            for one in evidence.verdicts
        ],
        "readings": [
            {
                "key": one.quantity.key,
                "value": _number(one.now.value),
                "inner": [_number(limit) for limit in one.inner],
                "unit": one.now.unit,
            }
            for one in outlook.readings
        ],
        "turbulence": _number(outlook.reference.known[0]),
        "parameters": [
            {
                "model": table.model,
                "name": str(name),
                "estimate": _number(float(table.frame.loc[name, "estimate"])),
                "std_error": _number(float(table.frame.loc[name, "std_error"])),
            }
            for table in evidence.suite.parameters
            for name in table.frame.index
        ],
    }


def _headline(headline: Estimate | NotDecidable) -> Json:
    if isinstance(headline, NotDecidable):
        return {"not_decidable": headline.reason}
    limits = {name: _number(getattr(headline, name)) for name in ("value", "lower", "upper")}
    return {**limits, "unit": headline.unit}


def _number(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def record_name(evidence: Evidence) -> str:
    """File name of an edition's record: its date, kind of data and study."""
    study = hashlib.sha256(evidence.study.about.title.encode()).hexdigest()[:8]
    return f"{evidence.panel.as_of.isoformat()}-{evidence.panel.kind}-{study}.json"


def keep_record(evidence: Evidence, editions: Path) -> Path:
    """Write the record of a published edition, whole or not at all.

    Parameters
    ----------
    evidence : Evidence
    editions : Path
        Folder of the records.

    Raises
    ------
    PageError
        If it cannot be written.
    """
    text = json.dumps(edition_record(evidence), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    place = editions / record_name(evidence)
    partial = place.with_suffix(f".{os.getpid()}.part")
    try:
        editions.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(place)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise PageError(
            str(editions),
            f"the edition stands, but its record cannot be kept here ({error.strerror or error})",
            "Name a folder that can be written: EDITIONS=folder.",
        ) from error
    return place


def edition_before(editions: Path, evidence: Evidence) -> Json | None:
    """Record of the newest earlier edition of the same study on the same kind of data; None where there is none.

    A record that cannot be read is passed over.
    """
    own = record_name(evidence)
    for path in _records(editions):
        if path.name[10:] != own[10:] or path.name >= own:
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["version"] == VERSION and content["edition"]["as_of"] == path.name[:10]:
                return dict(content)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _records(editions: Path) -> Iterator[Path]:
    """Records in a folder, newest first."""
    try:
        found = sorted((path for path in editions.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    except OSError:
        found = []
    yield from found

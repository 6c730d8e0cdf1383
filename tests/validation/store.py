"""Where the Monte Carlo keeps its pieces, and which code they belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / ".cache" / "validation"


def code_digest(places: Sequence[str]) -> str:
    """Digest of files and of the Python files below folders: results of other code are not reused."""
    digest = hashlib.sha256()
    for place in places:
        folder = ROOT / place
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else (folder,):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def keep(place: Path, records: list[Any]) -> None:
    """Write the records of a piece whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".part")
    unfinished.write_text(json.dumps(records))
    unfinished.replace(place)


def kept(folder: Path, label: str) -> list[Any]:
    """All records of a label that are kept in a folder."""
    found = sorted(folder.glob(f"{file_name(label)}-*.json"), key=lambda path: int(path.stem.rsplit("-", 1)[1]))
    return [record for path in found for record in json.loads(path.read_text())]


def file_name(label: str) -> str:
    """A label as the beginning of a file's name."""
    return label.replace(" ", "_").replace("=", "")

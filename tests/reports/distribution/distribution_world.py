"""Small published editions and their readers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from evidence_factory import evidence

from reports.distribution import Stakeholders
from reports.publish import manifest
from reports.results import Json, dump

AS_OF = "2026-02-08"
WHEN = datetime(2026, 2, 9, 7, 30, tzinfo=UTC)
ADDRESSES = ("ada@example.org", "bob@example.org", "cleo@example.org")


def publish_small(out: Path, files: dict[str, bytes], judged: Json) -> Path:
    """An edition of real data from a clean tree in a folder of its own."""
    folder = out / AS_OF
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "results.json").write_bytes(dump(judged))
    (folder / "manifest.json").write_bytes(dump(manifest(evidence(), folder)))
    (out / "latest").symlink_to(AS_OF)
    return out


def change_manifest(out: Path, **values: object) -> None:
    path = out / AS_OF / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def remake(out: Path, name: str, content: bytes) -> None:
    """Another version of a file, published as such."""
    (out / AS_OF / name).write_bytes(content)
    listed = json.loads((out / AS_OF / "manifest.json").read_text())["files"]
    change_manifest(out, files={**listed, name: hashlib.sha256(content).hexdigest()})


def readers(*wishes: tuple[str, tuple[str, ...]], language: str = "en") -> Stakeholders:
    """Readers by address with the files they want."""
    return Stakeholders.model_validate(
        {
            "sender": {"name": "The study", "address": "study@example.org"},
            "stakeholders": [
                {"name": address.partition("@")[0].title(), "address": address, "editions": names, "language": language}
                for address, names in wishes
            ],
        }
    )

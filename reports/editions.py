"""Editions that stand already: whether the newest one is still what the same command would make."""

from __future__ import annotations

import json
from pathlib import Path

from data.panel import Panel
from reports.evidence import Provenance
from reports.provenance import file_sha256


def up_to_date(out: Path, panel: Panel, provenance: Provenance, quick: bool) -> Path | None:
    """The edition in `out` that was made from the very same inputs and is whole, None where there is none.

    Parameters
    ----------
    out : Path
        Folder of the editions.
    panel : Panel
    provenance : Provenance
        Of the run that is about to start.
    quick : bool
    """
    folder = out / panel.as_of.isoformat()
    latest = out / "latest"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        same = latest.resolve() == folder.resolve() and _inputs(manifest) == {
            "command": provenance.command,
            "commit": provenance.commit,
            "draft": provenance.dirty,
            "quick": quick,
            "source": panel.source,
            "as_of": panel.as_of.isoformat(),
            "seed": provenance.seed,
            "lock": provenance.lock_sha256,
            "study": provenance.study_sha256,
            "data": provenance.data_sha256,
            "code": provenance.code_sha256,
            "robustness": provenance.robustness_sha256,
            "versions": dict(provenance.versions),
        }
        whole = all(file_sha256(folder / name) == digest for name, digest in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if same and whole else None


def _inputs(manifest: dict[str, object]) -> dict[str, object]:
    digests = manifest["sha256"]
    plain = ("command", "commit", "draft", "quick", "source", "as_of", "seed", "versions")
    return {**{name: manifest[name] for name in plain}, **(digests if isinstance(digests, dict) else {})}

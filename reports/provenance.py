"""Which code, lock, study and data made an edition."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from data.panel import Panel
from data.study import Study
from reports.evidence import Provenance, QuotedStudy

ROOT = Path(__file__).resolve().parent.parent
#: Code whose change may move a number.
CODE = ("data", "models")
#: Code and pages whose change may move a page.
PAGES = ("reports", "templates")
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "arch", "numba", "altair", "vl-convert-python", "weasyprint")


def provenance(study: Study, panel: Panel, command: str, quoted: tuple[QuotedStudy, ...]) -> Provenance:
    """The record of how an edition was made; it holds no clock and no path of this machine."""
    commit = _git("rev-parse", "HEAD")
    return Provenance(
        command=command,
        commit=commit or "unknown",
        dirty=bool(_git("status", "--porcelain")) if commit else False,
        lock_sha256=file_sha256(ROOT / "requirements.lock"),
        study_sha256=study.sha256,
        data_sha256=panel.sha256,
        code_sha256=folder_sha256((*CODE, *PAGES)),
        robustness_sha256=hashlib.sha256(repr(quoted).encode()).hexdigest(),
        versions=tuple((package, version(package)) for package in PACKAGES),
        seed=study.inference.seed,
    )


def model_sha256() -> str:
    """Digest of everything but the data that decides a number: code of data and models, and the lock."""
    return hashlib.sha256(f"{folder_sha256(CODE)}{file_sha256(ROOT / 'requirements.lock')}".encode()).hexdigest()


def folder_sha256(folders: Iterable[str]) -> str:
    """Digest of the source files below some folders of the project."""
    digest = hashlib.sha256()
    suffixes = {".py", ".html", ".css", ".js", ".json"}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and not {"snapshots", "editions"} & set(path.relative_to(ROOT).parts):
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Digest of a file's bytes; of nothing where it is absent."""
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def _git(*arguments: str) -> str:
    try:
        answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""

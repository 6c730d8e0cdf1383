"""One edition written whole or not at all.

Everything is rendered into a hidden folder beside the editions and checked there. Only then are the folders exchanged,
in one step of the file system where it can, and the link `latest` is pointed to the new one. A failure leaves the
edition that stood before as it was and nothing half-made behind.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from data.errors import PageError
from models.workers import in_parallel, packed
from reports.changes import Changes, changes
from reports.document import Document
from reports.drawing import draw
from reports.evidence import Evidence
from reports.exports import exports
from reports.haste import in_haste
from reports.preflight import check_files, check_numbers, check_screen
from reports.printing import printed_brief, printed_monitor, printed_report
from reports.record import edition_before, keep_record
from reports.render import screen_html
from reports.results import Json, dump, results
from reports.technical import technical_report
from reports.workbook import workbook

LATEST = "latest"
RECORDS = "records"
#: Printed editions in the order in which they are set.
PRINTED = ("monitor", "report", "brief")
#: Stages of `publish` as `progress` hears of them: charts, screen page, printed editions, checks.
STAGES = 3 + len(PRINTED)
_UNFINISHED = ".unfinished-"
_BEFORE = ".before-"
_AT_WORKING_DIRECTORY = -100
_EXCHANGE = 2


@dataclass(frozen=True, slots=True)
class Published:
    """A finished edition: its folder and the files in it; the CSV of figures and tables lie in `folder/data`."""

    folder: Path
    files: tuple[Path, ...]


def publish(
    evidence: Evidence,
    out: Path,
    *,
    editions: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
    workers: int = 1,
) -> Published:
    """Render, check and publish the edition of `evidence` under `out`.

    Parameters
    ----------
    evidence : Evidence
    out : Path
        Folder of the editions; the edition's own folder is `<out>/<as-of>`, and `<out>/latest` links to it.
    editions : Path, optional
        Folder of the records by which an edition is compared with the one before; `<out>/records` where None.
    progress : callable
        Told in words which stage begins.
    workers : int
        Processes in which the printed editions are set; the files do not depend on it.

    Returns
    -------
    Published

    Raises
    ------
    PageError
        If the edition cannot be made, does not pass the preflight or cannot be written. What stood before still stands.
    """
    name = evidence.panel.as_of.isoformat()
    records = out / RECORDS if editions is None else editions
    with _workshop(out, name) as workshop:
        _check_places(out, name)
        before = edition_before(records, evidence)
        _render(evidence, workshop, progress, None if before is None else changes(before, evidence), workers)
        with _exchanged(workshop, out / name):
            _point(out, name)
    keep_record(evidence, records)
    folder = out / name
    return Published(folder, tuple(sorted(path for path in folder.iterdir() if path.is_file())))


def check_place(out: Path, as_of: date) -> None:
    """See that the edition of a date can be written, before anything is computed for it.

    Raises
    ------
    PageError
    """
    with _workshop(out, as_of.isoformat()):
        _check_places(out, as_of.isoformat())


def _render(
    evidence: Evidence,
    folder: Path,
    progress: Callable[[str], None],
    changed: Changes | None = None,
    workers: int = 1,
) -> None:
    progress("Drawing the charts")
    first = in_parallel(workers, [packed(printed_monitor, evidence, changed)])
    with in_haste():
        document = technical_report(evidence, changed)
        charts = draw(document)
    numbers = dump(results(evidence))
    rest = in_parallel(
        workers,
        [
            packed(printed_report, document, charts, evidence.panel.as_of, {"results.json": numbers}),
            packed(printed_brief, evidence, changed),
        ],
    )
    progress("Setting the screen page and tables")
    check_numbers(numbers, document)
    _write(folder / "results.json", numbers)
    screen = screen_html(document, charts)
    check_screen(screen, document)
    _write(folder / "report.html", screen.encode())
    for name, content in exports(document).items():
        _write(folder / "data" / name, content)
    _write(folder / "tables.xlsx", workbook(document, evidence.verdicts, evidence.panel.as_of))
    waiting = chain(first, rest)
    printed: dict[str, Document] = {}
    for stage in PRINTED:
        progress(f"Setting the {stage}")
        edition = next(waiting)
        _write(folder / edition.name, edition.pdf)
        printed[edition.name] = edition.document
    for name, content in exports(printed["monitor.pdf"]).items():
        _write(folder / "data" / f"monitor-{name}", content)
    _write(folder / "manifest.json", dump(manifest(evidence, folder)))
    progress("Checking the edition")
    check_files(folder, printed)


def manifest(evidence: Evidence, folder: Path) -> Json:
    """What an auditor needs: how the edition was made, and the digest of every file in `folder`. No clock."""
    provenance = evidence.provenance
    return {
        "command": provenance.command,
        "commit": provenance.commit,
        "draft": provenance.dirty,
        "quick": evidence.quick,
        "data_kind": evidence.panel.kind,
        "source": evidence.panel.source,
        "data_to": evidence.panel.last_session.isoformat(),
        "as_of": evidence.panel.as_of.isoformat(),
        "seed": provenance.seed,
        "sha256": {
            "lock": provenance.lock_sha256,
            "study": provenance.study_sha256,
            "data": provenance.data_sha256,
            "code": provenance.code_sha256,
            "robustness": provenance.robustness_sha256,
        },
        "series": {role: origin.sha256 for role, origin in evidence.panel.origins.items()},
        "versions": dict(provenance.versions),
        "files": {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path != folder / "manifest.json"
        },
    }


# --- Files -----------------------------------------------------------------------------------------------------------


@contextmanager
def _workshop(out: Path, name: str) -> Iterator[Path]:
    """A hidden folder beside the editions, gone afterwards whatever happens; what killed runs left goes first."""
    if out.exists() and not out.is_dir():
        raise PageError(f"OUT={out.name}", "is a file, and editions need a folder", "Name a folder: OUT=folder.")
    folder = out / f"{_UNFINISHED}{name}-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _clear_remains(out)
        folder.mkdir()
        yield folder
    except OSError as error:
        raise _refused(out, error) from error
    finally:
        _remove(folder)


def _clear_remains(out: Path) -> None:
    """Undo what killed runs left: an edition put aside comes back, unfinished folders go."""
    for aside in out.glob(f"{_BEFORE}*"):
        place = out / aside.name.removeprefix(_BEFORE)
        if place.exists():
            _remove(aside)
        else:
            aside.rename(place)
    for remains in out.glob(f"{_UNFINISHED}*"):
        if not _alive(remains):
            _remove(remains)


def _refused(out: Path, error: OSError) -> PageError:
    remedy = {
        errno.ENOSPC: "Free some space on the disk.",
        errno.EDQUOT: "Free some of your quota.",
        errno.EACCES: "Make the folder writable or name another: OUT=folder.",
        errno.EPERM: "Make the folder writable or name another: OUT=folder.",
        errno.EROFS: "Name a folder on a disk that can be written: OUT=folder.",
        errno.ENOTDIR: "Name a folder: OUT=folder.",
        errno.EEXIST: "Move what stands there, or name another folder: OUT=folder.",
    }.get(error.errno or 0, "Name another folder: OUT=folder.")
    reason = error.strerror or str(error)
    return PageError(
        out.name or str(out), f"the edition cannot be written ({reason}); earlier editions are untouched", remedy
    )


def _alive(remains: Path) -> bool:
    """Whether the process that a hidden folder is named after still runs."""
    pid = remains.name.rpartition("-")[2]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()


def _write(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _check_places(out: Path, name: str) -> None:
    place, latest = out / name, out / LATEST
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise PageError(name, "something that is not a folder stands where the edition belongs", "Move it away.")
    if latest.exists() and not latest.is_symlink():
        raise PageError(LATEST, "is not a link but a file or folder of its own", f"Move {LATEST} out of the way.")


@contextmanager
def _exchanged(finished: Path, place: Path) -> Iterator[None]:
    """Put the finished folder in its place; undone if the body fails. What stood there ends up in the workshop."""
    undo = _put(finished, place)
    try:
        yield
    except BaseException:
        undo()
        raise


def _put(finished: Path, place: Path) -> Callable[[], object]:
    if not place.exists():
        finished.rename(place)
        return lambda: place.rename(finished)
    if _swap(finished, place):
        return lambda: _swap(finished, place)
    aside = place.with_name(f"{_BEFORE}{place.name}")
    place.rename(aside)
    try:
        finished.rename(place)
    except BaseException:
        aside.rename(place)
        raise
    aside.rename(finished)
    return lambda: None


def _swap(one: Path, other: Path) -> bool:
    """Exchange two folders atomically (Linux `renameat2`); False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here = _AT_WORKING_DIRECTORY
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), _EXCHANGE) == 0)


def _point(out: Path, name: str) -> None:
    """Point `latest` to the edition by renaming a finished link over it."""
    link = out / f"{_UNFINISHED}{LATEST}-{os.getpid()}"
    try:
        link.symlink_to(name, target_is_directory=True)
        link.replace(out / LATEST)
    finally:
        _remove(link)

"""Files that are made once and kept: charts, cut fonts, the script of the screen page."""

from __future__ import annotations

import logging
import os
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache" / "reports"
_log = logging.getLogger(__name__)


def keep(path: Path, content: bytes) -> None:
    """Keep a file in the cache; a cache that cannot be written is no failure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        _log.info("cache not written: %s", error)

"""Pieces of unfinished long studies, kept one file each, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any


class KeptPieces(MutableMapping[str, Any]):
    """Plain values by name; each is on disk, whole, before the next one begins.

    Parameters
    ----------
    folder : Path
        Made with the first piece.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def __getitem__(self, name: str) -> Any:
        try:
            return json.loads(self._place(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        text = json.dumps(value, allow_nan=False)
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._place(name).with_suffix(".part")
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.replace(self._place(name))

    def __delitem__(self, name: str) -> None:
        try:
            self._place(name).unlink()
        except OSError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self.folder.glob("*.json")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Forget all pieces and their folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

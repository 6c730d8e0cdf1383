"""See that the C libraries of the page engine are there: install them where that is allowed, else name the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library

#: Libraries WeasyPrint loads at run time.
LIBRARIES = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
DEBIAN_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
OTHER_SYSTEMS = {
    "dnf": "sudo dnf install pango harfbuzz",
    "pacman": "sudo pacman -S pango",
    "apk": "apk add pango harfbuzz-subset",
    "brew": "brew install pango",
}


def missing_libraries() -> tuple[str, ...]:
    """The libraries of the page engine that the system does not find."""
    return tuple(name for name in LIBRARIES if find_library(name) is None)


def install_command() -> str:
    """The command that installs the libraries on this system."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install {' '.join(DEBIAN_PACKAGES)}"
    for program, command in OTHER_SYSTEMS.items():
        if shutil.which(program):
            return command
    return "install Pango and HarfBuzz with your system's package manager"


def main() -> int:
    """Exit code 0 if the libraries are there in the end."""
    missing = missing_libraries()
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing {', '.join(DEBIAN_PACKAGES)} ...")
        for arguments in (["update"], ["install", "--yes", *DEBIAN_PACKAGES]):
            subprocess.run(["apt-get", *arguments], check=False, capture_output=True)
        missing = missing_libraries()
    if missing:
        print(f"The page engine needs {', '.join(missing)}. Run: {install_command()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

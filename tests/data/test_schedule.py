"""The schedules in docs/data.md are run, not only printed: the lock, the exit codes, the units."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(cron|ini)\n(.*?)```", PAGE, flags=re.DOTALL)
CRON = next(text for kind, text in BLOCKS if kind == "cron")
UNITS = {text.splitlines()[0].removeprefix("# "): text for kind, text in BLOCKS if kind == "ini"}
STAGES = ("data", "reports", "reports.distribution")


def command() -> str:
    """What cron's shell gets: the line after its five fields, percent signs without their backslash."""
    line = CRON.splitlines()[-1]
    return re.sub(r"^(\S+\s+){5}", "", line).replace(r"\%", "%")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in place of the checkout, whose Makefile and Python only tell what they were asked."""
    (tmp_path / "study.toml").touch()
    (tmp_path / "Makefile").write_text("data report distribute:\n\t@echo $@ $(AS_OF)\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$@" >> told\nif [ -f "fail-$2" ]; then exit "$(cat "fail-$2")"; fi\n')
    python.chmod(0o755)
    return tmp_path


def run(line: str, place: Path) -> int:
    """Exit code of a line with the checkout's folder replaced."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    words = ["/bin/sh", "-c", line.replace("/srv/study", str(place))]
    return subprocess.run(words, check=False, cwd=place, env=alone).returncode


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock (util-linux) is not installed")
class TestLock:
    def test_cron_runs_every_stage_for_the_day(self, place: Path) -> None:
        assert run(command(), place) == 0
        told = (place / "study.log").read_text().split("\n")
        assert [line.split(" ")[0] for line in told if line] == ["data", "report", "distribute"]
        assert all(re.fullmatch(r"\w+ \d{4}-\d\d-\d\d", line) for line in told if line)

    def test_a_second_run_ends_with_75_and_does_nothing(self, place: Path) -> None:
        with subprocess.Popen(["flock", "study.toml", "sh", "-c", "echo held; cat"], cwd=place,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # fmt: skip
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert run(command(), place) == 75
            assert (place / "study.log").read_text() == ""

    @pytest.mark.parametrize("stage", range(3))
    @pytest.mark.parametrize("code", [2, 3, 75])
    def test_the_service_stops_at_the_first_fault_with_its_code(self, place: Path, stage: int, code: int) -> None:
        (place / f"fail-{STAGES[stage]}").write_text(str(code))
        assert run(service_command(), place) == code
        asked = (place / "told").read_text().splitlines()
        assert [line.split(" ")[1] for line in asked] == list(STAGES[: stage + 1])

    def test_the_service_runs_every_stage_for_the_day(self, place: Path) -> None:
        assert run(service_command(), place) == 0
        asked = (place / "told").read_text().splitlines()
        assert all(re.search(r"--as-of \d{4}-\d\d-\d\d$", line) for line in asked)
        assert len(asked) == 3


def service_command() -> str:
    """The service's command as a shell would run it: continued lines joined, doubled percent signs halved."""
    joined = UNITS["study.service"].replace("\\\n", " ").replace("%%", "%")
    return re.search(r"^ExecStart=(.*)$", joined, flags=re.MULTILINE)[1]  # type: ignore[index]


def test_what_may_pass_is_tried_again_and_nothing_else() -> None:
    service = UNITS["study.service"]
    assert "Restart=on-failure" in service
    assert "RestartPreventExitStatus=2 3" in service
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)}
    assert codes == {0, 2, 3, 75}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(place: Path) -> None:
    for name, text in UNITS.items():
        (place / name).write_text(text.replace("/srv/study", str(place)))
    paths = [str(place / name) for name in UNITS]
    checked = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    ours = [line for line in checked.stderr.splitlines() if "study." in line]
    assert (checked.returncode, ours) == (0, [])
    timer = re.search(r"^OnCalendar=(.*)$", UNITS["study.timer"], flags=re.MULTILINE)
    assert timer is not None
    subprocess.run(["systemd-analyze", "calendar", timer[1]], check=True, capture_output=True)

"""The finished page in a real browser: charts drawn, no complaint, nothing asked of any host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reports.publish import Published

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=30000",
)


@pytest.fixture(scope="module")
def browsed(twice: tuple[Published, Published], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The page's markup after its scripts ran, and the browser's log."""
    page = twice[0].folder / "report.html"
    profile: Path = tmp_path_factory.mktemp("profile")
    assert CHROMIUM is not None
    run = subprocess.run(
        [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--dump-dom", f"{page.as_uri()}#draw-all"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return run.stdout, run.stderr


def test_every_chart_is_drawn(browsed: tuple[str, str]) -> None:
    markup = browsed[0]
    states = re.findall(r'<div class="chart[^>]*data-drawn="(\w+)"', markup)
    assert len(states) == len(re.findall(r'data-chart="', markup)) > 10
    assert set(states) == {"yes"}
    assert markup.count("<svg") >= len(states)


def test_the_console_is_silent_and_nothing_was_asked_for(browsed: tuple[str, str]) -> None:
    assert "CONSOLE" not in browsed[1], browsed[1][-2000:]
    assert "Content Security Policy" not in browsed[1]


def test_what_answers_can_be_reached_by_keyboard(browsed: tuple[str, str]) -> None:
    markup = browsed[0]
    charts = re.findall(r'<div class="chart[^>]*>', markup)
    assert all('tabindex="0"' in chart and "aria-label=" in chart for chart in charts)
    assert re.search(r'<th scope="col"[^>]*><button type="button">', markup)
    assert '<input type="search"' in markup
    assert 'class="skip" href="#content"' in markup
    assert re.search(r'role="group" aria-label="Period shown"', markup)


def test_simulated_data_say_so_in_each_interactive_chart(browsed: tuple[str, str]) -> None:
    drawn = re.findall(r'<svg[^>]*class="marks".*?</svg>', browsed[0], flags=re.DOTALL)
    assert drawn
    assert all("SIMULATED DATA" in one for one in drawn)

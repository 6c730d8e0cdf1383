"""Workers keep the order of their calls and leave Ctrl-C to the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from joblib import delayed

from models.workers import in_parallel, packed

ROOT = Path(__file__).resolve().parents[2]
#: What a shell runs in the background begins with interrupts ignored, and so would the program.
PROGRAM = """
import signal
import time
signal.signal(signal.SIGINT, signal.default_int_handler)
from joblib import delayed
from models.workers import in_parallel, packed
def slow(i):
    import pandas
    time.sleep(30)
try:
    print("go", flush=True)
    results = in_parallel(2, (delayed(slow)(i) for i in range(4)))
    print("started", flush=True)
    list(results)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def test_the_calls_of_one_worker_run_here_and_only_when_they_are_asked_for() -> None:
    seen: list[int] = []
    results = in_parallel(1, (delayed(seen.append)(i) for i in range(3)))
    assert not seen
    next(results)
    assert seen == [0]


def test_more_workers_keep_the_order() -> None:
    assert list(in_parallel(2, (delayed(pow)(i, 2) for i in range(8)))) == [i * i for i in range(8)]


def test_afterwards_an_interrupt_is_heard_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    list(in_parallel(2, (delayed(abs)(i) for i in range(2))))
    assert signal.getsignal(signal.SIGINT) is before


def test_it_works_in_a_thread_where_signals_cannot_be_set() -> None:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.extend(in_parallel(2, (delayed(abs)(-i) for i in range(3)))))
    thread.start()
    thread.join(60)
    assert found == [0, 1, 2]


@pytest.mark.parametrize("pause", [0.1, 1.0])
def test_an_interrupt_stops_the_run_without_a_word_of_the_workers(pause: float) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout is not None
    assert [run.stdout.readline() for _ in range(2)] == ["go\n", "started\n"]
    time.sleep(pause)
    os.killpg(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=25)
    assert said == "stopped\n"
    assert run.returncode == 0


def test_a_packed_call_keeps_the_arguments_it_was_made_with() -> None:
    counts = {"a": 1}
    waiting = in_parallel(2, [packed(sorted, counts), packed(len, counts)])
    counts |= {str(number): number for number in range(1000)}
    assert list(waiting) == [["a"], 1]

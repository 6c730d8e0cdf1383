"""Independent pieces of work in processes that leave Ctrl-C to the one who started them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle
from joblib import Parallel, delayed


def in_parallel(workers: int, calls: Iterable[Any]) -> Iterator[Any]:
    """Results of delayed calls in their order, each as soon as it and those before it are there.

    Parameters
    ----------
    workers : int
        Processes; with one the calls run here, as they are asked for.
    calls : iterable
        Made with `joblib.delayed`.

    Notes
    -----
    A terminal sends Ctrl-C to every process of a run. A worker that heard it would print a traceback of its own, even
    while it still imports. Workers therefore start deaf to it; the process that started them hears it and ends them.
    In the tenth of a second that starting them takes, nobody hears it.
    """
    with _deaf_to_interrupts(workers > 1):
        results: Iterator[Any] = Parallel(n_jobs=workers, return_as="generator")(calls)
    return results


def packed(function: Callable[..., Any], *arguments: Any) -> Any:
    """A delayed call whose arguments are pickled now.

    A call made with `joblib.delayed` is pickled by a thread some time later; whoever goes on working with its arguments
    in the meantime, even by filling a cache, can break it.
    """
    return delayed(_unpacked)(cloudpickle.dumps((function, arguments)))


def _unpacked(call: bytes) -> Any:
    function, arguments = cloudpickle.loads(call)
    return function(*arguments)


@contextmanager
def _deaf_to_interrupts(wanted: bool) -> Iterator[None]:
    """Processes that are started inside inherit that interrupts are ignored."""
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

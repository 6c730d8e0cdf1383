"""What a person at the terminal is told when a run cannot go on: one message and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from data.errors import StudyError

INTERRUPTED = 130


@contextmanager
def explained(console: Console, interrupted: str) -> Iterator[None]:
    """Turn an error of the user's into one line and an exit code; leave errors of the code as they are.

    Parameters
    ----------
    console : Console
    interrupted : str
        What to say when the user stops the run.
    """
    try:
        yield
    except StudyError as error:
        console.print(f"Error: {error}", style="bold red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        console.print(f"Interrupted. {interrupted}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from error

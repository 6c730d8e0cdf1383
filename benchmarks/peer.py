"""The peer to measure against, pymgarch, in an environment of its own so that its pins never meet ours."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PLACE = Path(__file__).resolve().parents[1] / ".cache" / "peer"
REQUIREMENT = "pymgarch[numba]==0.6.0"

#: Run by the peer's interpreter: reads returns, prints processor time and log-likelihood of its second fit.
PROGRAM = """
import io, sys, time
import numpy as np
import pymgarch
returns = np.load(io.BytesIO(sys.stdin.buffer.read()))
pymgarch.DCC().fit(returns)
began = time.process_time()
result = pymgarch.DCC().fit(returns)
print(time.process_time() - began, result.loglikelihood)
"""


@dataclass(frozen=True)
class PeerFit:
    """Processor time of the peer's fit of margins and DCC, and the log-likelihood it reached."""

    seconds: float
    loglik: float


@dataclass(frozen=True)
class Peer:
    """An interpreter that has the peer, or the reason why there is none."""

    interpreter: Path
    problem: str = ""

    def fit(self, returns: pd.DataFrame) -> PeerFit | None:
        """Fit DCC to the same returns; None where there is no peer."""
        if self.problem:
            return None
        sent = io.BytesIO()
        np.save(sent, returns.to_numpy())
        made = subprocess.run(
            [self.interpreter, "-W", "ignore", "-c", PROGRAM],
            input=sent.getvalue(),
            capture_output=True,
            check=True,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        )
        seconds, loglik = made.stdout.split()
        return PeerFit(float(seconds), float(loglik))


def find_peer() -> Peer:
    """The environment, built on first use; offline, or where it does not install, a peer that only has a problem."""
    interpreter = PLACE / "bin" / "python"
    if _has_peer(interpreter):
        return Peer(interpreter)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(PLACE)],
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT],
    ):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            last = (made.stderr.strip() or made.stdout.strip() or "no message").splitlines()[-1]
            return Peer(interpreter, f"{REQUIREMENT} cannot be installed ({last})")
    return Peer(interpreter)


def _has_peer(interpreter: Path) -> bool:
    if not interpreter.exists():
        return False
    return subprocess.run([interpreter, "-c", "import pymgarch"], capture_output=True, check=False).returncode == 0

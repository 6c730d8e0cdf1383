"""Time the correlation engine against its length, its width, a plain kernel and a peer.

`python -m benchmarks.correlation` prints the tables. Processor time, which other work on the machine does not
touch; the best of several runs. `pymgarch[numba]` belongs in an environment of its own, whose interpreter the
variable PEER_PYTHON names; it then fits the same returns in the same run (a minute at thirty series).
"""

from __future__ import annotations

import io
import os
import subprocess
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from models.correlation import CDCC, DCC, Correlation
from models.correlation.dynamics import Dynamics
from models.correlation.likelihood import evaluate, loglik
from models.margins import fit_margins

Array = NDArray[np.float64]

PSI = np.array([0.02, 0.95])
KINDS: tuple[Literal["dcc", "cdcc"], ...] = ("dcc", "cdcc")
WIDTHS = (2, 3, 8, 10, 30, 100)
LENGTHS = (1_250, 2_500, 5_000, 10_000, 20_000)
DRAWS = (100, 1_000, 5_000)


def simulated(periods: int, size: int, seed: int = 0) -> pd.DataFrame:
    """Returns of a cDCC world with heavy tails and GARCH margins."""
    rng = np.random.default_rng(seed)
    target = np.full((size, size), 0.4) + 0.6 * np.eye(size)
    q, h, rows = target.copy(), np.ones(size), np.empty((periods, size))
    for t in range(periods):
        scale = np.sqrt(np.diag(q))
        shock = np.linalg.cholesky(q / np.outer(scale, scale)) @ rng.standard_normal(size)
        shock *= np.sqrt(5.0 / rng.chisquare(7.0))
        rows[t] = np.sqrt(h) * shock
        h = 0.02 + 0.06 * rows[t] ** 2 + 0.92 * h
        star = shock * scale
        q = 0.03 * target + 0.02 * np.outer(star, star) + 0.95 * q
    dates = pd.bdate_range("1970-01-01", periods=periods)
    return pd.DataFrame(rows, index=dates, columns=[f"s{i}" for i in range(size)])


def seconds(action: Callable[[], object], repetitions: int = 5) -> float:
    """Least processor time of several runs, after one that is not counted."""
    action()
    took = []
    for _ in range(repetitions):
        began = time.process_time()
        action()
        took.append(time.process_time() - began)
    return min(took)


@njit(cache=True)
def plain_loglik(z: Array, target: Array, a: float, b: float) -> float:
    """The Gaussian likelihood date by date on the lower triangle: what most would write first."""
    periods, size = z.shape
    q, factor, y = target.copy(), np.zeros((size, size)), np.empty(size)
    total = 0.0
    for t in range(periods):
        form = 0.0
        for i in range(size):
            for j in range(i + 1):
                value = q[i, j] / np.sqrt(q[i, i] * q[j, j])
                for k in range(j):
                    value -= factor[i, k] * factor[j, k]
                factor[i, j] = np.sqrt(value) if i == j else value / factor[j, j]
            value = z[t, i]
            for k in range(i):
                value -= factor[i, k] * y[k]
            y[i] = value / factor[i, i]
            form += y[i] * y[i] - z[t, i] * z[t, i]
            total += np.log(factor[i, i])
        total += 0.5 * form
        for i in range(size):
            for j in range(i + 1):
                q[i, j] = (1.0 - a - b) * target[i, j] + a * z[t, i] * z[t, j] + b * q[i, j]
    return -total


def likelihoods() -> Table:
    """Likelihood and score by width, against the plain kernel."""
    table = Table(title="One Gaussian likelihood, T = 5,521, milliseconds")
    for heading in ("N", "plain", "DCC", "plain / DCC", "score / likelihood", "cDCC / DCC", "cDCC score"):
        table.add_column(heading, justify="right")
    for size in WIDTHS:
        z = np.ascontiguousarray(simulated(5_521, size).to_numpy())
        z /= z.std(axis=0)
        took = {}
        for kind in KINDS:
            dynamics = Dynamics(kind)
            moments = dynamics.moments(z)
            took[kind] = 1e3 * seconds(lambda d=dynamics, m=moments, z=z: loglik(d, z, m, PSI, 0.0))
            took[kind + " score"] = 1e3 * seconds(lambda d=dynamics, m=moments, z=z: evaluate(d, z, m, PSI, 0.0))
        target = np.corrcoef(z, rowvar=False)
        plain = 1e3 * seconds(lambda z=z, target=target: plain_loglik(z, target, *PSI))
        row = (plain, took["dcc"], plain / took["dcc"], took["dcc score"] / took["dcc"], took["cdcc"] / took["dcc"])
        table.add_row(str(size), *(f"{value:.2f}" for value in (*row, took["cdcc score"])))
    return table


def lengths() -> Table:
    """Cost against the length of the sample."""
    table = Table(title="One Gaussian cDCC likelihood at N = 8")
    for heading in ("T", "milliseconds", "microseconds a day"):
        table.add_column(heading, justify="right")
    dynamics = Dynamics("cdcc")
    for periods in LENGTHS:
        z = np.ascontiguousarray(simulated(periods, 8).to_numpy())
        z /= z.std(axis=0)
        moments = dynamics.moments(z)
        took = seconds(lambda z=z, m=moments: loglik(dynamics, z, m, PSI, 0.0))
        table.add_row(f"{periods:,}", f"{1e3 * took:.2f}", f"{1e6 * took / periods:.2f}")
    return table


def fits() -> Table:
    """Complete two-step fits with all standard errors, beside the peer's."""
    table = Table(title="Complete fit with standard errors, seconds; log-likelihood of DCC less the peer's")
    for heading in ("N", "T", "margins", "DCC after them", "cDCC after them", "peer's DCC", "peer / ours", "gain"):
        table.add_column(heading, justify="right")
    for size, periods in ((3, 5_011), (10, 5_521), (30, 5_521)):
        returns = simulated(periods, size)
        margins = fit_margins(returns)
        first = seconds(lambda r=returns: fit_margins(r), 2)
        second = seconds(lambda r=returns, m=margins: DCC().fit(r, margins=m), 2)
        corrected = seconds(lambda r=returns, m=margins: CDCC().fit(r, margins=m), 2)
        row = [f"{value:.2f}" for value in (first, second, corrected)]
        peer = _peer(returns)
        if peer is None:
            row += ["PEER_PYTHON is not set", "", ""]
        else:
            gain = DCC().fit(returns, margins=margins).loglik - peer[1]
            row += [f"{peer[0]:.2f}", f"{peer[0] / (first + second):.1f}", f"{gain:.1f}"]
        table.add_row(str(size), f"{periods:,}", *row)
    return table


def bands() -> Table:
    """Cost of a band against its draws."""
    table = Table(title="Band of one pair, N = 8, T = 2,900, seconds")
    for heading in ("draws", "seconds"):
        table.add_column(heading, justify="right")
    result = CDCC().fit(simulated(2_900, 8))
    for draws in DRAWS:
        took = seconds(lambda d=draws: result.bands(Correlation("s0", "s1"), draws=d), 1)
        table.add_row(f"{draws:,}", f"{took:.2f}")
    return table


#: Run by the peer's interpreter: reads returns, prints processor time and log-likelihood of its second fit.
PEER = """
import io, sys, time
import numpy as np
import pymgarch
returns = np.load(io.BytesIO(sys.stdin.buffer.read()))
pymgarch.DCC().fit(returns)
began = time.process_time()
result = pymgarch.DCC().fit(returns)
print(time.process_time() - began, result.loglikelihood)
"""


def _peer(returns: pd.DataFrame) -> tuple[float, float] | None:
    """Seconds and log-likelihood of pymgarch's DCC; None without PEER_PYTHON."""
    interpreter = os.environ.get("PEER_PYTHON")
    if interpreter is None:
        return None
    sent = io.BytesIO()
    np.save(sent, returns.to_numpy())
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    made = subprocess.run(
        [interpreter, "-W", "ignore", "-c", PEER],
        input=sent.getvalue(),
        capture_output=True,
        check=True,
        env=environment,
    )
    took, value = made.stdout.split()
    return float(took), float(value)


def main() -> None:
    """Print every table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    console = Console()
    for table in (likelihoods, lengths, fits, bands):
        console.print(table())


if __name__ == "__main__":
    main()
